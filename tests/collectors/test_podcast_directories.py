"""Directories of podcasts: what they find leads to feeds, which are read; recordings are never asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aggregator.collectors import platforms
from aggregator.collectors._podcast_finds import MOST_FEEDS
from aggregator.collectors.base import Backfills, build
from aggregator.errors import Gone, MissingSecret, RateLimited, Unauthorized, Unavailable, Unreadable
from aggregator.model import Page
from aggregator.text.urls import canonical
from tests.support.exchanges import Case, Exchange, RecordedHttp, cases

DIRECTORIES = ("applepodcasts", "fyyd", "podcastindex")
CASES = {f"{case.platform}/{case.name}": case for name in DIRECTORIES for case in cases(name)}
EPISODES = CASES["applepodcasts/episodes"]
SHOWS = CASES["applepodcasts/shows"]
FEED = "https://feeds.example.org/crews"

each_directory = pytest.mark.parametrize("name", DIRECTORIES)


def polled(case: Case, exchanges: Sequence[Exchange] | None = None, cursor: str = "") -> tuple[list[Page], RecordedHttp]:
    transient = platforms()[case.platform].manifest.transient
    http = RecordedHttp(case.exchanges if exchanges is None else exchanges, authorised=case.authorised, transient=transient)
    return list(build(platforms()[case.platform], case.options).poll(http, cursor)), http


def changed(case: Case, url: str, **fields: Any) -> list[Exchange]:
    return [replace(one, **fields) if url in one.url else one for one in case.exchanges]


def told(pages: Sequence[Page]) -> str:
    return " · ".join(remark for page in pages for remark in page.remarks)


@each_directory
def test_no_recording_is_ever_asked_for(name: str) -> None:
    for case in CASES.values():
        if case.platform == name and not case.fails and not case.backfill:
            _, http = polled(case, cursor=case.cursor)
            assert not [asked for asked in http.asked if urlsplit(asked).path.endswith((".mp3", ".m4a")) or "/play/" in asked]


@each_directory
def test_an_episode_has_one_id_whether_its_feed_or_the_directory_tells_of_it(name: str) -> None:
    pages, _ = polled(CASES[f"{name}/episodes"])
    found = {entry.native_id: entry for page in pages for entry in page.entries}
    assert found["feeds.example.org/crews g-2"].url == "https://show.example.org/2"
    assert found["feeds.example.org/crews g-0"].title == "The first one"
    assert len([one for one in found if one.endswith("g-2")]) == 1


@each_directory
@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (404, Gone), (429, RateLimited), (500, Unavailable)], ids=lambda value: str(value)
)
def test_a_directory_that_fails_is_an_error_although_a_feed_that_fails_is_a_remark(name: str, status: int, error: type[Exception]) -> None:
    case = CASES[f"{name}/episodes"]
    searches = [one.url for one in case.exchanges if "/search" in one.url]
    assert len(searches) == 2
    for url in searches:
        with pytest.raises(error):
            polled(case, changed(case, url, status=status))
    pages, _ = polled(case, changed(case, FEED, status=status))
    assert "a show's feed is not read" in told(pages)
    assert "g-2" in " ".join(entry.native_id for page in pages for entry in page.entries), "the directory's own account stands in"


def test_apple_says_too_often_with_403() -> None:
    with pytest.raises(RateLimited):
        polled(EPISODES, changed(EPISODES, "entity=podcast&", status=403))


def test_what_a_feed_no_longer_holds_is_not_told_twice_in_two_ways() -> None:
    """A feed that fails, or is as it was, does not bring the directory's address of an episode back in place of the feed's."""
    pages, _ = polled(EPISODES)
    for changes in ({"status": 503}, {"status": 304, "body": b""}):
        again, _ = polled(EPISODES, changed(EPISODES, FEED, **changes), pages[-1].cursor)
        assert [entry.native_id for page in again for entry in page.entries] == ["apple 1009"]


def test_an_episode_that_is_found_later_is_told_although_the_feed_is_as_it_was() -> None:
    pages, _ = polled(EPISODES, changed(EPISODES, "entity=podcastEpisode", body=b'{"resultCount":0,"results":[]}'))
    again, _ = polled(EPISODES, changed(EPISODES, FEED, status=304, body=b""), pages[-1].cursor)
    assert "feeds.example.org/crews g-0" in {entry.native_id for page in again for entry in page.entries}


def test_a_feed_that_is_gone_is_let_go_and_the_others_are_read_on() -> None:
    pages, _ = polled(SHOWS)
    again, _ = polled(SHOWS, changed(SHOWS, "anchor.fm", status=410), pages[-1].cursor)
    assert list(json.loads(again[-1].cursor)["feeds"]) == [FEED]
    assert len([entry for page in again for entry in page.entries]) == 2


def test_a_cut_poll_goes_on_with_the_feeds_that_are_left() -> None:
    pages, _ = polled(SHOWS)
    rest, http = polled(SHOWS, cursor=pages[1].cursor)
    assert FEED not in http.asked
    assert [page.entries for page in rest] == [page.entries for page in pages[2:]]


def test_no_more_shows_are_read_than_is_promised_and_that_is_said() -> None:
    feeds = [f"https://feeds.example.org/{number}" for number in range(MOST_FEEDS + 3)]
    rows = [{"kind": "podcast", "collectionName": "microsolidarity", "feedUrl": feed} for feed in feeds]
    case = CASES["applepodcasts/empty"]
    answer = json.dumps({"results": rows}).encode()
    empty = b"<rss version='2.0'><channel><title>x</title></channel></rss>"
    pages, http = polled(case, [*changed(case, "entity=podcast&", body=answer), *(Exchange(url=feed, body=empty) for feed in feeds)])
    assert len([asked for asked in http.asked if "feeds.example.org" in asked]) == MOST_FEEDS
    assert f"{MOST_FEEDS} shows found" in told(pages)
    assert "3 shows are more than are read here" in told(pages)


def test_a_show_under_two_addresses_is_read_once() -> None:
    feed = next(one for one in SHOWS.exchanges if one.url == FEED)
    pages, _ = polled(SHOWS, changed(SHOWS, "anchor.fm", body=feed.body))
    assert "is the same show as" in told(pages)
    assert list(json.loads(pages[-1].cursor)["feeds"]) == [FEED]


def test_a_recording_on_anchor_joins_an_episode_with_its_page() -> None:
    pages, _ = polled(SHOWS)
    (entry,) = pages[-1].entries
    page = canonical("https://creators.spotify.com/pod/show/example/episodes/Any-new-title-e186q95").key
    assert page in {canonical(address).key for address in (entry.url, *entry.aliases)}


def test_the_page_of_an_episode_at_apple_is_another_address_of_it() -> None:
    pages, _ = polled(EPISODES)
    crewing = next(entry for page in pages for entry in page.entries if entry.title == "Crewing")
    shared = canonical("https://podcasts.apple.com/gb/podcast/other/id1?i=1002&l=es").key
    assert shared in {canonical(alias).key for alias in crewing.aliases}


def test_a_feed_that_only_a_subscriber_may_know_is_not_read() -> None:
    _, http = polled(CASES["applepodcasts/malformed"])
    assert not [asked for asked in http.asked if "/private/" in asked]


# -- podcast index


def test_a_visitor_of_podcast_index_is_shown_shows_and_signs_nothing() -> None:
    case = CASES["podcastindex/visitor"]
    pages, http = polled(case)
    assert all("/api/1.0/" not in asked for asked in http.asked)
    assert len(pages[-1].entries) == 2


def test_looking_back_wants_the_key() -> None:
    case = CASES["podcastindex/backfill"]
    one = build(platforms()["podcastindex"], case.options)
    assert isinstance(one, Backfills)
    with pytest.raises(MissingSecret):
        list(one.backfill(RecordedHttp(case.exchanges), None, ""))


def test_looking_back_asks_for_nothing_older_than_is_wanted() -> None:
    case = CASES["podcastindex/backfill"]
    one = build(platforms()["podcastindex"], case.options)
    assert isinstance(one, Backfills)
    http = RecordedHttp(case.exchanges, authorised=True)
    with pytest.raises(Unavailable, match="not in the recording"):
        list(one.backfill(http, datetime(2020, 1, 1, tzinfo=UTC), ""))
    assert parse_qs(urlsplit(http.asked[-1]).query)["since"] == ["1577836800"]


def test_episodes_of_another_show_than_was_asked_for_are_left_out_and_said() -> None:
    case = CASES["podcastindex/backfill"]
    other = next(one for one in case.exchanges if "id=76" in one.url)
    one = build(platforms()["podcastindex"], case.options)
    assert isinstance(one, Backfills)
    pages = list(one.backfill(RecordedHttp(changed(case, "id=75", body=other.body), authorised=True), None, ""))
    assert pages[0].entries == ()
    assert pages[0].remarks == ("1 episode left out: of another show",)


# -- fyyd


def test_the_feed_of_a_show_is_looked_up_once() -> None:
    case = CASES["fyyd/episodes"]
    pages, first = polled(case)
    _, second = polled(case, cursor=pages[-1].cursor)
    assert [sum("podcast_id=64" in asked for asked in http.asked) for http in (first, second)] == [1, 0]


def test_an_error_of_fyyd_in_a_good_reply_is_an_error() -> None:
    case = CASES["fyyd/empty"]
    wrong = b'{"errors":{"code":0,"message":"no","http_code":401,"http_message":"Unauthorized"},"meta":{}}'
    with pytest.raises(Unreadable, match="expected the status 1"):
        polled(case, changed(case, "search/podcast", body=wrong))


@pytest.mark.parametrize(
    ("address", "platform", "options"),
    [
        ("https://podcasts.apple.com/gb/search?term=small+groups", "applepodcasts", {"search": "small groups", "country": "GB"}),
        ("https://podcasts.apple.com/search?term=crews", "applepodcasts", {"search": "crews"}),
        ("https://podcastindex.org/search?q=crews&type=all", "podcastindex", {"search": "crews"}),
        ("https://podcasts.apple.com/gb/podcast/x/id1", "applepodcasts", None),
        ("https://podcastindex.org/podcast/75", "podcastindex", None),
    ],
)
def test_searches_are_recognised_by_their_addresses(address: str, platform: str, options: dict[str, str] | None) -> None:
    assert platforms()[platform].recognise(address) == options


@each_directory
def test_a_word_can_be_watched_without_a_key(name: str) -> None:
    for options in platforms()[name].proposals("crews"):
        assert build(platforms()[name], options)


def apple_episodes(rows: list[dict[str, Any]]) -> list[Exchange]:
    return changed(EPISODES, "entity=podcastEpisode", body=json.dumps({"resultCount": len(rows), "results": rows}).encode())


def test_a_list_as_long_as_the_directory_gives_may_not_be_whole() -> None:
    row = {"wrapperType": "podcastEpisode", "trackName": "Crews", "trackViewUrl": "https://podcasts.apple.com/us/podcast/id1?i=1"}
    rows = [{**row, "trackId": number} for number in range(100)]
    assert "100 episodes are as many as are given: there may be more" in told(polled(EPISODES, apple_episodes(rows))[0])
    assert "there may be more" not in told(polled(EPISODES, apple_episodes(rows[:99]))[0])


def test_episodes_that_are_all_written_otherwise_are_a_new_layout_and_not_nothing_found() -> None:
    with pytest.raises(Unreadable, match="not an episode"):
        polled(EPISODES, apple_episodes([{"kind": "chapter"}] * 10))
