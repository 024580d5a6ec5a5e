"""Comments under known videos, through the Data API; there is no search for comments.

Source: https://developers.google.com/youtube/v3/docs/commentThreads/list and comments/list, read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from aggregator.collectors._json import Odd, instant, member, members, needed, number, read_each, text
from aggregator.collectors._sweep import Listing, sweep
from aggregator.collectors._youtube_address import CHANNEL, VIDEO
from aggregator.collectors._youtube_api import API, COMMENT, answer_of, listed_in, text_of
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.errors import Gone, Unreadable
from aggregator.fetch import Http
from aggregator.model import Author, Entry, Kind, Page

DOING = "reading comments on YouTube"
# Comments were switched off by the owner of a video; the video is no more.
CLOSED = (403, 404)
HEAD_PAGES = 3
"""Pages of 100 threads that a first poll reads of each place."""
MOST_REPLIES = 500
"""Replies of one thread that are read: each hundred is a question of the day's allowance."""


def places_of(http: Http, *, video: str, channel: str, playlist: str, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """Where comments stand, by name, as the API wants it asked: one video, all that belongs to a channel, a playlist's first videos."""
    if video:
        return {video: {"videoId": video}}
    if channel:
        return {channel: {"allThreadsRelatedToChannelId": channel}}
    listed = [one.native_id.removeprefix("yt:video:") for one in listed_in(http, playlist)]
    # A list that has not changed is not given again.
    return {one: {"videoId": one} for one in listed or member(known.get("threads"))}


def comments_under(
    places: Mapping[str, Mapping[str, str]], http: Http, *, known: Mapping[str, Any], kept: Mapping[str, str]
) -> Iterator[Page]:
    """Comments that are new in each place, a page of threads at a time, newest thread first.

    Args:
        places: as `places_of` gives them.
        known: the cursor of the last poll.
        kept: what stands in every cursor besides.
    """
    names = list(places)
    cursors = {name: cursor for name, cursor in member(known.get("threads")).items() if name in places and isinstance(cursor, str)}
    start = names.index(known["next"]) if known.get("next") in names else 0
    for name, following in zip(names[start:], (*names[start + 1 :], ""), strict=True):
        try:
            for page in sweep(cursors.get(name, ""), partial(threads, http, places[name]), head=HEAD_PAGES, doing=DOING):
                cursors[name] = page.cursor
                after = name if "at" in unpack(page.cursor) else following
                yield replace(page, cursor=_resume(kept, cursors, after))
        except Gone as error:
            if len(places) == 1 or error.status not in CLOSED:
                raise
            # Of several videos the others are read.
            remarks = (f"no comments are to be had under the video {name}",)
            yield Page(entries=(), cursor=_resume(kept, cursors, following), remarks=remarks)
    if not places:
        yield Page(entries=(), cursor=_resume(kept, cursors, ""))


def _resume(kept: Mapping[str, str], cursors: Mapping[str, str], after: str) -> Cursor:
    """Where to go on: with the place `after`; "" when the round is over."""
    return pack(**kept, threads=cursors, **({"next": after} if after else {}))


def threads(http: Http, place: Mapping[str, str], at: str) -> Listing | None:
    """One page of threads with their replies; None when it is the same as at the last poll."""
    asked = {"part": "snippet,replies", **place, "order": "time", "maxResults": "100", "textFormat": "plainText"}
    reply = http.get(f"{API}/commentThreads", params=asked | ({"pageToken": at} if at else {}), auth=True)
    if reply.unchanged:
        return None
    answer = answer_of(reply.json(DOING), "commentThreads")
    threads = answer["items"]
    rows = [row for thread in threads for row in _rows(http, thread)]
    entries, remarks = read_each(rows, _entry, noun="comment", doing=DOING)
    tops = [member(member(member(thread.get("snippet")).get("topLevelComment")).get("snippet")) for thread in members(threads)]
    times = tuple(time for top in tops if (time := instant(top.get("publishedAt"))))
    return Listing(entries=entries, remarks=remarks, times=times, after=text_of(answer, "nextPageToken"))


def _rows(http: Http, thread: Any) -> Iterator[Any]:
    """The comments of a thread, the one that opened it first, each with its video and what it answers; what is none stays as it is."""
    if not isinstance(thread, dict):
        yield thread
        return
    about = member(thread.get("snippet"))
    video = text(about.get("videoId"))
    if about.get("isPublic") is False or video is None:
        # Not shown to everybody; or about the channel itself, which has no page any more.
        return
    opening = member(about.get("topLevelComment"))
    yield {**opening, "video": video}
    given = member(thread.get("replies")).get("comments")
    for reply in _replies(http, opening, _list(given), number(about.get("totalReplyCount")) or 0):
        yield {**reply, "video": video, "answers": opening.get("id")} if isinstance(reply, dict) else reply


def _replies(http: Http, opening: dict[str, Any], given: Sequence[Any], count: int) -> Sequence[Any]:
    """All replies of a thread: a list of threads holds only a few of each."""
    id = text(opening.get("id"))
    if id is None or count <= len(given):
        return given
    found: list[Any] = []
    token = ""
    for _ in range(MOST_REPLIES // 100):
        asked = {"part": "snippet", "parentId": id, "maxResults": "100", "textFormat": "plainText"}
        reply = http.get(f"{API}/comments", params=asked | ({"pageToken": token} if token else {}), auth=True)
        if reply.unchanged:
            return found or given
        answer = answer_of(reply.json(DOING), "comments")
        found += answer["items"]
        before, token = token, text_of(answer, "nextPageToken")
        if token and token == before:
            raise Unreadable(f"{DOING}: got the same page token twice")
        if not token:
            break
    return found


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _entry(row: dict[str, Any]) -> Entry:
    snippet, id, video = member(row.get("snippet")), needed(row, "id"), needed(row, "video")
    if not VIDEO.fullmatch(video):
        raise Odd("no videoId")
    address = f"https://www.youtube.com/watch?v={video}"
    opening, published, updated = text(row.get("answers")), instant(snippet.get("publishedAt")), instant(snippet.get("updatedAt"))
    return Entry(
        native_id=f"{COMMENT}{id}",
        url=f"{address}&lc={quote(id, safe='')}",
        kind=Kind.COMMENT,
        text=text(snippet.get("textOriginal")) or text(snippet.get("textDisplay")),
        author=_author(snippet),
        published=published,
        updated=updated if updated != published else None,
        in_reply_to=f"{address}&lc={quote(opening, safe='')}" if opening else address,
        site="YouTube",
    )


def _author(snippet: dict[str, Any]) -> Author | None:
    name = text(snippet.get("authorDisplayName"))
    channel = text(member(snippet.get("authorChannelId")).get("value")) or ""
    if name is None:
        return None
    handle = name.removeprefix("@") if name.startswith("@") and " " not in name else None
    url = f"https://www.youtube.com/channel/{channel}" if CHANNEL.fullmatch(channel) else None
    return Author(name=handle or name, handle=handle, url=url)
