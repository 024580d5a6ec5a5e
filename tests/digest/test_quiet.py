"""What becomes of a week in which little happened, and what the steward is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.digest.compose import Composed
from aggregator.digest.quiet import Choice, Send, Skip, Wait, what_now
from aggregator.model import Edition, Item
from tests.digest.test_period import BERLIN
from tests.support.editions import digest_of, edition, item, some_items


def composed(new: int, **fields: tuple[Item, ...]) -> Composed:
    made: Edition = replace(edition(some_items(new)), **fields)  # type: ignore[arg-type]  # the lists of Edition
    return Composed(edition=made, told=frozenset(), new=made.new, quiet=made.new < digest_of().least)


def choice(quiet: str, new: int, **fields: tuple[Item, ...]) -> Choice:
    return what_now(composed(new, **fields), digest_of(quiet=quiet), zone=BERLIN)


@pytest.mark.parametrize("quiet", ["skip", "short", "wait"])
def test_a_week_with_enough_new_is_sent_and_nothing_is_said(quiet: str) -> None:
    assert choice(quiet, 5) == Send()


def test_a_quiet_week_is_skipped_and_its_stories_stand_in_the_next() -> None:
    assert choice("skip", 3) == Skip(
        sentence="Only 3 stories are new since 16 November, fewer than 5: nothing is sent, and they stand in the next edition."
    )


def test_one_story_is_said_in_the_singular() -> None:
    assert choice("skip", 1) == Skip(
        sentence="Only 1 story is new since 16 November, fewer than 5: nothing is sent, and it stands in the next edition."
    )


def test_a_week_in_which_nothing_is_new_promises_nothing() -> None:
    assert choice("skip", 0) == Skip(sentence="No story is new since 16 November: nothing is sent.")


def test_a_quiet_week_is_sent_short_where_that_is_wanted() -> None:
    assert choice("short", 3) == Send(sentence="Only 3 stories are new since 16 November, fewer than 5: a short edition is sent.")


@pytest.mark.parametrize("field", ["talked", "pinned"])
def test_what_is_still_talked_about_or_pinned_is_enough_for_a_short_one(field: str) -> None:
    assert choice("short", 0, **{field: (item(),)}) == Send(sentence="No story is new since 16 November: a short edition is sent.")


def test_an_edition_in_which_nothing_stands_is_never_sent() -> None:
    assert choice("short", 0) == Skip(sentence="No story is new since 16 November: nothing is sent.")


@pytest.mark.parametrize("new", [0, 3])
def test_a_quiet_week_waits_until_enough_is_new(new: int) -> None:
    waiting = choice("wait", new)
    assert isinstance(waiting, Wait)
    assert waiting.sentence.endswith(": nothing is sent yet; it goes out as soon as enough is new.")
