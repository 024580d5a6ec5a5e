"""When a cron expression fires: clocks that go forward and back, both halves of the earth, leap years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.text.cron import checked, days, earlier, following, latest, once_a_day

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
AUCKLAND, LORD_HOWE = ZoneInfo("Pacific/Auckland"), ZoneInfo("Australia/Lord_Howe")
ZONES = (ZoneInfo("UTC"), BERLIN, NEW_YORK, AUCKLAND, LORD_HOWE, ZoneInfo("America/Santiago"), ZoneInfo("Africa/Casablanca"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fired(expression: str, start: str, count: int, zone: ZoneInfo) -> list[str]:
    """The next firings, as the clock on the wall shows them."""
    at, found = utc(start), []
    for _ in range(count):
        at = following(expression, at, zone)
        found.append(at.astimezone(zone).isoformat(timespec="minutes"))
    return found


@pytest.mark.parametrize(
    "expression", ["0 8 * * mon", "0 8 * * MON", " 0  8 * * 1 ", "*/5 * * * *", "0 8 L * *", "0 8 29 2 *", "0 8 * * mon#1"]
)
def test_an_expression_that_fires_is_taken_as_it_is(expression: str) -> None:
    assert checked(expression) == expression


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "weekly",
        "0 8 * *",
        "0 0 8 * * mon",
        "60 8 * * *",
        "0 24 * * *",
        "0 8 30 2 *",
        "0 8 31 4,6 *",
        "0 8 * * mon#6",
        "@weekly",
        "0 8 * * 8",
    ],
)
def test_one_that_never_fires_or_has_not_five_fields_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r'Write five fields: .+ "0 8 \* \* mon"\.'):
        checked(expression)


@pytest.mark.parametrize(
    ("zone", "night", "expected"),
    [
        (BERLIN, "2026-03-28T12:00", "2026-03-29T03:00+02:00"),
        (NEW_YORK, "2026-03-07T12:00", "2026-03-08T03:00-04:00"),
        (AUCKLAND, "2026-09-26T00:00", "2026-09-27T03:00+13:00"),
    ],
)
def test_a_time_that_is_skipped_fires_once_right_after_the_gap(zone: ZoneInfo, night: str, expected: str) -> None:
    first, second = fired("30 2 * * *", night, 2, zone)
    assert first == expected
    assert datetime.fromisoformat(second).date() - datetime.fromisoformat(first).date() == timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "night", "expression", "expected"),
    [
        (BERLIN, "2026-10-24T12:00", "30 2 * * *", "2026-10-25T02:30+02:00"),
        (NEW_YORK, "2026-10-31T12:00", "30 1 * * *", "2026-11-01T01:30-04:00"),
        (AUCKLAND, "2026-04-04T00:00", "30 2 * * *", "2026-04-05T02:30+13:00"),
    ],
)
def test_a_time_that_is_repeated_fires_once_the_first_time(zone: ZoneInfo, night: str, expression: str, expected: str) -> None:
    first, second = fired(expression, night, 2, zone)
    assert first == expected
    assert datetime.fromisoformat(second).date() - datetime.fromisoformat(first).date() == timedelta(days=1)


def test_asked_in_the_second_of_two_equal_hours_it_has_fired_in_the_first() -> None:
    second_time = utc("2026-10-25T01:15")  # 02:15 in Berlin, an hour after 02:15
    assert latest("30 2 * * *", second_time, BERLIN) == utc("2026-10-25T00:30")
    assert following("30 2 * * *", second_time, BERLIN) == utc("2026-10-26T01:30")


def test_one_that_follows_the_wall_fires_in_both_hours_and_in_none_that_is_skipped() -> None:
    autumn = fired("*/30 2 * * *", "2026-10-24T12:00", 4, BERLIN)
    assert autumn == ["2026-10-25T02:00+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00"]
    assert fired("*/30 2 * * *", "2026-03-28T12:00", 1, BERLIN) == ["2026-03-30T02:00+02:00"]


def test_eight_in_the_morning_stays_eight_when_the_clocks_change() -> None:
    around = fired("0 8 * * mon", "2026-10-18T00:00", 3, BERLIN)
    assert around == ["2026-10-19T08:00+02:00", "2026-10-26T08:00+01:00", "2026-11-02T08:00+01:00"]


def test_the_29th_of_february_comes_every_four_years() -> None:
    assert fired("0 8 29 2 *", "2026-01-01T00:00", 2, BERLIN) == ["2028-02-29T08:00+01:00", "2032-02-29T08:00+01:00"]
    assert latest("0 8 29 2 *", utc("2026-01-01T00:00"), BERLIN) == utc("2024-02-29T07:00")


def test_at_the_minute_itself_it_has_fired_and_a_moment_before_it_has_not() -> None:
    minute = utc("2026-11-23T07:00")
    assert latest("0 8 * * mon", minute, BERLIN) == minute
    assert latest("0 8 * * mon", minute + timedelta(seconds=59), BERLIN) == minute
    assert latest("0 8 * * mon", minute - timedelta.resolution, BERLIN) == utc("2026-11-16T07:00")
    assert earlier("0 8 * * mon", minute, BERLIN) == utc("2026-11-16T07:00")
    assert earlier("0 8 * * mon", minute + timedelta.resolution, BERLIN) == minute


@pytest.mark.parametrize(
    ("expression", "once"),
    [
        ("0 8 * * mon", True),
        ("0-0 8 * * *", True),
        ("0 8,20 * * *", False),
        ("* 8 * * *", False),
        ("*/60 8 * * *", False),
        ("0 */24 * * *", False),
    ],
)
def test_what_follows_the_wall_may_fire_twice_a_day(expression: str, once: bool) -> None:
    assert once_a_day(expression) is once


def test_days_are_those_on_which_it_fires() -> None:
    assert list(days("0 8 * 11 mon", date(2026, 11, 1), date(2027, 11, 1))) == [date(2026, 11, day) for day in (2, 9, 16, 23, 30)] + [
        date(2027, 11, 1)
    ]


# Times at which something is set in the night when the clocks change are as likely as all others.
FIELDS = st.tuples(
    st.sampled_from(("0", "30", "59", "0,30", "15,45", "0-5")),
    st.sampled_from(("8", "1", "2", "3", "0", "23", "2,3", "1-3", "0,12", "8-18/2")),
    st.sampled_from(("*", "1", "15", "31", "L", "1,15", "*/10")),
    st.sampled_from(("*", "2", "3,10", "1-6")),
    st.sampled_from(("*", "mon", "sun", "mon-fri", "0,3", "sat#1")),
).map(" ".join)
WALL = st.sampled_from(("* * * * *", "*/30 * * * *", "0 * * * *", "*/15 2 * * *", "0 */2 * * *"))
CHANGES = (
    "2026-03-29",
    "2026-10-25",
    "2026-03-08",
    "2026-11-01",
    "2026-04-05",
    "2026-09-27",
    "2026-10-04",
    "2026-09-06",
    "2028-02-29",
    "2026-12-31",
)
NEAR_A_CHANGE = st.builds(
    lambda day, minutes, seconds: utc(day) + timedelta(minutes=minutes, seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-2000, 2000),
    st.sampled_from((0, 0, 1, 59.999999)),
)


def check(expression: str, at: datetime, zone: ZoneInfo) -> None:
    before, after = latest(expression, at, zone), following(expression, at, zone)
    assert before <= at < after
    assert latest(expression, before, zone) == before == earlier(expression, after, zone)
    assert following(expression, before, zone) == after == latest(expression, after, zone)
    assert earlier(expression, before, zone) < before


@given(FIELDS, NEAR_A_CHANGE, st.sampled_from(ZONES))
@example("30 2 * * *", utc("2026-10-25T01:15"), BERLIN)
def test_it_fires_at_one_set_of_instants_whichever_way_it_is_asked(expression: str, at: datetime, zone: ZoneInfo) -> None:
    try:
        checked(expression)
    except ValueError:
        return
    check(expression, at, zone)


@given(WALL, NEAR_A_CHANGE, st.sampled_from((BERLIN, NEW_YORK, AUCKLAND)))
def test_one_that_follows_the_wall_does_so_too(expression: str, at: datetime, zone: ZoneInfo) -> None:
    check(expression, at, zone)
