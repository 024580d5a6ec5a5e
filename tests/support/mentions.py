"""Mentions, landings and chosen entries for tests, each made by what is particular about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aggregator.model import Author, Chosen, ChosenLink, Entry, Field, Identity, Kind, Match, Mention
from aggregator.store import Landing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def mention(
    native_id: str = "1",
    *,
    subject: str = "",
    aliases: tuple[str, ...] = (),
    source: str = "feed-a",
    at: datetime = NOW,
    quiet: bool = False,
    topic: str = "microsolidarity",
    href: str = "",
    rules: int = 1,
    **entry: Any,
) -> Mention:
    """A mention; without a subject it is an article about itself."""
    url = entry.pop("url", f"https://blog.example.org/{native_id}")
    return Mention(
        source=source,
        entry=Entry(
            native_id=native_id,
            url=url,
            kind=entry.pop("kind", Kind.ARTICLE),
            title=entry.pop("title", f"Essay {native_id}"),
            author=entry.pop("author", Author(name="Ada")),
            **entry,
        ),
        matches=(Match(topic=topic, field=Field.TITLE, rule="microsolidarity", excerpt="on microsolidarity"),),
        identity=Identity(subject=subject or url, href=href or subject or url, aliases=aliases, rules=rules),
        first_seen_at=at,
        quiet=quiet,
    )


def landing(*mentions: Mention, source: str = "feed-a", cursor: str = "c1", at: datetime = NOW, **rest: Any) -> Landing:
    return Landing(source=source, mentions=mentions, cursor=cursor, at=at, **rest)


def chosen(*keys: str, position: int = 0, title: str = "A chosen thing", **rest: Any) -> Chosen:
    links = tuple(ChosenLink(key=key, href=key, label=key) for key in keys)
    return Chosen(
        position=position,
        kind=rest.pop("kind", Kind.ARTICLE),
        title=title,
        who=rest.pop("who", "Ada"),
        note=rest.pop("note", f"[{title}]({keys[0]}) by Ada"),
        links=links,
        **rest,
    )
