"""Elements and comments are cut out of any text, in time that grows with its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from aggregator.text.cutting import without_comments, without_elements


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("a<nav>b</nav>c", "a c"),
        ("a<NAV class='x'>b<nav>c</nav>d</nav >e", "a e"),
        ("a</nav>b<nav>c</nav>d", "a</nav>b d"),
        ("a<nav>b</nav>c</nav>d", "a c</nav>d"),
        ("a<nav>b<p>c", "a"),
        ("a<aside>b</aside>c<nav>d</nav>e", "a c e"),
        ("<navigation>a</navigation>", "<navigation>a</navigation>"),
        ("plain", "plain"),
    ],
)
def test_elements_go_with_all_that_is_in_them(markup: str, left: str) -> None:
    assert without_elements(markup, "nav|aside") == left


@pytest.mark.parametrize(
    ("markup", "left"), [("a<!-- b -->c<!-- d", "ac"), ("<!--a--><!--b-->c", "c"), ("a --> b", "a --> b"), ("a<!-- <p> -->b", "ab")]
)
def test_comments_go(markup: str, left: str) -> None:
    assert without_comments(markup) == left


@given(some.lists(some.sampled_from(["<nav>", "</nav>", "<nav", "</nav", ">", "<p>", "word", "<!--", "-->", "\n"])).map("".join))
def test_nothing_is_added_and_nothing_raises(markup: str) -> None:
    for left in (without_elements(markup, "nav"), without_comments(markup)):
        assert len(left.split("word")) <= len(markup.split("word"))


@pytest.mark.parametrize("scrap", ["<nav>", "</nav>", "<nav", "</nav", "<!--", "<nav></nav>"])
def test_a_long_text_of_scraps_takes_no_time(scrap: str) -> None:
    began = time.process_time()
    without_elements(scrap * 100_000, "nav")
    without_comments(scrap * 100_000)
    assert time.process_time() - began < 3
