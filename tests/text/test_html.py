"""What a reader sees of markup, and what of it is shown again."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.html import Visible, plain, sanitise, sentence, soup, visible


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain words", "plain words"),
        ("a &amp; b", "a & b"),
        ("micro<b>soli</b>darity", "microsolidarity"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("one<br/><br/>two", "one\n\ntwo"),
        ("<p>one\n   two</p>", "one\ntwo"),
        ("a<wbr>b", "ab"),
        ("<ul><li>a<li>b</ul>", "a\n\nb"),
        ("a<script>b</script>c", "ac"),
        ("a<style>b</style>c", "ac"),
        ("a<template><p>b</p></template>c", "ac"),
        ("a<!-- b -->c", "ac"),
        ("a<?b c?>d", "ad"),
        ("a<span hidden>b<br>c<i>d</i></span>e", "ae"),
        ('a<span style="color: red; DISPLAY : none">b</span>c', "ac"),
        ('a<span aria-hidden="true">b</span>c', "abc"),
        ("word<sup>1</sup>", "word 1"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字", "漢字"),
        ("1 < 2", "1 < 2"),
        ("<html><head><title>t</title></head><body>b</body></html>", "b"),
        ("<p>unclosed <b>bold", "unclosed bold"),
    ],
)
def test_what_a_reader_sees(html: str, text: str) -> None:
    assert visible(html).text == text


def test_links_and_alternatives_come_in_their_order() -> None:
    html = (
        '<a href=" /one ">1</a><p hidden><a href="/no">x</a></p><a name="x">n</a>'
        '<a href="https://b.example/?a=1&amp;b=2">2</a><img alt=" A cat "><img alt="">'
    )
    seen = visible(html, base="https://a.example/dir/")
    assert seen.links == ("https://a.example/one", "https://b.example/?a=1&b=2")
    assert seen.alternatives == ("A cat",)


def test_links_stay_as_written_without_a_base() -> None:
    assert visible('<a href="../one#x">1</a>').links == ("../one#x",)


def test_a_broken_address_is_kept() -> None:
    assert visible('<a href="http://[oops">1</a>', base="https://a.example/").links == ("http://[oops",)


def test_an_address_that_is_shown_cut_off_is_no_text() -> None:
    html = (
        '<p>See <a href="https://garden.example/crews/long"><span class="invisible">https://</span>'
        '<span class="ellipsis">garden.example/cre</span><span class="invisible">ws/long</span></a> now</p>'
    )
    assert visible(html) == Visible(text="See now", links=("https://garden.example/crews/long",))


def test_a_hashtag_link_stays_text() -> None:
    assert visible('<a href="https://s.example/tags/Crew" class="mention hashtag">#<span>Crew</span></a>').text == "#Crew"


def test_depth_and_size_cost_nothing_special() -> None:
    assert visible("<div>" * 100_000 + "deep").text == "deep"
    assert visible("<b><i>" * 50_000 + "deep").text == "deep"
    assert visible("<" * 100_000).text == "<" * 100_000
    assert visible("<p>" + " " * 200_000 + "x").text == "x"


@given(st.text())
def test_nothing_raises(text: str) -> None:
    visible(text, base="https://a.example/")
    visible(f"<p>{text}", base="https://a.example/")
    sanitise(text)
    plain(text)
    sentence(text)


WORDS = st.text(alphabet="abc é微\n&<>", max_size=12)
TREE = st.recursive(
    WORDS.map(lambda words: words.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.tuples(st.sampled_from(["b", "i", "span", "em", "code"]), st.lists(inner, max_size=3)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
)


@given(TREE)
def test_the_words_are_those_of_a_tree(html: str) -> None:
    assert visible(html).text.split() == BeautifulSoup(f"<p>{html}</p>", "lxml").get_text().split()


def test_soup_reads_bytes_by_their_own_declaration() -> None:
    page = soup('<html><head><meta charset="iso-8859-1"><title>Été</title></head></html>'.encode("latin-1"))
    assert page.title is not None
    assert page.title.string == "Été"


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ('<p class="x" style="color:red" id="y">hi</p>', "<p>hi</p>"),
        ("<script>alert(1)</script>hi", "hi"),
        ('<img src="x" onerror="alert(1)">hi', "hi"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener nofollow">x</a>'),
        ('<a href="https://a.example/" target="_blank" onclick="x()">x</a>', '<a href="https://a.example/" rel="noopener nofollow">x</a>'),
        ("<h1>big</h1><iframe src='//x'></iframe>", "big"),
        ("<ul><li>a</li></ul><blockquote>b</blockquote><code>c</code>", "<ul><li>a</li></ul><blockquote>b</blockquote><code>c</code>"),
        ("<svg><style><img src=x onerror=alert(1)></style></svg>", ""),
        ("<!-- c -->a", "a"),
    ],
)
def test_only_a_little_markup_is_shown(html: str, safe: str) -> None:
    assert sanitise(html) == safe


def test_plain_is_one_line() -> None:
    assert plain("<p>one\n two</p><p>three&nbsp;four</p>") == "one two three four"


@pytest.mark.parametrize(
    ("text", "limit", "chosen"),
    [
        ("", 200, ""),
        ("First sentence here. Second one.", 10, "First…"),
        ("A first sentence of some length that is enough to stand alone on its line. Second one.", 200,
         "A first sentence of some length that is enough to stand alone on its line."),
        ("Short. Second one.", 200, "Short. Second one."),
        ("Continue reading on Medium »\n\nReal words.", 200, "Real words."),
        ("We use cookies to improve this site. Real words.", 200, "Real words."),
        ("#one #two\n\nReal words.", 200, "Real words."),
        ("https://a.example/x\n\nReal words.", 200, "Real words."),
        ("Read more", 200, ""),
        ("I read more books than ever.", 200, "I read more books than ever."),
        ("我们讨论微团结。第二句。", 200, "我们讨论微团结。 第二句。"),
    ],
)  # fmt: skip
def test_the_sentence_that_says_something(text: str, limit: int, chosen: str) -> None:
    assert sentence(text, limit) == chosen


@given(st.text(alphabet="ab. e\u0301👩\u200d👧🇩🇪微", max_size=80), st.integers(4, 40))
def test_a_sentence_keeps_its_limit_and_its_letters(text: str, limit: int) -> None:
    chosen = sentence(text, limit)
    assert len(chosen) <= limit
    if chosen.endswith("…"):
        kept = chosen[:-1]
        rest = " ".join(text.split())
        start = rest.find(kept)
        if start >= 0 and "\u0301" in rest:
            assert not rest[start + len(kept) :].startswith("\u0301\u0301") or kept == ""
