"""Stories kept right inside a transaction: of all the rows, only those are read that hang together with what changes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from aggregator.model import Decision, DecisionKind, Evidence
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.partition import Partition, Voice, partition, story_id
from aggregator.store.rows import aliases_from_text
from aggregator.store.work_rows import bond_from_row, work_from_row

Name = tuple[str, str]
"""Source and native id of a mention."""


class Owner(NamedTuple):
    """A story that an address belongs to."""

    anchor: str
    # The anchor is a chosen entry's, which no mention can change.
    chosen: bool


class Placed(NamedTuple):
    """What placing gave."""

    # The anchors of the stories of the mentions that come.
    anchors: Mapping[Name, str]
    # How many mentions that stay changed their story.
    moved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Everything that hangs together with what changes, as it was."""

    owners: dict[str, Owner] = field(default_factory=dict)
    voices: dict[Name, Voice] = field(default_factory=dict)
    stood: dict[Name, str] = field(default_factory=dict)
    bonds: set[Evidence] = field(default_factory=set)
    # From addresses of chosen entries to the leads, in the order of the entries.
    listed: dict[str, tuple[bool, int, int, str]] = field(default_factory=dict)
    decided: Sequence[tuple[int, Decision]] = ()
    # Every address that was looked at.
    keys: set[str] = field(default_factory=set)


def place(desk: Desk, coming: Mapping[Name, Voice], *, leaving: Mapping[Name, str | None], keys: Collection[str] = ()) -> Placed:
    """Write the stories, keys, and places of mentions that follow from a change.

    Args:
        coming: mentions whose rows will be written afterwards.
        leaving: mentions that are withdrawn or come changed, with the anchor of their story until now; their rows no longer name it.
        keys: addresses of which something else has changed: a chosen entry, a bond, a work, a split or a merge.
    """
    if not coming and not leaving and not keys:
        return Placed({})
    named = {key for voice in coming.values() for key in named_by(voice)}
    owners = owners_of(desk, named.union(keys))
    decided = arranging(desk)
    if not leaving and not keys:
        places = _quickly(desk, coming, owners, decided)
        if places is not None:
            return Placed(places)
    scene = _Scene(decided=decided)
    _gather(desk, scene, named.union(keys), apart=coming.keys() | leaving.keys(), anchors={anchor for anchor in leaving.values() if anchor})
    return _rearranged(desk, scene, coming)


def named_by(voice: Voice) -> tuple[str, ...]:
    """The addresses that a mention names."""
    return (voice.subject, *voice.aliases)


# -- the common case


def _quickly(
    desk: Desk, coming: Mapping[Name, Voice], owners: Mapping[str, Owner], decided: Sequence[tuple[int, Decision]]
) -> Mapping[Name, str] | None:
    """The places of mentions that each join one story without changing its anchor, or make a new one; None when any does otherwise."""
    places: dict[Name, str] = {}
    found: dict[str, str] = {}
    loose: dict[Name, Voice] = {}
    for name, voice in coming.items():
        known = [owners[key] for key in named_by(voice) if key in owners]
        if not known:
            loose[name] = voice
            continue
        owner = known[0]
        if len(set(known)) > 1 or not (owner.chosen or owner.anchor == voice.subject):
            return None
        new = [key for key in named_by(voice) if key not in owners]
        if any(found.get(key, owner.anchor) != owner.anchor for key in new):
            return None
        # A way between two known addresses could bring what hangs between two roots nearer to the other one.
        if (owner.chosen or decided) and (len(known) > 1 or not found.keys().isdisjoint(new)):
            return None
        places[name] = owner.anchor
        found.update(dict.fromkeys(new, owner.anchor))
    fresh = {key for voice in loose.values() for key in named_by(voice)}
    if not fresh.isdisjoint(found) or _tied(desk, fresh.union(found), decided) or since_of(desk, _only_named(coming).intersection(found)):
        return None
    made = _oldest_first(desk, loose)
    found.update(made.anchor_of)
    places.update(made.places)
    anchors = dict.fromkeys(made.places.values())
    desk.many(sql.add(schema.story), [(anchor, story_id(anchor), False) for anchor in anchors])
    desk.many(sql.add(schema.story_key), list(found.items()))
    return places


def _tied(desk: Desk, keys: set[str], decided: Sequence[tuple[int, Decision]]) -> bool:
    """Whether anything but mentions speaks of addresses that no story has."""
    if any(not keys.isdisjoint((decision.subject, *decision.others)) for _number, decision in decided):
        return True
    if not desk.rows(sql.ANY_BOND, 1):
        return False
    return any(desk.rows(sql.bound_keys(len(batch)), *batch, *batch) for batch in sql.batches(sorted(keys)))


