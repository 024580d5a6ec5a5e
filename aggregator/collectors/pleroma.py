"""Hashtag timelines of Pleroma and Akkoma, which speak Mastodon's API (`_timeline`)."""

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
from aggregator.fetch import Auth, AuthScheme, Http, Pace, Reply
from aggregator.model import Entry, Kind, Page

VARIABLE = "PLEROMA_TOKENS"
_TAG = re.compile(r"/tags?/([^/]+?)(?:\.(?:rss|atom))?")
_SIGN = re.compile(rb"initial-results|/api/pleroma/|akkoma|pleroma", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Pleroma(Collector):
    """The public posts with a hashtag, as one server with Pleroma or Akkoma has heard of them. Most servers show them to visitors; one that
    shows them to its members alone is read with a token of an account there. Posts that are for the members of one server, for a list or
    set to vanish are left out, and so are those of people who ask not to be found, by their account's settings or by a word like #nobot in
    their biography.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="pleroma",
        title="Pleroma and Akkoma",
        homepage="https://pleroma.social",
        spec="docs/development/API/differences_in_mastoapi_responses.md of Pleroma, read 2026-07-30",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.SERVERS,
            variable=VARIABLE,
            how="Log in at the server with an account of your own, make an application token and write it as server:token.",
            without="Servers that show hashtags to visitors are read, and most do.",
            name="Authorization",
        ),
        every=timedelta(minutes=15),
        pace=Pace(gap=timedelta(seconds=1), daily=20_000),
        finds="posts with a hashtag, as one server knows them",
        reach="the newest 200 posts with the hashtag",
        delay="within minutes, as far as the server hears of them",
        delivers=Delivers.COMPLETE,
        limits=(
            "Only posts that the chosen server has received are seen.",
            "A word without the hashtag cannot be searched for.",
        ),
    )

    server: Annotated[str, Option("server that is asked", example="pleroma.example", check=_options.server)]
    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)]

    @property
    def host(self) -> str:
        return _options.host(self.server)

    @property
    def wants_key(self) -> bool:
        # Most servers need none; one that does says so itself.
        return False

    @property
    def label(self) -> str:
        return f"#{self.tag} on {self.host}"

    @property
    def address(self) -> str:
        return f"{_options.base(self.server)}/tag/{quote(self.tag)}"

    @property
    def feed(self) -> str:
        return f"{_options.base(self.server)}/tags/{quote(self.tag)}.atom"

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """A page of a hashtag: its address is also that of other software, so it must name its own."""
        parts = _options.split(page.url)
        found = _TAG.fullmatch(parts.path)
        if not found or not _SIGN.search(page.body[:65536]):
            return ()
        try:
            return ({"server": _options.server(f"{parts.scheme}://{parts.netloc}"), "tag": _options.hashtag(unquote(found[1]))},)
        except ValueError:
            return ()

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from self._timeline(http).poll(http, cursor)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the server has no more or a whole page is older than `since`."""
        yield from self._timeline(http).backfill(http, since, cursor)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        yield from standings(http, self.server, entries, auth=http.authorised)

    def _timeline(self, http: Http) -> Timeline:
        with_token = f"does not accept the token in {VARIABLE}; make a new one there and set it as {self.host}:token"
        without = f"shows it to its members only; set {VARIABLE} to {self.host}:token, or choose another server that this hashtag reaches"
        refused = with_token if http.authorised else without
        return Timeline(server=self.server, tag=self.tag, refused=refused, auth=http.authorised)
