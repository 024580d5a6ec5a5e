"""Reading a source back: resumable wherever it is stopped, between the runs, into the archive and never into the news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from aggregator.fetch import Http
from aggregator.fetch.exchange import Answer, Question
from aggregator.model import Backfill, GapReason, Missed, Page
from aggregator.pipeline.backfill import ReadBack, Step
from aggregator.run.backfilling import begun, read_further
from aggregator.run.jobs import polls_due, tick
from aggregator.run.turns import run_turn
from aggregator.settings import Settings
from tests.run.test_gaps import Timeline, World, configured, world
from tests.support.platform_with_truth import BEGAN, DEPTH, MINUTE, PAGE

__all__ = ["configured"]
DAY = timedelta(days=1)
HOLE = Missed(reason=GapReason.WITHHELD, since=BEGAN + 5 * MINUTE, until=BEGAN + 6 * MINUTE)


@pytest.fixture
def it(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A platform with 14 posts, of which a first poll reads 8."""
    monkeypatch.setattr("aggregator.run.backfilling._PAUSE_SECONDS", 0)
    with world(configured) as here:
        here.platform.publish(14)
        here.poll()
        yield here


def read(it: World, **how: object) -> ReadBack:
    source, collector = next(pair for pair in it.app.sources if pair[0].id == "timeline")
    since = how.pop("since", None)
    backfill = begun(it.app, source, since)  # type: ignore[arg-type]  # a time or None
    assert backfill is not None
    return read_further(it.app, source, collector, backfill, **how)  # type: ignore[arg-type]  # as the test gives it


def known(it: World) -> set[int]:
    """Numbers of the posts that became mentions of the timeline."""
    return {int(one.entry.native_id) for one in it.app.store.takedowns.everything() if one.source == "timeline"}


def test_what_was_said_before_the_first_poll_is_read_to_the_beginning(it: World) -> None:
    assert known(it) == {9, 12}
    ended = read(it)
    assert (ended.finished, ended.ended, ended.failed, ended.waits) == (True, True, "", "")
    assert known(it) == {3, 6, 9, 12}
    assert ended.step.landed.new == 2
    state = it.app.store.state("timeline")
    assert state.read_since is not None
    assert state.read_since <= BEGAN + PAGE * timedelta(minutes=1)


def test_it_stops_where_it_was_asked_to_and_says_how_far_it_came(it: World) -> None:
    since = it.platform.posts[10].appeared
    ended = read(it, since=since)
    assert (ended.finished, ended.ended) == (True, False)
    assert ended.step.reached == it.app.store.gaps.backfills()["timeline"].reached
    assert ended.step.reached is not None
    assert ended.step.reached <= since
    assert known(it) == {9, 12}


def test_stopped_after_any_page_it_goes_on_from_there(it: World) -> None:
    pages = 0
    for _ in range(10):
        one = read(it, most=1)
        pages += one.step.pages
        if one.finished or begun(it.app, it.app.sources[1][0], None) is None:
            break
    else:
        raise AssertionError("it never came to its end")
    assert known(it) == {3, 6, 9, 12}
    assert pages <= 14 // PAGE + 1, "a page was read twice"


def test_asked_to_stop_it_finishes_the_page_in_hand(it: World) -> None:
    ended = read(it, tell=lambda step: it.app.stop.set())
    assert (ended.stopped, ended.finished, ended.step.pages) == (True, False, 1)
    it.app.stop.clear()
    assert read(it).finished


def test_what_is_read_back_is_quiet_and_polls_stay_where_they_are(it: World) -> None:
    before = it.app.store.state("timeline")
    read(it)
    after = it.app.store.state("timeline")
    assert (after.cursor, after.next_poll_at, after.last_new_at) == (before.cursor, before.next_poll_at, before.last_new_at)
    found = [one for one in it.app.store.takedowns.everything() if one.source == "timeline"]
    assert all(one.quiet for one in found)


def test_the_day_s_requests_that_are_used_up_end_it_without_a_failure(it: World) -> None:
    it.platform.patience = 1
    ended = read(it)
    assert (ended.failed, ended.finished, ended.step.pages) == ("", False, 1)
    assert "too many requests" in ended.waits or "429" in ended.waits
    it.platform.patience = None
    it.platform.now += DAY
    assert read(it).finished


def test_a_failure_keeps_what_was_read(it: World) -> None:
    it.platform.status = 500
    ended = read(it)
    assert ended.failed
    it.platform.status = 200
    assert read(it).finished
    assert known(it) == {3, 6, 9, 12}


def test_it_closes_the_gaps_that_it_comes_below(it: World) -> None:
    it.platform.publish(DEPTH + 5)
    it.poll()
    assert {gap.reason for gap in it.gaps("timeline")} == {GapReason.WITHHELD}
    assert {gap.reason for gap in it.gaps("feed")} == {GapReason.TURNED_OVER}
    it.platform.now += DAY
    assert (read(it).closed, len(it.gaps("timeline"))) == ((), 1)
    # What is withheld from visitors may be given to somebody with a key.
    it.platform.depth = 1000
    it.app.store.gaps.look_back(Backfill(source="timeline", begun_at=it.platform.now), anew=True)
    ended = read(it)
    assert [gap.closed_by for gap in ended.closed] == ["back-fill"]
    assert it.gaps("timeline") == ()
    assert it.gaps("feed") != ()
    assert {post.number for post in it.platform.posts if post.number % 3 == 0} == known(it)


def test_all_that_was_wanted_is_not_read_twice_unless_a_gap_was_left_since(it: World) -> None:
    source = it.app.sources[1][0]
    assert read(it).finished
    assert begun(it.app, source, None) is None
    assert begun(it.app, source, BEGAN) is None
    it.platform.publish(DEPTH + 5)
    it.poll()
    again = begun(it.app, source, BEGAN)
    assert again is not None
    assert again.reached is None


