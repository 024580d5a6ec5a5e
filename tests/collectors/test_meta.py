"""Threads and Instagram: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from aggregator.collectors.base import build, unpack
from aggregator.collectors.instagram import Instagram
from aggregator.collectors.threads import Threads
from aggregator.errors import BadOption, MissingSecret, Unauthorized
from aggregator.model import Page
from tests.support.exchanges import Exchange, RecordedHttp, cases, replayed


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://www.threads.com/search?q=crews&serp_type=tags", {"tag": "crews"}),
        ("https://www.threads.net/search?q=crew%20of%20five", {"search": "crew of five"}),
        ("https://www.threads.com/search?q=crew+of+five&serp_type=tags", None),
        ("https://www.threads.com/@ada", None),
        ("https://example.org/search?q=crews", None),
    ],
)
def test_searches_of_threads_are_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Threads.recognise(address) == options


def test_what_cannot_be_watched_is_answered_with_what_can() -> None:
    assert "`aggregator add`" in (Threads.declined("https://www.threads.com/@ada/post/DAbCdEfGhIj") or "")
    assert "`tag: microsolidarity`" in (Instagram.declined("https://www.instagram.com/explore/tags/microsolidarity/") or "")
    assert "`aggregator add`" in (Instagram.declined("https://instagram.com/p/DAbCdEfGhIj/") or "")
    assert (Threads.declined("https://example.org/"), Instagram.declined("https://example.org/")) == (None, None)


@pytest.mark.parametrize("options", [{"tag": "a"}, {"tag": "🌱", "user": "17841405822304914"}, {"tag": "a", "user": "ada"}])
def test_instagram_wants_a_hashtag_of_letters_and_the_number_of_an_account(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Instagram, options)


def test_without_the_key_nothing_is_asked() -> None:
    for collector in (Threads(tag="crews"), Instagram(tag="crews", user="17841405822304914")):
        with pytest.raises(MissingSecret):
            list(collector.poll(RecordedHttp([]), ""))


def test_a_hashtag_of_instagram_is_looked_up_once_since_every_look_counts() -> None:
    [case] = [case for case in cases("instagram") if case.name == "paging"]
    http = RecordedHttp(case.exchanges, authorised=True)
    pages = list(replayed(case, http))
    list(Instagram(tag="microsolidarity", user="17841405822304914").poll(http, pages[-1].cursor))
    assert sum("ig_hashtag_search" in url for url in http.asked) == 1
    assert unpack(pages[0].cursor)["hashtag"] == "17873440459141021"


@pytest.mark.parametrize(
    ("asked_again", "gap"),
    [
        ("Sun, 22 Nov 2026 11:00:00 GMT", None),
        ("Mon, 23 Nov 2026 18:00:00 GMT", ("2026-11-21T12:00:00+00:00", "2026-11-22T18:00:00+00:00")),
    ],
)
def test_what_passed_between_two_polls_of_instagram_is_a_gap(asked_again: str, gap: tuple[str, str] | None) -> None:
    """Nothing of it is in the list, so that nothing but the clock can tell."""

    def poll(cursor: str, date: str) -> Page:
        [case] = [case for case in cases("instagram") if case.name == "empty"]
        exchanges = [replace(one, headers={**one.headers, "Date": date}) for one in case.exchanges]
        [page] = Instagram(tag="microsolidarity", user="17841405822304914").poll(RecordedHttp(exchanges, authorised=True), cursor)
        return page

    first = poll("", "Sat, 21 Nov 2026 12:00:00 GMT")
    missed = poll(first.cursor, asked_again).missed
    assert first.missed is None
    assert gap == (missed and (missed.since and missed.since.isoformat(), missed.until and missed.until.isoformat()))


def test_nobody_is_named_on_instagram_and_who_is_on_threads_by_the_name_there() -> None:
    for platform, named in (("instagram", set()), ("threads", {"ada"})):
        [case] = [case for case in cases(platform) if case.name == "paging"]
        entries = [entry for page in replayed(case, RecordedHttp(case.exchanges, authorised=True)) for entry in page.entries]
        assert {entry.author.handle for entry in entries if entry.author} == named


def test_a_token_that_is_over_pauses_the_source_with_what_to_do() -> None:
    body = json.dumps({"error": {"type": "OAuthException", "code": 190, "fbtrace_id": "A"}}).encode()
    [case] = [case for case in cases("threads") if case.name == "token-over"]
    with pytest.raises(Unauthorized, match=r"renew it.*`aggregator source resume`"):
        list(
            Threads(tag="microsolidarity").poll(
                RecordedHttp([Exchange(url=case.exchanges[0].url, status=400, body=body)], authorised=True), ""
            )
        )
