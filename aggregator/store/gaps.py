"""What of the sources was not read, and how far they were read back: rows and what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy import bindparam, delete, select, update

from aggregator.model import Backfill, Gap, GapReason
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Database, Desk
from aggregator.store.rows import Row, maybe_stamp, maybe_time, stamp, storable

# Open gaps of one source for one reason, and closed gaps of one source: a feed that turns over every day has as many.
MOST_OPEN, MOST_CLOSED = 50, 50

_LASTING = frozenset({GapReason.TURNED_OVER.value, GapReason.WITHHELD.value})

_gap = schema.gap
_source = schema.source
_backfill = schema.backfill
_OF_CONFIGURED = select(_gap).join(_source, _source.c.id == _gap.c.source).where(_source.c.configured)
_OPEN = _OF_CONFIGURED.where(_gap.c.closed_at.is_(None)).order_by(_gap.c.source, _gap.c.since, _gap.c.reason)
_CLOSED = _OF_CONFIGURED.where(_gap.c.closed_at.is_not(None)).order_by(_gap.c.source, _gap.c.closed_at.desc(), _gap.c.since, _gap.c.reason)
_FOUND = _OF_CONFIGURED.where(_gap.c.found_at >= bindparam("v_since"), _gap.c.found_at < bindparam("v_until")).order_by(
    _gap.c.source, _gap.c.since, _gap.c.reason
)
_OF = (
    select(_gap)
    .where(_gap.c.source == bindparam("v_source"))
    .order_by(_gap.c.found_at.desc(), _gap.c.since.desc(), _gap.c.reason)
    .limit(bindparam("v_limit"))
)
_ALL_OF = select(_gap).where(_gap.c.source == bindparam("v_source")).order_by(_gap.c.since, _gap.c.reason)
_DROP = delete(_gap).where(
    _gap.c.source == bindparam("v_source"), _gap.c.since == bindparam("v_since"), _gap.c.reason == bindparam("v_reason")
)
_BACKFILLS = select(_backfill)
_FORGET_CURSOR = update(_source).ordered_values((_source.c.backfill_cursor, bindparam("v_cursor"))).where(_source.c.id == bindparam("v_id"))
# What is read back from now downwards adjoins what polls have read.
_READ_SINCE = (
    update(_source)
    .ordered_values((_source.c.read_since, bindparam("v_reached")))
    .where(_source.c.id == bindparam("v_id"), _source.c.read_since > bindparam("v_than"))
)


class SqlGaps:
    """`Gaps` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> Mapping[str, tuple[Gap, ...]]:
        found: dict[str, list[Gap]] = defaultdict(list)
        with self._database.reading() as desk:
            for row in desk.rows(_OPEN):
                found[row[0]].append(_from_row(row))
        return {source: tuple(gaps) for source, gaps in found.items()}

    def closed(self) -> Mapping[str, tuple[Gap, ...]]:
        found: dict[str, list[Gap]] = defaultdict(list)
        with self._database.reading() as desk:
            for row in desk.rows(_CLOSED):
                found[row[0]].append(_from_row(row))
        return {source: tuple(gaps) for source, gaps in found.items()}

    def of(self, source: str, limit: int = 50) -> tuple[Gap, ...]:
        with self._database.reading() as desk:
            return tuple(map(_from_row, desk.rows(_OF, source, limit)))

    def found(self, since: datetime, until: datetime) -> tuple[Gap, ...]:
        with self._database.reading() as desk:
            return tuple(map(_from_row, desk.rows(_FOUND, stamp(since), stamp(until))))

    def backfills(self) -> Mapping[str, Backfill]:
        with self._database.reading() as desk:
            rows = desk.rows(_BACKFILLS)
        return {
            source: Backfill(
                source=source,
                begun_at=datetime.fromisoformat(begun_at),
                reached=maybe_time(reached),
                wanted=maybe_time(wanted),
                ended=bool(ended),
            )
            for source, begun_at, reached, wanted, ended in rows
        }

    def look_back(self, backfill: Backfill, *, anew: bool = False, gaps: Sequence[Gap] = ()) -> None:
        with self._database.writing() as desk:
            if anew:
                desk.run(_FORGET_CURSOR, "", backfill.source)
            look_back(desk, backfill)
            write(desk, gaps)


def look_back(desk: Desk, backfill: Backfill) -> None:
    """Write how far a source was read back; when it is done, what polls have read adjoins it."""
    desk.run(sql.drop(_backfill.c.source), backfill.source)
    reached = maybe_stamp(backfill.reached)
    desk.run(sql.add(_backfill), backfill.source, stamp(backfill.begun_at), reached, maybe_stamp(backfill.wanted), backfill.ended)
    if backfill.done and reached is not None and desk.run(_READ_SINCE, reached, backfill.source, reached):
        desk.run(sql.GROW)


def write(desk: Desk, gaps: Iterable[Gap]) -> None:
    """Write gaps in place of those with the same source, beginning and reason."""
    rows = [_to_row(gap) for gap in gaps]
    desk.many(_DROP, [row[:3] for row in rows])
    desk.many(sql.add(_gap), rows)
    for source in sorted({row[0] for row in rows}):
        _bound(desk, source)
    # What a poll makes up for by itself is not shown.
    if any(row[2] in _LASTING for row in rows):
        desk.run(sql.GROW)


def _bound(desk: Desk, source: str) -> None:
    """Keep no more gaps of a source than are of use; that something was missed is never forgotten."""
    known = tuple(map(_from_row, desk.rows(_ALL_OF, source)))
    closed = sorted((gap for gap in known if gap.closed_at), key=lambda gap: gap.found_at)
    _drop(desk, closed[:-MOST_CLOSED])
    for reason in GapReason:
        opened = [gap for gap in known if gap.reason is reason and not gap.closed_at]
        while len(opened) > MOST_OPEN:
            one, other = min(pairwise(opened), key=lambda pair: (pair[1].since - pair[0].until, pair[0].since))
            joined = replace(one, until=max(one.until, other.until))
            _drop(desk, (one, other))
            desk.run(sql.add(_gap), *_to_row(joined))
            opened[opened.index(one) : opened.index(other) + 1] = [joined]


def _drop(desk: Desk, gaps: Iterable[Gap]) -> None:
    desk.many(_DROP, [_to_row(gap)[:3] for gap in gaps])


def _to_row(gap: Gap) -> tuple[str, str, str, str, str, str | None, str]:
    return (
        gap.source, stamp(gap.since), gap.reason.value, stamp(gap.until), stamp(gap.found_at), maybe_stamp(gap.closed_at),
        storable(gap.closed_by),
    )  # fmt: skip


def _from_row(row: Row) -> Gap:
    source, since, reason, until, found_at, closed_at, closed_by = row
    return Gap(
        source=source,
        since=datetime.fromisoformat(since),
        until=datetime.fromisoformat(until),
        reason=GapReason(reason),
        found_at=datetime.fromisoformat(found_at),
        closed_at=maybe_time(closed_at),
        closed_by=closed_by,
    )
