"""The inline links of one line of Markdown (CommonMark 0.31 §6.3, §6.5), and its plain words. One pass; broken brackets are words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^\s<>]+)>", re.IGNORECASE)
_ANCHOR = re.compile(r"""<a\s[^<>]{0,2000}?\bhref=(["'])([^"'<>]{1,4000})\1[^<>]{0,2000}>(.{0,2000}?)</a\s*>""", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s<>\[\]|*`]+", re.IGNORECASE)
_CODE = re.compile(r"(`+)(?!`)(.{0,2000}?)(?<!`)\1(?!`)")
_EMPHASIS = re.compile(r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<![\w])_{1,3}(?=\S)|(?<=\S)_{1,3}(?![\w])|~~")
_TITLE = re.compile(r"""\s+(?:"[^"]*"|'[^']*'|\([^)]*\))\s*$""")
# Brackets inside of a link's words; deeper ones are not ours.
_LONGEST_LINK = 4_000


@dataclass(frozen=True, slots=True)
class Inline:
    """A piece of a line: words, or linked words."""

    # Without marks and escapes.
    text: str
    # None: not linked.
    href: str | None = None


def inlines(line: str) -> Iterator[Inline]:
    """The pieces of a line in order; joined, their texts are the plain words."""
    start = at = 0
    while at < len(line):
        piece, end = _piece(line, at)
        if piece is not None:
            if start < at:
                yield Inline(unmarked(line[start:at]))
            yield piece
            start = end
        at = end
    if start < len(line):
        yield Inline(unmarked(line[start:]))


def plain(line: str) -> str:
    """The words of a line without any mark."""
    return "".join(piece.text for piece in inlines(line))


def unmarked(text: str) -> str:
    """Words without emphasis, escapes and entities."""
    pieces = _ESCAPE.split(text)
    # Every second piece is an escaped character and stays as it is.
    return "".join(piece if index % 2 else html.unescape(_EMPHASIS.sub("", piece).replace("`", "")) for index, piece in enumerate(pieces))


def _piece(line: str, at: int) -> tuple[Inline | None, int]:
    """What begins at a place, if it is a link or code, and where it ends; else nothing, and the next place to look at."""
    mark = line[at]
    if mark == "\\":
        return None, at + 2
    if mark == "`" and (found := _CODE.match(line, at)):
        return Inline(found[2].strip()), found.end()
    if mark == "<" and (found := _AUTOLINK.match(line, at)):
        return Inline(found[1], found[1]), found.end()
    if mark == "<" and (found := _ANCHOR.match(line, at)):
        return Inline(plain(_TAG.sub("", found[3])), _unescaped(found[2].strip())), found.end()
    if mark == "!" and line[at + 1 : at + 2] == "[" and (image := _link(line, at + 1)):
        return Inline(image[0].text), image[1]
    if mark == "[" and (link := _link(line, at)):
        return link
    if mark in "hH" and (at == 0 or not line[at - 1].isalnum()) and (found := _BARE.match(line, at)):
        address = _ended(found[0])
        return Inline(address, _unescaped(address)), at + len(address)
    return None, at + 1


def _link(line: str, at: int) -> tuple[Inline, int] | None:
    """`[words](address "title")`; None when the brackets do not make one."""
    words_end = _closing(line, at, "[", "]")
    if words_end is None or line[words_end + 1 : words_end + 2] != "(":
        return None
    inside = words_end + 2
    pointed = re.compile(r"\s*<([^<>\n]*)>\s*(?:[\"'(][^\n]*?[\"')])?\s*\)").match(line, inside)
    if pointed:
        return Inline(plain(line[at + 1 : words_end]), _unescaped(pointed[1])), pointed.end()
    end = _closing(line, words_end + 1, "(", ")")
    if end is None:
        return None
    address = _TITLE.sub("", line[inside:end]).strip()
    return Inline(plain(line[at + 1 : words_end]), _unescaped(address)), end + 1


def _closing(line: str, at: int, opening: str, closing: str) -> int | None:
    """Where the bracket that opens at `at` closes."""
    end = _pairs(line, opening, closing).get(at)
    return end if end is not None and end - at < _LONGEST_LINK else None


@lru_cache(maxsize=8)
def _pairs(line: str, opening: str, closing: str) -> dict[int, int]:
    """Each closed bracket of a line and where it closes, in one pass: a line of nothing but brackets costs no more than another."""
    opened: list[int] = []
    pairs: dict[int, int] = {}
    place = 0
    while place < len(line):
        if line[place] == "\\":
            place += 1
        elif line[place] == opening:
            opened.append(place)
        elif line[place] == closing and opened:
            pairs[opened.pop()] = place
        place += 1
    return pairs


def _ended(address: str) -> str:
    """A bare address without the sentence's own punctuation behind it (GitHub Flavored Markdown §6.9)."""
    address = address.rstrip(".,;:!?\"'*_~")
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(".,;:!?\"'*_~")
    return address


def _unescaped(address: str) -> str:
    return html.unescape(_ESCAPE.sub(r"\1", address))
