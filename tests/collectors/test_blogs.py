"""Ghost, Substack and Blogger: signs in pages, recorded feeds, and the quirks of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.collectors import platforms, recognise
from aggregator.collectors.base import Backfills, Collector, Method, build
from aggregator.errors import BadOption, Gone, UnknownPlatform, Unreadable
from aggregator.fetch import Reply
from aggregator.model import GapReason, Kind, Missed, Page
from aggregator.text.urls import canonical
from tests.support.exchanges import Case, Exchange, RecordedHttp, cases

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples"
CASES = {f"{case.platform}/{case.name}": case for name in ("ghost", "substack", "blogger") for case in cases(name)}

recorded = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples do not lie beside this checkout")


def page_of(url: str, markup: str) -> Reply:
    return Reply(asked=url, url=url, status=200, headers={"content-type": "text/html"}, body=markup.encode())


def collector(platform: str, **options: str) -> Collector:
    return build(platforms()[platform], options)


def polled(one: Collector, answers: Mapping[str, bytes], cursor: str = "") -> list[Page]:
    return list(one.poll(RecordedHttp([Exchange(url=url, body=body) for url, body in answers.items()]), cursor))


def looked_back(case: Case, since: datetime | None = None) -> list[Page]:
    one = build(platforms()[case.platform], case.options)
    assert isinstance(one, Backfills)
    return list(one.backfill(RecordedHttp(case.exchanges), since, ""))


# -- signs


@pytest.mark.parametrize(
    ("platform", "markup", "options"),
    [
        ("ghost", '<meta name="generator" content="Ghost 6.19">', {"site": "crews.example"}),
        (
            "ghost",
            '<meta name="generator" content="Ghost 5.1"><link rel="alternate" type="application/rss+xml" href="/blog/rss/">',
            {"site": "crews.example/blog"},
        ),
        (
            "ghost",
            '<meta name="generator" content="Ghost 5.1"><link rel="alternate" href="/tag/crews/rss/"><link rel="alternate" href="/rss/">',
            {"site": "crews.example"},
        ),
        ("substack", '<link rel="preconnect" href="https://substackcdn.com">', {"site": "crews.example"}),
        ("blogger", "<meta content='blogger' name='generator'/>", {"site": "crews.example"}),
    ],
)
def test_a_page_shows_what_it_was_made_by(platform: str, markup: str, options: dict[str, str]) -> None:
    assert platforms()[platform].signs(page_of("https://crews.example/", f"<html><head>{markup}</head></html>")) == (options,)


@pytest.mark.parametrize("platform", ["ghost", "substack", "blogger"])
@pytest.mark.parametrize(
    "markup",
    [
        "<p>Ghost, Substack and blogger</p>",
        '<meta name="generator" content="Ghostwriter 2">',
        '<a href="https://substackcdn.com/">x</a>',
        '<meta name="author" content="blogger">',
    ],
)
def test_words_of_a_page_are_no_signs(platform: str, markup: str) -> None:
    assert platforms()[platform].signs(page_of("https://crews.example/", f"<html><head>{markup}</head></html>")) == ()


@pytest.mark.samples
@recorded
def test_of_recorded_pages_that_of_substack_alone_shows_it() -> None:
    pages = {path.stem: page_of("https://crews.example/x", path.read_text("utf-8")) for path in (SAMPLES / "pages").glob("*.html")}
    shown = {name: [p for p in ("blogger", "ghost", "substack") if platforms()[p].signs(page)] for name, page in pages.items()}
    assert {name: found for name, found in shown.items() if found} == {"substack-post": ["substack"]}


# -- recorded feeds


@pytest.mark.samples
@recorded
@pytest.mark.parametrize("path", sorted((SAMPLES / "ghost").glob("*.xml")), ids=lambda path: path.stem)
def test_recorded_feeds_of_ghost_have_its_ids(path: Path) -> None:
    (page,) = polled(collector("ghost", site="crews.example"), {"https://crews.example/rss/": path.read_bytes()})
    assert page.entries
    for entry in page.entries:
        assert len(entry.native_id) == 24
        assert int(entry.native_id, 16)
        assert entry.published
        assert not [one for one in entry.enclosures if (one.media_type or "").startswith("image")]


@pytest.mark.samples
@recorded
@pytest.mark.parametrize("path", sorted((SAMPLES / "substack").glob("*.xml")), ids=lambda path: path.stem)
def test_recorded_feeds_of_substack_are_no_objection_to_being_shown(path: Path) -> None:
    (page,) = polled(collector("substack", site="crews"), {"https://crews.substack.com/feed": path.read_bytes()})
    assert page.entries
    assert {entry.restrictions for entry in page.entries} == {()}
    assert all(entry.native_id == entry.url and "/p/" in entry.url for entry in page.entries)


@pytest.mark.samples
@recorded
@pytest.mark.parametrize("path", sorted((SAMPLES / "blogger").glob("*.atom")), ids=lambda path: path.stem)
def test_recorded_feeds_of_blogger_say_where_they_go_on(path: Path) -> None:
    one = collector("blogger", site="crews.blogspot.com")
    asked = "https://crews.blogspot.com/feeds/posts/default?orderby=published&max-results=25&redirect=false"
    http = RecordedHttp([Exchange(url=asked, body=path.read_bytes())])
    page = next(one.poll(http, ""))
    assert len(page.entries) == 25
    assert '"at":"26"' in page.cursor
    assert all(entry.native_id.startswith("tag:blogger.com,1999:blog-") for entry in page.entries)


# -- ghost


def test_a_site_without_its_key_says_what_it_cannot_look_back_to() -> None:
    (page,) = looked_back(CASES["ghost/backfill-without-key"])
    assert page.missed == Missed(reason=GapReason.WITHHELD, until=page.entries[-1].published)


def test_a_feed_that_reaches_back_far_enough_misses_nothing() -> None:
    (page,) = looked_back(CASES["ghost/backfill-without-key"])
    oldest = page.entries[-1].published
    (whole,) = looked_back(CASES["ghost/backfill-without-key"], since=oldest)
    assert (whole.missed, whole.remarks) == (None, ())
    assert oldest
    (short,) = looked_back(CASES["ghost/backfill-without-key"], since=oldest - timedelta(days=1))
    assert short.missed == Missed(reason=GapReason.WITHHELD, since=oldest - timedelta(days=1), until=oldest)


def test_the_feed_and_the_api_of_ghost_know_a_post_by_the_same_id() -> None:
    ids = []
    for case in (CASES["ghost/feed"], CASES["ghost/key"]):
        pages = build(platforms()["ghost"], case.options).poll(RecordedHttp(case.exchanges), "")
        ids.append({(entry.native_id, entry.url) for page in pages for entry in page.entries})
    assert ids[0] < ids[1]


def test_an_admin_key_is_refused_and_not_repeated() -> None:
    secret = "6489b9c1a6a1a1:0123456789abcdef"
    with pytest.raises(BadOption, match="Admin key is a secret") as caught:
        collector("ghost", site="crews.example", key=secret)
    assert secret not in str(caught.value)


def test_a_page_of_ghost_that_is_another_than_was_asked_for_is_an_error() -> None:
    case = CASES["ghost/key"]
    with pytest.raises(Unreadable, match="expected page 1"):
        list(build(platforms()["ghost"], case.options).poll(RecordedHttp([replace(case.exchanges[0], body=case.exchanges[1].body)]), ""))


# -- substack


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://crews.substack.com/", "crews.substack.com"),
        ("https://crews.substack.com/archive", "crews.substack.com"),
        ("https://crews.substack.com/feed", "crews.substack.com"),
        ("https://open.substack.com/pub/Crews", "crews.substack.com"),
    ],
)
def test_addresses_of_a_publication_are_recognised(address: str, site: str) -> None:
    assert recognise(address) == ("substack", {"site": site})


@pytest.mark.parametrize(
    "address", ["https://crews.substack.com/p/small-groups", "https://substack.com/@ada", "https://open.substack.com/"]
)
def test_what_is_no_publication_is_declined(address: str) -> None:
    with pytest.raises(UnknownPlatform, match="names no publication"):
        recognise(address)


@pytest.mark.parametrize(
    ("written", "site"), [("crews", "crews.substack.com"), ("@crews", "crews.substack.com"), ("Notes.example", "notes.example")]
)
def test_a_publication_may_be_written_by_its_name(written: str, site: str) -> None:
    assert collector("substack", site=written).host == site


@pytest.mark.parametrize("written", ["substack.com", "open.substack.com", "www.substack.com"])
def test_substack_itself_is_no_publication(written: str) -> None:
    with pytest.raises(BadOption, match="is no publication"):
        collector("substack", site=written)


def test_a_domain_that_went_leads_back_to_the_name_on_substack() -> None:
    case = CASES["substack/feed"]
    one = build(platforms()["substack"], case.options)
    gone = Exchange(url="https://crews.example.org/feed", status=404)
    (page,) = one.poll(RecordedHttp([gone, *case.exchanges]), '{"at":"https://crews.example.org/"}')
    assert len(page.entries) == 2
    assert page.cursor == '{"at":"https://crews.substack.com/"}'
    with pytest.raises(Gone):
        list(one.poll(RecordedHttp([Exchange(url=case.exchanges[0].url, status=404)]), page.cursor))


def test_posts_of_the_archive_have_the_address_that_programs_of_substack_share() -> None:
    entry = looked_back(CASES["substack/backfill"])[0].entries[0]
    assert canonical("https://substack.com/@ada/p-146965196").key in {canonical(alias).key for alias in entry.aliases}


def test_an_archive_that_is_empty_from_the_beginning_is_not_taken_for_its_end() -> None:
    """That of a name on Substack is, where the publication has moved to a domain of its own."""
    case = CASES["substack/backfill"]
    (page,) = looked_back(replace(case, exchanges=tuple(replace(one, body=b"[]") for one in case.exchanges)))
    assert (page.entries, page.missed) == ((), Missed(reason=GapReason.WITHHELD))
    assert "a domain of its own" in page.remarks[0]


def test_a_talk_in_the_archive_is_an_episode() -> None:
    assert [entry.kind for entry in looked_back(CASES["substack/backfill"])[0].entries] == [Kind.ARTICLE, Kind.EPISODE]


# -- blogger


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://crews.blogspot.com/", {"site": "crews.blogspot.com"}),
        ("https://crews.blogspot.co.uk/search?q=small+groups", {"site": "crews.blogspot.co.uk", "search": "small groups"}),
        ("https://crews.blogspot.com/search/label/Mutual%20aid", {"site": "crews.blogspot.com", "tag": "Mutual aid"}),
        ("https://notes.example/feeds/posts/default/-/Crews?alt=rss", {"site": "notes.example", "tag": "Crews"}),
        ("https://crews.blogspot.com/2026/11/crews.html", None),
        ("https://crews.blogspot.com/search/label/mutual%2Faid", None),
        ("https://crews.blogspot.com/search?q=+", None),
        ("https://www.blogger.com/feeds/715/posts/default", None),
    ],
)
def test_addresses_of_blogs_on_blogger_are_recognised(address: str, options: dict[str, str] | None) -> None:
    assert platforms()["blogger"].recognise(address) == options


def test_a_feed_that_is_read_down_to_what_is_known_is_not_judged_by_its_first_page() -> None:
    assert platforms()["blogger"].manifest.method is Method.API, "of what is a feed the first reply alone tells whether it has turned over"
