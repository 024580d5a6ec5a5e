"""Which works are compared: those that are found by each other's postings, and not all pairs."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from aggregator.model import Sketched, Work
from aggregator.pipeline._marks import of_person
from aggregator.pipeline.works import named_by

# More works than this with one posting are a bot, or words that everybody writes: each is compared with so many before and after it in
# time, which keeps the cost linear. In such crowds alone a bond may depend on who was there when a work came; so the number is large,
# and what one person says on one place, which is never one thing, is passed over before it is compared.
CROWD: Final = 512
# Works of which each pair is soon compared.
_FEW: Final = 8
_POSTINGS_AT_ONCE: Final = 2_000_000
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def nearest(work: Work, found: Sequence[Work]) -> tuple[Work, ...]:
    """Of many works those that were published nearest to one, on either side; all where they are no crowd. Those that are of one series
    with it are left out."""
    if len(found) > CROWD:
        ordered = sorted((*found, work), key=_in_time)
        at = ordered.index(work)
        found = ordered[max(0, at - CROWD) : at + CROWD + 1]
    series = _series(work)
    return tuple(one for one in found if one is not work and not _of_one_series(series, _series(one)))


class Index:
    """Works by what they are found by, for comparing many at once; works keep the numbers in which they were added."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self._postings = array("q")
        self._owners = array("l")
        self._series: list[_Series | None] = []
        self._named: dict[str, list[int]] = defaultdict(list)

    def add(self, sketched: Sketched) -> None:
        """One more work."""
        number, work = len(self.works), sketched.work
        self.works.append(work)
        self._series.append(_series(work))
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
            # The bands of one text that is published again and again are one crowd, many times over.
            if len(members) > _FEW:
                crowd = hash(tuple(members))
                if crowd in crowds:
                    continue
                crowds.add(crowd)
            yield from self._among(members)
        if self._named:
            numbers = {work.key: number for number, work in enumerate(self.works) if work.key in self._named}
            yield from ((number, numbers[key]) for key, naming in self._named.items() if key in numbers for number in naming)

    def _among(self, members: Sequence[int]) -> Iterator[tuple[int, int]]:
        """The pairs of works that share a posting, without those of one series."""
        series = self._series
        first = series[members[0]]
        if first and len({series[number] for number in members}) == len(members) and all(_alike(first, series[one]) for one in members):
            return
        ordered = members if len(members) <= CROWD else sorted(members, key=lambda number: _in_time(self.works[number]))
        for at, one in enumerate(ordered):
            mine = series[one]
            for other in ordered[at + 1 : at + 1 + CROWD]:
                if not mine or not _of_one_series(mine, series[other]):
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


_Series = tuple[str | None, tuple[tuple[str, str], ...]]
"""The language of a work, and which of the things it is that each of its authors published on its place; nothing where nobody is named."""


def _series(work: Work) -> _Series | None:
    marks = of_person(work.marks)
    return (work.language, marks) if marks else None


def _alike(left: _Series | None, right: _Series | None) -> bool:
    """Whether the same people published them on the same place, in the same language."""
    return left is not None and right is not None and left[0] == right[0] and [one for one, _ in left[1]] == [one for one, _ in right[1]]


def _of_one_series(left: _Series | None, right: _Series | None) -> bool:
    """Whether two works are different things that one person published on one place, in one language: `verdict` never joins them."""
    if left is None or right is None or not (left[0] == right[0] or left[0] is None or right[0] is None):
        return False
    theirs = dict(right[1])
    return any(theirs.get(unit, value) != value for unit, value in left[1])


def _in_time(work: Work) -> tuple[datetime, str]:
    return work.published or _NEVER, work.key
