"""Which edition is due, and what its period is called. Pure.

A period's name follows from the expression and from the firing that ends it, and from nothing else: whichever editions were skipped or
missed before, two periods that follow one another have different names, and their names sort in the order of time. What kind of name an
expression has is settled once, by the days on which it fires in five years with two leap days:

    always the same day of the week, at least seven days apart   ISO 8601 week   2026-W47   of the middle of the week that it ends
    at least four weeks apart, and one in a month at most        month           2026-11    the month before, if always by the 15th
    else, once a day at most                                     day             2026-11-22
    else                                                         day and time    2026-11-22T0800

Weeks and months are counted in days on the calendar, so that an hour more or less in a night makes no difference. In the hour that the
clocks repeat, the second of two equal times has a "B" behind the hour, "2026-10-25T02B30", as German law calls the hours 2A and 2B
(Sommerzeitverordnung §2).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from aggregator.model import Period
from aggregator.publish.dates import when
from aggregator.settings import Settings
from aggregator.text import cron

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_FOUR_WEEKS = 4 * _WEEK
# A month begins to be the one that is told when half of it has passed.
_HALF_MONTH = 15
# 29 February is a Thursday in one of the leap years and a Tuesday in the other.
_FIRST, _LAST = date(2024, 1, 1), date(2028, 12, 31)


class _Kind(StrEnum):
    WEEK = "week"
    MONTH_BEFORE = "month before"
    MONTH = "month"
    DAY = "day"
    TIME = "time"


def zone_of(settings: Settings) -> ZoneInfo:
    """The zone in which the digest's times are meant: its own, or else the site's."""
    own = settings.digest.timezone if settings.digest else ""
    return ZoneInfo(own or settings.site.timezone)


def period_due(expression: str, *, last: datetime | None, now: datetime, zone: ZoneInfo) -> Period | None:
    """The period that has ended and was not told yet; None when there is none, also when the clock was set back.

    It is one period however many firings were missed. A rhythm that was changed from Monday to Tuesday makes no second edition of the same
    week.

    Args:
        last: the end of the last edition's period; None: there was none, and the period begins at the firing before.
    """
    until = cron.latest(expression, now, zone)
    if last is None:
        return Period(name=name_of(expression, until, zone), since=cron.earlier(expression, until, zone), until=until)
    name = name_of(expression, until, zone)
    if until <= last or name == name_of(expression, last, zone):
        return None
    return Period(name=name, since=last, until=until)


def period_running(expression: str, *, last: datetime | None, now: datetime, zone: ZoneInfo) -> Period:
    """The period that has not ended, as if it ended now; it has the name that it will have."""
    since = cron.latest(expression, now, zone) if last is None else min(last, now)
    return Period(name=name_of(expression, following_at(expression, now=now, zone=zone), zone), since=since, until=now)


def following_at(expression: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """When the next edition will be due, after `now`, UTC."""
    return cron.following(expression, now, zone)


def is_late(period: Period, grace: timedelta, now: datetime) -> bool:
    """True when the period ended so long ago that its edition is not sent without asking."""
    return now - period.until > grace


def name_of(expression: str, until: datetime, zone: ZoneInfo) -> str:
    """What the period is called that ends then."""
    local = until.astimezone(zone)
    day = local.date()
    match _kind(expression):
        case _Kind.WEEK:
            year, week, _ = (local.replace(tzinfo=None) - _WEEK / 2).isocalendar()
            return f"{year:04}-W{week:02}"
        case _Kind.MONTH_BEFORE:
            return f"{day.replace(day=1) - _DAY:%Y-%m}"
        case _Kind.MONTH:
            return f"{day:%Y-%m}"
        case _Kind.DAY:
            return day.isoformat()
        case _Kind.TIME:
            return f"{day.isoformat()}T{local:%H}{'B' if local.fold else ''}{local:%M}"


def days_of(period: Period, zone: ZoneInfo) -> str:
    """The days that a period is about: "16 to 22 November 2026", or "November 2026" for a whole month.

    Each end is taken for the midnight that is nearest: Monday at eight to Monday at eight is Monday to Sunday, and so is Sunday at six in
    the evening to Sunday at six.
    """
    first = _midnight(period.since, zone)
    last = max(_midnight(period.until, zone) - _DAY, first)
    start, end = (when(datetime(day.year, day.month, day.day, tzinfo=UTC), UTC, day_only=True) for day in (first, last))
    if first == last:
        return end.long
    if first.day == 1 and (last + _DAY).day == 1 and start.month == end.month:
        return end.month
    if start.month == end.month:
        return f"{first.day} to {end.long}"
    return f"{start.short if first.year == last.year else start.long} to {end.long}"


def _midnight(instant: datetime, zone: ZoneInfo) -> date:
    """The day that begins at the nearest midnight; at noon the one before."""
    local = instant.astimezone(zone).replace(tzinfo=None)
    return (local + _DAY / 2 - timedelta.resolution).date()


@lru_cache(maxsize=64)
def _kind(expression: str) -> _Kind:
    if not cron.once_a_day(expression):
        return _Kind.TIME
    days = tuple(cron.days(expression, _FIRST, _LAST))
    least = min((after - before for before, after in pairwise(days)), default=timedelta.max)
    if least == _WEEK and len({day.weekday() for day in days}) == 1:
        return _Kind.WEEK
    one_a_month = len({(day.year, day.month) for day in days}) == len(days)
    if _FOUR_WEEKS <= least < 2 * _FOUR_WEEKS and one_a_month:
        return _Kind.MONTH_BEFORE if all(day.day <= _HALF_MONTH for day in days) else _Kind.MONTH
    return _Kind.DAY
