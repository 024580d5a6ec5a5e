"""Which mentions are one story: pure, and a matter of the rows alone, so that the order of arrival changes nothing.

What joins addresses, strongest first: what the steward merged; what a chosen entry lists; what a mention names, its subject and its
aliases; bonds, in the order of their strength. What keeps them apart: the steward's splits, two chosen entries, and works that cannot be
one. Each tie is asked in turn whether the two groups it would join may be one (Kruskal's way, with constraints); what is refused once
stays refused. The store asks these functions about the few stories that a change touches, and sometimes about all of them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from aggregator.model import Decision, DecisionKind, Evidence, EvidenceKind, Work
from aggregator.store.groups import Groups, traits_of

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The addresses by which one mention names what it is about."""

    subject: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition(Generic[Name]):
    """Stories by their anchors."""

    # From every address to the anchor of its story; addresses that hang together without a voice or a chosen entry are no story.
    anchor_of: Mapping[str, str]
    # From every mention to the anchor of its story.
    places: Mapping[Name, str]


# Version of what this module and `groups.py` decide; when it grows, everything is clustered again.
RULES = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(left + right for left in _LETTERS for right in _LETTERS)
# As they are told of, strongest first; but what the steward said outranks them all.
_STRENGTH = {kind: order for order, kind in enumerate(EvidenceKind)} | {EvidenceKind.DECISION: -1}
_LATE = datetime.max.replace(tzinfo=UTC)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def story_id(anchor: str) -> str:
    """Ten characters of [a-z2-7]: the first 50 bits of SHA-256 of the anchor. 10,000 stories have two alike once in 20 million."""
    number = int.from_bytes(hashlib.sha256(anchor.encode("utf-8", "surrogatepass")).digest()[:7], "big") >> 6
    return "".join([_PAIRS[number >> shift & 1023] for shift in (40, 30, 20, 10, 0)])


def by_strength(bond: Evidence) -> tuple[int, float, str, str]:
    """Sorts evidence: strongest first, then by address."""
    return _STRENGTH[bond.kind], -bond.score, bond.left, bond.right


def apart(left: Work, right: Work) -> bool:
    """Whether two works cannot be one thing: instalments of a series that differ, or two languages."""
    one, other = traits_of(left), traits_of(right)
    return any(one[trait] != other[trait] for trait in one.keys() & other.keys())


def partition(
    voices: Mapping[Name, Voice],
    owners: Mapping[str, str],
    *,
    bonds: Iterable[Evidence] = (),
    works: Mapping[str, Work] = _NOTHING,
    decided: Sequence[Decision] = (),
    since: Mapping[str, datetime] = _NOTHING,
) -> Partition[Name]:
    """The stories that `voices` make.

    Args:
        voices: mentions by whatever names them.
        owners: from every address of a chosen entry to the entry's lead, the leads in the order of their entries.
        bonds: what joins nothing is passed over.
        works: by address, those that there are.
        decided: splits and merges, oldest first; others are passed over. A newer one outranks an older one that it contradicts.
        since: when addresses that are or were subjects were first seen; a story keeps the address of the one that was first.
    """
    ties = sorted((bond for bond in bonds if bond.kind.joins), key=by_strength)
    if len(voices) == 1 and not owners and not ties and not decided and not since:
        ((name, voice),) = voices.items()
        return Partition(anchor_of=dict.fromkeys((voice.subject, *voice.aliases), voice.subject), places={name: voice.subject})
    groups = Groups()
    _decide(groups, decided)
    _own(groups, owners)
    _hear(groups, voices.values())
    if ties:
        _bind(groups, ties, works)
    keys = {key for voice in voices.values() for key in (voice.subject, *voice.aliases)}.union(owners)
    keys.update(key for bond in ties for key in (bond.left, bond.right))
    keys.update(key for decision in decided if decision.kind is DecisionKind.MERGE for key in (decision.subject, *decision.others))
    anchor_of = _anchored(groups, keys, voices.values(), since)
    return Partition(anchor_of=anchor_of, places={name: anchor_of[voice.subject] for name, voice in voices.items()})


