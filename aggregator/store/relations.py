"""Why addresses are one story, which stories are translations of which, and the ids that stories had: for all stories, or for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aggregator.model import Chosen, DecisionKind, Evidence, EvidenceKind, Mention
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.partition import by_strength
from aggregator.store.placing import arranging, each, owners_of
from aggregator.store.rows import Row, own_address
from aggregator.store.work_rows import bond_from_row
from aggregator.text.alias import kind_of_alias

# Addresses of one story whose mentions are quoted as evidence; thousands of posts may share one page.
_MOST_TOLD = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """By anchor of the story."""

    # What joins its addresses, beside what its mentions themselves name.
    evidence: Mapping[str, Sequence[Evidence]]
    # Ids that it had.
    former: Mapping[str, tuple[str, ...]]
    # Ids of its translations.
    translations: Mapping[str, tuple[str, ...]]


def relations(desk: Desk, ids: Mapping[str, str], *, only: str | None = None) -> Relations:
    """What is known of stories beside their mentions and links.

    Args:
        ids: by anchor, of the stories that are read.
        only: the anchor of one story.
    """
    evidence: dict[str, list[Evidence]] = defaultdict(list)
    translations: dict[str, set[str]] = defaultdict(set)
    others: dict[str, str] = dict(ids)
    for row in _bonds(desk, only):
        bond, left, right = bond_from_row(row), row[5], row[6]
        if left == right and bond.kind.joins:
            evidence[left].append(bond)
        elif left != right and not bond.kind.joins:
            others.update(_ids(desk, {left, right} - others.keys()))
            translations[left].add(others[right])
            translations[right].add(others[left])
    for anchor, bond in _merged(desk):
        evidence[anchor].append(bond)
    return Relations(
        evidence=evidence,
        former=_former(desk, ids, only),
        translations={anchor: tuple(sorted(found)) for anchor, found in translations.items()},
    )


def _bonds(desk: Desk, only: str | None) -> Iterable[Row]:
    """Bonds, each with the anchors of the stories of its two sides."""
    if only is None:
        return desk.rows(sql.BONDS_OF_STORIES)
    keys = {key for key, _anchor, _chosen in each(desk, sql.keys_of, {only})}
    return [row for statement in (sql.bonds_of_stories_from, sql.bonds_of_stories_to) for row in each(desk, statement, keys)]


def _ids(desk: Desk, anchors: Collection[str]) -> Iterator[tuple[str, str]]:
    return ((anchor, id_) for one in anchors for id_, anchor in desk.rows(sql.STORY_AT, one))


def _merged(desk: Desk) -> Iterator[tuple[str, Evidence]]:
    """What the steward merged and is one story, by its anchor."""
    merges = [one for _number, one in arranging(desk) if one.kind is DecisionKind.MERGE]
    owners = owners_of(desk, {key for one in merges for key in (one.subject, *one.others)})
    for merge in merges:
        for other in merge.others:
            if merge.subject in owners and other in owners and owners[merge.subject] == owners[other]:
                yield owners[other].anchor, _undirected(EvidenceKind.DECISION, merge.subject, other)


def _former(desk: Desk, ids: Mapping[str, str], only: str | None) -> Mapping[str, tuple[str, ...]]:
    current = set(ids.values())
    found: dict[str, set[str]] = defaultdict(set)
    for id_, anchor in desk.rows(sql.FORMER) if only is None else desk.rows(sql.FORMER_OF_STORY, only):
        if id_ not in current:
            found[anchor].add(id_)
    return {anchor: tuple(sorted(had)) for anchor, had in found.items()}


def evidence_of(
    anchor: str, voices: Sequence[Mention], chosen: Sequence[Chosen], bonds: Iterable[Evidence], *, later: Collection[str]
) -> tuple[Evidence, ...]:
    """Why the addresses of a story are one, strongest first, then by address.

    Args:
        later: addresses that were not known then.
    """
    told = _told(anchor, voices)
    if not chosen and not bonds:
        return tuple(sorted(told, key=by_strength)) if len(told) > 1 else tuple(told)
    found = {bond for bond in bonds if bond.left not in later and bond.right not in later}.union(told)
    found.update(_undirected(EvidenceKind.DECISION, one.links[0].key, link.key) for one in chosen for link in one.links[1:])
    return tuple(sorted(found, key=by_strength))


def _told(anchor: str, voices: Sequence[Mention]) -> list[Evidence]:
    """What mentions themselves name, once for each address: a post and the page that it shares or answers; two names of one thing."""
    told: dict[str, Evidence] = {}
    for voice in voices:
        aliases = voice.identity.aliases
        if not aliases:
            continue
        subject, own = voice.identity.subject, own_address(voice)
        if own != subject:
            named = own if own != anchor else subject
            if named not in told:
                told[named] = _undirected(EvidenceKind.SAME_URL, subject, own)
        for alias in aliases:
            named = alias if alias != anchor else own
            if alias != own and named not in told:
                told[named] = _undirected(kind_of_alias(voice.entry.enclosures, alias), own, alias)
        if len(told) >= _MOST_TOLD:
            break
    return list(told.values())[:_MOST_TOLD]


def _undirected(kind: EvidenceKind, one: str, other: str) -> Evidence:
    return Evidence(kind=kind, left=min(one, other), right=max(one, other))
