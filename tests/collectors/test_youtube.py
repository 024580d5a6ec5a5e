"""YouTube: addresses, outages of its feeds, names of channels, and searches that resume."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.collectors._youtube_api import API
from aggregator.collectors._youtube_feed import FEEDS
from aggregator.collectors.base import build, pack
from aggregator.collectors.youtube import YouTube
from aggregator.errors import BadOption, MissingSecret, RateLimited, Unavailable, Unreadable
from aggregator.fetch import Reply
from aggregator.model import Entry, GapReason, Kind, Missed, Page, Visibility
from tests.support.exchanges import Exchange, RecordedHttp

CHANNEL = "UC0123456789abcdefghijkl"
UPLOADS = "UU0123456789abcdefghijkl"
PLAYLIST = "PL0123456789abcdefghijklmnopqrstuv"
FEED = f"{FEEDS}?channel_id={CHANNEL}"
VIDEO = "1_3OxvUkPPo"


@pytest.mark.parametrize(
    ("address", "options"),
    [
        (f"https://www.youtube.com/channel/{CHANNEL}/videos", {"channel": CHANNEL}),
        ("https://youtube.com/@FiveChairs/streams", {"handle": "@fivechairs"}),
        ("https://m.youtube.com/c/FiveChairs", {"handle": "c/FiveChairs"}),
        ("https://www.youtube.com/user/fivechairs", {"handle": "user/fivechairs"}),
        (f"https://www.youtube.com/playlist?list={PLAYLIST}&si=x", {"playlist": PLAYLIST}),
        (FEED, {"channel": CHANNEL}),
        (f"{FEEDS}?playlist_id={UPLOADS}", {"playlist": UPLOADS}),
        (f"{FEEDS}?user=fivechairs", {"handle": "user/fivechairs"}),
        ("https://www.youtube.com/results?search_query=five+chairs", {"search": "five chairs"}),
        ("https://www.youtube.com/hashtag/microsolidarity", {"search": "#microsolidarity"}),
        (f"https://www.youtube.com/watch?v={VIDEO}&list={PLAYLIST}", None),
        (f"https://www.youtube.com/shorts/{VIDEO}", None),
        (f"https://youtu.be/{VIDEO}", None),
        ("https://www.youtube.com/playlist?list=WL", None),
        ("https://www.youtube.com/", None),
        (f"https://example.org/channel/{CHANNEL}", None),
    ],
)
def test_channels_playlists_and_searches_are_recognised_and_videos_are_not(address: str, options: Mapping[str, str] | None) -> None:
    assert YouTube.recognise(address) == options


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"channel": CHANNEL, "search": "x"},
        {"channel": "FiveChairs"},
        {"playlist": "LL"},
        {"playlist": f"UUMO{CHANNEL[2:]}"},
        {"handle": "a b"},
    ],
)
def test_options_that_name_nothing_or_too_much_are_refused(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(YouTube, options)


def feed(statistics: str = "", updated: str = "2026-11-02T10:00:00+00:00") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <title>Five Chairs</title><entry><id>yt:video:{VIDEO}</id><yt:videoId>{VIDEO}</yt:videoId><title>Crewing</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v={VIDEO}"/>
  <author><name>Five Chairs</name><uri>https://www.youtube.com/channel/{CHANNEL}</uri></author>
  <published>2026-11-01T09:00:00+00:00</published><updated>{updated}</updated>
  <media:group><media:title>Crewing</media:title><media:description>What a crew is.</media:description>{statistics}</media:group>
 </entry></feed>""".encode()


def api(method: str, **params: str) -> str:
    return f"{API}/{method}?" + "&".join(f"{name}={value}" for name, value in params.items())


def answer(kind: str, *items: Mapping[str, Any], **more: str) -> bytes:
    return json.dumps({"kind": f"youtube#{kind}ListResponse", "items": items} | more).encode()


SNIPPET = {"publishedAt": "2026-11-01T09:00:00Z", "channelId": CHANNEL, "channelTitle": "Five Chairs", "title": "Crewing"}
SNIPPET |= {"description": "What a crew is."}


def http(answers: Mapping[str, bytes | int], *, key: bool = False) -> RecordedHttp:
    exchanges = [Exchange(url=url, body=one) if isinstance(one, bytes) else Exchange(url=url, status=one) for url, one in answers.items()]
    return RecordedHttp(exchanges, authorised=key, transient=YouTube.manifest.transient, variable="YOUTUBE_API_KEY")


