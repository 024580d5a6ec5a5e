"""WordPress sites, by the REST interface that most of them have open, and by their feeds where it is closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, quote, quote_plus, unquote, unquote_plus

from aggregator.collectors._blogs import at_most_one, generators, host_of_site, linked, of_site, root_of, sign_of, site_of, slug_of, word_of
from aggregator.collectors._json import number
from aggregator.collectors._options import base, split
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors._wordpress_ways import COM_HOST, DOING, Reader, Way, term_of
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Gone, SourceError, Unauthorized, Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Kind, Page

API = "https://api.w.org/"
HEAD_PAGES = 3
NO_TERM = -1

Walk = Callable[[Cursor, Callable[[str], Listing | None]], Iterator[Page]]


@dataclass(frozen=True, kw_only=True)
class Wordpress(Collector):
    """Reads the posts of one WordPress site: all new ones, those that a search for a word finds, or those under a tag. The site's REST
    interface gives whole posts, as far back as there are any; WordPress.com gives the same for the sites that it hosts. Where a site has
    closed its interface, its feeds are read, page by page: they hold the same posts, often as an excerpt. A search finds the word wherever
    it stands in a post, so it is the best way to watch a large site. Posts that want a password are left out.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="wordpress",
        title="WordPress",
        homepage="https://wordpress.org",
        spec="https://developer.wordpress.org/rest-api/reference/posts/ and WordPress Feeds, read 2026-11-22",
        method=Method.API,
        kinds=(Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO),
        every=timedelta(hours=3),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="posts of one site: all, with a tag, or that hold a word",
        reach="the newest 60 posts",
        delay="at once",
        delivers=Delivers.COMPLETE,
        limits=(
            "One site at a time; there is no search over all of them.",
            "Posts alone are searched: pages that stand outside the blog and comments are not.",
            "A site that closed its interface is read by its feeds, which may hold excerpts.",
        ),
    )

    site: Annotated[str, Option("host of the site, with its folder if it lies in one", example="crews.wordpress.com", check=site_of)]
    search: Annotated[str, Option("word that posts must hold, by the site's own search", example="microsolidarity", check=word_of)] = ""
    tag: Annotated[str, Option("tag, as in its address", example="microsolidarity", check=slug_of)] = ""

    def __post_init__(self) -> None:
        at_most_one(self, "search", "tag")

    @property
    def host(self) -> str:
        return host_of_site(self.site)

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset((self.host, COM_HOST))

    @property
    def label(self) -> str:
        return of_site(self.site, search=self.search, tag=self.tag)

    @property
    def address(self) -> str:
        query = f"?s={quote_plus(self.search)}" if self.search else f"tag/{quote(self.tag)}/" if self.tag else ""
        return f"{base(self.site)}/{query}"

    @property
    def feed(self) -> str:
        return f"{self.address}&feed=rss2" if self.search else f"{self.address}feed/"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """Sites on WordPress.com, and searches as feeds, which no other software writes so."""
        parts = split(address)
        hosted = (parts.hostname or "").endswith(".wordpress.com") and parts.hostname not in (COM_HOST, "www.wordpress.com")
        query = parse_qs(parts.query)
        path = parts.path.removesuffix("/").removesuffix("/feed")
        folder, _, tag = path.rpartition("/tag/")
        options: Mapping[str, str] | None = None
        if found := re.fullmatch(r"(.*)/search/([^/]+)/feed(?:/(?:rss2|atom))?/?", parts.path):
            folder, options = found[1], {"search": unquote_plus(found[2])}
        elif query.get("s") and (hosted or query.get("feed")):
            folder, options = path, {"search": query["s"][0]}
        elif hosted and tag and "/" not in tag and not query:
            options = {"tag": unquote(tag)}
        elif hosted and not path and not query:
            options = {}
        try:
            return None if options is None else {"site": site_of(f"{parts.scheme}://{parts.netloc}{folder}"), **_checked(options)}
        except ValueError:
            return None

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        for address in linked(page, API):
            place, mark, _ = address.partition("/wp-json")
            place = place if mark else address.partition("/?rest_route=")[0]
            if place != address and split(address).hostname == split(page.url).hostname:
                return sign_of(place)
        return sign_of(root_of(page)) if any(one.startswith("wordpress") for one in generators(page)) else ()

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        missed = "the site gives no older pages of its feed: posts between may be missing"
        yield from self._walk(http, cursor, lambda at, ask: sweep(at, ask, head=HEAD_PAGES, doing=DOING, missed=missed), back=False)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the first one or until a whole page is older than `since`."""
        yield from self._walk(http, cursor, lambda at, ask: look_back(at, ask, since=since, doing=DOING), back=True)

    def _walk(self, http: Http, cursor: Cursor, walk: Walk, *, back: bool) -> Iterator[Page]:
        """Pages by the way in that is known, or else by the first that is open; which one it is stays in the cursor."""
        known = unpack(cursor)
        ways = tuple(Way) if "way" not in known else tuple(way for way in Way if way == known["way"])
        closed: SourceError = Unreadable(f"{DOING}: expected a cursor with a way in, got {str(known.get('way'))[:40]!r}")
        for way in ways:
            # Who closed the interface did not mean it to be read elsewhere; a site that has none may live on WordPress.com.
            if way in ((Way.REST,) if self._is_hosted else (Way.COM,) if isinstance(closed, Unauthorized) else ()):
                continue
            try:
                term = self._term(http, way, known)
                reader = Reader(http=http, way=way, root=self._root(way), search=self.search, term=term or None, back=back)
                pages = walk(cursor, reader.listing) if term != NO_TERM else iter((self._untagged(),))
                first = next(pages, None)
            except (Gone, Unauthorized) as error:
                closed = error
                continue
            kept = {"way": str(way)} | ({"term": term} if term else {})
            for page in chain((first,) if first else (), pages):
                yield replace(page, cursor=pack(**unpack(page.cursor) | kept))
            return
        raise closed

    def _term(self, http: Http, way: Way, known: Mapping[str, Any]) -> int:
        """The number of the tag; NO_TERM for one that the site does not know, 0 where none is needed."""
        if not self.tag or way is Way.FEED:
            return 0
        remembered = number(known.get("term"))
        return remembered if remembered and remembered > 0 else term_of(http, self._root(way), self.tag) or NO_TERM

    def _untagged(self) -> Page:
        return Page(entries=(), cursor="", remarks=(f"the site has no tag {self.tag!r} yet",))

    @property
    def _is_hosted(self) -> bool:
        return self.host.endswith(".wordpress.com")

    def _root(self, way: Way) -> str:
        if way is Way.FEED:
            return self.feed
        return f"https://{COM_HOST}/wp/v2/sites/{self.host}" if way is Way.COM else f"{base(self.site)}/wp-json/wp/v2"


def _checked(options: Mapping[str, str]) -> Mapping[str, str]:
    """Options as sources.yaml would have them; raises ValueError for what is none."""
    checks = {"search": word_of, "tag": slug_of}
    return {name: checks[name](value) for name, value in options.items()}
