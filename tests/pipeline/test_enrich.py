"""What a linked page says of itself, written into its link."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.errors import Gone, RateLimited, SourceError, Unauthorized, Unavailable
from aggregator.fetch import Reply
from aggregator.model import Kind, Link
from aggregator.pipeline.enrich import enriched, not_enriched, page_to_read, worth_reading
from aggregator.text.urls import canonical

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINK = Link(
    key="https://blog.example.org/crews",
    href="https://blog.example.org/crews",
    title="crews!",
    site="card",
    image="https://card.example/i.png",
)
PAGE = """<html lang="en"><head><title>Crews | Example Blog</title><meta property="og:site_name" content="Example Blog">
<meta name="author" content="Ana Example"><meta property="og:type" content="article"><meta name="description" content="How to start one.">
<meta property="article:published_time" content="2019-02-03T10:00:00+01:00"></head></html>"""


def reply(html: str, url: str = LINK.href, media_type: str = "text/html; charset=utf-8") -> Reply:
    return Reply(asked=LINK.href, url=url, status=200, headers={"content-type": media_type}, body=html.encode())


def test_a_page_fills_its_link_and_leaves_what_it_does_not_say() -> None:
    after = enriched(LINK, reply(PAGE), NOW)
    assert after == replace(
        LINK,
        title="Crews",
        description="How to start one.",
        author="Ana Example",
        site="Example Blog",
        published=datetime(2019, 2, 3, 9, tzinfo=UTC),
        language="en",
        kind=Kind.ARTICLE,
        status=200,
        enriched_at=NOW,
        attempts=1,
    )


def test_the_time_of_publication_is_kept_in_utc() -> None:
    after = enriched(LINK, reply(PAGE), NOW)
    assert after.published is not None
    assert after.published.utcoffset() == timedelta(0)


def test_a_wall_is_an_attempt_that_failed() -> None:
    after = enriched(LINK, reply("<title>Just a moment...</title>"), NOW)
    assert after == replace(LINK, status=200, attempts=1, next_try_at=NOW + timedelta(hours=1))


def test_a_deep_address_that_leads_to_the_front_page_says_nothing() -> None:
    after = enriched(LINK, reply(PAGE, url="https://blog.example.org/"), NOW)
    assert (after.title, after.enriched_at) == ("crews!", None)


def test_a_page_that_asks_not_to_be_found_is_not_quoted() -> None:
    after = enriched(LINK, reply(PAGE.replace("<head>", '<head><meta name="robots" content="noindex">')), NOW)
    assert (after.title, after.description, after.image) == ("Crews", None, None)


def test_a_file_that_is_no_page_counts_as_read() -> None:
    after = enriched(LINK, reply("%PDF-1.4", media_type="application/pdf"), NOW)
    assert after == replace(LINK, status=200, enriched_at=NOW, attempts=1)


def test_a_link_that_fails_is_tried_less_and_less_and_then_no_more() -> None:
    link, waits = LINK, []
    while link.enriched_at is None:
        link = not_enriched(link, Unavailable("reading page: timed out"), NOW)
        waits.append(link.next_try_at and link.next_try_at - NOW)
    assert waits == [timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7), None]
    assert link.title == "crews!"


def test_the_servers_own_date_is_honoured_when_it_is_later() -> None:
    later = NOW + timedelta(days=2)
    assert not_enriched(LINK, RateLimited("429", status=429, retry_at=later), NOW).next_try_at == later


@pytest.mark.parametrize(
    ("error", "done"), [(Gone("410", status=410), True), (Gone("404", status=404), False), (Unauthorized("403", status=403), False)]
)
def test_only_what_is_gone_for_good_is_given_up_at_once(error: SourceError, done: bool) -> None:
    after = not_enriched(LINK, error, NOW)
    assert (after.enriched_at is not None, after.status) == (done, error.status)


@pytest.mark.parametrize(
    "key",
    [
        "https://blog.example.org/crews",
        "https://www.youtube.com/watch?v=_ShH3x1hgY0",
        "https://example.org/why.html",
        "https://example.org/mp3",
    ],
)
def test_pages_are_worth_reading(key: str) -> None:
    assert worth_reading(key)


@pytest.mark.parametrize(
    "key",
    [
        *("https://cdn.example.org/12.mp3", "https://example.org/a.PDF?x=1", "https://example.org/feed.xml", "https://example.org/a.zip"),
        *("https://x.com/ana/status/1", "https://www.linkedin.com/posts/a", "https://medium.com/p/ffe35c65d70", "https://ana.medium.com/a"),
        *("http://localhost/a", "http://127.0.0.1/a", "http://10.0.0.1/", "http://[::1]/", "http://wiki/a", "http://printer.local/"),
        *("", "notes.md", "mailto:ana@example.org", "at://did:plc:x/app.bsky.feed.post/1", "https://"),
    ],
)
def test_files_private_hosts_and_platforms_that_refuse_are_not(key: str) -> None:
    assert not worth_reading(key)


@pytest.mark.parametrize("key", ["http://192.168.1.5/wiki/crews", "http://wiki.intranet/crews"])
def test_a_page_of_an_intranet_is_read_where_the_operator_opened_it(key: str) -> None:
    assert worth_reading(key, intranet=True)
    assert not worth_reading(key)


def led(url: str, head: str = "", *, link: Link = LINK) -> tuple[str | None, str | None]:
    after = enriched(link, reply(PAGE.replace("</head>", f"{head}</head>"), url=url), NOW)
    return after.landed, after.canonical


def test_where_an_address_led_is_remembered() -> None:
    short = replace(LINK, key="https://bit.ly/3xYz", href="https://bit.ly/3xYz")
    assert led("https://www.blog.example.org/crews/?utm_source=bitly", link=short) == ("https://blog.example.org/crews", None)
    assert led("https://www.blog.example.org/crews/?utm_source=feed") == (None, None)


def test_a_page_that_is_gone_is_not_the_list_that_stands_in_its_place() -> None:
    deep = replace(LINK, key="https://blog.example.org/2019/crews", href="https://blog.example.org/2019/crews")
    assert led("https://blog.example.org/2019/", link=deep) == (None, None)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("https://blog.example.org/crews", None),
        ("/2019/02/crews", "https://blog.example.org/2019/02/crews"),
        ("https://essays.example.net/crews?utm_source=x", "https://essays.example.net/crews"),
        ("https://essays.example.net/", None),
        ("https://blog.example.org/", None),
    ],
)
def test_what_a_page_names_as_its_own_address_is_remembered_on_whichever_site(named: str, found: str | None) -> None:
    assert led(LINK.href, f'<link rel="canonical" href="{named}">') == (None, found)


# -- documents, posts for patrons, spaces of GitBook

FILE = "https://docs.google.com/document/d/1pFPbxmzf41zsHS0pMExvPqz9Pi6SMFXeFHJ8_Eb96EI"
SIGN_IN = "<html><head><title>Google Docs: Sign-in</title></head><body><form action='https://accounts.google.com/'></form></body></html>"
OPENED = """<html><head><title>How to crew - Google Docs</title>
<meta property="og:title" content="How to crew"><meta property="og:site_name" content="Google Docs">
<meta property="og:description" content="A crew is three to six people."></head></html>"""
FOR_PATRONS = """<html><head><title>Notes from the road | Ana Example</title>
<meta property="og:title" content="Notes from the road | Ana Example"><meta property="og:site_name" content="Patreon">
<meta property="og:description" content="Get more from Ana Example on Patreon"></head></html>"""
SPACE = """<html><head><title>Crewing | Five Chairs</title><meta property="og:title" content="Crewing | Five Chairs">
<meta property="og:site_name" content="Five Chairs"><meta name="generator" content="GitBook (2b2d2c2)"></head></html>"""


@pytest.mark.parametrize(
    ("href", "read_at"),
    [
        (f"{FILE}/edit?ts=5bdf0475#heading=h.1", f"{FILE}/mobilebasic"),
        (f"{FILE}/export?format=txt", f"{FILE}/mobilebasic"),
        (FILE, f"{FILE}/mobilebasic"),
        (FILE.replace("/document/", "/presentation/") + "/export/txt", FILE.replace("/document/", "/presentation/") + "/edit"),
        ("https://docs.google.com/document/d/e/2PACX-1vQabc/pub", "https://docs.google.com/document/d/e/2PACX-1vQabc/pub"),
        ("https://docs.google.com/forms/d/e/1FAIpQLabc/viewform", "https://docs.google.com/forms/d/e/1FAIpQLabc/viewform"),
        ("https://blog.example.org/document/d/x/edit", "https://blog.example.org/document/d/x/edit"),
    ],
)
def test_the_title_of_a_document_is_read_from_its_plain_page(href: str, read_at: str) -> None:
    assert page_to_read(href) == read_at
    assert canonical(read_at).key == canonical(href).key


def seen(href: str, html: str) -> Link:
    link = Link(key=canonical(href).key, href=href)
    return enriched(link, reply(html, url=page_to_read(href)), NOW)


def test_a_document_gives_its_title_and_is_never_quoted() -> None:
    after = seen(f"{FILE}/edit", OPENED)
    assert (after.title, after.site, after.description, after.landed) == ("How to crew", "Google Docs", None, None)
    assert worth_reading(after.key)


def test_a_document_that_is_not_shared_is_a_wall() -> None:
    after = seen(f"{FILE}/edit", SIGN_IN)
    assert (after.title, after.enriched_at) == (None, None)


def test_a_post_for_patrons_gives_its_title() -> None:
    after = seen("https://www.patreon.com/posts/notes-from-road-123456", FOR_PATRONS)
    assert (after.title, after.site) == ("Notes from the road", "Patreon")
    assert worth_reading(after.key)


def test_a_page_of_gitbook_gives_its_title_and_its_space() -> None:
    after = seen("https://o.gitbook.io/five-chairs/crewing.md", SPACE)
    assert (after.title, after.site) == ("Crewing", "Five Chairs")
