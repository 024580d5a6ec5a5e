"""Which mentions are one story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from aggregator.model import Identity, Kind, Mention
from aggregator.pipeline.cluster import cluster, story_id
from tests.support.mentions import NOW, mention

PAGE, OTHER, POST = "https://page.example.org/a", "https://page.example.org/b", "https://social.example.org/@ada/1"


def about(subject: str, *aliases: str, name: str = "1", minutes: int = 0) -> Mention:
    return mention(name, subject=subject, aliases=aliases, url=POST, kind=Kind.POST, title=None, at=NOW + timedelta(minutes=minutes))


def stories(mentions: Sequence[Mention]) -> tuple[str, ...]:
    return cluster(mentions).stories


def test_a_story_is_named_after_the_subject_that_was_seen_first() -> None:
    assert stories([about(PAGE, POST)]) == (story_id(PAGE),)


def test_a_post_that_shares_a_page_and_the_reply_to_it_are_one_story() -> None:
    made = stories([about(PAGE, POST), about(POST, OTHER), about(PAGE, "https://social.example.org/@bo/2")])
    assert made == (story_id(PAGE),) * 3


def test_what_names_nothing_together_is_apart() -> None:
    assert stories([about(PAGE), about(OTHER)]) == (story_id(PAGE), story_id(OTHER))


def test_an_identity_has_no_shares_of_its_own() -> None:
    assert Identity(subject=PAGE, href=PAGE).shares == ()
