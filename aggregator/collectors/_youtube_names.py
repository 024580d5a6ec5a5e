"""The channel behind a name on YouTube: by the API with a key, else by the channel's own page."""

from __future__ import annotations

import re
from urllib.parse import quote

from aggregator.collectors._feeds import cut_off, description
from aggregator.collectors._youtube_address import CHANNEL
from aggregator.collectors._youtube_api import DOING, items_of
from aggregator.errors import Unreadable
from aggregator.fetch import Http
from aggregator.text.decode import decode

# A page says its channel in its declared feed, or in the JSON it is made from.
_ON_PAGE = (
    re.compile(r"feeds/videos\.xml\?channel_id=(UC[0-9A-Za-z_-]{22})\""),
    re.compile(r"\"externalId\":\s*\"(UC[0-9A-Za-z_-]{22})\""),
)


def channel_named(handle: str, http: Http) -> tuple[str, tuple[str, ...]]:
    """(id of the channel that has a handle, remarks).

    Raises:
        Unreadable: there is none, or its page does not say.
    """
    if http.authorised and not handle.startswith("c/"):
        by = {"forHandle": handle} if handle.startswith("@") else {"forUsername": handle.partition("/")[2]}
        found = [one.get("id") for one in items_of(http, "channels", {"part": "id"} | by)]
        if not found or not CHANNEL.fullmatch(str(found[0])):
            raise Unreadable(f"{DOING}: the API knows no channel {handle!r}; check its address")
        return str(found[0]), ()
    reply = http.get(f"https://www.youtube.com/{quote(handle, safe='@/')}")
    text = decode(reply.body, reply.headers.get("content-type", ""))
    if channel := channel_on(text):
        return channel, cut_off(text)
    raise Unreadable(f"{DOING}: expected the page of a channel, got {description(text)} that names none; use the option 'channel'")


def channel_on(page: str) -> str:
    """The id of the channel that a page on YouTube is about or from; "" when it does not say."""
    return next((found[1] for pattern in _ON_PAGE if (found := pattern.search(page))), "")
