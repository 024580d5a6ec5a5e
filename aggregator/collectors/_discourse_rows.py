"""Topics and posts as Discourse lists them, as entries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aggregator.collectors._json import Odd, instant, member, members, needed, number, tag_names, text
from aggregator.collectors.base import Standing
from aggregator.model import Author, Entry, Kind, Preview, Visibility

REGULAR = 1
"""`post_type` of what people write; the others are notices of moderators and whispers among staff (app/models/post.rb, Post.types)."""
_BOILERPLATE = re.compile(r"(?:\s*<p><small>[^<]*</small></p>)?\s*<p><a href=\"([^\"]*)\">[^<]*</a></p>\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forum:
    """Where entries come from."""

    # Beginning of every address, without a final slash.
    base: str
    # Name for readers.
    site: str


def entry_of_topic(row: dict[str, Any], forum: Forum, *, users: Mapping[int | None, dict[str, Any]], tag: str) -> Entry | None:
    """A row of a list of topics; None for one that is not listed for everybody.

    Args:
        users: by id; the first poster of a topic began it, whatever its description says in the forum's language.
        tag: what the list was asked for; forums that hide their tags do not repeat it.
    """
    if row.get("visible") is False or row.get("archetype") == "private_message":
        return None
    id = _needed_number(row, "id")
    first = next(iter(members(row.get("posters"))), {})
    tags = tags_of(row.get("tags"))
    return Entry(
        native_id=f"topic:{id}",
        url=_address(forum, row.get("slug"), id),
        kind=Kind.THREAD,
        title=needed(row, "title"),
        html=text(row.get("excerpt")),
        author=_author(users.get(number(first.get("user_id")), {}), forum),
        published=instant(row.get("created_at")),
        tags=tags if tag.casefold() in map(str.casefold, tags) else (*tags, tag),
        site=forum.site,
    )


def entry_of_post(row: dict[str, Any], forum: Forum, topic: dict[str, Any] | None) -> Entry | None:
    """A post; the first of a topic is the topic. None for what is hidden, deleted, or no post of a person.

    Args:
        topic: the topic's own row, where the platform gave it.
    """
    about = member(topic)
    if _gone(row) or row.get("post_type", REGULAR) != REGULAR or about.get("visible") is False:
        return None
    id, place = _needed_number(row, "id"), _needed_number(row, "post_number")
    thread = number(row.get("topic_id")) or number(about.get("id"))
    if thread is None:
        raise Odd("no topic_id")
    url = _address(forum, row.get("topic_slug") or about.get("slug"), thread)
    opens, title = place == 1, text(about.get("title"))
    return Entry(
        native_id=f"topic:{thread}" if opens else f"post:{id}",
        url=url if opens else f"{url}/{place}",
        kind=Kind.THREAD if opens else Kind.COMMENT,
        title=title if opens else None,
        html=text(row.get("cooked")) or text(row.get("blurb")),
        author=_author(row, forum),
        published=instant(row.get("created_at")),
        updated=instant(row.get("updated_at")),
        tags=tags_of(about.get("tags")) if opens else (),
        # A topic that was not read itself is called by its title, not by its address.
        previews=(Preview(url=url, title=title, site=forum.site),) if title and not opens else (),
        in_reply_to=None if opens else url,
        site=forum.site,
    )


def standings(topic: dict[str, Any], entries: Sequence[Entry]) -> Iterator[Standing]:
    """How the posts of a topic stand; nothing of any of them when the topic does not name its posts."""
    stream = member(topic.get("post_stream"))
    ids = {id for one in stream.get("stream") or () if (id := number(one)) is not None} if isinstance(stream.get("stream"), list) else set()
    if not ids:
        return
    rows = {number(row.get("id")): row for row in members(stream.get("posts"))}
    opening = next((row for row in rows.values() if row.get("post_number") == 1), {})
    listed = _listed(topic)
    for entry in entries:
        post = re.fullmatch(r"post:([0-9]+)", entry.native_id)
        id = int(post[1]) if post else None
        if id is not None and id not in ids:
            yield Standing(native_id=entry.native_id, found=False)
        elif _gone(rows.get(id, {}) if post else opening):
            yield Standing(native_id=entry.native_id, found=True, visibility=Visibility.PRIVATE)
        else:
            yield Standing(native_id=entry.native_id, found=True, visibility=listed)


def _listed(topic: dict[str, Any]) -> Visibility:
    if topic.get("archetype") == "private_message" or topic.get("deleted_at") is not None:
        return Visibility.PRIVATE
    return Visibility.UNLISTED if topic.get("visible") is False else Visibility.PUBLIC


def _gone(row: dict[str, Any]) -> bool:
    """Hidden by moderators or by many flags, or deleted."""
    return row.get("hidden") is True or row.get("user_deleted") is True or row.get("deleted_at") is not None


def tags_of(value: Any) -> tuple[str, ...]:
    """Names of tags: texts on older servers, objects on newer ones, nothing where tags are switched off."""
    listed = value if isinstance(value, list) else []
    return tag_names(one.get("name") if isinstance(one, dict) else one for one in listed)


def without_boilerplate(markup: str, url: str) -> str | None:
    """The text of a topic in a feed without what Discourse puts after it: the count of posts and a link to the topic itself."""
    found = _BOILERPLATE.search(markup)
    if found is None or found[1].rstrip("/") != url.rstrip("/"):
        return markup
    return markup[: found.start()].strip() or None


def _needed_number(row: dict[str, Any], name: str) -> int:
    found = number(row.get(name))
    if found is None or found < 1:
        raise Odd(f"no {name}")
    return found


def _address(forum: Forum, slug: Any, id: int) -> str:
    """The permalink; the slug is decoration, and "-" where there is none."""
    return f"{forum.base}/t/{quote(text(slug) or '-', safe='%')}/{id}"


def _author(row: dict[str, Any], forum: Forum) -> Author | None:
    handle = text(row.get("username"))
    if handle is None:
        return None
    return Author(name=text(row.get("name")) or handle, url=f"{forum.base}/u/{quote(handle, safe='')}", handle=handle)
