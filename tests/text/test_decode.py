"""From bytes to text: labels that lie, labels that are missing, bytes that are damaged."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.decode import codec_of, decode

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "encoding"


def test_a_byte_order_mark_outranks_the_header() -> None:
    assert decode("\ufeffGröße".encode("utf-16-le"), "text/html; charset=iso-8859-1") == "Größe"
    assert decode("\ufeffGröße".encode(), "text/html; charset=koi8-r") == "Größe"
    assert decode("\ufeffGröße".encode("utf-32-le")) == "Größe"


def test_the_header_decides_what_the_bytes_leave_open() -> None:
    assert decode("Привет".encode("koi8-r"), "text/html; charset=KOI8-R") == "Привет"


def test_utf8_beyond_doubt_wins_over_a_header_that_says_latin1() -> None:
    assert decode("Größe – schön".encode(), "text/html; charset=ISO-8859-1") == "Größe – schön"


def test_latin1_bytes_win_over_a_header_that_says_utf8() -> None:
    assert decode("schöne Größe".encode("latin-1"), "text/html; charset=utf-8") == "schöne Größe"


def test_a_header_of_latin1_means_windows_1252() -> None:
    assert decode(b"it\x92s \x93good\x94 \x80 5", "text/plain; charset=latin1") == "it’s “good” € 5"


def test_the_document_is_believed_where_the_header_is_the_server_default() -> None:
    body = '<?xml version="1.0" encoding="windows-1251"?><a>Новости дня</a>'.encode("windows-1251")
    assert "Новости дня" in decode(body, "text/xml; charset=iso-8859-1")


def test_a_header_that_cannot_be_true_leaves_the_word_to_the_document() -> None:
    body = '<html><head><meta charset="euc-jp"></head>日本語のページ'.encode("euc-jp")
    assert "日本語のページ" in decode(body, "text/html; charset=utf-8")


def test_an_xml_declaration_is_read() -> None:
    assert "é" in decode('<?xml version="1.0" encoding="iso-8859-15"?><t>é€</t>'.encode("iso-8859-15"))
    assert "€" in decode('<?xml version="1.0" encoding="iso-8859-15"?><t>é€</t>'.encode("iso-8859-15"))


def test_both_spellings_of_a_meta_declaration_are_read() -> None:
    for meta in ('<meta charset="shift_jis">', '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'):
        assert "日本語" in decode(f"<html><head>{meta}<title>日本語".encode("shift_jis"))


def test_a_declaration_in_a_comment_is_not_one() -> None:
    assert decode('<!-- <meta charset="koi8-r"> --><p>café'.encode("latin-1")).endswith("café")


def test_a_declaration_inside_an_entry_of_a_feed_is_not_the_feeds() -> None:
    body = '<rss><item><![CDATA[<meta charset="koi8-r">café]]></item></rss>'.encode("windows-1252")
    assert "café" in decode(body)


def test_utf16_without_a_mark_shows_itself() -> None:
    page = "<html><title>Größe und Привет</title>"
    assert decode(page.encode("utf-16-le"), "text/html; charset=utf-8") == page
    assert decode(page.encode("utf-16-be")) == page


def test_ascii_that_calls_itself_utf16_is_ascii() -> None:
    assert decode(b'<?xml version="1.0" encoding="utf-16"?><a>b</a>').endswith("<a>b</a>")


def test_iso_2022_jp_is_read_though_all_its_bytes_are_ascii() -> None:
    assert decode("日本語".encode("iso-2022-jp"), "text/plain; charset=iso-2022-jp") == "日本語"


def test_a_stray_byte_in_utf8_is_read_as_windows_1252() -> None:
    assert decode("größer, größe, ".encode() + b"it\x92s") == "größer, größe, it’s"


@pytest.mark.parametrize("cut", [1, 2])
def test_a_character_cut_off_at_the_end_is_dropped(cut: int) -> None:
    assert decode("naïve – ".encode() + "€".encode()[:-cut]) == "naïve – "


def test_a_character_cut_off_in_a_legacy_encoding_is_dropped() -> None:
    assert decode("中文网页".encode("gbk")[:-1], "text/html; charset=gb2312") == "中文网"


def test_an_unknown_label_is_passed_over() -> None:
    assert decode("café".encode(), "text/html; charset=klingon-8") == "café"
    assert codec_of("klingon-8") is None
    assert codec_of("hex") is None


@pytest.mark.parametrize(
    ("label", "codec"),
    [("Latin1", "windows-1252"), ("GB2312", "gb18030"), ("ks_c_5601-1987", "cp949"), ("UTF8", "utf-8"), ("iso-8859-9", "windows-1254")],
)
def test_labels_mean_what_the_web_means_by_them(label: str, codec: str) -> None:
    assert codec_of(label) == codec


@given(st.binary(max_size=300), st.text(max_size=40))
def test_every_body_gives_text_that_can_be_written(body: bytes, content_type: str) -> None:
    decode(body, content_type).encode("utf-8")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=200))
def test_utf8_comes_back_whatever_the_header_says(text: str) -> None:
    assert decode(text.encode(), "text/html; charset=windows-1252") == text


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gb2312.rss", "流通纪念币最新20篇论坛主题"),
        ("iso-8859-1-rbren.rss", "Últimas Notícias"),
        ("iso-8859-7-greek.xml", "ΚΑΙΡΟΤΗΤΑ"),
        ("utf-16le.xml", "Test feed description 1"),
        ("windows-1251-iconv.xml", "Новости"),
        ("urdu.xml", "اردو"),
    ],
)
def test_recorded_feeds_are_read_in_their_encoding(name: str, words: str) -> None:
    text = decode((SAMPLES / name).read_bytes())
    assert words in text
    assert "\ufffd" not in text
