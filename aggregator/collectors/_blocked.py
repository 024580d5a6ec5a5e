"""Feeds whose makers ask that they, or single entries of them, are listed nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from html import unescape

from aggregator.model import Entry, Restriction

# "Yes" takes a show, or an episode, off the directory (Apple, podcast RSS feed requirements; Google Play's own form of it; podcast
# namespace, "block", read 2026-11-22). With an id it is said to one platform, which we are not.
_BLOCK = re.compile(r"<(?:itunes|googleplay|podcast):block(?:\s(?!\s*id\b)[^<>]*)?>\s*(?:<!\[CDATA\[\s*)?yes\b", re.IGNORECASE)
# Its feeds of newsletters say it to directories of podcasts, of every publication that is none (recorded feeds, 2026).
_SAID_OF_ANOTHER = re.compile(r"<generator>\s*(?:<!\[CDATA\[\s*)?Substack\b")
_BEGINS = re.compile(r"<(?=(?:item|entry)[\s>])", re.IGNORECASE)
_ENDS = re.compile(r"</(?:item|entry)\s*>", re.IGNORECASE)
_NAME = re.compile(r"<(?:guid|link|id)\b[^<>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)", re.IGNORECASE)


def with_objections(entries: tuple[Entry, ...], document: str) -> tuple[Entry, ...]:
    """The entries of a feed, those that are to be listed nowhere marked so; nearly every feed says nothing of it.

    What X-Robots-Tag says of a feed is no objection: publishing software sends "noindex" with every feed, so that search engines list the
    pages and not the feed.
    """
    if ":block" not in document or _BLOCK.search(document) is None:
        return entries
    head, *items = _BEGINS.split(document)
    if _SAID_OF_ANOTHER.search(head):
        return entries
    inside = [_ENDS.split(item, maxsplit=1) for item in items]
    if any(_BLOCK.search(part) for part in (head, *(rest for _item, *after in inside for rest in after))):
        return tuple(map(_marked, entries))
    names = frozenset(_names(item for item, *_after in inside if _BLOCK.search(item)))
    return tuple(_marked(entry) if names & {entry.native_id, entry.url, *entry.aliases} else entry for entry in entries)


def _names(items: Iterable[str]) -> Iterable[str]:
    return (unescape(found[1]).strip() for item in items for found in _NAME.finditer(item))


def _marked(entry: Entry) -> Entry:
    return replace(entry, restrictions=(*entry.restrictions, Restriction.NOINDEX))
