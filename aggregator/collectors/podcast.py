"""Podcasts: Anchor, which is Spotify for Creators now, and every other show with a feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from aggregator.collectors._discovery import declared_feeds, discover
from aggregator.collectors._feeds import ACCEPT, Feed, cut_off, description, feed_of, is_page, with_remarks
from aggregator.collectors._options import host_of, split, web_address
from aggregator.collectors._podcast_places import ANCHOR, CREATORS, DIRECTORIES, FEED_HOSTS, anchor_feed, handle_of, listed_feeds, show_of
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Gone, SourceError, Unauthorized, Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Kind, Page
from aggregator.text.decode import decode
from aggregator.text.secret_address import is_secret, masked

DOING = "reading the podcast"
APPLE = "itunes.apple.com"
_MOST_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Podcast(Collector):
    """Reads the episodes of one podcast from its feed, with their notes.

    Give the address of the feed or of the show's page on Anchor (Spotify for Creators); the feed is found from the page, once, and
    remembered, and a show that moves is followed. Feeds of podcasts mostly hold the whole history. The sound itself is never asked for,
    since that would count as a listener.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="podcast",
        title="Podcast",
        homepage="https://podcasters.apple.com/support/823-podcast-requirements",
        spec="Apple's podcast RSS requirements and podcastindex.org/namespace/1.0, read 2026-11-20",
        method=Method.FEED,
        kinds=(Kind.EPISODE, Kind.VIDEO, Kind.ARTICLE),
        every=timedelta(hours=6),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=1)),
        finds="episodes of a show",
        reach="what the feed holds, mostly every episode",
        delay="as soon as the show writes its feed",
        delivers=Delivers.COMPLETE,
        limits=(
            "What is said in an episode is not read, only its title and notes.",
            "A show on open.spotify.com or in Apple's directory names no feed; write the feed's own address.",
        ),
    )

    url: Annotated[
        str, Option("address of a show's feed, or of its page on Anchor", example="https://anchor.fm/microsolidarity", check=web_address)
    ]

    @property
    def host(self) -> str:
        return ANCHOR if self._handle else host_of(self.url)

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset((ANCHOR, APPLE)) if self._handle else frozenset((self.host,))

    @property
    def label(self) -> str:
        return f"Podcast {self._handle or host_of(self.url).removeprefix('www.')}"

    @property
    def address(self) -> str:
        return masked(self.url, "…")

    @property
    def feed(self) -> str | None:
        return None if self._handle or is_secret(self.url) else self.url

    @property
    def _handle(self) -> str:
        """The show's name on Anchor; "" where the address is a feed or another page."""
        return handle_of(self.url)

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        try:
            clean = web_address(address)
        except ValueError:
            return None
        path = urlsplit(clean).path.rstrip("/")
        if handle_of(clean):
            # A page is the same whoever sent the reader; a feed need not be.
            return {"url": f"https://{host_of(clean).removeprefix('www.')}{path}"}
        is_feed = path.endswith("/podcast/rss") or (bool(path) and host_of(clean) in FEED_HOSTS)
        return {"url": clean} if is_feed else None

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """The feeds of shows that a page declares, by their hosts."""
        found = declared_feeds(decode(page.body, page.headers.get("content-type", "")), page.url)
        return tuple(options for one in found if (options := cls.recognise(one)))

    @classmethod
    def declined(cls, address: str) -> str | None:
        host = split(address).hostname or ""
        if show := show_of(address):
            return (
                f"names one episode; write that of the show, https://{ANCHOR}/{show}. An episode is put on the page with `aggregator add`"
            )
        if host.removeprefix("www.") in CREATORS:
            return "names no show; write that of the show's page or of its feed"
        return (
            "is in a directory that names no feed; write that of the show's own feed, as its site gives it" if host in DIRECTORIES else None
        )

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        remembered = unpack(cursor).get("feed", "")
        if remembered:
            address, feed = self._remembered(http, remembered)
        else:
            address, feed = self._first(http)
        remarks: tuple[str, ...] = ()
        if feed is not None and feed.moved_to not in ("", address, self.url):
            moved = _moved(http, feed.moved_to)
            remarks = (
                f"the show says that it moved to {feed.moved_to}" + ("" if moved else ", where no feed can be read: the old one is kept"),
            )
            address, feed = (feed.moved_to, moved) if moved else (address, feed)
        entries = tuple(episode_of(one, feed) for one in feed.entries) if feed else ()
        resume = "" if address == self.url else pack(feed=address)
        yield Page(entries=entries, cursor=resume, remarks=(*remarks, *(feed.remarks if feed else ())))

    def _remembered(self, http: Http, address: str) -> tuple[str, Feed | None]:
        try:
            return address, _read(http.get(address, accept=ACCEPT))
        except Gone:
            return self._first(http)

    def _first(self, http: Http) -> tuple[str, Feed | None]:
        """The feed of the configured address: (its address, the feed, or None for no news)."""
        if self._handle:
            return self._of_show(http)
        reply = http.get(self.url, accept=ACCEPT)
        if reply.unchanged or not is_page(reply.body, reply.headers.get("content-type", "")):
            return self.url, _read(reply)
        return discover(http, reply, DOING, guess=False)

    def _of_show(self, http: Http) -> tuple[str, Feed | None]:
        """The feed of a show on Anchor: from its page, else from Apple's directory, which is asked only then."""
        page = f"https://{ANCHOR}/{self._handle}"
        try:
            reply = http.get(page)
        except (Gone, Unauthorized) as error:
            try:
                return self._of_directory(http, error)
            except SourceError:
                raise error from None
        if reply.unchanged or not is_page(reply.body, reply.headers.get("content-type", "")):
            return reply.url, _read(reply)
        text = decode(reply.body, reply.headers.get("content-type", ""))
        if found := anchor_feed(text, reply.url):
            return found, with_remarks(_read(http.get(found, accept=ACCEPT)), cut_off(text))
        return self._of_directory(http, Unreadable(f"{DOING}: expected the page of a show, got {description(text)} that names no feed"))

    def _of_directory(self, http: Http, reason: SourceError) -> tuple[str, Feed]:
        """The feed on Anchor that Apple's directory lists for the show, taken only when its own links name the show.

        Raises:
            SourceError: `reason`, when there is none.
        """
        reply = http.get(f"https://{APPLE}/search", params={"term": self._handle, "media": "podcast", "entity": "podcast", "limit": "25"})
        for address in listed_feeds(reply, DOING)[:_MOST_TRIES]:
            feed = _read(replace(http.get(address, accept=ACCEPT), silent=False))
            if feed and self._handle.lower() in {show_of(one).lower() for one in (feed.home, *(entry.url for entry in feed.entries))}:
                return address, feed
        raise reason


def _read(reply: Reply) -> Feed | None:
    """As `feed_of`; a feed that may say that it moved is read even when it names no topic."""
    return feed_of(replace(reply, silent=False) if b"new-feed-url" in reply.body else reply, DOING)


def _moved(http: Http, address: str) -> Feed | None:
    """The feed at the address that a show moved to; None when there is none."""
    try:
        return _read(replace(http.get(address, accept=ACCEPT), silent=False)) or Feed()
    except (Gone, Unauthorized, Unreadable):
        return None


def episode_of(entry: Entry, feed: Feed) -> Entry:
    """The entry as part of its show; an enclosure on Anchor holds the number that joins it with the episode's page."""
    plays = tuple(one.url for one in entry.enclosures if "anchor.fm/s/" in one.url and "/podcast/play/" in one.url)
    return replace(
        entry, site=feed.title or None, author=entry.author or feed.author, aliases=tuple(dict.fromkeys((*entry.aliases, *plays)))
    )
