"""Markup from outside: what a reader sees of it, and the little of it that may be shown again.

The only module that knows BeautifulSoup and nh3. Nothing here asks the network, and nothing raises on any text: markup from the world is
broken, and the parser underneath (libxml2) repairs it as browsers do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from lxml import etree

from aggregator.text.excerpts import sentence as sentence

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

# Elements whose content is never shown as text (HTML Standard §15.3.1, and fallbacks that a browser replaces).
_UNSEEN_NAMES = (
    "script style template noscript head title metadata defs desc iframe object audio video canvas datalist rp rt noembed noframes"
    " annotation annotation-xml"
)
_UNSEEN = frozenset(_UNSEEN_NAMES.split())
# Elements that end a line of thought: a phrase does not run across their edges (HTML Standard §15.3.2 to §15.3.10, `display: block`).
_BLOCK_NAMES = (
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol option p pre search section select summary table tbody td"
    " textarea tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_NAMES.split())
_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# How edges of blocks and line breaks are kept apart from the white space of the source until the end.
_EDGE, _LINE = "\u2029", "\u2028"
_SPACES = re.compile(r"[ \t\r\f]{2,}|[\t\r\f]")
_SOURCE_LINES = re.compile(r" ?\n[ \n]*")
_BREAKS = re.compile(r"[ \n]?[\u2028\u2029][ \n\u2028\u2029]*")

# Characters of markup that is remembered as it was read: all that is remembered together is a few megabytes at most.
_LONGEST_REMEMBERED = 50_000

# What an excerpt may keep; everything else loses its tag and keeps its words.
_ALLOWED = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """What a reader sees of a piece of markup."""

    # Words in reading order. "\n\n" is the edge of a block or an empty line, "\n" a line break or the end of a line of the source.
    text: str
    # Targets of links in order, resolved against the base where one is known.
    links: tuple[str, ...] = ()
    # Alternative texts of images in order, without empty ones.
    alternatives: tuple[str, ...] = ()


@dataclass(slots=True)
class _Anchor:
    """A link that is being read."""

    href: str
    # Where its words begin in the pieces of text.
    since: int
    # Mastodon cuts a shown address into spans of these classes (content format of its API, read 2026-11-22).
    cut: bool = False


@dataclass(slots=True)
class _Reader:
    """Hears the parser's events and keeps what is seen. Nothing recurses, so depth costs nothing."""

    pieces: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    # Names of the open elements since the outermost unseen one; empty: what comes is seen.
    unseen: list[str] = field(default_factory=list)
    anchor: _Anchor | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        tag = tag.lower()
        if self.unseen or tag in _UNSEEN or _hidden(tag, attributes):
            if tag not in _VOID:
                self.unseen.append(tag)
            return
        if tag in _BLOCKS:
            self.pieces.append(_EDGE)
        elif tag == "br":
            self.pieces.append(_LINE)
        elif tag == "sup":
            self.pieces.append(" ")
        elif tag in ("img", "area", "input"):
            self._picture(attributes)
        if tag in ("a", "area") and (href := attributes.get("href", "").strip()):
            self.links.append(href)
            self.anchor = _Anchor(href, len(self.pieces)) if tag == "a" else self.anchor
        elif self.anchor and not {"invisible", "ellipsis"}.isdisjoint(attributes.get("class", "").split()):
            self.anchor.cut = True

    def end(self, tag: str) -> None:
        """An element closes, or the parser closes it."""
        tag = tag.lower()
        if self.unseen:
            if tag not in _VOID:
                self.unseen.pop()
        elif tag in _BLOCKS:
            self.pieces.append(_EDGE)
        elif tag == "sup":
            self.pieces.append(" ")
        elif tag == "a" and self.anchor:
            self._forget_cut_address(self.anchor)
            self.anchor = None

    def data(self, data: str) -> None:
        """Text between tags, entities decoded."""
        if not self.unseen:
            self.pieces.append(data)

    def comment(self, text: str) -> None:
        """Nobody reads comments."""

    def pi(self, target: str, text: str | None = None) -> None:
        """Nobody reads processing instructions."""

    def close(self) -> None:
        """The document ends; lxml wants to hear of it."""

    def seen(self) -> Visible:
        """What was seen so far."""
        return Visible(text=_settled("".join(self.pieces)), links=tuple(self.links), alternatives=tuple(self.alternatives))

    def _picture(self, attributes: dict[str, str]) -> None:
        if alternative := attributes.get("alt", "").strip():
            self.alternatives.append(alternative)

    def _forget_cut_address(self, anchor: _Anchor) -> None:
        shown = "".join(self.pieces[anchor.since :]).strip()
        whole = shown.rstrip("….")
        if anchor.cut or (whole != shown and whole and whole in anchor.href):
            self.pieces[anchor.since :] = [" "]


