"""Which works are compared: those that are found by each other's postings, and not all pairs."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from aggregator.model import Sketched, Work
from aggregator.pipeline._marks import of_person
from aggregator.pipeline.works import named_by

# A posting that more works than this have is a bot's, or words that everybody writes, and finds nobody: comparing all with all would cost
# their square, and comparing some would make stories depend on the order of arrival. What such works have in common beside it still counts.
CROWD: Final = 512
# Works of which each pair is soon compared.
_FEW: Final = 8
_POSTINGS_AT_ONCE: Final = 2_000_000


class SeriesOf:
    """Which works are of one series, remembered for works that are asked about again and again."""

    def __init__(self) -> None:
        self._known: dict[str, _Series | None] = {}

    def others(self, work: Work, found: Iterable[Work]) -> Iterator[Work]:
        """Of the works found for one those that `verdict` may join with it: not itself, and nothing of one series with it."""
        series = self._of(work)
        for one in found:
            if one is not work and (series is None or not _of_one_series(series, self._of(one))):
                yield one

    def _of(self, work: Work) -> _Series | None:
        if work.key not in self._known:
            self._known[work.key] = _series(work)
        return self._known[work.key]


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
            if len(members) > CROWD:
                continue
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
        for at, one in enumerate(members):
            mine = series[one]
            for other in members[at + 1 :]:
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
    if left[1] == right[1]:
        return False
    theirs = dict(right[1])
    return any(theirs.get(unit, value) != value for unit, value in left[1])
