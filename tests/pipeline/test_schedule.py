"""When a source is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aggregator.errors import Gone, RateLimited, SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.model import SourceState
from aggregator.pipeline.schedule import LONGEST, is_waiting, next_poll
from aggregator.store import Landed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def after(
    outcome: Landed | SourceError,
    *,
    state: SourceState | None = None,
    now: datetime = NOW,
    every: timedelta = HOUR,
    hint: datetime | None = None,
    jitter: float = 0.0,
) -> SourceState:
    return next_poll(state or SourceState(source="a"), outcome=outcome, now=now, every=every, hint=hint, jitter=jitter)


def wait(state: SourceState, now: datetime = NOW) -> timedelta | None:
    """None: paused."""
    assert state.next_poll_at is not None or state.paused
    return None if state.paused or state.next_poll_at is None else state.next_poll_at - now


def failing(times: int, *, since: datetime = NOW) -> SourceState:
    return SourceState(source="a", failures=times, failing_since=since if times else None)


# -- a good poll


def test_a_good_poll_forgets_the_failures_and_remembers_itself() -> None:
    before = replace(failing(7, since=NOW - DAY), last_error="asking: time-out", paused=True, remarks=("odd",), cursor="c1")
    assert after(Landed(new=1), state=before) == SourceState(
        source="a", cursor="c1", next_poll_at=NOW + HOUR, last_ok_at=NOW, last_new_at=NOW
    )


def test_a_poll_without_news_keeps_the_date_of_the_last() -> None:
    before = SourceState(source="a", last_new_at=NOW - HOUR, last_ok_at=NOW - HOUR)
    assert after(Landed(known=3), state=before).last_new_at == NOW - HOUR


@pytest.mark.parametrize(("silence", "expected"), [(HOUR, HOUR), (12 * HOUR, HOUR), (3 * DAY, 6 * HOUR), (12 * DAY, DAY), (400 * DAY, DAY)])
def test_a_source_without_news_for_long_is_asked_less_often_but_every_day(silence: timedelta, expected: timedelta) -> None:
    before = SourceState(source="a", last_new_at=NOW - silence, last_ok_at=NOW - HOUR)
    assert wait(after(Landed(), state=before)) == expected
    assert wait(after(Landed(), state=before, every=3 * DAY)) == 3 * DAY
    assert wait(after(Landed(new=1), state=before)) == HOUR


def test_a_server_that_says_how_long_its_reply_is_fresh_is_believed_for_a_month() -> None:
    assert wait(after(Landed(), hint=NOW + 5 * HOUR)) == 5 * HOUR
    assert wait(after(Landed(), hint=NOW + MINUTE)) == HOUR
    assert wait(after(Landed(), hint=NOW + 400 * DAY)) == LONGEST


# -- failures, one rule a class


@pytest.mark.parametrize(
    ("error", "failures", "every", "expected"),
    [
        (Unavailable("time-out"), 0, MINUTE, 5 * MINUTE),
        (Unavailable("time-out"), 1, MINUTE, 10 * MINUTE),
        (Unavailable("time-out"), 0, HOUR, HOUR),
        (Unavailable("time-out"), 3, HOUR, 8 * HOUR),
        (Unavailable("time-out"), 5, HOUR, DAY),
        (Unavailable("time-out"), 500, HOUR, DAY),
        (Unavailable("time-out"), 0, 3 * DAY, 3 * DAY),
        (Unavailable("busy", status=503, retry_at=NOW + 2 * DAY), 0, HOUR, 2 * DAY),
        (RateLimited("429", status=429, retry_at=NOW + 15 * MINUTE), 4, HOUR, 15 * MINUTE),
        (RateLimited("429", status=429, retry_at=NOW + 365 * DAY), 0, HOUR, LONGEST),
        (RateLimited("429", status=429, retry_at=NOW - DAY), 0, HOUR, 5 * MINUTE),
        (RateLimited("429", status=429), 0, HOUR, HOUR),
        (RateLimited("429", status=429), 2, HOUR, 4 * HOUR),
        (RateLimited("429", status=429), 50, HOUR, LONGEST),
        (Unreadable("no feed"), 0, HOUR, 6 * HOUR),
        (Unreadable("no feed"), 1, HOUR, 12 * HOUR),
        (Unreadable("no feed"), 30, HOUR, 7 * DAY),
        (Unauthorized("401", status=401), 0, HOUR, None),
        (Unauthorized("403", status=403), 0, HOUR, DAY),
        (Unauthorized("403", status=403), 1, HOUR, DAY),
        (Gone("410", status=410), 0, HOUR, None),
        (Gone("404", status=404), 0, HOUR, DAY),
        (Gone("404", status=404), 300, HOUR, DAY),
    ],
)
def test_each_class_of_error_has_its_wait(error: SourceError, failures: int, every: timedelta, expected: timedelta | None) -> None:
    assert wait(after(error, state=failing(failures), every=every)) == expected


@pytest.mark.parametrize(("failures", "for_", "paused"), [(2, 2 * DAY, True), (2, 47 * HOUR, False), (1, 9 * DAY, False)])
def test_a_refusal_is_believed_the_third_time_and_after_two_days(failures: int, for_: timedelta, paused: bool) -> None:
    assert after(Unauthorized("403", status=403), state=failing(failures, since=NOW - for_)).paused is paused


@pytest.mark.parametrize(("for_", "paused"), [(13 * DAY, False), (14 * DAY, True)])
def test_what_is_not_found_is_gone_after_two_weeks(for_: timedelta, paused: bool) -> None:
    assert after(Gone("404", status=404), state=failing(14, since=NOW - for_)).paused is paused


def test_a_failure_is_counted_and_told_in_one_line_and_loses_nothing() -> None:
    before = SourceState(source="a", cursor="c1", last_ok_at=NOW - DAY, last_new_at=NOW - 2 * DAY)
    once = after(Unavailable("asking a.example.org:\n time-out"), state=before)
    assert once == replace(before, next_poll_at=NOW + HOUR, failures=1, failing_since=NOW, last_error="asking a.example.org: time-out")
    twice = after(Unavailable("time-out"), state=once, now=NOW + HOUR)
    assert (twice.failures, twice.failing_since, wait(twice, NOW + HOUR)) == (2, NOW, 2 * HOUR)


def test_sources_that_fail_together_do_not_come_back_together() -> None:
    waits = [wait(after(Unavailable("time-out"), jitter=jitter)) for jitter in (0.0, 0.5, 1.0)]
    assert waits == [HOUR, 1.05 * HOUR, 1.1 * HOUR]


# -- whatever happens


times = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by definition
spans = st.timedeltas(MINUTE, 30 * DAY)
errors = st.builds(
    lambda kind, status, retry_at: kind("failed", status=status, retry_at=retry_at),
    st.sampled_from([Unavailable, RateLimited, Unreadable, Unauthorized, Gone]),
    st.sampled_from([None, 401, 403, 404, 410, 429, 500, 503]),
    st.none() | times,
)
states = st.builds(
    lambda failures, since, ok, new: SourceState(source="a", failures=failures, failing_since=since, last_ok_at=ok, last_new_at=new),
    st.integers(0, 10_000),
    st.none() | times,
    st.none() | times,
    st.none() | times,
)
jitters = st.floats(0, 1)


@given(states, errors, times, spans, jitters)
def test_a_failed_source_is_asked_later_within_a_month_and_not_before_the_server_allows(
    state: SourceState, error: SourceError, now: datetime, every: timedelta, jitter: float
) -> None:
    found = after(error, state=state, now=now, every=every, jitter=jitter)
    assert found.failures == state.failures + 1
    assert found.last_error == "failed"
    if not found.paused:
        assert found.next_poll_at is not None
        assert now < found.next_poll_at <= now + LONGEST
        assert error.retry_at is None or found.next_poll_at >= min(error.retry_at, now + LONGEST)


@given(states, times, spans, st.none() | times, st.booleans())
def test_a_source_that_is_well_is_never_asked_faster_than_allowed(
    state: SourceState, now: datetime, every: timedelta, hint: datetime | None, news: bool
) -> None:
    found = after(Landed(new=int(news)), state=state, now=now, every=every, hint=hint)
    assert found.next_poll_at is not None
    assert now + every <= found.next_poll_at <= now + LONGEST
    assert hint is None or found.next_poll_at >= min(hint, now + LONGEST)


@given(errors, st.integers(0, 60), spans, jitters)
def test_one_more_failure_never_shortens_the_wait(error: SourceError, failures: int, every: timedelta, jitter: float) -> None:
    fewer, more = (after(error, state=failing(count), every=every, jitter=jitter) for count in (failures, failures + 1))
    assume(not fewer.paused and not more.paused)
    assert fewer.next_poll_at is not None
    assert more.next_poll_at is not None
    assert fewer.next_poll_at <= more.next_poll_at


@given(st.timedeltas(timedelta(0), 400 * DAY), st.timedeltas(HOUR, 90 * DAY))
def test_a_time_that_was_written_while_the_clock_was_ahead_is_not_waited_for(ahead: timedelta, every: timedelta) -> None:
    state = after(Landed(new=1), now=NOW + ahead, every=every)
    assert is_waiting(state, every=every, now=NOW) is (ahead + every <= max(LONGEST, every))
    assert not is_waiting(state, every=every, now=NOW + ahead + every)
