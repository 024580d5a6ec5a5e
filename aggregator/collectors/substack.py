"""Substack publications, by their feeds; what a feed no longer holds is listed by the archive that every publication shows its visitors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from aggregator.collectors._authors import authors, person
from aggregator.collectors._blogs import linked, root_of, sign_of, without_pictures
from aggregator.collectors._feeds import ACCEPT, Feed, feed_of
from aggregator.collectors._json import Odd, a_list, instant, members, number, read_each, text, texts, web_address
from aggregator.collectors._options import base, host_of, server, split
from aggregator.collectors._options import host as bare
from aggregator.collectors._parts import tags_of
from aggregator.collectors._sweep import Listing, look_back
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Gone
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Enclosure, Entry, GapReason, Kind, Missed, Page

READING, LOOKING_BACK = "reading the feed of a publication", "reading the archive of a publication"
AT_ONCE = 12
"""Posts of a page of the archive, as its own page asks for them."""
EMPTY = "the archive is empty; if the publication has a domain of its own, write that one as `site`"
_OWN = frozenset(("www", "open", "support", "api", "cdn", "email", "on", "read", "reader", "post"))
_PAGES = re.compile(r"/?(?:feed|archive|about|podcast)?/?")


def _publication(value: str) -> str:
    """A publication by its host; one word is its name on Substack."""
    clean = value.strip().removeprefix("@")
    name = server(clean if "." in clean or "://" in clean else f"{clean}.substack.com")
    if bare(name) in ("substack.com", *(f"{one}.substack.com" for one in _OWN)):
        raise ValueError(f"{value!r} is no publication; write its host, like 'crews.substack.com'")
    return name


@dataclass(frozen=True, kw_only=True)
class Substack(Collector):
    """Reads the posts of one publication on Substack, on its own domain too. The feed holds the 20 or so newest, of posts for subscribers
    the open part; older ones are found in the publication's archive, with their title, subtitle and first lines. A publication that has a
    domain of its own is best written with that one; where its name on Substack is written, its feed is followed to the domain.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="substack",
        title="Substack",
        homepage="https://substack.com",
        spec="feeds of publications and the archive that they show to visitors (not documented by Substack), read 2026-11-22",
        method=Method.FEED,
        kinds=(Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO),
        every=timedelta(hours=6),
        quiet_after=timedelta(days=180),
        # Bursts are answered with 403 and 429.
        pace=Pace(gap=timedelta(seconds=2)),
        finds="posts of one publication",
        reach="the 20 newest posts",
        delay="at once",
        delivers=Delivers.COMPLETE,
        limits=(
            "One publication at a time; there is no search over all of them.",
            "Of posts for subscribers only the open part is seen.",
            "The archive gives the beginning of a post, so a word further down in an old one is missed.",
            "Notes and comments are not read.",
        ),
    )

    site: Annotated[str, Option("host of the publication, or its name on Substack", example="crews.substack.com", check=_publication)]

    @property
    def host(self) -> str:
        return bare(self.site)

    @property
    def label(self) -> str:
        return self.host.removeprefix("www.")

    @property
    def address(self) -> str:
        return f"{base(self.site)}/"

    @property
    def feed(self) -> str:
        return f"{self.address}feed"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        parts = split(address)
        host, path = (parts.hostname or "").removeprefix("www."), parts.path
        found = re.fullmatch(r"/pub/([A-Za-z0-9-]+)/?", path) if host == "open.substack.com" else None
        if found:
            return {"site": f"{found[1].lower()}.substack.com"}
        name, mark, rest = host.partition(".substack.com")
        if not mark or rest or "." in name or name in _OWN or not _PAGES.fullmatch(path):
            return None
        return {"site": host}

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = split(address)
        if not f".{parts.hostname or ''}".endswith(".substack.com") or parts.path.startswith("/feed"):
            return None
        return "names no publication; write that of its front page. A single post is put on the page with `aggregator add`"

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        # It names itself nowhere, but every page of a publication fetches its scripts and styles from there.
        made = any(host_of(one) == "substackcdn.com" for one in (*linked(page, "preconnect"), *linked(page, "stylesheet")))
        return sign_of(root_of(page)) if made else ()

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        known = text(unpack(cursor).get("at")) or ""
        place = known or self.address
        try:
            reply = http.get(f"{place}feed", accept=ACCEPT)
        except Gone:
            if place == self.address:
                raise
            known, place = "", self.address
            reply = http.get(self.feed, accept=ACCEPT)
        # The first time it is read whatever it holds: it may be the empty one of a publication that has moved.
        feed = feed_of(reply if known else replace(reply, silent=False), READING)
        if feed and not feed.entries and not known and (home := _home(feed, self.host)):
            place = home
            feed = feed_of(replace(http.get(f"{place}feed", accept=ACCEPT), silent=False), READING)
            if feed and not feed.entries:
                feed = replace(feed, remarks=(*feed.remarks, f"no posts on {host_of(place)} either, where the publication says it is"))
        entries = tuple(self._post(one, feed.title) for one in feed.entries) if feed else ()
        yield Page(entries=entries, cursor=pack(at=place), remarks=feed.remarks if feed else ())

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts by the archive, newest first, until its end or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._archive(http, at), since=since, doing=LOOKING_BACK)

    def _archive(self, http: Http, at: str) -> Listing:
        """The posts from a place in the archive; the archive ends with an empty list."""
        start = int(at) if at.isascii() and at.isdecimal() and len(at) < 10 else 0
        asked = {"sort": "new", "search": "", "offset": str(start), "limit": str(AT_ONCE)}
        reply = http.get(f"{self.address}api/v1/archive", params=asked, accept="application/json")
        if reply.unchanged and not reply.body:
            return Listing(entries=(), after=str(start + AT_ONCE))
        rows = a_list(reply.json(LOOKING_BACK), LOOKING_BACK)
        if not rows and not start:
            return Listing(entries=(), remarks=(EMPTY,), missed=Missed(reason=GapReason.WITHHELD))
        entries, remarks = read_each(rows, self._listed, noun="post", doing=LOOKING_BACK)
        times = tuple(time for row in members(rows) if (time := instant(row.get("post_date"))))
        return Listing(entries=entries, remarks=remarks, times=times, after=str(start + len(rows)) if rows else "")

    def _post(self, entry: Entry, title: str) -> Entry:
        return replace(without_pictures(entry), site=title or None, aliases=self._aliases(entry.url, entry.aliases))

    def _listed(self, row: dict[str, Any]) -> Entry | None:
        """A post of the archive, under the id that the feed gives it; None for one of another publication, or one that is hidden."""
        if row.get("type") == "restack" or row.get("restacked_post_id") or row.get("hidden") is True:
            return None
        url = web_address(row.get("canonical_url"))
        if url is None:
            raise Odd("no canonical_url")
        bylines = tuple(members(row.get("publishedBylines")))
        handle = text(bylines[0].get("handle")) if len(bylines) == 1 else None
        author = authors((person(text(one.get("name"))), None) for one in bylines)
        sound = web_address(row.get("podcast_url"))
        id = number(row.get("id"))
        return Entry(
            native_id=url,
            url=url,
            kind=Kind.EPISODE if row.get("type") == "podcast" else Kind.ARTICLE,
            title=text(row.get("title")),
            text="\n\n".join(texts((row.get("subtitle"), row.get("description"), row.get("truncated_body_text")))) or None,
            author=replace(author, handle=handle) if author else None,
            published=instant(row.get("post_date")),
            tags=tags_of(text(one.get("name")) or "" for one in members(row.get("postTags")) if one.get("hidden") is not True),
            enclosures=(Enclosure(url=sound),) if sound else (),
            aliases=self._aliases(url, (f"https://substack.com/home/post/p-{id}",) if id else ()),
        )

    def _aliases(self, url: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """With the post's address on Substack, where the publication is known by its name there and has a domain of its own."""
        elsewhere = self.host.endswith(".substack.com") and host_of(url) != self.host
        path = urlsplit(url).path
        return (*known, f"https://{self.host}{path}") if elsewhere and path.startswith("/p/") else known


def _home(feed: Feed, host: str) -> str:
    """The domain that an empty feed says its publication has; "" for none but the one that was asked."""
    home = web_address(feed.home)
    return f"https://{host_of(home)}/" if home and host_of(home) not in (host, "substack.com") else ""