def poll(client: RecordedHttp, cursor: str = "", **options: str) -> list[Page]:
    return list(build(YouTube, options).poll(client, cursor))


# -- feeds


def test_views_and_stars_are_no_change_of_a_video() -> None:
    seen = (
        '<media:community><media:starRating count="{0}" average="5.00" min="1" max="5"/><media:statistics views="{0}"/></media:community>'
    )
    pages = [
        poll(http({FEED: body}), channel=CHANNEL)[0] for body in (feed(seen.format(10)), feed(seen.format(99), "2026-11-09T10:00:00+00:00"))
    ]
    first, second = (page.entries[0] for page in pages)
    assert first.content_hash == second.content_hash


@pytest.mark.parametrize("status", [404, 500])
def test_an_outage_of_the_feeds_is_no_end_of_a_channel(status: int) -> None:
    with pytest.raises(Unavailable):
        poll(http({FEED: status}), channel=CHANNEL)


@pytest.mark.parametrize("status", [404, 500])
def test_with_a_key_the_uploads_stand_in_for_the_feed_and_change_nothing(status: int) -> None:
    listed = {
        "snippet": SNIPPET
        | {"publishedAt": "2026-11-05T00:00:00Z", "videoOwnerChannelTitle": "Five Chairs", "videoOwnerChannelId": CHANNEL}
    }
    listed["contentDetails"] = {"videoId": VIDEO, "videoPublishedAt": "2026-11-01T09:00:00Z"}
    gone = {"snippet": {"title": "Private video"}, "contentDetails": {"videoId": "goneVideo01"}}
    asked = api("playlistItems", part="snippet,contentDetails", playlistId=UPLOADS, maxResults="50")
    [page] = poll(http({FEED: status, asked: answer("playlistItem", listed, gone)}, key=True), channel=CHANNEL)
    [known] = poll(http({FEED: feed()}), channel=CHANNEL)
    assert [(entry.native_id, entry.content_hash) for entry in page.entries] == [
        (entry.native_id, entry.content_hash) for entry in known.entries
    ]


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, Unavailable)])
def test_other_faults_of_the_feeds_stay_what_they_are_with_a_key_too(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        poll(http({FEED: status}, key=True), channel=CHANNEL)


# -- names of channels


@pytest.mark.parametrize(
    "page",
    [
        f'<link rel="alternate" type="application/rss+xml" href="https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"></html>',
        f'<script>{{"externalId":"{CHANNEL}"}}</script></html>',
    ],
)
def test_a_name_is_looked_up_once(page: str) -> None:
    client = http({"https://www.youtube.com/@fivechairs": page.encode(), FEED: feed()})
    [first] = poll(client, handle="FiveChairs")
    [second] = poll(client, first.cursor, handle="FiveChairs")
    assert first == second
    assert client.asked == ["https://www.youtube.com/@fivechairs", FEED, FEED]


def test_a_consent_page_names_no_channel() -> None:
    client = http({"https://www.youtube.com/@fivechairs": b"<html><head><title>Before you continue to YouTube</title></head></html>"})
    with pytest.raises(Unreadable, match="an HTML page titled 'Before you continue to YouTube' that names none; use the option 'channel'"):
        poll(client, handle="@fivechairs")


@pytest.mark.parametrize(
    ("handle", "by"), [("@fivechairs", {"forHandle": "%40fivechairs"}), ("user/fivechairs", {"forUsername": "fivechairs"})]
)
def test_with_a_key_the_name_is_asked_of_the_api(handle: str, by: Mapping[str, str]) -> None:
    client = http({api("channels", part="id", **by): answer("channel", {"id": CHANNEL}), FEED: feed()}, key=True)
    assert poll(client, handle=handle)[0].cursor == pack(channel=CHANNEL)
    with pytest.raises(Unreadable, match="the API knows no channel"):
        poll(http({api("channels", part="id", **by): answer("channel")}, key=True), handle=handle)


# -- searches


def search(**more: str) -> str:
    return api("search", part="snippet", q="crews", type="video", order="date", maxResults="50", **more)


def results(*ids: str, **more: str) -> bytes:
    return answer("search", *({"id": {"kind": "youtube#video", "videoId": one}, "snippet": SNIPPET} for one in ids), **more)


def videos(*ids: str) -> tuple[str, bytes]:
    return api("videos", part="snippet", id=",".join(ids)), answer("video", *({"id": one, "snippet": SNIPPET} for one in ids))


def test_a_search_wants_the_key_and_says_which() -> None:
    with pytest.raises(MissingSecret, match="YOUTUBE_API_KEY"):
        poll(http({}), search="crews")


def test_a_search_goes_on_where_it_was_cut_and_then_only_asks_for_what_is_new() -> None:
    client = http(
        {
            search(): results(VIDEO, nextPageToken="T2"),
            search(pageToken="T2"): results("aDWuHsyznf4"),
            search(publishedAfter="2026-10-31T09:00:00Z"): results(VIDEO),
            **dict([videos(VIDEO), videos("aDWuHsyznf4")]),
        },
        key=True,
    )
    first = next(iter(build(YouTube, {"search": "crews"}).poll(client, "")))
    [second] = poll(client, first.cursor, search="crews")
    [third] = poll(client, second.cursor, search="crews")
    assert [[entry.native_id for entry in page.entries] for page in (first, second, third)] == [
        [f"yt:video:{VIDEO}"],
        ["yt:video:aDWuHsyznf4"],
        [f"yt:video:{VIDEO}"],
    ]
    assert second.cursor == third.cursor == pack(newest="2026-11-01T09:00:00+00:00")


def test_a_page_token_that_comes_again_is_an_error() -> None:
    answers = {search(): results(VIDEO, nextPageToken="T2"), search(pageToken="T2"): results(VIDEO, nextPageToken="T2")}
    with pytest.raises(Unreadable, match="the same page token twice"):
        poll(http(answers | dict([videos(VIDEO)]), key=True), search="crews")


def test_a_search_that_gives_no_more_before_it_came_down_to_what_is_known_says_what_is_missing() -> None:
    ids = [f"{number:011d}" for number in range(10)]

    def missed(cursor: str, **after: str) -> list[Missed]:
        pages = [
            (search(**after, **({"pageToken": f"T{n}"} if n else {})), results(one, nextPageToken=f"T{n + 1}")) for n, one in enumerate(ids)
        ]
        return [page.missed for page in poll(http(dict(pages) | dict(map(videos, ids)), key=True), cursor, search="crews") if page.missed]

    floor, oldest = datetime(2026, 10, 31, 9, tzinfo=UTC), datetime(2026, 11, 1, 9, tzinfo=UTC)
    gap = Missed(reason=GapReason.WITHHELD, since=floor, until=oldest)
    assert missed(pack(newest="2026-11-01T09:00:00+00:00"), publishedAfter="2026-10-31T09:00:00Z") == [gap]
    assert missed("") == [], "nothing was known before"


def test_a_search_that_finds_nothing_is_a_page_without_entries() -> None:
    client = http({search(): results()}, key=True)
    assert poll(client, search="crews") == [Page(entries=(), cursor="")]
    assert client.asked == [client.asked[0]]


# -- hashtags and comments

TAGGED = feed().replace(b"What a crew is.", b"What a #Crews, c#crews and https://example.org/#crews is.")


@pytest.mark.parametrize(("tag", "found"), [("crews", 1), ("CREWS", 1), ("crew", 0), ("crewing", 0)])
def test_of_a_channel_those_videos_are_taken_that_carry_the_hashtag(tag: str, found: int) -> None:
    http = RecordedHttp([Exchange(url=FEED, body=TAGGED)])
    (page,) = YouTube(channel=CHANNEL, tag=tag).poll(http, "")
    assert [one.tags for one in page.entries] == [(tag,)] * found


@pytest.mark.parametrize(
    ("address", "options"),
    [
        (f"https://www.youtube.com/watch?v={VIDEO}#comments", {"video": VIDEO}),
        (f"https://www.youtube.com/channel/{CHANNEL}#comments", {"channel": CHANNEL, "comments": "yes"}),
        ("https://www.youtube.com/@FiveChairs/search?query=%23crews", {"handle": "@fivechairs", "tag": "crews"}),
        ("https://www.youtube.com/@FiveChairs/search?query=crews", {"handle": "@fivechairs"}),
    ],
)
def test_comments_and_hashtags_have_addresses(address: str, options: Mapping[str, str]) -> None:
    assert YouTube.recognise(address) == options


@pytest.mark.parametrize(
    "options",
    [
        {"search": "x", "comments": "yes"},
        {"video": VIDEO, "tag": "crews"},
        {"channel": CHANNEL, "tag": "crews", "comments": "yes"},
        {"channel": CHANNEL, "comments": "no"},
        {"video": "https://www.youtube.com/"},
    ],
)
def test_comments_and_hashtags_go_with_a_channel_or_a_playlist(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(YouTube, options)


def threads_url(**params: str) -> str:
    return api("commentThreads", part="snippet,replies", **params, order="time", maxResults="100", textFormat="plainText")


def thread(id: str, video: str, at: str) -> dict[str, Any]:
    top = {"id": id, "snippet": {"textOriginal": "#crews", "authorDisplayName": "@ana", "publishedAt": at}}
    return {"id": id, "snippet": {"videoId": video, "topLevelComment": top, "totalReplyCount": 0, "isPublic": True}}


def test_each_video_of_a_playlist_is_read_down_to_its_own_newest_comment() -> None:
    """A comment that came to the first video while the second was read is older than what the second showed, and must not be lost."""
    videos = [
        {"contentDetails": {"videoId": one, "videoPublishedAt": SNIPPET["publishedAt"]}, "snippet": SNIPPET} for one in (VIDEO, "B" * 11)
    ]
    listed = Exchange(
        url=api("playlistItems", part="snippet,contentDetails", playlistId=PLAYLIST, maxResults="50"), body=answer("playlistItem", *videos)
    )
    quiet = Exchange(url=threads_url(videoId=VIDEO), body=answer("commentThread", thread("a1", VIDEO, "2026-11-01T10:00:00Z")))
    busy = Exchange(url=threads_url(videoId="B" * 11), body=answer("commentThread", thread("b1", "B" * 11, "2026-11-05T10:00:00Z")))
    collector = YouTube(playlist=PLAYLIST, comments="yes")
    *_, last = collector.poll(RecordedHttp([listed, quiet, busy], authorised=True), "")
    late = answer("commentThread", thread("a2", VIDEO, "2026-11-03T10:00:00Z"), nextPageToken="x")
    more = Exchange(
        url=f"{threads_url(videoId=VIDEO)}&pageToken=x", body=answer("commentThread", thread("a1", VIDEO, "2026-11-01T10:00:00Z"))
    )
    http = RecordedHttp([listed, Exchange(url=quiet.url, body=late), more, busy], authorised=True)
    found = [entry.native_id for page in collector.poll(http, last.cursor) for entry in page.entries]
    assert found == ["yt:comment:a2", "yt:comment:a1", "yt:comment:b1"]


def test_all_answers_to_a_comment_are_read_where_they_fill_more_than_a_page() -> None:
    opening = thread("a1", VIDEO, "2026-11-01T10:00:00Z")
    opening["snippet"]["totalReplyCount"] = 101
    answers = [{"id": f"a1.{number}", "snippet": {"textOriginal": "#crews", "authorDisplayName": "@bo"}} for number in range(101)]
    asked = api("comments", part="snippet", parentId="a1", maxResults="100", textFormat="plainText")
    exchanges = [
        Exchange(url=threads_url(videoId=VIDEO), body=answer("commentThread", opening)),
        Exchange(url=asked, body=answer("comment", *answers[:100], nextPageToken="T2")),
        Exchange(url=f"{asked}&pageToken=T2", body=answer("comment", *answers[100:])),
    ]
    (page,) = YouTube(video=VIDEO).poll(RecordedHttp(exchanges, authorised=True), "")
    assert [entry.native_id for entry in page.entries] == ["yt:comment:a1", *(f"yt:comment:a1.{number}" for number in range(101))]


def test_comments_of_a_playlist_that_has_not_changed_are_asked_for_all_the_same() -> None:
    listed = Exchange(url=api("playlistItems", part="snippet,contentDetails", playlistId=PLAYLIST, maxResults="50"), status=304)
    asked = Exchange(url=threads_url(videoId=VIDEO), body=answer("commentThread", thread("a1", VIDEO, "2026-11-01T10:00:00Z")))
    pages = list(YouTube(playlist=PLAYLIST, comments="yes").poll(RecordedHttp([listed, asked], authorised=True), pack(threads={VIDEO: ""})))
    assert [entry.native_id for page in pages for entry in page.entries] == ["yt:comment:a1"]


def test_comments_that_their_writer_deleted_or_whose_video_is_private_are_public_no_more() -> None:
    def comment(id: str, video: str) -> Entry:
        url = f"https://www.youtube.com/watch?v={video}&lc={id}"
        return Entry(native_id=f"yt:comment:{id}", url=url, kind=Kind.COMMENT)

    comments = Exchange(url=api("comments", part="id", id="a,b,c"), body=answer("comment", {"id": "a"}, {"id": "c"}))
    status = {"id": "B" * 11, "status": {"privacyStatus": "private"}}
    there = {"id": VIDEO, "status": {"privacyStatus": "public"}}
    videos = Exchange(url=api("videos", part="status", id=f"{VIDEO},{'B' * 11}"), body=answer("video", status, there))
    http = RecordedHttp([comments, videos], authorised=True)
    entries = [comment("a", VIDEO), comment("b", VIDEO), comment("c", "B" * 11)]
    found = {one.native_id.rpartition(":")[2]: (one.found, one.visibility) for one in YouTube(video=VIDEO).recheck(http, entries)}
    assert found == {"a": (True, Visibility.PUBLIC), "b": (False, Visibility.PUBLIC), "c": (True, Visibility.PRIVATE)}


def test_searches_alone_spend_the_budget_of_searches() -> None:
    assert YouTube(search="x").pace.daily == 190
    assert [YouTube(channel=CHANNEL).pace.daily, YouTube(video=VIDEO).pace.daily] == [None, None]


def test_the_page_of_a_video_leads_to_its_channel() -> None:
    body = f'<html><script>{{"externalId":"{CHANNEL}"}}</script></html>'.encode()
    page = Reply(asked="", url=f"https://www.youtube.com/watch?v={VIDEO}", status=200, headers={"content-type": "text/html"}, body=body)
    assert list(YouTube.signs(page)) == [{"channel": CHANNEL}]
    assert list(YouTube.signs(replace(page, url="https://blog.example.org/"))) == []


# -- back-fill


def search_url(**params: str) -> str:
    return api("search", part="snippet", q="crews", type="video", order="date", maxResults="50", **params)


def result(video: str, at: str) -> dict[str, Any]:
    return {"id": {"kind": "youtube#video", "videoId": video}, "snippet": {**SNIPPET, "publishedAt": at}}


def test_a_search_goes_on_before_the_oldest_result_where_its_pages_end() -> None:
    first, second = "2020-05-01T09:00:00Z", "2019-05-01T09:00:00Z"
    exchanges = [
        Exchange(url=search_url(), body=answer("search", result("A" * 11, first))),
        Exchange(url=search_url(publishedBefore=first), body=answer("search", result("B" * 11, second))),
        Exchange(url=search_url(publishedBefore=second), body=answer("search", result("B" * 11, second))),
        *(
            Exchange(
                url=api("videos", part="snippet", id=id * 11),
                body=answer("video", {"id": id * 11, "snippet": {**SNIPPET, "publishedAt": at}}),
            )
            for id, at in (("A", first), ("B", second))
        ),
    ]
    pages = list(YouTube(search="crews").backfill(RecordedHttp(exchanges, authorised=True), None, ""))
    assert [entry.native_id for page in pages for entry in page.entries] == [f"yt:video:{id * 11}" for id in "ABB"]
    assert json.loads(pages[-1].cursor)["end"] is True


def test_old_comments_of_one_video_after_the_other_and_of_closed_ones_a_remark() -> None:
    at = SNIPPET["publishedAt"]
    videos = [{"contentDetails": {"videoId": one * 11, "videoPublishedAt": at}, "snippet": SNIPPET} for one in "ABC"]
    closed = json.dumps({"error": {"code": 403, "errors": [{"reason": "commentsDisabled"}]}}).encode()
    exchanges = [
        Exchange(
            url=api("playlistItems", part="snippet,contentDetails", playlistId=PLAYLIST, maxResults="50"),
            body=answer("playlistItem", *videos),
        ),
        Exchange(url=threads_url(videoId="A" * 11), body=answer("commentThread", thread("a2", "A" * 11, at), nextPageToken="x")),
        Exchange(url=f"{threads_url(videoId='A' * 11)}&pageToken=x", body=answer("commentThread", thread("a1", "A" * 11, at))),
        Exchange(url=threads_url(videoId="B" * 11), status=403, body=closed),
        Exchange(url=threads_url(videoId="C" * 11), body=answer("commentThread", thread("c1", "C" * 11, at))),
    ]
    pages = list(YouTube(playlist=PLAYLIST, comments="yes").backfill(RecordedHttp(exchanges, authorised=True), None, ""))
    assert [entry.native_id for page in pages for entry in page.entries] == ["yt:comment:a2", "yt:comment:a1", "yt:comment:c1"]
    assert [page.remarks for page in pages if page.remarks] == [(f"no comments are to be had under the video {'B' * 11}",)]


def test_looking_back_wants_the_key() -> None:
    with pytest.raises(MissingSecret):
        list(YouTube(channel=CHANNEL).backfill(RecordedHttp([]), None, ""))
