"""Precision and recall of decisions and of partitions, counted exactly; rounding is left to whoever prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one or many cases counted; tallies are added up before anything is divided."""

    # Things that are so and were found to be (for a partition: pairs of items).
    found: int = 0
    # Things that were found to be so and are not.
    invented: int = 0
    # Things that are so and were not found to be.
    missed: int = 0
    # Items of partitions, and the sums of what each of them scores by B-cubed.
    items: int = 0
    item_precision: Fraction = Fraction(0)
    item_recall: Fraction = Fraction(0)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            found=self.found + other.found,
            invented=self.invented + other.invented,
            missed=self.missed + other.missed,
            items=self.items + other.items,
            item_precision=self.item_precision + other.item_precision,
            item_recall=self.item_recall + other.item_recall,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision, recall and their harmonic mean, 0 to 1."""

    precision: Fraction
    recall: Fraction

    @property
    def f1(self) -> Fraction:
        """0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else Fraction(0)


def decided(*, truth: bool, found: bool) -> Tally:
    """One yes or no."""
    return Tally(found=truth and found, invented=found and not truth, missed=truth and not found)


def partitioned(truth: Mapping[Name, Hashable], found: Mapping[Name, Hashable]) -> Tally:
    """Two partitions of the same items, each given as the group of every item.

    Pairs are counted as in Halkidi et al., "On Clustering Validation Techniques", 2001; B-cubed as in Bagga and Baldwin, "Algorithms for
    Scoring Coreference Chains", 1998: of each item's group the share that truly belongs with it, and of what truly belongs with it the
    share that is in its group; the item itself counts in both.

    Raises:
        ValueError: one names an item that the other does not.
    """
    if truth.keys() != found.keys():
        raise ValueError(f"comparing two partitions: only one of them has {sorted(map(repr, truth.keys() ^ found.keys()))}")
    true_sizes, found_sizes = Counter(truth.values()), Counter(found.values())
    shared = Counter((truth[name], found[name]) for name in truth)
    both = _pairs(shared)
    return Tally(
        found=both,
        invented=_pairs(found_sizes) - both,
        missed=_pairs(true_sizes) - both,
        items=len(truth),
        item_precision=sum((Fraction(size * size, found_sizes[group]) for (_, group), size in shared.items()), Fraction(0)),
        item_recall=sum((Fraction(size * size, true_sizes[group]) for (group, _), size in shared.items()), Fraction(0)),
    )


def _pairs(sizes: Counter[Name]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())


def pairwise(tally: Tally) -> Score:
    """Of decisions, or of pairs of items; where nothing was found, nothing found is wrong."""
    return Score(
        precision=_share(tally.found, tally.found + tally.invented),
        recall=_share(tally.found, tally.found + tally.missed),
    )


def b_cubed(tally: Tally) -> Score:
    """The mean over all items."""
    return Score(precision=_share(tally.item_precision, tally.items), recall=_share(tally.item_recall, tally.items))


def _share(part: int | Fraction, whole: int) -> Fraction:
    return Fraction(part) / whole if whole else Fraction(1)
