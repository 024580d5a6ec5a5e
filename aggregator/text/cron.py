"""When a cron expression fires, in a named time zone. The only importer of cronsim.

A time that the clocks skip in spring fires right after the gap; one that they repeat in autumn fires once, the first time. An expression
whose minute or hour begins with "*" follows the wall: it fires in both of the repeated hours, and in none that is skipped. Source: cron(8)
of Debian's cron, "daylight saving time", which cronsim follows (cronsim's README, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FIELDS = 5
_MINUTE = timedelta(minutes=1)
# Longer than the clocks were ever set back in a zone that is inhabited, but for the days when one changed sides of the date line.
_SET_BACK = timedelta(hours=3)
# Any day: what a field allows is the same on all of them.
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def checked(expression: str) -> str:
    """The expression, when it is one that fires.

    Raises:
        ValueError: a sentence that says what to write.
    """
    try:
        if len(expression.split()) != _FIELDS:
            raise CronSimError("Wrong number of fields")
        next(CronSim(expression, _ANY_DAY))
    except (CronSimError, StopIteration) as error:
        raise ValueError('Write five fields: minute, hour, day of the month, month, day of the week, as in "0 8 * * mon".') from error
    return expression


def latest(expression: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The last time it fired, at `at` or before, UTC."""
    # cronsim leaves out the instant that it is asked about, and looks at whole minutes.
    start = datetime.fromtimestamp(at.timestamp() // 60 * 60, UTC) + _MINUTE
    local = start.astimezone(zone)
    # cronsim reads the clock on the wall: where it was set back a moment ago, what it showed before is later than what it shows.
    back = ((start - _SET_BACK).astimezone(zone).utcoffset() or timedelta(0)) - (local.utcoffset() or timedelta(0))
    begin = (start + max(back, timedelta(0))).astimezone(zone)
    return next(fired for fired in _fired(expression, begin, reverse=True) if fired <= at)


def earlier(expression: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The last time it fired before `at`, UTC."""
    return latest(expression, at - timedelta.resolution, zone)


def following(expression: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The next time it fires after `at`, UTC."""
    return next(fired for fired in _fired(expression, at.astimezone(zone)) if fired > at)


def once_a_day(expression: str) -> bool:
    """True when it fires once on each of its days, whatever the clocks do."""
    minute, hour = expression.split()[:2]
    fields = CronSim(expression, _ANY_DAY)
    return len(fields.minutes) == len(fields.hours) == 1 and not minute.startswith("*") and not hour.startswith("*")


def days(expression: str, first: date, last: date) -> Iterator[date]:
    """The days on which it fires, oldest first, from `first` to `last`."""
    fields = CronSim(expression, _ANY_DAY)
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return (day for day in every if day.month in fields.months and fields.match_day(day))


def _fired(expression: str, start: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    for fired in CronSim(expression, start, reverse=reverse):
        yield fired.astimezone(UTC)
