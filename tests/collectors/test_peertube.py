"""PeerTube: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from aggregator.collectors.base import build, pack
from aggregator.collectors.peertube import Peertube
from aggregator.errors import BadOption
from aggregator.fetch import Reply
from aggregator.model import Entry, GapReason, Kind, Missed
from tests.support.exchanges import Exchange, RecordedHttp

UUID = "9c9de5e8-0a1e-484a-b099-e80766180001"


def page(url: str, platform: str = "PeerTube") -> Reply:
    head = f'<html><head><meta property="og:platform" content="{platform}" /></head></html>'
    return Reply(asked=url, url=url, status=200, body=head.encode())


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://tube.example/c/crews/videos", {"server": "tube.example", "channel": "crews"}),
        ("https://tube.example/c/crews@film.example", {"server": "tube.example", "channel": "crews@film.example"}),
        ("https://tube.example/video-channels/crews", {"server": "tube.example", "channel": "crews"}),
        ("https://tube.example/search?search=crew+of+five", {"server": "tube.example", "search": "crew of five"}),
        ("https://tube.example/search?tagsOneOf=crews", {"server": "tube.example", "tag": "crews"}),
        ("https://tube.example/search", None),
        (f"https://tube.example/videos/watch/{UUID}", None),
    ],
)
def test_a_page_of_a_channel_or_a_search_shows_how_it_is_read(url: str, found: Mapping[str, str] | None) -> None:
    assert list(Peertube.signs(page(url))) == ([found] if found else [])
    assert Peertube.signs(page(url, "Another")) == ()


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://sepiasearch.org/search?search=crews", {"server": "sepiasearch.org", "search": "crews"}),
        ("https://sepiasearch.org/search?tagsOneOf=crews", {"server": "sepiasearch.org", "tag": "crews"}),
        ("https://sepiasearch.org/search", None),
        ("https://tube.example/search?search=crews", None),
    ],
)
def test_a_search_of_the_index_is_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Peertube.recognise(address) == options


def test_a_channel_is_cleaned_and_what_is_none_is_refused() -> None:
    assert build(Peertube, {"server": "tube.example", "channel": "@crews@film.example"}).label == "crews@film.example on tube.example"
    with pytest.raises(BadOption, match="the name after /c/"):
        build(Peertube, {"server": "tube.example", "channel": "https://tube.example/c/crews"})


def test_nothing_is_said_of_what_an_index_listed() -> None:
    index = Peertube(server="sepiasearch.org", tag="crews")
    http = RecordedHttp([])
    assert list(index.recheck(http, [Entry(native_id=UUID, url=f"https://tube.example/videos/watch/{UUID}", kind=Kind.VIDEO)])) == []
    assert http.asked == []


def test_what_a_server_counts_and_does_not_give_behind_a_page_is_a_gap() -> None:
    def listed(*rows: Mapping[str, object], start: int) -> Exchange:
        body = json.dumps({"total": 9, "data": rows}).encode()
        return Exchange(
            url=f"https://tube.example/api/v1/video-channels/crews/videos?sort=-publishedAt&nsfw=false&start={start}&count=100", body=body
        )

    video = {"uuid": UUID, "name": "Crews", "publishedAt": "2026-11-20T09:15:02.000Z"}
    source, floor = Peertube(server="tube.example", channel="crews"), pack(floor="2026-11-01T00:00:00+00:00")
    *_, last = source.poll(RecordedHttp([listed(video, start=0), listed(start=1)]), floor)
    assert last.missed == Missed(
        reason=GapReason.WITHHELD, since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC)
    )
    (empty,) = source.poll(RecordedHttp([listed(start=0)]), floor)
    assert empty.missed is None


def test_a_server_that_counts_more_than_it_gives_is_said_to() -> None:
    url = "https://tube.example/api/v1/search/videos?search=crews&tagsOneOf=crews&sort=-publishedAt&nsfw=false&searchTarget=local"
    http = RecordedHttp([Exchange(url=f"{url}&start=0&count=100", body=json.dumps({"total": 9, "data": []}).encode())])
    (found,) = Peertube(server="tube.example", tag="crews").poll(http, "")
    assert found.remarks == ("the server counts 9 videos and gave none from number 0 on",)
