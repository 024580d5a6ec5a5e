"""What readers are told of what could not be read in a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.coverage import LEAST, coverage_line
from aggregator.model import Gap, GapReason, Period, Trouble
from aggregator.publish.sources import SourceView
from tests.digest.test_period import BERLIN
from tests.support.editions import WEEK
from tests.support.site import on_mastodon, source_view


def on_platform(title: str, *, label: str = "") -> SourceView:
    return source_view(title.lower(), label=label or f"{title}, #crews", platform=title.lower(), platform_title=title, place=title)


REDDIT, LOOMIO, BLUESKY = on_platform("Reddit"), on_platform("Loomio"), on_platform("Bluesky")
BLOGS = tuple(source_view(f"blog-{number}", label=f"Blog {number}", place=f"Blog {number}") for number in range(1, 9))
ALL = (REDDIT, LOOMIO, BLUESKY, *BLOGS)


def at(day: int, hour: int = 12, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def down(source: SourceView, since: datetime, until: datetime | None = None) -> Trouble:
    return Trouble(source=source.id, since=since, until=until)


def line(*troubles: Trouble, sources: tuple[SourceView, ...] = ALL, period: Period = WEEK) -> str:
    return coverage_line(troubles, sources, period=period, zone=BERLIN)


def test_nothing_is_said_when_all_was_read() -> None:
    assert line() == ""


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (at(17), at(19), "from Tuesday to Thursday"),
        (at(17, 1), at(17, 20), "on Tuesday"),
        (at(17), None, "since Tuesday"),
        (at(12), at(19), "until Thursday"),
        (at(12), None, "since 12 November"),
        (datetime(2025, 5, 3, tzinfo=UTC), None, "since 3 May 2025"),
        (at(16, 9), at(18), "from 16 November to Wednesday"),
        (at(21), at(23, 7), "from Saturday to 23 November"),
        (at(22), at(24), "from Sunday to 24 November"),
    ],
)
def test_it_is_said_when_a_source_could_not_be_read(since: datetime, until: datetime | None, expected: str) -> None:
    assert line(down(REDDIT, since, until)) == f"Reddit could not be read {expected}."


def test_days_are_those_of_the_digests_zone() -> None:
    assert line(down(REDDIT, at(16, 23), at(18, 23))) == "Reddit could not be read from Tuesday to Thursday."


@pytest.mark.parametrize(("hours", "said"), [(5.9, False), (6, True)])
def test_less_than_six_hours_is_not_worth_telling(hours: float, said: bool) -> None:
    assert bool(line(down(REDDIT, at(17), at(17) + timedelta(hours=hours)))) is said


def test_what_failed_only_just_now_is_told_next_time_if_it_lasts() -> None:
    assert line(down(REDDIT, WEEK.until - timedelta(hours=2))) == ""


def test_interruptions_with_little_between_them_are_one() -> None:
    flapping = [down(REDDIT, at(17, hour), at(17, hour + 3)) for hour in (0, 4, 8, 12)]
    assert line(*flapping) == "Reddit could not be read on Tuesday."


def test_times_that_overlap_are_one() -> None:
    assert line(down(REDDIT, at(17), at(20)), down(REDDIT, at(18), at(19))) == "Reddit could not be read from Tuesday to Friday."
    assert line(down(REDDIT, at(17)), down(REDDIT, at(18), at(19))) == "Reddit could not be read since Tuesday."
    assert line(down(REDDIT, at(17), at(19)), down(REDDIT, at(18))) == "Reddit could not be read since Tuesday."


def test_two_times_are_told_and_more_are_summed_up() -> None:
    days = [down(REDDIT, at(day, 8), at(day, 20)) for day in (17, 19, 21)]
    assert line(*days[:2]) == "Reddit could not be read on Tuesday and on Thursday."
    assert line(*days) == "Reddit could not be read at times from Tuesday to Saturday."


def test_sources_with_the_same_time_stand_together() -> None:
    both = [down(source, at(17), at(19)) for source in (LOOMIO, REDDIT)]
    assert line(*both) == "Reddit and Loomio could not be read from Tuesday to Thursday."


def test_sources_with_other_times_have_a_sentence_each_the_earliest_first() -> None:
    assert line(down(REDDIT, at(18)), down(LOOMIO, at(17), at(19))) == (
        "Loomio could not be read from Tuesday to Thursday. Reddit could not be read since Wednesday."
    )


def test_more_than_four_are_counted() -> None:
    assert line(*(down(blog, at(17)) for blog in BLOGS)) == "Blog 1, Blog 2, Blog 3, Blog 4 and 4 others could not be read since Tuesday."


def test_five_are_named_since_one_other_is_no_shorter() -> None:
    assert line(*(down(blog, at(17)) for blog in BLOGS[:5])) == "Blog 1, Blog 2, Blog 3, Blog 4 and Blog 5 could not be read since Tuesday."


def test_more_than_three_sentences_are_summed_up() -> None:
    troubles = [down(blog, at(17) + timedelta(days=number)) for number, blog in enumerate(BLOGS[:5])]
    assert line(*troubles).endswith("Blog 3 could not be read since Thursday. 2 other sources could not be read for a part of the time.")


def test_a_platform_is_named_when_all_of_it_failed_else_its_source_is() -> None:
    one, other = on_mastodon("one", label="Mastodon, social.example"), on_mastodon("other", label="Mastodon, crews.example")
    sources = (one, other, REDDIT)
    assert line(down(one, at(17)), down(other, at(17)), sources=sources) == "Mastodon could not be read since Tuesday."
    assert line(down(one, at(17)), sources=sources) == "Mastodon, social.example could not be read since Tuesday."


def test_a_dead_network_is_one_sentence() -> None:
    assert line(*(down(source, at(17), at(19)) for source in ALL)) == "No source could be read from Tuesday to Thursday."


def test_a_source_that_waits_for_a_secret_is_no_news() -> None:
    waiting = replace(REDDIT, waits_for="Not read until REDDIT_SECRET is set.")
    assert line(down(waiting, at(17)), sources=(waiting, LOOMIO)) == ""


def test_a_source_that_is_switched_off_is_not_spoken_of() -> None:
    assert line(down(REDDIT, at(17)), sources=(LOOMIO, BLUESKY)) == ""


INSTANTS = st.integers(-40 * 24, 10 * 24).map(lambda hours: WEEK.since + timedelta(hours=hours))
TROUBLES = st.lists(
    st.builds(
        lambda source, since, hours: down(source, since, since + timedelta(hours=hours) if hours else None),
        st.sampled_from(ALL),
        INSTANTS,
        st.integers(0, 60),
    ),
    max_size=20,
    unique_by=lambda one: (one.source, one.since),
)


@given(TROUBLES)
def test_every_source_with_a_long_interruption_is_told_of_in_few_sentences(troubles: list[Trouble]) -> None:
    told = line(*troubles)
    long = any((one.until or WEEK.until) - one.since >= LEAST for one in troubles)
    assert bool(told) or not long
    assert told.count(" be read ") == told.count(".") <= 4


# -- what may be gone for good


def missed(source: SourceView, since: datetime, until: datetime, reason: GapReason = GapReason.TURNED_OVER) -> Gap:
    return Gap(source=source.id, since=since, until=until, reason=reason, found_at=until)


def told(*gaps: Gap, troubles: tuple[Trouble, ...] = ()) -> str:
    why = {GapReason.TURNED_OVER: "it shows only the 10 newest stories", GapReason.WITHHELD: "the platform does not give it"}
    return coverage_line(troubles, [replace(source, missing=why) for source in ALL], period=WEEK, zone=BERLIN, gaps=gaps)


def test_what_a_listing_dropped_is_said_however_short_the_time_was() -> None:
    assert told(missed(REDDIT, at(17, 9), at(17, 10))) == (
        "Of Reddit, #crews, entries may have been missed on Tuesday: it shows only the 10 newest stories."
    )
    assert told(missed(LOOMIO, at(17), at(19))).startswith("Of Loomio, #crews, entries may have been missed from Tuesday to Thursday: ")


def test_what_is_read_afterwards_or_was_read_back_is_not_called_missed() -> None:
    assert told(missed(REDDIT, at(17), at(19), GapReason.DOWN)) == ""
    assert told(missed(REDDIT, at(17), at(19), GapReason.CUT)) == ""
    assert told(replace(missed(REDDIT, at(17), at(19)), closed_at=at(20), closed_by="back-fill")) == ""


def test_many_gaps_of_one_source_are_one_sentence_and_many_sources_are_counted() -> None:
    assert told(*(missed(REDDIT, at(day), at(day, 13)) for day in (17, 18, 19, 20))).count("Reddit") == 1
    many = told(*(missed(blog, at(17), at(18)) for blog in BLOGS))
    assert many.endswith("Of 5 other sources, too, some may have been missed.")


def test_what_could_not_be_read_comes_first() -> None:
    both = told(missed(LOOMIO, at(17), at(18)), troubles=(down(REDDIT, at(17), at(19)),))
    assert both.startswith("Reddit could not be read from Tuesday to Thursday. Of Loomio, #crews, ")
