"""Where podcasts live: shows on Anchor (Spotify for Creators) by their addresses, hosts of feeds, and directories that name none."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from aggregator.collectors._discovery import declared_feeds
from aggregator.collectors._options import host_of
from aggregator.collectors._parts import is_web
from aggregator.errors import Unreadable
from aggregator.fetch import Reply

ANCHOR = "anchor.fm"
CREATORS = frozenset((ANCHOR, "podcasters.spotify.com", "creators.spotify.com"))
# What they show of a podcast says nowhere where its feed is (podcasts of Spotify alone have none).
DIRECTORIES = frozenset(("open.spotify.com", "podcasts.apple.com", "itunes.apple.com"))
_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# First segments of a path on anchor.fm that name no show.
_RESERVED = frozenset(("about", "app", "blog", "dashboard", "features", "help", "login", "pod", "privacy", "s", "signup", "switch", "tos"))
_ANCHOR_FEED = re.compile(r"https?:(?:\\?/){2}anchor\.fm(?:\\?/)s(?:\\?/)([0-9a-f]+)(?:\\?/)podcast(?:\\?/)rss", re.IGNORECASE)
# Hosts that serve nothing but feeds of podcasts (opawg/podcast-hosts, read 2026-11-20).
FEED_HOSTS = frozenset(
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


def handle_of(address: str) -> str:
    """The show whose page on Anchor or Spotify for Creators an address is; "" for anything else, an episode's page too."""
    host, segments = host_of(address), [unquote(one) for one in urlsplit(address).path.split("/") if one]
    if host.removeprefix("www.") == ANCHOR and len(segments) == 1 and segments[0].lower() not in _RESERVED:
        handle = segments[0]
    elif host in CREATORS and len(segments) == 3 and segments[0] == "pod" and segments[1] in ("show", "profile"):
        handle = segments[2]
    else:
        return ""
    return handle if _HANDLE.fullmatch(handle) else ""


def show_of(address: str) -> str:
    """The show that the page of a show or of an episode belongs to; "" for any other address."""
    page, episodes, _ = address.partition("/episodes/")
    return handle_of(page if episodes else address) if is_web(address) else ""


def anchor_feed(page: str, url: str) -> str:
    """The feed that a show's page declares, or else the only one it names; "" when it names none or several."""
    declared = [one for one in declared_feeds(page, url) if _ANCHOR_FEED.fullmatch(one)]
    named = {found.lower() for found in _ANCHOR_FEED.findall(page)}
    if declared:
        return declared[0]
    return f"https://{ANCHOR}/s/{named.pop()}/podcast/rss" if len(named) == 1 else ""


def listed_feeds(reply: Reply, doing: str) -> list[str]:
    """Addresses of feeds on Anchor in an answer of Apple's directory.

    Source: Apple, "iTunes Search API" (read 2026-11-20).
    """
    answer: Any = reply.json(doing)
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise Unreadable(f"{doing}: expected a list of shows from Apple's directory, got {type(answer).__name__!r}")
    addresses = (one.get("feedUrl") for one in results if isinstance(one, dict))
    return [one for one in addresses if isinstance(one, str) and _ANCHOR_FEED.fullmatch(one)]