def _oldest_first(desk: Desk, loose: Mapping[Name, Voice]) -> Partition[Name]:
    """The stories of mentions that nothing known hangs on; their age is asked for only where it decides."""
    made = partition(loose, {})
    subjects: dict[str, set[str]] = defaultdict(set)
    for name, anchor in made.places.items():
        subjects[anchor].add(loose[name].subject)
    rivals = {subject for together in subjects.values() if len(together) > 1 for subject in together}
    since = since_of(desk, rivals.union(_only_named(loose)))
    return partition(loose, {}, since={**since_of(desk, {voice.subject for voice in loose.values()}), **since}) if since else made


def _only_named(voices: Mapping[Name, Voice]) -> set[str]:
    """Addresses that are aliases and no subjects; one that was a subject once may be what its story is called after."""
    return {key for voice in voices.values() for key in voice.aliases} - {voice.subject for voice in voices.values()}


# -- every other case


def _gather(desk: Desk, scene: _Scene, start: Collection[str], *, apart: Collection[Name], anchors: set[str]) -> None:
    """Fill `scene` with the stories named, and with all that mentions, bonds, entries and decisions tie to them, without `apart`."""
    waiting, seen = set(start), set[str]()
    while waiting or anchors:
        scene.keys.update(waiting)
        owners = owners_of(desk, waiting)
        scene.owners.update(owners)
        anchors = (anchors | {owner.anchor for owner in owners.values()}) - seen
        seen |= anchors
        found = _ties(desk, scene, waiting) | _members(desk, scene, anchors, apart)
        waiting, anchors = found - scene.keys, set()


def _members(desk: Desk, scene: _Scene, anchors: Collection[str], apart: Collection[Name]) -> set[str]:
    """The addresses of some stories, and those that their mentions name."""
    found: set[str] = set()
    for key, anchor, chosen in each(desk, sql.keys_of, anchors):
        scene.owners[key] = Owner(anchor, bool(chosen))
        found.add(key)
    for source, native_id, anchor, subject, aliases in each(desk, sql.voices_of, anchors):
        if (source, native_id) not in apart:
            voice = scene.voices[source, native_id] = Voice(subject=subject, aliases=aliases_from_text(aliases))
            scene.stood[source, native_id] = anchor
            found.update(named_by(voice))
    return found


def _ties(desk: Desk, scene: _Scene, keys: set[str]) -> set[str]:
    """The addresses that bonds, chosen entries and decisions tie to `keys`."""
    found: set[str] = set()
    for statement in (sql.bonds_from, sql.bonds_to):
        for row in each(desk, statement, keys):
            bond = bond_from_row(row)
            scene.bonds.add(bond)
            found.update((bond.left, bond.right))
    for key, place_ in chosen_places(desk, keys).items():
        scene.listed[key] = place_
        found.add(place_[-1])
    for _number, decision in scene.decided:
        named = (decision.subject, *decision.others)
        if not keys.isdisjoint(named):
            found.update(named)
    return found


def _rearranged(desk: Desk, scene: _Scene, coming: Mapping[Name, Voice]) -> Placed:
    voices = {**scene.voices, **coming}
    made = partition_of(desk, voices, scene.listed, scene.bonds, [decision for _number, decision in _relevant(scene)])
    fixed = {place_[-1] for place_ in scene.listed.values()}
    moved = [(made.places[name], *name) for name, anchor in scene.stood.items() if made.places[name] != anchor]
    write(desk, scene.owners, made, fixed, moved)
    return Placed({name: made.places[name] for name in coming}, len(moved))


def _relevant(scene: _Scene) -> list[tuple[int, Decision]]:
    return [(number, decision) for number, decision in scene.decided if decision.subject in scene.keys]


def partition_of(
    desk: Desk,
    voices: Mapping[Name, Voice],
    listed: Mapping[str, tuple[bool, int, int, str]],
    bonds: Collection[Evidence],
    decided: Sequence[Decision],
) -> Partition[Name]:
    """The partition of some mentions with all that is known of their addresses.

    Args:
        listed: the places of addresses in chosen entries, see `chosen_places`.
    """
    owners = {key: place_[-1] for key, place_ in sorted(listed.items(), key=lambda pair: (pair[1][1:], pair[0]))}
    works = {}
    if bonds:
        bound = {key for bond in bonds for key in (bond.left, bond.right)}.union(*map(named_by, voices.values()), owners)
        works = {work.key: work for work in map(work_from_row, each(desk, sql.works_by_key, bound))}
    named = {key for voice in voices.values() for key in named_by(voice)}
    since = since_of(desk, named) if len(named) > 1 else {}
    return partition(voices, owners, bonds=bonds, works=works, decided=decided, since=since)


