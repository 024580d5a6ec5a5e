"""Which mentions are one story: works are compared, and `store.partition` makes stories of what names, bonds and decisions say. Pure.

Two ways to the same stories: `cluster` compares many mentions at once, in memory; `settle` compares what is due with what the store finds
for it. Both ask `work_of` and `verdict`, and both let `partition` decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Evidence, Kind, Material, Mention, Sketched, Work
from aggregator.pipeline._candidates import CROWD, Index, SeriesOf
from aggregator.pipeline.alike import verdict
from aggregator.pipeline.works import work_of
from aggregator.store import Works
from aggregator.store.partition import Partition, Voice, by_strength, partition, story_id
from aggregator.text.urls import canonical

__all__ = ["Clustered", "bonds_between", "cluster", "is_first_hand", "settle", "story_id", "subjects_of"]

# Works that are made and compared in one transaction.
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustered:
    """Mentions with their stories."""

    # The id of the story of each mention, in the order in which the mentions were given.
    stories: tuple[str, ...]
    # Evidence between addresses, strongest first, then by address; also what joins nothing.
    bonds: tuple[Evidence, ...]


def cluster(mentions: Sequence[Mention]) -> Clustered:
    """The stories of mentions, from nothing but each other; the order of the mentions does not matter.

    A story is named after its oldest subject, by the times at which their mentions were first seen.
    """
    since: dict[str, datetime] = {}
    for mention in mentions:
        subject = mention.identity.subject
        since[subject] = min(since.get(subject, mention.first_seen_at), mention.first_seen_at)
    index = Index()
    for material in subjects_of(mentions):
        sketched = work_of(material)
        if sketched is not None:
            index.add(sketched)
    bonds = bonds_between(index)
    voices = {number: Voice(subject=mention.identity.subject, aliases=mention.identity.aliases) for number, mention in enumerate(mentions)}
    works = {work.key: work for work in index.works}
    made = partition(voices, {}, bonds=bonds, works=works, since=since)
    anchors = [_heard_in(mention, made) or made.places[number] for number, mention in enumerate(mentions)]
    ids = {anchor: story_id(anchor) for anchor in set(anchors)}
    return Clustered(stories=tuple(ids[anchor] for anchor in anchors), bonds=bonds)


def _heard_in(mention: Mention, made: Partition[int]) -> str | None:
    """The anchor of the story to which all the pages belong that a post shares; None where they are of several, or not all there.

    The store shows such a post in the story of each of its pages; here a mention has one story to be in.
    """
    anchors = {made.anchor_of.get(page) for page in mention.identity.shares}
    return anchors.pop() if len(anchors) == 1 else None


def subjects_of(mentions: Iterable[Mention]) -> Iterable[Material]:
    """What works are made of: by address, the mentions that are what stands there. A post that shares one page is not."""
    found: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if is_first_hand(mention):
            found[mention.identity.subject].append(mention)
    return (Material(key=key, mentions=tuple(sorted(there, key=_age))) for key, there in found.items())


def is_first_hand(mention: Mention) -> bool:
    """Whether an entry is what stands at its subject, and no voice about it: then its own address is no mere alias."""
    identity = mention.identity
    if mention.entry.kind not in (Kind.POST, Kind.COMMENT) or not identity.aliases:
        return True
    return canonical(mention.entry.url).key == identity.subject


def _age(mention: Mention) -> tuple[datetime, str, str]:
    return mention.first_seen_at, mention.source, mention.entry.native_id


def bonds_between(index: Index) -> tuple[Evidence, ...]:
    """The evidence that comparing works gives."""
    verdicts = (verdict(left, right) for left, right in index.pairs())
    return tuple(sorted((one.evidence for one in verdicts if one.evidence is not None), key=by_strength))


def settle(works: Works, limit: int = 10_000) -> int:
    """Make the works that are due anew and compare them with what is found for them; gives how many addresses were done.

    Args:
        limit: of addresses; the rest stays due.
    """
    done = 0
    while done < limit:
        due = works.due(min(_BATCH, limit - done))
        if not due:
            break
        _settled(works, due)
        done += len(due)
    return done


def _settled(works: Works, due: Sequence[Material]) -> None:
    made = {material.key: work_of(material) for material in due}
    fresh = [sketched for sketched in made.values() if sketched is not None]
    found = works.found_by({probe for one in fresh for probe in one.probes}, most=CROWD)
    others = {posting: [work for work in there if work.key not in made] for posting, there in found.items() if there}
    crowds = [posting for posting, there in found.items() if not there]
    gone = [key for key, sketched in made.items() if sketched is None]
    works.put(fresh, bonds_of(fresh, others, but=crowds), gone=gone, crowds=crowds)


def bonds_of(fresh: Sequence[Sketched], others: Mapping[int, Sequence[Work]], *, but: Collection[int] = ()) -> tuple[Evidence, ...]:
    """The evidence between fresh works, and between them and those that their probes find.

    Args:
        others: works that are not fresh, by posting.
        but: postings that are everybody's and find nobody.
    """
    holders: dict[int, dict[str, Work]] = {posting: {one.key: one for one in there} for posting, there in others.items()}
    for sketched in fresh:
        for posting in sketched.postings:
            holders.setdefault(posting, {})[sketched.work.key] = sketched.work
    crowds = {posting for posting, there in holders.items() if len(there) > CROWD}.union(but)
    found: dict[tuple[str, str], Evidence] = {}
    series = SeriesOf()
    for sketched in fresh:
        work = sketched.work
        there: dict[str, Work] = {}
        for probe in sketched.probes:
            if probe in holders and probe not in crowds:
                there.update(holders[probe])
        for other in series.others(work, there.values()):
            evidence = verdict(work, other).evidence
            if evidence is not None:
                found[evidence.left, evidence.right] = evidence
    return tuple(sorted(found.values(), key=by_strength))