def _decide(groups: Groups, decided: Sequence[Decision]) -> None:
    """Newest first: what would undo a newer decision is void."""
    for decision in reversed(decided):
        if decision.kind is DecisionKind.MERGE:
            for other in decision.others:
                if not groups.split(decision.subject, other):
                    groups.join(decision.subject, other)
        elif decision.kind is DecisionKind.SPLIT and decision.others and groups.find(decision.subject) != groups.find(decision.others[0]):
            groups.divide(decision.subject, decision.others[0])


def _own(groups: Groups, owners: Mapping[str, str]) -> None:
    """Chosen entries get their addresses; one that was split off another address of its entry leaves, and that one stays."""
    leads = tuple(dict.fromkeys(owners.values()))
    for key, lead in sorted(owners.items(), key=lambda pair: (groups.is_split_off(pair[0]), pair)):
        if not groups.split(key, lead):
            groups.join(key, lead)
    for lead in reversed(leads):
        groups.choose(lead)


def _hear(groups: Groups, voices: Iterable[Voice]) -> None:
    """Join what mentions name. What hangs on two groups that stay apart goes to the nearer one, then to the smaller text."""
    edges = {(groups.find(voice.subject), groups.find(alias)) for voice in voices for alias in voice.aliases}
    if not groups.rooted:
        for left, right in edges:
            groups.join(left, right)
        return
    neighbours: dict[str, set[str]] = defaultdict(set)
    for left, right in edges:
        if left != right:
            neighbours[left].add(right)
            neighbours[right].add(left)
    root_of, far = _spread(groups, neighbours)
    for key, root in root_of.items():
        if key != root:
            groups.join(key, root)
    across = [(far.get(left, 0) + far.get(right, 0), min(left, right), max(left, right)) for left, right in edges if left != right]
    for _length, left, right in sorted(across):
        if groups.may_join(left, right):
            groups.join(left, right)


def _spread(groups: Groups, neighbours: Mapping[str, Collection[str]]) -> tuple[dict[str, str], dict[str, int]]:
    """Roots carried outward one step at a time: from what they reach to the root, and to the number of steps.

    Where two arrive together, the smaller text wins.
    """
    edge = {root: groups.name_of(root) for root in groups.roots()}
    names = {name: root for root, name in edge.items()}
    root_of, far, steps = dict(edge), dict.fromkeys(edge, 0), 0
    while edge:
        steps += 1
        reached: dict[str, str] = {}
        for key, name in edge.items():
            for other in neighbours.get(key, ()):
                if other not in root_of:
                    reached[other] = min(name, reached.get(other, name))
        root_of.update(reached)
        far.update(dict.fromkeys(reached, steps))
        edge = reached
    return {key: names[name] for key, name in root_of.items()}, far


def _bind(groups: Groups, ties: Iterable[Evidence], works: Mapping[str, Work]) -> None:
    """Join by bonds, strongest first, what no decision, no chosen entry and no work keeps apart."""
    for key, work in works.items():
        groups.describe(key, work)
    for bond in ties:
        if groups.may_join(bond.left, bond.right):
            groups.join(bond.left, bond.right)


def _anchored(groups: Groups, keys: Iterable[str], voices: Collection[Voice], since: Mapping[str, datetime]) -> dict[str, str]:
    """From addresses to the anchors of their stories.

    A chosen entry's story has its lead. Of the others the anchor is the subject that was seen first, then the smaller text; not one that is
    itself another name of a subject: the page, and not the post that shares it. An address that was a subject before its entry moved, and
    is but another name now, counts as if it still were one: a story keeps its address when a site moves house.
    """
    subjects = {voice.subject for voice in voices}
    pointing = {alias for voice in voices for alias in voice.aliases if alias != voice.subject}
    doubtful = pointing & subjects
    anchors: dict[str, tuple[bool, datetime, str]] = {}
    for subject in subjects:
        group, rank = groups.find(subject), (subject in doubtful, since.get(subject, _LATE), subject)
        if group not in anchors or rank < anchors[group]:
            anchors[group] = rank
    for alias in (pointing - subjects) & since.keys():
        group = groups.find(alias)
        if group in anchors:
            anchors[group] = min(anchors[group], (False, since[alias], alias))
    found = {group: anchor for group, (_pointing, _since, anchor) in anchors.items()} | dict(groups.chosen())
    return {key: found[group] for key, group in _with_groups(groups, keys) if group in found}


def _with_groups(groups: Groups, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((key, groups.find(key)) for key in keys)
