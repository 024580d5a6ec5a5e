"""Dates as the web writes them. A text that could mean two days means none.

`parse_date` is asked for every entry of every feed, so the two common forms (RFC 822, RFC 3339) go past everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum

from aggregator.text.months import MONTHS, ZONES


class Precision(Enum):
    """How much a written date says."""

    # A day without a time.
    DAY = "day"
    # A day and a time of day, but not where.
    FLOATING = "floating"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Written:
    """A date as it was written, with its own offset; UTC where it has none."""

    at: datetime
    precision: Precision


# Outside of these a year is a default of some program (0001) or nonsense (9999, which overflows).
_YEARS = range(1900, 2200)
_LONGEST = 100
# Unix times that are seconds; a thousand times that are milliseconds. From 2001 on they have ten and thirteen digits.
_SECONDS_DIGITS = 10
_MILLISECONDS_DIGITS = 13

_TWO_DIGITS = {name: f"{number:02}" for name, number in MONTHS.items()}
_RFC822 = re.compile(r"[A-Z][a-z]{2}, (\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) (?:(GMT|UTC|UT|Z)|([+-]\d\d)(\d\d))", re.ASCII)

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9})\d*)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
# A place of the IANA database is no zone that is known here: the day stays.
_ZONE = r"(?P<zone>[A-Z][A-Za-z]+/[A-Za-z_/]+|[+\-−]\d\d?:?(?:\d\d)?|[A-Za-z]{1,5}[+\-−]\d\d?:?(?:\d\d)?|[A-Za-z]{1,5})"
_AFTER_DAY = rf"(?:(?:[Tt,]|\s|at|um|à|kl\.?|@|[-–·|])*{_TIME}(?:\s*{_ZONE})?(?:\s*\([^)]*\))?)?"
_WEEKDAY = r"(?:[^\W\d_]{2,14}\.?,?\s+)?"
_NAME = r"(?P<name>[^\W\d_]{3,12})\.?"
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})"

_FORMS = tuple(
    re.compile(form, re.ASCII if ascii_only else 0)
    for ascii_only, form in (
        # ISO 8601 and its relatives: 2019-02-03, 2019/2/3, 20190203T100000Z
        (True, rf"{_YEAR}(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep){_DAY}(?:{_AFTER_DAY})"),
        (True, r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<zone>Z|[+-]\d{4})?)?"),
        # Sun, 3 February 2019 10:00 +0100 · 3. Februar 2019 · 3 de febrero de 2019 · 03-Feb-2019 · Sunday 3rd of February 2019
        (
            False,
            rf"{_WEEKDAY}{_DAY}(?:st|nd|rd|th|er|º|\.)?[\s-]+(?:de |d['’]|of )?{_NAME},?[\s-]+(?:de |del )?"
            rf"(?P<year>\d{{4}}|\d\d)(?: г\.?| r\.)?{_AFTER_DAY}",
        ),
        # February 3, 2019, 10:00 AM · Sun Feb 03 2019 10:00:00 GMT+0100 (CET)
        (False, rf"{_WEEKDAY}{_NAME}\s+{_DAY}(?:st|nd|rd|th)?,?\s+{_YEAR}{_AFTER_DAY}"),
        # Sun Feb  3 10:00:00 UTC 2019
        (False, rf"{_WEEKDAY}{_NAME}\s+{_DAY}\s+{_TIME}\s+(?:{_ZONE}\s+)?{_YEAR}"),
        # 2019. február 3. · 2019 February 3
        (False, rf"{_YEAR}\.?\s+{_NAME}\s+{_DAY}\.?"),
        (False, rf"{_YEAR}\s?[年년]\s?(?P<month>\d{{1,2}})\s?[月월]\s?{_DAY}\s?[日일]{_AFTER_DAY}"),
        # 25/12/2019, 25.12.2019, 12/25/2019: only where one number cannot be a month
        (True, rf"(?P<one>\d{{1,2}})(?P<sep>[-/.])(?P<two>\d{{1,2}})(?P=sep){_YEAR}{_AFTER_DAY}"),
    )
)  # fmt: skip
_OFFSET = re.compile(r"(?:GMT|UTC|UT|Z)?([+\-−])(\d\d?):?(\d\d)?", re.IGNORECASE)


def parse_date(text: str) -> tuple[datetime, bool] | None:
    """The instant in UTC, and whether only the day is known (then midnight); None when the text is no date or could be two.

    A time of day without a zone is taken as UTC, as RFC 5322 §3.3 does for "-0000". Use `read_date` where that would be a guess.
    """
    text = text.strip()
    try:
        if text[10:11] == "T" and (at := datetime.fromisoformat(text)).tzinfo is not None and at.year in _YEARS:
            return (at if at.tzinfo is UTC else at.astimezone(UTC)), False
        found = _RFC822.fullmatch(text)
        if found:
            day, month, year, time, _, hours, minutes = found.groups()
            zone = f"{hours}:{minutes}" if hours else "+00:00"
            at = datetime.fromisoformat(f"{year}-{_TWO_DIGITS[month.lower()]}-{day:0>2}T{time}{zone}")
            if at.year in _YEARS:
                return (at if at.tzinfo is UTC else at.astimezone(UTC)), False
    except (ValueError, KeyError, OverflowError):
        pass
    written = read_date(text)
    return None if written is None else (written.at.astimezone(UTC), written.precision is Precision.DAY)


def read_date(text: str) -> Written | None:
    """The same, with the offset as it was written and with what the text does not say left open."""
    text = " ".join(text[: _LONGEST + 1].split())
    if not text or len(text) > _LONGEST:
        return None
    if text.isdecimal() and text.isascii() and len(text) in (_SECONDS_DIGITS, _MILLISECONDS_DIGITS):
        seconds = int(text) / (1 if len(text) == _SECONDS_DIGITS else 1000)
        return _checked(datetime.fromtimestamp(seconds, UTC), Precision.INSTANT)
    for form in _FORMS:
        found = form.fullmatch(text)
        if found and (written := _written({name: value for name, value in found.groupdict().items() if value})):
            return written
    return None


def _written(parts: dict[str, str]) -> Written | None:
    day = _day(parts)
    if day is None:
        return None
    if "hour" not in parts:
        return _checked(day, Precision.DAY)
    time = _time(parts)
    if time is None:
        return None
    offset = _offset(parts.get("zone", ""))
    if offset is None:
        return _checked(day + time, Precision.FLOATING)
    return _checked((day + time).replace(tzinfo=UTC if not offset else timezone(offset)), Precision.INSTANT)


def _day(parts: dict[str, str]) -> datetime | None:
    """Midnight of the day that was written."""
    year = int(parts["year"])
    if len(parts["year"]) == 2:  # RFC 5322 §4.3
        year += 2000 if year < 50 else 1900
    if "one" in parts:
        one, two = int(parts["one"]), int(parts["two"])
        if one <= 12 and two <= 12 and one != two:
            return None
        day, month = (one, two) if one > 12 else (two, one)
    else:
        day = int(parts["day"])
        month = int(parts["month"]) if "month" in parts else MONTHS.get(parts["name"].casefold(), 0)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _time(parts: dict[str, str]) -> timedelta | None:
    hour, minute, second = int(parts["hour"]), int(parts["minute"]), int(parts.get("second", 0))
    if half := parts.get("half", "").casefold()[:1]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        return None
    # A leap second is the last second of its minute: datetime has no other place for it.
    fraction = int(parts.get("fraction", "0").ljust(9, "0")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=fraction)


def _offset(zone: str) -> timedelta | None:
    """How far the zone is ahead of UTC; None when that is not said, or the name is not known."""
    name = zone.upper()
    if name in ZONES:
        return timedelta(hours=ZONES[name])
    found = _OFFSET.fullmatch(name)
    if not found:
        return None
    sign, hours, minutes = found.groups()
    # A zone lies at most 15 hours away.
    if int(hours) > 15 or int(minutes or 0) > 59:
        return None
    ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return ahead if sign == "+" else -ahead


def _checked(at: datetime, precision: Precision) -> Written | None:
    return Written(at, precision) if at.year in _YEARS else None
