"""Feeds that a service makes for one person: alerts, bridges. Their addresses are secrets, and are never shown or stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, ClassVar

from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._options import exactly_one, host_of, split, web_address
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, unpack
from aggregator.errors import MissingSecret
from aggregator.fetch import Http, Pace
from aggregator.model import Entry, Kind, Page
from aggregator.text.page_address import kind_at
from aggregator.text.secret_address import is_secret
from aggregator.text.urls import canonical

DOING = "reading the alert's feed"
_GOOGLE = re.compile(r"(?:www\.)?google\.[a-z.]{2,6}")


def _variable(value: str) -> str:
    name = value.strip()
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        raise ValueError(f"{value!r} is not the name of a variable; write one in capitals, like 'GOOGLE_ALERT_1'")
    return name


@dataclass(frozen=True, kw_only=True)
class Alerts(Collector):
    """Reads a feed that a service makes for you alone: Google Alerts (delivered to "RSS feed"), alerts of Kagi and others, RSS-Bridge and
    RSSHub with your access key. Whoever has its address reads what you read, and may spend what you pay for. So write the address into an
    environment variable, or a secret of your CI, and its name under address_from: then it stands in no file, log, recording or database.
    Links are followed through the service's redirects to the page itself; what a service reports of its own failures is told to you and
    never published.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="alerts",
        title="Alerts and bridges",
        homepage="https://www.google.com/alerts",
        spec="RFC 4287 and RSS 2.0.11; docs of RSS-Bridge (tokens, error entries) and RSSHub (access keys), read 2026-11-22",
        method=Method.FEED,
        kinds=(Kind.ARTICLE, Kind.VIDEO, Kind.EPISODE, Kind.POST),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="pages of the whole web that a search service has newly found",
        reach="what the feed holds, mostly the 20 newest entries",
        delay="within a day, as the service finds it",
        delivers=Delivers.EXCERPT,
        limits=(
            "An alert begins on the day it is made: there is nothing older.",
            "Services show old pages as new, so look at a page's own date.",
            "The service decides what is found; entries that do not name the topic in their excerpt are not shown.",
        ),
    )

    address_from: Annotated[
        str, Option("name of the environment variable that holds the feed's address", example="GOOGLE_ALERT_1", check=_variable)
    ] = ""
    url: Annotated[
        str,
        Option("address of the feed, where nobody else reads this file", example="https://bridge.example/?format=Atom", check=web_address),
    ] = ""

    def __post_init__(self) -> None:
        exactly_one(self, "address_from", "url")

    @property
    def host(self) -> str:
        # Without an address nobody is asked; a name of its own, so that it shares no lane.
        return host_of(self.url) if self.url else f"{self.address_from.lower().replace('_', '-').strip('-')}.invalid"

    @property
    def label(self) -> str:
        return f"Alerts of {self.host.removeprefix('www.')}" if self.url else f"Alerts ({self.address_from})"

    @property
    def address(self) -> str:
        return f"https://{self.host}/" if self.url and not _GOOGLE.fullmatch(self.host) else self.manifest.homepage

    @property
    def feed(self) -> str | None:
        return None if not self.url or is_secret(self.url) else self.url

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = split(address)
        if not _GOOGLE.fullmatch(parts.hostname or "") or not parts.path.startswith("/alerts/feeds/"):
            return None
        return "of an alert is a secret; put it into the environment, and write {platform: alerts, address_from: NAME_OF_THE_VARIABLE}"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        unpack(cursor)
        if not self.url:
            raise MissingSecret(self.address_from, "set it to the address of the alert's feed")
        feed = feed_of(http.get(self.url, accept=ACCEPT), DOING)
        # The position is empty: an address that is a secret stays out of the database.
        yield Page(entries=tuple(map(_unwrapped, feed.entries)) if feed else (), cursor="", remarks=feed.remarks if feed else ())


def _unwrapped(entry: Entry) -> Entry:
    """The entry at the address of the page itself; a redirect of the service names the alert, and so its owner."""
    there = canonical(entry.url).href
    wrapped = host_of(there) != host_of(entry.url)
    url = there if wrapped else entry.url
    aliases = tuple(one for one in entry.aliases if host_of(canonical(one).href) == host_of(one))
    author = entry.author if entry.author and (entry.author.name or "").strip() else None
    # The feed's title is that of the alert; whose page it is, the page says.
    return replace(entry, url=url, aliases=aliases, author=author, site=None, kind=Kind.POST if kind_at(url) is Kind.POST else entry.kind)
