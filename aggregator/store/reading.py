"""Stories put together from rows: four queries, however many stories there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.model import Chosen, Link, Mention, Story
from aggregator.store import choosing
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.partition import story_id
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
    for one, added_at in choosing.chosen(desk):
        if added_at <= by:
            picked.setdefault(story_id(one.links[0].key), (one, added_at))
    voices: dict[str, list[Mention]] = defaultdict(list)
    for row in desk.rows(sql.VOICES, by) if only is None else desk.rows(sql.VOICES_OF_STORY, by, only):
        voices[row[2]].append(mention_from_row(row))
    pages: dict[str, dict[str, Row]] = defaultdict(dict)
    for *row, story in desk.rows(sql.LINKS_OF_STORIES) if only is None else desk.rows(sql.LINKS_OF_STORY, only):
        pages[story][row[0]] = row
    return tuple(
        _story(story, lead, voices.get(story, ()), pages.get(story, {}), picked.get(story))
        for story, lead in (desk.rows(sql.STORIES) if only is None else desk.rows(sql.STORY, only))
        if story in voices or story in picked
    )


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
