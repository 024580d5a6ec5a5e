"""Asking YouTube's Data API v3, and its videos as entries.

Source: https://developers.google.com/youtube/v3/docs, read 2026-11-20.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aggregator.collectors._authors import authors
from aggregator.collectors._json import Odd, members, read_each
from aggregator.collectors._parts import storable, tags_of
from aggregator.collectors._youtube_address import CHANNEL, VIDEO
from aggregator.errors import Unreadable
from aggregator.fetch import Http, Params
from aggregator.model import Entry, Kind
from aggregator.text.dates import parse_date

DOING = "reading YouTube"
API = "https://www.googleapis.com/youtube/v3"
COMMENT = "yt:comment:"
"""What stands before the platform's id of a comment in `native_id`."""


def answer_of(answer: Any, method: str) -> dict[str, Any]:
    """An answer of the Data API that is what it should be: a list of the method's own kind."""
    kinds = {"search": "youtube#searchListResponse", "videos": "youtube#videoListResponse"}
    kinds |= {"playlistItems": "youtube#playlistItemListResponse", "channels": "youtube#channelListResponse"}
    kinds |= {"commentThreads": "youtube#commentThreadListResponse", "comments": "youtube#commentListResponse"}
    if not isinstance(answer, dict) or answer.get("kind") != kinds[method]:
        raise Unreadable(
            f"{DOING}: expected {kinds[method]!r}, got {answer.get('kind') if isinstance(answer, dict) else answer.__class__!r}"
        )
    items = answer.get("items", [])
    if not isinstance(items, list):
        raise Unreadable(f"{DOING}: expected a list of items")
    return {**answer, "items": items}


def items_of(http: Http, method: str, params: Params) -> list[dict[str, Any]]:
    """What a method of the API lists; nothing when it is the same as at the last poll."""
    reply = http.get(f"{API}/{method}", params=params, auth=True)
    return [] if reply.unchanged else list(members(answer_of(reply.json(DOING), method)["items"]))


def confirmed(http: Http, results: Sequence[Any]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The videos that search results name, with whole descriptions and tags, and a remark when some are gone.

    Results hold a shortened description, and channels although videos were asked for (youtube/api-samples issue 141).
    """
    named = [one["id"].get("videoId") for one in members(results) if isinstance(one.get("id"), dict)]
    wanted = list(dict.fromkeys(one for one in named if isinstance(one, str) and VIDEO.fullmatch(one)))
    if not wanted:
        return (), ()
    videos = items_of(http, "videos", {"part": "snippet", "id": ",".join(wanted)})
    entries = tuple(entry for one in videos if (entry := video_of(str(one.get("id")), one.get("snippet"))))
    missing = len(wanted) - len(entries)
    return entries, (f"{missing} of {len(wanted)} videos found are gone or private",) if missing and videos else ()


def listed_in(http: Http, playlist: str) -> tuple[Entry, ...]:
    """The first 50 videos of a playlist through the API."""
    rows = items_of(http, "playlistItems", {"part": "snippet,contentDetails", "playlistId": playlist, "maxResults": "50"})
    return read_each(rows, listed_video, noun="video")[0]


def listed_video(row: dict[str, Any]) -> Entry | None:
    """A video in a playlist; None for one that is private or deleted, which keeps its place in the list without a date of its own."""
    details, snippet = row.get("contentDetails"), row.get("snippet")
    if not isinstance(details, dict) or not isinstance(snippet, dict):
        raise Odd("not a video")
    if "videoPublishedAt" not in details:
        return None
    owner = {"channelTitle": snippet.get("videoOwnerChannelTitle"), "channelId": snippet.get("videoOwnerChannelId")}
    return video_of(str(details.get("videoId")), snippet | owner | {"publishedAt": details["videoPublishedAt"]})


def video_of(identifier: str, snippet: Any) -> Entry | None:
    """A video of the API as the feeds give it: the same id, address and text."""
    if not isinstance(snippet, dict) or not VIDEO.fullmatch(identifier):
        return None
    channel, published, tags = text_of(snippet, "channelId"), parse_date(text_of(snippet, "publishedAt")), snippet.get("tags")
    return Entry(
        native_id=f"yt:video:{identifier}",
        url=f"https://www.youtube.com/watch?v={identifier}",
        kind=Kind.VIDEO,
        title=html.unescape(text_of(snippet, "title")) or None,
        text=text_of(snippet, "description") or None,
        author=authors(
            [(text_of(snippet, "channelTitle"), f"https://www.youtube.com/channel/{channel}" if CHANNEL.fullmatch(channel) else "")]
        ),
        published=published[0] if published else None,
        language=text_of(snippet, "defaultLanguage") or text_of(snippet, "defaultAudioLanguage") or None,
        tags=tags_of(storable(one) for one in tags if isinstance(one, str)) if isinstance(tags, list) else (),
        site="YouTube",
    )


def with_hashtag(entries: Iterable[Entry], tag: str) -> tuple[Entry, ...]:
    """The videos that carry a hashtag, in their title or description, as YouTube reads it; the tag is theirs from then on."""
    written = re.compile(rf"(?<![\w&/#＃])[#＃]{re.escape(tag)}(?!\w)", re.IGNORECASE)
    carrying = (one for one in entries if any(written.search(text) for text in (one.title, one.text, one.html) if text))
    return tuple(one if tag.casefold() in map(str.casefold, one.tags) else replace(one, tags=(*one.tags, tag)) for one in carrying)


def text_of(snippet: Mapping[str, Any], name: str) -> str:
    """A text of an answer; "" when there is none."""
    value = snippet.get(name)
    return storable(value) if isinstance(value, str) else ""
