"""Podcasts: Anchor, which is Spotify for Creators now, and every other show with a feed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import unquote, urlsplit

from aggregator.collectors._discovery import declared_feeds, discover
from aggregator.collectors._feeds import ACCEPT, Feed, cut_off, description, feed_of, host_of, is_page, web_address, with_remarks
from aggregator.collectors._options import split
from aggregator.collectors._parts import is_web
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Gone, SourceError, Unauthorized, Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Kind, Page
from aggregator.text.decode import decode
from aggregator.text.secret_address import is_secret, masked

DOING = "reading the podcast"
APPLE = "itunes.apple.com"
_MOST_TRIES = 3

_ANCHOR = "anchor.fm"
_CREATORS = frozenset((_ANCHOR, "podcasters.spotify.com", "creators.spotify.com"))
# What they show of a podcast says nowhere where its feed is (podcasts of Spotify alone have none).
_DIRECTORIES = frozenset(("open.spotify.com", "podcasts.apple.com", "itunes.apple.com"))
_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# First segments of a path on anchor.fm that name no show.
_RESERVED = frozenset(("about", "app", "blog", "dashboard", "features", "help", "login", "pod", "privacy", "s", "signup", "switch", "tos"))
_ANCHOR_FEED = re.compile(r"https?:(?:\\?/){2}anchor\.fm(?:\\?/)s(?:\\?/)([0-9a-f]+)(?:\\?/)podcast(?:\\?/)rss", re.IGNORECASE)
# Hosts that serve nothing but feeds of podcasts (opawg/podcast-hosts, read 2026-11-20).
_FEED_HOSTS = frozenset(
    (
        *(
            "feeds.acast.com",
            "feeds.buzzsprout.com",
            "feeds.captivate.fm",
            "feeds.fireside.fm",
            "feeds.megaphone.fm",
            "feeds.redcircle.com",
        ),
        *("feeds.simplecast.com", "feeds.soundcloud.com", "feeds.transistor.fm", "feed.podbean.com", "feeds.libsyn.com", "rss.art19.com"),
        *("rss.libsyn.com", "feeds.castos.com", "feeds.blubrry.com", "omnycontent.com"),
    )
)


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
        return _ANCHOR if self._handle else host_of(self.url)

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset((_ANCHOR, APPLE)) if self._handle else frozenset((self.host,))

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
        is_feed = path.endswith("/podcast/rss") or (bool(path) and host_of(clean) in _FEED_HOSTS)
        return {"url": clean} if is_feed else None

    @classmethod
    def declined(cls, address: str) -> str | None:
        host = split(address).hostname or ""
        if show := show_of(address):
            return (
                f"names one episode; write that of the show, https://{_ANCHOR}/{show}. An episode is put on the page with `aggregator add`"
            )
        if host.removeprefix("www.") in _CREATORS:
            return "names no show; write that of the show's page or of its feed"
        return (
            "is in a directory that names no feed; write that of the show's own feed, as its site gives it"
            if host in _DIRECTORIES
            else None
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
        entries = tuple(_episode(one, feed) for one in feed.entries) if feed else ()
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
        page = f"https://{_ANCHOR}/{self._handle}"
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
        if found := _anchor_feed(text, reply.url):
            return found, with_remarks(_read(http.get(found, accept=ACCEPT)), cut_off(text))
        return self._of_directory(http, Unreadable(f"{DOING}: expected the page of a show, got {description(text)} that names no feed"))

    def _of_directory(self, http: Http, reason: SourceError) -> tuple[str, Feed]:
        """The feed on Anchor that Apple's directory lists for the show, taken only when its own links name the show.

        Raises:
            SourceError: `reason`, when there is none.
        """
        reply = http.get(f"https://{APPLE}/search", params={"term": self._handle, "media": "podcast", "entity": "podcast", "limit": "25"})
        for address in _listed_feeds(reply)[:_MOST_TRIES]:
            feed = _read(replace(http.get(address, accept=ACCEPT), silent=False))
            if feed and self._handle.lower() in {show_of(one).lower() for one in (feed.home, *(entry.url for entry in feed.entries))}:
                return address, feed
        raise reason


def handle_of(address: str) -> str:
    """The show whose page on Anchor or Spotify for Creators an address is; "" for anything else, an episode's page too."""
    host, segments = host_of(address), [unquote(one) for one in urlsplit(address).path.split("/") if one]
    if host.removeprefix("www.") == _ANCHOR and len(segments) == 1 and segments[0].lower() not in _RESERVED:
        handle = segments[0]
    elif host in _CREATORS and len(segments) == 3 and segments[0] == "pod" and segments[1] in ("show", "profile"):
        handle = segments[2]
    else:
        return ""
    return handle if _HANDLE.fullmatch(handle) else ""


def show_of(address: str) -> str:
    """The show that the page of a show or of an episode belongs to; "" for any other address."""
    page, episodes, _ = address.partition("/episodes/")
    return handle_of(page if episodes else address) if is_web(address) else ""


def _anchor_feed(page: str, url: str) -> str:
    """The feed that a show's page declares, or else the only one it names; "" when it names none or several."""
    declared = [one for one in declared_feeds(page, url) if _ANCHOR_FEED.fullmatch(one)]
    named = {found.lower() for found in _ANCHOR_FEED.findall(page)}
    if declared:
        return declared[0]
    return f"https://{_ANCHOR}/s/{named.pop()}/podcast/rss" if len(named) == 1 else ""


def _listed_feeds(reply: Reply) -> list[str]:
    """Addresses of feeds on Anchor in an answer of Apple's directory.

    Source: Apple, "iTunes Search API" (read 2026-11-20).
    """
    answer: Any = reply.json(DOING)
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise Unreadable(f"{DOING}: expected a list of shows from Apple's directory, got {type(answer).__name__!r}")
    addresses = (one.get("feedUrl") for one in results if isinstance(one, dict))
    return [one for one in addresses if isinstance(one, str) and _ANCHOR_FEED.fullmatch(one)]


def _read(reply: Reply) -> Feed | None:
    """As `feed_of`; a feed that may say that it moved is read even when it names no topic."""
    return feed_of(replace(reply, silent=False) if b"new-feed-url" in reply.body else reply, DOING)


def _moved(http: Http, address: str) -> Feed | None:
    """The feed at the address that a show moved to; None when there is none."""
    try:
        return _read(replace(http.get(address, accept=ACCEPT), silent=False)) or Feed()
    except (Gone, Unauthorized, Unreadable):
        return None


def _episode(entry: Entry, feed: Feed) -> Entry:
    """The entry as part of its show; an enclosure on Anchor holds the number that joins it with the episode's page."""
    plays = tuple(one.url for one in entry.enclosures if "anchor.fm/s/" in one.url and "/podcast/play/" in one.url)
    return replace(
        entry, site=feed.title or None, author=entry.author or feed.author, aliases=tuple(dict.fromkeys((*entry.aliases, *plays)))
    )
