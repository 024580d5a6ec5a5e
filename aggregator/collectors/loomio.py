"""Loomio: the public discussions of a group, the comments of a discussion, and a search with a member's key. Feeds need none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from aggregator.collectors import _options
from aggregator.collectors._feeds import ACCEPT, feed_of, read_feed
from aggregator.collectors._loomio_address import FLAGSHIP, OWN_NAMES, THREAD, discussion_of, group_of, host_of, item_of, recognised
from aggregator.collectors._loomio_rows import entry_of_feed
from aggregator.collectors._loomio_search import READING, found_by_member
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace, Reply
from aggregator.model import Entry, Kind, Page


@dataclass(frozen=True, kw_only=True)
class Loomio(Collector):
    """Discussions on Loomio. Of a public group its newest 50 discussions are read, of a public discussion its comments, both without a key.
    Comments on old discussions do not show in a group's list, so add a discussion that matters as a source of its own. With a member's key
    the whole server can be searched for words; a result is taken only when visitors can read its discussion too. The group of an address
    like NAME.loomio.org is NAME.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="loomio",
        title="Loomio",
        homepage="https://www.loomio.com",
        spec="loomio/loomio docs/user_manual/integrations/api/user-api.md and app/views/*/show.xml.builder, read 2026-07-30",
        method=Method.FEED,
        kinds=(Kind.THREAD, Kind.COMMENT),
        auth=Auth(
            scheme=AuthScheme.BEARER,
            variable="LOOMIO_API_KEY",
            how="Copy your own key from https://www.loomio.com/profile/api_access.",
            without="Public groups and discussions are read without it; only a search needs it.",
        ),
        every=timedelta(hours=1),
        # 300 requests in 5 minutes (config/initializers/rack_attack.rb).
        pace=Pace(gap=timedelta(seconds=1), daily=2_000),
        finds="discussions of a public group, comments of a public discussion; with a key what a search finds",
        reach="a group's 50 newest discussions, a discussion's comments, a search's newest results",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=(
            "Private groups are not read, even with a key.",
            "A group's list does not show new comments on older discussions.",
            "A search finds no standalone polls.",
        ),
    )

    group: Annotated[str, Option("handle of a group, or g/ and its key", example="microsolidarity", check=group_of)] = ""
    discussion: Annotated[str, Option("key of a discussion, from its address", example="xtAj8C6R", check=discussion_of)] = ""
    search: Annotated[str, Option("words to search the server for; needs LOOMIO_API_KEY", example="microsolidarity")] = ""
    host: Annotated[str, Option("server that runs Loomio", example=FLAGSHIP, check=host_of)] = FLAGSHIP

    def __post_init__(self) -> None:
        _options.exactly_one(self, "group", "discussion", "search")

    @property
    def wants_key(self) -> bool:
        return bool(self.search)

    @property
    def label(self) -> str:
        place = "Loomio" if self.host == FLAGSHIP else self.host
        if self.group:
            return f"{place}, group {self.group.removeprefix('g/')}"
        return f"{place}, discussion {self.discussion}" if self.discussion else f"{place}, search {self.search}"

    @property
    def address(self) -> str:
        return f"https://{self.host}/{self.group or (self.discussion and f'd/{self.discussion}')}"

    @property
    def feed(self) -> str | None:
        return None if self.search else f"{self.address}.xml"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """Groups and discussions on loomio.com, loomio.org and servers whose name says that they run Loomio."""
        return recognised(address)

    @classmethod
    def declined(cls, address: str) -> str | None:
        name = _options.split(address).hostname or ""
        if name not in OWN_NAMES and not name.endswith(".loomio.org"):
            return None
        return "names no group or discussion of Loomio that visitors can read; write one of those"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield found_by_member(self.search, cursor, http=http, host=self.host) if self.search else self._listed(http, cursor)

    def _listed(self, http: Http, cursor: Cursor) -> Page:
        """The feed of the group or discussion, whole: it has no pages."""
        unpack(cursor)
        reply = http.get(f"{self.address}.xml", accept=ACCEPT)
        if not reply.unchanged and not reply.body.strip():
            raise Unreadable(f"{READING}: visitors are shown nothing; a private group cannot be read", status=reply.status)
        feed = feed_of(reply, READING)
        if feed is None:
            return Page(entries=(), cursor=pack(read=True))
        entries: dict[str, Entry] = {}
        for entry in feed.entries:
            found = entry_of_feed(entry, feed, host=self.host, discussion=self.discussion)
            entries.setdefault(found.native_id, found)
        empty = () if entries else ("the feed is empty; a group whose discussions are private shows visitors none",)
        return Page(entries=tuple(entries.values()), cursor=pack(read=True), remarks=feed.remarks + empty)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Discussions and comments by the feed of their discussion, as visitors see it."""
        threads: dict[str, list[Entry]] = {}
        for entry in entries:
            if found := THREAD.fullmatch(_options.split(entry.url).path):
                threads.setdefault(found["key"], []).append(entry)
        for key, of_it in sorted(threads.items()):
            try:
                reply = http.get(f"https://{self.host}/d/{key}.xml", accept=ACCEPT)
            except (Gone, Unauthorized):
                # 403 is said of a discussion that became private (spec of the API above).
                yield from (Standing(native_id=entry.native_id, found=False) for entry in of_it)
                continue
            if reply.unchanged:
                continue
            shown = bool(reply.body.strip())
            items = self._items(reply) if shown else frozenset()
            for entry in of_it:
                item = item_of(entry)
                if not shown or item is None or item in items:
                    yield Standing(native_id=entry.native_id, found=shown)
                elif items and min(items) < item:
                    # The feed goes back further, so it would stand there.
                    yield Standing(native_id=entry.native_id, found=False)

    def _items(self, reply: Reply) -> frozenset[int]:
        """The numbers of the comments in the feed of a discussion."""
        feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type", ""), doing=READING)
        return frozenset(item for entry in feed.entries if (item := item_of(entry)) is not None)
