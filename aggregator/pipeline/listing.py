"""What a feed lists, read off its bytes: enough to see at the next poll whether anything of it is listed still.

A feed that names no topic is not parsed, so this must be cheap: where entries begin is found by looking for their tags, and only the ids at
both ends are read (the newest stand at one of them). An id is a number made of it; a number that comes by chance a second time would hide
what was missed, once in a hundred million feeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from zlib import crc32

# Ids kept of each end of a listing.
_EACH_END = 16
_LENGTH = 8
_PREFIXED = re.compile(rb"<\w+:(?:item|entry)(?=[\s>])")
_JSON_ITEMS = re.compile(rb"\"items\"\s*:\s*\[")
_JSON_ID = re.compile(rb"\"id\"\s*:\s*(\"(?:[^\"\\]|\\.)*\"|\d+)")
# Entries of other feeds bring their feed's own id along (RFC 4287 §4.2.11).
_SOURCE = re.compile(rb"<(?:\w+:)?source[\s>].*?</(?:\w+:)?source>", re.DOTALL)
_TEXT = rb"[^>]*>\s*(?:<!\[CDATA\[)?\s*([^<\]]+)"
_GUID, _ID, _PREFIXED_ID, _LINK = (re.compile(tag + rb"\b" + _TEXT) for tag in (rb"<guid", rb"<id", rb"<\w+:id", rb"<link"))
# RSS 1.0 §5.5 has the id of an entry in its tag.
_ABOUT = re.compile(rb"\srdf:about=[\"']([^\"']+)")
# By the tag of an entry, the likeliest first: one that is not there is looked for through the whole entry.
_IDS = {b"<item": (_GUID, _ABOUT, _LINK, _PREFIXED_ID), b"<entry": (_ID, _LINK), b"": (_PREFIXED_ID, _GUID, _LINK)}
_HREF = re.compile(rb"<link\s[^>]*href=[\"']([^\"']+)")


def compared(body: bytes, before: str) -> tuple[str, bool]:
    """What a listing shows, and whether it shows nothing any more of what it showed before.

    Args:
        body: as it came.
        before: what this gave for the listing before; "" for none.

    Returns:
        A short text; `before` for a body without entries, which says nothing of what came and went.
    """
    tag, entries = _entries(body)
    ids = _numbers(tag, entries if len(entries) <= 2 * _EACH_END else [*entries[:_EACH_END], *entries[-_EACH_END:]])
    if not ids:
        return before, False
    known = [before[start : start + _LENGTH] for start in range(0, len(before), _LENGTH)]
    turned = bool(known) and _apart(ids, known)
    if turned and len(entries) > 2 * _EACH_END:
        turned = _apart(_numbers(tag, entries), known)
    return "".join(ids), turned


def _apart(ids: list[str], known: list[str]) -> bool:
    """Whether two listings have nothing in common but an entry that is pinned: it stands first in both, beside others. Where nothing is
    new, the others are known as well."""
    common = set(ids).intersection(known)
    return not common - {ids[0]} if len(ids) > 1 and ids[0] == known[0] else not common


def _numbers(tag: bytes | None, entries: Iterable[bytes]) -> list[str]:
    """Of each entry that has an id, in the order of the listing, each once."""
    ids = entries if tag is None else [_id(entry, tag) for entry in entries]
    return list(dict.fromkeys(f"{crc32(id.strip()):0{_LENGTH}x}" for id in ids if id))


def _entries(body: bytes) -> tuple[bytes | None, list[bytes]]:
    """The tag of the entries of a feed ("" where it has a prefix), and the entries; None, and their ids, of a JSON Feed. No entries of what
    is no feed."""
    if b"\0" in body[:64]:
        # UTF-16: tags, and nearly all ids, are ASCII.
        body = body.replace(b"\0", b"")
    if body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        items = _JSON_ITEMS.search(body)
        return None, [one[1] for one in _JSON_ID.finditer(body, items.end())] if items else []
    for tag in (b"<item", b"<entry"):
        # Splitting is many times faster than any pattern that begins with "<".
        if parts := [part for part in body.split(tag)[1:] if part[:1] in b" \t\r\n>"]:
            return tag, parts
    starts = [one.end() for one in _PREFIXED.finditer(body)]
    return b"", [body[start:end] for start, end in pairwise([*starts, len(body)])]


def _id(entry: bytes, tag: bytes) -> bytes:
    if tag != b"<item" and b"source" in entry:
        entry = _SOURCE.sub(b"", entry)
    found = next(filter(None, (pattern.search(entry) for pattern in _IDS[tag])), None) or _HREF.search(entry)
    return found[1] if found else b""
