"""Asking a Scuttlebutt server on this machine through its command line (ssb-server 16.0.1).

Every question is an object on the program's standard input; as an argument, `backlinks.read` takes no notice of it and gives everything.
Answers are objects one after another, pretty-printed, and not lines. They are sorted by when the server received a message, which only
grows, so that a place in the listing stays where it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aggregator.collectors._json import Odd, member, read_each
from aggregator.collectors._ssb_message import Person, channel_of, entry_of, is_post_under, parts_of, people_of, received
from aggregator.collectors._sweep import Listing
from aggregator.errors import Unavailable, Unreadable
from aggregator.fetch import Http
from aggregator.model import Entry

DOING = "reading from the Scuttlebutt server"
LIMIT = 200
"""Messages that are asked for at once."""
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, kw_only=True)
class Peer:
    """What one server knows of a channel or of a hashtag."""

    program: str
    channel: str
    tag: str
    viewer: str

    def listing(self, http: Http, at: str) -> Listing | None:
        """Posts that were received before `at` ("": the newest), of people who agreed; None when nothing has changed."""
        pages = [self._ask(http, *asked) for asked in self._questions(at)]
        if all(page is None for page in pages):
            return None
        ends = [min(_times(page)) for page in pages if page and len(page) >= LIMIT and _times(page)]
        reach = max(ends, default=None)
        rows = [row for page in pages for row in page or () if reach is None or (received(row) or reach) >= reach]
        posts = {key: author for row in rows for key, author in self._post(row)}
        people = self.people(http, posts.values())
        entries, remarks = read_each(rows, lambda row: self._entry(row, people), noun="message")
        silent = sum(1 for author in posts.values() if not people.get(author, Person()).agreed)
        if silent:
            remarks = (*remarks, f"{silent} post{'s' if silent > 1 else ''} left out: the author has not chosen to be shown on the web")
        times = tuple(datetime.fromtimestamp(one / 1000, UTC) for one in _times(rows))
        return Listing(entries=entries, remarks=remarks, times=times, after="" if reach is None else repr(reach))

    def people(self, http: Http, authors: Iterable[str]) -> dict[str, Person]:
        """What authors say of themselves, by feed; nothing of who says nothing."""
        wanted = sorted(set(authors))
        if not wanted:
            return {}
        matching = {"value": {"author": {"$in": wanted}, "content": {"type": "about"}}}
        return people_of(self._ask(http, "query.read", {"query": [{"$filter": matching}]}) or ())

    def _questions(self, at: str) -> Iterator[tuple[str, dict[str, Any], str]]:
        """The command, its options, and the channel as it is spelled there ("": any).

        A channel is found under its exact spelling alone, and old messages have others than the usual.
        """
        if at and not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", at):
            raise Unreadable(f"resuming: expected a time in milliseconds, got {at[:40]!r}")
        before = {"timestamp": {"$lt": float(at)}} if at else {}
        order = {"reverse": True, "limit": LIMIT}
        if self.tag:
            yield "backlinks.read", {"query": [{"$filter": {"dest": f"#{channel_of(self.tag)}", **before}}], "index": "DTS", **order}, ""
            return
        usual = channel_of(self.channel)
        for name in dict.fromkeys((usual, self.channel, self.channel.capitalize(), f"#{usual}")):
            matching = {"value": {"content": {"type": "post", "channel": name}}, **before}
            yield "query.read", {"query": [{"$filter": matching}], **order}, name

    def _ask(self, http: Http, command: str, question: Mapping[str, Any], channel: str = "") -> list[Any] | None:
        """What a command prints, as values; None when it is the same as before.

        Raises:
            Unreadable: it is not what was asked for.
        """
        try:
            reply = http.run(self.program, command, ".", say=question)
        except Unavailable as error:
            hint = "; a hashtag is read through the plug-in ssb-backlinks" if command.startswith("backlinks") else ""
            raise Unavailable(f"{DOING}: {error}{hint}", status=error.status) from error
        if reply.unchanged:
            return None
        rows = list(_values(reply.body))
        if rows and not any(isinstance(row, dict) and "key" in row for row in rows):
            raise Unreadable(f"{DOING}: expected messages, got {len(rows)} other values")
        if channel and any(member(member(member(row).get("value")).get("content")).get("channel", channel) != channel for row in rows):
            raise Unreadable(f"{DOING}: expected messages in channel {channel!r}, got those of another")
        return rows

    def _post(self, row: Any) -> Iterator[tuple[str, str]]:
        """Id and author of a post that is looked for; nothing for another row."""
        try:
            key, value, content = parts_of(member(row))
        except Odd:
            return
        if is_post_under(content, self.tag or self.channel):
            yield key, value["author"]

    def _entry(self, row: dict[str, Any], people: Mapping[str, Person]) -> Entry | None:
        _, value, content = parts_of(row)
        person = people.get(value["author"], Person())
        return entry_of(row, person, viewer=self.viewer) if person.agreed and is_post_under(content, self.tag or self.channel) else None


def _times(rows: Iterable[Any]) -> list[float]:
    return [time for row in rows if (time := received(row)) is not None]


def _values(body: bytes) -> Iterator[Any]:
    """JSON values one after another, with white space between (ssbc/muxrpcli)."""
    try:
        text, place = body.decode().strip(), 0
        decoder = json.JSONDecoder()
        while place < len(text):
            value, place = decoder.raw_decode(text, place)
            place = _SPACE.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing, too
            yield value
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{DOING}: expected JSON, and got something else") from error
