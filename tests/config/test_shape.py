"""What YAML means, by what is expected."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.shape import SOURCE_LIST, Report, Table, compose, dollars, nearest, parse_duration, slip_of, write_duration


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


def test_of_many_names_the_first_are_listed_and_where_all_are() -> None:
    names = [f"place-{number}" for number in range(30)]
    said = nearest("zzz", names, whole=SOURCE_LIST)
    assert said == f"Known are {', '.join(names[:12])} and 18 more; `aggregator source list` names them all."
    assert nearest("zzz", names[:12], whole=SOURCE_LIST) == f"Known are {', '.join(names[:12])}."
    assert nearest("plaice-29", names, whole=SOURCE_LIST) == "Did you mean 'place-29'?"
    assert nearest("zzz", [], whole=SOURCE_LIST) == "None is known yet."


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("tga", "tag"), ("hid", "hide"), ("Mediun", "medium"), ("desicions", "decisions"), ("author", "auth"), ("querry", "query")],
)
def test_a_slip_is_known_for_one(slip: str, meant: str) -> None:
    assert slip_of(slip, ["every", "url", meant, "label"]) == meant


@pytest.mark.parametrize(("name", "other"), [("server", "every"), ("query", "every"), ("hashtag", "tag"), ("name", "takes"), ("x", "y")])
def test_another_word_is_not_taken_for_a_slip(name: str, other: str) -> None:
    assert slip_of(name, [other]) is None
    assert nearest(name, [other]) == f"Known are {other}."


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_what_is_known_is_nearest_to_itself(name: str, others: list[str]) -> None:
    assert name == "" or slip_of(name, [name, *others]) == name
    assert slip_of(name, []) is None


@given(st.integers(0, 99_999_999))
def test_dollars_are_read_to_the_cent(cents: int) -> None:
    assert dollars().make(f"{cents // 100}.{cents % 100:02}") == cents * 10_000
    assert dollars().make(f"{cents}"[:6]) == int(f"{cents}"[:6]) * 1_000_000


@pytest.mark.parametrize("text", ["", "-5", "$5", "5,00", "5.001", "5.", "1e3", "five"])
def test_what_is_no_amount_of_dollars_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the shape says what is expected
        dollars().make(text)
