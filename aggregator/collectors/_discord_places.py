"""Where messages of Discord stand: channels, and the threads below them, which are channels, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator.collectors._json import a_list, an_object, member, members, number, text
from aggregator.errors import Unauthorized, Unreadable
from aggregator.fetch import Http, Reply

API = "https://discord.com/api/v10"
DOING, FINDING = "reading channels of Discord", "looking for channels of Discord"
# Pages of closed threads that are listed of one channel; each holds a hundred.
_MOST_PAGES = 50
# Private ones are for those who were asked in.
_PUBLIC_THREADS = frozenset({10, 11})


class Unchanged(Exception):
    """Nothing has happened since the last poll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel or a thread."""

    id: str
    guild: str
    # Name of the server; None: not known.
    site: str | None
    # Number of the last message, which may be deleted by now; "": there was none.
    newest: str
    thread: bool
    # What stands over the first message of a post in a forum: its title, and the tags that were chosen for it; {} elsewhere.
    heading: Mapping[str, Any] = field(default_factory=dict)

    def is_behind(self, last: Mapping[str, str]) -> bool:
        """True when something was said since the last message that was read, by number of the place."""
        return bool(self.newest) and int(self.newest) > int(last.get(self.id, "0"))


def asked(http: Http, path: str, params: Mapping[str, str] | None = None, *, doing: str = DOING) -> Reply:
    """A reply of the API.

    Raises:
        Unauthorized: the message says what the admin has to do.
    """
    try:
        return http.get(f"{API}/{path}", params=params, accept="application/json", auth=True)
    except Unauthorized as error:
        lost = "the token is not taken; copy the bot's token anew"
        where = "/".join(path.split("/")[:2])
        shut = f"access to {where} is refused; invite the bot, and give it View Channel and Read Message History there"
        how = f"{lost if error.status == 401 else shut}, then run `aggregator source resume`"
        raise Unauthorized(f"{doing}: {how}", status=error.status) from error


def places(http: Http, channels: Sequence[str], *, floor: str) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """The channels, and the public threads below them: those that are open, and closed ones in which something was said after `floor`; and
    a remark where a row could not be used.

    Args:
        floor: number of a message; "" leaves out all threads that are closed.

    Raises:
        Unchanged: Discord says that a list is the same as before.
    """
    wanted, guilds, remarks = list[dict[str, Any]](), dict[str, str | None](), list[str]()
    for id in channels:
        channel = _object(http, f"channels/{id}")
        if text(channel.get("id")) != id or text(channel.get("guild_id")) is None:
            raise Unreadable(f"{FINDING}: {id} is no channel of a server")
        # Age-restricted channels do not belong on an open page.
        if channel.get("nsfw") is True:
            remarks.append(f"channel {id} is for adults and is not read: take it out of `channels`")
        else:
            wanted.append(channel)
    for guild in dict.fromkeys(str(channel["guild_id"]) for channel in wanted):
        server = _object(http, f"guilds/{guild}")
        if text(server.get("id")) != guild:
            raise Unreadable(f"{FINDING}: expected the server {guild}, got another object")
        guilds[guild] = text(server.get("name"))
    labels = {text(tag.get("id")): text(tag.get("name")) for channel in wanted for tag in members(channel.get("available_tags"))}
    found: dict[str, Place] = {}
    rows = [*wanted, *_threads(http, wanted, floor=floor)]
    for channel in (row for row in rows if isinstance(row, dict)):
        place = _place(channel, guilds, labels)
        if place is not None:
            found.setdefault(place.id, place)
    odd = sum(not isinstance(row, dict) for row in rows)
    remarks += [f"{odd} {'thread' if odd == 1 else 'threads'} left out: not an object"] if odd else []
    return tuple(found.values()), tuple(remarks)


def highest(*ids: str) -> str:
    """The newest of some numbers of messages; "0" for none."""
    return max(filter(None, (*ids, "0")), key=int)


def _threads(http: Http, channels: Sequence[Mapping[str, Any]], *, floor: str) -> Iterator[Any]:
    parents = {str(channel["id"]): str(channel["guild_id"]) for channel in channels}
    for guild in dict.fromkeys(parents.values()):
        for one in a_list(_object(http, f"guilds/{guild}/threads/active").get("threads"), FINDING):
            if not isinstance(one, dict) or text(one.get("parent_id")) in parents:
                yield {"guild_id": guild, **one} if isinstance(one, dict) else one
    for parent, guild in parents.items() if floor else ():
        for one in _closed(http, parent, floor):
            yield {"guild_id": guild, **one} if isinstance(one, dict) else one


def _closed(http: Http, parent: str, floor: str) -> Iterator[Any]:
    """Closed threads, those closed last first, as long as a page has one in which something was said after `floor`."""
    before = ""
    for _ in range(_MOST_PAGES):
        found = _object(http, f"channels/{parent}/threads/archived/public", {"limit": "100"} | ({"before": before} if before else {}))
        listed, more = a_list(found.get("threads"), FINDING), found.get("has_more")
        if not isinstance(more, bool):
            raise Unreadable(f"{FINDING}: expected whether there are more closed threads")
        fresh = [one for one in listed if not isinstance(one, dict) or int(number_of(one.get("last_message_id")) or "0") > int(floor)]
        yield from fresh
        closed_at = [at for one in members(listed) if (at := text(member(one.get("thread_metadata")).get("archive_timestamp")))]
        if not fresh or not more or not closed_at or closed_at[-1] == before:
            return
        before = closed_at[-1]


def _place(channel: Mapping[str, Any], guilds: Mapping[str, str | None], labels: Mapping[str | None, str | None]) -> Place | None:
    """A channel or thread; None for a private thread, and for what has no number."""
    id, kind, guild = number_of(channel.get("id")), number(channel.get("type")), str(channel.get("guild_id"))
    thread = kind in (10, 11, 12)
    if not id or (thread and kind not in _PUBLIC_THREADS):
        return None
    applied = channel.get("applied_tags")
    chosen = [name for one in (applied if isinstance(applied, list) else ()) if (name := labels.get(text(one)))]
    heading = {"heading": channel.get("name"), "labels": chosen} if thread else {}
    newest = number_of(channel.get("last_message_id"))
    return Place(id=id, guild=guild, site=guilds.get(guild), newest=newest, thread=thread, heading=heading)


def _object(http: Http, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
    reply = asked(http, path, params, doing=FINDING)
    if reply.status == 304:
        raise Unchanged
    return an_object(reply.json(FINDING), FINDING)


def number_of(value: Any) -> str:
    """A number as Discord writes it; "" for anything else."""
    id = text(value) or ""
    return id if id.isascii() and id.isdigit() else ""
