"""Parts of a page by CSS selectors."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.html import selector
from aggregator.text.selecting import Piece, selected


def test_a_part_is_the_first_that_is_found_in_a_row_or_the_row_itself() -> None:
    page = '<a class="row" href="/a">One <b>bold</b></a><div class="row"><i><a href="/b">Two</a></i><a href="/c">Three</a></div>'
    found = selected(page, ".row", {"link": "a[href]", "date": "time"})
    assert [row.parts["link"] for row in found.rows] == [
        Piece(text="One bold", href="/a", moment=""),
        Piece(text="Two", href="/b", moment=""),
    ]
    assert all("date" not in row.parts for row in found.rows)


def test_a_date_for_programs_is_found_in_the_element_and_inside_it() -> None:
    page = '<li><p class="d"><time datetime="2026-11-01">today</time></p></li><li><p class="d" content="2026-11-02">now</p></li>'
    assert [row.parts["date"].moment for row in selected(page, "li", {"date": ".d"}).rows] == ["2026-11-01", "2026-11-02"]


def test_what_a_page_says_of_its_addresses_is_given_raw() -> None:
    assert selected('<head><base href=" /notes/ "></head><p>x', "p", {}).base == "/notes/"
    assert selected("<p>x", "p", {}).base == ""


def test_scripts_are_no_text_of_a_row() -> None:
    assert selected("<p>crews<script>var crews</script><style>p{}</style></p>", "p", {}).rows[0].text == "crews"


def test_a_page_without_end_is_read_as_far_as_it_goes_and_said_to_be_cut() -> None:
    found = selected("<p>x</p>" * 60_000, "p", {})
    assert found.cut
    assert len(found.rows) == 500


@pytest.mark.parametrize("wrong", ["a[", "..x", "a >", ":nth-child(", "", "p:surely-unknown"])
def test_what_is_no_selector_is_said_to_be_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="no CSS selector"):
        selector(wrong)


def test_a_selector_is_trimmed() -> None:
    assert selector("  article h2 > a ") == "article h2 > a"


@given(page=st.text(alphabet="<>/ab =\"'!-[]&;\0\ud800", max_size=200))
def test_no_page_breaks_it(page: str) -> None:
    for row in selected(page, "a, b", {"link": "a[href]"}).rows:
        assert isinstance(row.text, str)


def test_rows_that_stand_in_each_other_cost_no_more_than_a_few_times_the_page() -> None:
    began = time.perf_counter()
    found = selected("<div>" * 500 + "word " * 100_000, "div", {"link": "a[href]"})
    assert time.perf_counter() - began < 5
    assert found.cut
    assert 1 <= len(found.rows) <= 5


def test_a_row_in_a_row_is_one_too() -> None:
    found = selected("<ul><li><a href='/1'>one</a><ul><li><a href='/2'>two</a></li></ul></li></ul>", "li", {"link": "a[href]"})
    assert ([row.parts["link"].href for row in found.rows], found.cut) == (["/1", "/2"], False)
