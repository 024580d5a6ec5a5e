"""YouTube: keyless feeds of channels and playlists, and the Data API v3 where a key is set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, quote_plus

from aggregator.collectors._feeds import ACCEPT, Feed, cut_off, description, feed_of, with_remarks
from aggregator.collectors._options import exactly_one, split
from aggregator.collectors._youtube_address import CHANNEL, HOSTS, PLAYERS, channel_of, handle_of, playlist_of, recognised
from aggregator.collectors._youtube_api import DOING, items_of, listed_in
from aggregator.collectors._youtube_search import found
from aggregator.collectors._youtube_standing import standings
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import Unavailable, Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page
from aggregator.text.decode import decode

FEEDS = "https://www.youtube.com/feeds/videos.xml"
# The feeds answer these for hours on most days (miniflux issue 4261, FreshRSS issue 8808, 2026).
_OUTAGES = frozenset((404, 500))
# A page says its channel in its declared feed, or in the JSON it is made from.
ON_PAGE = (
    re.compile(r"feeds/videos\.xml\?channel_id=(UC[0-9A-Za-z_-]{22})\""),
    re.compile(r"\"externalId\":\s*\"(UC[0-9A-Za-z_-]{22})\""),
)


@dataclass(frozen=True, kw_only=True)
class YouTube(Collector):
    """Reads the videos of a channel or a playlist on YouTube, or searches all of YouTube for words.

    Channels and playlists need no key: their feeds give the 15 newest videos with the whole description. The feeds fail for hours on many
    days, which is reported and outlasted; with a key the API is asked instead. A search needs the key, and finds videos whose title,
    description or tags hold the words, up to a day late.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="youtube",
        title="YouTube",
        homepage="https://www.youtube.com",
        spec="https://developers.google.com/youtube/v3/docs, read 2026-11-20",
        method=Method.FEED,
        kinds=(Kind.VIDEO,),
        auth=Auth(
            scheme=AuthScheme.HEADER,
            variable="YOUTUBE_API_KEY",
            name="X-Goog-Api-Key",
            how="Make a project at https://console.cloud.google.com, enable YouTube Data API v3 there and create an API key.",
            without="Channels and playlists are read from their feeds; searches are not possible.",
        ),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="videos of a channel or playlist; with a key what a search finds",
        reach="the 15 newest videos of a channel or playlist; about 500 results of a search",
        delay="within the hour",
        delivers=Delivers.COMPLETE,
        limits=(
            "A channel that publishes more than 15 videos between two polls loses some.",
            "What is said in a video and its comments are not read.",
            "A search leaves out known videos now and then; what was found once is kept.",
            "Google allows 100 pages of search results a day for one key.",
        ),
        transient=_OUTAGES,
    )

    channel: Annotated[str, Option("id of a channel", example="UC6hicteAM1PrzfeWN5VT5dg", check=channel_of)] = ""
    playlist: Annotated[str, Option("id of a playlist", example="PLOjcWjpjOqzbV9T3tSR6O7z_eic-Puqaa", check=playlist_of)] = ""
    handle: Annotated[str, Option("name of a channel, with its @", example="@microsolidarity", check=handle_of)] = ""
    search: Annotated[str, Option("words to search for; needs a key", example="microsolidarity")] = ""

    def __post_init__(self) -> None:
        exactly_one(self, "channel", "playlist", "handle", "search")

    @property
    def host(self) -> str:
        return "www.googleapis.com" if self.search else "www.youtube.com"

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(("www.googleapis.com", "www.youtube.com"))

    @property
    def label(self) -> str:
        if self.search:
            return f"YouTube, search for {self.search}"
        return f"YouTube, {self.handle or (self.channel and f'channel {self.channel}') or f'playlist {self.playlist}'}"

    @property
    def address(self) -> str:
        if self.search:
            return f"https://www.youtube.com/results?search_query={quote_plus(self.search)}"
        if self.playlist:
            return f"https://www.youtube.com/playlist?list={self.playlist}"
        return f"https://www.youtube.com/{quote(self.handle, safe='@/') or f'channel/{self.channel}'}"

    @property
    def feed(self) -> str | None:
        if self.channel:
            return f"{FEEDS}?channel_id={self.channel}"
        return f"{FEEDS}?playlist_id={self.playlist}" if self.playlist else None

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        return recognised(address)

    @classmethod
    def declined(cls, address: str) -> str | None:
        if (split(address).hostname or "") not in HOSTS | PLAYERS:
            return None
        return (
            "names no public channel, playlist or search of YouTube; write one of those. A video is put on the page with `aggregator add`"
        )

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        if self.search:
            yield from found(self.search, position, http)
            return
        channel, remarks = self._named(http, position) if self.handle else (self.channel, ())
        resume = pack(channel=channel) if self.handle else ""
        address = {"playlist_id": self.playlist} if self.playlist else {"channel_id": channel}
        try:
            feed = feed_of(http.get(FEEDS, params=address, accept=ACCEPT), DOING)
        except Unavailable as error:
            if error.status not in _OUTAGES or not http.authorised:
                raise
            # The uploads of a channel are a playlist of the same 22 characters.
            yield Page(entries=listed_in(http, self.playlist or f"UU{channel[2:]}"), cursor=resume, remarks=remarks)
            return
        feed = with_remarks(feed, remarks) or Feed()
        yield Page(
            entries=tuple(replace(one, kind=Kind.VIDEO, site="YouTube") for one in feed.entries), cursor=resume, remarks=feed.remarks
        )

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Videos by their ids: with a key fifty at once, with what their owners say; without one each through oEmbed, which knows whether a
        video can be opened, and not whether it is listed.
        """
        yield from standings(http, entries)

    def _named(self, http: Http, position: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        """(id of the channel that has the handle, remarks); asked for once."""
        if known := position.get("channel"):
            return str(known), ()
        if http.authorised and not self.handle.startswith("c/"):
            by = {"forHandle": self.handle} if self.handle.startswith("@") else {"forUsername": self.handle.partition("/")[2]}
            found = [one.get("id") for one in items_of(http, "channels", {"part": "id"} | by)]
            if not found or not CHANNEL.fullmatch(str(found[0])):
                raise Unreadable(f"{DOING}: the API knows no channel {self.handle!r}; check its address")
            return str(found[0]), ()
        reply = http.get(f"https://www.youtube.com/{quote(self.handle, safe='@/')}")
        text = decode(reply.body, reply.headers.get("content-type", ""))
        for pattern in ON_PAGE:
            if on_page := pattern.search(text):
                return on_page[1], cut_off(text)
        raise Unreadable(f"{DOING}: expected the page of a channel, got {description(text)} that names none; use the option 'channel'")
