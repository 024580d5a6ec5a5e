"""Posts of X, by its paid search (API v2). A walk goes from the newest page down to the newest post of the last complete walk, whose id the
platform itself takes as the floor; the way back asks the archive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._json import an_object, instant, text
from aggregator.collectors._passed import passed
from aggregator.collectors._x_post import AUTHOR_PRICE, DOING, POST_PRICE, SITES, Found, found_in, written_at
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Price, Standing, pack, unpack
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page

API, EMBEDS = "https://api.x.com/2/tweets", "https://publish.x.com/oembed"
CHECKING = "looking at posts of X again"
# How far back the search without the archive reaches.
SHOWN = timedelta(days=7)
# A page costs by what it holds: small ones use a budget up to the last cents.
LIMIT = 20
# The first post of all (March 2006); without a beginning the archive gives the last 30 days.
BEGINNING = "2006-03-21T00:00:00Z"
LONGEST_QUERY = 512
_OWN = frozenset("about compose explore hashtag home i intent jobs login messages notifications privacy search settings tos".split())
_FIELDS: Mapping[str, str] = {
    "tweet.fields": "created_at,author_id,entities,lang,referenced_tweets,note_tweet,edit_history_tweet_ids",
    "expansions": "author_id",
    "user.fields": "username,name,protected",
}


def _account(value: str) -> str:
    name = value.strip().removeprefix("@")
    if not re.fullmatch(r"\w{1,15}", name, re.ASCII):
        raise ValueError(f"{value!r} is not an account; write its name, like 'ada'")
    return name.lower()


def _search(value: str) -> str:
    if len(value) > LONGEST_QUERY - 20:
        raise ValueError(f"a search of {len(value)} characters is too long; X takes {LONGEST_QUERY - 20}")
    return value.strip()


@dataclass(frozen=True, kw_only=True)
class X(Collector):
    """Posts on X with a hashtag, posts that a search finds, or the posts of one account. X charges for every post and every author that it
    gives, so it is read only with a key of yours and within a budget: `aggregator check` says what a run may cost before it is spent, and
    the key `budget` sets the dollars of a month. X's terms allow to publish who wrote and where, not what: a post counts for its words, and
    they are let go before it is stored. Posts of protected accounts and retweets are left out; an edited post stays one post. Without a key
    paste the addresses of posts: `aggregator add` asks X's own embedding service for the author.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="x",
        title="X",
        homepage="https://x.com",
        spec="xdevplatform/docs, x-api/posts/search and getting-started/pricing, OpenAPI 2.167, read 2026-08-22",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.BEARER,
            variable="X_BEARER_TOKEN",
            how="Make an app at https://console.x.com, buy credits, set a spending limit there too, and copy the app's bearer token.",
            without="",
        ),
        every=timedelta(hours=6),
        pace=Pace(gap=timedelta(seconds=2), daily=5_000),
        finds="posts with a hashtag or a word, posts of an account",
        reach="the last 7 days",
        delay="within minutes",
        delivers=Delivers.TITLE,
        price=Price(page=LIMIT * (POST_PRICE + AUTHOR_PRICE), words="$0.005 a post and $0.010 an author", monthly=5_000_000),
        limits=(
            "Nothing can be searched without a key that is paid for.",
            "A source that is not read for 7 days has a gap, which back-fill can close.",
            "The hashtag is exact: a longer one is not found.",
            "Texts are not shown and not kept.",
        ),
    )

    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)] = ""
    search: Annotated[str, Option("words to search for, with X's own operators", example='"crew of five" lang:en', check=_search)] = ""
    account: Annotated[str, Option("name of an account", example="ada", check=_account)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "tag", "search", "account")

    @property
    def host(self) -> str:
        return "api.x.com"

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset({self.host, "publish.x.com"})

    @property
    def label(self) -> str:
        return f"@{self.account} on X" if self.account else f"#{self.tag} on X" if self.tag else f"X, search {self.search}"

    @property
    def address(self) -> str:
        if self.search:
            return f"https://x.com/search?{urlencode({'q': self.search, 'f': 'live'})}"
        return f"https://x.com/{self.account}" if self.account else f"https://x.com/hashtag/{quote(self.tag, safe='')}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """Pages of a hashtag, a search or an account, on x.com and twitter.com; a single post is no source."""
        parts = _options.split(address)
        if parts.hostname not in SITES:
            return None
        tag = re.fullmatch(r"/hashtag/([^/]+)/?", parts.path)
        words = parse_qs(parts.query).get("q", [""])[0] if parts.path == "/search" else ""
        try:
            if tag:
                return {"tag": _options.hashtag(unquote(tag[1]))}
            if words.strip():
                return {"search": _search(words)}
            named = re.fullmatch(r"/(\w{1,15})/?", parts.path)
            return {"account": _account(named[1])} if named and named[1].lower() not in _OWN else None
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if _options.split(address).hostname not in SITES:
            return None
        return "names no hashtag, search or account on X; write one of those. A single post is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        since, newest, at, seen, begun = (text(position.get(name)) or "" for name in ("since", "newest", "at", "seen", "begun"))
        while True:
            top, missed = not at, None
            try:
                found = self._ask(http, "search/recent", at, {"since_id": since} if since else {})
            except Unreadable as error:
                if error.status != 400 or not (since or at):
                    raise
                # Ids older than a week are refused; without one X begins a week ago by itself. A quiet week is no gap.
                found, top = self._ask(http, "search/recent", "", {}), True
                missed = passed(instant(seen) or written_at(since), found.said_at, shown=SHOWN)
                since = newest = ""
            begun = (found.said_at.isoformat() if found.said_at else "") if top else begun
            newest, at = newest or found.newest or since, found.after
            said = {"since": since, "newest": newest, "at": at, "seen": seen, "begun": begun} if at else {"since": newest, "seen": begun}
            yield found.page(pack(**{name: value for name, value in said.items() if value}), missed)
            if not at:
                return

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Everything that the archive has, newest first, down to `since` or to 2006."""
        position, start = unpack(cursor), since.strftime("%Y-%m-%dT%H:%M:%SZ") if since else BEGINNING
        at, over = text(position.get("at")) or "", bool(position.get("end"))
        while not over:
            found = self._ask(http, "search/all", at, {"start_time": start})
            at, over = found.after, not found.after
            yield found.page(pack(end=True) if over else pack(at=at), None)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts by the embedding service, which costs nothing and does not know what is deleted or protected."""
        refused, answered = None, False
        for entry in entries:
            try:
                reply = http.get(EMBEDS, params={"url": entry.url, "omit_script": "1", "dnt": "1"}, accept="application/json")
            except Gone:
                answered = True
                yield Standing(native_id=entry.native_id, found=False)
                continue
            except Unauthorized as error:
                # What it says of protected posts is not documented: one refusal is of one post, and nothing but refusals is of us.
                refused = error
                continue
            answered = True
            if text(an_object(reply.json(CHECKING), CHECKING).get("author_name")):
                yield Standing(native_id=entry.native_id, found=True)
        if refused and not answered:
            raise refused

    def _ask(self, http: Http, path: str, at: str, floor: Mapping[str, str]) -> Found:
        words = f"from:{self.account}" if self.account else f"#{self.tag}" if self.tag else f"({self.search})"
        params = {"query": f"{words} -is:retweet", "max_results": str(LIMIT), **floor, **_FIELDS, **({"next_token": at} if at else {})}
        try:
            reply = http.get(f"{API}/{path}", params=params, accept="application/json", auth=True)
        except Unreadable as error:
            if error.status != 402:
                raise
            how = "the credits are used up; buy some at https://console.x.com, then run `aggregator source resume`"
            raise Unauthorized(f"{DOING}: {how}", status=402) from error
        return found_in(reply, at)
