"""Webmentions of a site: what webmention.io knows, and what of it is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.collectors.base import build
from aggregator.collectors.webmention import API, AT_ONCE, Webmention
from aggregator.errors import BadOption, MissingSecret, Unreadable
from aggregator.model import Entry, Kind, Page
from tests.support.exchanges import Exchange, RecordedHttp

PAGE = Webmention(target="//topic.example/discussing/")


def row(id: int, **more: Any) -> dict[str, Any]:
    plain = {"wm-source": f"https://ada.example/{id}", "wm-target": "https://topic.example/discussing/", "wm-property": "mention-of"}
    return {"wm-id": id, "wm-private": False, "name": "Crews", **plain, **more}


def asked(*pages: list[dict[str, Any]]) -> RecordedHttp:
    exchanges, known = [], 0
    for rows in (*pages, []):
        question = f"{API}?target=//topic.example/discussing/&since_id={known}&sort-by=created&sort-dir=up&per-page={AT_ONCE}"
        exchanges.append(Exchange(url=question, headers={"content-type": "application/json"}, body=json.dumps({"children": rows}).encode()))
        known = max([known, *(one["wm-id"] for one in rows)])
    return RecordedHttp(exchanges)


def polled(*pages: list[dict[str, Any]]) -> list[Page]:
    return list(PAGE.poll(asked(*pages), ""))


def entry(**more: Any) -> Entry:
    (found,) = polled([row(1, **more)])[0].entries
    return found


@pytest.mark.parametrize(
    ("source", "named", "shown"),
    [
        ("https://ada.example/1", "https://ada.example/one", "https://ada.example/one"),
        ("https://www.ada.example/1", "https://ada.example/one", "https://ada.example/one"),
        ("https://ada.example/1", "https://bank.example/", "https://ada.example/1"),
        ("https://ada.example/1", "https://ada.example.evil.example/", "https://ada.example/1"),
        ("https://ada.example/1", "javascript:alert(1)", "https://ada.example/1"),
        (
            "https://brid.gy/comment/bluesky/a/b/c",
            "https://bsky.app/profile/ada.example/post/1",
            "https://bsky.app/profile/ada.example/post/1",
        ),
        ("https://brid.gy.evil.example/x", "https://bank.example/", "https://brid.gy.evil.example/x"),
    ],
)
def test_a_source_names_an_address_of_its_own_host_alone(source: str, named: str, shown: str) -> None:
    assert entry(**{"wm-source": source, "url": named}).url == shown


def test_an_answer_is_a_comment_and_a_page_on_a_site_of_its_own_an_article() -> None:
    assert entry(**{"wm-property": "in-reply-to"}).kind is Kind.COMMENT
    assert entry(name=None, content={"text": "Good"}).kind is Kind.ARTICLE
    assert entry(name="Good", content={"text": "Good"}).title is None
    assert entry().kind is Kind.ARTICLE


def test_a_receiver_that_does_not_begin_with_the_oldest_is_an_error() -> None:
    with pytest.raises(Unreadable, match="oldest first"):
        polled([row(id) for id in range(AT_ONCE, 0, -1)])


def test_a_receiver_that_goes_on_from_the_beginning_is_an_error() -> None:
    http = asked([row(1)])
    with pytest.raises(Unreadable, match="after number 1"):
        list(PAGE.poll(RecordedHttp([Exchange(url=one, body=b'{"children":[{"wm-id":1}]}') for one in _questions(http)]), '{"since_id":1}'))


def _questions(http: RecordedHttp) -> list[str]:
    list(PAGE.poll(http, ""))
    return http.asked


def test_a_whole_site_wants_a_key() -> None:
    with pytest.raises(MissingSecret):
        list(Webmention(domain="topic.example").poll(RecordedHttp([]), ""))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"target": "https://a.example/", "domain": "a.example"},
        {"target": "ftp://a.example"},
        {"target": "notes"},
        {"domain": "https://a.example:8443"},
    ],
)
def test_one_page_or_one_site_is_wanted(options: dict[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Webmention, options)


def test_a_page_is_asked_for_under_both_schemes() -> None:
    assert build(Webmention, {"target": "https://Topic.example/Discussing/"}) == Webmention(target="//topic.example/Discussing/")
