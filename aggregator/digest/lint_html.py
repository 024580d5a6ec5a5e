"""What is in the HTML of a mail besides its words, and its words with its links in the order of reading. Pure.

It is our own markup, filled with words of others and laid out by templates that an operator may have changed: a plain reader does, which
finds what a mail program would load or run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from aggregator.digest.rendering import spelled

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_SILENT = frozenset({"head", "style", "script", "title", "template"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DANGEROUS = frozenset("script form iframe frame object embed applet input button base".split())
_LOADING = frozenset({"src", "srcset", "background", "poster", "data"})
_REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_STYLE_LOADS = re.compile(r"url\(\s*['\"]?\s*(?:https?:)?//|@import", re.IGNORECASE)
# An address between angle brackets, as plain text has it behind the words of a link; or a word.
_TOKEN = re.compile(r"<(?:https?://|mailto:)[^<>\s]+>|\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is in a piece of markup."""

    # Words, and behind those of a link its address, as plain text writes them.
    tokens: tuple[str, ...]
    # Everything that is shown, and values of attributes.
    text: str
    # Names of elements and attributes that could run or ask: "script", "onclick".
    dangerous: tuple[str, ...]
    # Elements that load something from a server when the mail is opened.
    remote: tuple[str, ...]
    # Images without a text for them.
    unnamed_images: int


def look(html: str) -> Looked:
    """Look through a whole document."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Looked(
        tokens=tuple(reader.tokens),
        text=" ".join(reader.texts),
        dangerous=tuple(dict.fromkeys(reader.dangerous)),
        remote=tuple(dict.fromkeys(reader.remote)),
        unnamed_images=reader.unnamed_images,
    )


def tokens(text: str) -> tuple[str, ...]:
    """Words and addresses of a plain text, in order."""
    return tuple(_TOKEN.findall(text))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: list[str] = []
        self.texts: list[str] = []
        self.dangerous: list[str] = []
        self.remote: list[str] = []
        self.unnamed_images = 0
        # Open elements, each with whether its words are read, and for a link its address and where its words begin.
        self._open: list[tuple[str, bool, str, int]] = []
        # Words wait for the end of their run: markup may part one.
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._note(tag, given)
        if tag in _VOID:
            self._text += " " + given.get("alt", "") + " "
            return
        self._flush()
        shown = self._shown and tag not in _SILENT and not _HIDDEN.search(given.get("style", "")) and "hidden" not in given
        self._open.append((tag, shown, given.get("href", "").strip() if tag == "a" else "", len(self.tokens)))

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, *_ in self._open):
            return
        while self._open:
            self._flush()
            name, shown, href, start = self._open.pop()
            if shown and href:
                self._link(href, self.tokens[start:])
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._shown:
            self._text += data
        elif self._open and self._open[-1][0] == "style" and _STYLE_LOADS.search(data):
            self.remote.append("style")

    def close(self) -> None:
        super().close()
        self._flush()

    @property
    def _shown(self) -> bool:
        return not self._open or self._open[-1][1]

    def _flush(self) -> None:
        self.tokens += tokens(self._text)
        self.texts.append(self._text)
        self._text = ""

    def _link(self, href: str, words: list[str]) -> None:
        """The address behind the words, unless they are the address."""
        written = list(tokens(spelled(href)))
        if href.startswith("mailto:") and words == list(tokens(href.removeprefix("mailto:").partition("?")[0])):
            return
        self.tokens += written

    def _note(self, tag: str, given: dict[str, str]) -> None:
        self.texts += [value for name, value in given.items() if name != "style"]
        if tag in _DANGEROUS or (tag == "meta" and given.get("http-equiv", "").lower() == "refresh"):
            self.dangerous.append(tag)
        self.dangerous += [name for name in given if name.startswith("on")]
        self.dangerous += [name for name, value in given.items() if re.match(r"\s*(?:javascript|vbscript):", value, re.IGNORECASE)]
        loads = any(name in _LOADING and _REMOTE.match(value) for name, value in given.items())
        if loads or _STYLE_LOADS.search(given.get("style", "")) or (tag == "link" and "href" in given):
            self.remote.append(tag)
        if tag in ("img", "area") and not given.get("alt", "").strip():
            self.unnamed_images += 1
