"""Lobsters: who wrote and who found, what is asked and how often, addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from aggregator.collectors.base import build
from aggregator.collectors.lobsters import Lobsters
from aggregator.errors import BadOption
from aggregator.model import Entry, GapReason, Kind, Page
from aggregator.pipeline.identify import identify
from aggregator.text.urls import canonical
from tests.support.exchanges import RecordedHttp, cases, replayed


def pages_of(name: str) -> tuple[list[Page], list[str]]:
    (case,) = (one for one in cases("lobsters") if one.name == name)
    http = RecordedHttp(case.exchanges)
    return list(replayed(case, http)), http.asked


def entries_of(name: str) -> dict[str, Entry]:
    return {entry.native_id: entry for page in pages_of(name)[0] for entry in page.entries}


def test_a_story_is_about_the_page_it_shares_and_a_text_about_itself() -> None:
    found = entries_of("ordinary")
    shared, text = found["s/abc122"], found["s/abc121"]
    assert identify(shared, links=shared.links).subject == "https://notes.example.org/circle"
    assert text.kind is Kind.THREAD
    assert identify(text, links=()).subject == canonical("https://lobste.rs/s/abc121/ask-does-it-work").key


def test_by_names_the_author_of_the_page_and_via_who_found_it() -> None:
    found = entries_of("ordinary")
    assert [preview.author for preview in found["s/abc123"].previews] == ["ada"]
    assert found["s/abc122"].previews == ()
    assert [entry.author.handle for entry in found.values() if entry.author] == ["ada", "cy", "cy"]


def test_the_way_to_the_comments_is_no_part_of_a_story() -> None:
    assert all("Comments" not in (entry.html or "") for entry in entries_of("ordinary").values())


def test_a_comment_does_not_carry_the_title_of_its_story_as_its_own() -> None:
    found = entries_of("comments")
    assert {(entry.kind, entry.title) for entry in found.values()} == {(Kind.COMMENT, None)}
    assert canonical(found["c/xyz789"].url).key == "https://lobste.rs/c/xyz789"


def test_comments_that_passed_unseen_are_said_and_others_are_not() -> None:
    (page,), _ = pages_of("turned-over")
    assert page.missed is not None
    assert page.missed.reason is GapReason.TURNED_OVER
    assert page.missed.since is not None
    assert page.missed.since.hour == 7
    (page,), _ = pages_of("until-known")
    assert (page.missed, page.remarks) == (None, ())


@pytest.mark.parametrize("case", [case.name for case in cases("lobsters")])
def test_nothing_but_feeds_is_asked_for(case: str) -> None:
    assert all(asked.endswith(".rss") for asked in pages_of(case)[1])


def test_it_is_asked_no_more_often_than_its_feeds_and_limits_say() -> None:
    manifest = Lobsters.manifest
    assert manifest.every >= timedelta(minutes=120)
    for requests, minutes in ((30, 1), (100, 10), (400, 60)):
        assert timedelta(minutes=minutes) / manifest.pace.gap <= requests


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://lobste.rs/t/practices", {"tag": "practices"}),
        ("https://lobste.rs/t/practices,culture.rss", {"tag": "culture,practices"}),
        ("https://lobste.rs/t/c++", {"tag": "c++"}),
        ("https://lobste.rs/domains/garden.example.org", {"domain": "garden.example.org"}),
        ("https://www.lobste.rs/~ada/stories.rss", {"user": "ada"}),
        ("https://lobste.rs/u/ada", {"user": "ada"}),
        ("https://lobste.rs/~ada", {"user": "ada"}),
        ("https://lobste.rs/newest.rss", {"what": "stories"}),
        ("https://lobste.rs/rss", {"what": "stories"}),
        ("https://lobste.rs/comments", {"what": "comments"}),
        ("https://lobste.rs/s/abc123/crews", None),
        ("https://lobste.rs/", None),
        ("https://lobsters.example.org/t/practices", None),
    ],
)
def test_pasted_addresses(address: str, options: Mapping[str, str] | None) -> None:
    assert Lobsters.recognise(address) == options
    if options is None:
        assert (Lobsters.declined(address) is None) == ("example.org" in address)
    else:
        collector = build(Lobsters, options)
        assert Lobsters.recognise(collector.address) == Lobsters.recognise(collector.feed or "") == options


def test_one_thing_is_wanted() -> None:
    for options in ({}, {"tag": "a", "user": "b"}, {"what": "polls"}, {"tag": "two words"}, {"tag": ","}, {"user": "x y"}):
        with pytest.raises(BadOption):
            build(Lobsters, options)


def test_no_tag_is_proposed_since_tags_are_a_fixed_list() -> None:
    assert Lobsters.proposals("microsolidarity") == ()
