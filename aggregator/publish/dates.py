"""Days and instants as readers and machines see them. The names of months and days are English whatever the locale of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A day or an instant, ready to be shown."""

    # The day in the site's zone.
    day: date
    # RFC 3339: "2026-11-21" where a day is all that is known, else "2026-11-21T09:30:00Z".
    iso: str

    @property
    def short(self) -> str:
        """The day without its year: "21 November"."""
        return f"{self.day.day} {_MONTHS[self.day.month - 1]}"

    @property
    def long(self) -> str:
        """The day: "21 November 2026"."""
        return f"{self.short} {self.day.year}"

    @property
    def month(self) -> str:
        """The month: "November 2026"."""
        return f"{_MONTHS[self.day.month - 1]} {self.day.year}"

    @property
    def weekday(self) -> str:
        """The day with its name: "Saturday 21 November 2026"."""
        return f"{_DAYS[self.day.weekday()]} {self.long}"


def zone(name: str) -> tzinfo:
    """The time zone of a name that configuration has checked."""
    return UTC if name == "UTC" else ZoneInfo(name)


# The same instant is asked for again and again: of a story, of its entry, and of all that came in one run.
@lru_cache(maxsize=4096)
def when(instant: datetime, here: tzinfo, *, day_only: bool = False) -> When:
    """An instant, in UTC, as the site shows it.

    Midnight UTC to the microsecond is taken for a day without an hour: that is what feeds write when they know no more, and in a
    zone west of Greenwich it would otherwise be shown as the day before.
    """
    if day_only or not (instant.hour or instant.minute or instant.second or instant.microsecond):
        return When(day=instant.date(), iso=instant.date().isoformat())
    return When(day=instant.astimezone(here).date(), iso=stamp(instant))


@lru_cache(maxsize=4096)
def stamp(instant: datetime) -> str:
    """RFC 3339 in UTC to the second: "2026-11-21T09:30:00Z"."""
    return f"{instant.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


def moment(instant: datetime, here: tzinfo) -> When:
    """An instant that is known to the second, also at midnight UTC: what we set ourselves, and not a feed."""
    return When(day=instant.astimezone(here).date(), iso=stamp(instant))


def minute(instant: datetime, here: tzinfo) -> str:
    """An instant for the steward: "2026-11-22 08:00 CET"."""
    return f"{instant.astimezone(here):%Y-%m-%d %H:%M %Z}"


def instant_of(iso: str) -> str:
    """The RFC 3339 instant of what `When.iso` holds: a day begins at midnight UTC."""
    return iso if "T" in iso else f"{iso}T00:00:00Z"
