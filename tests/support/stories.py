"""Stories and mentions, made by builders that are named for what happened."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aggregator.model import Author, Chosen, ChosenLink, Entry, Field, Identity, Kind, Link, Match, Mention, Story
from aggregator.text.urls import canonical

TOPIC = "microsolidarity"
NOON = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


def key_of(url: str) -> str:
    """The canonical URL of an address."""
    return canonical(url).key


def id_of(key: str) -> str:
    """A story's id, of the form that the store gives."""
    return base64.b32encode(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()).decode().lower()[:10]


def published_entry(url: str = "https://blog.example.org/post", **fields: object) -> Entry:
    """An article that somebody published."""
    given: dict[str, object] = {
        "native_id": url,
        "kind": Kind.ARTICLE,
        "title": "A quiet practice",
        "text": "Small groups make large things possible, and here is how they do it. More of it below.",
        "author": Author(name="Ada Example"),
        "published": NOON - timedelta(days=2),
    }
    return Entry(url=url, **(given | fields))  # type: ignore[arg-type]  # the fields of Entry, as a test names them


def posted(text: str, url: str = "https://social.example/@bo/1", *, handle: str = "bo@social.example", **fields: object) -> Entry:
    """A short post on a social network."""
    given: dict[str, object] = {"kind": Kind.POST, "title": None, "text": text, "author": Author(name="Bo", handle=handle)}
    return published_entry(url, **(given | fields))


def mentioned(entry: Entry, *, source: str = "feed-1", about: str | None = None, at: datetime = NOON, quiet: bool = False) -> Mention:
    """An entry that was found at an hour; `about` is what it shares, when that is not itself."""
    own, subject = key_of(entry.url), key_of(about or entry.url)
    return Mention(
        source=source,
        entry=entry,
        matches=(Match(topic=TOPIC, field=Field.TITLE, rule=TOPIC, excerpt=(entry.title or entry.text or "")[:120]),),
        identity=Identity(subject=subject, href=about or entry.url, aliases=() if subject == own else (own,)),
        first_seen_at=at,
        quiet=quiet,
    )


def joined(*mentions: Mention, link: Link | None = None, others: Sequence[Link] = (), chosen: Chosen | None = None) -> Story:
    """The story of mentions of one thing, oldest first as the store gives them."""
    ordered = tuple(sorted(mentions, key=lambda one: (one.first_seen_at, one.source, one.entry.native_id)))
    if link is None:
        identity = ordered[0].identity
        link = Link(key=identity.subject, href=identity.href)
    return Story(
        id=id_of(link.key),
        lead=link.key,
        links=(link, *others),
        mentions=ordered,
        topics=(TOPIC,),
        first_seen_at=ordered[0].first_seen_at if ordered else NOON,
        last_seen_at=ordered[-1].first_seen_at if ordered else NOON,
        chosen=chosen,
    )


def found(
    url: str = "https://blog.example.org/post", *, at: datetime = NOON, quiet: bool = False, source: str = "feed-1", **fields: object
) -> Story:
    """A story that a source listed itself, and nobody talked about yet."""
    return joined(mentioned(published_entry(url, **fields), at=at, quiet=quiet, source=source))


def chosen_by_hand(
    title: str = "A talk about pods",
    href: str = "https://talks.example.org/pods",
    *,
    note: str | None = None,
    position: int = 0,
    kind: Kind = Kind.EPISODE,
    who: str | None = None,
    published: datetime | None = None,
    mentions: Sequence[Mention] = (),
    origin: str = "sources.yaml",
    at: datetime = NOON,
) -> Story:
    """A story that the community chose."""
    links = (ChosenLink(key=key_of(href), href=href, label=title),)
    chosen = Chosen(
        position=position,
        kind=kind,
        title=title,
        who=who,
        note=f"[{title}]({href})" if note is None else note,
        links=links,
        published=published,
        origin=origin,
    )
    key = key_of(href)
    return Story(
        id=id_of(key),
        lead=key,
        links=(Link(key=key, href=href),),
        mentions=tuple(mentions),
        topics=(TOPIC,),
        first_seen_at=at,
        last_seen_at=at,
        chosen=chosen,
    )
