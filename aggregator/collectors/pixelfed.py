"""Hashtags and accounts on Pixelfed, which speaks Mastodon's API to its members and feeds to visitors.

Its timelines are read downwards alone (`_sweep`): with `min_id` it gives the newest page and not the one just after that post.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, unquote

from aggregator.collectors import _options
from aggregator.collectors._member_feeds import member_name, posts_of
from aggregator.collectors._status_checks import standings
from aggregator.collectors._statuses import last_id, times_of
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors._timeline import Timeline
from aggregator.collectors._timeline_access import DOING
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page

VARIABLE = "PIXELFED_TOKENS"
HEAD_PAGES = 3
"""How many pages a first poll reads."""
_FEED = re.compile(r"/users/([^/@]+)\.atom")
_TAG = re.compile(r"/discover/tags/([^/]+)/?")


@dataclass(frozen=True, kw_only=True)
class Pixelfed(Collector):
    """The public posts with a hashtag, as one server with Pixelfed has heard of them, or the posts of one account there. Hashtags are shown
    to members alone, so they want a token of an account on that server. An account is read by its feed, without a token. What pictures show
    is read from the descriptions that their authors gave them.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="pixelfed",
        title="Pixelfed",
        homepage="https://pixelfed.org",
        spec="app/Http/Controllers/Api/ApiV1Controller.php and routes/web.php of pixelfed/pixelfed, read 2024-03-31",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.SERVERS,
            variable=VARIABLE,
            how="Under Settings, Applications of your server make a personal access token that may read, and write it as server:token.",
            without="Accounts are read by their feeds, hashtags are not.",
            name="Authorization",
        ),
        every=timedelta(minutes=30),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=1), daily=10_000),
        finds="posts with a hashtag, as one server knows them; posts of an account",
        reach="the newest 120 posts with the hashtag, or what an account's feed holds",
        delay="within the hour, as far as the server hears of them",
        delivers=Delivers.COMPLETE,
        limits=(
            "Hashtags are shown to members only: a token of the server is wanted.",
            "A hashtag's posts are kept for half a year.",
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
        return f"{_options.base(self.server)}/" + (f"discover/tags/{quote(self.tag)}" if self.tag else self.user)

    @property
    def feed(self) -> str | None:
        return f"{_options.base(self.server)}/users/{self.user}.atom" if self.user else None

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The page of a hashtag, and the feed of an account."""
        parts = _options.split(address)
        tag, user = _TAG.fullmatch(parts.path), _FEED.fullmatch(parts.path)
        try:
            server = _options.server(f"{parts.scheme}://{parts.netloc}")
            if tag:
                return {"server": server, "tag": _options.hashtag(unquote(tag[1]))}
            return {"server": server, "user": member_name(unquote(user[1]))} if user else None
        except ValueError:
            return None

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        if self.feed:
            yield from posts_of(http, cursor, self.feed, user=self.user, host=self.host, profile=self.address)
        else:
            yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts with the hashtag, newest first, until the server has no more or a whole page is older than `since`; a feed holds
        nothing older than a poll gives."""
        if self.tag:
            yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts with a hashtag; nothing is said of those of a feed, which have other ids."""
        if self.tag:
            yield from standings(http, self.server, entries, auth=True)

    def _listing(self, http: Http, at: str) -> Listing:
        """The posts before the one at `at`, newest first."""
        refused = f"does not accept the token in {VARIABLE}; make a new one there and set it as {self.host}:token"
        timeline = Timeline(server=self.server, tag=self.tag, refused=refused, auth=True)
        rows = timeline.ask(http, before=at or None)
        entries, remarks = timeline.entries(rows)
        return Listing(entries=entries, remarks=remarks, times=times_of(rows), after=last_id(rows) if rows else "")
