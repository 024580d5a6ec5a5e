"""The form words are compared in."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.borders import stands
from aggregator.text.words import _letters, fold, origin, script, without_notes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MICRO", "micro"),
        ("ｍｉｃｒｏ", "micro"),
        ("mi\u00adc\u200bro\ufeff", "micro"),
        ("e\u0301", "é"),
        ("STRAẞE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("ﬁn", "fin"),
        ("İ", "i"),
        ("a\u2011b", "a-b"),
        ("a\u00ad\n b", "ab"),
        ("don’t", "don't"),
        ("ｶﾞ", "ガ"),
        ("\u1112\u1161\u11ab", "한"),
        ("C♯", "c#"),
        ("´a", "'a"),
        ("¨a", " a"),
        ("ᾼ", "αι"),
    ],
)
def test_two_spellings_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("é", "e"), ("ı", "i"), ("ñ", "n"), ("й", "и"), ("a—b", "a-b"), ("が", "か")])
def test_two_letters_stay_two(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composition_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_no_lone_accent_becomes_a_mark_on_a_space() -> None:
    wrong = [hex(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF and _space_and_mark(fold(chr(point)))]
    assert wrong == []


def _space_and_mark(text: str) -> bool:
    return len(text) > 1 and text[0] == " " and unicodedata.category(text[1]) == "Mn"


@given(st.text(max_size=20), st.text(alphabet="Xxéß", min_size=1, max_size=5), st.text(max_size=20))
def test_a_place_leads_back_to_where_it_came_from(before: str, word: str, after: str) -> None:
    text = f"{before} {word} {after}"
    start = len(fold(before + " "))
    first, last = origin(text, start, start + len(fold(word)))
    assert fold(text[first:last]).startswith(fold(word))


def test_places_in_the_middle_of_a_letter_take_the_whole_letter() -> None:
    assert origin("a ﬃ b", 3, 4) == (2, 3)
    assert origin("ab", 0, 2) == (0, 2)


def test_notes_become_spaces() -> None:
    assert without_notes("word² and™") == "word  and "
    assert without_notes("word 2") is None


@pytest.mark.parametrize(
    ("character", "kind"),
    [("a", "european"), ("я", "european"), ("1", "figure"), ("微", "unspaced"), ("カ", "unspaced"),
     ("ー", "unspaced"), ("ก", "unspaced"), ("한", "hangul"),
     ("ع", "arabic"), ("!", ""), ("_", ""), ("🌱", ""), ("\u0301", "mark"), ("\u20e3", "")],
)  # fmt: skip
def test_scripts(character: str, kind: str) -> None:
    assert script(character) == kind


@given(st.text(), st.integers(0, 20), st.integers(0, 20))
def test_borders_can_be_asked_anywhere(text: str, start: int, end: int) -> None:
    assert stands(text, min(start, len(text)), min(end, len(text))) in (True, False)


@pytest.mark.parametrize("desert", [" ", "\u0301"])
def test_a_place_behind_a_desert_is_found_without_looking_at_each_letter_of_it(desert: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "ß" + desert * 20_000 + " crews"
    looked_at = 0

    def counted(piece: str) -> list[tuple[int, int]]:
        nonlocal looked_at
        looked_at += len(piece)
        return _letters(piece)

    monkeypatch.setattr("aggregator.text.words._letters", counted)
    at = fold(text).index("crews")
    start, end = origin(text, at, at + 5)
    assert text[start:end] == "crews"
    assert looked_at < 2_000