def test_a_run_gets_its_turn_between_two_pages(it: World) -> None:
    turns: list[bool] = []

    def run(step: Step) -> None:
        with run_turn(it.app) as held:
            turns.append(held)
            tick(it.app, polls_due(it.app, force=True), lambda done: None)

    assert read(it, tell=run).finished
    assert turns
    assert all(turns)


def test_while_a_page_is_in_hand_nobody_else_reads(it: World) -> None:
    honest, taken = it.platform.send, list[bool]()

    def send(question: Question) -> Answer:
        with it.app.store.exclusive() as held:
            taken.append(held)
        return honest(question)

    it.platform.__dict__["send"] = send
    read(it)
    assert taken
    assert not any(taken)


def test_a_platform_that_keeps_back_the_rest_closes_no_gap_by_being_asked(it: World) -> None:
    it.platform.publish(DEPTH + 5)
    it.poll()
    before = it.app.store.state("timeline").read_since
    it.platform.now += DAY
    ended = read(it, since=BEGAN - DAY)
    assert (ended.finished, ended.ended, ended.closed) == (True, True, ())
    assert ended.step.reached is not None
    assert ended.step.reached > BEGAN
    assert {gap.reason for gap in it.gaps("timeline")} == {GapReason.WITHHELD}
    assert it.app.store.state("timeline").read_since == before


def test_what_is_kept_back_in_the_middle_is_a_gap_that_another_back_fill_may_close(it: World) -> None:
    it.platform.now += DAY
    source = it.app.sources[1][0]
    backfill = begun(it.app, source, None)
    assert backfill is not None
    it.platform.now += MINUTE
    assert read_further(it.app, source, Holed(), backfill).finished
    [gap] = it.gaps("timeline")
    assert (gap.since, gap.until, gap.reason) == (HOLE.since, HOLE.until, GapReason.WITHHELD)
    it.platform.now += DAY
    assert [one.closed_by for one in read(it).closed] == ["back-fill"]


def test_a_source_that_gives_no_page_was_not_read_back(it: World) -> None:
    source = it.app.sources[1][0]
    backfill = begun(it.app, source, BEGAN)
    assert backfill is not None
    before = it.app.store.state("timeline").read_since
    ended = read_further(it.app, source, Empty(), backfill)
    assert (ended.finished, ended.ended, ended.step.reached) == (True, True, None)
    assert it.app.store.state("timeline").read_since == before


def test_a_channel_that_is_read_after_another_is_not_taken_for_read_before(it: World) -> None:
    source = it.app.sources[1][0]
    backfill = begun(it.app, source, BEGAN - DAY)
    assert backfill is not None
    twice = Channels()
    reached: list[datetime] = []
    ended = read_further(it.app, source, twice, backfill, tell=lambda step: reached.append(step.reached or BEGAN), most=5)
    assert not ended.finished
    assert reached[4] == reached[0]
    assert reached[3] < reached[4]
    assert not it.app.store.gaps.backfills()["timeline"].done


def test_killed_between_its_last_page_and_its_end_it_is_not_done(it: World) -> None:
    since = it.platform.posts[10].appeared
    assert not read(it, since=since, most=2).finished
    again = begun(it.app, it.app.sources[1][0], since)
    assert again is not None


def test_what_is_wanted_further_than_the_end_of_a_walk_is_read_anew(it: World) -> None:
    source = it.app.sources[1][0]
    first = begun(it.app, source, it.platform.posts[10].appeared)
    assert first is not None
    assert read_further(it.app, source, Bounded(), first).finished
    further = begun(it.app, source, BEGAN - DAY)
    assert further is not None
    assert read_further(it.app, source, Bounded(), further).finished
    assert known(it) == {3, 6, 9, 12}


def test_a_source_that_is_held_while_it_is_read_back_has_its_old_entries_wait_too(it: World) -> None:
    def hold(step: Step) -> None:
        state = it.app.store.state("timeline")
        it.app.store.settle(replace(state, held="its entries come from another site now"), None)

    assert read(it, tell=hold).finished
    held = {one.entry.native_id for one in it.app.store.takedowns.everything() if one.source == "timeline" and one.held}
    assert held == {"3", "6"}


class Holed(Timeline):
    """Its first page misses something."""

    def backfill(self, http: Http, since: datetime | None, cursor: str) -> Iterator[Page]:
        for number, page in enumerate(super().backfill(http, since, cursor)):
            yield page if number else replace(page, missed=HOLE)


class Empty(Timeline):
    """It has nothing that could be read back."""

    def backfill(self, http: Http, since: datetime | None, cursor: str) -> Iterator[Page]:
        return iter(())


class Channels(Timeline):
    """The same listing as two channels, one after the other."""

    def backfill(self, http: Http, since: datetime | None, cursor: str) -> Iterator[Page]:
        for channel in ("one", "two"):
            for page in super().backfill(http, since, ""):
                yield replace(page, cursor=f"{channel} {page.cursor}")


class Bounded(Timeline):
    """Its cursor says only that it was at the end of what was wanted then."""

    def backfill(self, http: Http, since: datetime | None, cursor: str) -> Iterator[Page]:
        if not cursor:
            entries = tuple(entry for page in super().backfill(http, None, "") for entry in page.entries)
            yield Page(entries=tuple(one for one in entries if since is None or (one.published and one.published >= since)), cursor="end")


def test_that_nothing_has_changed_is_not_the_end(it: World) -> None:
    it.platform.status = 304
    ended = read(it)
    assert (ended.finished, ended.step.pages) == (False, 0)
    assert "answered 304 to an unconditional question" in ended.failed
