"""Blogger, by its feeds: they hold whole posts, can be searched, narrowed to a label and paged to the first post."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, quote, quote_plus, unquote

from aggregator.collectors._blogs import at_most_one, generators, of_site, root_of, sign_of, word_of
from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._options import base, server, split
from aggregator.collectors._options import host as bare
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.errors import Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Kind, Page

DOING = "reading a blog on Blogger"
HEAD_PAGES = 3
AT_ONCE, AT_ONCE_BACK = 25, 100
"""Posts of a page; it gives fewer where they are long."""
_HOSTED = re.compile(r"[a-z0-9-]+\.blogspot\.[a-z.]+")


def _label(value: str) -> str:
    label = " ".join(value.strip().lstrip("#＃").split())
    if not label or "/" in label:
        raise ValueError(f"{value!r} is not a label; write it as the blog does, with its capitals, like 'Mutual aid'")
    return label


@dataclass(frozen=True, kw_only=True)
class Blogger(Collector):
    """Reads the posts of one blog on Blogger (blogspot), on its own domain too: all new ones, those that a search for a word finds, or
    those with a label. The blog's feed can be read back to the first post. A label is written as the blog writes it, capitals included.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="blogger",
        title="Blogger",
        homepage="https://www.blogger.com",
        spec="https://developers.google.com/blogger/docs/2.0/developers_guide_protocol, query parameters, read 2026-11-22",
        # Its feed is read down to what is known, page by page: a first page of new posts alone has missed nothing.
        method=Method.API,
        kinds=(Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO),
        every=timedelta(hours=6),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=1)),
        finds="posts of one blog: all, with a label, or that hold a word",
        reach="the newest 75 posts",
        delay="at once",
        delivers=Delivers.COMPLETE,
        limits=(
            "One blog at a time; there is no search over all of them.",
            "A blog may shorten the posts in its feed.",
            "Blogs that ask their readers to confirm their age show programs nothing.",
        ),
    )

    site: Annotated[str, Option("host of the blog", example="crews.blogspot.com", check=server)]
    search: Annotated[str, Option("word that posts must hold, by the blog's own search", example="microsolidarity", check=word_of)] = ""
    tag: Annotated[str, Option("label, as the blog writes it", example="Mutual aid", check=_label)] = ""

    def __post_init__(self) -> None:
        at_most_one(self, "search", "tag")

    @property
    def host(self) -> str:
        return bare(self.site)

    @property
    def label(self) -> str:
        return of_site(self.site, search=self.search, tag=self.tag)

    @property
    def address(self) -> str:
        path = f"search?q={quote_plus(self.search)}" if self.search else f"search/label/{quote(self.tag)}" if self.tag else ""
        return f"{base(self.site)}/{path}"

    @property
    def feed(self) -> str:
        return self._listed_at + (f"?q={quote_plus(self.search)}" if self.search else "")

    @property
    def _listed_at(self) -> str:
        return f"{base(self.site)}/feeds/posts/default" + (f"/-/{quote(self.tag)}" if self.tag else "")

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """Blogs on blogspot, and feeds that only Blogger has at such an address."""
        parts = split(address)
        path, query = parts.path.rstrip("/"), parse_qs(parts.query)
        hosted = _HOSTED.fullmatch(parts.hostname or "") is not None
        found = re.fullmatch(r"/feeds/posts/(?:default|summary)(?:/-/(?P<label>[^/]+))?", path)
        if not found and hosted:
            found = re.fullmatch(r"(?:/search(?:/label/(?P<label>[^/]+))?)?", path)
        if not found or parts.hostname == "www.blogger.com":
            return None
        try:
            options = (
                {"tag": _label(unquote(found["label"]))} if found["label"] else {"search": word_of(query["q"][0])} if query.get("q") else {}
            )
            return {"site": server(f"{parts.scheme}://{parts.netloc}"), **options}
        except ValueError:
            return None

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        return sign_of(root_of(page)) if "blogger" in generators(page) else ()

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at, back=False), head=HEAD_PAGES, doing=DOING)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the first one or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at, back=True), since=since, doing=DOING)

    def _listing(self, http: Http, at: str, *, back: bool) -> Listing | None:
        """The posts from a place in the feed, counted from 1; None when they are as they were at the last poll."""
        start, size = int(at) if at.isascii() and at.isdecimal() and len(at) < 10 else 1, AT_ONCE_BACK if back else AT_ONCE
        asked = {"orderby": "published", "max-results": str(size), "redirect": "false"} | ({"q": self.search} if self.search else {})
        reply = http.get(self._listed_at, params=asked | ({"start-index": str(start)} if start > 1 else {}), accept=ACCEPT)
        # A page that names no topic may be all that stands between the newest posts and what was read before.
        feed = feed_of(replace(reply, silent=False, unchanged=reply.unchanged and not (back and reply.body)), DOING)
        if feed is None:
            return Listing(entries=(), after=str(start + size)) if back else None
        following = parse_qs(split(feed.next).query).get("start-index", [""])[0]
        if following and not (following.isascii() and following.isdecimal() and start < int(following[:9])):
            raise Unreadable(f"{DOING}: expected the posts from number {start} on, got others")
        times = tuple(entry.published for entry in feed.entries if entry.published)
        return Listing(entries=feed.entries, remarks=feed.remarks, times=times, after=following[:9] if feed.entries else "")
