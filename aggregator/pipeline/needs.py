"""What must occur in a text before a topic can match: the one account of it, for the glance at an entry and the look at bytes.

A needle is a run of letters, hyphens and white space taken away. Both places only ask whether needles occur; what follows from that is
decided here, so that neither can forget a kind of rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

# What names are worth is added up from decimal fractions: 0.7 + 0.2 + 0.1 is a little less than 1.
ENOUGH = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Needle:
    """Letters without which a rule cannot match."""

    text: str
    # White space may stand between any two of the letters.
    spaced: bool = False


Occurs = Callable[[Needle], bool]
"""Tells of a needle whether it may occur; False is a promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The needles of one topic."""

    # One is enough.
    alone: tuple[Needle, ...] = ()
    # Both of one pair are enough.
    pairs: tuple[tuple[Needle, Needle], ...] = ()
    # One needle of a group is enough for what the group is worth; the worth of all groups is added up. Dearest first.
    weighed: tuple[tuple[tuple[Needle, ...], float], ...] = ()

    def needles(self) -> Iterable[Needle]:
        """All of them, each once."""
        grouped = (needle for group, _worth in self.weighed for needle in group)
        return dict.fromkeys((*self.alone, *(needle for pair in self.pairs for needle in pair), *grouped))

    def first(self) -> Iterable[Needle]:
        """Needles of which at least one occurs where the topic can match."""
        return (*self.alone, *(pair[0] for pair in self.pairs), *(needle for group, _worth in self.weighed for needle in group))

    def met(self, occurs: Occurs) -> bool:
        """False when the topic cannot match."""
        for needle in self.alone:
            if occurs(needle):
                return True
        for left, right in self.pairs:
            if occurs(left) and occurs(right):
                return True
        return bool(self.weighed) and self._heavy(occurs)

    def _heavy(self, occurs: Occurs) -> bool:
        found, left = 0.0, sum(worth for _group, worth in self.weighed)
        for group, worth in self.weighed:
            if found + left < ENOUGH:
                return False
            left -= worth
            if any(map(occurs, group)):
                found += worth
                if found >= ENOUGH:
                    return True
        return False
