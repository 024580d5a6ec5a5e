"""From the body of a reply to a feed. Every collector that reads a feed reads it here.

A document is decoded, freed of its DOCTYPE and given to the strict parser (`_strict`), which reads what is well formed; what is not goes to
feedparser (`_lenient`). What is no feed at all is `Unreadable` and never an empty feed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from itertools import islice

from aggregator.collectors._blocked import with_objections
from aggregator.collectors._document import BROKEN_DOCTYPE, description, is_page, root_of, without_doctype
from aggregator.collectors._error_entries import may_complain
from aggregator.collectors._jsonfeed import VERSION, json_feed
from aggregator.collectors._lenient import lenient_feed
from aggregator.collectors._options import host_of, web_address
from aggregator.collectors._parts import Feed, Oddities
from aggregator.collectors._settling import settled
from aggregator.collectors._strict import strict_feed
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.text.decode import decode

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

_DECLARATION = re.compile(r"<\?xml[^<>]*\?>")
_FEED_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF|channel|(?:atom|a)\d*:feed)[\s>]", re.IGNORECASE)
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


def cut_off(page: str) -> tuple[str, ...]:
    """A remark when a web page does not end as one; none otherwise."""
    return () if "</html" in page[-4096:].lower() else ("the page that names the feed is cut off",)


def with_remarks(feed: Feed | None, remarks: tuple[str, ...]) -> Feed | None:
    """The feed with more remarks; a feed of remarks alone where there is no news."""
    return replace(feed or Feed(), remarks=(*remarks, *(feed.remarks if feed else ()))) if remarks else feed


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
    document, remarks = without_doctype(text)
    document = document.lstrip("\ufeff \t\r\n")
    root = root_of(document).lower()
    feed = strict_feed(document.encode("utf-8", "replace"), url=url, odd=odd) if root != "html" else None
    if feed is not None:
        return replace(feed, remarks=remarks)
    found = _FEED_ROOT.search(document)
    if not found:
        raise Unreadable(f"{doing}: expected a feed, got {description(document)}")
    # Only what stands before the feed: entries quote whole pages.
    document = BROKEN_DOCTYPE.sub("", document[: found.start()]) + document[found.start() :]
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
