"""When sources could not be read: runs of failed polls, from the first of them to the next good one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, or_, select

from aggregator.model import Outcome, Trouble
from aggregator.store import schema
from aggregator.store.engine import Desk
from aggregator.store.rows import Row

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


def troubles(desk: Desk, since: datetime, until: datetime) -> tuple[Trouble, ...]:
    """As the protocol promises."""
    ended, going_on = _runs(desk.rows(_TURNS))
    # What has failed for longer than polls are kept, or failed in a way that is no poll, is known of the source alone.
    for source, failing_since in desk.rows(_FAILING):
        began = datetime.fromisoformat(failing_since)
        going_on[source] = min(began, going_on.get(source, began))
    found = [*ended, *(Trouble(source=source, since=began) for source, began in going_on.items())]
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
