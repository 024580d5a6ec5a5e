"""The measures themselves, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.eval.metrics import Score, Tally, b_cubed, decided, pairwise, partitioned

# Items by their true group, and as they may be found.
partitions = st.dictionaries(st.integers(0, 20), st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12)


def grouped(*groups: str) -> dict[str, int]:
    return {name: number for number, group in enumerate(groups) for name in group}


def test_pairs_are_counted_as_by_hand() -> None:
    # True pairs: ab ac bc. Found pairs: ab cd. In both: ab.
    tally = partitioned(grouped("abc", "d"), grouped("ab", "cd"))
    assert (tally.found, tally.invented, tally.missed) == (1, 1, 2)
    assert pairwise(tally) == Score(precision=Fraction(1, 2), recall=Fraction(1, 3))
    assert pairwise(tally).f1 == Fraction(2, 5)


def test_b_cubed_is_the_mean_over_items_as_by_hand() -> None:
    # Precision of a, b, c, d: 1, 1, 1/2, 1/2. Recall: 2/3, 2/3, 1/3, 1.
    tally = partitioned(grouped("abc", "d"), grouped("ab", "cd"))
    assert b_cubed(tally) == Score(precision=Fraction(3, 4), recall=Fraction(2, 3))
    assert b_cubed(tally).f1 == Fraction(12, 17)


def test_the_example_of_the_paper_comes_out_as_in_the_paper() -> None:
    # Bagga and Baldwin 1998, figures 1 and 2: twelve mentions in chains of 5, 2 and 5; a response that joins two of the chains.
    truth = grouped("12345", "67", "89ABC")
    small_error, large_error = grouped("12345", "6789ABC"), grouped("1234589ABC", "67")
    assert b_cubed(partitioned(truth, small_error)).precision == Fraction(16, 21)
    assert b_cubed(partitioned(truth, large_error)).precision == Fraction(7, 12)
    assert b_cubed(partitioned(truth, small_error)).recall == 1


def test_cases_are_added_before_they_are_divided() -> None:
    tally = partitioned(grouped("ab"), grouped("ab")) + partitioned(grouped("abc"), grouped("a", "b", "c"))
    assert pairwise(tally) == Score(precision=Fraction(1), recall=Fraction(1, 4))
    assert b_cubed(tally) == Score(precision=Fraction(1), recall=Fraction(3, 5))


@pytest.mark.parametrize(
    ("truth", "found", "tally"),
    [
        (True, True, Tally(found=1)),
        (False, True, Tally(invented=1)),
        (True, False, Tally(missed=1)),
        (False, False, Tally()),
    ],
)
def test_a_decision_is_found_invented_missed_or_rightly_nothing(truth: bool, found: bool, tally: Tally) -> None:
    assert decided(truth=truth, found=found) == tally


def test_where_nothing_is_found_nothing_found_is_wrong() -> None:
    assert pairwise(Tally(missed=3)) == Score(precision=Fraction(1), recall=Fraction(0))
    assert pairwise(Tally(missed=3)).f1 == 0


def test_partitions_of_different_items_are_refused() -> None:
    with pytest.raises(ValueError, match="only one of them has"):
        partitioned(grouped("ab"), grouped("abc"))


@given(partitions)
def test_a_partition_agrees_fully_with_itself_whatever_its_groups_are_called(both: Mapping[Hashable, tuple[int, int]]) -> None:
    truth = {name: groups[0] for name, groups in both.items()}
    tally = partitioned(truth, {name: f"group {group}" for name, group in truth.items()})
    assert pairwise(tally).f1 == b_cubed(tally).f1 == 1


@given(partitions)
def test_precision_and_recall_change_places_with_truth_and_found(both: Mapping[Hashable, tuple[int, int]]) -> None:
    truth = {name: groups[0] for name, groups in both.items()}
    found = {name: groups[1] for name, groups in both.items()}
    there, back = partitioned(truth, found), partitioned(found, truth)
    for measure in (pairwise, b_cubed):
        assert (measure(there).precision, measure(there).recall) == (measure(back).recall, measure(back).precision)


@given(partitions)
def test_all_apart_invents_nothing_and_all_together_misses_nothing(both: Mapping[Hashable, tuple[int, int]]) -> None:
    truth = {name: groups[0] for name, groups in both.items()}
    assert b_cubed(partitioned(truth, {name: name for name in truth})).precision == 1
    assert b_cubed(partitioned(truth, dict.fromkeys(truth, 0))).recall == 1
