"""Rows to values and back. Every row is a tuple in the order of its table's columns (`schema.py`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.model import (
    Author,
    Chosen,
    ChosenLink,
    Coverage,
    Enclosure,
    Entry,
    Field,
    Identity,
    Kind,
    Link,
    Match,
    Mention,
    Outcome,
    Preview,
    Restriction,
    SourceState,
    Visibility,
)
from aggregator.text.urls import canonical

Row = Sequence[Any]

_KINDS = {kind.value: kind for kind in Kind}
_FIELDS = {field.value: field for field in Field}
_VISIBILITIES = {visibility.value: visibility for visibility in Visibility}
# Kinds that a source lists as things of their own, with a title: where one is about itself, its page has nothing to add.
_TITLED = frozenset({Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.THREAD})


def stamp(time: datetime) -> str:
    """A time as text that sorts as times do: UTC, six digits of a second.

    Raises:
        ValueError: the time is naive, which is a mistake of the caller.
    """
    if time.tzinfo is not UTC:
        if time.tzinfo is None:
            raise ValueError(f"writing a time: expected an aware one, got {time!r}")
        time = time.astimezone(UTC)
    return time.isoformat(timespec="microseconds")


def maybe_stamp(time: datetime | None) -> str | None:
    return None if time is None else stamp(time)


def maybe_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def storable(text: str) -> str:
    """Text that any database takes: lone surrogates and NUL, which no reader would see, become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    return text


def _maybe(text: str | None) -> str | None:
    return None if text is None else storable(text)


# Made once: `json.dumps` makes an encoder at every call that has separators of its own. Escapes keep lone surrogates storable.
_json = json.JSONEncoder(separators=(",", ":")).encode


# -- mentions


def mention_to_row(
    mention: Mention,
    *,
    anchor: str,
    content_hash: str,
    first_seen_at: str,
    quiet: bool,
    held: str | None = None,
    checked_at: str | None = None,
) -> tuple[Any, ...]:
    """A mention that is shown, in the columns of `mention`; what the arguments say outranks the mention."""
    entry, identity = mention.entry, mention.identity
    author = entry.author or Author()
    return (
        mention.source, storable(entry.native_id), anchor, first_seen_at, quiet, None, content_hash,
        storable(identity.subject), storable(identity.href), aliases_to_text(identity.aliases), identity.rules,
        describes(mention), matches_to_text(mention.matches),
        storable(entry.url), entry.kind.value, _maybe(entry.title), _maybe(author.name), _maybe(author.url), _maybe(author.handle),
        maybe_stamp(entry.published), maybe_stamp(entry.updated), _maybe(entry.language), _maybe(entry.in_reply_to), _maybe(entry.site),
        entry.visibility.value, aliases_to_text(identity.shares), _maybe(held), checked_at, _parts_to_text(entry), _maybe(entry.text),
        _maybe(entry.html),
    )  # fmt: skip


def aliases_to_text(aliases: Sequence[str]) -> str | None:
    return _json([storable(alias) for alias in aliases]) if aliases else None


def own_address(mention: Mention) -> str:
    """The canonical URL of the entry itself, which is its subject or one of its aliases."""
    entry, identity = mention.entry, mention.identity
    if entry.kind in _TITLED or entry.url in (identity.href, identity.subject):
        return identity.subject
    return entry.url if entry.url in identity.aliases else canonical(entry.url).key


def first_hand(mention: Mention) -> bool:
    """Whether the entry is what it is about, and not a post that shares or answers that."""
    return own_address(mention) == mention.identity.subject


def describes(mention: Mention) -> bool:
    """Whether the mention says enough of its subject: it is the very thing, and has a title where such things have titles."""
    return bool(mention.entry.title) if mention.entry.kind in _TITLED else first_hand(mention)


def matches_to_text(matches: Sequence[Match]) -> str:
    return _json([(match.topic, match.field.value, match.rule, match.excerpt) for match in matches])