def write(
    desk: Desk, owners: Mapping[str, Owner], made: Partition[Name], fixed: Collection[str], moved: Sequence[tuple[str, str, str]]
) -> None:
    """Write what differs from before: stories, keys, the places of mentions, and where addresses of stories that are gone lead to.

    Args:
        owners: what every address belonged to.
        fixed: leads of chosen entries.
        moved: mentions with the anchors of their new stories.
    """
    before = {owner.anchor: owner.chosen for owner in owners.values()}
    after = {anchor: anchor in fixed for anchor in made.anchor_of.values()}
    fresh = [anchor for anchor in after if anchor not in before]
    gone = [anchor for anchor in before if anchor not in after]
    desk.many(sql.add(schema.story), [(anchor, story_id(anchor), after[anchor]) for anchor in fresh])
    desk.many(sql.MARK_STORY, [(chosen, anchor) for anchor, chosen in after.items() if before.get(anchor, chosen) != chosen])
    desk.many(sql.add(schema.story_key), [(key, anchor) for key, anchor in made.anchor_of.items() if key not in owners])
    others = [(anchor, key) for key, anchor in made.anchor_of.items() if key in owners and owners[key].anchor != anchor]
    desk.many(sql.OWN_KEY, others)
    lost = [key for key in owners if key not in made.anchor_of]
    desk.many(sql.drop(schema.story_key.c.key), [(key,) for key in lost])
    desk.many(sql.PLACE, moved)
    desk.many(sql.drop(schema.story.c.anchor), [(anchor,) for anchor in gone])
    _settle_former(desk, _heirs(owners, made.anchor_of, gone), fresh)
    if lost:
        _lead_elsewhere(desk, _heirs(owners, made.anchor_of, lost, by_key=True))


# -- where addresses of stories that are gone lead to


def _heirs(owners: Mapping[str, Owner], after: Mapping[str, str], wanted: Collection[str], *, by_key: bool = False) -> dict[str, str]:
    """For stories by their anchors (or for addresses), the address that now stands for them, where there is one.

    Their own, as long as a story has it; else the smallest of their story's addresses that one has.
    """
    staying: dict[str, str] = {}
    for key in sorted(owners, reverse=True):
        if key in after:
            staying[owners[key].anchor] = key
    heirs = {}
    for one in wanted:
        heir = one if one in after else staying.get(owners[one].anchor if by_key else one)
        if heir is not None:
            heirs[one] = heir
    return heirs


def _settle_former(desk: Desk, gone: Mapping[str, str], fresh: Collection[str]) -> None:
    """Remember the ids of stories that are gone, by anchor with their heirs, and forget those that are a story's own again."""
    ids = [(story_id(anchor), key) for anchor, key in gone.items()]
    desk.many(sql.drop(schema.former.c.id), [(story_id(anchor),) for anchor in fresh] + [(id_,) for id_, _key in ids])
    desk.many(sql.add(schema.former), ids)


def _lead_elsewhere(desk: Desk, heirs: Mapping[str, str]) -> None:
    """What led to addresses that no story has any more leads to their heirs."""
    desk.many(sql.MOVE_FORMER, [(heir, key) for key, heir in heirs.items()])


# -- rows


def arranging(desk: Desk) -> list[tuple[int, Decision]]:
    """Splits and merges with their numbers, oldest first."""
    return [
        (number, Decision(kind=DecisionKind(kind), subject=subject, others=tuple(json.loads(others))))
        for number, kind, subject, others in desk.rows(sql.ARRANGING)
    ]


def owners_of(desk: Desk, keys: Collection[str]) -> dict[str, Owner]:
    """From those of `keys` that a story has to that story."""
    return {key: Owner(anchor, bool(chosen)) for key, anchor, chosen in each(desk, sql.owners_of, keys)}


def chosen_places(desk: Desk, keys: Collection[str]) -> dict[str, tuple[bool, int, int, str]]:
    """Where those of `keys` stand that chosen entries list: False for an entry's own lead, rank of the origin, position, lead.

    An entry always owns its own lead, also where an earlier entry lists it too; other addresses are the first entry's that lists them.
    """
    places: dict[str, tuple[bool, int, int, str]] = {}
    for key, lead, rank, position in each(desk, sql.chosen_owners, keys):
        place_ = (key != lead, rank, position, lead)
        places[key] = min(place_, places.get(key, place_))
    return places


def since_of(desk: Desk, keys: Collection[str]) -> dict[str, datetime]:
    """When those of `keys` that are links were first seen."""
    return {key: datetime.fromisoformat(since) for key, since in each(desk, sql.links_since, keys)} if keys else {}


def each(desk: Desk, statement: sql.ByMany, values: Collection[str]) -> Iterable[Sequence[Any]]:
    """The rows of a statement that takes a list, for a list of any length."""
    for batch in sql.batches(sorted(values)):
        yield from desk.rows(statement(len(batch)), *batch)
