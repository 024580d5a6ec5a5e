import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.words import address, clean, host, language, listed, printable

ILLEGAL_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@given(st.text())
def test_clean_text_can_stand_in_xml_on_one_line(text: str) -> None:
    line = clean(text)
    assert not ILLEGAL_IN_XML.search(line)
    assert not set(line) & set("\n\r\t\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufdd0\ufdd1")
    assert clean(line) == line


@given(st.text(max_size=400), st.integers(min_value=10, max_value=200))
def test_nothing_is_longer_than_asked(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit


def test_ten_thousand_characters_are_cut_at_a_word() -> None:
    assert clean("word " * 2000, 20) == "word word word word…"


def test_an_emoji_of_several_parts_stays_whole() -> None:
    assert clean("a 👩‍👩‍👧 family") == "a 👩‍👩‍👧 family"


def test_a_pile_of_marks_is_cut_and_an_accent_is_not() -> None:
    assert clean("e\u0301" + "o" + "\u0335" * 50) == "e\u0301o" + "\u0335" * 4


def test_a_printable_line_keeps_its_spaces() -> None:
    assert printable("a  b \r\n\x00c\ud800 ") == "a  b  c "


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:x", "data:text/html,x", "ftp://example.org/", "//example.org/"),
        *("/relative", "", None, "https://", "https:///path", " https://example.org/", "https://example.org/a b"),
        *('https://example.org"onclick=x/', "https://example.org/\x00"),
    ],
)
def test_an_address_that_a_reader_should_not_follow_is_none(url: str | None) -> None:
    assert address(url) is None


@pytest.mark.parametrize(
    "url", ["https://example.org", "HTTP://example.org/ü?q=(1)#/route", "https://[::1]:8080/x", "https://example.org?q"]
)
def test_an_address_of_the_web_is_kept(url: str) -> None:
    assert address(url) == url


def test_a_host_is_shown_without_www() -> None:
    assert (host("https://www.Example.org:8080/x"), host("http://[broken")) == ("example.org", "")


@pytest.mark.parametrize(
    ("tag", "shown"), [("de", "de"), ("de-AT", "de-AT"), ("en", ""), ("en-GB", ""), ("und", ""), (None, ""), ('de" onclick="x', "")]
)
def test_a_language_is_named_only_when_it_is_another(tag: str | None, shown: str) -> None:
    assert language(tag, "en") == shown


def test_words_are_listed_as_english_lists_them() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
