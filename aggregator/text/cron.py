"""When a cron expression fires, in a named time zone. The only importer of cronsim.

A time that the clocks skip in spring fires right after the gap; one that they repeat in autumn fires once. Source: crontab(5) of Debian's
cron, "daylight saving time", which cronsim follows (cronsim's README, read 2026-11-22).
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError


def checked(expression: str) -> str:
    """The expression, when it is one that fires.

    Raises:
        ValueError: a sentence that says what to write.
    """
    try:
        next(CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError('Write five fields: minute, hour, day of the month, month, day of the week, as in "0 8 * * mon".') from error
    return expression


def latest(expression: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The last time it fired, at `at` or before, UTC."""
    # cronsim leaves out the instant that it is asked about, and looks at whole minutes.
    following_minute = at.timestamp() // 60 * 60 + 60
    start = datetime.fromtimestamp(following_minute, UTC).astimezone(zone)
    return next(CronSim(expression, start, reverse=True)).astimezone(UTC)


def earlier(expression: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The last time it fired before `at`, UTC."""
    return next(CronSim(expression, at.astimezone(zone), reverse=True)).astimezone(UTC)


def following(expression: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The next time it fires after `at`, UTC."""
    return next(CronSim(expression, at.astimezone(zone))).astimezone(UTC)
