"""A page's own account of itself: a labelled corpus, recorded pages, hostile ones."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Kind
from aggregator.text.page import PageAccount, account_line, read_line, read_page
from aggregator.text.page_titles import author_in
from aggregator.text.page_tree import Reading
from aggregator.text.page_walk import gather

CORPUS = Path(__file__).parents[1] / "corpus" / "pages"
SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://blog.example.org/crews"


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("*.html")))
def test_a_page_of_the_corpus_is_read_as_labelled(name: str) -> None:
    label: dict[str, Any] = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))
    said = read_line({"url": label["url"], "html": (CORPUS / f"{name}.html").read_text(encoding="utf-8")}, now=NOW)
    assert {field: said[field] for field in label["expect"]} == label["expect"]


def test_every_corpus_page_has_a_label_and_every_label_a_page() -> None:
    assert {path.stem for path in CORPUS.glob("*.html")} == {path.stem for path in CORPUS.glob("*.json")}
    assert len(list(CORPUS.glob("*.html"))) >= 250


def test_an_account_says_its_own_offset_and_day() -> None:
    page = '<head><meta property="article:published_time" content="2019-02-03T10:00:00+05:30"><title>Crews in May</title></head>'
    account = read_page(URL, page, now=NOW)
    assert account.published is not None
    assert account.published.isoformat() == "2019-02-03T10:00:00+05:30"
    assert not account.published_day_only


def test_an_instant_of_the_same_day_completes_a_day() -> None:
    page = """<head><script type="application/ld+json">{"@type":"Article","headline":"Crews","datePublished":"2019-02-03"}</script>
    <meta property="article:published_time" content="2019-02-03T10:00:00Z"></head>"""
    assert read_line({"url": URL, "html": page}, now=NOW)["published"] == "2019-02-03T10:00:00Z"


def test_a_line_without_a_time_is_judged_by_the_present() -> None:
    page = '<head><meta property="article:published_time" content="2190-01-01T00:00:00Z"></head>'
    assert read_line({"url": URL, "html": page})["published"] is None


def test_bytes_are_decoded_by_what_they_show() -> None:
    body = "<html><head><title>Größe der Gruppe</title></head></html>".encode()
    request = {"url": URL, "body_base64": base64.b64encode(body).decode(), "content_type": "text/html; charset=iso-8859-1"}
    assert read_line(request, now=NOW)["title"] == "Größe der Gruppe"


@pytest.mark.parametrize(
    ("codec", "label", "header", "title"),
    [
        ("gbk", "gb2312", "text/html", "互助小组的开始"),
        ("big5", "big5", "text/html", "小組如何開始"),
        ("shift_jis", "Shift_JIS", "text/html", "小さなグループの始め方"),
        ("euc_jp", "EUC-JP", "text/html; charset=ISO-8859-1", "小さなグループの始め方"),
        ("cp1251", "windows-1251", "text/html; charset=utf-8", "Как начать маленькую группу"),
        ("cp1251", "windows-1251", "text/html; charset=iso-8859-1", "Как начать маленькую группу"),
        ("koi8-r", "koi8-r", "text/html", "Как начать маленькую группу"),
        ("iso8859-7", "iso-8859-7", "text/html", "Πώς αρχίζει μια μικρή ομάδα"),
        ("cp1254", "windows-1254", "text/html", "Küçük grup nasıl başlar"),
        ("cp1256", "windows-1256", "text/html", "كيف تبدأ مجموعة صغيرة"),
        ("latin-1", "utf-8", "text/html; charset=UTF-8", "Größe für Gruppen"),
        ("utf-16", "utf-16", "text/html", "Größe für Gruppen"),
    ],
)
def test_a_page_in_an_old_encoding_has_its_title(codec: str, label: str, header: str, title: str) -> None:
    body = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={label}"><title>{title}</title></head></html>'
    assert read_page(URL, body.encode(codec), header, now=NOW).title == title


@pytest.mark.parametrize("url", ["", "/crews", "ftp://example.org/a", "https://[::1", "blog.example.org/crews"])
def test_an_address_that_is_not_absolute_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        read_line({"url": url, "html": "<title>Crews</title>"}, now=NOW)


@pytest.mark.parametrize("encoded", ["!!!!", "PGh0bWw+é", "PGh0bWw-_w==", "abc"])
def test_a_body_that_is_not_base64_is_refused(encoded: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        read_line({"url": URL, "body_base64": encoded}, now=NOW)


def test_base64_may_be_wrapped_into_lines() -> None:
    body = base64.encodebytes(b"<title>Crews in the hills</title>" * 10).decode()
    assert read_line({"url": URL, "body_base64": body}, now=NOW)["title"] == "Crews in the hills"


def test_half_a_character_in_an_address_can_be_written() -> None:
    said = read_line({"url": "https://example.org/\ud800/a", "html": '<head><link rel="canonical" href="b"></head>'}, now=NOW)
    json.dumps(said, ensure_ascii=False).encode()


def test_a_drawing_that_never_ends_hides_nothing() -> None:
    assert read_page(URL, '<svg viewBox="0 0 1 1"><article><h1>Crews in the hills</h1></article>').title == "Crews in the hills"


def test_a_script_in_a_comment_hides_nothing() -> None:
    assert read_page(URL, "<head><!-- <script> --><title>Crews in the hills</title></head>").title == "Crews in the hills"


def test_a_field_on_a_formatting_tag_is_read() -> None:
    page = "<article><h1>Crews</h1><strong class='byline'>By Ana Example</strong> <em class='post-date'>3 February 2019</em></article>"
    said = read_line({"url": URL, "html": page}, now=NOW)
    assert (said["author"], said["published"]) == ("Ana Example", "2019-02-03")


@pytest.mark.parametrize(
    ("title", "wall"),
    [
        ("Consent – how crews say yes", False),
        ("Consent | Example Blog", True),
        ("crews.example is for sale", True),
        ("My house is for sale", False),
        ("Sorry, page not found", True),
    ],
)
def test_a_walls_word_beside_a_sentence_is_no_wall(title: str, wall: bool) -> None:
    assert read_page(URL, f"<title>{title}</title>").wall is wall


@pytest.mark.parametrize(
    "request_", [{}, [], None, "x", {"url": URL}, {"html": "<p>"}, {"url": URL, "body_base64": "abc"}, {"url": URL, "html": 5}]
)
def test_a_request_that_is_none_says_what_is_expected(request_: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_line(request_, now=NOW)


def test_a_page_that_asks_not_to_be_indexed_is_noted() -> None:
    assert read_page(URL, '<head><meta name="robots" content="NOINDEX, follow"><title>Crews</title></head>').notes == ("noindex",)


@pytest.mark.parametrize(
    ("title", "note"),
    [
        ("Just a moment...", "bot wall"),
        ("Attention Required! | Cloudflare", "bot wall"),
        ("Before you continue to YouTube", "consent wall"),
        ("Log in or sign up | Example", "log-in page"),
        ("Sign in - Google Accounts", "log-in page"),
        ("404 Not Found", "soft 404"),
        ("Example Blog – Seite nicht gefunden", "soft 404"),
    ],
)
def test_a_wall_says_nothing_but_what_it_is(title: str, note: str) -> None:
    assert read_page(URL, f"<html lang=en><head><title>{title}</title></head><body><h1>x</h1></body></html>") == PageAccount(notes=(note,))


@pytest.mark.parametrize("title", ["Why we log in to life", "A moment of crews", "How to sign up new members", "The error of our ways"])
def test_words_of_a_wall_inside_a_title_are_no_wall(title: str) -> None:
    assert read_page(URL, f"<title>{title}</title>").title == title


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ana Example (@ana@social.example)", "Ana Example"),
        ("Ana Example on X: crews", "Ana Example"),
        ("Crews (a start)", None),
        ("Notes on X and other letters", None),
    ],
)
def test_a_title_that_only_names_who_posted_is_known(title: str, name: str | None) -> None:
    assert author_in(title) == name


_HOSTILE = {
    "deep nesting": "<div>" * 50_000 + "<h1>x",
    "unclosed scripts": "<script>" * 100_000,
    "unclosed comments": "<!--" * 500_000,
    "thousands of metas": '<head><meta property="og:title" content="Crews">' + '<meta name="author" content="Ana">' * 50_000,
    "broken JSON-LD of 5 MB": '<script type="application/ld+json">{"@type":"Article","a":' + "[" * 5_000_000 + "</script>",
    "deep JSON-LD": '<script type="application/ld+json">' + '{"@graph":[' * 50_000 + "</script>",
    "comments in JSON-LD": '<script type="application/ld+json">' + "/*" * 400_000 + "</script>",
    "commas in JSON-LD": '<script type="application/ld+json">[' + ",  " * 250_000 + "</script>",
    "15 MiB of attributes": '<p title="' + "x" * 15_000_000,
    "15 MiB of tags": "<b>" * 5_000_000,
    "a title without end": "<title>" + " | a" * 500_000,
    "headings in headings": "<h1>" * 3_000 + "x" * 100_000,
    "microdata in microdata": '<div itemscope itemtype="https://schema.org/Article"><p itemprop="author" itemscope>' * 10_000,
    "canonical addresses": "<head>" + '<link rel="canonical" href="https://[">' * 20_000,
    "formatting tags of one long attribute": "<b " + "a-" * 500_000,
    "a feed's title of white space": '<link rel="alternate" type="application/rss+xml" title="a' + " " * 900_000 + 'a">',
    "a feed's title of feeds": '<link rel="alternate" type="application/rss+xml" title="' + "rss " * 200_000 + 'a">',
    "escapes in JSON-LD": '<script type="application/ld+json">"' + '\\"' * 450_000 + "\\</script>",
    "names in names": "<span itemprop=name>" * 50_000,
    "times in times": "<time datetime='2026'>" * 45_000,
    "links in headings": "<h1><a href=/b>" * 60_000,
    "things in things": "<div itemscope itemprop=name>" * 30_000,
    "NUL": "\x00<title>\x00Crews\x00</title>" * 1000,
}


@pytest.mark.parametrize("name", sorted(_HOSTILE))
def test_a_hostile_page_is_read_in_bounded_time(name: str) -> None:
    began = time.perf_counter()
    account = read_page(URL, _HOSTILE[name], now=NOW)
    assert account.title is None or len(account.title) <= 300
    # A machine ten times slower than ours passes, a quadratic walk does not.
    assert time.perf_counter() - began < 20


_NESTED = {
    "headings": "<h1>",
    "properties": "<span itemprop=name>",
    "times": "<time datetime='2026'>",
    "authors": "<span rel=author>",
    "links in headings": "<h1><a href=/b>",
    "things": "<div itemscope itemprop=name>",
    "bylines": "<div class=author>",
}


@pytest.mark.parametrize("name", sorted(_NESTED))
def test_what_stands_in_itself_costs_no_more_than_the_pages_share(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    parts = Reading.parts

    def counted(reading: Reading, tag: Any) -> Iterator[Any]:
        nonlocal looked_at
        for part in parts(reading, tag):
            looked_at += 1
            yield part

    monkeypatch.setattr(Reading, "parts", counted)
    gather(_NESTED[name] * 3_000, "example.org")
    # Without a bound for the page it is the sum of 1 to 2,000 and more.
    assert 2_000 < looked_at <= 200_000


def test_of_each_sign_a_thousand_are_kept() -> None:
    signs = "<h1>x</h1><time datetime='2026'>x</time><i rel=author>x</i><script type=application/ld+json>{}</script>"
    found = gather("<head>" + "<link rel=canonical href=/a>" * 1_100 + "</head>" + signs * 1_100, "example.org")
    kept = (found.headings, found.moments, found.authors, found.blocks, found.canonicals)
    assert [len(one) for one in kept] == [1_000] * 5


_FRAGMENTS = st.sampled_from(
    [
        *("<head>", "</head>", "<body>", "<title>", "</title>", "<h1>", "</h1>", '<meta property="og:title" content="', '">', "<article>"),
        *(
            "Crews",
            " | ",
            "Example Blog",
            '<script type="application/ld+json">',
            "</script>",
            '{"@type":"Article"',
            ',"headline":',
            '"Crews"',
        ),
        *("}", "[", "]", '{"@id":"#a"}', ',"author":', ',"datePublished":"2019-02-03"', "null", "&amp;", "<!--", "-->", "<p>", "<br>", "é"),
        *(
            '<link rel="canonical" href="/a">',
            "\ud800",
            '<time datetime="2019">',
            '<div itemscope itemprop="author">',
            "@",
            "http://[",
            "0",
        ),
        *('<a rel="author" href="/">', "\x00", '<?xml version="1.0"?>', "<rss>", "index.html", "https://example.org/a"),
    ]
)


@given(st.lists(_FRAGMENTS, max_size=30).map("".join) | st.text(max_size=200), st.text(max_size=30) | st.just(URL))
@settings(max_examples=150, deadline=None)
def test_any_page_gives_an_account_that_can_be_written(markup: str, url: str) -> None:
    json.dumps(account_line(read_page(url, markup, now=NOW)), ensure_ascii=False).encode()


@given(st.binary(max_size=300), st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_any_body_gives_an_account(body: bytes, content_type: str) -> None:
    assert isinstance(read_page(URL, body, content_type, now=NOW), PageAccount)


def _sample(name: str, url: str) -> PageAccount:
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("the recorded samples are not beside this checkout")
    return read_page(url, path.read_bytes(), now=NOW)


@pytest.mark.samples
def test_recorded_pages_say_who_wrote_what_and_when() -> None:
    medium = _sample("pages/medium-post.html", "https://wtfeconomy.com/wtf-whats-the-future-e52ab9515573")
    assert (medium.title, medium.author, medium.site, medium.kind) == ("WTF? What’s The Future?", "Tim O'Reilly", "Medium", Kind.ARTICLE)
    substack = _sample("pages/substack-post.html", "https://map.simonsarris.com/p/the-most-precious-resource-is-agency")
    assert (substack.title, substack.author) == ("The Most Precious Resource is Agency", "Simon Sarris")
    assert substack.site == "The Map is Mostly Water"
    bluesky = _sample("pages/bluesky-post.html", "https://bsky.app/profile/stephenking.bsky.social/post/3mddvy5bv6k27")
    assert (bluesky.title, bluesky.author, bluesky.kind) == (None, "Stephen King", Kind.POST)
    reddit = _sample("pages/reddit-post.html", "https://www.reddit.com/r/AskReddit/comments/axtih6/what_is_the_most/")
    assert (reddit.title, reddit.kind) == ('What is the most "worth it" item you have ever purchased?', Kind.THREAD)


@pytest.mark.samples
def test_recorded_hand_made_pages_have_their_heading_as_title() -> None:
    page = _sample("microsolidarity/congregation-how-to.html", "https://richdecibels.com/stories/congregation-how-to")
    assert page.title == "Congregation: How To"


@pytest.mark.samples
@pytest.mark.parametrize("name", ["cloudflare-challenge-medium-a", "cloudflare-challenge-medium-b", "reddit-network-policy-block"])
def test_recorded_walls_are_walls(name: str) -> None:
    account = _sample(f"interstitial/{name}.html", "https://medium.com/feed/tag/x")
    assert account.wall
    assert account.title is None
