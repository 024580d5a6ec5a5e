"""What YouTube has of the past, through the Data API, newest first: a list's videos, older results of a search, old comments.

Source: https://developers.google.com/youtube/v3/docs/playlistItems/list and search/list, read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from aggregator.collectors._json import instant, member, members, read_each
from aggregator.collectors._sweep import Listing
from aggregator.collectors._youtube_api import API, DOING, answer_of, confirmed, listed_video, text_of, with_hashtag
from aggregator.collectors._youtube_comments import CLOSED, threads
from aggregator.errors import Gone
from aggregator.fetch import Http


def old_videos(http: Http, at: str, *, playlist: str, tag: str) -> Listing | None:
    """One page of a playlist. Only that of a channel's uploads is in the order of time."""
    asked = {"part": "snippet,contentDetails", "playlistId": playlist, "maxResults": "50"} | ({"pageToken": at} if at else {})
    reply = http.get(f"{API}/playlistItems", params=asked, auth=True)
    if reply.unchanged:
        return None
    answer = answer_of(reply.json(DOING), "playlistItems")
    entries, remarks = read_each(answer["items"], listed_video, noun="video")
    details = (member(row.get("contentDetails")) for row in members(answer["items"]))
    times = tuple(time for one in details if (time := instant(one.get("videoPublishedAt"))))
    return Listing(
        entries=with_hashtag(entries, tag) if tag else entries,
        remarks=remarks,
        times=times if playlist.startswith("UU") else (),
        after=text_of(answer, "nextPageToken"),
    )


def old_results(http: Http, at: str, *, words: str) -> Listing | None:
    """One page of a search. It ends after about 500 results; what is older is searched for anew, before the oldest of them.

    Args:
        at: before when, and the token of the page, with a space between.
    """
    before, _, token = at.partition(" ")
    asked = {"part": "snippet", "q": words, "type": "video", "order": "date", "maxResults": "50"}
    asked |= ({"publishedBefore": before} if before else {}) | ({"pageToken": token} if token else {})
    reply = http.get(f"{API}/search", params=asked, auth=True)
    if reply.unchanged:
        return None
    answer = answer_of(reply.json(DOING), "search")
    entries, remarks = confirmed(http, answer["items"])
    rows = (member(row.get("snippet")) for row in members(answer["items"]))
    times = tuple(time for row in rows if (time := instant(row.get("publishedAt"))))
    oldest = min(times).strftime("%Y-%m-%dT%H:%M:%SZ") if times else ""
    further = text_of(answer, "nextPageToken")
    after = f"{before} {further}" if further else f"{oldest} " if oldest and (not before or oldest < before) else ""
    return Listing(entries=entries, remarks=remarks, times=times, after=after)


def old_comments(http: Http, at: str, *, places: Mapping[str, Mapping[str, str]]) -> Listing | None:
    """One page of the threads of one place; after its last page comes the next place.

    Args:
        at: the name of the place, and the token of the page, with a space between.
    """
    names = list(places)
    name, _, token = at.partition(" ")
    name = name if name in places else names[0]
    following = next(iter(names[names.index(name) + 1 :]), "")
    onward = f"{following} " if following else ""
    try:
        listing = threads(http, places[name], token)
    except Gone as error:
        if len(names) == 1 or error.status not in CLOSED:
            raise
        return Listing(entries=(), remarks=(f"no comments are to be had under the video {name}",), after=onward)
    if listing is None:
        return None
    # Of several places none says how far back the others were read.
    return replace(listing, after=f"{name} {listing.after}" if listing.after else onward, times=listing.times if len(names) == 1 else ())
