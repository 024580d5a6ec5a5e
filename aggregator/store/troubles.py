"""When sources could not be read: runs of failed polls, from the first of them to the next good one; and times in which nothing was asked
at all, because the program did not run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import bindparam, func, literal_column, or_, select

from aggregator.model import Outcome, Trouble
from aggregator.store import schema
from aggregator.store.engine import Desk
from aggregator.store.rows import Row, stamp

_FAILED = Outcome.FAILED.value
_polls = schema.coverage
_source = schema.source
_each = (
    select(
        _polls.c.source,
        _polls.c.until,
        (_polls.c.outcome == _FAILED).label("failed"),
        func.lag(_polls.c.outcome).over(partition_by=_polls.c.source, order_by=_polls.c.until).label("before"),
    )
    .join(_source, _source.c.id == _polls.c.source)
    .where(_source.c.configured)
    .subquery()
)
# The polls before which it was otherwise: few, however many polls there are.
_TURNS = (
    select(_each.c.source, _each.c.until, _each.c.failed)
    .where(or_(_each.c.before.is_(None), _each.c.failed != (_each.c.before == _FAILED)))
    .order_by(_each.c.source, _each.c.until)
)
_FAILING = select(_source.c.id, _source.c.failing_since).where(_source.c.configured, _source.c.failing_since.is_not(None))
# Hours in which anything was asked, as "2026-11-22T14": few, however many sources there are.
_hour = func.substr(_polls.c.until, literal_column("1"), literal_column("13"))
_HOURS = select(_hour).where(_polls.c.until >= bindparam("v_since")).group_by(_hour).order_by(_hour)
_CONFIGURED = select(_source.c.id, _source.c.added_at).where(_source.c.configured)

_AN_HOUR = timedelta(hours=1)
# As far back as it is looked at how often anything is asked, and so many times longer than usual is a silence. A source that is well is
# asked once a day at the least, unless the operator wants it less often.
_USUAL, _TIMES, _SILENCE = timedelta(days=31), 3, timedelta(hours=36)


def troubles(desk: Desk, since: datetime, until: datetime) -> tuple[Trouble, ...]:
    """As the protocol promises."""
    ended, going_on = _runs(desk.rows(_TURNS))
    # What has failed for longer than polls are kept, or failed in a way that is no poll, is known of the source alone.
    for source, failing_since in desk.rows(_FAILING):
        began = datetime.fromisoformat(failing_since)
        going_on[source] = min(began, going_on.get(source, began))
    found = [*ended, *(Trouble(source=source, since=began) for source, began in going_on.items()), *_silences(desk, since, until)]
    return tuple(
        sorted(
            (one for one in found if one.since < until and (one.until is None or one.until > since)),
            key=lambda one: (one.source, one.since),
        )
    )


def _runs(turns: Iterable[Row]) -> tuple[list[Trouble], dict[str, datetime]]:
    """Runs of failed polls that have ended, and since when each of the others goes on."""
    ended, going_on = [], dict[str, datetime]()
    for source, at, failed in turns:
        if failed:
            going_on[source] = datetime.fromisoformat(at)
        elif source in going_on:
            ended.append(Trouble(source=source, since=going_on.pop(source), until=datetime.fromisoformat(at)))
    return ended, going_on


def _silences(desk: Desk, since: datetime, until: datetime) -> Iterator[Trouble]:
    """Every configured source, in the times when none was asked."""
    hours = [datetime.fromisoformat(f"{hour}:00:00+00:00") for (hour,) in desk.rows(_HOURS, stamp(since - _USUAL))]
    if len(hours) < 2:
        return
    waits = sorted(other - one for one, other in pairwise(hours))
    least = max(_SILENCE, _TIMES * waits[(len(waits) - 1) // 2])
    gaps: list[tuple[datetime, datetime | None]] = [(one + _AN_HOUR, other) for one, other in pairwise(hours) if other - one > least]
    if until - hours[-1] > least:
        gaps.append((hours[-1] + _AN_HOUR, None))
    for source, added_at in desk.rows(_CONFIGURED) if gaps else ():
        yield from (Trouble(source=source, since=began, until=ended) for began, ended in gaps if datetime.fromisoformat(added_at) <= began)
