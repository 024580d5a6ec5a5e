"""Messages of chosen channels of a Discord server, and of the threads below them.

A channel is read upwards from the newest message that was read before. Threads are channels: those that are open are read likewise, those
that were closed since the last complete poll once more. What a poll brings is announced by the number of a channel's last message, so that
a quiet one is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from aggregator.collectors import _options
from aggregator.collectors._discord_message import entry_of, objected, oddities, rows_of
from aggregator.collectors._discord_places import DOING, Place, Unchanged, asked, highest, places
from aggregator.collectors._discord_places import number_of as _number
from aggregator.collectors._json import a_list, an_object, instant, member, members, read_each
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import Gone, Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page, Restriction

CHECKING = "looking at messages of Discord again"
LIMIT = 100
_SITES = frozenset(f"{front}{name}.com" for front in ("", "ptb.", "canary.", "www.") for name in ("discord", "discordapp"))


def _channels(value: str) -> str:
    numbers = [one for one in re.split(r"[\s,]+", value) if one]
    if not numbers or not all(re.fullmatch(r"[0-9]{15,20}", one) for one in numbers):
        raise ValueError(f"{value!r} are not numbers of channels; in Discord switch on developer mode, then copy each channel's ID")
    return ",".join(dict.fromkeys(numbers))


def _yes(value: str) -> str:
    if value.lower() not in ("yes", "true"):
        raise ValueError(f"found {value!r}; write 'yes', or leave it out")
    return "yes"


@dataclass(frozen=True, kw_only=True)
class Discord(Collector):
    """What people share in chosen channels of a Discord server. It wants a bot with the Message Content intent that an admin of the server
    has invited; ask the admins, and pin a notice there: "links posted here appear on page X". Readers who are not members cannot open a
    message, so by default only the links in it are announced, without door, words and names: `open` says that the server is open to
    everyone and shows the door, `quoted` that all who write there agreed to have their words and names shown. A message with a 🚫 under it
    is left out, and so is what bots, webhooks and the server say. Private threads and channels for adults are not read.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="discord",
        title="Discord",
        homepage="https://discord.com",
        spec="discord/discord-api-docs, resources/channel and resources/message, read 2026-08-06",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.HEADER,
            variable="DISCORD_BOT_TOKEN",
            how="Make an app at https://discord.com/developers/applications, switch on the Message Content intent of its bot, copy the "
            "bot's token, and let an admin invite it with the permissions View Channel and Read Message History (66560).",
            without="",
            name="Authorization",
            before="Bot ",
            agent="DiscordBot ({contact}, {version})",
        ),
        every=timedelta(minutes=30),
        pace=Pace(gap=timedelta(seconds=1)),
        finds="links shared in chosen channels of a server",
        reach="the newest 100 messages of each channel and open thread",
        delay="within minutes",
        delivers=Delivers.TITLE,
        limits=(
            "Nothing can be read where no admin has invited the bot.",
            "Without the Message Content intent all messages look empty.",
            "There is no search across servers.",
        ),
    )

    channels: Annotated[str, Option("numbers of channels, with commas between", example="1100000000000000001", check=_channels)]
    server: Annotated[
        str, Option("number of the server, for the address of the channel", example="900000000000000001", check=_channels)
    ] = ""
    open: Annotated[str, Option("yes: everyone can enter the server, so messages are linked to", example="yes", check=_yes)] = ""
    quoted: Annotated[str, Option("yes: all who write there agreed that words and names are shown", example="yes", check=_yes)] = ""

    @property
    def host(self) -> str:
        return "discord.com"

    @property
    def label(self) -> str:
        count = len(self.channels.split(","))
        return f"Discord, {count} channels" if count > 1 else "Discord, one channel"

    @property
    def address(self) -> str:
        first = self.channels.partition(",")[0]
        return f"https://discord.com/channels/{self.server}/{first}" if self.server else "https://discord.com/app"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The address of a channel, as "Copy link" gives it; neither a message nor a private chat is a source."""
        parts = _options.split(address)
        found = re.fullmatch(r"/channels/([0-9]{15,20})/([0-9]{15,20})/?", parts.path)
        return {"channels": found[2], "server": found[1]} if found and parts.hostname in _SITES else None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if _options.split(address).hostname not in (*_SITES, "discord.gg"):
            return None
        return "names no channel of a server on Discord; write that of one, as `Copy link` gives it"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        floor, known = _number(position.get("floor")), member(position.get("last"))
        try:
            found, odd = places(http, self.channels.split(","), floor=floor)
        except Unchanged:
            return
        last = {place.id: id for place in found if (id := _number(known.get(place.id)) or (floor if place.thread else ""))}
        waiting = [place for place in found if place.is_behind(last)]
        if odd or not waiting:
            yield Page(entries=(), cursor=pack(floor=floor if waiting else highest(floor, *last.values()), last=last), remarks=odd)
        while waiting:
            place = waiting[0]
            after = last.get(place.id, "")
            rows = self._messages(http, place, after=after)
            reached = _newest(rows)
            if reached and after and int(reached) <= int(after):
                raise Unreadable(f"{DOING}: the messages after {after} are not newer")
            # The newest may have been deleted; behind an empty page, and above the first one, there is nothing more to ask for. Without the
            # right to read history every page is empty, and without the intent every message: reading goes on here when they are given.
            shut = not reached and not (after and self._messages(http, place))
            stays = shut or bool(oddities(rows, place.id))
            if not stays:
                last[place.id] = reached if reached and after else max(reached, place.newest, key=int) if reached else place.newest
            waiting = [one for one in waiting if one.is_behind(last) and not (stays and one is place)]
            yield self._page(rows, place, pack(floor=floor if waiting else highest(floor, *last.values()), last=last), shut=shut)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Everything that was said before, newest first in each channel and thread, down to `since`."""
        position = unpack(cursor)
        done = [one for one in a_list(position.get("done", []), DOING) if isinstance(one, str)]
        for place in () if position.get("end") else places(http, self.channels.split(","), floor="0")[0]:
            before = _number(position.get("before")) if position.get("in") == place.id else ""
            while place.id not in done:
                rows = self._messages(http, place, before=before)
                oldest = min((id for row in members(rows) if (id := _id(row))), key=int, default="")
                if before and oldest and int(oldest) >= int(before):
                    raise Unreadable(f"{DOING}: the messages before {before} are not older")
                times = [moment for row in members(rows) if (moment := instant(row.get("timestamp")))]
                if not oldest or (since and times and max(times) < since):
                    done.append(place.id)
                rest = {} if place.id in done else {"in": place.id, "before": oldest}
                yield self._page(rows, place, pack(done=done, **rest), shut=not rows and bool(place.newest) and not before)
                before = oldest
        yield Page(entries=(), cursor=pack(end=True))

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Each message by its number: 404 is what Discord says of one that was deleted."""
        for entry in entries:
            place, _, id = entry.url.partition("/channels/")[2].partition("/")[2].partition("/")
            try:
                message = an_object(asked(http, f"channels/{place}/messages/{id}", doing=CHECKING).json(CHECKING), CHECKING)
            except Gone:
                yield Standing(native_id=entry.native_id, found=False)
                continue
            if _id(message) == id:
                restrictions = (Restriction.NO_BOT,) if objected(message) else ()
                yield Standing(native_id=entry.native_id, found=True, restrictions=restrictions)

    def _messages(self, http: Http, place: Place, **where: str) -> list[Any]:
        reply = asked(http, f"channels/{place.id}/messages", {"limit": str(LIMIT)} | {name: id for name, id in where.items() if id})
        return [] if reply.status == 304 else a_list(reply.json(DOING), DOING)

    def _page(self, rows: Sequence[Any], place: Place, cursor: Cursor, *, shut: bool) -> Page:
        allowed = {"open": bool(self.open), "quoted": bool(self.quoted)}
        entries, remarks = read_each(
            list(rows_of(rows, whole=bool(self.quoted), place=place.id, heading=place.heading)),
            lambda row: entry_of(row, place=place.id, guild=place.guild, site=place.site, **allowed),
            noun="message",
        )
        if shut:
            remarks += (f"channel {place.id} shows no message: give the bot the right to Read Message History, unless all were deleted",)
        return Page(entries=entries, cursor=cursor, remarks=(*remarks, *oddities(rows, place.id)))


def _id(row: Mapping[str, Any]) -> str:
    return _number(row.get("id"))


def _newest(rows: Sequence[Any]) -> str:
    """The greatest number; pages stand newest first, whichever way they lead."""
    return max((id for row in members(rows) if (id := _id(row))), key=int, default="")
