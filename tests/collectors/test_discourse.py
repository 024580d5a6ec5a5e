"""Discourse: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from aggregator.collectors._discourse_rows import tags_of, without_boilerplate
from aggregator.collectors.base import build
from aggregator.collectors.discourse import Discourse
from aggregator.errors import BadOption, Unreadable
from aggregator.model import Kind
from tests.support.exchanges import Exchange, RecordedHttp

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "discourse"
HERE = "https://forum.example.org"


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://edgeryders.eu/tag/microsolidarity", {"site": "edgeryders.eu", "tag": "microsolidarity"}),
        ("https://edgeryders.eu/tag/microsolidarity.rss", {"site": "edgeryders.eu", "tag": "microsolidarity"}),
        ("https://any.example/tag/crews/31", {"site": "any.example", "tag": "crews"}),
        ("https://any.example/forum/tag/crews/l/latest", {"site": "any.example/forum", "tag": "crews"}),
        ("https://blog.example/tag/crews", None),
        ("https://blog.example/tag/crews/", None),
        ("https://any.example/c/organising/7.rss", {"site": "any.example", "category": "organising/7"}),
        ("https://any.example/c/parent/organising/7", {"site": "any.example", "category": "parent/organising/7"}),
        ("https://www.youtube.com/c/SomeChannel", None),
        ("https://t.me/c/1234567890/56", None),
        ("https://www.patreon.com/c/crews/7", None),
        ("https://meta.stackoverflow.com/search?q=crews", None),
        ("https://forum.gitlab.com/c/organising/7", {"site": "forum.gitlab.com", "category": "organising/7"}),
        ("https://any.example/t/crews-care/6647/3?u=ada", {"site": "any.example", "topic": "6647"}),
        ("https://forum.example.org/t/6647", {"site": "forum.example.org", "topic": "6647"}),
        ("https://any.example/t/6647", None),
        ("https://forum.example.org/search?q=crews%20care", {"site": "forum.example.org", "search": "crews care"}),
        ("https://any.example/search?expanded=true&q=crews", {"site": "any.example", "search": "crews"}),
        ("https://any.example/search?q=crews", None),
    ],
)
def test_addresses_of_forums_are_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Discourse.recognise(address) == options


@pytest.mark.parametrize("options", [{}, {"tag": "a", "topic": "1"}, {"topic": "crews"}, {"category": "organising"}])
def test_exactly_one_thing_is_read(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Discourse, {"site": "forum.example.org", **options})


def test_a_category_and_a_topic_may_be_given_as_their_addresses() -> None:
    site = {"site": "https://forum.example.org/"}
    assert build(Discourse, site | {"category": f"{HERE}/c/organising/7"}) == build(Discourse, site | {"category": "organising/7"})
    assert build(Discourse, site | {"topic": f"{HERE}/t/crews-care/6647"}) == build(Discourse, site | {"topic": "6647"})


def test_tags_are_texts_or_objects_or_nothing() -> None:
    assert tags_of(["Crews", {"id": 1, "name": "care"}, {"id": 2}, 7, None]) == ("Crews", "care")
    assert tags_of(None) == ()


def test_only_a_link_to_the_topic_itself_is_boilerplate() -> None:
    url = f"{HERE}/t/crews/1"
    tail = f'<p><small>3 Beiträge - 2 Teilnehmer</small></p>\n<p><a href="{url}">Vollständiges Thema lesen</a></p>'
    assert without_boilerplate(f"<p>Text</p>{tail}\n", url) == "<p>Text</p>"
    assert without_boilerplate(f"<p>Text</p>{tail}", f"{HERE}/t/other/2") == f"<p>Text</p>{tail}"
    assert without_boilerplate(tail, url) is None


def test_a_next_page_that_is_not_further_on_is_an_error() -> None:
    body = json.dumps({"topic_list": {"topics": [], "more_topics_url": "/tag/crews/l/latest?page=0"}}).encode()
    http = RecordedHttp([Exchange(url=f"{HERE}/tag/crews.json", body=body)])
    with pytest.raises(Unreadable, match="expected the address of page 1"):
        list(Discourse(site="forum.example.org", tag="crews").poll(http, ""))


def test_the_order_of_a_search_may_be_the_operators_own() -> None:
    body = json.dumps({"posts": [], "grouped_search_result": {"error": None, "post_ids": []}}).encode()
    http = RecordedHttp([Exchange(url=f"{HERE}/search.json?page=1&q=crews+order%3Alikes", body=body)])
    assert [page.entries for page in Discourse(site="forum.example.org", search="crews order:likes").poll(http, "")] == [()]


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("the recorded replies beside the checkout are not there")
    return path.read_bytes()


@pytest.mark.samples
@pytest.mark.parametrize(("name", "rows"), [("stackstorm-category.json", 30), ("python-il-category-he.json", 30)])
def test_recorded_lists_of_topics_are_read_whole(name: str, rows: int) -> None:
    listed = json.loads(sample(name))
    listed["topic_list"].pop("more_topics_url", None)
    http = RecordedHttp([Exchange(url=f"{HERE}/tag/any.json", body=json.dumps(listed).encode())])
    (page,) = Discourse(site="forum.example.org", tag="any").poll(http, "")
    assert len(page.entries) == rows
    assert page.remarks == ()
    assert all(entry.title and entry.published and entry.kind is Kind.THREAD for entry in page.entries)


@pytest.mark.samples
def test_a_recorded_category_has_the_texts_and_not_the_boilerplate() -> None:
    http = RecordedHttp([Exchange(url=f"{HERE}/c/connecting-ogm/15.rss", body=sample("openglobalmind-category.rss"))])
    (page,) = Discourse(site="forum.example.org", category="connecting-ogm/15").poll(http, "")
    assert len(page.entries) == 12
    assert all(entry.html and "Read full topic" not in entry.html for entry in page.entries)


@pytest.mark.samples
def test_a_recorded_topic_is_read_without_the_notices_of_moderators() -> None:
    http = RecordedHttp([Exchange(url=f"{HERE}/t/57.json", body=sample("api-topic.json"))])
    (page,) = Discourse(site="forum.example.org", topic="57").poll(http, "")
    assert page.entries[0].kind is Kind.THREAD
    assert page.entries[0].title == "THIS SITE IS A SANDBOX -- it is reset every day"
    assert all(entry.in_reply_to == page.entries[0].url for entry in page.entries[1:])
