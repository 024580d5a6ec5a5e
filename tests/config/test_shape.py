"""What YAML means, by what is expected."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.shape import Report, Table, compose, nearest, parse_duration, write_duration


@given(st.integers(1, 365 * 86400))
def test_a_duration_that_was_written_is_read_as_the_same(seconds: int) -> None:
    assert parse_duration(write_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5x", "0m", "1.5h", "10 years", "400d", "5m6"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"units|year"):
        parse_duration(text)


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    report = Report(file="f")
    node = compose(text, report)
    if node is not None:
        Table(keys={}).read(node, "", report)
    assert node is not None or report.problems


def test_the_nearest_name_is_named_or_all_are() -> None:
    assert nearest("mediun", ["medium", "feed"]) == "Did you mean 'medium'?"
    assert nearest("zzz", ["medium", "feed"]) == "Known are medium, feed."
