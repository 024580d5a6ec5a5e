"""What every store promises about gaps and back-fills, run over each implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.model import Backfill, Coverage, Gap, GapReason, Outcome, Source, SourceState
from aggregator.store import Store
from aggregator.store.gaps import MOST_CLOSED, MOST_OPEN
from tests.contracts.test_store import source
from tests.contracts.test_store import store as store  # the fixture: every implementation
from tests.support.mentions import NOW, landing, mention

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def gap(since: datetime = NOW - DAY, *, name: str = "feed-a", reason: GapReason = GapReason.TURNED_OVER, **more: Any) -> Gap:
    return Gap(source=name, since=since, until=more.pop("until", since + HOUR), reason=reason, found_at=more.pop("found_at", NOW), **more)


def polled(store: Store, *gaps: Gap, at: datetime = NOW, name: str = "feed-a") -> None:
    coverage = Coverage(source=name, since=None, until=at, outcome=Outcome.COMPLETE, gaps=gaps)
    store.settle(SourceState(source=name, read_since=NOW - DAY, read_until=at), coverage)


@pytest.fixture
def two(store: Store) -> Store:
    store.register([source("feed-a"), source("feed-b")], NOW)
    return store


def test_a_gap_lands_with_its_page_or_not_at_all(two: Store) -> None:
    broken = replace(mention("3"), first_seen_at=datetime(2026, 1, 1))  # noqa: DTZ001 - naive, which the row is refused for
    with pytest.raises(ValueError, match="aware"):
        two.land(landing(broken, gaps=(gap(),)))
    assert two.gaps.open() == {}
    two.land(landing(mention("1"), gaps=(gap(),)))
    assert two.gaps.open() == {"feed-a": (gap(),)}


def test_a_gap_is_written_with_the_end_of_a_poll(two: Store) -> None:
    polled(two, gap(NOW - 2 * DAY), gap(reason=GapReason.DOWN))
    assert two.gaps.open() == {"feed-a": (gap(NOW - 2 * DAY), gap(reason=GapReason.DOWN))}
    assert two.coverage("feed-a")[0].gaps == ()


def test_a_gap_that_is_closed_is_open_no_more_and_not_forgotten(two: Store) -> None:
    polled(two, gap(), gap(NOW - 3 * DAY))
    closed = replace(gap(), closed_at=NOW + HOUR, closed_by="back-fill")
    polled(two, closed, at=NOW + HOUR)
    assert two.gaps.open() == {"feed-a": (gap(NOW - 3 * DAY),)}
    assert two.gaps.closed() == {"feed-a": (closed,)}
    assert set(two.gaps.of("feed-a")) == {closed, gap(NOW - 3 * DAY)}
    assert two.gaps.of("feed-a", limit=1) != two.gaps.of("feed-a")


def test_gaps_are_told_by_when_they_were_found(two: Store) -> None:
    early, late = gap(found_at=NOW), gap(NOW - 9 * DAY, found_at=NOW + DAY)
    polled(two, early, late)
    assert two.gaps.found(NOW, NOW + DAY) == (early,)
    assert two.gaps.found(NOW + HOUR, NOW + 2 * DAY) == (late,)


def test_a_source_that_is_not_configured_any_more_is_left_out(two: Store) -> None:
    polled(two, gap(name="feed-b"), name="feed-b")
    two.register([source("feed-a")], NOW)
    assert (two.gaps.open(), two.gaps.closed(), two.gaps.found(NOW - DAY, NOW + DAY)) == ({}, {}, ())
    assert two.gaps.of("feed-b") == (gap(name="feed-b"),)


def test_open_gaps_are_joined_when_they_become_many_and_none_is_forgotten(two: Store) -> None:
    many = tuple(gap(NOW - DAY * number, until=NOW - DAY * number + HOUR) for number in range(MOST_OPEN + 3, 0, -1))
    polled(two, *many)
    kept = two.gaps.open()["feed-a"]
    assert len(kept) == MOST_OPEN
    for one in many:
        assert any(other.since <= one.since and one.until <= other.until for other in kept)


def test_of_closed_gaps_the_last_are_kept(two: Store) -> None:
    many = tuple(gap(NOW - DAY * number, found_at=NOW - DAY * number, closed_at=NOW) for number in range(MOST_CLOSED + 3, 0, -1))
    polled(two, *many)
    assert {one.found_at for one in two.gaps.of("feed-a", limit=1000)} == {one.found_at for one in many[3:]}


@pytest.mark.parametrize(("reason", "shown"), [(GapReason.TURNED_OVER, True), (GapReason.WITHHELD, True), (GapReason.DOWN, False)])
def test_what_stays_missing_is_something_shown(two: Store, reason: GapReason, shown: bool) -> None:
    polled(two)
    before = two.revision()
    polled(two, gap(reason=reason))
    assert (two.revision() > before) is shown


def test_a_walk_begins_with_its_first_page_and_ends_with_its_poll(two: Store) -> None:
    two.land(landing(began_at=NOW))
    two.land(landing(cursor="c2", began_at=NOW + HOUR))
    assert two.state("feed-a").walking_since == NOW
    two.land(landing(cursor="c2"))
    assert two.state("feed-a").walking_since == NOW
    polled(two)
    assert two.state("feed-a").walking_since is None
    two.land(landing(cursor="c3"))
    assert two.state("feed-a").walking_since is None


def test_how_far_a_source_is_read_back_lands_with_the_page(two: Store) -> None:
    polled(two)
    back = Backfill(source="feed-a", begun_at=NOW, reached=NOW - 9 * DAY, wanted=NOW - 30 * DAY)
    two.land(landing(mention("1"), cursor="old", backfill=back))
    assert two.gaps.backfills() == {"feed-a": back}
    state = two.state("feed-a")
    assert (state.cursor, state.backfill_cursor, state.walking_since) == ("", "old", None)
    assert state.read_since != back.reached, "there may be more of that time on a page that is to come"
    two.land(landing(mention("2"), cursor="older", backfill=replace(back, reached=NOW - 30 * DAY)))
    assert two.state("feed-a").read_since == NOW - 30 * DAY


def test_what_was_read_further_back_before_stays_read(two: Store) -> None:
    polled(two)
    two.gaps.look_back(Backfill(source="feed-a", begun_at=NOW, reached=NOW - 9 * DAY, ended=True))
    two.gaps.look_back(Backfill(source="feed-a", begun_at=NOW + DAY), anew=True)
    two.gaps.look_back(Backfill(source="feed-a", begun_at=NOW + DAY, reached=NOW - DAY / 2))
    assert two.state("feed-a").read_since == NOW - 9 * DAY


def test_a_back_fill_that_begins_anew_forgets_its_cursor_and_closes_what_it_is_told(two: Store) -> None:
    two.land(landing(cursor="old", backfill=Backfill(source="feed-a", begun_at=NOW)))
    closed = replace(gap(), closed_at=NOW, closed_by="back-fill")
    two.gaps.look_back(Backfill(source="feed-a", begun_at=NOW + DAY), anew=True, gaps=(closed,))
    assert two.state("feed-a").backfill_cursor == ""
    assert two.gaps.closed() == {"feed-a": (closed,)}


def test_a_source_that_is_told_to_read_something_else_begins_anew_and_keeps_what_is_known(two: Store) -> None:
    source = Source(id="feed-a", platform="telegram", options={"channel": "one"}, topics=("microsolidarity",))
    other = replace(source, id="feed-b", platform="feed", options={})
    two.register((source, other), NOW)
    two.land(landing(mention("1"), cursor="5000"))
    two.land(landing(cursor="4000", backfill=Backfill(source="feed-a", begun_at=NOW, reached=NOW, ended=True)))
    polled(two, gap())
    two.register((source, other), NOW + DAY)
    assert two.state("feed-a").cursor == "5000"
    two.register((replace(source, options={"channel": "two"}), other), NOW + DAY)
    state = two.state("feed-a")
    assert (state.cursor, state.backfill_cursor, state.read_since, state.read_until, state.next_poll_at) == ("", "", None, None, None)
    assert two.gaps.backfills() == {}
    assert two.gaps.open() == {"feed-a": (gap(),)}
    assert len(two.stories()) == 1
