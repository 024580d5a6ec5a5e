"""Bluesky: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aggregator.collectors._bluesky_post import carries, entry_of
from aggregator.collectors.base import build
from aggregator.collectors.bluesky import Bluesky
from aggregator.errors import BadOption, MissingSecret, Unauthorized
from tests.support.exchanges import Exchange, RecordedHttp

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "bluesky"
QUERY = "/xrpc/app.bsky.feed.searchPosts?q=%23crews&sort=latest&limit=100"
TAG = Bluesky(tag="crews")


def post(rkey: str = "3n2", text: str = "Of #crews", **record: Any) -> dict[str, Any]:
    author = {"did": "did:plc:abc", "handle": "ada.example", "labels": []}
    said = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-11-20T09:00:00.000Z", **record}
    return {"uri": f"at://did:plc:abc/app.bsky.feed.post/{rkey}", "author": author, "record": said, "indexedAt": "2026-11-20T09:00:05.000Z"}


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://bsky.app/hashtag/microsolidarity", {"tag": "microsolidarity"}),
        ("https://bsky.app/search?q=%22crew+of+five%22", {"search": '"crew of five"'}),
        ("https://bsky.app/profile/Ada.Example", {"actor": "ada.example"}),
        ("https://bsky.app/profile/did:plc:AbC/rss", {"actor": "did:plc:AbC"}),
        ("https://bsky.app/profile/ada.example/post/3n2", None),
        ("https://bsky.app/search", None),
        ("https://example.org/hashtag/microsolidarity", None),
    ],
)
def test_pages_of_bluesky_are_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Bluesky.recognise(address) == options


@pytest.mark.parametrize("options", [{}, {"tag": "a", "search": "b"}, {"actor": "not a handle"}])
def test_exactly_one_thing_is_read(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Bluesky, options)


def test_with_the_secret_the_service_is_asked_and_without_it_the_view_for_visitors() -> None:
    body = json.dumps({"posts": [post()]}).encode()
    exchanges = [Exchange(url=f"https://bsky.social{QUERY}", body=body), Exchange(url=f"https://api.bsky.app{QUERY}", body=body)]
    for authorised, host in ((True, "bsky.social"), (False, "api.bsky.app")):
        http = RecordedHttp(exchanges, authorised=authorised)
        list(TAG.poll(http, ""))
        assert [asked.split("/")[2] for asked in http.asked] == [host]


def test_looking_back_wants_the_secret() -> None:
    with pytest.raises(MissingSecret):
        list(TAG.backfill(RecordedHttp([]), None, ""))


def test_a_refused_visitor_is_told_which_secret_helps() -> None:
    http = RecordedHttp([Exchange(url=f"https://api.bsky.app{QUERY}", status=403)])
    with pytest.raises(Unauthorized, match="set BLUESKY_APP_PASSWORD to handle:app-password"):
        list(TAG.poll(http, ""))


def test_a_refused_session_is_not_explained_away() -> None:
    http = RecordedHttp([Exchange(url=f"https://bsky.social{QUERY}", status=401)], authorised=True)
    with pytest.raises(Unauthorized) as caught:
        list(TAG.poll(http, ""))
    assert "visitors" not in str(caught.value)


def test_when_the_secret_is_taken_away_in_a_sweep_the_newest_page_is_read() -> None:
    http = RecordedHttp([Exchange(url=f"https://api.bsky.app{QUERY}", body=json.dumps({"posts": [post()]}).encode())])
    pages = list(TAG.poll(http, '{"at":"25","pages":1,"newest":"2026-11-20T08:00:00+00:00"}'))
    assert [entry.native_id for entry in pages[0].entries] == ["at://did:plc:abc/app.bsky.feed.post/3n2"]


def test_offsets_of_facets_count_bytes() -> None:
    text = "Grüße 🌱 #crews"
    start = text.encode().index(b"#crews")
    facet = {"index": {"byteStart": start, "byteEnd": start + 6}, "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "crews"}]}
    beyond = {**facet, "index": {"byteStart": start, "byteEnd": len(text.encode()) + 1}}
    for one, tags in ((facet, ("crews",)), (beyond, ())):
        entry = entry_of(post(text=text, facets=[one]))
        assert entry is not None
        assert entry.tags == tags


def test_a_post_that_is_dated_back_or_ahead_is_as_old_as_the_earlier_of_two_times() -> None:
    for created, published in (
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00+00:00"),
        ("2099-01-01T00:00:00Z", "2026-11-20T09:00:05+00:00"),
    ):
        entry = entry_of(post(createdAt=created))
        assert entry is not None
        assert entry.published is not None
        assert entry.published.isoformat() == published


@pytest.mark.parametrize(
    ("text", "is_carried"), [("a #Crews.", True), ("a #crewsandmore", False), ("crews", False), ("＃crews", True), ("#crews-", True)]
)
def test_a_hashtag_without_a_facet_is_a_whole_word(text: str, is_carried: bool) -> None:
    entry = entry_of(post(text=text))
    assert entry is not None
    assert carries("crews", entry) is is_carried


@pytest.mark.samples
def test_a_recorded_account_is_read_without_what_it_passed_on() -> None:
    sample = SAMPLES / "getAuthorFeed.json"
    if not sample.exists():
        pytest.skip("the recorded replies beside the checkout are not there")
    rows = json.loads(sample.read_text(encoding="utf-8"))["feed"]
    url = "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=shinyakato.dev&filter=posts_with_replies&includePins=false&limit=100"
    pages = list(Bluesky(actor="shinyakato.dev").poll(RecordedHttp([Exchange(url=url, body=json.dumps({"feed": rows}).encode())]), ""))
    own = dict.fromkeys(row["post"]["uri"] for row in rows if "reason" not in row)
    assert [entry.native_id for entry in pages[0].entries] == list(own)
    assert pages[0].remarks == ()
