"""Parts of a page by CSS selectors, as plain values. What the parts mean is the business of whoever wrote the selectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.text.html import plain, soup, visible

# Bounds for hostile pages: a listing that people read has neither.
_MOST_TAGS = 100_000
_MOST_ROWS = 500
# Rows may stand in rows; all of them together are so many times as long as their page, and of a short page so many characters.
_MOST_TIMES, _LEAST = 4, 1_000_000
# Attributes that hold a date for programs (HTML Standard §4.5.14 `time`; microdata's `content`; custom).
_MOMENTS = ("datetime", "content", "data-datetime", "data-date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One element."""

    # On one line; "" for none.
    text: str
    # Raw: of the link that it is, or of the first link inside; "" for none.
    href: str
    # A date for programs, of the element or of the first inside that has one; "" for none.
    moment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One element that the selector of rows found, with its parts."""

    # The visible text, with "\\n\\n" where a block ends.
    text: str
    # By name; a part that was not found is missing.
    parts: Mapping[str, Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What selectors found in a page."""

    # In the page's order, at most 500, and fewer where each stands in the one before.
    rows: tuple[Row, ...]
    # What `<base>` says, raw; "" when it says nothing.
    base: str = ""
    # The page holds more than is looked at.
    cut: bool = False


def selected(page: str, row: str, parts: Mapping[str, str]) -> Selected:
    """The rows of a page and the first element of each part in them, which may be the row itself.

    Args:
        row, parts: selectors that `html.selector` has let through.
    """
    if "<" not in page:
        return Selected(rows=())
    bounded = _bounded(page)
    tree: Any = soup(bounded.encode("utf-8", "replace").decode())
    found = tree.css.select(row, limit=_MOST_ROWS + 1)
    base = tree.css.select_one("base[href]")
    rows = tuple(_row(tag, markup, parts) for tag, markup in _rendered(found[:_MOST_ROWS], max(_LEAST, _MOST_TIMES * len(bounded))))
    return Selected(rows=rows, base=_attribute(base, "href"), cut=len(rows) < len(found) or len(bounded) < len(page))


def _rendered(tags: Iterable[Any], most: int) -> Iterator[tuple[Any, str]]:
    """Elements with their markup, until there is more than `most` characters of it; the first in any case."""
    length = 0
    for tag in tags:
        markup = str(tag)
        if length and length + len(markup) > most:
            return
        length += len(markup)
        yield tag, markup


def _row(tag: Any, markup: str, parts: Mapping[str, str]) -> Row:
    found = {name: _first(tag, selector) for name, selector in parts.items()}
    return Row(text=visible(markup).text, parts={name: _piece(one) for name, one in found.items() if one is not None})


def _first(tag: Any, selector: str) -> Any:
    inside = tag.css.select_one(selector)
    return tag if inside is None and tag.css.match(selector) else inside


def _piece(tag: Any) -> Piece:
    moments = (_attribute(_first(tag, f"[{name}]"), name) for name in _MOMENTS)
    href = _attribute(_first(tag, ":is(a, area)[href]"), "href")
    return Piece(text=plain(str(tag)), href=href, moment=next(filter(None, moments), ""))


def _attribute(tag: Any, name: str) -> str:
    value = tag.attrs.get(name) if tag is not None else None
    return value.strip() if isinstance(value, str) else ""


def _bounded(page: str) -> str:
    """As much of a page as becomes a tree in a few seconds."""
    if page.count("<") <= _MOST_TAGS:
        return page
    at = -1
    for _ in range(_MOST_TAGS):
        at = page.find("<", at + 1)
    return page[:at]
