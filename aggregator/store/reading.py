"""Stories put together from rows: four queries, however many stories there are."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from aggregator.model import Chosen, Link, Mention, Story
from aggregator.store import choosing
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.rows import Row, link_from_row, mention_from_row, stamp

# Later than every time that can be stored.
_FOR_EVER = "9999-12-31T23:59:59.999999+00:00"


def stories(desk: Desk, as_of: datetime | None, *, only: str | None = None) -> tuple[Story, ...]:
    """Stories by id, with what was first seen by `as_of`; those of which nothing is to be shown are left out.

    Args:
        as_of: None: everything.
        only: the id of one story.
    """
    by = _FOR_EVER if as_of is None else stamp(as_of)
    picked: dict[str, tuple[Chosen, str]] = {}
    for entry, added_at in choosing.chosen(desk):
        if added_at <= by:
            picked.setdefault(entry.links[0].key, (entry, added_at))
    ids = {lead: id_ for id_, lead in (desk.rows(sql.STORIES) if only is None else desk.rows(sql.STORY, only))}
    one = next(iter(ids), "")
    spoken: dict[str, list[Row]] = defaultdict(list)
    pages: dict[str, dict[str, Row]] = defaultdict(dict)
    with _uncollected():
        for row in desk.rows(sql.VOICES, by) if only is None else desk.rows(sql.VOICES_OF_STORY, by, one):
            spoken[row[2]].append(row)
        for row in desk.rows(sql.LINKS_OF_STORIES) if only is None else desk.rows(sql.LINKS_OF_STORY, one):
            pages[row[-1]][row[0]] = row
        voices = {lead: [mention_from_row(row, ids[lead]) for row in sorted(rows, key=_age)] for lead, rows in spoken.items()}
        return tuple(
            _story(id_, lead, voices.get(lead, ()), pages.get(lead, {}), picked.get(lead))
            for lead, id_ in sorted(ids.items(), key=lambda pair: pair[1])
            if lead in voices or lead in picked
        )


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


def _story(id: str, lead: str, voices: Sequence[Mention], pages: Mapping[str, Row], picked: tuple[Chosen, str] | None) -> Story:
    chosen, added_at = picked or (None, None)
    times = [voice.first_seen_at for voice in voices]
    if added_at is not None:
        since = datetime.fromisoformat(added_at)
        first, last = min([since, *times]), max(times, default=since)
    else:
        first, last = times[0], times[-1]
    return Story(
        id=id,
        lead=lead,
        links=_links(lead, voices, pages, chosen),
        mentions=tuple(voices),
        topics=tuple(sorted({match.topic for voice in voices for match in voice.matches})),
        first_seen_at=first,
        last_seen_at=last,
        chosen=chosen,
    )


def _links(lead: str, voices: Sequence[Mention], pages: Mapping[str, Row], chosen: Chosen | None) -> tuple[Link, ...]:
    """The lead, the chosen links in their order, then what mentions are about, by key. The chosen way to write an address is followed."""
    written = {link.key: link.href for link in reversed(chosen.links)} if chosen else {}
    subjects = {voice.identity.subject for voice in voices}
    keys = dict.fromkeys((lead, *(link.key for link in chosen.links if link.key in pages))) if chosen else {lead: None}
    if len(subjects) > 1 or chosen:
        keys.update(dict.fromkeys(sorted(subjects)))
    found = []
    for key in keys:
        if key in pages:
            link = link_from_row(pages[key])
            found.append(replace(link, href=written[key]) if written.get(key, link.href) != link.href else link)
        elif key == lead:
            found.append(Link(key=lead, href=written.get(lead, lead)))
    return tuple(found)
