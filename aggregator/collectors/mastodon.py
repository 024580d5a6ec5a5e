"""Hashtag timelines of Mastodon and of the servers that speak its API (`_timeline`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, unquote

from aggregator.collectors import _options
from aggregator.collectors._status_checks import standings
from aggregator.collectors._timeline import Timeline
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Kind, Page

_TAG_PAGE = re.compile(r"(?:(?:/web|/deck)?/tags/|/web/timelines/tag/|/api/v1/timelines/tag/)([^/]+?)(?:\.rss)?")
# Where a page holds the state that its program starts from.
_MADE_BY = re.compile(rb"<script [^>]*id=[\"']initial-state[\"'][^>]*>[^<]*\"streaming_api_base_url\"")
# Ids of Mastodon are numbers that begin with the time; no other software has such long ones behind a name.
_STATUS = re.compile(r"(?:/web|/deck)?/(?:@[^/]+|users/[^/]+/statuses)/[0-9]{15,}(?:/.*)?")


@dataclass(frozen=True, kw_only=True)
class Mastodon(Collector):
    """The public posts with a hashtag, as one Mastodon server has heard of them. No server sees the whole network, so name two or three: a
    large one and those where the community lives; the same post seen from several servers is one mention. Small servers that
    speak Mastodon's API (snac) are read the same way. Posts of people who ask not to be found, by their account's settings or
    by a word like #nobot in their biography, are not shown. A server that closed its timelines to visitors says so; choose another.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="mastodon",
        title="Mastodon",
        homepage="https://joinmastodon.org",
        spec="https://docs.joinmastodon.org/methods/timelines/#tag, read 2026-07-30",
        method=Method.API,
        kinds=(Kind.POST,),
        every=timedelta(minutes=15),
        pace=Pace(gap=timedelta(seconds=1), daily=20_000),
        finds="posts with a hashtag, as one server knows them",
        reach="the newest 200 posts with the tag",
        delay="within minutes, as far as the server hears of them",
        delivers=Delivers.COMPLETE,
        limits=(
            "Only posts that the chosen server has received are seen.",
            "A word without the hashtag cannot be searched for.",
            "Some servers show their timelines to members only.",
        ),
    )

    server: Annotated[str, Option("server that is asked", example="mastodon.social", check=_options.server)]
    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)]

    @property
    def host(self) -> str:
        return _options.host(self.server)

    @property
    def label(self) -> str:
        return f"#{self.tag} on {self.host}"

    @property
    def address(self) -> str:
        return f"{_options.base(self.server)}/tags/{quote(self.tag)}"

    @property
    def feed(self) -> str:
        return f"{self.address}.rss"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """`https://SERVER/tags/TAG`, also with `.rss` and as apps write it. With a final slash it is a page of a blog, not a server's."""
        parts = _options.split(address)
        found = _TAG_PAGE.fullmatch(parts.path)
        if not found or not parts.hostname:
            return None
        try:
            server = _options.server(f"{parts.scheme}://{parts.netloc}")
            return {"server": server, "tag": _options.hashtag(unquote(found[1]))}
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if not _STATUS.fullmatch(_options.split(address).path):
            return None
        return "names a single post; write that of a hashtag (/tags/…) or of its author. The post is put on the page with `aggregator add`"

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """A server whose page is made by Mastodon, on which a hashtag is to be looked for."""
        parts = _options.split(page.url)
        if not _MADE_BY.search(page.body):
            return ()
        try:
            return ({"server": _options.server(f"{parts.scheme}://{parts.netloc}")},)
        except ValueError:
            return ()

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        """The largest server, which hears of most, and one where people who work together live."""
        return tuple({"server": server, "tag": word} for server in ("mastodon.social", "social.coop"))

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from self._timeline.poll(http, cursor)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the server has no more or a whole page is older than `since`."""
        yield from self._timeline.backfill(http, since, cursor)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        yield from standings(http, self.server, entries)

    @property
    def _timeline(self) -> Timeline:
        refused = "shows it to its members only; choose another server that this hashtag reaches"
        return Timeline(server=self.server, tag=self.tag, refused=refused, says_access=True)
