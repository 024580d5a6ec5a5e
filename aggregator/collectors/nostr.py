"""Notes of Nostr with a hashtag, from several relays at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._nostr_look import looked_at
from aggregator.collectors._nostr_place import Place, next_until
from aggregator.collectors._nostr_rounds import Relays
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.fetch import Http, Pace
from aggregator.model import Entry, Kind, Page

RELAYS = "relay.damus.io nos.lol relay.primal.net nostr.mom"
_RELAY = re.compile(r"(wss?)://([^/?#@\s]+)(/[^?#\s]*)?", re.IGNORECASE)
_TAG_PAGE = re.compile(r"/t/([^/]+)/?")
_SEARCH = re.compile(r"/search/(?:%23|#)([^/]+)/?", re.IGNORECASE)


def _relays(value: str) -> str:
    """Relays, each once, as host names; with scheme and path where these are not the usual."""
    found = []
    for one in re.split(r"[\s,]+", value.strip()):
        written = _RELAY.fullmatch(one if "://" in one else f"wss://{one}")
        try:
            host = _options.server(written[2]) if written else ""
        except ValueError:
            host = ""
        if written is None or not host:
            raise ValueError(f"{one!r} is not a relay; write host names like 'relay.damus.io nos.lol', one after another")
        scheme = "ws://" if written[1].lower() == "ws" else "wss://" if (written[3] or "/") != "/" else ""
        found.append(f"{scheme}{host}{(written[3] or '').rstrip('/')}")
    return " ".join(dict.fromkeys(found))


def _count(value: str) -> str:
    if not re.fullmatch(r"[1-9]", value.strip()):
        raise ValueError(f"{value!r} is not a number of relays; write one from 1 to 9")
    return value.strip()


@dataclass(frozen=True, kw_only=True)
class Nostr(Collector):
    """Notes, comments and articles on Nostr with a hashtag. Nostr has no servers that know everything: notes lie on relays, and several are
    asked at once; the same note on many is one mention. A note counts only when as many relays show it as `seen_on` says, which keeps most
    of the spam away, and when its signature is good. What its author deleted, protected or set to vanish is not shown, and what carries a
    content warning is shown by its warning alone. A relay that cannot be read is made up for by the others and read from there on later.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="nostr",
        title="Nostr",
        homepage="https://nostr.com",
        spec="nostr-protocol/nips 01, 09, 22, 23, 24, 36, 40, 42, 48, 62 and 70, read 2026-07-30",
        method=Method.API,
        kinds=(Kind.POST, Kind.COMMENT, Kind.ARTICLE),
        every=timedelta(minutes=30),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=2), daily=2_000),
        finds="notes, comments and articles with a hashtag, as several relays show them",
        reach="the newest 300 notes, and with a back-fill as far as the relays keep them",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=(
            "A word without the hashtag cannot be searched for.",
            "What stands on one relay alone is not seen, unless `seen_on` is 1.",
            "A note that reaches the relays more than a day after the time it carries is not seen.",
        ),
    )

    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)]
    relays: Annotated[str, Option(f"relays that are asked, one after another; without it {RELAYS}", example=RELAYS, check=_relays)] = ""
    seen_on: Annotated[str, Option("how many relays must show a note; without it 2", example="2", check=_count)] = ""

    @property
    def host(self) -> str:
        return _host(self._asked[0])

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(map(_host, self._asked))

    @property
    def label(self) -> str:
        return f"#{self.tag} on Nostr"

    @property
    def address(self) -> str:
        """A reader's page of the hashtag; which relays are ours stands behind the "#", where no reader minds it."""
        ours = {name: value for name, value in (("relays", self.relays), ("seen_on", self.seen_on)) if value}
        return f"https://snort.social/t/{quote(self.tag, safe='')}" + (f"#{urlencode(ours)}" if ours else "")

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The page of a hashtag in Snort, and the search for one in Primal and Iris."""
        parts = _options.split(address)
        host = (parts.hostname or "").removeprefix("www.")
        pattern = {"snort.social": _TAG_PAGE, "primal.net": _SEARCH, "iris.to": _SEARCH}.get(host)
        found = pattern.fullmatch(parts.path) if pattern else None
        ours = {name: values[0] for name, values in parse_qs(parts.fragment).items() if name in _CHECKS}
        try:
            tag = _options.hashtag(unquote(found[1])) if found else ""
            return {"tag": tag} | {name: _CHECKS[name](value) for name, value in ours.items()} if tag else None
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = _options.split(address)
        if parts.hostname not in ("njump.me", "snort.social", "primal.net", "iris.to") or parts.path in ("", "/"):
            return None
        return "names no hashtag on Nostr; write https://snort.social/t/TAG. A single note is put on the page with `aggregator add`"

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"tag": word},)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        place = Place.unpacked(cursor)
        # What came while a sweep was cut off is read in the same poll.
        sweeps = 2 if place.rounds else 1
        while sweeps:
            found = self._all.round(http, since=place.since, until=place.until, known=place.known, thorough=False)
            before = place
            place, over = before.after(found)
            missed = before.missed(found, over=over)
            yield Page(entries=found.entries, cursor=place.packed(), remarks=found.remarks, missed=missed)
            sweeps -= over

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older notes, newest first, until `since` or until no relay has more."""
        place, end = Place.unpacked(cursor), bool(unpack(cursor).get("end"))
        lowest = int(since.timestamp()) if since else None
        while not end:
            found = self._all.round(http, since=lowest, until=place.until, known={}, thorough=True)
            missed = place.missed(found, over=False)
            place = replace(place, until=next_until(found))
            end = found.reach is None
            yield Page(entries=found.entries, cursor=pack(end=True) if end else place.packed(), remarks=found.remarks, missed=missed)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Notes by their ids, and what their authors have asked for since."""
        yield from looked_at(http, self._asked, [entry.native_id for entry in entries])

    @property
    def _asked(self) -> tuple[str, ...]:
        return tuple(one if "://" in one else f"wss://{one}" for one in (self.relays or RELAYS).split())

    @property
    def _all(self) -> Relays:
        return Relays(relays=self._asked, tag=self.tag, seen_on=min(int(self.seen_on or "2"), len(self._asked)))


_CHECKS = {"relays": _relays, "seen_on": _count}


def _host(relay: str) -> str:
    return _options.split(relay).netloc
