"""Asking Bluesky, through the AT Protocol's own SDK.

The SDK builds the questions; they travel through our client, which is given to it as its request class, so that pace, caps, sessions and
recordings hold. Its models for answers are not used: they are strict, and one post of an unknown kind would lose the whole page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aggregator.collectors._bluesky_post import carries, entry_of, standing_of
from aggregator.collectors._json import a_list, an_object, instant, member, members, read_each, text
from aggregator.collectors._sweep import Listing
from aggregator.collectors.base import Standing
from aggregator.errors import Unauthorized, Unreadable
from aggregator.fetch import Http
from aggregator.model import Entry

LIMIT = 100
"""The most that a page holds (lexicons searchPosts and getAuthorFeed)."""
AT_ONCE = 25
"""The most posts, or profiles, that can be asked for at once."""
SERVICE = "https://bsky.social"
"""Takes sessions, and passes what is asked with one on to the AppView."""
APP_VIEW = "https://api.bsky.app"
"""Gives visitors the first page of a search; any cursor is 403 (bluesky-social/atproto issue 3583)."""
PUBLIC = "https://public.api.bsky.app"
"""Gives visitors everything but searches."""
VARIABLE = "BLUESKY_APP_PASSWORD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: exactly one of the three is not ""."""

    tag: str
    search: str
    actor: str

    @property
    def doing(self) -> str:
        """What messages begin with."""
        return f"reading posts of {self.actor}" if self.actor else "searching Bluesky"

    def listing(self, http: Http, at: str, *, visitor: bool) -> Listing | None:
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
        response = _invoke(self, http, at=at, auth=auth, doing=self.doing)
        if response.status_code == 304:
            return None
        found = an_object(response.content, self.doing)
        rows = a_list(found.get("feed" if self.actor else "posts"), self.doing)
        token = found.get("cursor")
        if token is not None and not isinstance(token, str):
            raise Unreadable(f"{self.doing}: expected a page token, got {type(token).__name__!r}")
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


def standings(http: Http, entries: Sequence[Entry], *, searched: bool) -> Iterator[Standing]:
    """Posts by their addresses, and what their authors' profiles say, 25 at a time (lexicons getPosts and getProfiles).

    Args:
        searched: they were found by a search and not in an account's own list; what was asked then is asked now.
    """
    host = APP_VIEW if searched else PUBLIC
    for start in range(0, len(entries), AT_ONCE):
        wanted = [entry.native_id for entry in entries[start : start + AT_ONCE]]
        posts = {text(post.get("uri")): post for post in _several(http, host, "feed.getPosts", "uris", wanted, "posts")}
        people = dict.fromkeys(str(member(post.get("author")).get("did")) for post in posts.values())
        profiles = _several(http, host, "actor.getProfiles", "actors", list(people), "profiles") if people else ()
        said = {one.get("did"): text(one.get("description")) or "" for one in profiles}
        for uri in wanted:
            post = posts.get(uri)
            if post is None:
                yield Standing(native_id=uri, found=False)
            elif standing := standing_of(post, said.get(member(post.get("author")).get("did"), "")):
                yield standing


def _several(http: Http, host: str, method: str, name: str, values: Sequence[str], listed: str) -> tuple[dict[str, Any], ...]:
    doing = f"looking at posts again ({method})"
    reply = http.get(f"{host}/xrpc/app.bsky.{method}", params={name: values}, accept="application/json")
    return members(a_list(an_object(reply.json(doing), doing).get(listed), doing))


def _invoke(wanted: Wanted, http: Http, *, at: str, auth: bool, doing: str) -> Any:
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
    if wanted.actor:
        client = ClientBase(PUBLIC, request=OurRequest())
        params = models.AppBskyFeedGetAuthorFeed.Params(actor=wanted.actor, limit=LIMIT, filter="posts_with_replies", **place)
        return client.invoke_query("app.bsky.feed.getAuthorFeed", params=params)
    words = f"#{wanted.tag}" if wanted.tag else wanted.search
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
