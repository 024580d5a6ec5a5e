"""What each source was told to read when it was last read: another tag or channel under the same id is read from its own beginning.

A place to resume from belongs to what was read. Taken over by another listing it would pass for "everything before is known", and nothing
of that would ever be asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from zlib import crc32

from sqlalchemy import text

from aggregator.model import Source
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk

# Name under which it is remembered.
_NOTE = "subscriptions"
_BEGIN = text(
    "UPDATE source SET cursor = '', backfill_cursor = '', read_since = NULL, read_until = NULL, walking_since = NULL, next_poll_at = NULL "
    "WHERE id = :id"
)


def written(desk: Desk) -> str:
    """What is remembered, as `told` writes it; "" before the first time."""
    return next((said for (said,) in desk.rows(sql.NOTE, _NOTE)), "")


def told(before: str, sources: Iterable[Source]) -> str:
    """What is to be remembered: of each source a number made of its options, which may hold a secret; those not named stay."""
    return json.dumps({**_read(before), **{source.id: _number(source) for source in sources}}, sort_keys=True, separators=(",", ":"))


def subscribe(desk: Desk, before: str, after: str) -> None:
    """Remember `after`; sources whose options are others than in `before` begin anew. What is known of them stays."""
    known = _read(before)
    changed = sorted(name for name, number in _read(after).items() if known.get(name, number) != number)
    desk.many(_BEGIN, [(name,) for name in changed])
    desk.many(sql.drop(schema.validator.c.source), [(name,) for name in changed])
    desk.many(sql.drop(schema.backfill.c.source), [(name,) for name in changed])
    desk.run(sql.drop(schema.note.c.name), _NOTE)
    desk.run(sql.add(schema.note), _NOTE, after)


def _read(said: str) -> dict[str, int]:
    return json.loads(said) if said else {}


def _number(source: Source) -> int:
    return crc32(json.dumps([source.platform, sorted(source.options.items())]).encode())
