"""Stories kept right inside a transaction: of all the rows, only those are read that hang together with what comes and what goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.partition import Voice, partition, story_id
from aggregator.store.rows import aliases_from_text

Name = tuple[str, str]
"""Source and native story of a mention."""


class _Owner(NamedTuple):
    """A story that an address belongs to."""

    lead: str
    # The lead is a chosen entry's, which no mention can change.
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Everything that hangs together with what changes, as it was."""

    owners: dict[str, _Owner] = field(default_factory=dict)
    voices: dict[Name, Voice] = field(default_factory=dict)
    stood: dict[Name, str] = field(default_factory=dict)


def place(
    desk: Desk, coming: Mapping[Name, Voice], *, leaving: Mapping[Name, str | None], keys: Collection[str] = ()
) -> Mapping[Name, str]:
    """The leads of the stories of the mentions that come; stories, keys, and mentions that change their story, are written.

    Args:
        coming: mentions whose rows will be written afterwards.
        leaving: mentions that are withdrawn or come changed, with the lead of their story until now; their rows no longer name it.
        keys: addresses that chosen entries own or owned.
    """
    if not coming and not leaving and not keys:
        return {}
    owners = _owners(desk, {key for voice in coming.values() for key in (voice.subject, *voice.aliases)}.union(keys))
    if not leaving and not keys:
        places = _quickly(desk, coming, owners)
        if places is not None:
            return places
    scene = _gathered(desk, owners, apart=coming.keys() | leaving.keys(), leads={lead for lead in leaving.values() if lead})
    return _rearranged(desk, scene, coming, keys)


def _quickly(desk: Desk, coming: Mapping[Name, Voice], owners: Mapping[str, _Owner]) -> Mapping[Name, str] | None:
    """The places of mentions that each join one story without changing its lead, or make a new one; None when any does otherwise."""
    places: dict[Name, str] = {}
    found: dict[str, str] = {}
    loose: dict[Name, Voice] = {}
    for name, voice in coming.items():
        keys = (voice.subject, *voice.aliases)
        touched = {owners[key] for key in keys if key in owners}
        if not touched:
            loose[name] = voice
            continue
        owner = touched.pop()
        if touched or not (owner.chosen or owner.lead == voice.subject):
            return None
        places[name] = owner.lead
        if any(found.setdefault(key, owner.lead) != owner.lead for key in keys if key not in owners):
            return None
    fresh = partition(loose, {})
    if any(key in found for key in fresh.lead_of):
        return None
    found.update(fresh.lead_of)
    places.update(fresh.places)
    desk.many(sql.add(schema.story), [(lead, story_id(lead), False) for lead in dict.fromkeys(fresh.places.values())])
    desk.many(sql.add(schema.story_key), list(found.items()))
    return places


def _gathered(desk: Desk, owners: Mapping[str, _Owner], *, apart: Collection[Name], leads: set[str]) -> _Scene:
    """The stories named, and every story that shares an address with one of them, without the mentions `apart`."""
    scene = _Scene(owners=dict(owners))
    waiting, seen = leads | {owner.lead for owner in owners.values()}, set[str]()
    while waiting:
        seen |= waiting
        for batch in sql.batches(sorted(waiting)):
            scene.owners.update((key, _Owner(lead, bool(chosen))) for key, lead, chosen in desk.rows(sql.keys_of(len(batch)), *batch))
            for source, native_id, lead, subject, aliases in desk.rows(sql.voices_of(len(batch)), *batch):
                if (source, native_id) not in apart:
                    scene.voices[source, native_id] = Voice(subject=subject, aliases=aliases_from_text(aliases))
                    scene.stood[source, native_id] = lead
        named = {key for voice in scene.voices.values() for key in (voice.subject, *voice.aliases)}
        scene.owners.update(_owners(desk, named - scene.owners.keys()))
        waiting = {owner.lead for owner in scene.owners.values()} - seen
    return scene


def _rearranged(desk: Desk, scene: _Scene, coming: Mapping[Name, Voice], keys: Collection[str]) -> Mapping[Name, str]:
    voices = {**scene.voices, **coming}
    named = {key for voice in voices.values() for key in (voice.subject, *voice.aliases)}
    owners = _chosen_owners(desk, named.union(scene.owners, keys))
    fixed = set(owners.values())
    made = partition(voices, owners)
    before = {owner.lead: owner.chosen for owner in scene.owners.values()}
    after = {lead: lead in fixed for lead in made.lead_of.values()}
    desk.many(sql.add(schema.story), [(lead, story_id(lead), chosen) for lead, chosen in after.items() if lead not in before])
    desk.many(sql.MARK_STORY, [(chosen, lead) for lead, chosen in after.items() if before.get(lead, chosen) != chosen])
    _write_keys(desk, scene.owners, made.lead_of)
    desk.many(sql.PLACE, [(made.places[name], *name) for name, lead in scene.stood.items() if made.places[name] != lead])
    desk.many(sql.drop(schema.story.c.lead), [(lead,) for lead in before if lead not in after])
    return {name: made.places[name] for name in coming}


def _write_keys(desk: Desk, before: Mapping[str, _Owner], after: Mapping[str, str]) -> None:
    desk.many(sql.add(schema.story_key), [(key, lead) for key, lead in after.items() if key not in before])
    desk.many(sql.OWN_KEY, [(lead, key) for key, lead in after.items() if key in before and before[key].lead != lead])
    desk.many(sql.drop(schema.story_key.c.key), [(key,) for key in before if key not in after])


def _owners(desk: Desk, keys: Collection[str]) -> dict[str, _Owner]:
    return {key: _Owner(lead, bool(chosen)) for key, lead, chosen in _each(desk, sql.owners_of, keys)}


def _chosen_owners(desk: Desk, keys: Collection[str]) -> dict[str, str]:
    """From those of `keys` that chosen entries list to the lead of the entry that owns them.

    An entry always owns its own lead, also where an earlier entry lists it too; other addresses are the first entry's that lists them.
    """
    owners: dict[str, str] = {}
    listed = sorted(_each(desk, sql.chosen_owners, keys), key=lambda row: (row[0] != row[1], row[2], row[3]))
    for key, lead, *_place in listed:
        owners.setdefault(key, lead)
    return owners


def _each(desk: Desk, statement: sql.ByMany, values: Collection[str]) -> Iterable[Sequence[Any]]:
    """The rows of a statement that takes a list, for a list of any length."""
    for batch in sql.batches(sorted(values)):
        yield from desk.rows(statement(len(batch)), *batch)
