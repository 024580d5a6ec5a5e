"""Messages of Discord as its API gives them (discord-api-docs, resources/message): what they share, and what may be told of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aggregator.collectors._json import Odd, instant, member, members, needed, number, tag_names, text, web_address
from aggregator.model import Author, Entry, Kind, Restriction

# Said by somebody: plain, and in answer to another. All others are the server's own (who joined, who boosted).
_SAID = frozenset({0, 19})
# The reaction by which a writer, or anyone, keeps a message off the page.
NO_ENTRY = "🚫"
_ADDRESS = re.compile(r"https?://[^\s<>|*`\"]+")
_MENTION = re.compile(r"<(?:@[!&]?|#)[0-9]+>|<t:-?[0-9]+(?::[A-Za-z])?>")
_EMOJI = re.compile(r"<a?(:\w+:)[0-9]+>")
_TAG = re.compile(r"(?<![\w&#/])#([^\W\d]\w*)")
# Doors that open for members alone, and files whose addresses expire within a day.
_DOORS = re.compile(r"https?://(?:[\w-]+\.)?(?:discord(?:app)?\.com|discord\.gg|discordapp\.net)(?:[/?#]|\Z)", re.IGNORECASE)


def rows_of(messages: Sequence[Any], *, whole: bool, place: str, heading: Mapping[str, Any]) -> Iterator[Any]:
    """A row for each entry: of a message that shares several pages one for each, of one that shares none one alone, where it counts.

    Args:
        whole: messages count for themselves and not for what they share.
        place: number of the thread, which the first message of a post in a forum has, too.
        heading: what stands over that message.
    """
    for message in messages:
        if isinstance(message, dict) and message.get("id") == place:
            message = {**message, **heading}
        shared = links_in(member(message)) if isinstance(message, dict) else ()
        if whole or not isinstance(message, dict):
            yield message
        else:
            yield from ({**message, "shared": link, "part": number} for number, link in enumerate(shared))


def entry_of(message: dict[str, Any], *, place: str, guild: str, site: str | None, open: bool, quoted: bool) -> Entry | None:
    """A row as an entry; None for what no person said.

    Args:
        place, guild: numbers of the channel or thread, and of the server.
        site: name of the server.
        open: readers can follow the permalink.
        quoted: those who write there agreed that their words and names are shown.

    Raises:
        Odd: it has no id, no content, or is of another channel.
    """
    id, content = needed(message, "id"), message.get("content")
    if not id.isdigit() or not isinstance(content, str):
        raise Odd("no content" if id.isdigit() else "an id that is no number")
    if text(message.get("channel_id")) not in (None, place):
        raise Odd("of another channel")
    if not is_said(message):
        return None
    shared, part = web_address(message.get("shared")), number(message.get("part")) or 0
    answered = text(member(message.get("message_reference")).get("message_id")) if open else None
    said = {Restriction.NO_BOT: objected(message), Restriction.WORDLESS: not quoted, Restriction.MEMBERS_ONLY: not open}
    return Entry(
        native_id=f"{id}/{part}" if part else id,
        url=f"https://discord.com/channels/{guild}/{place}/{id}",
        kind=Kind.POST,
        title=text(message.get("heading")),
        text=plain(content),
        author=_author(member(message.get("author"))) if quoted else None,
        published=instant(message.get("timestamp")),
        updated=instant(message.get("edited_timestamp")),
        tags=tag_names([*(message.get("labels") or ()), *_TAG.findall(_ADDRESS.sub(" ", content))]),
        links=(shared,) if shared else links_in(message),
        in_reply_to=f"https://discord.com/channels/{guild}/{place}/{answered}" if answered else None,
        site=site,
        restrictions=tuple(restriction for restriction, is_so in said.items() if is_so),
    )


def is_said(message: Mapping[str, Any]) -> bool:
    """True for what a person said: no notice of the server, no bot and no webhook (our own digest may come by one)."""
    kind = number(message.get("type"))
    return (kind is None or kind in _SAID) and member(message.get("author")).get("bot") is not True and not message.get("webhook_id")


def objected(message: Mapping[str, Any]) -> bool:
    """True when somebody put the sign for "no entry" under it."""
    return any(member(one.get("emoji")).get("name") == NO_ENTRY for one in members(message.get("reactions")))


def empty(message: Mapping[str, Any]) -> bool:
    """True for a message in which nothing is seen, as all are for a bot without the intent."""
    return not any(
        message.get(name) for name in ("content", "embeds", "attachments", "sticker_items", "components", "poll", "message_snapshots")
    )


def oddities(messages: Sequence[Any], place: str) -> tuple[str, ...]:
    """What a steward has to change when nothing is seen."""
    said = [message for message in members(messages) if is_said(message)]
    blind = bool(said) and all(map(empty, said))
    return (f"all messages of channel {place} look empty: switch on the Message Content intent of the bot",) if blind else ()


def links_in(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses in a message, each once; doors of Discord and its files left out."""
    content = text(message.get("content")) or ""
    found = (_ended(one) for one in _ADDRESS.findall(content))
    return tuple(dict.fromkeys(one for one in found if web_address(one) and not _DOORS.match(one)))


def plain(content: str) -> str:
    """A message without the numbers that stand for people, channels and times."""
    return _EMOJI.sub(r"\1", _MENTION.sub("…", content))


def _ended(address: str) -> str:
    """An address without what only ends the sentence, or the brackets around it."""
    while address and (address[-1] in ".,;:!?'_~" or (address[-1] == ")" and address.count(")") > address.count("("))):
        address = address[:-1]
    return address


def _author(author: Mapping[str, Any]) -> Author | None:
    name, handle = text(author.get("global_name")) or text(author.get("username")), text(author.get("username"))
    return Author(name=name, handle=handle) if name else None
