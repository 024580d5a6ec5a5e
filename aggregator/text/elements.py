"""Elements of a page by CSS selectors, with all that stands in them, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.text.html import soup
from aggregator.text.page_tree import bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element."""

    # By name, trimmed; several values apart by a space.
    attributes: Mapping[str, str]
    # The markup inside.
    html: str

    def attribute(self, name: str) -> str:
        """An attribute's value; "" where it is missing."""
        return self.attributes.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One element that was looked for, and what was found in it."""

    itself: Element
    # By the names that were asked for, in the page's order; () for none.
    parts: Mapping[str, tuple[Element, ...]]

    def first(self, name: str) -> Element | None:
        """The first of a part; None where there is none."""
        return next(iter(self.parts[name]), None)


def found(page: str, wanted: str, parts: Mapping[str, str]) -> tuple[Found, ...]:
    """The elements of a page that a selector finds, in order, and in each the elements that the selectors of `parts` find.

    Args:
        wanted: a selector (Selectors Level 4, as soupsieve reads it).
        parts: selectors by names of the caller's choice.
    """
    tree: Any = soup(bounded(page).encode("utf-8", "replace").decode())
    return tuple(
        Found(itself=_element(tag), parts={name: tuple(map(_element, tag.css.select(one))) for name, one in parts.items()})
        for tag in tree.css.select(wanted)
    )


def _element(tag: Any) -> Element:
    values = {name: " ".join(value) if isinstance(value, list) else str(value or "") for name, value in tag.attrs.items()}
    return Element(attributes={name: value.strip() for name, value in values.items()}, html=tag.decode_contents())
