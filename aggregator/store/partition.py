"""Which mentions are one story: pure, and a matter of the rows alone, so that the order of arrival changes nothing.

Addresses are joined by the mentions that name them: a mention joins its subject with its aliases, and what hangs together is one story.
A chosen entry is the one thing that is not joined further: it owns its addresses, and what hangs on two chosen entries goes to the nearer.
The store asks these functions about the few stories that a landing touches, never about all.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The addresses by which one mention names what it is about."""

    subject: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition(Generic[Name]):
    """Stories by their leads."""

    # From every address to the lead of its story.
    lead_of: Mapping[str, str]
    # From every mention to the lead of its story.
    places: Mapping[Name, str]


_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(left + right for left in _LETTERS for right in _LETTERS)


def story_id(lead: str) -> str:
    """Ten characters of [a-z2-7]: the first 50 bits of SHA-256 of the lead's key. 10,000 stories have two alike once in 20 million."""
    number = int.from_bytes(hashlib.sha256(lead.encode("utf-8", "surrogatepass")).digest()[:7], "big") >> 6
    return "".join([_PAIRS[number >> shift & 1023] for shift in (40, 30, 20, 10, 0)])


def partition(voices: Mapping[Name, Voice], owners: Mapping[str, str]) -> Partition[Name]:
    """The stories that `voices` make.

    Args:
        voices: mentions by whatever names them.
        owners: from every address of a chosen entry to the entry's lead.
    """
    if len(voices) == 1 and not owners:
        ((name, voice),) = voices.items()
        return Partition(lead_of=dict.fromkeys((voice.subject, *voice.aliases), voice.subject), places={name: voice.subject})
    neighbours = _neighbours(voices.values())
    lead_of = _spread(owners, neighbours)
    subjects = {voice.subject for voice in voices.values()}
    pointing = {alias for voice in voices.values() for alias in voice.aliases if alias != voice.subject}
    for key in neighbours:
        if key not in lead_of:
            together = _reachable(key, neighbours)
            lead_of.update(dict.fromkeys(together, _lead(together, subjects, pointing)))
    return Partition(lead_of=lead_of, places={name: lead_of[voice.subject] for name, voice in voices.items()})


def _neighbours(voices: Iterable[Voice]) -> dict[str, set[str]]:
    neighbours: dict[str, set[str]] = defaultdict(set)
    for voice in voices:
        around = neighbours[voice.subject]
        for alias in voice.aliases:
            around.add(alias)
            neighbours[alias].add(voice.subject)
    return neighbours


def _spread(owners: Mapping[str, str], neighbours: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Chosen leads carried outward one step at a time; where two arrive together, the smaller text wins."""
    lead_of, edge = dict(owners), dict(owners)
    while edge:
        reached: dict[str, str] = {}
        for key, lead in edge.items():
            for other in neighbours.get(key, ()):
                if other not in lead_of:
                    reached[other] = min(lead, reached.get(other, lead))
        lead_of.update(reached)
        edge = reached
    return lead_of


def _reachable(start: str, neighbours: Mapping[str, Collection[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for other in neighbours[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _lead(together: Collection[str], subjects: Collection[str], pointing: Collection[str]) -> str:
    """The smallest subject that is not itself another name of a subject: the page, and not the post that shares it."""
    candidates = [key for key in together if key in subjects]
    return min([key for key in candidates if key not in pointing] or candidates)
