"""Ghost sites, by their feeds, and by the Content API where the site has given out a key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from aggregator.collectors._authors import authors, person
from aggregator.collectors._blogs import generators, host_of_site, linked, of_site, root_of, sign_of, site_of, slug_of, without_pictures
from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._json import Odd, a_list, an_object, instant, members, needed, number, read_each, text, texts, web_address
from aggregator.collectors._options import base, split
from aggregator.collectors._parts import bodies, tags_of
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, GapReason, Kind, Missed, Page

DOING = "reading a Ghost site"
HEAD_PAGES = 4


def _key(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{26}", value.strip()):
        raise ValueError(
            "it is no Content API key; ask the site's owner for the one with 26 digits (an Admin key is a secret: never write it here)"
        )
    return value.strip()


@dataclass(frozen=True, kw_only=True)
class Ghost(Collector):
    """Reads the posts of one site that runs Ghost, all of them or those with a tag. Its feed holds the 15 newest; with the Content API key
    of the site, which its owner may give out to anybody, everything can be read back to the first post. Of posts for members both give the
    part that visitors see. Ghost lets no program search, so to find a word the whole site is read and looked through.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="ghost",
        title="Ghost",
        homepage="https://ghost.org",
        spec="https://docs.ghost.org/content-api and the feeds of Ghost 6, read 2026-11-22",
        method=Method.FEED,
        kinds=(Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO),
        every=timedelta(hours=3),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=1)),
        finds="posts of one site: all, or with a tag",
        reach="the 15 newest posts; 60 with the site's key",
        delay="at once",
        delivers=Delivers.COMPLETE,
        limits=(
            "One site at a time, and nothing can be searched for.",
            "A site may have its feeds at other addresses; then write the address of the feed itself.",
            "Of posts for members only the open part is seen.",
        ),
    )

    site: Annotated[str, Option("host of the site, with its folder if it lies in one", example="crews.ghost.io", check=site_of)]
    tag: Annotated[str, Option("tag, as in its address", example="microsolidarity", check=slug_of)] = ""
    key: Annotated[str, Option("the site's public Content API key, for looking back", example="0123456789abcdef0123456789", check=_key)] = (
        ""
    )

    @property
    def host(self) -> str:
        return host_of_site(self.site)

    @property
    def label(self) -> str:
        return of_site(self.site, tag=self.tag)

    @property
    def address(self) -> str:
        return f"{base(self.site)}/tag/{quote(self.tag)}/" if self.tag else f"{base(self.site)}/"

    @property
    def feed(self) -> str:
        return f"{self.address}rss/"

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        if not any(re.match(r"ghost\b", one) for one in generators(page)):
            return ()
        for address in linked(page, "alternate"):
            place, mark, rest = address.partition("/rss/")
            if mark and not rest and "/tag/" not in place and "/author/" not in place and split(place).hostname == split(page.url).hostname:
                return sign_of(place)
        return sign_of(root_of(page))

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        if self.key:
            yield from sweep(cursor, lambda at: self._posts(http, at, back=False), head=HEAD_PAGES, doing=DOING)
        else:
            unpack(cursor)
            yield self._newest(http, cursor=pack(feed=True))

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """With the site's key everything, newest first; without it the feed, and what lies before it is told as missed."""
        if self.key:
            yield from look_back(cursor, lambda at: self._posts(http, at, back=True), since=since, doing=DOING)
        elif not unpack(cursor).get("end"):
            page = self._newest(http, cursor=pack(end=True))
            oldest = min((entry.published for entry in page.entries if entry.published), default=None)
            remark = "the feed goes no further back; write the site's Content API key as 'key' to read it whole"
            missed = None if since and oldest and oldest <= since else Missed(reason=GapReason.WITHHELD, since=since, until=oldest)
            yield Page(entries=page.entries, cursor=page.cursor, remarks=(*page.remarks, *((remark,) if missed else ())), missed=missed)

    def _newest(self, http: Http, *, cursor: Cursor) -> Page:
        feed = feed_of(http.get(self.feed, accept=ACCEPT), DOING)
        entries = tuple(map(without_pictures, feed.entries)) if feed else ()
        return Page(entries=entries, cursor=cursor, remarks=feed.remarks if feed else ())

    def _posts(self, http: Http, at: str, *, back: bool) -> Listing | None:
        """One page of the Content API; None when it is as it was at the last poll."""
        page = int(at) if at.isascii() and at.isdecimal() and len(at) < 10 else 1
        asked = {"key": self.key, "include": "authors,tags", "order": "published_at desc", "limit": "100" if back else "15"}
        asked |= ({"filter": f"tag:{self.tag}"} if self.tag else {}) | ({"page": str(page)} if page > 1 else {})
        reply = http.get(f"{base(self.site)}/ghost/api/content/posts/", params=asked, accept="application/json")
        if reply.unchanged and not (back and reply.body):
            return Listing(entries=(), after=str(page + 1)) if back else None
        found = an_object(reply.json(DOING), DOING)
        rows = a_list(found.get("posts"), DOING)
        paging = an_object(an_object(found.get("meta"), DOING).get("pagination"), DOING)
        following = number(paging.get("next"))
        if number(paging.get("page")) != page or (following is not None and following != page + 1):
            raise Unreadable(f"{DOING}: expected page {page}, got another")
        entries, remarks = read_each(rows, _entry, noun="post", doing=DOING)
        times = tuple(time for row in members(rows) if (time := instant(row.get("published_at"))))
        return Listing(entries=entries, remarks=remarks, times=times, after=str(following) if following and rows else "")


def _entry(row: dict[str, Any]) -> Entry:
    """A post as an entry, under the id that the feed gives it."""
    url = web_address(row.get("url"))
    if url is None:
        raise Odd("no url")
    plain, html = bodies(texts((row.get("html"), row.get("custom_excerpt") or row.get("excerpt"))))
    tags = (text(tag.get("name")) or "" for tag in members(row.get("tags")) if tag.get("visibility", "public") == "public")
    return Entry(
        native_id=needed(row, "id"),
        url=url,
        kind=Kind.ARTICLE,
        title=text(row.get("title")),
        text=plain,
        html=html,
        author=authors((person(text(one.get("name"))), web_address(one.get("url"))) for one in members(row.get("authors"))),
        published=instant(row.get("published_at")),
        updated=instant(row.get("updated_at")),
        tags=tags_of(tags),
    )
