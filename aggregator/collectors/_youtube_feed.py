"""The newest videos of a channel or playlist: from its feed, and with a key from the API while the feeds are out of order."""

from __future__ import annotations

from dataclasses import replace

from aggregator.collectors._feeds import ACCEPT, Feed, feed_of
from aggregator.collectors._youtube_api import DOING, listed_in
from aggregator.errors import Unavailable
from aggregator.fetch import Http

FEEDS = "https://www.youtube.com/feeds/videos.xml"
# The feeds answer these for hours on most days (miniflux issue 4261, FreshRSS issue 8808, 2026).
OUTAGES = frozenset((404, 500))


def uploads_of(channel: str) -> str:
    """The playlist of all that a channel publishes: its own 22 characters behind other two."""
    return f"UU{channel[2:]}"


def newest_videos(http: Http, *, channel: str, playlist: str, whole: bool) -> Feed:
    """Up to 15 videos of a playlist, or of a channel where there is none; up to 50 by the API.

    Args:
        whole: read the feed also where it names no topic.
    """
    try:
        reply = http.get(FEEDS, params={"playlist_id": playlist} if playlist else {"channel_id": channel}, accept=ACCEPT)
    except Unavailable as error:
        if error.status not in OUTAGES or not http.authorised:
            raise
        return Feed(entries=listed_in(http, playlist or uploads_of(channel)))
    return feed_of(replace(reply, silent=False) if whole else reply, DOING) or Feed()
