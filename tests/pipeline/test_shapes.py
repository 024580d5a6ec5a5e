"""The drift alarm: it hears what went, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from aggregator.pipeline.shapes import Seen, asked_for, gone_from, shape_of, shapes, tally
from aggregator.recorded import FIXTURES, good_replies, named_by

KNOWN = sorted(path.name for path in FIXTURES.iterdir() if shapes(path.name))
NAMES = frozenset({"posts", "id", "text", "author", "name", "title"})


def reply(value: Any, url: str = "https://x.example/api/posts") -> Seen:
    return Seen(method="GET", url=url, body=json.dumps(value).encode())


def shape(*values: Any) -> Mapping[str, tuple[str, ...]]:
    return shape_of([("q", reply(value)) for value in values], NAMES)


def gone(known: Any, *now: Any) -> list[str]:
    return list(gone_from(shape(known), [("q", reply(value)) for value in now]).get("q", ()))


POSTS = {"posts": [{"id": 1, "text": "a", "author": {"name": "Ana"}}, {"id": 2, "text": "b", "author": {"name": "Bo"}}]}


def test_a_field_that_no_row_has_any_more_went() -> None:
    assert gone(POSTS, {"posts": [{"id": 1, "author": {"name": "Ana"}}]}) == ["posts[].text"]


def test_of_what_went_with_all_that_is_inside_the_outermost_is_named() -> None:
    assert gone(POSTS, {"posts": [{"id": 1, "text": "a"}]}) == ["posts[].author"]
    assert gone(POSTS, {"items": []}) == ["posts"]


@pytest.mark.parametrize(
    "now",
    [
        POSTS,
        {"posts": []},
        {"posts": [{"id": 1, "text": "a", "author": {"name": "Ana"}, "fresh": 1}], "more": True},
        {"posts": [{"id": 1, "author": {"name": "Ana"}}, {"id": 2, "text": "b", "author": {"name": "Bo"}}]},
    ],
)
def test_an_empty_list_a_new_field_and_one_odd_row_are_no_alarm(now: Any) -> None:
    assert gone(POSTS, now) == []


def test_what_stands_in_one_of_several_replies_did_not_go() -> None:
    assert gone(POSTS, {"posts": [{"id": 1, "author": {"name": "Ana"}}]}, POSTS) == []


def test_a_field_that_is_not_always_there_belongs_to_no_shape() -> None:
    assert shape({"posts": [{"id": 1, "text": "a"}, {"id": 2}]}) == {"q": ("posts", "posts[].id")}


def test_a_field_that_the_code_does_not_name_is_not_its_business() -> None:
    assert shape({"posts": [{"id": 1, "etag": "x"}]}) == {"q": ("posts", "posts[].id")}


def test_an_element_and_a_class_are_marks_as_well() -> None:
    feed = b"<rss><channel><title>x</title><item><title>a</title></item></channel></rss>"
    known = shape_of([("q", Seen(method="GET", url="", body=feed))], NAMES | {"item"})
    without = Seen(method="GET", url="", body=feed.replace(b"<title>a</title>", b"<guid>1</guid>"))
    assert gone_from(known, [("q", without)]) == {"q": ("<rss>/channel/item/title",)}
    page = Seen(method="GET", url="", body=b'<html><p class="text big">x</p></html>')
    marks = shape_of([("q", page)], NAMES)
    assert marks == {"q": (".text",)}
    assert gone_from(marks, [("q", replace(page, body=b"<html><p>x</p></html>"))]) == {"q": (".text",)}


@pytest.mark.parametrize("body", [b"", b"{", b"<rss><channel>", b"7", b"\xff\xfe", b"[" * 100_000])
def test_what_cannot_be_read_has_no_marks_and_no_gaps(body: bytes) -> None:
    assert not tally([Seen(method="GET", url="", body=body)]).there
    assert gone_from(shape(POSTS), [("q", Seen(method="GET", url="", body=body))]) == {}


@pytest.mark.parametrize(
    ("url", "options", "question"),
    [
        ("https://a.example/tag/Crews.json", {"tag": "crews"}, "GET /tag/{}.json"),
        ("https://a.example/t/6647.json", {"topic": "6647"}, "GET /t/{}.json"),
        ("https://a.example/api/v1/timelines/tag/crews?max_id=7", {"tag": "crews"}, "GET /api/v1/timelines/tag/{}"),
        ("https://a.example/c/organising/7.json", {"category": "organising/7"}, "GET /c/{}/{}.json"),
        ("https://a.example/xrpc/app.bsky.feed.searchPosts", {"tag": "crews"}, "GET /xrpc/app.bsky.feed.searchPosts"),
        ("https://a.example/@ana/posts", {}, "GET /{}/posts"),
    ],
)
def test_a_question_is_the_same_whatever_it_is_about(url: str, options: Mapping[str, str], question: str) -> None:
    assert asked_for(reply({}, url), options) == question


@pytest.mark.parametrize("platform", KNOWN)
def test_the_recorded_replies_of_a_platform_raise_no_alarm(platform: str) -> None:
    assert gone_from(shapes(platform), good_replies(FIXTURES / platform)) == {}


def without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: without(inner, name) for key, inner in value.items() if key != name}
    return [without(one, name) for one in value] if isinstance(value, list) else value


def renamed(change: Callable[[Any], Any], seen: Seen) -> Seen:
    return replace(seen, body=json.dumps(change(json.loads(seen.body))).encode())


@pytest.mark.parametrize(("platform", "name"), [("mastodon", "content"), ("youtube", "publishedAt"), ("hackernews", "created_at_i")])
def test_a_field_that_a_platform_takes_away_is_named(platform: str, name: str) -> None:
    assert name in named_by(platform)
    changed = [
        (question, renamed(lambda value: without(value, name), seen) if seen.body.lstrip()[:1] in (b"{", b"[") else seen)
        for question, seen in good_replies(FIXTURES / platform)
    ]
    found = gone_from(shapes(platform), changed)
    assert {mark.rpartition(".")[2] for marks in found.values() for mark in marks} == {name}
