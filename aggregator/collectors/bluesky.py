"""Posts of Bluesky, through the AT Protocol's own SDK.

The SDK builds the questions; they travel through our client, which is given to it as its request class, so that pace, caps, sessions and
recordings hold. Its models for answers are not used: they are strict, and one post of an unknown kind would lose the whole page.

Listings are newest first and read by `_sweep`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._bluesky_post import HANDLE, carries, entry_of, standing_of
from aggregator.collectors._json import (
    a_list,
    an_object,
    instant,
    member,
    members,
    read_each,
    text,
)
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.errors import Unauthorized, Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page

LIMIT = 100
"""The most that a page holds (lexicons searchPosts and getAuthorFeed)."""
HEAD_PAGES = 3
"""How many pages a first poll reads."""
AT_ONCE = 25
"""The most posts, or profiles, that can be asked for at once."""
SERVICE = "https://bsky.social"
"""Takes sessions, and passes what is asked with one on to the AppView."""
APP_VIEW = "https://api.bsky.app"
"""Gives visitors the first page of a search; any cursor is 403 (bluesky-social/atproto issue 3583)."""
PUBLIC = "https://public.api.bsky.app"
"""Gives visitors everything but searches."""
VARIABLE = "BLUESKY_APP_PASSWORD"
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

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        visitor = not self.actor and not http.authorised
        missed = f"more posts came than visitors are shown; set {VARIABLE} to read them all"
        yield from sweep(cursor, lambda at: self._listing(http, at, visitor=visitor), head=HEAD_PAGES, doing=self._doing, missed=missed)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the end or until a whole page is older than `since`; searches want the app password."""
        yield from look_back(cursor, lambda at: self._listing(http, at, visitor=False), since=since, doing=self._doing)

    looks_closer: ClassVar[bool] = True

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts by their addresses, and what their authors' profiles say, 25 at a time (lexicons getPosts and getProfiles)."""
        for start in range(0, len(entries), AT_ONCE):
            wanted = [entry.native_id for entry in entries[start : start + AT_ONCE]]
            posts = {text(post.get("uri")): post for post in self._several(http, "feed.getPosts", "uris", wanted, "posts")}
            people = dict.fromkeys(str(member(post.get("author")).get("did")) for post in posts.values())
            profiles = self._several(http, "actor.getProfiles", "actors", list(people), "profiles") if people else ()
            said = {one.get("did"): text(one.get("description")) or "" for one in profiles}
            for uri in wanted:
                post = posts.get(uri)
                if post is None:
                    yield Standing(native_id=uri, found=False)
                elif standing := standing_of(post, said.get(member(post.get("author")).get("did"), "")):
                    yield standing

    def _several(self, http: Http, method: str, name: str, values: Sequence[str], listed: str) -> tuple[dict[str, Any], ...]:
        doing = f"looking at posts again ({method})"
        host = f"https://{self.host}" if self.actor else APP_VIEW
        reply = http.get(f"{host}/xrpc/app.bsky.{method}", params={name: values}, accept="application/json")
        return members(a_list(an_object(reply.json(doing), doing).get(listed), doing))

    @property
    def _doing(self) -> str:
        return f"reading posts of {self.actor}" if self.actor else "searching Bluesky"

    def _listing(self, http: Http, at: str, *, visitor: bool) -> Listing | None:
        """One page. A visitor is shown the newest alone, and so is who comes with a token that the service no longer takes."""
        auth = not self.actor and not visitor
        try:
            answer = self._ask(http, at="" if visitor else at, auth=auth)
        except Unreadable as error:
            if error.status != 400 or not at:
                raise
            answer = self._ask(http, at="", auth=auth)
        if answer is None:
            return None
        rows, token = answer
        entries, remarks = read_each(rows, self._entry, noun="post")
        times = tuple(_times(rows))
        return Listing(entries=entries, remarks=remarks, times=times, after="" if visitor else token, withheld=visitor and bool(token))

    def _ask(self, http: Http, *, at: str, auth: bool) -> tuple[list[Any], str] | None:
        """The posts of one page, newest first, and the token of the next ("" at the end); None when nothing has changed."""
        response = _invoke(self, http, at=at, auth=auth, doing=self._doing)
        if response.status_code == 304:
            return None
        found = an_object(response.content, self._doing)
        rows = a_list(found.get("feed" if self.actor else "posts"), self._doing)
        token = found.get("cursor")
        if token is not None and not isinstance(token, str):
            raise Unreadable(f"{self._doing}: expected a page token, got {type(token).__name__!r}")
        if self.actor:
            # A repost is listed with the reason why it is in the feed of somebody who did not write it.
            rows = [row.get("post") if isinstance(row, dict) else row for row in rows if not _is_repost(row)]
        return rows, token or ""

    def _entry(self, post: dict[str, Any]) -> Entry | None:
        entry = entry_of(post)
        if entry is None or (self.tag and not carries(self.tag, entry)):
            # The service's own tag filter was reported to let other posts through, so every post is looked at again.
            return None
        return entry


def _invoke(collector: Bluesky, http: Http, *, at: str, auth: bool, doing: str) -> Any:
    """The SDK's response, its content as JSON; status 304 when it is the same as before."""
    from atproto_client import models  # type: ignore[import-untyped]  # the SDK ships no types
    from atproto_client.client.base import ClientBase  # type: ignore[import-untyped]  # the SDK ships no types
    from atproto_client.request import RequestBase, Response  # type: ignore[import-untyped]  # the SDK ships no types

    class OurRequest(RequestBase):  # type: ignore[misc]  # the SDK ships no types
        """The SDK's request class, carried out by our client."""

        def get(self, url: str, params: Mapping[str, Any] | None = None, **_: Any) -> Response:
            asked = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in (params or {}).items()}
            reply = http.get(url, params=asked, accept="application/json", auth=auth)
            if reply.unchanged:
                return Response(success=True, status_code=304, content=None, headers={})
            return Response(success=True, status_code=reply.status, content=reply.json(doing), headers={})

    place = {"cursor": at} if at else {}
    if collector.actor:
        client = ClientBase(PUBLIC, request=OurRequest())
        wanted = models.AppBskyFeedGetAuthorFeed.Params(actor=collector.actor, limit=LIMIT, filter="posts_with_replies", **place)
        return client.invoke_query("app.bsky.feed.getAuthorFeed", params=wanted)
    words = f"#{collector.tag}" if collector.tag else collector.search
    client = ClientBase(SERVICE if auth else APP_VIEW, request=OurRequest())
    try:
        query = models.AppBskyFeedSearchPosts.Params(q=words, sort="latest", limit=LIMIT, **place)
        return client.invoke_query("app.bsky.feed.searchPosts", params=query)
    except Unauthorized as error:
        if auth:
            raise
        how = "visitors are refused; set BLUESKY_APP_PASSWORD to handle:app-password, made at https://bsky.app/settings/app-passwords"
        raise Unauthorized(f"{doing}: {how}", status=error.status) from error


def _is_repost(row: Any) -> bool:
    return str(member(member(row).get("reason")).get("$type", "")).endswith("#reasonRepost")


def _times(rows: list[Any]) -> list[datetime]:
    """When posts are sorted: the earlier of what the author claims and what the service saw."""
    pairs = [(instant(member(member(row).get("record")).get("createdAt")), instant(member(row).get("indexedAt"))) for row in rows]
    return [min(filter(None, pair)) for pair in pairs if any(pair)]
