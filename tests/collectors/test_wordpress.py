"""WordPress: ways into a site, which of them is taken, and what a page says of its software."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.collectors import platforms
from aggregator.collectors._wordpress_posts import entry_of
from aggregator.collectors.base import Backfills, build
from aggregator.errors import BadOption, Unauthorized, Unreadable
from aggregator.fetch import Reply
from aggregator.model import Page, Visibility
from tests.support.exchanges import Exchange, RecordedHttp, cases

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "pages"
CASES = {case.name: case for case in cases("wordpress")}
WORDPRESS = platforms()["wordpress"]
CLOSED = CASES["closed"]


def page_at(url: str, markup: str, **headers: str) -> Reply:
    return Reply(asked=url, url=url, status=200, headers={"content-type": "text/html", **headers}, body=markup.encode())


def polled(options: Mapping[str, str], exchanges: Sequence[Exchange], cursor: str = "") -> tuple[list[Page], RecordedHttp]:
    http = RecordedHttp(exchanges)
    return list(build(WORDPRESS, options).poll(http, cursor)), http


def changed(number: int, **fields: Any) -> list[Exchange]:

    return [replace(one, **fields) if place == number else one for place, one in enumerate(CLOSED.exchanges)]


def test_a_site_that_closed_its_interface_is_not_asked_through_wordpress_com() -> None:
    _, http = polled(CLOSED.options, CLOSED.exchanges)
    assert not any("public-api" in asked for asked in http.asked)


def test_a_post_that_was_given_a_password_is_public_no_more() -> None:
    url, row = (
        "https://blog.example.org/crews/",
        {"guid": {"rendered": "https://blog.example.org/?p=7"}, "title": {"rendered": "Protected: Crews"}},
    )
    found = entry_of({**row, "link": url, "content": {"rendered": "", "protected": True}})
    assert (found.native_id, found.visibility, found.title) == ("https://blog.example.org/?p=7", Visibility.PRIVATE, None)
    assert entry_of({**row, "link": url, "content": {"rendered": "<p>x</p>", "protected": False}}).visibility is Visibility.PUBLIC


def test_the_mail_address_that_somebody_logs_in_with_is_no_name() -> None:
    row = {"link": "https://blog.example.org/crews/", "title": {"rendered": "Crews"}}
    authors = ("ada@example.org", "Ada &amp; Bo")
    named = [entry_of({**row, "_embedded": {"author": [{"name": name}]}}).author for name in authors]
    assert [author and author.name for author in named] == [None, "Ada & Bo"]


def test_a_closed_interface_is_not_asked_a_second_time() -> None:
    pages, _ = polled(CLOSED.options, CLOSED.exchanges)
    _, http = polled(CLOSED.options, CLOSED.exchanges, pages[-1].cursor)
    assert http.asked == ["https://blog.example.org/?feed=rss2&s=microsolidarity"]


def test_an_open_interface_that_refuses_once_is_an_error_and_no_reason_to_read_less() -> None:
    case = CASES["until-known"]
    with pytest.raises(Unauthorized):
        polled(case.options, [Exchange(url=case.exchanges[0].url, status=403)], case.cursor)


def test_a_page_of_the_feed_that_comes_again_ends_the_walk_with_a_word() -> None:
    pages, _ = polled(CLOSED.options, changed(2, body=CLOSED.exchanges[1].body))
    assert pages[-1].remarks == ("page 2 of the feed is the page before it again",)


@pytest.mark.parametrize("status", [403, 404])
def test_a_feed_without_further_pages_is_read_as_far_as_it_goes(status: int) -> None:
    pages, _ = polled(CLOSED.options, changed(2, status=status))
    assert [len(page.entries) for page in pages] == [2, 0]


def test_a_guard_that_lets_nobody_page_on_is_told_when_posts_may_be_missing() -> None:
    cursor = '{"floor":"2026-01-01T00:00:00+00:00","way":"feed"}'
    pages, _ = polled(CLOSED.options, changed(2, status=403), cursor)
    assert pages[-1].remarks == ("the site gives no older pages of its feed: posts between may be missing",)


def test_a_page_after_the_last_is_the_end_of_looking_back() -> None:
    case = CASES["backfill"]
    one, two = case.exchanges
    gone = Exchange(url=two.url, status=400, headers={"content-type": "application/json"}, body=b'{"code":"rest_post_invalid_page_number"}')
    collector = build(WORDPRESS, case.options)
    assert isinstance(collector, Backfills)
    assert [len(page.entries) for page in collector.backfill(RecordedHttp([one, gone]), None, "")] == [3, 0]


def test_posts_that_are_counted_and_not_given_are_an_error() -> None:
    case = CASES["search"]
    counted = Exchange(url=case.exchanges[0].url, headers={"X-WP-Total": "3", "X-WP-TotalPages": "1"}, body=b"[]")
    with pytest.raises(Unreadable, match="got no posts"):
        polled(case.options, [counted])


def test_the_feed_and_the_interface_know_a_post_by_the_same_id() -> None:
    rest, _ = polled(CASES["ordinary"].options, CASES["ordinary"].exchanges)
    feed, _ = polled(CLOSED.options, CLOSED.exchanges)
    ids = [{(one.native_id, one.url) for page in pages for one in page.entries} for pages in (rest, feed)]
    assert ("http://blog.example.org/?p=48", "https://blog.example.org/2026/post-48/") in ids[0] & ids[1]


@pytest.mark.parametrize(
    ("markup", "headers", "site"),
    [
        ('<link rel="https://api.w.org/" href="https://crews.example/wp-json/" />', {}, "crews.example"),
        ("<link rel='https://api.w.org/' href='https://crews.example/blog/wp-json/'>", {}, "crews.example/blog"),
        ("", {"link": '<https://crews.example/index.php/wp-json/>; rel="https://api.w.org/"'}, "crews.example/index.php"),
        ("", {"link": '<https://crews.example/?rest_route=/>; rel="https://api.w.org/"'}, "crews.example"),
        ('<meta name="generator" content="WordPress 6.6.1">', {}, "crews.example"),
        ("<meta content='WordPress.com' name='generator'>", {}, "crews.example"),
    ],
)
def test_a_page_made_by_wordpress_shows_it(markup: str, headers: dict[str, str], site: str) -> None:
    page = page_at("https://crews.example/", f"<html><head>{markup}</head></html>", **headers)
    assert WORDPRESS.signs(page) == ({"site": site},)


@pytest.mark.parametrize(
    "markup",
    [
        "",
        '<meta name="generator" content="Hugo 0.1">',
        '<meta name="description" content="WordPress">',
        '<link rel="https://api.w.org/" href="https://elsewhere.example/wp-json/">',
        '<!-- <meta name="description" content="x"> -->',
    ],
)
def test_a_page_made_by_anything_else_does_not(markup: str) -> None:
    assert WORDPRESS.signs(page_at("https://crews.example/", f"<html><head>{markup}</head></html>")) == ()


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples do not lie beside this checkout")
def test_of_recorded_pages_that_of_wordpress_alone_shows_it() -> None:
    found = {path.stem: WORDPRESS.signs(page_at("https://wptavern.com/x", path.read_text("utf-8"))) for path in SAMPLES.glob("*.html")}
    assert {name for name, signs in found.items() if signs} == {"wordpress-post"}
    assert found["wordpress-post"] == ({"site": "wptavern.com"},)


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://crews.wordpress.com/", {"site": "crews.wordpress.com"}),
        ("https://crews.wordpress.com/feed/", {"site": "crews.wordpress.com"}),
        ("https://crews.wordpress.com/tag/Mutual-Aid/feed/", {"site": "crews.wordpress.com", "tag": "mutual-aid"}),
        ("https://crews.wordpress.com/?s=small+groups", {"site": "crews.wordpress.com", "search": "small groups"}),
        ("https://example.org/blog/?s=crews&feed=rss2", {"site": "example.org/blog", "search": "crews"}),
        ("https://crews.wordpress.com/2026/11/01/crews/", None),
        ("https://example.org/?s=crews", None),
        ("https://example.org/tag/crews/feed/", None),
    ],
)
def test_addresses_that_only_wordpress_has_are_recognised(address: str, options: dict[str, str] | None) -> None:
    assert WORDPRESS.recognise(address) == options


def test_a_search_and_a_tag_are_two_sources() -> None:
    with pytest.raises(BadOption, match="at most one"):
        build(WORDPRESS, {"site": "crews.example", "search": "a", "tag": "b"})
