"""One event of Nostr: read, verified, and made an entry.

Sources: nostr-protocol/nips 01 (events), 09 (deletion), 10 and 22 (replies), 19 (pointers), 23 (articles), 24 (hashtags), 36 (content
warning), 40 (expiration), 48 (mirrors), 62 (vanish), 70 (protected), 92 (pictures), read 2026-07-30.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aggregator.collectors._json import LAST_YEAR, Odd, number, tag_names, text, texts, web_address
from aggregator.collectors._schnorr import verified
from aggregator.collectors._written import addresses, unmarked
from aggregator.model import Author, Entry, Kind, Restriction
from aggregator.text import bech32
from aggregator.text.opt_out import opts_out

NOTE, COMMENT, ARTICLE = 1, 1111, 30023
PROFILE, DELETION, VANISH = 0, 5, 62
KINDS = {NOTE: Kind.POST, COMMENT: Kind.COMMENT, ARTICLE: Kind.ARTICLE}
MOST_TAGS = 8
"""A note with more hashtags is one of those that are sent for being found under all of them."""
_LAST_SECOND = int(datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp())
_HEX = re.compile(r"[0-9a-f]{64}")
# Only these are escaped; everything else stands as it is (NIP-01, "Events and signatures").
_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event whose id is the hash of what it says."""

    id: str
    # Of its author, hexadecimal.
    key: str
    # Seconds since 1970, as its author claims.
    at: int
    kind: int
    tags: tuple[tuple[str, ...], ...]
    content: str
    signature: str

    @property
    def name(self) -> str:
        """What stays the same when an article is changed; of everything else the id."""
        return f"{self.kind}:{self.key}:{self.first('d')}" if 30000 <= self.kind < 40000 else self.id

    @property
    def signed(self) -> bool:
        """Whether its author said it."""
        return verified(bytes.fromhex(self.id), bytes.fromhex(self.key), bytes.fromhex(self.signature))

    @property
    def hashtags(self) -> tuple[str, ...]:
        return tag_names(self.all("t"))

    def all(self, name: str) -> tuple[str, ...]:
        """The values of every tag with a name."""
        return tuple(tag[1] for tag in self.tags if len(tag) > 1 and tag[0] == name)

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def has(self, name: str) -> bool:
        return any(tag[0] == name for tag in self.tags)