def visible(html: str, *, base: str = "") -> Visible:
    """What a reader sees: no script, style, template, comment or hidden element, and no attribute but `href` and `alt`.

    A block's edge is "\\n\\n", a `br` is "\\n", inline markup leaves no trace ("micro<b>soli</b>darity" is one word). An address shown cut
    off ("example.org/some-lo…") is not text: the link says it. Content of `noscript` is for programs without scripts and counts as not
    seen; `aria-hidden` hides nothing from the eye. A superscript stands apart: a footnote's number is not part of the word.

    Args:
        html: a fragment or a whole document.
        base: the address that relative links are resolved against; "" leaves them as written.
    """
    seen = _seen_again(html) if len(html) <= _LONGEST_REMEMBERED else _seen(html)
    return replace(seen, links=tuple(_resolved(link, base) for link in seen.links)) if base and seen.links else seen


def _seen(html: str) -> Visible:
    if "<" not in html:
        return Visible(text=_settled(unescape(html) if "&" in html else html))
    if "<![CDATA[" in html:
        # A feed that wrapped its text twice; to the parser it would be a comment.
        html = html.replace("<![CDATA[", "").replace("]]>", "")
    reader = _Reader()
    parser = etree.HTMLParser(
        target=reader,  # type: ignore[arg-type]  # the stubs want str | bytes of every event; lxml gives str
        encoding="utf-8",
        huge_tree=True,
    )
    parser.feed(b"<body>" + html.encode("utf-8", "replace"))
    parser.close()
    return reader.seen()


# One entry is read by what matches, what identifies and what follows its links, in one thread after the other.
_seen_again = lru_cache(maxsize=32)(_seen)


def soup(markup: str | bytes) -> BeautifulSoup:
    """A page as a tree to search in, parsed by lxml; bytes are decoded by what the page declares of itself.

    Raises nothing: markup too deep for a tree is cut by the parser.
    """
    from bs4 import BeautifulSoup

    return BeautifulSoup(markup, "lxml")


def selector(text: str) -> str:
    """A CSS selector (Selectors Level 4, as soupsieve reads them), trimmed.

    Raises:
        ValueError: it is none.
    """
    from bs4 import BeautifulSoup
    from soupsieve import SelectorSyntaxError

    try:
        BeautifulSoup("", "lxml").css.compile(text.strip())
    except SelectorSyntaxError as error:
        raise ValueError(f"{text!r} is no CSS selector; write one like 'article h2 a'") from error
    return text.strip()


def sanitise(html: str) -> str:
    """Markup that is safe to show: paragraphs, breaks, emphasis, lists, quotations, code and links to http and https, without any styling.

    Links say `rel="noopener nofollow"`. Content of scripts and styles goes; other tags go and leave their words.
    """
    import nh3

    return nh3.clean(html, tags=_ALLOWED, attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel="noopener nofollow")


def plain(html: str) -> str:
    """The visible text on one line, white space folded."""
    return " ".join(visible(html).text.split())


def _settled(text: str) -> str:
    """White space as a browser folds it, but with the source's line ends kept where they separate words."""
    text = _SOURCE_LINES.sub("\n", _SPACES.sub(" ", text))
    return _BREAKS.sub(_break, text).strip()


def _break(found: re.Match[str]) -> str:
    return "\n\n" if _EDGE in found[0] or found[0].count(_LINE) > 1 else "\n"


def _hidden(tag: str, attributes: dict[str, str]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
        return True
    if tag == "input" and attributes.get("type", "").lower() == "hidden":
        return True
    style = attributes.get("style")
    return bool(style and _NOT_SHOWN.search(_STYLE_COMMENT.sub("", style)))


def _resolved(link: str, base: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        # An address such as "http://[" cannot be taken apart.
        return link
