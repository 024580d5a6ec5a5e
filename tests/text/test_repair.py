"""Text that has been through a wrong decoding."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.repair import repair_text

SEED = Path(__file__).parents[2] / ".." / "shared" / "seeds" / "discussing.md"


@pytest.mark.parametrize("good", ["🔈 Ana’s talk", "Größe – schön", "naïve café", "Привет", "日本語", "“quoted” … €"])
def test_utf8_read_as_windows_1252_is_put_right(good: str) -> None:
    # The five bytes that windows-1252 leaves open come through as controls.
    wrong = "".join(bytes([byte]).decode("windows-1252", "ignore") or chr(byte) for byte in good.encode())
    assert wrong != good
    assert repair_text(wrong) == good


def test_a_page_is_put_right_where_it_is_wrong() -> None:
    assert repair_text("* 🔈good\n* ðŸ”ˆwrong\n") == "* 🔈good\n* 🔈wrong\n"


@pytest.mark.parametrize(
    "good",
    [
        *("Größe schön", "Crème brûlée à la carte", "¿Qué tal? ¡Hola!", "Ångström über Æsop", "Ελληνικά κείμενο", "Добро пожаловать"),
        *("שלום", "مرحبا", "हिन्दी", "日本語テスト", "한국어", "🔈📄🎥", "It’s “fine” – really…", "ﬁne ligature, ｆｕｌｌ width", "馃帀"),
        *("e\u0301", "a\r\nb\x0bc\u2028d"),
    ],
)
def test_good_text_is_left_alone(good: str) -> None:
    assert repair_text(good) == good


@given(st.text(st.characters(codec="utf-8", min_codepoint=0x250, exclude_categories=["Cc"])) | st.text(st.characters(codec="ascii")))
def test_text_without_a_trace_of_the_accident_is_unchanged(text: str) -> None:
    assert repair_text(text) == text


@given(st.text())
def test_any_text_gives_text_and_keeps_its_lines(text: str) -> None:
    assert repair_text(text).count("\n") == text.count("\n")


@pytest.mark.samples
def test_the_communitys_page_is_put_right() -> None:
    if not SEED.is_file():
        pytest.skip("the community's page is not beside this checkout")
    text = repair_text(SEED.read_text(encoding="utf-8"))
    assert [line[2] for line in text.splitlines() if line.startswith("* ")] == list("🔈🔈📄🔈🔈🔈🔈🔈📄🎥📄🎥📄🦜")
