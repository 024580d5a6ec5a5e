"""Videos on PeerTube and in Sepia Search, newest first and read by `_sweep`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._json import a_list, an_object, instant, member, number, read_each, text
from aggregator.collectors._peertube_video import entry_of, standing_of
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.errors import Gone, Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Kind, Page

DOING, CHECKING = "reading the list of videos", "looking at videos again"
LIMIT = 100
"""The most that a page holds (OpenAPI description of PeerTube 8.1, parameter count)."""
HEAD_PAGES = 2
"""How many pages a first poll reads."""
INDEX = "sepiasearch.org"
"""Framasoft's index of the public servers: it is searched like a server, and holds no video itself."""
_CHANNEL = re.compile(r"[A-Za-z0-9._-]+(?:@[A-Za-z0-9.-]+(?::[0-9]+)?)?")
_PAGE = re.compile(r"/(?:c|video-channels)/([^/]+)(?:/(?:videos|video-playlists|about)?)?")


def _channel(value: str) -> str:
    name = value.strip().removeprefix("@")
    if not _CHANNEL.fullmatch(name):
        raise ValueError(f"{value!r} is not a channel; write the name after /c/ in its address, like 'crews' or 'crews@tube.example'")
    return name


@dataclass(frozen=True, kw_only=True)
class Peertube(Collector):
    """Public videos with a tag, videos that a search finds, or the videos of one channel, as a PeerTube server knows them, without a key.
    A server knows its own videos and those of the servers it follows; sepiasearch.org, an index of more than a thousand servers, can be
    searched the same way and is the best beginning. Titles and the first lines of descriptions are read. Videos marked as not safe for work
    are left out, and so is what is unlisted or for members.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="peertube",
        title="PeerTube",
        homepage="https://joinpeertube.org",
        spec="OpenAPI description of PeerTube 8.1 (search/videos, video-channels), read 2026-11-22",
        method=Method.API,
        kinds=(Kind.VIDEO,),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=1), daily=5_000),
        finds="videos with a tag or a word, videos of a channel",
        reach="the newest 200 videos",
        delay="within the hour on its own server, within a day in Sepia Search",
        delivers=Delivers.EXCERPT,
        limits=(
            "A server knows only its own videos and those of servers that it follows.",
            "Lists hold the beginning of a description: a word further down is found by the server's search and need not be shown.",
            "What Sepia Search lists cannot be looked at again there.",
        ),
    )

    server: Annotated[str, Option("server that is asked, or sepiasearch.org for all", example="sepiasearch.org", check=_options.server)]
    tag: Annotated[str, Option("tag of videos, without the #", example="microsolidarity", check=_options.hashtag)] = ""
    search: Annotated[str, Option("words to search for", example="crew of five")] = ""
    channel: Annotated[str, Option("name of a channel in its address", example="crews", check=_channel)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "tag", "search", "channel")

    @property
    def host(self) -> str:
        return _options.host(self.server)

    @property
    def label(self) -> str:
        if self.channel:
            return f"{self.channel} on {self.host}"
        return f"#{self.tag} on {self.host}" if self.tag else f"{self.host}, search {self.search}"

    @property
    def address(self) -> str:
        base = _options.base(self.server)
        if self.channel:
            return f"{base}/c/{quote(self.channel, safe='@')}/videos"
        return f"{base}/search?{urlencode({'tagsOneOf': self.tag} if self.tag else {'search': self.search})}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """A search of Sepia Search; other servers have addresses like those of other software, so a page must show that it is one."""
        parts = _options.split(address)
        return _searched(parts.query, INDEX) if parts.hostname == INDEX and parts.path == "/search" else None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if _options.split(address).hostname != INDEX:
            return None
        return f"names no search; write one, like https://{INDEX}/search?search=crews"

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """A channel or a search, on a page that names its software (`og:platform`)."""
        parts, head = _options.split(page.url), page.body[:65536]
        if b'property="og:platform" content="PeerTube"' not in head:
            return ()
        server, channel = f"{parts.scheme}://{parts.netloc}", _PAGE.fullmatch(parts.path)
        try:
            if channel:
                return ({"server": _options.server(server), "channel": _channel(unquote(channel[1]))},)
            found = _searched(parts.query, _options.server(server)) if parts.path == "/search" else None
        except ValueError:
            return ()
        return (found,) if found else ()

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"server": INDEX, "search": word}, {"server": INDEX, "tag": word})

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older videos, newest first, until the list ends or a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Videos one by one, on the server that listed them; nothing is said of what an index listed."""
        for entry in entries if self.host != INDEX else ():
            url = f"{_options.base(self.server)}/api/v1/videos/{quote(entry.native_id, safe='')}"
            try:
                video = an_object(http.get(url, accept="application/json").json(CHECKING), CHECKING)
            except Gone:
                yield Standing(native_id=entry.native_id, found=False)
                continue
            if standing := standing_of(entry.native_id, video):
                yield standing

    def _listing(self, http: Http, at: str) -> Listing | None:
        """The videos from the place `at` on, counted from the newest; behind it stands the id that the page before began with."""
        place, _, before = at.partition(" ")
        start = int(place) if place.isdecimal() and place.isascii() else 0
        reply = http.get(self._url, params={**self._asked, "start": str(start), "count": str(LIMIT)}, accept="application/json")
        if reply.unchanged and not start:
            return None
        found = an_object(reply.json(DOING), DOING)
        rows, total = a_list(found.get("data"), DOING), number(found.get("total"))
        if total is None:
            raise Unreadable(f"{DOING}: expected the number of videos, got none")
        ids = [id for row in rows if (id := text(member(row).get("uuid")))]
        if rows and not ids:
            raise Unreadable(f"{DOING}: expected videos with ids, got {len(rows)} without")
        entries, remarks = read_each(rows, lambda row: entry_of(row, host=self.host, tag=self.tag), noun="video")
        times = tuple(time for row in rows if (time := instant(member(row).get("publishedAt"))))
        if not rows and start < total:
            remarks = (*remarks, f"the server counts {total} videos and gave none from number {start} on")
        if before and ids[:1] == [before]:
            # Right when exactly a page of videos came meanwhile; a server that takes no notice of the place gives it too.
            remarks = (*remarks, f"the page from number {start} on is the page before it again: videos may be missing")
        following = start + len(rows)
        after = f"{following} {ids[0]}" if ids and following < total else ""
        # Behind a page, what is counted and not given is older than that; what a first page does not give may be hidden from everybody.
        return Listing(entries=entries, remarks=remarks, times=times, after=after, withheld=not rows and 0 < start < total)

    @property
    def _url(self) -> str:
        path = f"video-channels/{quote(self.channel, safe='@')}/videos" if self.channel else "search/videos"
        return f"{_options.base(self.server)}/api/v1/{path}"

    @property
    def _asked(self) -> Mapping[str, str]:
        """What is asked for; `search` is documented as required, also beside a tag."""
        newest = {"sort": "-publishedAt", "nsfw": "false"}
        if self.channel:
            return newest
        words = {"search": self.tag, "tagsOneOf": self.tag} if self.tag else {"search": self.search}
        # A server may hand searches on to an index, which is asked itself where it is wanted.
        return {**words, **newest, "searchTarget": "local"} if self.host != INDEX else {**words, **newest}


def _searched(query: str, server: str) -> Mapping[str, str] | None:
    """The options that a page of search results shows; None when it searches for nothing."""
    asked = parse_qs(query)
    words, tags = asked.get("search", [""])[0].strip(), asked.get("tagsOneOf", [""])
    try:
        if not words and len(tags) == 1 and tags[0]:
            return {"server": server, "tag": _options.hashtag(tags[0])}
    except ValueError:
        return None
    return {"server": server, "search": words} if words else None
