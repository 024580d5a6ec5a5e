"""Posts of Bluesky, newest first and read by `_sweep`; `_bluesky_service` asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._bluesky_post import HANDLE
from aggregator.collectors._bluesky_service import SERVICE, VARIABLE, Wanted, standings
from aggregator.collectors._sweep import look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page

HEAD_PAGES = 3
"""How many pages a first poll reads."""
_SITES = frozenset(("bsky.app", "www.bsky.app", "main.bsky.dev"))


def _actor(value: str) -> str:
    """A handle in lower case, or a DID."""
    actor = value.strip().removeprefix("@")
    if re.fullmatch(r"did:[a-z]+:[A-Za-z0-9._:%-]+", actor):
        return actor
    if HANDLE.fullmatch(actor.lower()):
        return actor.lower()
    raise ValueError(f"{value!r} is not an account; write its handle, like 'ada.bsky.social', or its DID")


@dataclass(frozen=True, kw_only=True)
class Bluesky(Collector):
    """Posts on Bluesky with a hashtag, posts that a search finds, or the posts of one account. An account is read without any key. Hashtags
    and searches want an app password (never the main password): without one Bluesky shows visitors only the newest page of a search, and at
    times nothing. Posts of people who hide from visitors that are not logged in are not shown, nor is what is labelled as unfit for all.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="bluesky",
        title="Bluesky",
        homepage="https://bsky.app",
        spec="lexicons app.bsky.feed.searchPosts and getAuthorFeed of bluesky-social/atproto, read 2026-08-20",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.ATPROTO,
            variable=VARIABLE,
            how="Make an app password at https://bsky.app/settings/app-passwords and write it as handle:app-password.",
            without="Accounts are read without it; of a hashtag or a search only the newest 100 posts, when Bluesky permits it at all.",
            name=SERVICE,
        ),
        every=timedelta(minutes=30),
        pace=Pace(gap=timedelta(seconds=1), daily=5_000),
        finds="posts with a hashtag or a word, posts of an account",
        reach="the newest 300 posts",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=(
            "Bluesky has no feeds of hashtags or searches.",
            "A post that its author dated back by more than a page of posts is not seen.",
        ),
    )

    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)] = ""
    search: Annotated[str, Option("words to search for, as in Bluesky's own search", example='"crew of five"')] = ""
    actor: Annotated[str, Option("handle or DID of an account", example="ada.bsky.social", check=_actor)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "tag", "search", "actor")

    @property
    def host(self) -> str:
        return "public.api.bsky.app" if self.actor else "bsky.social"

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset({self.host} if self.actor else {self.host, "api.bsky.app"})

    @property
    def wants_key(self) -> bool:
        return not self.actor

    @property
    def label(self) -> str:
        if self.actor:
            return f"{self.actor} on Bluesky"
        return f"#{self.tag} on Bluesky" if self.tag else f"Bluesky, search {self.search}"

    @property
    def address(self) -> str:
        if self.actor:
            return f"https://bsky.app/profile/{self.actor}"
        return (
            f"https://bsky.app/hashtag/{quote(self.tag, safe='')}"
            if self.tag
            else f"https://bsky.app/search?{urlencode({'q': self.search})}"
        )

    @property
    def feed(self) -> str | None:
        return f"{self.address}/rss" if self.actor else None

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """Pages of bsky.app: a hashtag, a search, an account; a single post is no source."""
        parts = _options.split(address)
        if parts.hostname not in _SITES:
            return None
        tag = re.fullmatch(r"/hashtag/([^/]+)/?", parts.path)
        actor = re.fullmatch(r"/profile/([^/]+)(?:/rss)?/?", parts.path)
        words = parse_qs(parts.query).get("q", [""])[0].strip() if parts.path.rstrip("/") == "/search" else ""
        try:
            if tag:
                return {"tag": _options.hashtag(unquote(tag[1]))}
            if actor:
                return {"actor": _actor(unquote(actor[1]))}
        except ValueError:
            return None
        return {"search": words} if words else None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if _options.split(address).hostname not in _SITES:
            return None
        return "names no hashtag, search or account on Bluesky; write one of those. A single post is put on the page with `aggregator add`"

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"tag": word}, {"search": word})

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        wanted, visitor = self._wanted, not self.actor and not http.authorised
        missed = f"more posts came than visitors are shown; set {VARIABLE} to read them all"
        yield from sweep(cursor, lambda at: wanted.listing(http, at, visitor=visitor), head=HEAD_PAGES, doing=wanted.doing, missed=missed)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the end or until a whole page is older than `since`; searches want the app password."""
        wanted = self._wanted
        yield from look_back(cursor, lambda at: wanted.listing(http, at, visitor=False), since=since, doing=wanted.doing)

    looks_closer: ClassVar[bool] = True

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        yield from standings(http, entries, searched=not self.actor)

    @property
    def _wanted(self) -> Wanted:
        return Wanted(tag=self.tag, search=self.search, actor=self.actor)
