"""What a poll says of what was read and what was not: single cases. That they add up is held against a platform that knows the truth
(tests/run/test_gaps.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import Backfill, Entry, Gap, GapReason, Kind, Missed, Outcome, Page, SourceState
from aggregator.pipeline.backfill import Step, after, closed, finished, further, part, time_left
from aggregator.pipeline.coverage import READ_AFTERWARDS, READ_IN_PART, READ_ON, began, ended, older_end, shown

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
READ = SourceState(source="s", read_since=AT - 30 * DAY, read_until=AT - DAY)
TURNED = Missed(reason=GapReason.TURNED_OVER)


def entries(*times: datetime | None) -> tuple[Entry, ...]:
    return tuple(
        Entry(native_id=str(number), url=f"https://example.org/{number}", kind=Kind.ARTICLE, published=time)
        for number, time in enumerate(times)
    )


def page(*times: datetime | None, missed: Missed | None = TURNED) -> Page:
    return Page(entries=entries(*times), cursor="", missed=missed)


def gap(since: datetime, until: datetime, reason: GapReason = GapReason.TURNED_OVER, **more: datetime) -> Gap:
    return Gap(source="s", since=since, until=until, reason=reason, found_at=more.get("found_at", AT))


# -- what a page shows


def test_a_feed_that_turned_over_missed_what_came_between_the_last_poll_and_its_oldest_entry() -> None:
    assert shown(page(AT - HOUR, AT - 2 * HOUR), READ, AT) == (gap(AT - DAY, AT - 2 * HOUR),)
    assert shown(page(AT - 2 * HOUR, AT - HOUR), READ, AT) == (gap(AT - DAY, AT - 2 * HOUR),), "oldest first"


def test_a_first_poll_has_no_gap() -> None:
    assert shown(page(AT - HOUR), SourceState(source="s"), AT) == ()


def test_without_dates_a_gap_lasts_until_the_poll() -> None:
    assert shown(page(None, None), READ, AT) == (gap(AT - DAY, AT),)


def test_a_listing_that_reaches_back_by_its_dates_has_missed_nothing_whatever_its_ids() -> None:
    assert shown(page(AT - HOUR, AT - 2 * DAY, AT - 3 * DAY), READ, AT) == ()
    assert shown(page(AT - HOUR, AT - 2 * HOUR, AT - 300 * DAY), READ, AT) != (), "one old entry may be pinned"


def test_what_the_collector_knows_of_the_interval_is_taken() -> None:
    known = Missed(reason=GapReason.WITHHELD, since=AT - 3 * DAY, until=AT - 2 * DAY)
    assert shown(page(missed=known), READ, AT) == (gap(AT - 3 * DAY, AT - 2 * DAY, GapReason.WITHHELD),)


def test_nothing_of_the_future_and_nothing_negative_comes_of_a_clock_that_was_set_back() -> None:
    ahead = replace(READ, read_until=AT + 5 * HOUR)
    [found] = shown(page(AT + DAY, AT + HOUR), ahead, AT)
    assert (found.since, found.until) == (AT, AT)


def test_the_same_gap_seen_again_grows() -> None:
    before = gap(AT - DAY, AT - HOUR, found_at=AT - HOUR)
    assert shown(page(AT - 2 * HOUR), READ, AT, (before,)) == (before,)


def test_the_older_end_is_found_whichever_way_a_listing_is_sorted_and_whatever_is_pinned() -> None:
    days = [AT - number * DAY for number in range(5)]
    assert older_end(entries(*days), AT) == older_end(entries(*reversed(days)), AT) == days[-1]
    assert older_end(entries(AT - 999 * DAY, *days), AT) == days[-1]
    assert older_end(entries(*days[:-1], AT + DAY), AT) == days[-2]
    assert older_end(entries(None), AT) is None


# -- how a poll ended


def test_a_poll_that_came_to_its_end_moves_what_is_read() -> None:
    end = ended(READ, Outcome.COMPLETE, AT)
    assert (end.state.read_since, end.state.read_until, end.gaps) == (READ.read_since, AT, ())


def test_a_first_walk_reads_since_its_oldest_entry() -> None:
    cut = ended(SourceState(source="s", walking_since=AT), Outcome.PARTIAL, AT, oldest=AT - DAY)
    assert (cut.state.read_since, cut.state.read_until, cut.gaps) == (AT - DAY, None, ())
    whole = ended(cut.state, Outcome.COMPLETE, AT + HOUR, oldest=AT - 9 * DAY)
    assert (whole.state.read_since, whole.state.read_until) == (AT - 9 * DAY, AT)
    assert ended(SourceState(source="s"), Outcome.COMPLETE, AT).state.read_since == AT, "nothing has a date"


def test_what_was_read_back_before_the_first_poll_adjoins_it() -> None:
    back = Backfill(source="s", begun_at=AT - HOUR, reached=AT - 99 * DAY, wanted=AT - 99 * DAY)
    assert ended(SourceState(source="s"), Outcome.COMPLETE, AT, oldest=AT - DAY, back=back).state.read_since == AT - 99 * DAY
    assert ended(SourceState(source="s"), Outcome.COMPLETE, AT, oldest=AT - HOUR / 2, back=back).state.read_since == AT - HOUR / 2


@pytest.mark.parametrize(
    ("state", "outcome", "reason", "by"),
    [
        (READ, Outcome.FAILED, GapReason.DOWN, READ_AFTERWARDS),
        (replace(READ, walking_since=AT - HOUR), Outcome.FAILED, GapReason.CUT, READ_ON),
        (replace(READ, walking_since=AT - HOUR), Outcome.PARTIAL, GapReason.CUT, READ_ON),
    ],
)
def test_what_was_not_read_waits_and_is_read_by_the_next_good_poll(
    state: SourceState, outcome: Outcome, reason: GapReason, by: str
) -> None:
    first = ended(state, outcome, AT)
    assert first.gaps == (gap(AT - DAY, AT, reason),)
    again = ended(first.state, Outcome.FAILED, AT + HOUR, opened=first.gaps)
    assert again.gaps == (gap(AT - DAY, AT + HOUR, reason),)
    over = ended(again.state, Outcome.COMPLETE, AT + 2 * HOUR, opened=again.gaps)
    assert over.gaps == (replace(again.gaps[0], closed_at=AT + 2 * HOUR, closed_by=by),)
    assert over.state.walking_since is None


def test_what_a_feed_dropped_while_it_was_down_is_said_where_the_gap_is_closed() -> None:
    down = gap(AT - DAY, AT - HOUR, GapReason.DOWN)
    [over] = ended(READ, Outcome.COMPLETE, AT, found=[gap(AT - DAY, AT - HOUR)], opened=[down]).gaps
    assert over.closed_by == READ_IN_PART


def test_a_walk_that_was_resumed_counts_from_where_it_began() -> None:
    walking = replace(READ, walking_since=AT - HOUR)
    assert began(walking, AT) == AT - HOUR
    assert ended(walking, Outcome.COMPLETE, AT).state.read_until == AT - HOUR


def test_who_was_never_read_is_promised_nothing() -> None:
    assert ended(SourceState(source="s"), Outcome.FAILED, AT).gaps == ()


# -- back-fills


BACK = Backfill(source="s", begun_at=AT, wanted=AT - 100 * DAY)


def test_a_back_fill_goes_on_from_where_it_stopped() -> None:
    assert further("s", None, since=BACK.wanted, opened=(), at=AT) == BACK
    known = replace(BACK, reached=AT - 10 * DAY)
    assert further("s", known, since=None, opened=(), at=AT + DAY) == replace(known, wanted=None)


def test_a_back_fill_that_has_read_what_is_wanted_is_begun_anew_only_for_a_gap_that_came_after_it() -> None:
    known = replace(BACK, reached=AT - 100 * DAY)
    assert further("s", known, since=BACK.wanted, opened=(gap(AT - DAY, AT - HOUR),), at=AT + DAY) is None
    assert further("s", known, since=BACK.wanted, opened=(gap(AT, AT + HOUR, GapReason.DOWN),), at=AT + DAY) is None
    anew = further("s", known, since=BACK.wanted, opened=(gap(AT, AT + HOUR),), at=AT + DAY)
    assert anew == replace(BACK, begun_at=AT + DAY)
    assert further("s", replace(known, ended=True), since=None, opened=(), at=AT + DAY) is None


def test_it_has_come_down_to_the_newest_entry_of_its_last_page() -> None:
    one = after(BACK, page(AT - DAY, AT - 3 * DAY), AT)
    assert one.reached == AT - DAY
    assert after(one, page(None), AT) == one
    assert after(one, page(AT + DAY, AT - 2 * DAY), AT).reached == AT - 2 * DAY


def test_at_its_end_it_has_come_down_to_what_was_wanted_or_to_the_oldest_entry() -> None:
    assert finished(replace(BACK, reached=AT - DAY), AT - 2 * DAY) == replace(BACK, reached=BACK.wanted)
    whole = replace(BACK, wanted=None, reached=AT - DAY)
    assert finished(whole, AT - 2 * DAY) == replace(whole, reached=AT - 2 * DAY, ended=True)


def test_it_closes_gaps_that_it_came_below_and_that_are_not_younger() -> None:
    back = replace(BACK, reached=AT - 10 * DAY)
    below, above = gap(AT - 11 * DAY, AT - 9 * DAY), gap(AT - 9 * DAY, AT - 8 * DAY)
    young, waiting = gap(AT - DAY, AT + DAY), gap(AT - 5 * DAY, AT, GapReason.DOWN)
    assert [one.since for one in closed(back, AT, (below, above, young, waiting))] == [above.since]
    assert closed(replace(back, ended=True), AT, (below,)) == ()


def test_how_long_the_rest_takes_is_reckoned_from_what_was_read_since_this_was_begun() -> None:
    half = replace(BACK, reached=AT - 50 * DAY)
    assert part(half) == 0.5
    assert part(replace(half, wanted=None)) is None
    assert time_left(BACK, Step(done=0.25), HOUR) == 3 * HOUR
    assert time_left(half, Step(done=0.75), HOUR) == HOUR
    assert time_left(half, Step(done=0.5), HOUR) is None
    assert time_left(half, Step(), HOUR) is None
