"""Hashtags and accounts on GoToSocial, which speaks Mastodon's API to its members (`_timeline`) and feeds to visitors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote

from aggregator.collectors import _options
from aggregator.collectors._member_feeds import member_name, posts_of
from aggregator.collectors._status_checks import standings
from aggregator.collectors._timeline import Timeline
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.fetch import Auth, AuthScheme, Http, Pace, Reply
from aggregator.model import Entry, Kind, Page

VARIABLE = "GOTOSOCIAL_TOKENS"
_PROFILE = re.compile(r"/@([^/@]+)")


@dataclass(frozen=True, kw_only=True)
class Gotosocial(Collector):
    """The public posts with a hashtag, as one server with GoToSocial has heard of them, or the posts of one account there. Hashtags are
    shown to members alone, so they want a token of an account on that server. An account is read by its feed, without a token, where its
    owner has switched the feed on. Most people there write unlisted posts, which are not collected.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="gotosocial",
        title="GoToSocial",
        homepage="https://gotosocial.org",
        spec="docs/api and docs/user_guide/rss.md of superseriousbusiness/gotosocial, read 2025-10-30",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.SERVERS,
            variable=VARIABLE,
            how="Under Settings, User, Applications of your server make a token that may read, and write it as server:token.",
            without="Accounts that have switched on their feed are read, hashtags are not.",
            name="Authorization",
        ),
        every=timedelta(minutes=30),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=1), daily=10_000),
        finds="posts with a hashtag, as one server knows them; posts of an account",
        reach="the newest 200 posts with the hashtag, or what an account's feed holds",
        delay="within minutes, as far as the server hears of them",
        delivers=Delivers.COMPLETE,
        limits=(
            "Hashtags are shown to members only: a token of the server is wanted.",
            "An account is read only when its owner has switched on its feed.",
            "A feed does not say whether its owner wants to be found elsewhere.",
        ),
    )

    server: Annotated[str, Option("server that is asked", example="social.example", check=_options.server)]
    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)] = ""
    user: Annotated[str, Option("name of an account of the server", example="ada", check=member_name)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "tag", "user")

    @property
    def host(self) -> str:
        return _options.host(self.server)

    @property
    def wants_key(self) -> bool:
        return bool(self.tag)

    @property
    def label(self) -> str:
        return f"#{self.tag} on {self.host}" if self.tag else f"{self.user}@{self.host}"

    @property
    def address(self) -> str:
        return f"{_options.base(self.server)}/" + (f"tags/{quote(self.tag)}" if self.tag else f"@{self.user}")

    @property
    def feed(self) -> str | None:
        return f"{self.address}/feed.rss" if self.user else None

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """The page of an account that names its feed: the address alone is also that of other software."""
        parts = _options.split(page.url)
        found = _PROFILE.fullmatch(parts.path)
        if not found or f"/@{found[1]}/feed.rss".encode() not in page.body[:262_144]:
            return ()
        try:
            return ({"server": _options.server(f"{parts.scheme}://{parts.netloc}"), "user": member_name(found[1])},)
        except ValueError:
            return ()

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        if self.tag:
            yield from self._timeline.poll(http, cursor)
        else:
            yield from posts_of(http, cursor, f"{self.address}/feed.rss", user=self.user, host=self.host, profile=self.address)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts with the hashtag, newest first, until the server has no more or a whole page is older than `since`; a feed holds
        nothing older than a poll gives."""
        if self.tag:
            yield from self._timeline.backfill(http, since, cursor)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts with a hashtag; nothing is said of those of a feed, which have other ids."""
        if self.tag:
            yield from standings(http, self.server, entries, auth=True)

    @property
    def _timeline(self) -> Timeline:
        refused = f"does not accept the token in {VARIABLE}; make a new one there and set it as {self.host}:token"
        return Timeline(server=self.server, tag=self.tag, refused=refused, auth=True)