def event_of(row: Any) -> Event:
    """Raises `Odd` for what is no event, or is not what its id says."""
    if not isinstance(row, dict):
        raise Odd("not an object")
    id, key, signature = (_hex(row.get(name), length) for name, length in (("id", 1), ("pubkey", 1), ("sig", 2)))
    at, kind, content, tags = number(row.get("created_at")), number(row.get("kind")), row.get("content"), row.get("tags")
    if at is None or kind is None or not isinstance(content, str) or not isinstance(tags, list):
        raise Odd("not an event")
    if not 0 <= at <= _LAST_SECOND:
        raise Odd("its time is in no calendar")
    if not all(isinstance(tag, list) and tag and all(isinstance(one, str) for one in tag) for tag in tags):
        raise Odd("its tags are no lists of texts")
    listed = ",".join(f"[{','.join(map(_quoted, tag))}]" for tag in tags)
    said = f'[0,"{key}",{at},{kind},[{listed}],{_quoted(content)}]'
    try:
        hashed = hashlib.sha256(said.encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise Odd("its text cannot be written") from error
    if hashed != id:
        raise Odd("its id is not the hash of what it says")
    return Event(id=id, key=key, at=at, kind=kind, tags=tuple(map(tuple, tags)), content=content, signature=signature)


def entry_of(event: Event, profile: Mapping[str, Any]) -> Entry | None:
    """An event as an entry; None for one that is not to be shown elsewhere, is set to vanish, or is sent under too many hashtags."""
    if event.has("-") or event.has("expiration") or len(event.hashtags) > MOST_TAGS:
        return None
    article = event.kind == ARTICLE
    warning = f"Content warning: {event.first('content-warning')}".removesuffix(": ") if event.has("content-warning") else None
    written = text(unmarked(event.content) if article else event.content)
    links = dict.fromkeys((*addresses(event.content), *(url for one in event.all("r") if (url := web_address(one)))))
    return Entry(
        native_id=_storable(event.name),
        url=_page(event.name) or f"https://njump.me/e/{event.id}",
        kind=KINDS[event.kind],
        title=text(warning) or (text(event.first("title")) if article else None),
        # Behind a warning there is what nobody wants to meet unasked.
        text=None if warning else written or text(event.first("summary")),
        author=_author(event.key, profile),
        published=_time(event.first("published_at") if article else "") or datetime.fromtimestamp(event.at, UTC),
        updated=datetime.fromtimestamp(event.at, UTC) if article else None,
        language=next((tag[1] for tag in event.tags if tag[0] == "l" and tag[2:3] == ("ISO-639-1",)), None),
        tags=event.hashtags,
        links=tuple(links),
        alternatives=texts(one[4:] for tag in event.tags if tag[0] == "imeta" for one in tag[1:] if one.startswith("alt ")),
        in_reply_to=next(_answered(event), None),
        aliases=tuple(_originals(event)),
        restrictions=restrictions(profile),
    )


def restrictions(profile: Mapping[str, Any]) -> tuple[Restriction, ...]:
    """What the author's own account says against being shown."""
    return (Restriction.NO_BOT,) if opts_out(text(profile.get("about")) or "") else ()


def _page(name: str) -> str | None:
    """The gateway's page of an id, or of the address `kind:key:d` (NIP-19, naddr); None where it is neither."""
    if _HEX.fullmatch(name):
        return f"https://njump.me/e/{name}"
    kind, _, rest = name.partition(":")
    key, _, d = rest.partition(":")
    if not (kind.isascii() and kind.isdigit() and len(kind) <= 5 and _HEX.fullmatch(key)):
        return None
    fields = ((0, d.encode("utf-8", "replace")), (2, bytes.fromhex(key)), (3, int(kind).to_bytes(4, "big")))
    return f"https://njump.me/{bech32.encode('naddr', bech32.packed(fields))}"


def _answered(event: Event) -> Iterator[str]:
    """What an event answers, the best name first: its parent, the beginning of the thread, what it quotes."""
    if event.kind == COMMENT:
        yield from (url for one in event.all("i") if (url := web_address(one)))
        yield from (page for name in (*event.all("a"), *event.all("e")) if (page := _page(name)))
        return
    marked = {tag[3]: tag[1] for tag in event.tags if tag[0] == "e" and len(tag) > 3 and tag[3]}
    placed = [tag[1] for tag in event.tags if tag[0] == "e" and len(tag) > 1 and not tag[3:4]]
    for name in (marked.get("reply"), marked.get("root"), *placed[-1:], *event.all("q")):
        if name and (page := _page(name)):
            yield page


def _originals(event: Event) -> Iterator[str]:
    """The post on another network of which this one is a mirror (NIP-48)."""
    for address in event.all("proxy"):
        if url := web_address(address):
            yield url
        elif address.startswith("at://") and not re.search(r"[\s\0]", address):
            yield address


def _author(key: str, profile: Mapping[str, Any]) -> Author:
    name = text(profile.get("display_name")) or text(profile.get("name"))
    return Author(name=name, url=f"https://njump.me/p/{key}", handle=bech32.encode("npub", bytes.fromhex(key)))


def profile_of(event: Event) -> dict[str, Any]:
    """What a kind 0 says of its author; {} when that cannot be read."""
    try:
        said = json.loads(event.content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _time(seconds: str) -> datetime | None:
    good = seconds.isascii() and seconds.isdigit() and len(seconds) <= 12 and int(seconds) <= _LAST_SECOND
    return datetime.fromtimestamp(int(seconds), UTC) if good else None


def _hex(value: Any, words: int) -> str:
    if not isinstance(value, str) or not re.fullmatch(rf"[0-9a-f]{{{64 * words}}}", value):
        raise Odd("not an event")
    return value


def _quoted(value: str) -> str:
    return f'"{value.translate(_ESCAPED)}"'


def _storable(name: str) -> str:
    return name.replace("\0", "\ufffd")
