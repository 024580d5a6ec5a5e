"""Addresses joined into groups, and what each group must know so that two can be asked whether they may be one, whatever their size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from aggregator.model import Work


def traits_of(work: Work) -> Mapping[str, frozenset[str]]:
    """What sets a work apart from others: its marks by their unit, and its language. Two that both have a trait must have the same."""
    found: dict[str, set[str]] = defaultdict(set)
    for mark in work.marks:
        unit, _, number = mark.partition(":")
        found[unit].add(number)
    if work.language:
        found["language"].add(work.language)
    return {trait: frozenset(values) for trait, values in found.items()}


class Groups:
    """Disjoint groups of addresses; one that was never named is a group by itself. A group goes by its smallest address.

    Source: union by representative with path compression, as in Tarjan, "Efficiency of a Good But Not Linear Set Union Algorithm", 1975.
    """

    __slots__ = ("_above", "_chosen", "_foes", "_leaving", "_split", "_traits")

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        # From groups to the lead of the chosen entry whose story they are.
        self._chosen: dict[str, str] = {}
        # From addresses to those they were split from, and from groups to their addresses that were split from others.
        self._foes: dict[str, set[str]] = defaultdict(set)
        self._split: dict[str, set[str]] = {}
        self._leaving: set[str] = set()
        # From groups to what their works have, by trait: each work's values once.
        self._traits: dict[str, dict[str, frozenset[frozenset[str]]]] = {}

    def find(self, key: str) -> str:
        """The group of an address."""
        above = self._above
        top = key
        while (higher := above.get(top)) is not None:
            top = higher
        while key != top:
            above[key], key = top, above[key]
        return top

    def join(self, left: str, right: str) -> None:
        """Make the groups of two addresses one, whatever speaks against it."""
        one, other = sorted((self.find(left), self.find(right)))
        if one == other:
            return
        self._above[other] = one
        if other in self._chosen:
            self._chosen.setdefault(one, self._chosen.pop(other))
        if other in self._split:
            self._split[one] = self._split.get(one, set()) | self._split.pop(other)
        if other in self._traits:
            self._traits[one] = _together(self._traits.get(one, {}), self._traits.pop(other))

    # -- what stays apart

    def divide(self, key: str, other: str) -> None:
        """The groups of two addresses are never to be one; `key` is what leaves, where something else holds both."""
        self._leaving.add(key)
        for one, foe in ((key, other), (other, key)):
            self._foes[one].add(foe)
            self._split.setdefault(self.find(one), set()).add(one)

    def is_split_off(self, key: str) -> bool:
        """Whether an address is one that leaves."""
        return key in self._leaving

    def split(self, left: str, right: str) -> bool:
        """Whether the steward keeps the groups of two addresses apart."""
        one, other = self.find(left), self.find(right)
        if one == other or one not in self._split or other not in self._split:
            return False
        fewer, more = sorted((one, other), key=lambda group: len(self._split[group]))
        return any(self.find(foe) == more for key in self._split[fewer] for foe in self._foes[key])

    def choose(self, lead: str) -> None:
        """The group of an address is a chosen entry's story; of several entries the one that was named last counts."""
        self._chosen[self.find(lead)] = lead

    def chosen(self) -> Mapping[str, str]:
        """From groups to the leads of chosen entries."""
        return self._chosen

    def describe(self, key: str, work: Work) -> None:
        """What the work at an address has sets its whole group apart from others."""
        traits = {trait: frozenset((values,)) for trait, values in traits_of(work).items()}
        if traits:
            group = self.find(key)
            self._traits[group] = _together(self._traits.get(group, {}), traits)

    def may_join(self, left: str, right: str) -> bool:
        """Whether nothing keeps the groups of two addresses apart; False when they are one already."""
        one, other = self.find(left), self.find(right)
        if one == other or (one in self._chosen and other in self._chosen) or self.split(one, other):
            return False
        here, there = self._traits.get(one, {}), self._traits.get(other, {})
        return all(len(here[trait] | there[trait]) == 1 for trait in here.keys() & there.keys())

    # -- where groups begin

    @property
    def rooted(self) -> bool:
        """Whether any group may have to stay apart from another."""
        return bool(self._chosen or self._split)

    def roots(self) -> Iterable[str]:
        """The groups that may have to stay apart from another."""
        return self._chosen.keys() | self._split.keys()

    def name_of(self, root: str) -> str:
        """A root's own address: the lead of a chosen entry, else the smallest that was split from another."""
        return self._chosen.get(root) or min(self._split[root])


def _together(
    one: Mapping[str, frozenset[frozenset[str]]], other: Mapping[str, frozenset[frozenset[str]]]
) -> dict[str, frozenset[frozenset[str]]]:
    return dict(_united(one, other))


def _united(
    one: Mapping[str, frozenset[frozenset[str]]], other: Mapping[str, frozenset[frozenset[str]]]
) -> Iterator[tuple[str, frozenset[frozenset[str]]]]:
    nothing: frozenset[frozenset[str]] = frozenset()
    for trait in one.keys() | other.keys():
        yield trait, one.get(trait, nothing) | other.get(trait, nothing)
