"""Editions of the digest, made by builders: one week of a community, as it is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aggregator.model import Edition, Group, Item, Period
from aggregator.settings import Digest
from tests.support.stories import TOPIC, id_of

WEEK = Period(name="2026-W47", since=datetime(2026, 11, 16, 8, tzinfo=UTC), until=datetime(2026, 11, 23, 8, tzinfo=UTC))
_KINDS = {Group.RECORDINGS: "Episode", Group.ARTICLES: "Article", Group.DISCUSSIONS: "Discussion", Group.POSTS: "Post"}


def item(title: str = "Crews that last", href: str | None = "https://blog.example.org/crews", **fields: object) -> Item:
    """A story in an edition: an article that three people talk about. Its id follows from its address, or from its title."""
    group = fields.get("group", Group.ARTICLES)
    assert isinstance(group, Group)
    given: dict[str, object] = {
        "story": (id := str(fields.get("story", id_of(href or title)))),
        "page": f"story/{id}.html",
        "group": group,
        "kind_text": _KINDS[group],
        "who": "Nadia",
        "where": "Enspiral Tales",
        "sentence": "What we learned from four small crews, and why we closed the fifth.",
        "voices": "3 voices",
        "talk": "Mastodon (2) and Loomio",
    }
    return Item(title=title, href=href, **(given | fields))  # type: ignore[arg-type]  # the fields of Item, as a test names them


def some_items(count: int = 5) -> tuple[Item, ...]:
    """Stories of every group, in the order of an edition."""
    groups = sorted((list(Group)[at % len(Group)] for at in range(count)), key=list(Group).index)
    return tuple(item(f"Story number {at}", f"https://blog.example.org/{at}", group=group) for at, group in enumerate(groups, 1))


def edition(items: Sequence[Item] | None = None, *, period: Period = WEEK, rhythm: str = "weekly", **fields: object) -> Edition:
    """The edition of a week in November 2026; five stories of every group unless a test names others."""
    given: dict[str, object] = {
        "id": f"{TOPIC}/{rhythm}/{period.name}",
        "topic": TOPIC,
        "path": f"digest/{period.name}.html",
        "title": "Discussing #microsolidarity",
        "subject": "Discussing #microsolidarity: 5 new stories",
        "language": "en",
        "days": "16 to 22 November 2026",
        "items": some_items() if items is None else tuple(items),
    }
    return Edition(period=period, rhythm=rhythm, **(given | fields))  # type: ignore[arg-type]  # the fields of Edition


def digest_of(**fields: object) -> Digest:
    """A digest that is written into a folder, with nobody to serve its pages."""
    given: dict[str, object] = {"sender": "Discussing <digest@example.org>"}
    return Digest(**(given | fields))  # type: ignore[arg-type]  # the fields of Digest, as a test names them
