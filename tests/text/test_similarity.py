"""How alike two texts are."""

from __future__ import annotations

import subprocess
import sys

import pytest
import rensa  # type: ignore[import-untyped]  # it is written in Rust and brings no types
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.similarity import BANDS, bands, likeness, posting, runs, sketch, words_of
from aggregator.text.versions import SKETCHES

TEXT = "A crew is a group of three to eight people who meet every week for a year and share food and money and the washing of dishes"


def sketched(text: str) -> bytes:
    return sketch(words_of(text))


def test_the_sketch_of_a_text_is_the_same_for_ever() -> None:
    assert sketched(TEXT)[:16].hex() == "e1f51728b706fc3c9213acc100b993c4"
    assert bands(sketched(TEXT))[0] == -3386971641097275517


def test_the_version_says_which_hashing_the_library_uses() -> None:
    assert SKETCHES // 100 == rensa.RMinHash.ALGORITHM_VERSION


def test_the_sketch_is_the_same_in_another_process() -> None:
    code = f"from aggregator.text.similarity import sketch, words_of; print(sketch(words_of({TEXT!r})).hex())"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"})
    assert there.stdout.strip() == sketched(TEXT).hex()


def test_equal_texts_are_wholly_alike_whatever_their_case_width_and_addresses() -> None:
    other = TEXT.upper().replace("CREW", "\uff23\uff32\uff25\uff37") + " https://example.org/crews?utm_source=x @ada@social.example #crews"
    assert likeness(sketched(TEXT), sketched(other)) == 1.0


def test_a_word_changed_leaves_texts_alike_and_another_text_is_not() -> None:
    near, far = (
        TEXT.replace("dishes", "plates"),
        "Congregations are the next size up: several crews that know of each other and gather twice a year",
    )
    assert likeness(sketched(TEXT), sketched(near)) > 0.8
    assert likeness(sketched(TEXT), sketched(far)) < 0.1


def test_the_estimate_is_near_the_true_share_of_runs() -> None:
    words = [f"w{number}" for number in range(400)]
    left, right = words[:300], words[100:]
    both = len(set(runs(left)) & set(runs(right))) / len(set(runs(left)) | set(runs(right)))
    assert likeness(sketch(left), sketch(right)) == pytest.approx(both, abs=0.1)


def test_nothing_is_like_what_has_no_sketch() -> None:
    assert sketch(()) == b""
    assert bands(b"") == ()
    assert likeness(b"", sketched(TEXT)) == likeness(b"", b"") == 0.0


def test_scripts_without_spaces_are_compared_letter_by_letter() -> None:
    assert words_of("小さな連帯") == ["小", "さ", "な", "連", "帯"]
    assert likeness(sketched("小さな連帯について考える日々の記録"), sketched("小さな連帯について考える日々の記憶")) > 0.5


def test_alike_texts_share_a_band_and_unlike_ones_hardly_do() -> None:
    words = [f"w{number}" for number in range(300)]
    base = set(bands(sketch(words)))
    alike = [bands(sketch([*words[: 300 - gone], *(f"x{number}" for number in range(gone))])) for gone in range(10, 70, 5)]
    unlike = [bands(sketch([f"{number}y{word}" for word in words])) for number in range(50)]
    assert all(base & set(found) for found in alike)
    assert sum(bool(base & set(found)) for found in unlike) == 0


@given(st.text())
def test_any_text_has_a_sketch_of_one_size_or_none(text: str) -> None:
    made = sketched(text)
    assert len(made) in (0, 512)
    assert len(bands(made)) in (0, BANDS)
    assert all(-(1 << 63) <= band < 1 << 63 for band in bands(made))


@given(st.binary(), st.integers(0, 255))
def test_a_posting_is_a_signed_number_of_64_bits_by_sort(content: bytes, number: int) -> None:
    assert -(1 << 63) <= posting(b"title", number, content) < 1 << 63
    assert posting(b"title", number, content) != posting(b"guid", number, content)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30), st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30))
def test_likeness_has_no_direction(left: list[str], right: list[str]) -> None:
    assert likeness(sketch(left), sketch(right)) == likeness(sketch(right), sketch(left))
