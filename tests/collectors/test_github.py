"""GitHub: what is asked, with a token and without, what counts, addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aggregator.collectors._markdown import addresses
from aggregator.collectors.base import build
from aggregator.collectors.github import GitHub
from aggregator.errors import BadOption, RateLimited, Unauthorized, Unreadable
from aggregator.fetch import Params, Reply
from aggregator.fetch.status import error_for
from aggregator.text.urls import canonical
from tests.support.exchanges import HttpAlone


class Asked(HttpAlone):
    """Gives one reply to whatever is asked, and keeps the question."""

    def __init__(self, *rows: Mapping[str, Any], authorised: bool = False) -> None:
        self.authorised = authorised
        self.body = json.dumps({"total_count": len(rows), "incomplete_results": False, "items": rows}).encode()
        self.asked: list[tuple[str, dict[str, list[str]], bool]] = []

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        self.asked.append((url, {name: [str(value)] for name, value in (params or {}).items()}, auth))
        return Reply(asked=url, url=url, status=200, body=self.body)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written to GitHub")


@pytest.mark.parametrize("authorised", [False, True])
def test_a_token_is_shown_where_there_is_one_and_opens_nothing_that_is_not_public(authorised: bool) -> None:
    http = Asked(authorised=authorised)
    list(GitHub(search="crews").poll(http, ""))
    list(GitHub(topic="crews").poll(http, ""))
    assert [auth for _, _, auth in http.asked] == [authorised] * 2
    assert all("is:public" in params["q"][0].split() for _, params, _ in http.asked)


def test_a_phrase_is_looked_for_in_titles_and_texts_newest_first() -> None:
    http = Asked()
    list(GitHub(search='a "crew').poll(http, ""))
    ((_, params, _),) = http.asked
    assert params["q"] == ['"a  crew" (in:title OR in:body) is:public (is:issue OR is:pull-request)']
    assert params["advanced_search"] == ["true"]
    assert (params["sort"], params["order"]) == (["created"], ["desc"])


def test_an_issue_and_a_pull_request_share_their_numbers() -> None:
    row = {"id": 1, "title": "Crews", "user": {"login": "ada", "type": "User"}, "created_at": "2026-11-20T09:15:02Z"}
    addresses = ("https://github.com/Garden/crews/pull/7", "https://github.com/garden/crews/issues/7")
    http = Asked(*({**row, "id": count, "html_url": url} for count, url in enumerate(addresses)))
    (page,) = GitHub(search="crews").poll(http, "")
    assert {canonical(entry.url).key for entry in page.entries} == {"https://github.com/garden/crews/issues/7"}


@pytest.mark.parametrize("who", [{"login": "x", "type": "Bot"}, {"login": "x[bot]", "type": "User"}])
def test_programs_do_not_count(who: Mapping[str, str]) -> None:
    row = {"id": 1, "title": "Crews", "user": who, "html_url": "https://github.com/a/b/issues/1", "created_at": "2026-11-20T09:15:02Z"}
    (page,) = GitHub(search="crews").poll(Asked(row), "")
    assert page.entries == ()


@pytest.mark.parametrize("position", ['{"at":"x"}', '{"at":"7/x"}', '{"at":"99999999999999"}', '{"at":"²"}'])
def test_a_position_that_is_none_is_an_error(position: str) -> None:
    for collector in (GitHub(search="crews"), GitHub(topic="crews")):
        try:
            list(collector.poll(Asked(), position))
        except Unreadable:
            continue
        assert collector.topic, "only a page has a number and a name"


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (403, {"retry-after": "60"}, RateLimited),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795166102"}, RateLimited),
        (429, {}, RateLimited),
        (401, {}, Unauthorized),
        (422, {}, Unreadable),
    ],
)
def test_what_github_refuses_is_the_error_whose_next_step_fits(status: int, headers: Mapping[str, str], kind: type[Exception]) -> None:
    assert type(error_for("https://api.github.com/search/issues", status, headers, now=None)) is kind


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://github.com/topics/microsolidarity", {"topic": "microsolidarity"}),
        ("https://www.github.com/topics/Crews/", {"topic": "crews"}),
        ("https://github.com/search?q=crew+of+five&type=issues", {"search": "crew of five"}),
        ("https://github.com/search?q=crews&type=pullrequests", {"search": "crews"}),
        ("https://github.com/search?q=crews&type=code", None),
        ("https://github.com/search", None),
        ("https://github.com/topics", None),
        ("https://github.com/garden/crews/releases.atom", None),
        ("https://gitlab.com/topics/crews", None),
    ],
)
def test_pasted_addresses(address: str, options: Mapping[str, str] | None) -> None:
    assert GitHub.recognise(address) == options
    assert GitHub.declined(address) is None


def test_a_thread_is_no_source() -> None:
    assert "aggregator add" in (GitHub.declined("https://github.com/garden/crews/issues/7") or "")
    assert parse_qs(urlsplit(GitHub(search="crews").address).query)["type"] == ["issues"]


def test_one_thing_is_wanted_and_words_that_are_no_topic_are_searched_alone() -> None:
    for options in ({}, {"search": "a", "topic": "b"}, {"topic": "two words"}):
        with pytest.raises(BadOption):
            build(GitHub, options)
    assert GitHub.proposals("crews") == ({"search": "crews"}, {"topic": "crews"})
    assert GitHub.proposals("größe") == ({"search": "größe"},)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("[essay](https://a.example/b)", ("https://a.example/b",)),
        ("[essay](https://a.example/b_(c) 'title')", ("https://a.example/b_(c)",)),
        ("see https://a.example/b, or <https://b.example>.", ("https://a.example/b", "https://b.example")),
        ("**https://a.example/b** and https://a.example/b", ("https://a.example/b",)),
        ("![](https://a.example/b.png)", ("https://a.example/b.png",)),
        ("https:// and http://.", ()),
        ("", ()),
    ],
)
def test_addresses_in_markdown(written: str, found: tuple[str, ...]) -> None:
    assert addresses(written) == found
