"""Which edition is due and what its period is called: weeks and months, year borders, clocks, skipped and missed editions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aggregator.digest.period import days_of, following_at, is_late, name_of, period_due, period_running, zone_of
from aggregator.model import Period
from aggregator.text.cron import checked, following
from tests.support.editions import digest_of
from tests.support.site import settings_in, site_of

MONDAYS = "0 8 * * mon"
UTC_ZONE, BERLIN, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(expression: str, now: str, last: str | None = None, zone: ZoneInfo = BERLIN) -> Period | None:
    return period_due(expression, last=utc(last) if last else None, now=utc(now), zone=zone)


def name(expression: str, now: str, zone: ZoneInfo = UTC_ZONE) -> str:
    period = due(expression, now, zone=zone)
    assert period is not None
    return period.name


def test_a_monday_ends_the_week_before_it() -> None:
    assert due(MONDAYS, "2026-11-23T07:00") == Period(name="2026-W47", since=utc("2026-11-16T07:00"), until=utc("2026-11-23T07:00"))


def test_a_moment_before_it_fires_the_week_before_is_due() -> None:
    assert due(MONDAYS, "2026-11-23T06:59:59", last="2026-11-09T07:00") == Period(
        name="2026-W46", since=utc("2026-11-09T07:00"), until=utc("2026-11-16T07:00")
    )


def test_nothing_is_due_twice() -> None:
    assert due(MONDAYS, "2026-11-23T07:00", last="2026-11-23T07:00") is None
    assert due(MONDAYS, "2026-11-30T06:59", last="2026-11-23T07:00") is None


def test_nothing_is_due_when_the_clock_was_set_back() -> None:
    assert due(MONDAYS, "2026-11-02T12:00", last="2026-11-23T07:00") is None


def test_missed_weeks_stand_in_one_edition_that_has_the_name_of_the_last() -> None:
    period = due(MONDAYS, "2026-11-24T12:00", last="2026-11-02T07:00")
    assert period == Period(name="2026-W47", since=utc("2026-11-02T07:00"), until=utc("2026-11-23T07:00"))
    assert days_of(period, BERLIN) == "2 to 22 November 2026"


def test_an_hour_less_or_more_in_a_night_makes_no_difference() -> None:
    assert [name(MONDAYS, f"2026-{day}T12:00", BERLIN) for day in ("03-30", "10-26")] == ["2026-W13", "2026-W43"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-12-28", "2026-W52"),
        ("2027-01-04", "2026-W53"),
        ("2027-01-11", "2027-W01"),
        ("2025-01-06", "2025-W01"),
        ("2021-01-04", "2020-W53"),
    ],
)
def test_the_53rd_week_and_the_border_of_the_year_are_those_of_iso_8601(now: str, expected: str) -> None:
    assert name(MONDAYS, f"{now}T12:00") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 8 * * mon", "2026-W47"),
        ("0 18 * * sun", "2026-W47"),
        ("0 8 * * fri", "2026-W47"),
        ("0 8 * 1-6,9-12 mon", "2026-W47"),
        ("0 8 1 * *", "2026-10"),
        ("0 8 * * mon#1", "2026-10"),
        ("0 8 15 * *", "2026-10"),
        ("0 8 16 * *", "2026-11"),
        ("0 8 * * mon#3", "2026-11"),
        ("0 8 L * *", "2026-10"),
        ("0 8 28 * *", "2026-10"),
        ("0 8 1 1-6,8-12 *", "2026-10"),
        ("0 8 1,15 * *", "2026-11-15"),
        ("0 8 1 */3 *", "2026-10-01"),
        ("0 8 1,29 */2 *", "2026-11-01"),
        ("0 8 * * *", "2026-11-23"),
        ("0 8 * * mon,thu", "2026-11-23"),
        ("0 8 29 2 thu", "2026-02-26"),
        ("0 8 29 2 *", "2024-02-29"),
        ("0 8,20 * * *", "2026-11-23T0800"),
        ("*/30 * * * *", "2026-11-23T1200"),
    ],
)
def test_what_a_period_is_called_follows_from_when_it_fires(expression: str, expected: str) -> None:
    assert name(expression, "2026-11-23T12:00") == expected


def test_after_a_pause_in_summer_the_first_edition_has_the_name_of_the_week_before_it() -> None:
    assert name("0 8 * 1-6,9-12 mon", "2026-09-07T12:00") == "2026-W36"


def test_of_two_equal_times_in_autumn_each_has_its_name() -> None:
    at, names = utc("2026-10-24T23:45"), []
    for _ in range(5):
        at = following("*/30 * * * *", at, BERLIN)
        names.append(name_of("*/30 * * * *", at, BERLIN))
    assert names == ["2026-10-25T0200", "2026-10-25T0230", "2026-10-25T02B00", "2026-10-25T02B30", "2026-10-25T0300"]


def test_a_rhythm_that_moves_from_monday_to_tuesday_makes_no_second_edition_of_the_week() -> None:
    tuesdays = "0 8 * * tue"
    assert due(tuesdays, "2026-11-24T12:00", last="2026-11-23T07:00") is None
    later = due(tuesdays, "2026-12-01T12:00", last="2026-11-23T07:00")
    assert later is not None
    assert (later.name, later.since) == ("2026-W48", utc("2026-11-23T07:00"))


def test_the_period_that_is_running_ends_now_and_has_its_later_name() -> None:
    now = utc("2026-11-25T14:00")
    running = period_running(MONDAYS, last=utc("2026-11-23T07:00"), now=now, zone=BERLIN)
    assert running == Period(name="2026-W48", since=utc("2026-11-23T07:00"), until=now)
    assert period_running(MONDAYS, last=None, now=now, zone=BERLIN) == running
    assert following_at(MONDAYS, now=now, zone=BERLIN) == utc("2026-11-30T07:00")


def test_a_running_period_never_ends_before_it_begins() -> None:
    now = utc("2026-11-20T14:00")
    running = period_running(MONDAYS, last=utc("2026-11-23T07:00"), now=now, zone=BERLIN)
    assert running.since == running.until == now


def test_late_is_what_ended_longer_ago_than_the_grace() -> None:
    period = due(MONDAYS, "2026-11-23T07:00")
    assert period is not None
    day = timedelta(days=1)
    assert not is_late(period, day, period.until + day)
    assert is_late(period, day, period.until + day + timedelta.resolution)
    assert not is_late(period, day, period.until - day)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-11-16T07:00", "2026-11-23T07:00", "16 to 22 November 2026"),
        ("2026-11-15T17:00", "2026-11-22T17:00", "16 to 22 November 2026"),
        ("2026-11-30T07:00", "2026-12-07T07:00", "30 November to 6 December 2026"),
        ("2026-12-28T07:00", "2027-01-04T07:00", "28 December 2026 to 3 January 2027"),
        ("2026-11-01T07:00", "2026-12-01T07:00", "November 2026"),
        ("2026-11-01T07:00", "2027-01-01T07:00", "1 November to 31 December 2026"),
        ("2026-11-21T07:00", "2026-11-22T07:00", "21 November 2026"),
        ("2026-11-22T07:00", "2026-11-22T19:00", "22 November 2026"),
        ("2026-11-22T19:00", "2026-11-23T07:00", "23 November 2026"),
        ("2026-11-22T07:00", "2026-11-22T08:00", "22 November 2026"),
    ],
)
def test_the_days_of_a_period_are_said_as_people_say_them(since: str, until: str, expected: str) -> None:
    assert days_of(Period(name="", since=utc(since), until=utc(until)), BERLIN) == expected


def test_consecutive_periods_share_no_day() -> None:
    weeks = [Period(name="", since=utc(f"2026-11-{day:02}T11:00"), until=utc(f"2026-11-{day + 7:02}T11:00")) for day in (2, 9, 16)]
    assert [days_of(week, BERLIN) for week in weeks] == ["2 to 8 November 2026", "9 to 15 November 2026", "16 to 22 November 2026"]


def test_the_digest_has_a_zone_of_its_own_or_the_sites(tmp_path: Path) -> None:
    from dataclasses import replace

    settings = replace(settings_in(tmp_path, site=site_of(timezone="Europe/Berlin")), digest=digest_of())
    assert zone_of(settings) == BERLIN
    assert zone_of(replace(settings, digest=digest_of(timezone="America/New_York"))) == NEW_YORK


EXPRESSIONS = st.tuples(
    st.sampled_from(("0", "30", "0,30", "*/20", "5-7")),
    st.sampled_from(("8", "2", "0", "23", "8,20", "*", "*/6", "1-3")),
    st.sampled_from(("*", "1", "15", "16", "28", "31", "L", "LW", "1,15", "1,8,15,22", "*/7", "14-16")),
    st.sampled_from(("*", "1", "2", "*/2", "1-6", "3,10")),
    st.sampled_from(("*", "mon", "sun", "mon,thu", "mon-fri", "mon#1", "wed#3", "friL".replace("fri", "5"), "sat#5")),
).map(" ".join)


@given(EXPRESSIONS, st.integers(0, 365 * 3), st.sampled_from((UTC_ZONE, BERLIN, NEW_YORK, ZoneInfo("Pacific/Auckland"))))
@example("0 8 * * 1", 0, BERLIN)
@example("0 8 * * wed#3", 150, BERLIN)
@example("0 8 16 * *", 0, BERLIN)
@example("0,30 * * * *", 297, BERLIN)
@example("0 8 29 2 thu", 700, BERLIN)
def test_the_names_of_consecutive_periods_differ_and_sort_in_time(expression: str, day: int, zone: ZoneInfo) -> None:
    try:
        checked(expression)
    except ValueError:
        assume(False)
    at, names = utc("2026-01-01T00:00") + timedelta(days=day), []
    for _ in range(60):
        at = following(expression, at, zone)
        names.append(name_of(expression, at, zone))
    assert all(before < after for before, after in pairwise(names))


@given(EXPRESSIONS, st.lists(st.integers(0, 40 * 24), min_size=1, max_size=12), st.sampled_from((UTC_ZONE, BERLIN, NEW_YORK)))
def test_whenever_it_is_asked_periods_follow_one_another_without_gap_or_overlap(expression: str, hours: list[int], zone: ZoneInfo) -> None:
    try:
        checked(expression)
    except ValueError:
        assume(False)
    now, last, names = utc("2026-01-15T00:30"), None, []
    for wait in hours:
        now += timedelta(hours=wait)
        period = period_due(expression, last=last, now=now, zone=zone)
        if period is None:
            continue
        assert period.since < period.until <= now
        assert last is None or period.since == last
        last = period.until
        names.append(period.name)
        assert period_due(expression, last=last, now=now, zone=zone) is None
    assert names == sorted(set(names))
