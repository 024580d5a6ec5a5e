"""Markdown that people write into plain texts, as a reader should see it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.excerpts import unmarked


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("How we run *crews*: see [notes](https://example.org/a_b)", "How we run crews: see notes"),
        ("**Bold**, __bold__, _soft_ and ***both***", "Bold, bold, soft and both"),
        ("![a tree](https://example.org/tree.png) grows", "a tree grows"),
        ('[talk](https://example.org/wiki/Crew_(group) "A talk")', "talk"),
        ("Use `crew --new` first", "Use crew --new first"),
        ("## Crews\n\n> said Ada\n- one\n* two", "Crews\n\nsaid Ada\none\ntwo"),
        ("1\\. of snake\\_case", "1. of snake_case"),
    ],
)
def test_marks_go_and_words_stay(written: str, read: str) -> None:
    assert unmarked(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4 and a*b*c",
        "snake_case_name and a__init__b",
        "#microsolidarity and #crews",
        "f[i](x) is no link",
        "an [aside] (or so)",
        "C# and C++ - both",
        "https://example.org/a_b_c?d=*e*",
        "it costs 5 > 4",
    ],
)
def test_what_is_no_mark_is_not_changed(text: str) -> None:
    assert unmarked(text) == text


@given(st.text(alphabet="ab *_`[]()#>-\\n!\\\\/:htps", max_size=80))
def test_no_letter_is_added(text: str) -> None:
    assert len(unmarked(text)) <= len(text)
