"""Questions and answers of Stack Exchange as entries."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aggregator.collectors._json import LAST_YEAR, Odd, a_list, an_object, member, members, needed, number, tag_names, text, web_address
from aggregator.collectors._markdown import addresses
from aggregator.collectors._parts import bodies, flat, storable
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.model import Author, Entry, Kind, Preview


def wrapped(reply: Reply, doing: str) -> tuple[list[Any], bool]:
    """The items of a reply, and whether there are more (api.stackexchange.com/docs/wrapper, read 2026-11-22).

    Raises:
        Unreadable: it is no such reply.
    """
    found = an_object(reply.json(doing), doing)
    more = found.get("has_more")
    if not isinstance(more, bool):
        raise Unreadable(f"{doing}: expected to be told whether there is more")
    return a_list(found.get("items"), doing), more


def ids_of(rows: list[Any]) -> tuple[int, ...]:
    """The numbers of the posts in the rows of a search, each once."""
    return tuple(dict.fromkeys(id for row in members(rows) if (id := _id(row)) is not None))


def owners_of(rows: list[Any]) -> Mapping[int, Author]:
    """Who wrote each of some posts, by the posts' numbers."""
    owners: dict[int, Author] = {}
    for row in members(rows):
        id, who = number(row.get("post_id")), member(row.get("owner"))
        name = _plain(text(who.get("display_name")) or "")
        if id is not None and name:
            owners[id] = Author(name=name, url=web_address(who.get("link")))
    return owners


def entry_of(row: dict[str, Any], owners: Mapping[int, Author], *, site: str) -> Entry:
    """A question, or an answer, which knows its question. Without a name that can be credited it is not used (CC BY-SA 4.0, section 3)."""
    id, question = _id(row), number(row.get("question_id"))
    if id is None or question is None:
        raise Odd("no number")
    if id not in owners:
        raise Odd("no author to credit")
    title = _plain(needed(row, "title"))
    answer = row.get("item_type") == "answer"
    place = f"https://{site}/q/{question}"
    given = text(row.get("body")) or text(row.get("excerpt"))
    words, markup = bodies([given] if given else [])
    tags = row.get("tags")
    return Entry(
        native_id=f"{'answer' if answer else 'question'}:{id}",
        url=f"https://{site}/a/{id}" if answer else place,
        kind=Kind.COMMENT if answer else Kind.THREAD,
        title=None if answer else title,
        text=words,
        html=markup,
        author=owners[id],
        published=time_of(row),
        tags=tag_names(tags) if isinstance(tags, list) and not answer else (),
        links=addresses(words or ""),
        in_reply_to=place if answer else None,
        previews=(Preview(url=place, title=title, site=site),) if answer else (),
        site=site,
    )


def time_of(row: dict[str, Any]) -> datetime | None:
    """When a post was written; None where it does not say."""
    seconds = number(row.get("creation_date"))
    if seconds is None or not 0 < seconds < datetime(LAST_YEAR, 1, 1, tzinfo=UTC).timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _plain(escaped: str) -> str:
    """Plain text that was escaped for HTML, once."""
    return flat(storable(html.unescape(escaped)))


def _id(row: dict[str, Any]) -> int | None:
    found = number(row.get("answer_id" if row.get("item_type") == "answer" else "question_id"))
    return found if found is not None and found > 0 else None
