"""Mentions of a source that entries listed now may be, whatever ids they come under this time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from aggregator.model import Mention
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.rows import mention_from_row, storable

_mention = schema.mention


@cache
def _by(column: str, count: int) -> Select[Any]:
    return select(_mention).where(
        _mention.c.source == bindparam("v_source"), _mention.c[column].in_([bindparam(f"v_{number}") for number in range(count)])
    )


def resembling(desk: Desk, source: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """As `Store.resembling` says."""
    found = _found(desk, source, "native_id", [mention.entry.native_id for mention in mentions])
    strange = [mention for mention in mentions if storable(mention.entry.native_id) not in found]
    if strange:
        found |= _found(desk, source, "subject", [mention.identity.subject for mention in strange])
        found |= _found(desk, source, "title", [mention.entry.title for mention in strange if mention.entry.title])
    return tuple(found[native_id] for native_id in sorted(found))


def _found(desk: Desk, source: str, column: str, values: Sequence[str]) -> dict[str, Mention]:
    rows = (
        row
        for batch in sql.batches(sorted({storable(value) for value in values}))
        for row in desk.rows(_by(column, len(batch)), source, *batch)
    )
    return {row[1]: mention_from_row(row, "") for row in rows}
