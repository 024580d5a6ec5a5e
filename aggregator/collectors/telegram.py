"""Public channels of Telegram by the preview that t.me shows to everybody, newest first and read by `_sweep`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, quote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors._telegram_page import DOING, MESSAGE, NOT_FOUND, preview_of, refused
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.errors import Gone
from aggregator.fetch import Http, Pace
from aggregator.model import Entry, Kind, Page
from aggregator.text.decode import decode
from aggregator.text.elements import found

HEAD_PAGES = 3
"""How many pages a first poll reads."""
_NAME = re.compile(r"[A-Za-z]\w{3,63}", re.ASCII)
_HOSTS = frozenset(("t.me", "telegram.me", "telegram.dog"))
# First segments of a path that name no channel (core.telegram.org/api/links, read 2026-11-22).
_OWN = frozenset(
    "c s share iv joinchat addstickers addemoji addlist proxy socks login confirmphone setlanguage addtheme bg invoice boost m k".split()
)


def _channel(value: str) -> str:
    name = value.strip().removeprefix("@").lower()
    if not _NAME.fullmatch(name) or name in _OWN:
        raise ValueError(f"{value!r} is not a public channel; write its name as in t.me/NAME, like 'crewnews'")
    return name


@dataclass(frozen=True, kw_only=True)
class Telegram(Collector):
    """The messages of one public channel on Telegram, or those of them that a search finds, by the preview on t.me, without an account.
    Each channel is a source of its own: there is no search over all channels. Channels are publishers; groups and private chats are never
    read, and a channel whose owner switched the preview off says so. An album is one post. The page is described nowhere, so when its
    layout changes the source fails instead of falling silent.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="telegram",
        title="Telegram channels",
        homepage="https://telegram.org",
        spec="pages of t.me/s/CHANNEL as BroadcastChannel and RSS-Bridge read them, read 2026-11-22",
        method=Method.PAGE,
        kinds=(Kind.POST,),
        every=timedelta(minutes=30),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=3), daily=2_000),
        finds="messages of a public channel, or those with a word or hashtag",
        reach="the newest 60 messages",
        delay="within the hour",
        delivers=Delivers.COMPLETE,
        limits=(
            "Only channels that are named are read: Telegram has no public search.",
            "Some channels, those with sensitive content among them, have no preview.",
            "Messages whose medium the preview does not show come without it.",
            "A channel that takes another name is lost.",
        ),
    )

    channel: Annotated[str, Option("name of a public channel", example="crewnews", check=_channel)]
    search: Annotated[str, Option("word or #hashtag that messages must hold", example="#microsolidarity")] = ""

    @property
    def host(self) -> str:
        return "t.me"

    @property
    def label(self) -> str:
        return f"{self.channel} on Telegram" + (f", search {self.search}" if self.search else "")

    @property
    def address(self) -> str:
        return f"https://t.me/s/{self.channel}" + (f"?{urlencode({'q': self.search})}" if self.search else "")

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """`t.me/NAME` and `t.me/s/NAME`, the latter with `?q=`."""
        parts = _options.split(address)
        segments = [one for one in parts.path.split("/") if one]
        name = segments[1:] if segments[:1] == ["s"] else segments
        if parts.hostname not in _HOSTS or len(name) != 1 or not _NAME.fullmatch(name[0]) or name[0].lower() in _OWN:
            return None
        words = parse_qs(parts.query).get("q", [""])[0].strip()
        return {"channel": _channel(name[0])} | ({"search": words} if words else {})

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = _options.split(address)
        if parts.hostname not in _HOSTS:
            return None
        if re.fullmatch(r"(?:/s)?/[A-Za-z]\w{3,63}/[0-9]+/?", parts.path, re.ASCII):
            return "names a single message; write that of its channel (t.me/s/…). The message is put on the page with `aggregator add`"
        return "names no public channel of Telegram; write that of one (t.me/s/…). Groups and private chats are never read"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older messages, newest first, to the first one or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Messages one by one, as they are shown in the pages of others."""
        for entry in entries:
            try:
                reply = http.page(f"https://t.me/{self.channel}/{quote(entry.native_id, safe='')}?embed=1&mode=tme")
            except Gone:
                yield Standing(native_id=entry.native_id, found=False)
                continue
            page = decode(reply.body, reply.headers.get("content-type", ""))
            shown = [one.itself.attribute("data-post").rpartition("/")[2] for one in found(page, MESSAGE, {})]
            if entry.native_id in shown:
                yield Standing(native_id=entry.native_id, found=True)
            elif found(page, NOT_FOUND, {}):
                yield Standing(native_id=entry.native_id, found=False)

    def _listing(self, http: Http, at: str) -> Listing | None:
        """The messages before number `at`, newest first."""
        asked = ({"q": self.search} if self.search else {}) | ({"before": at} if at else {})
        reply = http.page(f"https://t.me/s/{self.channel}" + (f"?{urlencode(asked)}" if asked else ""))
        if reply.unchanged:
            return None
        if not _options.split(reply.url).path.startswith("/s/"):
            # A channel without a preview is led to its door.
            raise refused(self.channel)
        page = decode(reply.body, reply.headers.get("content-type", ""))
        shown = preview_of(page, channel=self.channel, searched=bool(self.search), last=bool(at))
        # What is below the lowest number is asked for until there is no more: the button for it is missing on some pages that have more.
        after = "" if shown.lowest is None or shown.lowest <= 1 else str(shown.lowest)
        return Listing(entries=shown.entries, remarks=shown.remarks, times=shown.times, after=after)
