"""JSON Feed 1 and 1.1. Source: jsonfeed.org/version/1.1 (read 2026-11-20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aggregator.collectors._authors import authors, person
from aggregator.collectors._enclosures import kind_by, with_duration
from aggregator.collectors._parts import Feed, Oddities, absolute, is_web, storable, tags_of, title_text, when
from aggregator.model import Author, Enclosure, Entry

VERSION = "jsonfeed.org/version/"


def json_feed(document: Mapping[str, Any], *, url: str, odd: Oddities) -> Feed:
    """The feed in a decoded document whose `version` was seen to be JSON Feed's; items that are no objects are counted as odd."""
    feed = Feed(
        title=title_text(_text(document, "title")) or "",
        home=absolute(url, _text(document, "home_page_url")),
        itself=absolute(url, _text(document, "feed_url")),
        hubs=tuple(address for one in _objects(document, "hubs") if (address := absolute(url, _text(one, "url")))),
        next=absolute(url, _text(document, "next_url")),
        language=_text(document, "language") or None,
        author=_author(document),
    )
    items = _objects(document, "items")
    if strange := len(_listed(document, "items")) - len(items):
        odd["that are no objects"] += strange
    return replace(feed, entries=tuple(_entry(item, url=url, feed=feed, odd=odd) for item in items))


def _entry(item: Mapping[str, Any], *, url: str, feed: Feed, odd: Oddities) -> Entry:
    identifier = _text(item, "id")
    own, shared = absolute(url, _text(item, "url")), absolute(url, _text(item, "external_url"))
    permalink = own or shared or (identifier if is_web(identifier) else "")
    html, text = _text(item, "content_html"), _text(item, "content_text") or _text(item, "summary")
    enclosures = with_duration(list(_attachments(item, url)), None)
    updated = when(_text(item, "date_modified"), odd)
    return Entry(
        native_id=identifier,
        url=permalink,
        kind=kind_by(enclosures),
        title=title_text(_text(item, "title")),
        text=text or None,
        html=html or None,
        author=_author(item) or feed.author,
        published=when(_text(item, "date_published"), odd) or updated,
        updated=updated,
        language=_text(item, "language") or feed.language,
        tags=tags_of(storable(one) for one in _listed(item, "tags") if isinstance(one, str)),
        # A linked list: the entry has its own page and shares another (specification, `external_url`).
        links=(shared,) if shared and own and shared != own else (),
        enclosures=enclosures,
        aliases=(identifier,) if is_web(identifier) and identifier != permalink else (),
        site=feed.title or None,
    )


def _attachments(item: Mapping[str, Any], url: str) -> Iterator[Enclosure]:
    for one in _objects(item, "attachments"):
        if address := absolute(url, _text(one, "url")):
            size, seconds = _amount(one, "size_in_bytes"), _amount(one, "duration_in_seconds")
            yield Enclosure(
                url=address,
                media_type=_text(one, "mime_type") or None,
                length_bytes=int(size) or None,
                duration=timedelta(seconds=seconds) or None,
            )


def _author(holder: Mapping[str, Any]) -> Author | None:
    """`authors` of 1.1, or `author` of 1."""
    people = _objects(holder, "authors") or [one for one in (holder.get("author"),) if isinstance(one, Mapping)]
    return authors((person(_text(one, "name")), absolute("", _text(one, "url")) or None) for one in people)


def _text(holder: Mapping[str, Any], name: str) -> str:
    """A string, or a number written as one (version 1 told readers to accept numbers as ids)."""
    value = holder.get(name)
    if isinstance(value, str):
        return storable(value.strip())
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _listed(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _objects(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [one for one in _listed(holder, name) if isinstance(one, Mapping)]


def _amount(holder: Mapping[str, Any], name: str) -> float:
    """A number that is not negative and no nonsense, else 0."""
    value = holder.get(name)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 10**12 else 0
