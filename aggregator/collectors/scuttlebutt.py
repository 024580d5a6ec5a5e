"""Posts of Scuttlebutt, from a server on this machine through its command line, or from a web viewer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, unquote

from aggregator.collectors import _options
from aggregator.collectors._ssb_message import VIEWER, channel_of
from aggregator.collectors._ssb_peer import DOING, Peer
from aggregator.collectors._ssb_viewer import Viewer
from aggregator.collectors._sweep import look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.errors import BadOption
from aggregator.fetch import Http, Pace
from aggregator.model import Entry, Kind, Page, Visibility

PROGRAM = "ssb-server"
HEAD_PAGES = 5
# ssb-server was called sbot before version 14.
_SERVER = re.compile(r"(?:[\w.]+-)*ssb-server|sbot", re.ASCII)
_CHANNEL_PAGE = re.compile(r"/channel/([^/]+)/?")


def _channel(value: str) -> str:
    name = value.strip().removeprefix("#")
    if not channel_of(name):
        raise ValueError(f"{value!r} is not a channel; write its name without the #, like 'microsolidarity'")
    return name


def _program(value: str) -> str:
    """The name of a Scuttlebutt server and of nothing else: whoever may propose a line for sources.yaml must not choose what runs here."""
    if not _SERVER.fullmatch(value.strip()):
        raise ValueError(
            f"{value!r} is not the name of a Scuttlebutt server; write one that ends in 'ssb-server' and lies in PATH, or 'sbot'"
        )
    return value.strip()


def _viewer(value: str) -> str:
    parts = _options.split(value.strip())
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{value!r} is not a viewer; write the address where its pages begin, like {VIEWER!r}")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _through(value: str) -> str:
    if value.strip() not in ("server", "viewer"):
        raise ValueError(f"{value!r} is neither 'server' nor 'viewer'; write which of the two is to be asked")
    return value.strip()


@dataclass(frozen=True, kw_only=True)
class Scuttlebutt(Collector):
    """Posts on Scuttlebutt in a channel or with a hashtag. Scuttlebutt has no servers to ask: a peer on this machine must run and follow
    the people in question (`ssb-server`; for hashtags with its plug-in ssb-backlinks), and this reads what it has received. Only posts of
    people who chose to be shown on the web are given (`publicWebHosting` in what they say of themselves), never private messages. Without a
    server, a channel can be read through a web viewer; viewers do not say who has chosen so, and what is found there is shown only when the
    source says `agreed: true`.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="scuttlebutt",
        title="Scuttlebutt",
        homepage="https://scuttlebutt.nz",
        spec="ssb-server 16.0.1, ssb-query, ssb-backlinks, ssb-viewer 1.0.0 and ssb-public-web-hosting-spec v1, read 2026-08-02",
        method=Method.API,
        kinds=(Kind.POST, Kind.COMMENT),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=1), daily=2_000),
        finds="posts in a channel or with a hashtag, as one peer has received them",
        reach="the newest 1,000 posts, and with a back-fill everything the peer has",
        delay="when the peer has received it",
        delivers=Delivers.COMPLETE,
        limits=(
            "A Scuttlebutt server has to run on this machine, and sees only people whom it follows, and whom they follow.",
            "Posts of people who have not chosen to be shown on the web are left out.",
            "A hashtag wants the plug-in ssb-backlinks, and the first answer after it was installed may be incomplete.",
            "Through a viewer only channels are read, the newest 300 messages at most, and nobody's choice is seen.",
        ),
    )

    channel: Annotated[str, Option("channel without the #", example="microsolidarity", check=_channel)] = ""
    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)] = ""
    program: Annotated[str, Option(f"program in PATH that asks the server; without it {PROGRAM}", example="ssb-server", check=_program)] = (
        ""
    )
    viewer: Annotated[str, Option("address of a web viewer to which links lead", example="https://ssb.example.org", check=_viewer)] = ""
    through: Annotated[
        str, Option("whom to ask: 'server', or 'viewer' for the viewer; without it the server", example="viewer", check=_through)
    ] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "channel", "tag")
        if self.tag and self._by_web:
            raise BadOption("option 'through': a viewer has pages of channels and none of hashtags; write 'channel' in place of 'tag'")

    @property
    def host(self) -> str:
        return _options.split(self._base).netloc if self._by_web else (self.program or PROGRAM).lower()

    @property
    def label(self) -> str:
        return f"#{self.tag} on Scuttlebutt" if self.tag else f"Scuttlebutt, channel {self.channel}"

    @property
    def address(self) -> str:
        """The channel's page in the viewer; what a server here is asked stands behind the "#", since no page shows it."""
        here = "" if self._by_web and not self.program else "#hashtag" if self.tag else "#peer"
        return f"{self._base}/channel/{quote(channel_of(self.tag or self.channel), safe='')}{here}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The page of a channel in the public viewer."""
        parts = _options.split(address)
        found = _CHANNEL_PAGE.fullmatch(parts.path) if f"https://{parts.hostname}" == VIEWER and not parts.fragment else None
        name = channel_of(unquote(found[1])) if found else ""
        return {"channel": name, "through": "viewer"} if name else None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if f"https://{_options.split(address).hostname}" != VIEWER:
            return None
        return f"names no channel on Scuttlebutt; write {VIEWER}/channel/NAME. A single message is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        if self._by_web:
            yield from Viewer(base=self._base, channel=self.channel).poll(http, cursor)
        else:
            yield from sweep(cursor, lambda at: self._peer.listing(http, at), head=HEAD_PAGES, doing=DOING)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Everything the peer has received since a time, newest first; of a viewer everything it shows."""
        if self._by_web:
            yield from Viewer(base=self._base, channel=self.channel).poll(http, cursor, whole=True)
        else:
            yield from look_back(cursor, lambda at: self._peer.listing(http, at), since=since, doing=DOING)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Whether the authors still choose to be shown on the web. Nothing is deleted on Scuttlebutt, so of whom nothing is known, as while
        the peer builds its indexes, nothing is said; and viewers do not tell."""
        authors = {entry.native_id: entry.author.handle for entry in entries if entry.author and entry.author.handle}
        people = {} if self._by_web else self._peer.people(http, authors.values())
        for id, author in authors.items():
            if person := people.get(author):
                visibility = Visibility.PRIVATE if person.agreed is False else Visibility.PUBLIC
                yield Standing(native_id=id, found=person.agreed is not None, visibility=visibility)

    @property
    def _peer(self) -> Peer:
        return Peer(program=self.program or PROGRAM, channel=self.channel, tag=self.tag, viewer=self.viewer)

    @property
    def _by_web(self) -> bool:
        return self.through == "viewer"

    @property
    def _base(self) -> str:
        return self.viewer or VIEWER
