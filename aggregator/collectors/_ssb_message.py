"""Messages of Scuttlebutt: their ids, who has agreed to be shown on the web, and one message as an entry.

Sources: ssbc/ssb-ref (`normalizeChannel`), ssbc/ssb-uri-spec, ssbc/ssb-public-web-hosting-spec v1, ssbc/scuttlebutt-protocol-guide, read
2026-08-02.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aggregator.collectors._json import LAST_YEAR, Odd, member, tag_names, text
from aggregator.collectors._written import addresses, folded, hashtags, pictured, unmarked
from aggregator.model import Author, Enclosure, Entry, Kind
from aggregator.text.urls import is_public_web

VIEWER = "https://viewer.scuttlebot.io"
"""The public viewer whose addresses stand for ids (text/platforms/fediverse.py)."""
MESSAGE = re.compile(r"%[A-Za-z0-9+/]{43}=\.sha256")
FEED = re.compile(r"@[A-Za-z0-9+/]{43}=\.ed25519")
_BLOB = re.compile(r"&[A-Za-z0-9+/]{43}=\.sha256")
_REFERENCE = re.compile(r"\]\((%[A-Za-z0-9+/]{43}=\.sha256)\)")
_LAST = datetime(LAST_YEAR, 1, 1, tzinfo=UTC).timestamp() * 1000


@dataclass(frozen=True, kw_only=True)
class Person:
    """What somebody says of themselves."""

    name: str | None = None
    # None: nothing was said, which is no consent.
    agreed: bool | None = None


def channel_of(name: str) -> str:
    """A channel or hashtag as clients compare them: lower case, without white space and marks, at most 30 long."""
    return re.sub(r"[\s,.?!<>()\[\]\"#]", "", name.lower())[:30]


def page(id: str, viewer: str = VIEWER) -> str:
    """The page of a message, feed or blob on a viewer."""
    return f"{viewer}/{quote(id.rpartition('.')[0], safe='')}.{id.rpartition('.')[2]}"


def permalink(id: str, viewer: str) -> str:
    """The page on `viewer`; where only this machine reaches it (or none is named), the public one."""
    return page(id, viewer if is_public_web(viewer) else VIEWER)


def parts_of(row: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Id, value and content of a row; an empty content for a private message. Raises `Odd` for what is no message."""
    key, value = row.get("key"), row.get("value")
    if not isinstance(key, str) or not MESSAGE.fullmatch(key) or not isinstance(value, dict):
        raise Odd("not a message")
    if not isinstance(value.get("author"), str) or not FEED.fullmatch(value["author"]):
        # Feeds of other formats are another space of ids.
        raise Odd("not of a classic feed")
    return key, value, member(value.get("content"))


def people_of(rows: Iterable[Any]) -> dict[str, Person]:
    """By feed, what people say of themselves; of each thing the latest word in their own feed counts."""
    said: dict[str, dict[str, tuple[float, Any]]] = {}
    for row in rows:
        try:
            _, value, content = parts_of(member(row))
        except Odd:
            continue
        author, sequence = value["author"], _milliseconds(value.get("sequence")) or 0
        if content.get("type") != "about" or content.get("about") != author:
            continue
        own = said.setdefault(author, {})
        for name, kind in (("name", str), ("publicWebHosting", bool)):
            if isinstance(content.get(name), kind) and sequence >= own.get(name, (0, None))[0]:
                own[name] = (sequence, content[name])
    return {
        author: Person(name=text(own.get("name", (0, None))[1]), agreed=own.get("publicWebHosting", (0, None))[1])
        for author, own in said.items()
    }


def is_post_under(content: Mapping[str, Any], name: str) -> bool:
    """Whether a message is a post in a channel or with a hashtag: queries have let others through."""
    if content.get("type") != "post" or not isinstance(content.get("text"), str):
        return False
    wanted = channel_of(name)
    return wanted in map(channel_of, tags_of(content))


def entry_of(row: dict[str, Any], person: Person, *, viewer: str) -> Entry:
    """A post as an entry; `Odd` for what is no message."""
    key, value, content = parts_of(row)
    written, root = text(content.get("text")) or "", content.get("root")
    answers = root if isinstance(root, str) and MESSAGE.fullmatch(root) else None
    linked = [one["link"] for one in mentions(content) if MESSAGE.fullmatch(str(one.get("link")))]
    messages = [page(one) for one in (*linked, *_REFERENCE.findall(written)) if one not in (key, answers)]
    author = Author(name=person.name, url=page(value["author"]), handle=value["author"])
    return Entry(
        native_id=key,
        url=permalink(key, viewer),
        kind=Kind.COMMENT if answers else Kind.POST,
        text=text(unmarked(written)),
        author=author,
        published=published(row),
        tags=tags_of(content),
        links=tuple(dict.fromkeys((*addresses(written), *messages))),
        alternatives=pictured(written),
        enclosures=tuple(_enclosures(content)),
        in_reply_to=page(answers) if answers else None,
    )


def published(row: Mapping[str, Any]) -> datetime | None:
    """When the author says it was written, which is nothing later than when it came to the server."""
    claimed, received = _milliseconds(member(row.get("value")).get("timestamp")), _milliseconds(row.get("timestamp"))
    times = [one for one in (claimed, received) if one is not None]
    return datetime.fromtimestamp(min(times) / 1000, UTC) if times else None


def received(row: Any) -> float | None:
    """When a message came to the server, in milliseconds since 1970; what queries are sorted by."""
    return _milliseconds(member(row).get("timestamp"))


def mentions(content: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Mentions are a list, an object or not there."""
    listed = content.get("mentions")
    found: Sequence[Any] = listed if isinstance(listed, list) else list(listed.values()) if isinstance(listed, dict) else ()
    return tuple(one for one in found if isinstance(one, dict))


def tags_of(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The channel and the hashtags of a post; older clients wrote these into the text alone."""
    named = [content.get("channel"), *(one.get("link") for one in mentions(content) if str(one.get("link", "")).startswith("#"))]
    found = tag_names([*named, *hashtags(text(content.get("text")) or "")])
    return tuple({folded(tag): tag for tag in reversed(found)}.values())[::-1]


def _enclosures(content: Mapping[str, Any]) -> Iterator[Enclosure]:
    for one in mentions(content):
        if _BLOB.fullmatch(str(one.get("link"))):
            yield Enclosure(url=page(one["link"]), media_type=text(one.get("type")))


def _milliseconds(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST
    return float(value) if good else None
