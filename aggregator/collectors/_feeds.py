"""From the body of a reply to a feed. Every collector that reads a feed reads it here.

A document is decoded, freed of its DOCTYPE and given to the strict parser (`_strict`), which reads what is well formed; what is not goes to
feedparser (`_lenient`). What is no feed at all is `Unreadable` and never an empty feed.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from urllib.parse import parse_qs, urlsplit

from aggregator.collectors._blocked import with_objections
from aggregator.collectors._error_entries import may_complain
from aggregator.collectors._jsonfeed import VERSION, json_feed
from aggregator.collectors._lenient import lenient_feed
from aggregator.collectors._parts import Feed, Oddities, flat
from aggregator.collectors._settling import settled
from aggregator.collectors._strict import strict_feed
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.text.decode import decode
from aggregator.text.secret_address import masked

__all__ = [
    "ACCEPT",
    "Feed",
    "cut_off",
    "description",
    "feed_of",
    "host_of",
    "is_page",
    "looks_whole",
    "read_feed",
    "web_address",
    "with_remarks",
]

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, application/xml;q=0.8, */*;q=0.1"
"""The Accept header for feeds; some servers answer 406 to less."""

_QUOTED = r"\"[^\"]*+\"|'[^']*+'"
# A document type with its internal subset, whose comments and values may hold any sign.
_DOCTYPE = re.compile(
    rf"<!DOCTYPE(?:[^\"'\[>]|{_QUOTED})*+(?:\[(?:<!--.*?-->|<\?.*?\?>|[^\"'\]<]|{_QUOTED}|<)*+\]\s*+)?>", re.DOTALL | re.IGNORECASE
)
_BROKEN_DOCTYPE = re.compile(r"<!DOCTYPE.*?(?=<(?:rss|feed|rdf:RDF|channel|html)\b|\Z)", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml[^<>]*\?>")
_PROLOGUE = re.compile(r"(?:\s++|\ufeff|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_NAME = re.compile(r"<([A-Za-z_][\w:.-]*)")
_FEED_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF|channel|(?:atom|a)\d*:feed)[\s>]", re.IGNORECASE)
_PAGE_ROOTS = frozenset(("html", "head", "body", "title", "meta", "script", "div", "p", "center", "h1"))
_PAGE_PART = re.compile(r"<(?:html|head|body)[\s>]", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
# No honest document type is longer; a longer one goes the way of the broken ones.
_LONGEST_DOCTYPE = 16 * 1024
# Tags of a feed that is not well-formed; no recorded feed has a tenth of it.
_MOST_MARKS = 250_000
_END = re.compile(rb"</\s*(?:rss|(?:\w+:)?feed|rdf:rdf)\s*>(?:\s|<!--(?:(?!-->).)*-->)*\Z", re.DOTALL | re.IGNORECASE)
_ROOTS = (b"<rss", b"<feed", b"<rdf:rdf", b":feed")


def read_feed(reply_body: bytes, *, url: str, content_type: str, doing: str) -> Feed:
    """The feed in a reply, with its ids settled and its oddities as remarks.

    Args:
        url: where the reply came from; relative addresses are joined to it.
        content_type: the reply's header, "" for none.
        doing: what the messages begin with ("reading the tag feed").

    Raises:
        Unreadable: there is no feed in it: nothing at all, a page (a bot wall, a log-in), other XML or JSON, or a document cut before its
            first entry. Or its only entries are errors of the service that makes it.
    """
    if not reply_body.strip():
        raise Unreadable(f"{doing}: expected a feed, got an empty reply")
    odd: Oddities = Counter()
    text = decode(reply_body, content_type).replace("\x00", "")
    feed = _json(text, url, odd, doing) if text.lstrip("\ufeff \t\r\n").startswith("{") else _xml(text, url, odd, doing)
    entries, remarks = settled(feed, odd, url=url, doing=doing)
    entries = with_objections(entries, text)
    counted = tuple(f"{count} {'entry' if count == 1 else 'entries'} {what}" for what, count in odd.items())
    return replace(feed, entries=entries, remarks=(*feed.remarks, *remarks, *counted))


def feed_of(reply: Reply, doing: str) -> Feed | None:
    """The feed in a reply; None when it is the same as at the last poll, or whole and without a word of the topics.

    Raises:
        Unreadable: as `read_feed`.
    """
    if reply.unchanged or (reply.silent and looks_whole(reply.body) and not may_complain(reply.body)):
        return None
    return read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type", ""), doing=doing)


def host_of(address: str) -> str:
    """The host of an address in lower case, with its port where it has one."""
    return urlsplit(address).netloc.rpartition("@")[2].lower()


def web_address(value: str) -> str:
    """An option that wants an http or https address, cleaned.

    Raises:
        ValueError: it is none, or it carries a password.
    """
    clean = value.strip()
    try:
        parts = urlsplit(clean)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", clean)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{masked(value, '…')!r} is not an address; write it in full, beginning with https://")
    if "@" in parts.netloc:
        raise ValueError("an address with a user name or password in it is a secret; leave them out")
    if (parts.hostname or "").endswith("patreon.com") and "auth" in parse_qs(parts.query):
        raise ValueError("a private Patreon feed is a secret of one listener and is not read; use the show's public feed")
    return clean


def cut_off(page: str) -> tuple[str, ...]:
    """A remark when a web page does not end as one; none otherwise."""
    return () if "</html" in page[-4096:].lower() else ("the page that names the feed is cut off",)


def with_remarks(feed: Feed | None, remarks: tuple[str, ...]) -> Feed | None:
    """The feed with more remarks; a feed of remarks alone where there is no news."""
    return replace(feed or Feed(), remarks=(*remarks, *(feed.remarks if feed else ()))) if remarks else feed


def is_page(body: bytes, content_type: str = "") -> bool:
    """True when a reply is an HTML page and no feed, whatever its content type says."""
    text = _without_doctype(decode(body[:8192], content_type))[0]
    root = _root(text).lower()
    return root in _PAGE_ROOTS or (not root and not text.lstrip().startswith(("{", "[")) and _PAGE_PART.search(text) is not None)


def looks_whole(body: bytes) -> bool:
    """True when a reply begins as a feed and ends as one; a cheap look that parses nothing, for replies that name no topic."""
    head = body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"{"):
        return VERSION.encode() in body.replace(b"\\/", b"/") and body.rstrip().endswith(b"}")
    return any(root in head.lower() for root in _ROOTS) and _END.search(body[-512:]) is not None


def _json(text: str, url: str, odd: Oddities, doing: str) -> Feed:
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{doing}: expected a feed, got JSON that is cut off or broken") from error
    if not isinstance(document, dict) or VERSION not in str(document.get("version")) or not isinstance(document.get("items"), list):
        raise Unreadable(f"{doing}: expected a feed, got JSON that is no JSON Feed")
    return json_feed(document, url=url, odd=odd)


def _xml(text: str, url: str, odd: Oddities, doing: str) -> Feed:
    document, remarks = _without_doctype(text)
    document = document.lstrip("\ufeff \t\r\n")
    root = _root(document).lower()
    feed = strict_feed(document.encode("utf-8", "replace"), url=url, odd=odd) if root != "html" else None
    if feed is not None:
        return replace(feed, remarks=remarks)
    found = _FEED_ROOT.search(document)
    if not found:
        raise Unreadable(f"{doing}: expected a feed, got {description(document)}")
    # Only what stands before the feed: entries quote whole pages.
    document = _BROKEN_DOCTYPE.sub("", document[: found.start()]) + document[found.start() :]
    document = _bounded(document)
    odd.clear()
    feed = lenient_feed(_DECLARATION.sub("", document, count=1).encode("utf-8", "replace"), url=url, odd=odd)
    if not feed.entries:
        raise Unreadable(f"{doing}: expected a feed, got {description(document) if root == 'html' else 'XML that is cut off or broken'}")
    cut = _END.search(document[-512:].encode("utf-8", "replace")) is None
    return replace(feed, remarks=(*remarks, "cut off: read as far as it goes" if cut else "not well-formed: read leniently"))


def _bounded(document: str) -> str:
    """As much of a document as feedparser reads in a few seconds: three million open elements took it 46 s and 1.5 GB."""
    if document.count("<") <= _MOST_MARKS:
        return document
    return document[: next(islice(re.finditer("<", document), _MOST_MARKS, None)).start()]


def _without_doctype(text: str) -> tuple[str, tuple[str, ...]]:
    """The document without its document type, so that no entity of its own is ever known to a parser."""
    prologue = _PROLOGUE.match(text)
    start = prologue.end() if prologue else 0
    if text[start : start + 9].upper() != "<!DOCTYPE":
        return text, ()
    whole = _DOCTYPE.match(text, start, start + _LONGEST_DOCTYPE)
    bare = text[whole.end() :] if whole else _BROKEN_DOCTYPE.sub("", text, count=1)
    return bare, ("declares entities of its own: read without them",) if "<!ENTITY" in text[: len(text) - len(bare)] else ()


def _root(text: str) -> str:
    """The name of the first element; "" when no markup begins the text."""
    prologue = _PROLOGUE.match(text)
    found = _NAME.match(text, prologue.end() if prologue else 0)
    return found[1] if found else ""


def description(text: str) -> str:
    """What came instead of a feed, for people."""
    root = _root(text)
    if root.lower() in _PAGE_ROOTS or (not root and _PAGE_PART.search(text[:8192])):
        found = _TITLE.search(text[:65536])
        title = flat(html.unescape(found[1]))[:80] if found else ""
        return f"an HTML page titled {title!r}" if title else "an HTML page without a title"
    return f"XML whose root is {root[:40]!r}" if root else "text that is neither XML nor JSON"
