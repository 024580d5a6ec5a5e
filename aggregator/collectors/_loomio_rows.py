"""Discussions and comments as Loomio lists them, as entries."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from aggregator.collectors import _options
from aggregator.collectors._feeds import Feed
from aggregator.collectors._json import Odd, instant, needed, number, tag_names, text
from aggregator.collectors._loomio_address import THREAD
from aggregator.model import Author, Entry, Kind, Preview

_MARKUP = re.compile(r"</?(?:p|br|a|b|i|em|strong|ul|ol|li|h[1-6]|div|span|img|blockquote|pre|code|table)\b[^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\[\]|*`\"()]+(?:\([^\s()]*\)[^\s<>\[\]|*`\"()]*)*", re.IGNORECASE)
_PICTURE = re.compile(r"!\[[^\[\]]{0,300}\]\([^()]{0,2000}\)")


def entry_of_feed(entry: Entry, feed: Feed, *, host: str, discussion: str) -> Entry:
    """An entry of a feed under the id its address gives it: ids of comments changed with a release of 2026.

    The text is Markdown or HTML, whatever its type says.

    Args:
        discussion: key of the one whose comments the feed holds; "" for the feed of a group.
    """
    found = THREAD.fullmatch(_options.split(entry.url).path)
    about = discussion or (found["key"] if found else "")
    words = entry.text or ""
    marked = _MARKUP.search(words) is not None
    shared = () if marked else _addresses(words)
    entry = replace(entry, text=None if marked else entry.text, html=entry.html or (words if marked else None), links=shared)
    # The language of the feed is the server's, not the writer's.
    entry = replace(entry, kind=Kind.THREAD, language=None, site=None)
    if not discussion:
        return replace(entry, native_id=f"d/{about}" if about else entry.native_id, site=feed.title or None)
    item = found["item"] if found else None
    place = f"comment/{item}" if found and found["old"] else item
    thread = f"https://{host}/d/{about}"
    return replace(
        entry,
        native_id=f"d/{about}/{place}" if place else entry.native_id,
        kind=Kind.COMMENT,
        # "Ana commented", in the server's language.
        title=None,
        previews=_titled(thread, feed.title),
        in_reply_to=thread,
    )


def entry_of_result(row: dict[str, Any], public: set[str], *, host: str) -> Entry | None:
    """A row of a search; `Odd` where visitors cannot be seen to read it."""
    what = needed(row, "searchable_type")
    key = text(row.get("discussion_key"))
    if key is None:
        raise Odd("not in a discussion")
    if key not in public:
        raise Odd("visitors cannot be seen to read it")
    thread = f"https://{host}/d/{key}"
    item, id = number(row.get("sequence_id")), number(row.get("searchable_id"))
    opens = what == "Discussion"
    if not opens and item is None and id is None:
        raise Odd("no sequence_id")
    place = str(item) if item is not None else f"{what.lower()}/{id}"
    title = text(row.get("discussion_title"))
    name = text(row.get("author_name"))
    return Entry(
        native_id=f"d/{key}" if opens else f"d/{key}/{place}",
        url=thread if opens or item is None else f"{thread}/{_slug(title)}/{item}",
        kind=Kind.THREAD if opens else Kind.COMMENT,
        title=title if opens else None,
        html=text(row.get("highlight")),
        author=Author(name=name) if name else None,
        published=instant(row.get("authored_at")),
        tags=tag_names(listed(row.get("tags"))),
        previews=() if opens else _titled(thread, title),
        in_reply_to=None if opens else thread,
        site=text(row.get("group_name")),
    )


def listed(value: Any) -> list[Any]:
    """A list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def _addresses(markdown: str) -> tuple[str, ...]:
    """The addresses in a text, each once, as they stand there; those of pictures are left out."""
    return tuple(dict.fromkeys(_ADDRESS.findall(_PICTURE.sub(" ", markdown))))


def _titled(thread: str, title: str | None) -> tuple[Preview, ...]:
    """What a comment says of the discussion it stands in, so that one that was not read itself is called by its title."""
    return (Preview(url=thread, title=title),) if title else ()


def _slug(title: str | None) -> str:
    """Decoration between a discussion's key and the number of an item; the server takes any."""
    return re.sub(r"[^a-z0-9]+", "-", (title or "").lower()).strip("-")[:80] or "discussion"
