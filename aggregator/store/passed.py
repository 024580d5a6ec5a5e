"""Entries that concerned no topic, kept for a while: changed rules can be tried on them, and nothing else sees them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, select

from aggregator.model import Author, Entry, Kind, Visibility
from aggregator.store import Landing, schema
from aggregator.store import statements as sql
from aggregator.store.engine import Database, Desk
from aggregator.store.rows import maybe_stamp, maybe_time, parts_from, parts_of, stamp, storable

_passed = schema.passed
_SINCE = select(_passed.c.source, _passed.c.native_id).where(_passed.c.seen_at >= bindparam("v_since"))
_FORGET = delete(_passed).where(_passed.c.seen_at < bindparam("v_before"))
DROP_PASSED = delete(_passed).where(_passed.c.source == bindparam("v_source"), _passed.c.native_id == bindparam("v_native_id"))

# An entry that is listed still is written again after this long: a source that is asked every quarter of an hour writes nothing.
_FRESH = timedelta(days=7)


class SqlPassed:
    """`Passed` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, at: datetime) -> Iterator[tuple[str, Entry]]:
        with self._database.reading() as desk:
            names = sorted((source, native_id) for source, native_id in desk.rows(_SINCE, stamp(at)))
        for source, group in groupby(names, key=itemgetter(0)):
            yield from self._of(source, [native_id for _source, native_id in group])

    def _of(self, source: str, ids: list[str]) -> Iterator[tuple[str, Entry]]:
        """In batches: the entries of a year are more than a small machine holds."""
        for batch in sql.batches(ids):
            with self._database.reading() as desk:
                texts = {native_id: text for native_id, text, _seen_at in desk.rows(_by_ids(len(batch)), source, *batch)}
            yield from ((source, entry_from_text(texts[native_id])) for native_id in sorted(texts))

    def forget(self, before: datetime) -> int:
        with self._database.writing() as desk:
            return desk.run(_FORGET, stamp(before))


def let_pass(desk: Desk, landing: Landing, *, mentioned: Collection[str], unmatched: Collection[str]) -> None:
    """Keep the entries of a landing that concern no topic; what became a mention, or may not be kept any more, is let go.

    Args:
        mentioned: ids of the entries that are mentions.
        unmatched: ids of the others on the page, also those that are not kept.
    """
    passing = {storable(entry.native_id): entry for entry in landing.passed}
    ids = sorted({*mentioned, *unmatched})
    known = {row[0]: row[1:] for batch in sql.batches(ids) for row in desk.rows(_by_ids(len(batch)), landing.source, *batch)}
    fresh = stamp(landing.at - _FRESH)
    texts = {native_id: entry_to_text(entry) for native_id, entry in passing.items() if native_id not in mentioned}
    stale = [native_id for native_id, (text, seen_at) in known.items() if texts.get(native_id) != text or seen_at < fresh]
    desk.many(DROP_PASSED, [(landing.source, native_id) for native_id in stale])
    at, standing = stamp(landing.at), known.keys() - stale
    desk.many(sql.add(_passed), [(landing.source, native_id, at, text) for native_id, text in texts.items() if native_id not in standing])


@cache
def _by_ids(count: int) -> Select[Any]:
    among: list[BindParameter[object]] = [bindparam(f"v_{number}") for number in range(count)]
    columns = (_passed.c.native_id, _passed.c.entry, _passed.c.seen_at)
    return select(*columns).where(_passed.c.source == bindparam("v_source"), _passed.c.native_id.in_(among))


_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_TEXTS = ("title", "text", "html", "language", "in_reply_to", "site")
_TIMES = ("published", "updated")


def entry_to_text(entry: Entry) -> str:
    """An entry as a JSON object; what the platform did not say is left out."""
    said: dict[str, Any] = {"native_id": entry.native_id, "url": entry.url, "kind": entry.kind.value}
    said.update((name, value) for name in _TEXTS if (value := getattr(entry, name)) is not None)
    said.update((name, maybe_stamp(value)) for name in _TIMES if (value := getattr(entry, name)) is not None)
    if entry.author is not None:
        said["author"] = (entry.author.name, entry.author.url, entry.author.handle)
    if entry.visibility is not Visibility.PUBLIC:
        said["visibility"] = entry.visibility.value
    if parts := {name: value for name, value in parts_of(entry).items() if name != "author"}:
        said["parts"] = parts
    return _ENCODE(said)


def entry_from_text(text: str) -> Entry:
    """The entry that `entry_to_text` was given."""
    said: dict[str, Any] = json.loads(text)
    known: dict[str, Any] = {name: said[name] for name in _TEXTS if name in said}
    known.update((name, maybe_time(said[name])) for name in _TIMES if name in said)
    known.update(parts_from(said.get("parts", {})))
    if "author" in said:
        name, url, handle = said["author"]
        known["author"] = Author(name=name, url=url, handle=handle)
    return Entry(
        native_id=said["native_id"],
        url=said["url"],
        kind=Kind(said["kind"]),
        visibility=Visibility(said.get("visibility", Visibility.PUBLIC)),
        **known,
    )
