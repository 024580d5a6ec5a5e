"""When sources could not be read, as every store remembers it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import Coverage, Outcome, SourceState, Trouble
from aggregator.store import Store
from tests.contracts.test_store import source
from tests.contracts.test_store import store as store  # the fixture: every implementation
from tests.support.mentions import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + DAY


def polled(store: Store, name: str, *outcomes: str, every: timedelta = HOUR) -> None:
    """Polls of a source, one after another: "ok", "partial" or "failed"."""
    state, known = SourceState(source=name), {"ok": Outcome.COMPLETE, "partial": Outcome.PARTIAL, "failed": Outcome.FAILED}
    for number, word in enumerate(outcomes):
        at, outcome = NOW + number * every, known[word]
        failing = (state.failing_since or at) if outcome is Outcome.FAILED else None
        state = replace(state, failing_since=failing)
        store.settle(state, Coverage(source=name, since=None, until=at, outcome=outcome))


@pytest.fixture
def two(store: Store) -> Store:
    store.register([source("feed-a"), source("feed-b")], NOW)
    return store


def test_a_source_that_was_read_has_had_no_trouble(two: Store) -> None:
    polled(two, "feed-a", "ok", "partial", "ok")
    assert two.troubles(NOW, LATER) == ()


def test_trouble_lasts_from_the_first_failed_poll_to_the_next_good_one(two: Store) -> None:
    polled(two, "feed-a", "ok", "failed", "failed", "failed", "ok", "ok")
    assert two.troubles(NOW, LATER) == (Trouble(source="feed-a", since=NOW + HOUR, until=NOW + 4 * HOUR),)


def test_a_poll_that_was_read_in_part_ends_it(two: Store) -> None:
    polled(two, "feed-a", "failed", "partial")
    assert two.troubles(NOW, LATER) == (Trouble(source="feed-a", since=NOW, until=NOW + HOUR),)


def test_each_trouble_is_told_by_source_the_oldest_first(two: Store) -> None:
    polled(two, "feed-b", "failed", "ok")
    polled(two, "feed-a", "failed", "ok", "ok", "failed", "failed", "ok")
    assert two.troubles(NOW, LATER) == (
        Trouble(source="feed-a", since=NOW, until=NOW + HOUR),
        Trouble(source="feed-a", since=NOW + 3 * HOUR, until=NOW + 5 * HOUR),
        Trouble(source="feed-b", since=NOW, until=NOW + HOUR),
    )


def test_what_still_cannot_be_read_has_no_end(two: Store) -> None:
    polled(two, "feed-a", "ok", "failed", "failed")
    assert two.troubles(NOW, LATER) == (Trouble(source="feed-a", since=NOW + HOUR),)


def test_what_fails_without_being_polled_any_more_is_known_of_the_source(two: Store) -> None:
    began = NOW - 200 * DAY
    two.settle(SourceState(source="feed-a", failing_since=began, paused=True, last_error="asking: 401"), None)
    assert two.troubles(NOW, LATER) == (Trouble(source="feed-a", since=began),)


def test_what_was_over_before_or_began_after_is_left_out(two: Store) -> None:
    polled(two, "feed-a", "failed", "ok", "failed", every=DAY)
    assert two.troubles(NOW + DAY, NOW + 2 * DAY) == ()
    assert [one.since for one in two.troubles(NOW, NOW + DAY)] == [NOW]
    assert [one.since for one in two.troubles(NOW + DAY, NOW + 3 * DAY)] == [NOW + 2 * DAY]


def test_what_began_before_and_reaches_into_the_time_is_told_whole(two: Store) -> None:
    polled(two, "feed-a", "ok", "failed", "failed", "failed", "ok", every=DAY)
    assert two.troubles(NOW + 3 * DAY, NOW + 5 * DAY) == (Trouble(source="feed-a", since=NOW + DAY, until=NOW + 4 * DAY),)


def test_a_source_that_is_not_configured_any_more_is_left_out(two: Store) -> None:
    polled(two, "feed-a", "failed", "ok")
    polled(two, "feed-b", "failed")
    two.register([source("feed-b")], NOW)
    assert [one.source for one in two.troubles(NOW, LATER)] == ["feed-b"]


def asked(store: Store, name: str, *days: float) -> None:
    """Good polls of a source, so many days from the beginning."""
    for day in days:
        at = NOW + day * DAY
        store.settle(SourceState(source=name, last_ok_at=at), Coverage(source=name, since=None, until=at, outcome=Outcome.COMPLETE))


def test_while_the_program_did_not_run_no_source_was_read(two: Store) -> None:
    asked(two, "feed-a", 0, 0.25, 0.5, 0.75, 1, 3, 3.25, 3.5)
    asked(two, "feed-b", 0.1, 1.1, 3.1)
    began, ended = NOW + DAY + 3 * HOUR, NOW + 3 * DAY
    assert two.troubles(NOW, NOW + 4 * DAY) == tuple(Trouble(source=name, since=began, until=ended) for name in ("feed-a", "feed-b"))


def test_when_it_has_not_run_since_there_is_no_end(two: Store) -> None:
    asked(two, "feed-a", 0, 0.25, 0.5)
    assert two.troubles(NOW, NOW + 1.5 * DAY) == ()
    assert {(one.since, one.until) for one in two.troubles(NOW, NOW + 7 * DAY)} == {(NOW + 13 * HOUR, None)}


def test_who_asks_once_in_three_days_has_no_silence(two: Store) -> None:
    asked(two, "feed-a", 0, 3, 6, 9, 12)
    assert two.troubles(NOW, NOW + 14 * DAY) == ()


def test_a_source_that_came_later_was_not_unread_before(store: Store) -> None:
    store.register([source("feed-a")], NOW)
    asked(store, "feed-a", 0, 0.25, 0.5, 4)
    store.register([source("feed-a"), source("feed-b")], NOW + 4 * DAY)
    assert {one.source for one in store.troubles(NOW, NOW + 4 * DAY)} == {"feed-a"}
