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

from aggregator.model import Author, Enclosure, Entry, Kind
from aggregator.text.dates import parse_date

Oddities = Counter[str]
"""What was odd about entries, with how often: "without a date"."""

# The first year a feed could have named, and a bound for dates such as 9999 that stand for "never".
_FIRST_YEAR, _LAST_YEAR = 1980, 2100

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
# What nobody sees begins here, and ends there.
_UNSEEN = re.compile(r"<(script|style|template)\b[^<>]*>|<!--", re.IGNORECASE)
_SEEN_AGAIN = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style", "template")} | {"": re.compile("-->")}
# A longer name is none, and is not searched for the address in it.
_LONGEST_NAME = 300
# Markup that writers put into plain titles; any other `<word>` in one is taken for text ("the <main> element").
_INLINE = re.compile(r"</?(?:a|b|big|br|cite|code|em|font|i|mark|p|q|s|small|span|strong|sub|sup|tt|u|wbr)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--|&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_WEB = re.compile(r"https?://(?:[^/?#@\s]*@)?(?:[^/?#:@\s\[\]]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?(?:[/?#]|\Z)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})(?:\.\d+)?")
_LETTER = re.compile(r"(?P<address>\S+@\S+)\s*\((?P<name>[^()]+)\)|(?P<before>[^<>@]+?)\s*<\S+@\S+>")


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


def duration(text: str | None) -> timedelta | None:
    """`itunes:duration`: seconds, MM:SS or HH:MM:SS; None when it is neither."""
    clean = (text or "").strip()
    if clean.isascii() and clean.isdigit() and len(clean) < 8:
        return timedelta(seconds=int(clean)) or None
    found = _CLOCK.fullmatch(clean)
    if not found:
        return None
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2]), seconds=int(found[3])) or None


def minutes(text: str | None) -> timedelta | None:
    """`ttl` of RSS 2.0, minutes; None when it is no number of them."""
    clean = (text or "").strip()
    return timedelta(minutes=int(clean)) or None if clean.isascii() and clean.isdigit() and len(clean) < 7 else None


def length(text: str | None) -> int | None:
    """The length of an enclosure in bytes; None for the 0 and the words that hosts write when they do not know."""
    clean = (text or "").strip()
    return int(clean) or None if clean.isascii() and clean.isdigit() and len(clean) < 16 else None


def person(text: str | None) -> str | None:
    """A name from an RSS author ("ada@example.org (Ada)", "Ada <ada@example.org>"); never the address of a person."""
    clean = flat(html.unescape(text or ""))
    clean = clean[:_LONGEST_NAME]
    if "@" in clean and (found := _LETTER.fullmatch(clean)):
        clean = flat(found["name"] or found["before"]).strip('"')
    return None if not clean or ("@" in clean and " " not in clean and not clean.startswith("@")) else clean


def authors(found: Iterable[tuple[str | None, str | None]]) -> Author | None:
    """One author from names and addresses; several names are joined, each once."""
    names: dict[str, None] = {}
    address: str | None = None
    for name, url in found:
        if name:
            names[name] = None
        address = address or url
    return Author(name=", ".join(names) or None, url=address or None) if names or address else None


def tags_of(words: Iterable[str]) -> tuple[str, ...]:
    """Categories without "#", each once, in their order; addresses of vocabularies are no tags."""
    found: dict[str, None] = {}
    for word in words:
        clean = flat(word).lstrip("#").strip()
        if clean and "://" not in clean:
            found[clean] = None
    return tuple(found)


def with_duration(enclosures: list[Enclosure], spent: timedelta | None) -> tuple[Enclosure, ...]:
    """The enclosures, each address once, with the entry's duration on the first recording."""
    if len(enclosures) > 1:
        once = {one.url: one for one in reversed(enclosures)}
        enclosures = [once[url] for url in dict.fromkeys(one.url for one in enclosures)]
    if spent is not None:
        for position, one in enumerate(enclosures):
            if one.duration is None and kind_of(one) is not None:
                timed = Enclosure(url=one.url, media_type=one.media_type, length_bytes=one.length_bytes, duration=spent)
                return (*enclosures[:position], timed, *enclosures[position + 1 :])
    return tuple(enclosures)


def kind_of(enclosure: Enclosure) -> Kind | None:
    """EPISODE for a sound, VIDEO for a film, by media type and else by the name of the file; None for anything else."""
    media = (enclosure.media_type or "").lower()
    if media.startswith("audio"):
        return Kind.EPISODE
    if media.startswith("video"):
        return Kind.VIDEO
    if media and media != "application/octet-stream":
        return None
    path = enclosure.url.partition("?")[0].lower()
    if path.endswith((".mp3", ".m4a", ".ogg", ".opus", ".oga", ".wav", ".aac", ".flac")):
        return Kind.EPISODE
    return Kind.VIDEO if path.endswith((".mp4", ".m4v", ".mov", ".webm")) else None


def kind_by(enclosures: Iterable[Enclosure]) -> Kind:
    """What an entry of a feed is: an episode, a video, or else an article."""
    found = Kind.ARTICLE
    for one in enclosures:
        kind = kind_of(one)
        if kind is Kind.EPISODE:
            return kind
        found = kind or found
    return found
