"""Which works are compared: those that are found by each other's postings, and not all pairs."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from aggregator.model import Sketched, Work
from aggregator.pipeline.works import named_by

# More works than this with one posting are a bot, or words that everybody writes: each is compared with those nearest in time only, so
# that the cost stays linear.
CROWD: Final = 32
_POSTINGS_AT_ONCE: Final = 2_000_000
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def nearest(work: Work, found: Sequence[Work]) -> tuple[Work, ...]:
    """Of many works those that were published nearest to one, on either side; all where they are no crowd."""
    if len(found) <= 2 * CROWD:
        return tuple(found)
    ordered = sorted((*found, work), key=_in_time)
    at = ordered.index(work)
    return tuple(one for one in ordered[max(0, at - CROWD) : at + CROWD + 1] if one is not work)


class Index:
    """Works by what they are found by, for comparing many at once; works keep the numbers in which they were added."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self._postings = array("q")
        self._owners = array("l")
        self._named: dict[str, list[int]] = defaultdict(list)

    def add(self, sketched: Sketched) -> None:
        """One more work."""
        number, work = len(self.works), sketched.work
        self.works.append(work)
        mirrored = set(sketched.postings) & set(sketched.probes)
        self._postings.extend(mirrored)
        self._owners.extend([number] * len(mirrored))
        for key in named_by(work):
            self._named[key].append(number)

    def pairs(self) -> Iterator[tuple[Work, Work]]:
        """Each two works of which one has a posting that is a probe of the other, once."""
        seen: set[int] = set()
        count = len(self.works)
        for left, right in self._numbers():
            low, high = (left, right) if left < right else (right, left)
            pair = low * count + high
            if low != high and pair not in seen:
                seen.add(pair)
                yield self.works[low], self.works[high]

    def _numbers(self) -> Iterator[tuple[int, int]]:
        crowds: set[int] = set()
        for members in self._groups():
            if len(members) > CROWD:
                # The bands of one text that is published again and again are one crowd, many times over.
                crowd = hash(tuple(members))
                if crowd not in crowds:
                    crowds.add(crowd)
                    yield from self._windows(members)
                continue
            for at, one in enumerate(members):
                for other in members[:at]:
                    yield other, one
        if self._named:
            numbers = {work.key: number for number, work in enumerate(self.works) if work.key in self._named}
            yield from ((number, numbers[key]) for key, naming in self._named.items() if key in numbers for number in naming)

    def _windows(self, members: Iterable[int]) -> Iterator[tuple[int, int]]:
        ordered = sorted(members, key=lambda number: _in_time(self.works[number]))
        for at, one in enumerate(ordered):
            for other in ordered[at + 1 : at + 1 + CROWD]:
                yield one, other

    def _groups(self) -> Iterator[list[int]]:
        """The works of each posting that has several; a share of the postings at a time, which bounds the memory."""
        shares = 1 + len(self._postings) // _POSTINGS_AT_ONCE
        for share in range(shares):
            first: dict[int, int] = {}
            more: dict[int, list[int]] = {}
            for posting, owner in zip(self._postings, self._owners, strict=True):
                if shares > 1 and posting % shares != share:
                    continue
                if posting in more:
                    more[posting].append(owner)
                elif posting in first:
                    more[posting] = [first[posting], owner]
                else:
                    first[posting] = owner
            yield from more.values()


def _in_time(work: Work) -> tuple[datetime, str]:
    return work.published or _NEVER, work.key
