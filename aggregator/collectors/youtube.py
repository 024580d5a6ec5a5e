"""YouTube: keyless feeds of channels and playlists, and the Data API v3 where a key is set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, ClassVar
from urllib.parse import quote, quote_plus

from aggregator.collectors._options import exactly_one, hashtag, split
from aggregator.collectors._sweep import Ask, look_back
from aggregator.collectors._youtube_address import HOSTS, PLAYERS, channel_of, handle_of, playlist_of, recognised, video_id, yes
from aggregator.collectors._youtube_api import DOING, with_hashtag
from aggregator.collectors._youtube_comments import comments_under, places_of
from aggregator.collectors._youtube_feed import FEEDS, OUTAGES, newest_videos, uploads_of
from aggregator.collectors._youtube_names import channel_named, channel_on
from aggregator.collectors._youtube_past import old_comments, old_results, old_videos
from aggregator.collectors._youtube_search import found
from aggregator.collectors._youtube_standing import standings
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import BadOption
from aggregator.fetch import Auth, AuthScheme, Http, Pace, Reply
from aggregator.model import Entry, Kind, Page
from aggregator.text.decode import decode

_TAGGED_PLACES = ("channel", "playlist", "handle")
# Two requests a page of search results: the search itself, of which Google allows 100 a day, and the videos that it names.
_SEARCHES = Pace(gap=timedelta(seconds=2), daily=190)


@dataclass(frozen=True, kw_only=True)
class YouTube(Collector):
    """Reads the videos of a channel or a playlist on YouTube, or those of them with a hashtag, or searches all of YouTube for words.

    Channels and playlists need no key: their feeds give the 15 newest videos with the whole description. The feeds fail for hours on many
    days, which is reported and outlasted; with a key the API is asked instead. A search needs the key, and finds videos whose title,
    description or tags hold the words, up to a day late. With the key the comments under a video are read, or with `comments: yes` those
    under all videos of a channel or the 50 first of a playlist; all of YouTube's comments cannot be searched. Looking back needs the key.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="youtube",
        title="YouTube",
        homepage="https://www.youtube.com",
        spec="https://developers.google.com/youtube/v3/docs, read 2026-11-20",
        method=Method.FEED,
        kinds=(Kind.VIDEO, Kind.COMMENT),
        auth=Auth(
            scheme=AuthScheme.HEADER,
            variable="YOUTUBE_API_KEY",
            name="X-Goog-Api-Key",
            how="Make a project at https://console.cloud.google.com, enable YouTube Data API v3 there and create an API key.",
            without="The newest videos of channels and playlists are read from their feeds; nothing older, no searches, no comments.",
        ),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="videos of a channel or playlist, all or with a hashtag; with a key what a search finds, and comments under known videos",
        reach="the 15 newest videos of a channel or playlist; about 500 results of a search; 300 newest threads of comments",
        delay="within the hour",
        delivers=Delivers.COMPLETE,
        limits=(
            "A channel that publishes more than 15 videos between two polls loses some.",
            "What is said in a video is not read.",
            "A new answer to an old comment is seen only while the comment is among the 100 newest; of one comment 500 answers are read.",
            "A search leaves out known videos now and then; what was found once is kept.",
            "Google allows 100 pages of search results a day for one key; at most 95 are asked for.",
        ),
        transient=OUTAGES,
    )

    channel: Annotated[str, Option("id of a channel", example="UC6hicteAM1PrzfeWN5VT5dg", check=channel_of)] = ""
    playlist: Annotated[str, Option("id of a playlist", example="PLOjcWjpjOqzbV9T3tSR6O7z_eic-Puqaa", check=playlist_of)] = ""
    handle: Annotated[str, Option("name of a channel, with its @", example="@microsolidarity", check=handle_of)] = ""
    search: Annotated[str, Option("words to search for; needs a key", example="microsolidarity")] = ""
    video: Annotated[str, Option("id of a video, to read the comments under it; needs a key", example="1_3OxvUkPPo", check=video_id)] = ""
    tag: Annotated[str, Option("only videos of the channel or playlist with this hashtag", example="microsolidarity", check=hashtag)] = ""
    comments: Annotated[str, Option("write yes for the comments and not the videos; needs a key", example="yes", check=yes)] = ""

    def __post_init__(self) -> None:
        place = exactly_one(self, "channel", "playlist", "handle", "search", "video")
        if (self.tag or self.comments) and place not in _TAGGED_PLACES:
            raise BadOption("the options 'tag' and 'comments' go with 'channel', 'playlist' or 'handle'")
        if self.tag and self.comments:
            raise BadOption("one of the options 'tag' and 'comments' is wanted, and only one")

    @property
    def _of_api(self) -> bool:
        """True for what only the API gives."""
        return bool(self.search or self.video or self.comments)

    @property
    def host(self) -> str:
        return "www.googleapis.com" if self._of_api else "www.youtube.com"

    @property
    def pace(self) -> Pace:
        return _SEARCHES if self.search else self.manifest.pace

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(("www.googleapis.com", "www.youtube.com"))

    @property
    def label(self) -> str:
        if self.search:
            return f"YouTube, search for {self.search}"
        place = self.handle or (self.channel and f"channel {self.channel}") or (self.playlist and f"playlist {self.playlist}")
        if self.video or self.comments:
            return f"YouTube, comments on {place or f'video {self.video}'}"
        return f"YouTube, {place}" + (f", #{self.tag}" if self.tag else "")

    @property
    def address(self) -> str:
        if self.search:
            return f"https://www.youtube.com/results?search_query={quote_plus(self.search)}"
        after = "#comments" if self.video or self.comments else ""
        if self.video:
            return f"https://www.youtube.com/watch?v={self.video}{after}"
        if self.playlist:
            return f"https://www.youtube.com/playlist?list={self.playlist}{after}"
        place = quote(self.handle, safe="@/") or f"channel/{self.channel}"
        return f"https://www.youtube.com/{place}{f'/search?query=%23{quote(self.tag)}' if self.tag else after}"

    @property
    def feed(self) -> str | None:
        if self._of_api or self.tag:
            return None
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
            "names no public channel, playlist or search of YouTube; write one of those. A video is put on the page with `aggregator add`; "
            "its comments are a source with the option 'video'"
        )

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        """A channel that is called so, if there is one; searching needs the key."""
        return ({"handle": f"@{word}"},) if re.fullmatch(r"[a-z0-9._-]{3,30}", word) else ()

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        if (split(page.url).hostname or "") not in HOSTS:
            return ()
        channel = channel_on(decode(page.body, page.headers.get("content-type", "")))
        return ({"channel": channel},) if channel else ()

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        if self.search:
            yield from found(self.search, position, http)
            return
        known = str(position.get("channel", ""))
        channel, remarks = (known or self.channel, ()) if known or not self.handle else channel_named(self.handle, http)
        kept = {"channel": channel} if self.handle else {}
        if self.video or self.comments:
            places = places_of(http, video=self.video, channel=channel, playlist=self.playlist, known=position)
            yield from comments_under(places, http, known=position, kept=kept)
            return
        feed = newest_videos(http, channel=channel, playlist=self.playlist, whole=bool(self.tag))
        entries = tuple(replace(one, kind=Kind.VIDEO, site="YouTube") for one in feed.entries)
        if self.tag:
            entries = with_hashtag(entries, self.tag)
        yield Page(entries=entries, cursor=pack(**kept) if kept else "", remarks=(*remarks, *feed.remarks))

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older videos or comments, newest first, until the end or until a whole page is older than `since`; only with the key."""
        channel = channel_named(self.handle, http)[0] if self.handle else self.channel
        if self.search:
            ask: Ask = partial(old_results, http, words=self.search)
        elif self.video or self.comments:
            ask = partial(old_comments, http, places=places_of(http, video=self.video, channel=channel, playlist=self.playlist, known={}))
        else:
            ask = partial(old_videos, http, playlist=self.playlist or uploads_of(channel), tag=self.tag)
        yield from look_back(cursor, ask, since=since, doing=DOING)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Videos by their ids: with a key fifty at once, with what their owners say; without one each through oEmbed, which knows whether a
        video can be opened, and not whether it is listed.
        """
        yield from standings(http, entries)
