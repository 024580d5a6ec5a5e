"""Hacker News: what is asked, whose voice a story is, windows of time, addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aggregator.collectors.base import build
from aggregator.collectors.hackernews import HackerNews
from aggregator.errors import BadOption, Unreadable
from aggregator.model import Entry, Kind
from aggregator.pipeline.identify import identify
from tests.contracts.simulated import LIVING
from tests.support.exchanges import Exchange, RecordedHttp

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "hackernews"
URL = "https://hn.algolia.com/api/v1/search_by_date"
TIME = 1795166102


def polled(body: bytes, **options: str) -> tuple[list[Entry], dict[str, list[str]]]:
    """The entries of one reply, whatever is asked, and what was asked."""
    asked: list[str] = []

    class Anything(RecordedHttp):
        def _answer(self, method: str, url: str, auth: bool, sent: object = None, whole: object = None) -> Any:
            asked.append(url)
            self._waiting[method, url, "null"] = [Exchange(url=url, body=body)]
            return super()._answer(method, url, auth, sent, whole)

    page = next(HackerNews(**options).poll(Anything([]), ""))
    return list(page.entries), parse_qs(urlsplit(asked[0]).query, keep_blank_values=True)


def hits(*found: Mapping[str, Any]) -> bytes:
    common = {"created_at_i": TIME, "author": "ada", "_tags": ["story"], "title": "Crews"}
    return json.dumps({"hits": [{"objectID": str(count), **common, **hit} for count, hit in enumerate(found, 1)]}).encode()


def test_a_word_is_asked_for_exactly_and_without_what_is_large() -> None:
    _, asked = polled(hits(), search="microsolidarity")
    assert asked["query"] == ['"microsolidarity"']
    assert asked["typoTolerance"] == ["false"]
    assert asked["attributesToHighlight"] == [""]
    assert "restrictSearchableAttributes" not in asked


def test_words_that_are_quoted_already_are_one_phrase() -> None:
    assert polled(hits(), search='"crew of five"')[1]["query"] == ['"crew of five"']


@pytest.mark.parametrize(("what", "tags"), [("", "(story,poll,comment)"), ("stories", "(story,poll)"), ("comments", "comment")])
def test_stories_and_comments_are_asked_for_apart_or_together(what: str, tags: str) -> None:
    assert polled(hits(), search="crews", what=what)[1]["tags"] == [tags]


def test_the_stories_of_a_site_are_looked_for_in_their_addresses_alone() -> None:
    _, asked = polled(hits(), domain="example.org")
    assert (asked["restrictSearchableAttributes"], asked["tags"]) == (["url"], ["(story,poll)"])


@pytest.mark.parametrize("link", ["https://example.org.evil.example/", "https://notexample.org/", "https://x.example/?u=example.org", None])
def test_a_story_from_elsewhere_is_not_one_of_the_site(link: str | None) -> None:
    assert polled(hits({"url": link}), domain="example.org")[0] == []


def test_a_story_is_about_the_page_it_shares_and_a_comment_about_its_story() -> None:
    comment = {"_tags": ["comment"], "title": None, "comment_text": "crews", "story_id": 7, "story_title": "Crews"}
    shared, said = polled(hits({"url": "https://garden.example.org/crews?utm_source=hn"}, comment), search="crews")[0]
    assert identify(shared, links=shared.links).subject == "https://garden.example.org/crews"
    assert identify(said, links=()).subject == "https://news.ycombinator.com/item?id=7"
    assert identify(said, links=()).aliases == ("https://news.ycombinator.com/item?id=2",)


def test_a_question_without_a_link_is_a_thread_of_its_own() -> None:
    (asked,) = polled(hits({"story_text": "Does it work?", "url": None}), search="crews")[0]
    assert asked.kind is Kind.THREAD
    assert identify(asked, links=()).subject == asked.url


def test_hits_that_are_newer_than_asked_for_are_no_progress() -> None:
    first = {"hits": [{"objectID": str(one), "title": "Crews", "created_at_i": TIME - one} for one in range(2)], "nbPages": 2}
    again = {**first, "hits": [{**hit, "created_at_i": TIME + 9} for hit in first["hits"]]}  # type: ignore[attr-defined]  # a list of objects
    older = f"created_at_i<={TIME - 1}"
    asked = {"query": '"crews"', "tags": "(story,poll,comment)", "hitsPerPage": "100", "typoTolerance": "false"}
    rest = {"attributesToHighlight": "", "attributesToSnippet": ""}

    def url(**more: str) -> str:
        from urllib.parse import urlencode

        return f"{URL}?{urlencode({**asked, **rest, **more})}"

    exchanges = [
        Exchange(url=url(), body=json.dumps(first).encode()),
        Exchange(url=url(numericFilters=older), body=json.dumps(again).encode()),
    ]
    with pytest.raises(Unreadable, match="newer"):
        list(HackerNews(search="crews").poll(RecordedHttp(exchanges), ""))


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://hn.algolia.com/?q=microsolidarity", {"search": "microsolidarity"}),
        ("https://hn.algolia.com/?dateRange=all&query=a%20crew&sort=byDate&type=story", {"search": "a crew", "what": "stories"}),
        ("https://hn.algolia.com/?query=crew&type=comment", {"search": "crew", "what": "comments"}),
        ("https://hnrss.org/newest?q=crew", {"search": "crew", "what": "stories"}),
        ("https://hnrss.org/newcomments.jsonfeed?q=crew", {"search": "crew", "what": "comments"}),
        ("https://news.ycombinator.com/from?site=example.org", {"domain": "example.org"}),
        ("https://news.ycombinator.com/item?id=1", None),
        ("https://news.ycombinator.com/", None),
        ("https://hnrss.org/frontpage", None),
        ("https://hn.algolia.com/api/v1/search?query=crew", None),
    ],
)  # fmt: skip
def test_pasted_addresses(address: str, options: Mapping[str, str] | None) -> None:
    assert HackerNews.recognise(address) == options


@pytest.mark.parametrize(
    ("address", "declined"),
    [
        ("https://news.ycombinator.com/item?id=1", True),
        ("https://hn.algolia.com/about", True),
        # Feeds, which anybody can read.
        ("https://news.ycombinator.com/rss", False),
        ("https://hnrss.org/frontpage", False),
        ("https://example.org/item?id=1", False),
    ],
)
def test_a_story_is_no_source(address: str, declined: bool) -> None:
    assert (HackerNews.declined(address) is not None) == declined


def test_a_reply_whose_rows_are_all_strange_is_a_new_layout_and_not_nothing_new() -> None:
    with pytest.raises(Unreadable, match="got none in 10: no objectID"):
        polled(hits(*({"objectID": None} for _ in range(10))), search="crews")
    assert len(polled(hits({}, *({"objectID": None} for _ in range(10))), search="crews")[0]) == 1


@pytest.mark.parametrize("written", ["https://www.crews.example/", "http://crews.example", "WWW.crews.example", "crews.example"])
def test_a_site_is_the_same_however_its_address_is_written(written: str) -> None:
    assert build(HackerNews, {"domain": written}) == HackerNews(domain="crews.example")


def test_what_is_wanted_must_be_one_thing() -> None:
    for options in (
        {},
        {"search": "a", "domain": "example.org"},
        {"domain": "example.org", "what": "comments"},
        {"search": "a", "what": "polls"},
    ):
        with pytest.raises(BadOption):
            build(HackerNews, options)


def test_a_word_is_proposed_as_a_search() -> None:
    assert [build(HackerNews, one) for one in HackerNews.proposals("microsolidarity")] == [HackerNews(search="microsolidarity")]


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples do not lie beside this checkout")
def test_a_recorded_reply_of_the_search_is_read_whole() -> None:
    body = (SAMPLES / "algolia-front-page.json").read_bytes()
    listed = json.loads(body)["hits"]
    entries, _ = polled(body, search="crews")
    assert [entry.native_id for entry in entries] == [hit["objectID"] for hit in listed]
    assert [entry.links for entry in entries] == [(hit["url"],) if hit.get("url") else () for hit in listed]
    assert [entry.published.isoformat() if entry.published else None for entry in entries] == [
        hit["created_at"].replace("Z", "+00:00") for hit in listed
    ]
    assert all(entry.title and entry.author for entry in entries)


def test_a_story_of_the_very_second_of_the_last_poll_is_not_lost_beneath_the_newest_page() -> None:
    here = LIVING["hackernews"][1]()
    here.publish(129)
    cursor = list(HackerNews(search="crews").poll(here, ""))[-1].cursor
    # Numbers 129 to 131 are of one second: the newest page of twenty ends with 131, and 130 stands on the next.
    here.publish(21)
    found = {entry.native_id for page in HackerNews(search="crews").poll(here, cursor) for entry in page.entries}
    assert {str(number) for number in range(130, 151)} <= found
