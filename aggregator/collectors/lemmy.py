"""Lemmy: posts and comments that a search on one server finds, and the posts of a community.

Servers speak the third interface (0.19, PieFed's and others' too), the fourth (1.0), or both; which one is found out once and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._json import a_list, an_object, member, read_each, text
from aggregator.collectors._lemmy_rows import comment_of, post_of, times_of
from aggregator.collectors._sweep import Ask, Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import BadOption, Gone, Unreadable
from aggregator.fetch import Http, Pace
from aggregator.model import Kind, Page

DOING = "reading Lemmy"
LIMIT, HEAD_PAGES = 50, 3
"""The most that a page holds, and how many of them a first poll reads."""
THIRD, FOURTH = 3, 4
# Large servers whose names do not say what they run; others are known by theirs.
_SERVERS = frozenset(
    """
    aussie.zone beehaw.org discuss.online discuss.tchncs.de feddit.org hexbear.net infosec.pub jlai.lu lemm.ee midwest.social mander.xyz
    programming.dev reddthat.com sh.itjust.works slrpnk.net sopuli.xyz ttrpg.network
    """.split()
)
_COMMUNITY = re.compile(r"[A-Za-z0-9_]{1,60}(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?")


def _community(value: str) -> str:
    name = value.strip().removeprefix("!").lower()
    if not _COMMUNITY.fullmatch(name):
        raise ValueError(f"{value!r} is not a community; write what stands after /c/ in its address, like 'commons@lemmy.example'")
    return name


@dataclass(frozen=True, kw_only=True)
class Lemmy(Collector):
    """Posts and comments on Lemmy that a search finds, or the posts of one community. A server finds what has reached it from the others,
    so one large server is enough for most topics; the same post seen from several is one mention. There are no hashtags: a word is searched
    in titles and texts. What programs write, and what is not for every age, is left out.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="lemmy",
        title="Lemmy",
        homepage="https://join-lemmy.org",
        spec="LemmyNet/lemmy crates/api/routes_v3 and crates/db_views/site/src/api.rs, read 2026-11-22",
        method=Method.API,
        kinds=(Kind.POST, Kind.THREAD, Kind.COMMENT),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=180),
        # 60 searches in 10 minutes are what servers allow unless they say otherwise.
        pace=Pace(gap=timedelta(seconds=10), daily=2_000),
        finds="posts and comments with a word, as one server knows them; posts of a community",
        reach="the newest 150 posts and as many comments",
        delay="within minutes, as far as the server hears of them",
        delivers=Delivers.COMPLETE,
        limits=(
            "There are no hashtags; a word is searched with and without the #.",
            "Some servers stand behind a wall against programs, or are for their members only; choose another.",
        ),
    )

    server: Annotated[str, Option("server that is asked", example="lemmy.world", check=_options.server)]
    search: Annotated[str, Option("words to search for", example="microsolidarity")] = ""
    community: Annotated[str, Option("community, as it stands after /c/", example="commons@lemmy.ml", check=_community)] = ""

    def __post_init__(self) -> None:
        if not (self.search or self.community):
            raise BadOption("one of the options 'search', 'community' is wanted, or both: the words are then searched in the community")

    @property
    def host(self) -> str:
        return _options.host(self.server)

    @property
    def label(self) -> str:
        place = f"!{self.community} on {self.host}" if self.community else self.host
        return f"{place}, search {self.search}" if self.search else place

    @property
    def address(self) -> str:
        base = _options.base(self.server)
        if not self.search:
            return f"{base}/c/{self.community}"
        within = {"communityName": self.community} if self.community else {}
        return f"{base}/search?{urlencode({'q': self.search, 'type': 'All', 'sort': 'New', 'listingType': 'All', **within})}"

    @property
    def feed(self) -> str | None:
        return None if self.search else f"{_options.base(self.server)}/feeds/c/{self.community}.xml?sort=New"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """A community, its feed, or a search, on a server whose name says that it is one; a community of another server anywhere."""
        parts = _options.split(address)
        found = re.fullmatch(r"(?P<feed>/feeds)?/c/(?P<name>[^/]+?)(?:\.xml)?/?", unquote(parts.path))
        asked = parse_qs(parts.query)
        try:
            server = _options.server(f"{parts.scheme}://{parts.netloc}")
            if found and (found["feed"] or "@" in found["name"] or _is_known(parts.hostname)):
                return {"server": server, "community": _community(found["name"])}
            if parts.path.rstrip("/") == "/search" and _is_known(parts.hostname) and asked.get("q"):
                within = {"community": _community(asked["communityName"][0])} if asked.get("communityName") else {}
                return {"server": server, "search": asked["q"][0], **within}
        except ValueError:
            return None
        return None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"server": "lemmy.world", "search": word},)

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = _options.split(address)
        if not _is_known(parts.hostname) or not re.fullmatch(r"/(?:post|comment)/[0-9/]+", parts.path):
            return None
        return "names a single post on Lemmy; write that of its community or a search. The post is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from self._walk(http, cursor, lambda ask: sweep(cursor, ask, head=HEAD_PAGES, doing=DOING))

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts and comments, newest first, until there are no more or a whole page is older than `since`."""
        yield from self._walk(http, cursor, lambda ask: look_back(cursor, ask, since=since, doing=DOING))

    def _walk(self, http: Http, cursor: Cursor, walk: Callable[[Ask], Iterator[Page]]) -> Iterator[Page]:
        """Read pages, with the interface that the server speaks in the cursor of each."""
        spoken = [FOURTH if unpack(cursor).get("api") == FOURTH else THIRD]

        def ask(at: str) -> Listing | None:
            try:
                return self._listing(http, at, spoken[0])
            except Gone as error:
                other = THIRD + FOURTH - spoken[0]
                if at or error.status != 404:
                    raise
            listing, spoken[0] = self._listing(http, at, other), other
            return listing

        for page in walk(ask):
            yield replace(page, cursor=pack(**unpack(page.cursor) | {"api": spoken[0]}))

    def _listing(self, http: Http, at: str, api: int) -> Listing | None:
        place = f"{_options.base(self.server)}/api/v{api}/{'search' if self.search else 'post/list'}"
        reply = http.get(place, params=self._params(at, api), accept="application/json")
        if reply.unchanged:
            return None
        found, base = an_object(reply.json(DOING), DOING), _options.base(self.server)
        posts = a_list(found.get("posts"), DOING)
        comments = a_list(found.get("comments"), DOING) if self.search else []
        entries, remarks = read_each(posts, partial(post_of, server=base), noun="post", doing=DOING)
        more, doubts = read_each(comments, partial(comment_of, server=base), noun="comment", doing=DOING)
        after = _token(found.get("next_page")) if api == FOURTH else _numbered(at, [*posts, *comments])
        return Listing(entries=(*entries, *more), remarks=(*remarks, *doubts), times=times_of(posts, comments), after=after)

    def _params(self, at: str, api: int) -> dict[str, str]:
        within = {"community_name": self.community} if self.community else {}
        if api == FOURTH:
            words = {"search_term": self.search, "type_": "all"} if self.search else {"type_": "all"}
            return {**words, **within, "sort": "new", "limit": str(LIMIT), **({"page_cursor": at} if at else {})}
        words = {"q": self.search, "type_": "All", "listing_type": "All"} if self.search else {"type_": "All"}
        return {**words, **within, "sort": "New", "limit": str(LIMIT), "page": at.partition("/")[0] or "1"}


def _is_known(host: str | None) -> bool:
    """True for a server whose name says that it runs Lemmy."""
    name = (host or "").removeprefix("www.")
    return name in _SERVERS or "lemmy" in name or name.startswith("feddit.")


def _token(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{DOING}: expected the token of a page, got {type(value).__name__!r}")
    return value or ""


def _numbered(at: str, rows: Sequence[Any]) -> str:
    """The next page, until one is empty; with what this one begins with, so that a server which ignores the number is found out."""
    views = [member(row) for row in rows]
    things = [member(view.get("comment")) or member(view.get("post")) for view in views]
    first = next(filter(None, (text(one.get("ap_id")) for one in things)), "")
    page, _, before = at.partition("/")
    if before and first == before:
        raise Unreadable(f"{DOING}: the page came a second time")
    if page and not (page.isascii() and page.isdigit() and len(page) < 7):
        raise Unreadable(f"{DOING}: expected the number of a page, got {page[:40]!r}")
    return f"{int(page or 1) + 1}/{first[:200]}" if rows else ""
