"""The look before parsing must never lose a mention: everything the matcher finds after parsing, it lets through."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from html import escape
from html.entities import html5
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Entry, Kind, Near, Topic, Weight
from aggregator.pipeline.look import _REFERENCE, _STYLED, _stands_for, look_for
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.seen import see
from aggregator.pipeline.topics import compiled_topic
from aggregator.text.urls import canonical

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples"
WORDS = (
    "microsolidarity", "#microsolidarity", "co-op", "ai", "mutual aid", "économie", "solidarité", "straße", "efficient", "c++", "R&D",
    ".net", "микросолидарность", "微团结", "연대", "αλληλεγγύη", "एकजुटता", "İstanbul", "kapı", "münchen", "ışık", "ısı",
    "ģimene",
)  # fmt: skip
TOPICS = {word: Topic(id="t", title="t", any_of=(word,)) for word in WORDS}
LOOKS = {word: look_for([topic]) for word, topic in TOPICS.items()}


def matches(topic: Topic, entry: Entry) -> bool:
    """Whether a topic is in an entry, without the glance that comes before, which asks the look itself."""
    compiled = compiled_topic(topic)
    return bool(Matcher([topic])._all([compiled], see(entry)))


FILLER = st.text(alphabet=" abcdefg.,<>&'\"#%\\-_\néя微\u00ad", max_size=20)
# What a reader does not see between two letters of one word.
JOINS = st.sampled_from(
    ["", "", "", "\u00ad", "&shy;", "&shy", "&#173;", "&#xAD;", "&#8203;", "&zwnj;", "\u200b", "<b>", "</b>", "<!-- x > y -->", "<wbr>",
     "-",
     "\u2011", "&#8209;", "&hyphen;", "-\n  ", "<i title='a>b'>", "<span hidden>x</span>", "<script>if (a<b) c()</script>", "\u2060",
     "-<br>\n "]
)  # fmt: skip


def lettered(letter: str, form: int) -> str:
    """One letter in one of many spellings that markup allows."""
    wide = chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter
    forms = (
        letter,
        letter.upper() if len(letter.upper()) == 1 else letter,
        f"&#{ord(letter)};",
        f"&#x{ord(letter):X};",
        wide,
        f"&#{ord(wide)};",
    )
    return forms[form % len(forms)]


@st.composite
def spelled(draw: st.DrawFn, word: str) -> str:
    """The word in markup, each letter and each join in some form; most letters plain, as in the world."""
    forms = st.one_of(st.just(0), st.just(0), st.integers(0, 5))
    pieces = []
    for letter in word:
        pieces.append(escape(letter) if letter in "&<>" else lettered(letter, draw(forms)))
        pieces.append(draw(JOINS) if draw(st.integers(0, 3)) == 0 else "")
    return "".join(pieces[:-1])


def in_rss(html: str) -> str:
    return f"<rss><item><description>{escape(html)}</description></item></rss>"


def in_cdata(html: str) -> str:
    return f"<rss><item><description><![CDATA[{html.replace(']]>', ']]]]><![CDATA[>')}]]></description></item></rss>"


def in_json(html: str) -> str:
    return json.dumps({"content": html})


def in_careful_json(html: str) -> str:
    return json.dumps({"content": html}).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("/", "\\/")


def in_raw_json(html: str) -> str:
    return json.dumps({"content": html}, ensure_ascii=False)


WRAPPERS = (str, in_rss, in_cdata, in_json, in_careful_json, in_raw_json)
ENCODINGS = (
    "utf-8",
    "utf-8",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "koi8-r",
    "shift_jis",
    "gb18030",
    "iso2022_jp",
)


def entry(html: str) -> Entry:
    return Entry(native_id="1", url="https://example.org/1", kind=Kind.POST, html=html)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(WORDS), FILLER, FILLER, st.sampled_from(WRAPPERS), st.sampled_from(ENCODINGS))
def test_what_the_matcher_finds_is_let_through(
    data: st.DataObject, word: str, before: str, after: str, wrap: object, encoding: str
) -> None:
    html = f"{escape(before)} {data.draw(spelled(word))} {after}"
    if matches(TOPICS[word], entry(html)):
        assert callable(wrap)
        body = wrap(html).encode(encoding, "xmlcharrefreplace")
        assert LOOKS[word](body)


@given(st.data(), st.sampled_from(WORDS))
def test_words_in_addresses_are_let_through(data: st.DataObject, word: str) -> None:
    slug = data.draw(st.sampled_from((word, word.upper(), word.replace(" ", "_"), word.replace(" ", "+"))))
    if data.draw(st.booleans()):
        slug = quote(slug)
    elif data.draw(st.booleans()):
        slug = "".join(f"%{byte:02X}" for byte in slug.encode())
    link = f"https://example.org/{slug}"
    if matches(TOPICS[word], entry(f'<a href="{escape(link)}">x</a>')):
        assert LOOKS[word](f"<link>{escape(link)}</link>".encode())
        assert LOOKS[word](in_rss(f'<a href="{escape(link)}">x</a>').encode())


@pytest.mark.parametrize(
    "body",
    [
        "<p>micro<b>soli</b>darity</p>",
        "&lt;p&gt;micro&lt;b&gt;soli&lt;/b&gt;darity",
        "micro&amp;shy;solidarity",
        "micro]]><![CDATA[solidarity",
        r'"micro\u00adsolidarity"',
        r'"\u006dicrosolidarity"',
        r'"micro\u003cb\u003esolidarity"',
        r'"micro-\nsolidarity"',
        "m&#105;crosolidarity",
        "m&amp;amp;#105;crosolidarity",
        "https://example.org/micro%C2%ADsolidarity",
        "https://example.org/%256Dicrosolidarity",
        "ｍｉｃｒｏｓｏｌｉｄａｒｉｔｙ",
        "".join(f"&#{ord(letter)};" for letter in "microsolidarity"),
        "micro&#xADsolidarity",
        "&mopf;icrosolidarity",
        r'"\ud835\udc26icrosolidarity"',
        "MİCROSOLİDARİTY",
        "&#x6D;icrosolidarity",
        "&amp;amp;amp;#109;icrosolidarity",
        "&amp#109;icrosolidarity",
        "&#38#109;icrosolidarity",
        "micro&shysolidarity",
        "mi%63rosolidarity",
        "%EF%BD%8Dicrosolidarity",
        "ⓜicrosolidarity",
        "\U0001f130 \U0001d426icrosolidarity",
        "m&ordmcrosolidarity &imath; microsol&iscr;darity",
        r'"mi\uff43rosolidarity"',
    ],
)
def test_every_spelling_is_seen(body: str) -> None:
    assert LOOKS["microsolidarity"](body.encode())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7", "iso2022_jp"])
def test_every_encoding_is_seen(encoding: str) -> None:
    assert LOOKS["microsolidarity"](f'<?xml version="1.0" encoding="{encoding}"?><a>über micro­solidarity</a>'.encode(encoding, "ignore"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<rss><item><title>Solidarity and micro loans</title><description>&lt;p&gt;the market&lt;/p&gt;</description></item></rss>",
        '{"content":"\\u003cp\\u003eUne journée d’été\\u003c/p\\u003e","tags":[]}'.encode(),
        "<p>Es war ein schöner Tag &amp; wir &#8211; gingen</p>".encode(),
        "<p>今日はいい天気です</p>".encode(),
    ],
)
def test_bodies_without_the_word_need_no_parsing(body: bytes) -> None:
    assert not LOOKS["microsolidarity"](body)


def test_a_dotless_i_is_seen_in_capitals() -> None:
    assert LOOKS["ışık"]("<p>IŞIK</p>".encode())
    assert LOOKS["ısı"](b"<p>ISI</p>")


def test_a_foreign_letter_is_seen_however_often_it_is_escaped() -> None:
    assert LOOKS["микросолидарность"](b"&amp;amp;amp;#1084;" + "икросолидарность".encode())


def test_every_name_of_a_character_can_be_read() -> None:
    names = {name.lower() for name in html5} - {"lt;", "gt;", "quot;", "nbsp;"}
    assert [name for name in names if not _REFERENCE.fullmatch(f"&{name}".encode())] == []


def test_a_foreign_word_is_not_seen_where_it_is_not() -> None:
    assert not LOOKS["微团结"]("<p>今日はいい天気です</p>".encode())
    assert not LOOKS["микросолидарность"]("<p>Сегодня хорошая погода</p>".encode())


def test_the_blocks_of_styled_letters_are_all_there_are() -> None:
    inside = {point for first, last in _STYLED for point in range(first, last + 1)}
    styled = {
        point
        for point in range(128, sys.maxunicode + 1)
        if not 0x3400 <= point <= 0xDFFF and not 0x20000 <= point <= 0xFFFFF and _stands_for(chr(point))
    }
    assert styled <= inside


@pytest.mark.samples
@pytest.mark.parametrize("word", ["solidarity", "mutual aid", "économie", "#rstats", "Сьогодні", "微软"])
def test_no_sample_with_a_word_is_passed_over(word: str) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the recorded replies do not lie beside the checkout")
    topic = Topic(id="t", title="t", any_of=(word,))
    look = look_for([topic])
    for path in sorted(one for one in SAMPLES.rglob("*") if one.is_file()):
        body = path.read_bytes()
        if not look(body):
            assert not matches(topic, entry(body.decode("utf-8", "replace"))), path.name


PEOPLE = ("ada lovelace", "solidarité", "微团结", "@bo", "c++", "ι. παπάς")
PAGES = (
    "https://youtube.com/watch?v=_Sh-3x1hgY0",
    "https://example.org/2018/a-long-title",
    "https://münchen.example/",
    "https://e.example/a",
)
RICH = Topic(
    id="r",
    title="r",
    any_of=("zzyzx",),
    near=(Near(left="crew", right="congregation"), Near(left="微团结", right="é"), Near(left="mutual aid", right="mutual aid")),
    people=tuple(Weight(name=name, worth=0.5) for name in PEOPLE),
    sites=(Weight(name="crews.example", worth=0.5), Weight(name="münchen.example", worth=1.0)),
    about=tuple(canonical(url).key for url in PAGES),
    spaced=True,
)
RICH_LOOK = look_for([RICH])


@settings(max_examples=400, deadline=None)
@given(st.data(), st.lists(st.sampled_from((*PEOPLE, "crew", "congregation", "é", "mutual aid")), max_size=5), st.sampled_from(WRAPPERS))
def test_pairs_and_people_are_let_through_however_they_are_spelled(data: st.DataObject, words: list[str], wrap: object) -> None:
    html = " ".join(f"{data.draw(FILLER)} {data.draw(spelled(word))}" for word in words)
    if matches(RICH, entry(html)):
        assert callable(wrap)
        assert RICH_LOOK(wrap(html).encode("utf-8", "xmlcharrefreplace"))


@settings(max_examples=300, deadline=None)
@given(
    st.data(), st.sampled_from((*PAGES, "https://youtu.be/_Sh-3x1hgY0", "http://www.crews.example/x", "https://xn--mnchen-3ya.example/"))
)
def test_sites_and_pages_are_let_through_however_they_are_written(data: st.DataObject, url: str) -> None:
    forms = (
        url,
        quote(url, safe=":/?=&"),
        f"https://www.google.com/url?q={quote(url, safe='')}",
        f"https://web.archive.org/web/2019/{url}",
        url.upper().replace("HTTPS", "https"),
        f"{url}#x",
    )
    link = data.draw(st.sampled_from(forms))
    html = data.draw(st.sampled_from((f'<a href="{escape(link)}">x</a>', f"see {escape(link)} and 微团结", f"ada lovelace <b>{link}</b>")))
    wrap = data.draw(st.sampled_from(WRAPPERS))
    if matches(RICH, entry(html)):
        assert callable(wrap)
        assert RICH_LOOK(wrap(html).encode())


def test_what_adds_up_to_less_is_not_let_through() -> None:
    people = tuple(Weight(name=name, worth=0.5) for name in ("ada lovelace", "solidarité"))
    look = look_for([replace(RICH, people=people)])
    assert not look(b"<p>Ada Lovelace and nobody else</p>")
    assert not look(b"<p>a crew alone</p>")
    assert look("<p>Ada Lovelace and her solidarité</p>".encode())
    assert look(b"<p>a crew, and far away a congregation</p>")
    assert look(b"<p>Ada Lovelace</p><a href='https://crews.example/'>x</a>")


IDS = ("87bc81372a09", "7c6e7ce63eda", "4109e702a07d", "a947d881f4b8")


@given(st.data(), st.sampled_from(IDS), st.sampled_from(WRAPPERS))
def test_each_of_several_ids_that_share_a_figure_is_let_through(data: st.DataObject, id: str, wrap: object) -> None:
    topic = Topic(id="i", title="i", any_of=IDS)
    html = f"{data.draw(FILLER)} {data.draw(spelled(id))} x"
    if matches(topic, entry(html)):
        assert callable(wrap)
        assert look_for([topic])(wrap(html).encode("utf-8", "xmlcharrefreplace"))


def test_what_several_ids_share_is_none_of_them() -> None:
    look = look_for([Topic(id="i", title="i", any_of=IDS)])
    assert not look(b"<p>7 of 1372 in 2017, 7ce and d8</p>")