def aliases_from_text(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def _parts_to_text(entry: Entry) -> str | None:
    parts = parts_of(entry)
    return _json(parts) if parts else None


def parts_of(entry: Entry) -> dict[str, Any]:
    """The parts of an entry that nothing is selected by, as JSON values; those that are empty are left out."""
    parts: dict[str, Any] = {}
    if entry.tags:
        parts["tags"] = entry.tags
    if entry.links:
        parts["links"] = entry.links
    if entry.alternatives:
        parts["alternatives"] = entry.alternatives
    if entry.aliases:
        parts["aliases"] = entry.aliases
    if entry.restrictions:
        parts["restrictions"] = [one.value for one in entry.restrictions]
    if entry.previews:
        parts["previews"] = [(one.url, one.title, one.description, one.author, one.site) for one in entry.previews]
    if entry.enclosures:
        parts["enclosures"] = [(one.url, one.media_type, one.length_bytes, _microseconds(one.duration)) for one in entry.enclosures]
    if entry.author == Author():
        parts["author"] = True
    return parts


def parts_from(parts: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Arguments of `Entry` from what `parts_of` gave."""
    return {part: _PARTS[part](value) for part, value in parts.items() if part in _PARTS}


def _microseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // timedelta(microseconds=1)


def mention_from_row(row: Row, story: str) -> Mention:
    """The mention as it was landed, in its story."""
    (source, native_id, _anchor, first_seen_at, quiet, _withdrawn_at, _hash, subject, href, aliases, rules, _describes,
     matches, url, kind, title, name, page, handle, published, updated, language, in_reply_to, site, visibility, shares, held,
     _checked_at, parts_text, text, html) = row  # fmt: skip
    parts: Mapping[str, Any] = json.loads(parts_text) if parts_text else {}
    known_author = name is not None or page is not None or handle is not None or "author" in parts
    entry = Entry(
        native_id=native_id,
        url=url,
        kind=_KINDS[kind],
        title=title,
        text=text,
        html=html,
        author=Author(name=name, url=page, handle=handle) if known_author else None,
        published=maybe_time(published),
        updated=maybe_time(updated),
        language=language,
        in_reply_to=in_reply_to,
        site=site,
        visibility=_VISIBILITIES[visibility],
        **parts_from(parts),
    )
    return Mention(
        source=source,
        entry=entry,
        matches=tuple(
            [Match(topic=topic, field=_FIELDS[field], rule=rule, excerpt=excerpt) for topic, field, rule, excerpt in json.loads(matches)]
        ),
        identity=Identity(
            subject=subject,
            href=href,
            aliases=aliases_from_text(aliases),
            shares=aliases_from_text(shares),
            rules=rules,
        ),
        first_seen_at=datetime.fromisoformat(first_seen_at),
        story=story,
        quiet=bool(quiet),
        held=held,
    )


def _previews(rows: Sequence[Row]) -> tuple[Preview, ...]:
    return tuple(
        Preview(url=url, title=title, description=description, author=author, site=site) for url, title, description, author, site in rows
    )


def _enclosures(rows: Sequence[Row]) -> tuple[Enclosure, ...]:
    return tuple(
        Enclosure(url=url, media_type=media, length_bytes=length, duration=None if lasts is None else timedelta(microseconds=lasts))
        for url, media, length, lasts in rows
    )


_PARTS: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    "tags": tuple,
    "links": tuple,
    "alternatives": tuple,
    "aliases": tuple,
    "restrictions": lambda values: tuple(Restriction(value) for value in values),
    "previews": _previews,
    "enclosures": _enclosures,
}


# -- links


def link_to_row(link: Link, first_seen_at: str) -> tuple[Any, ...]:
    """A link in the columns of `link`."""
    return storable(link.key), *link_to_values(link), first_seen_at


def link_to_values(link: Link) -> tuple[Any, ...]:
    """The columns of `link` between the key and `first_seen_at`."""
    return (
        storable(link.href), _maybe(link.title), _maybe(link.description), _maybe(link.author), _maybe(link.site),
        maybe_stamp(link.published), link.published_day_only, _maybe(link.language), _maybe(link.image),
        link.kind.value if link.kind else None, link.status, maybe_stamp(link.enriched_at), link.attempts, maybe_stamp(link.next_try_at),
        _maybe(link.landed), _maybe(link.canonical), _json(link.topics) if link.topics else None,
    )  # fmt: skip


def link_from_row(row: Row) -> Link:
    """The link of a row of `link`, whatever else was selected beside it."""
    (key, href, title, description, author, site, published, day_only, language, image, kind, status, enriched_at, attempts,
     next_try_at, landed, canonical, topics, _first_seen_at, *_lead) = row  # fmt: skip
    return Link(
        key=key,
        href=href,
        title=title,
        description=description,
        author=author,
        site=site,
        published=maybe_time(published),
        published_day_only=bool(day_only),
        language=language,
        image=image,
        kind=_KINDS[kind] if kind else None,
        status=status,
        enriched_at=maybe_time(enriched_at),
        attempts=attempts,
        next_try_at=maybe_time(next_try_at),
        landed=landed,
        canonical=canonical,
        topics=tuple(json.loads(topics)) if topics else (),
    )


# -- sources


def settled_to_values(state: SourceState) -> tuple[Any, ...]:
    """The columns of `source` that the end of a poll writes: `next_poll_at` to `walking_since`."""
    return (
        maybe_stamp(state.next_poll_at), state.failures, maybe_stamp(state.failing_since), maybe_stamp(state.last_ok_at),
        maybe_stamp(state.last_new_at), state.paused, _maybe(state.last_error), remarks_to_text(state.remarks),
        _maybe(state.held), _maybe(state.nature or None),
        maybe_stamp(state.read_since), maybe_stamp(state.read_until), maybe_stamp(state.walking_since),
    )  # fmt: skip


def remarks_to_text(remarks: Sequence[str]) -> str:
    return "\n".join(storable(" ".join(remark.split())) for remark in remarks)


def state_from_row(row: Row) -> SourceState:
    """The columns `id`, `cursor` … `walking_since` of `source` as a state without validators."""
    (name, cursor, backfill, next_poll_at, failures, failing_since, last_ok_at, last_new_at, paused, last_error, remarks, held, nature,
     read_since, read_until, walking_since) = row  # fmt: skip
    return SourceState(
        source=name,
        cursor=cursor,
        backfill_cursor=backfill,
        next_poll_at=maybe_time(next_poll_at),
        failures=failures,
        failing_since=maybe_time(failing_since),
        last_ok_at=maybe_time(last_ok_at),
        last_new_at=maybe_time(last_new_at),
        paused=bool(paused),
        last_error=last_error,
        remarks=tuple(remarks.split("\n")) if remarks else (),
        held=held,
        nature=nature or "",
        read_since=maybe_time(read_since),
        read_until=maybe_time(read_until),
        walking_since=maybe_time(walking_since),
    )


def coverage_to_row(coverage: Coverage) -> tuple[Any, ...]:
    return coverage.source, stamp(coverage.until), maybe_stamp(coverage.since), coverage.outcome.value, coverage.entries


def coverage_from_row(row: Row) -> Coverage:
    source, until, since, outcome, entries = row
    return Coverage(source=source, since=maybe_time(since), until=datetime.fromisoformat(until), outcome=Outcome(outcome), entries=entries)


# -- chosen entries


def chosen_to_row(chosen: Chosen, *, origin: str, rank: int, added_at: str) -> tuple[Any, ...]:
    return (
        origin, chosen.position, rank, chosen.kind.value, storable(chosen.title), _maybe(chosen.who), storable(chosen.note),
        maybe_stamp(chosen.published), added_at,
    )  # fmt: skip


def chosen_links_to_rows(chosen: Chosen, origin: str) -> list[tuple[Any, ...]]:
    lead = storable(chosen.links[0].key)
    return [
        (origin, chosen.position, ordinal, storable(link.key), storable(link.href), storable(link.label), lead)
        for ordinal, link in enumerate(chosen.links)
    ]


def chosen_from_rows(row: Row, links: Sequence[Row]) -> Chosen:
    origin, position, _rank, kind, title, who, note, published, _added_at = row
    return Chosen(
        position=position,
        kind=_KINDS[kind],
        title=title,
        who=who,
        note=note,
        links=tuple(ChosenLink(key=key, href=href, label=label) for _origin, _position, _ordinal, key, href, label, _lead in links),
        published=maybe_time(published),
        origin=origin,
    )
