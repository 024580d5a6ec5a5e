"""What the three feed parsers share: the value they give, and how one title, date, address or body is read.

`Feed.entries` are entries of the model already. What only the collector can know (the kind on its platform, the site's name) it sets with
`dataclasses.replace`. Nothing here parses a document.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

from aggregator.model import Author, Entry
from aggregator.text.dates import parse_date

Oddities = Counter[str]
"""What was odd about entries, with how often: "without a date"."""

# The first year a feed could have named, and a bound for dates such as 9999 that stand for "never".
_FIRST_YEAR, _LAST_YEAR = 1980, 2100

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
# What nobody sees begins here, and ends there.
_UNSEEN = re.compile(r"<(script|style|template)\b[^<>]*>|<!--", re.IGNORECASE)
_SEEN_AGAIN = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style", "template")} | {"": re.compile("-->")}
# Markup that writers put into plain titles; any other `<word>` in one is taken for text ("the <main> element").
_INLINE = re.compile(r"</?(?:a|b|big|br|cite|code|em|font|i|mark|p|q|s|small|span|strong|sub|sup|tt|u|wbr)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--|&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_WEB = re.compile(r"https?://(?:[^/?#@\s]*@)?(?:[^/?#:@\s\[\]]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?(?:[/?#]|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One document in RSS, RDF, Atom or JSON Feed, read."""

    # In the document's order. `native_id` is "" until `read_feed` has settled the ids.
    entries: tuple[Entry, ...] = ()
    # Plain text; "" when the feed has none.
    title: str = ""
    # The page the feed belongs to; "" when it is not said.
    home: str = ""
    # The feed's own address as it says it; "" when it is not said.
    itself: str = ""
    # WebSub hubs (W3C Recommendation of 23 January 2018, §4).
    hubs: tuple[str, ...] = ()
    # As written ("https://wordpress.org/?v=6.6", "Medium"); "" when it is not said.
    generator: str = ""
    # How long the publisher wants to be left alone; None: not said.
    ttl: timedelta | None = None
    # Where the feed says it lives from now on (itunes:new-feed-url); "" when it has not moved.
    moved_to: str = ""
    # The document with the next older entries (RFC 5005 §3, JSON Feed `next_url`); "" when there is none.
    next: str = ""
    # BCP 47; None: not said.
    language: str | None = None
    # Who makes the whole feed.
    author: Author | None = None
    # What was odd, a line each.
    remarks: tuple[str, ...] = ()


def absolute(base: str, address: str | None) -> str:
    """`address` against `base`; "" when there is none that http or https can ask for (`javascript:`, `urn:`, broken ones)."""
    clean = (address or "").strip()
    if not clean or _WEB.match(clean):
        return clean
    try:
        joined = urljoin(base, clean)
    except ValueError:
        return ""
    return joined if _WEB.match(joined) else ""


def is_web(address: str) -> bool:
    """True for an absolute http or https address."""
    return _WEB.match(address) is not None


def storable(text: str) -> str:
    """The text without what no database takes: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def flat(text: str) -> str:
    """White space collapsed to single spaces."""
    return " ".join(text.split())


def without_unseen(text: str) -> str:
    """Markup without comments, scripts, styles and templates; one that has no end stays, in time that grows with the length alone."""
    kept: list[str] = []
    begin = look = 0
    endless: set[str] = set()
    while found := _UNSEEN.search(text, look):
        name, look = (found[1] or "").lower(), found.end()
        end = None if name in endless else _SEEN_AGAIN[name].search(text, look)
        if end is None:
            endless.add(name)
            continue
        kept.append(text[begin : found.start()])
        begin = look = end.end()
    return "".join((*kept, text[begin:])) if kept else text


def title_text(text: str, markup: bool = False) -> str | None:
    """A title as plain text, its entities decoded until nothing changes, at most twice; None when it is empty.

    Args:
        markup: the feed says that it is HTML, so every tag goes; otherwise only those that writers put into titles by mistake.
    """
    if "<" not in text and "&" not in text:
        return flat(text) or None
    if markup:
        text = html.unescape(_TAG.sub("", without_unseen(text)))
    for _ in range(1 if markup else 2):
        if "&" not in text:
            break
        text = html.unescape(_INLINE.sub("", without_unseen(text)))
    return flat(_INLINE.sub("", without_unseen(text))) or None


def looks_marked_up(text: str) -> bool:
    """True when a description holds tags or entities; a description that is plain text is text, not HTML."""
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def bodies(given: Sequence[str]) -> tuple[str | None, str | None]:
    """(text, html) of an entry from its bodies, the most complete first, in HTML or in plain text.

    Where the first is HTML the others are given as text beside it, as far as they say something else: a topic may be named in the summary
    alone.
    """
    if not given:
        return None, None
    if len(given) == 1:
        return (None, given[0]) if looks_marked_up(given[0]) else (given[0].strip() or None, None)
    seen = given[0]
    kept: list[str] = []
    for one in map(str.strip, given[1:]):
        if one and one not in seen:
            seen = f"{seen}\n{one}"
            kept.append((title_text(one, markup=True) or "") if looks_marked_up(one) else one)
    if looks_marked_up(given[0]):
        return "\n\n".join(filter(None, kept)) or None, given[0]
    return "\n\n".join(filter(None, (given[0].strip(), *kept))) or None, None


def when(text: str | None, odd: Oddities) -> datetime | None:
    """A date, UTC; one that cannot be read or be true is counted as odd and left out."""
    if not text or not text.strip():
        return None
    found = parse_date(text)
    if found is None or not _FIRST_YEAR <= found[0].year < _LAST_YEAR:
        odd["with a date that cannot be read"] += 1
        return None
    return found[0]


def minutes(text: str | None) -> timedelta | None:
    """`ttl` of RSS 2.0, minutes; None when it is no number of them."""
    clean = (text or "").strip()
    return timedelta(minutes=int(clean)) or None if clean.isascii() and clean.isdigit() and len(clean) < 7 else None


def tags_of(words: Iterable[str]) -> tuple[str, ...]:
    """Categories without "#", each once, in their order; addresses of vocabularies are no tags."""
    found: dict[str, None] = {}
    for word in words:
        clean = flat(word).lstrip("#").strip()
        if clean and "://" not in clean:
            found[clean] = None
    return tuple(found)
