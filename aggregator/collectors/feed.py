"""Any feed, and any page that has one. The formats' specifications are named in `_strict` and `_jsonfeed`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from aggregator.collectors import _feeds
from aggregator.collectors._discovery import declared_feeds, discover, linked_feeds
from aggregator.collectors._feeds import ACCEPT, feed_of, host_of, is_page, web_address
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Gone, Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Author, Entry, Kind, Page
from aggregator.text.decode import decode
from aggregator.text.html import visible
from aggregator.text.page_address import kind_at
from aggregator.text.secret_address import is_secret, masked

DOING = "reading the feed"
# The account in the address of a post on Bluesky, and on Mastodon and its kin.
_AT_ACCOUNT = re.compile(
    r"https?://(?:bsky\.app/profile/(?P<bluesky>[\w-]+(?:\.[\w-]+)+)/|(?P<host>[^/@:]+)/(?:@|users/)(?P<name>[\w.-]+(?:@[\w.-]+)?)/)"
)
# Words of an entry without a title that is taken for a post; what is longer is an article that forgot its title.
_MOST_IN_A_POST = 100
# Feeds of one page that are worth trying.
_MOST_SIGNS = 4
# They want an account for everything, and forbid programs to read their pages.
_CLOSED = frozenset(
    ("x.com", "twitter.com", "mobile.twitter.com", "facebook.com", "m.facebook.com", "instagram.com", "linkedin.com", "tiktok.com")
)
# Single documents and posts for patrons; what a patron's own feed holds stands behind /rss, with a token.
_ALONE = frozenset(("docs.google.com", "drive.google.com", "patreon.com"))
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|users/sign_in|auth/sign_in|wp-login\.php)/?\Z", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Feed(Collector):
    """Reads one feed in RSS, RDF, Atom or JSON Feed, of a blog, a newsletter or anything else that publishes one.

    Give the address of the feed, or of a page of the site: then the feed is looked for in the page, once, and remembered. A feed holds
    only its newest entries, so what a busy site published and dropped between two polls is not seen. Many sites put an excerpt into their
    feed; a topic named only further down is then missed, unless the site's tags name it.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="feed",
        title="Feed (RSS, Atom, JSON Feed)",
        homepage="https://www.rssboard.org/rss-specification",
        spec="RSS 2.0.11, RSS 1.0, RFC 4287, RFC 5005 and JSON Feed 1.1, read 2026-11-20",
        method=Method.FEED,
        kinds=(Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.POST),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=1)),
        finds="whatever one site publishes",
        reach="what the feed holds, mostly the 10 to 50 newest entries",
        delay="as soon as the site writes its feed",
        delivers=Delivers.EXCERPT,
        limits=(
            "A site decides how much of an entry its feed holds.",
            "A page that neither declares nor links a feed is searched at six usual addresses and no further.",
        ),
        fallback=True,
    )

    url: Annotated[str, Option("address of a feed, or of a page that has one", example="https://blog.example/feed", check=web_address)]

    @property
    def host(self) -> str:
        return host_of(self.url)

    @property
    def label(self) -> str:
        return host_of(self.url).removeprefix("www.")

    @property
    def address(self) -> str:
        return "https://www.google.com/alerts" if ".google." in self.host and "/alerts/feeds/" in self.url else masked(self.url, "…")

    @property
    def feed(self) -> str | None:
        return None if is_secret(self.url) else self.url

    def _resume(self, address: str) -> Cursor:
        """Where the feed is; a secret stays in the configuration and out of the database."""
        return pack(configured=True) if address == self.url and is_secret(address) else pack(feed=address)

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        try:
            return {"url": web_address(address)}
        except ValueError:
            return None

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """The feeds that a page declares, else those that it links to."""
        if not is_page(page.body, page.headers.get("content-type", "")):
            return ()
        text = decode(page.body, page.headers.get("content-type", ""))
        found = declared_feeds(text, page.url, page.headers.get("link", "")) or linked_feeds(text, page.url)
        return tuple({"url": one} for one in found[:_MOST_SIGNS])

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = urlsplit(address) if cls.recognise(address) else urlsplit("")
        host = (parts.hostname or "").removeprefix("www.")
        if host in _CLOSED:
            return "is on a site that shows visitors no feed; write it under site.see_also, for readers who have an account there"
        if host in _ALONE and not parts.path.startswith("/rss"):
            return "is on a site without a feed for visitors; write `aggregator add ADDRESS` for one document or post"
        if _LOGIN.search(parts.path):
            return "is that of a page to log in; write that of a page which visitors can read"
        return None

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        address, reply = _ask(http, str(position.get("feed", self.url)), self.url)
        if reply.unchanged and position.get("searched"):
            raise Unreadable(f"{DOING}: expected a feed, got the page that led to none before; write the address of the feed itself")
        if reply.unchanged or not is_page(reply.body, reply.headers.get("content-type", "")):
            yield page_of(feed_of(reply, DOING), cursor=self._resume(address))
            return
        try:
            address, feed = discover(http, reply, DOING, guess=not position)
        except Unreadable:
            # Remembered, so that a site is searched for a feed once and not at every poll. What is known already is not: with the page,
            # its validators would land, and a wall in place of the feed would be taken for no news the next time.
            if not position:
                yield Page(entries=(), cursor=pack(searched=True))
            raise
        yield page_of(feed, cursor=self._resume(address))


def page_of(feed: _feeds.Feed | None, *, cursor: Cursor) -> Page:
    """A feed as a page; a page without entries for no news."""
    return Page(entries=tuple(map(_told, feed.entries)), cursor=cursor, remarks=feed.remarks) if feed else Page(entries=(), cursor=cursor)


def _told(entry: Entry) -> Entry:
    """An entry as what it is: a feed may be that of an account, whose posts have no titles and may carry pictures and recordings.

    Source: JSON Feed 1.1, "title" ("Microblog items in particular may omit titles"); the feeds of Mastodon and Bluesky, read 2026-11-22.
    """
    if kind_at(entry.url) is Kind.POST:
        return replace(entry, kind=Kind.POST, author=_account(entry))
    if entry.title or entry.kind is not Kind.ARTICLE:
        return entry
    said = entry.text if entry.text is not None else visible(entry.html or "").text
    return replace(entry, kind=Kind.POST) if 0 < len(said.split()) <= _MOST_IN_A_POST else entry


def _account(entry: Entry) -> Author | None:
    """Whose post it is, by its address: such feeds name nobody, or give a name without the account."""
    found = _AT_ACCOUNT.match(entry.url)
    if found is None or (entry.author is not None and entry.author.handle):
        return entry.author
    host, name, other = found["host"], found["name"], found["bluesky"]
    handle = other or (name if "@" in name else f"{name}@{host}")
    return replace(entry.author, handle=handle.lower()) if entry.author else Author(handle=handle.lower())


def _ask(http: Http, remembered: str, configured: str) -> tuple[str, Reply]:
    """The reply at the address found earlier; at the configured one when that has become a page or is gone."""
    if remembered != configured:
        try:
            reply = http.get(remembered, accept=ACCEPT)
            if reply.unchanged or not is_page(reply.body, reply.headers.get("content-type", "")):
                return remembered, reply
        except Gone:
            pass
    return configured, http.get(configured, accept=ACCEPT)
