"""When a host may be asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import RateLimited
from aggregator.fetch import Pace
from aggregator.fetch.exchange import host_of
from aggregator.fetch.pace import Turns, lane_of, next_midnight, wait_for

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


class Days:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def turns(self, **known: dict[str, datetime]) -> Turns:
        return Turns(clock=lambda: self.now, sleep=lambda seconds: None, stopped=lambda: False, rests=known.get("rests", {}), spent={})


@pytest.mark.parametrize(
    ("last", "wait"),
    [(None, 0 * SECOND), (NOW, 3 * SECOND), (NOW - 2 * SECOND, SECOND), (NOW - 3 * SECOND, 0 * SECOND), (NOW - 90 * SECOND, 0 * SECOND)],
)
def test_the_rest_of_the_gap_is_waited_for(last: datetime | None, wait: timedelta) -> None:
    assert wait_for(last, 3 * SECOND, NOW) == wait


@given(st.timedeltas(min_value=-timedelta(days=9), max_value=timedelta(days=9)), st.timedeltas(timedelta(0), timedelta(days=1)))
def test_no_wait_is_longer_than_the_gap_even_when_the_clock_was_set_back(ago: timedelta, gap: timedelta) -> None:
    assert timedelta(0) <= wait_for(NOW - ago, gap, NOW) <= gap


@pytest.mark.parametrize(
    ("host", "lane", "found"),
    [
        ("medium.com", "medium.com", "medium.com"),
        ("enspiral.medium.com", "medium.com", "medium.com"),
        ("notmedium.com", "medium.com", "notmedium.com"),
        ("other.example", "medium.com", "other.example"),
        ("other.example", "", "other.example"),
    ],
)
def test_sub_domains_spend_the_patience_of_their_lane(host: str, lane: str, found: str) -> None:
    assert lane_of(host, lane) == found


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.ORG./a", "example.org"),
        ("https://example.org:443/", "example.org"),
        ("http://example.org:443/", "example.org:443"),
        ("http://[2001:DB8::1]:8080/", "[2001:db8::1]:8080"),
    ],
)
def test_a_host_is_named_one_way(url: str, host: str) -> None:
    assert host_of(url) == host


def test_the_day_ends_at_midnight() -> None:
    assert next_midnight(NOW) == datetime(2026, 11, 23, tzinfo=UTC)
    assert next_midnight(datetime(2026, 12, 31, 0, 0, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)


def test_what_was_spent_yesterday_is_not_said_to_be_of_today_though_nobody_asked_since() -> None:
    days, pace = Days(), Pace(gap=timedelta(0), daily=2)
    turns = days.turns()
    for _ in range(2):
        with turns.turn("example.org", pace):
            pass
    assert turns.spent() == {"example.org": 2}
    days.now += DAY
    assert turns.spent() == {}
    # What another process has spent today counts.
    turns.relearn({}, {"example.org": 2})
    with pytest.raises(RateLimited), turns.turn("example.org", pace):
        pass


def test_a_rest_that_was_written_while_the_clock_was_ahead_is_not_heeded_for_years() -> None:
    turns = Days().turns(rests={"ahead.example.org": NOW + 400 * DAY, "example.org": NOW + 30 * DAY})
    with turns.turn("ahead.example.org", Pace()):
        pass
    with pytest.raises(RateLimited), turns.turn("example.org", Pace()):
        pass
