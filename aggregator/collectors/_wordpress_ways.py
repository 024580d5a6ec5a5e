"""The ways into a WordPress site: its own REST interface, that of WordPress.com for the sites which live there, and the feeds.

Source: WordPress REST API handbook, "Posts", "Tags", "Pagination"; WordPress Feeds (read 2026-11-22).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from aggregator.collectors._blogs import listing_of
from aggregator.collectors._feeds import ACCEPT
from aggregator.collectors._json import a_list, instant, member, members, number, read_each
from aggregator.collectors._sweep import Listing
from aggregator.collectors._wordpress_posts import EMBED, FIELDS, entry_of
from aggregator.errors import Gone, SourceError, Unauthorized, Unreadable
from aggregator.fetch import Http, Reply

DOING = "reading posts of a WordPress site"
COM_HOST = "public-api.wordpress.com"


class Way(StrEnum):
    """How a site is read."""

    REST = "rest"
    COM = "com"
    FEED = "feed"


@dataclass(kw_only=True)
class Reader:
    """One walk through the posts of a site."""

    http: Http
    way: Way
    # The beginning of the interface's addresses; the feed's address for `Way.FEED`.
    root: str
    search: str = ""
    # Number of the tag; None: any.
    term: int | None = None
    # True: as much as can be had at once, and what has not changed since it was last read is wanted all the same.
    back: bool
    # By number, with which post the pages of this walk began.
    began: dict[int, str] = field(default_factory=dict)

    @property
    def at_once(self) -> int:
        """Posts of a page of the interface; a hundred is the most (handbook, "Pagination")."""
        return 100 if self.back else 20

    def listing(self, at: str) -> Listing | None:
        """The page at a number ("" is the first); None when it is as it was at the last poll."""
        page = int(at) if at.isascii() and at.isdecimal() and len(at) < 10 else 1
        try:
            listing = self._feed(page) if self.way is Way.FEED else self._rest(page)
        except (Gone, Unauthorized, Unreadable) as error:
            if page == 1 or not self._is_past_the_end(error):
                raise
            return Listing(entries=(), withheld=isinstance(error, Unauthorized))
        return Listing(entries=(), after=str(page + 1)) if listing is None and self.back else listing

    def _is_past_the_end(self, error: SourceError) -> bool:
        """Whether a further page is refused as one that is not there (400 rest_post_invalid_page_number; a feed's 404), or by a guard that
        lets nobody ask for further pages of a feed."""
        return isinstance(error, (Gone, Unauthorized)) if self.way is Way.FEED else error.status == 400

    def _rest(self, page: int) -> Listing | None:
        reply = self.http.get(f"{self.root}/posts", params=self._asked(page), accept="application/json")
        if reply.unchanged and not (self.back and reply.body):
            return None
        rows = a_list(reply.json(DOING), DOING)
        pages = _count(reply, "x-wp-totalpages")
        if not rows and pages and page <= pages:
            raise Unreadable(f"{DOING}: expected page {page} of {pages}, got no posts")
        self._moved_on(page, str(next((number(row.get("id")) for row in members(rows)), "")))
        entries, remarks = read_each(rows, entry_of, noun="post", doing=DOING)
        doubt = ("no posts, and no word on how many there are",) if not rows and pages is None else ()
        more = page < pages if pages is not None else len(rows) == self.at_once
        times = tuple(time for row in members(rows) if (time := instant(row.get("date_gmt"))))
        return Listing(entries=entries, remarks=(*remarks, *doubt), times=times, after=str(page + 1) if more else "")

    def _asked(self, page: int) -> dict[str, str]:
        asked = {"per_page": str(self.at_once), "orderby": "date", "order": "desc", "_embed": EMBED, "_fields": FIELDS}
        asked |= {"search": self.search} if self.search else {"tags": str(self.term)} if self.term is not None else {}
        return asked | ({"page": str(page)} if page > 1 else {})

    def _feed(self, page: int) -> Listing | None:
        # `paged=1` is no question that a browser asks, and some guards refuse it.
        reply = self.http.get(self.root, params={"paged": str(page)} if page > 1 else {}, accept=ACCEPT)
        found = listing_of(reply, DOING, after=str(page + 1))
        if found is None:
            return None
        first = next((entry.native_id for entry in found.entries), "")
        if first and first == self.began.get(page - 1):
            return Listing(entries=(), withheld=True, remarks=(f"page {page} of the feed is the page before it again",))
        self.began[page] = first
        return found

    def _moved_on(self, page: int, first: str) -> None:
        if first and first == self.began.get(page - 1):
            raise Unreadable(f"{DOING}: page {page} is the page before it again")
        self.began[page] = first


def term_of(http: Http, root: str, slug: str) -> int | None:
    """The number of a tag; None when the site has no such tag yet.

    Raises:
        Unreadable: it is told of other tags.
    """
    doing = "looking for a tag of a WordPress site"
    reply = http.get(f"{root}/tags", params={"slug": slug, "_fields": "id,slug"}, accept="application/json")
    if reply.unchanged and not reply.body:
        # It is asked for only as long as it is not there.
        return None
    rows = a_list(reply.json(doing), doing)
    found = next((number(member(row).get("id")) for row in rows), None)
    if rows and found is None:
        raise Unreadable(f"{doing}: expected the number of a tag, got none")
    return found


def _count(reply: Reply, header: str) -> int | None:
    """A number in a header; None when there is none."""
    said = reply.headers.get(header, "").strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None
