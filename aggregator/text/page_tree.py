"""A page's markup before and in the tree: bounds, the head as it was written, words and attributes of an element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

# Bounds for hostile pages, in characters and tags. Pages of watching and reading sites stay under a third of them.
_LONGEST = 3_000_000
_MOST_TAGS = 60_000
_LONGEST_TEXT = 1_000
# Of one element, and of all elements that are looked into: a heading in a heading in a heading would be read once for each. No recorded
# page needs a hundred.
_MOST_PARTS = 2_000
_MOST_PARTS_OF_A_PAGE = 200_000

_OPENING = re.compile(r"<!--|<(script|style|svg)\b[^<>]*>?", re.IGNORECASE)
_CLOSING = {name: re.compile(rf"</{name}\b[^<>]*>?", re.IGNORECASE) for name in ("script", "style", "svg")} | {"": re.compile("-->")}
# Tags within a line that nothing here asks for: a third of a page's, and of the time to build its tree.
_UNUSED = re.compile(
    r"</?(?:em|strong|b|i|u|wbr|source|picture|small|sup|sub|code|font|mark|q|s|del|ins|input|option|iframe|track|"
    r"img(?![^<>]*(?:itemprop|u-photo)))(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# Where one of them carries a field, all of them stay: an end tag does not say whose it is.
_TELLING = re.compile(
    r"<(?:em|strong|b|i|u|small|sup|sub|code|font|mark|q|s|del|ins|source|input)\s[^<>]*"
    r"(?:\bitemprop\b|\b(?:author|byline|published|fn|updated|(?:p|dt)-[a-z]+|entry-title)\b|date\b)",
    re.IGNORECASE,
)
_UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_HEAD_ENDS = re.compile(r"</head\b|<body\b", re.IGNORECASE)
_CONTENT = re.compile(r"<(?:div|p|h[1-6]|article|main|section|table|ul|ol|nav|span|a|form|blockquote)\b", re.IGNORECASE)


class Tag(Protocol):
    """The little that is asked of an element of the tree."""

    name: str
    attrs: dict[str, Any]
    parent: Any
    # Elements and strings right inside, in order.
    contents: list[Any]


@dataclass(slots=True)
class Reading:
    """Looks into the elements of one page, as long as there is work left."""

    # How many more parts are looked at.
    left: int = _MOST_PARTS_OF_A_PAGE

    def parts(self, tag: Tag) -> Iterator[Any]:
        """What stands inside, elements and strings, in order; cut off where it is too much for one element, or for the page."""
        within = [iter(tag.contents)]
        for _ in range(min(_MOST_PARTS, self.left)):
            while (part := next(within[-1], None)) is None:
                within.pop()
                if not within:
                    return
            self.left -= 1
            yield part
            if inside := getattr(part, "contents", None):
                within.append(iter(inside))

    def words(self, tag: Tag) -> str:
        """The text inside, on one line; a break is a space."""
        pieces: list[str] = []
        size = 0
        for part in self.parts(tag):
            if isinstance(part, str):
                # Comments and the like are strings, too, of other classes.
                if type(part).__name__ in ("NavigableString", "CData", "RCDATAString"):
                    pieces.append(part)
                    size += len(part)
            elif part.name in ("br", "p", "div", "li"):
                pieces.append(" ")
            if size > _LONGEST_TEXT:
                break
        return " ".join("".join(pieces).split())[:_LONGEST_TEXT]


def attribute(tag: Tag, name: str) -> str:
    """An attribute's value, trimmed; "" where it is missing."""
    value = tag.attrs.get(name)
    return " ".join(value) if isinstance(value, list) else str(value or "").strip()


def bounded(markup: str) -> str:
    """The markup without what is never read here, and never longer than can be parsed in a second or two."""
    markup = "".join(_kept(markup))[:_LONGEST]
    markup = markup if _TELLING.search(markup) else _UNUSED.sub("", markup)
    at, left = -1, _MOST_TAGS
    if markup.count("<") > left:
        while left and (at := markup.find("<", at + 1)) >= 0:
            left -= 1
        return markup[:at]
    return markup


def _kept(markup: str) -> Iterator[str]:
    """What stands outside of comments, scripts, styles and drawings, and the scripts that hold JSON-LD."""
    at = 0
    while found := _OPENING.search(markup, at):
        name = (found[1] or "").lower()
        yield markup[at : found.start()]
        # A drawing that says "/>" is over; of every other thing that is never closed browsers, too, read no more.
        end = found if name == "svg" and found[0].endswith("/>") else _CLOSING[name].search(markup, found.end())
        if end is None:
            if name != "svg":
                return
            at = found.end()
            break
        at = end.end()
        if name == "script" and "ld+json" in found[0].lower():
            yield markup[found.start() : at]
    yield markup[at:]


def head_of(markup: str) -> str:
    """The head as it was written: parsers close it at the first thing that does not belong there, and move the rest into the body."""
    start = _UNREAD.sub("", markup[:400_000])
    end = _HEAD_ENDS.search(start) or _CONTENT.search(start)
    return start[: end.start()] if end else start
