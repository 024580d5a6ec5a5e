import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.words import address, clean, host, language, listed, one_line, printable

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to ada@example.org, or ask Bo.", "Write to …@…, or ask Bo."),
        ("Ada.L+crew@mail.example.co.uk", "…@…"),
        ("(mailto:ada@example.org)", "(mailto:…@…)"),
        ("ada\\@example.org", "…@…"),
        ("ada＠example.org", "…@…"),
        ("ada@exa\u202ample.org", "…@…"),
        ("zoë@bücher.example", "…@…"),
        ("_ada@example.org_", "…@…_"),
        ("write to ada@exam…", "write to …@…"),
    ],
)
def test_a_mailbox_is_named_in_no_text_from_outside(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("with @ada@social.example and @bo.bsky.social", "in !crews@lemmy.example", "meet @ noon", "npm i crew@1.2.3", "5 lemons @ 2.50"),
        *("https://medium.com/@ada/post", "https://social.example/@ada@other.example/1", "flickr.com/photos/1234@N00/"),
    ],
)
def test_what_is_no_mailbox_stays(text: str) -> None:
    assert clean(text) == text


@given(st.text("ab.", min_size=1, max_size=8), st.integers(min_value=12, max_value=60), st.integers(min_value=0, max_value=40))
def test_no_part_of_a_mailbox_is_left_where_a_text_is_cut(before: str, limit: int, spaces: int) -> None:
    assert "secret" not in clean(f"{before} {'x ' * spaces}secret.name@secret-host.example and more", limit)


def test_what_the_steward_wrote_keeps_its_mailbox() -> None:
    assert one_line("Write to crew@example.org.") == "Write to crew@example.org."
