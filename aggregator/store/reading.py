"""Stories put together from rows: a handful of queries, however many stories there are."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.model import Chosen, Link, Mention, Story
from aggregator.store import choosing, schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.placing import owners_of
from aggregator.store.relations import Relations, evidence_of, relations
from aggregator.store.rows import Row, aliases_from_text, link_from_row, mention_from_row, stamp

# Later than every time that can be stored.
_FOR_EVER = "9999-12-31T23:59:59.999999+00:00"
_SHARES = list(schema.mention.columns.keys()).index("shares")


@dataclass(slots=True, kw_only=True)
class _Read:
    """The rows of some stories, by their anchors."""

    # Ids.
    ids: Mapping[str, str]
    # Rows of mentions; of those that share pages of several stories, under each.
    voices: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    # Rows of links by key.
    pages: dict[str, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    # Chosen entries, each with the time it was first chosen: the one whose story it is, then those that were merged into it.
    picked: dict[str, list[tuple[Chosen, str]]] = field(default_factory=lambda: defaultdict(list))


def stories(desk: Desk, as_of: datetime | None, *, only: str | None = None) -> tuple[Story, ...]:
    """Stories by id, with what was first seen by `as_of`; those of which nothing is to be shown are left out.

    Args:
        as_of: None: everything.
        only: the anchor of one story.
    """
    by = _FOR_EVER if as_of is None else stamp(as_of)
    with _uncollected():
        read = _Read(ids={anchor: id_ for id_, anchor in (desk.rows(sql.STORIES) if only is None else desk.rows(sql.STORY_AT, only))})
        _read_voices(desk, read, by, only)
        _read_pages(desk, read, only)
        _read_chosen(desk, read, by)
        related = relations(desk, read.ids, only=only)
        told = [(id_, anchor) for anchor, id_ in read.ids.items() if anchor in read.voices or anchor in read.picked]
        return tuple(_story(id_, anchor, read, related, as_of=by) for id_, anchor in sorted(told))


def anchor_of(desk: Desk, id: str) -> str | None:
    """The anchor of the story that has an id, or that one leads to which it had."""
    for statement in (sql.ANCHOR, sql.ANCHOR_OF_FORMER):
        for (anchor,) in desk.rows(statement, id):
            return str(anchor)
    return None


def _read_voices(desk: Desk, read: _Read, by: str, only: str | None) -> None:
    sharing: list[Row] = []
    for row in desk.rows(sql.VOICES, by) if only is None else desk.rows(sql.VOICES_OF_STORY, by, only):
        read.voices[row[2]].append(row)
        if row[_SHARES] is not None:
            sharing.append(row)
    if only is not None:
        sharing = list(desk.rows(sql.SHARING, by))
    shared = {key for row in sharing for key in aliases_from_text(row[_SHARES])}
    owners = owners_of(desk, shared)
    for row in sharing:
        anchors = {owners[key].anchor for key in aliases_from_text(row[_SHARES]) if key in owners} - {row[2]}
        for anchor in anchors & read.ids.keys():
            read.voices[anchor].append(row)


def _read_pages(desk: Desk, read: _Read, only: str | None) -> None:
    for row in desk.rows(sql.LINKS_OF_STORIES) if only is None else desk.rows(sql.LINKS_OF_STORY, only):
        read.pages[row[-1]][row[0]] = row


def _read_chosen(desk: Desk, read: _Read, by: str) -> None:
    """An entry's story is that of its lead; one that was merged into another entry's story comes after it."""
    entries = [(one, added_at) for one, added_at in choosing.chosen(desk) if added_at <= by]
    owners = owners_of(desk, {one.links[0].key for one, _added_at in entries})
    for own in (True, False):
        for one, added_at in entries:
            lead = one.links[0].key
            anchor = owners[lead].anchor if lead in owners else lead
            if (anchor == lead) is own and anchor in read.ids:
                read.picked[anchor].append((one, added_at))


def _age(row: Row) -> tuple[str, str, str]:
    """Sorted here and not by the database, which would carry the long texts through its sorter and have an opinion on letters."""
    return row[3], row[0], row[1]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: everything made here is kept, and looking at it again and again took half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _story(id: str, anchor: str, read: _Read, related: Relations, *, as_of: str) -> Story:
    voices = tuple([mention_from_row(row, id) for row in sorted(read.voices.get(anchor, ()), key=_age)])
    pages, picked = read.pages.get(anchor, {}), read.picked.get(anchor, ())
    times = [voice.first_seen_at for voice in voices]
    if picked:
        since = datetime.fromisoformat(picked[0][1])
        first, last = min([since, *times]), max(times, default=since)
    else:
        first, last = times[0], times[-1]
    entries = [one for one, _added_at in picked]
    later = () if as_of == _FOR_EVER else {key for key, row in pages.items() if row[-2] > as_of}
    return Story(
        id=id,
        lead=anchor,
        links=_links(anchor, voices, pages, entries),
        mentions=voices,
        topics=tuple(sorted({match.topic for voice in voices for match in voice.matches})),
        first_seen_at=first,
        last_seen_at=last,
        chosen=entries[0] if entries else None,
        evidence=evidence_of(anchor, voices, entries, related.evidence.get(anchor, ()), later=later),
        former=related.former.get(anchor, ()),
        translations=related.translations.get(anchor, ()),
    )


def _links(anchor: str, voices: Sequence[Mention], pages: Mapping[str, Row], chosen: Sequence[Chosen]) -> tuple[Link, ...]:
    """The anchor, the chosen links in their order, then what mentions are about, by key. The chosen way to write an address is followed."""
    listed = [link for one in chosen for link in one.links]
    written = {link.key: link.href for link in reversed(listed)}
    subjects = {voice.identity.subject for voice in voices}
    keys: dict[str, None] = dict.fromkeys((anchor, *(link.key for link in listed if link.key in pages)))
    if chosen or subjects != {anchor}:
        keys.update(dict.fromkeys(sorted(subjects)))
    return tuple(_found(keys, anchor, pages, written))


def _found(keys: Collection[str], anchor: str, pages: Mapping[str, Row], written: Mapping[str, str]) -> Iterator[Link]:
    for key in keys:
        if key in pages:
            link = link_from_row(pages[key])
            yield replace(link, href=written[key]) if written.get(key, link.href) != link.href else link
        elif key == anchor:
            yield Link(key=anchor, href=written.get(anchor, anchor))
