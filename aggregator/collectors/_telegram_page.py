"""The public preview of a Telegram channel, read from its page.

Telegram describes these pages nowhere. Their parts are known from programs that read them: miantiao-me/BroadcastChannel
(src/lib/telegram/index.ts) and RSS-Bridge (bridges/TelegramBridge.php), read 2026-11-22.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from aggregator.collectors._json import Odd, instant, read_each, text, web_address
from aggregator.errors import Unauthorized, Unreadable
from aggregator.model import Author, Entry, Kind, Preview, Restriction
from aggregator.text.elements import Element, Found, found
from aggregator.text.html import plain
from aggregator.text.opt_out import opts_out

DOING = "reading the channel's preview"
MESSAGE = ".tgme_widget_message[data-post]"
NOT_FOUND = ".tgme_widget_message_error"
_PAGE = {
    "history": ".tgme_channel_history, .tgme_channel_info",
    "nothing": ".tme_no_messages_found",
    "door": ".tgme_page",
    "about": ".tgme_channel_info_description",
    "title": ".tgme_channel_info_header_title",
}
_PARTS = {
    "text": ".tgme_widget_message_text.js-message_text",
    "plain": ".tgme_widget_message_text:not(.js-message_reply_text)",
    "time": ".tgme_widget_message_date time[datetime]",
    "owner": ".tgme_widget_message_owner_name",
    "signed": ".tgme_widget_message_from_author",
    "reply": "a.tgme_widget_message_reply[href]",
    "forwarded": "a.tgme_widget_message_forwarded_from_name[href]",
    "tag": 'a[href^="?q="]',
    "preview": "a.tgme_widget_message_link_preview[href]",
    "album": ".tgme_widget_message_grouped_wrap a[href]",
    "said": ".tgme_widget_message_poll_question, .tgme_widget_message_poll_option_text, .tgme_widget_message_document_title",
}
_PREVIEW = {"title": ".link_preview_title", "description": ".link_preview_description", "site": ".link_preview_site_name"}
_POST = re.compile(r"([A-Za-z]\w{3,63})/([0-9]{1,12})", re.ASCII)
_SIGN = re.compile(r"\bdata-post=|\btgme_widget_message_wrap\b")
_HASHTAG = re.compile(r'<a\b[^>]*\bhref="\?q=[^"]*"[^>]*>(.*?)</a>', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """One page of a channel."""

    # Newest first.
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...]
    times: tuple[datetime, ...]
    # The lowest number on the page, of notices too; None: there is no message.
    lowest: int | None


def preview_of(page: str, *, channel: str, searched: bool, last: bool) -> Messages:
    """A page of messages.

    Args:
        searched: it may well be empty.
        last: messages were read before it, so that it may be empty too.

    Raises:
        Unauthorized: it is the door of a channel that shows visitors nothing.
        Unreadable: it is another page, is cut off, or holds none of the parts that messages have.
    """
    whole = next(iter(found(page, "html", _PAGE)), None)
    if whole is None or "</html" not in page[-4096:].lower():
        raise Unreadable(f"{DOING}: expected a page of messages, got {'a page that is cut off' if whole else 'no page'}")
    if not whole.parts["history"]:
        if whole.parts["door"]:
            raise refused(channel)
        raise Unreadable(f"{DOING}: expected a page of messages, got another page; has the layout changed?")
    messages = found(page, MESSAGE, _PARTS)
    # A page may well be empty where something is looked for or behind the last message, but not one with signs of messages.
    if not messages and (not (whole.parts["nothing"] or searched or last) or _SIGN.search(page)):
        raise Unreadable(f"{DOING}: the page of the channel holds no message; has the layout changed?")
    objections = (Restriction.NO_BOT,) if any(opts_out(one.html) for one in whole.parts["about"]) else ()
    rows = [{"message": message} for message in reversed(messages)]
    entries, remarks = read_each(rows, lambda row: _entry(row["message"], objections), noun="message")
    if messages and not entries and not any(_is_notice(message) for message in messages):
        raise Unreadable(f"{DOING}: no message could be read ({'; '.join(remarks)}); has the layout changed?")
    times = tuple(time for message in messages if (time := _time(message)))
    numbers = [int(named[2]) for message in messages if (named := _POST.fullmatch(message.itself.attribute("data-post")))]
    return Messages(entries=entries, remarks=remarks, times=times, lowest=min(numbers, default=None))


def refused(channel: str) -> Unauthorized:
    """The error for a channel without a preview."""
    return Unauthorized(f"{DOING}: {channel} shows visitors none; choose another channel, or ask its owner to allow the preview")


def _entry(message: Found, objections: tuple[Restriction, ...]) -> Entry | None:
    """A message as an entry; None for a notice ("Channel created", "pinned a message")."""
    if _is_notice(message):
        return None
    named, time = _POST.fullmatch(message.itself.attribute("data-post")), _time(message)
    if named is None:
        raise Odd("no number")
    if time is None:
        raise Odd("no date")
    said, channel = message.first("text") or message.first("plain"), f"https://t.me/{named[1]}"
    previews = tuple(filter(None, map(_preview, message.parts["preview"])))
    signed = message.first("signed") or message.first("owner")
    others = dict.fromkeys(web_address(one.attribute("href").partition("?")[0]) for one in message.parts["album"])
    return Entry(
        native_id=named[2],
        url=f"{channel}/{named[2]}",
        kind=Kind.POST,
        text="\n".join(filter(None, (plain(one.html) for one in message.parts["said"]))) or None,
        html=_HASHTAG.sub(r"\1", said.html) if said else None,
        author=Author(name=(plain(signed.html) if signed else "") or named[1], url=channel, handle=named[1]),
        published=time,
        tags=_tags(message),
        links=tuple(dict.fromkeys(one.url for one in previews)),
        previews=previews,
        in_reply_to=_href(message.first("reply")) or _href(message.first("forwarded")),
        # An album is one post under consecutive numbers.
        aliases=tuple(one for one in others if one and one.startswith(f"{channel}/") and one != f"{channel}/{named[2]}"),
        restrictions=objections,
    )


def _is_notice(message: Found) -> bool:
    return "service_message" in message.itself.attribute("class").split()


def _time(message: Found) -> datetime | None:
    first = message.first("time")
    return instant(first.attribute("datetime")) if first else None


def _tags(message: Found) -> tuple[str, ...]:
    """Hashtags, which are links to a search of the channel."""
    words = (unquote(one.attribute("href").removeprefix("?q=")) for one in message.parts["tag"])
    return tuple(dict.fromkeys(word[1:] for word in words if word.startswith("#") and text(word[1:])))


def _href(element: Element | None) -> str | None:
    return web_address(element.attribute("href")) if element else None


def _preview(element: Element) -> Preview | None:
    """The card of a page that the message links to."""
    url = _href(element)
    if url is None:
        return None
    inside = next(iter(found(f"<div>{element.html}</div>", "body > div", _PREVIEW)), None)
    said = {name: plain(one.html) for name in _PREVIEW if inside and (one := inside.first(name))}
    return Preview(url=url, title=said.get("title") or None, description=said.get("description") or None, site=said.get("site") or None)
