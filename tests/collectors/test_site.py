"""Sites that are found out: what is taken for a sign, what comes before what, and when a site is looked at again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from aggregator.collectors import platforms
from aggregator.collectors.base import Backfills, Collector, build
from aggregator.errors import Gone, RateLimited, Unauthorized, Unreadable
from aggregator.fetch import Reply
from aggregator.model import GapReason, Missed, Page
from tests.support.exchanges import Case, Exchange, RecordedHttp, cases

CASES = {case.name: case for case in cases("site")}
FRONT = "https://groups.example.org"


def site(**options: str) -> Collector:
    return build(platforms()["site"], {"site": FRONT, **options})


def polled(case: Case, *, cursor: str | None = None, exchanges: Sequence[Exchange] | None = None) -> tuple[list[Page], RecordedHttp]:
    http = RecordedHttp(case.exchanges if exchanges is None else exchanges)
    return list(build(platforms()["site"], case.options).poll(http, case.cursor if cursor is None else cursor)), http


def read_as(head: str, **options: str) -> str:
    """The platform that a front page leads to."""
    page = Exchange(url=FRONT, headers={"Content-Type": "text/html"}, body=f"<html><head>{head}</head><body></body></html>".encode())
    http = RecordedHttp([page])
    try:
        list(site(**options).poll(http, ""))
    except Exception as error:
        return http.asked[1] if len(http.asked) > 1 else str(error)
    raise AssertionError("only the front page was recorded")


def changed(case: Case, number: int, **fields: object) -> list[Exchange]:
    return [replace(one, **fields) if place == number else one for place, one in enumerate(case.exchanges)]  # type: ignore[arg-type]  # fields of an exchange


@pytest.mark.parametrize(
    ("head", "asked"),
    [
        ('<meta name="generator" content="WordPress 6.6">', f"{FRONT}/wp-json/wp/v2/posts"),
        ('<meta name="generator" content="Ghost 6.19">', f"{FRONT}/rss/"),
        ('<link rel="preconnect" href="https://substackcdn.com">', f"{FRONT}/feed"),
        ("<meta content='blogger' name='generator'/>", f"{FRONT}/feeds/posts/default"),
        ('<link rel="alternate" type="application/rss+xml" href="/all.xml">', f"{FRONT}/all.xml"),
    ],
)
def test_the_front_page_tells_what_is_asked_next(head: str, asked: str) -> None:
    assert read_as(head).startswith(asked)


def test_a_forum_is_searched_when_a_word_is_given_and_read_by_its_feed_when_not() -> None:
    head = '<meta name="generator" content="Discourse 3.4.0"><link rel="alternate" type="application/rss+xml" href="/latest.rss">'
    assert read_as(head, search="crews").startswith(f"{FRONT}/search.json")
    assert read_as(head) == f"{FRONT}/latest.rss"


def test_what_the_site_is_comes_before_what_it_points_to() -> None:
    head = '<meta name="generator" content="WordPress 6.6"><link rel="alternate" type="application/rss+xml" href="https://anchor.fm/s/8d364524/podcast/rss">'
    assert "/wp-json/" in read_as(head)


def test_a_tag_is_asked_for_as_the_platform_writes_it() -> None:
    assert "/-/Mutual%20aid?" in read_as("<meta content='blogger' name='generator'/>", tag="Mutual aid")
    assert "/tag/mutual-aid/rss/" in read_as('<meta name="generator" content="Ghost 6.19">', tag="#Mutual aid")


def test_a_show_that_a_site_points_to_comes_after_the_feed_of_its_own() -> None:
    show = '<link rel="alternate" type="application/rss+xml" href="https://anchor.fm/s/8d364524/podcast/rss">'
    assert read_as(show) == "https://anchor.fm/s/8d364524/podcast/rss"
    assert read_as(f'{show}<link rel="alternate" type="application/rss+xml" href="/mine.xml">').startswith(FRONT)


def test_the_front_page_is_asked_once() -> None:
    pages, first = polled(CASES["wordpress"])
    assert [asked for asked in first.asked if "wp-json" not in asked] == ["https://blog.example.org/"]
    _, second = polled(CASES["wordpress"], cursor=pages[-1].cursor)
    assert all("wp-json" in asked for asked in second.asked)


def test_another_word_to_look_for_has_the_site_looked_at_anew() -> None:
    pages, _ = polled(CASES["wordpress"])
    http = RecordedHttp(CASES["wordpress"].exchanges)
    other = build(platforms()["site"], {"site": "https://blog.example.org", "search": "crews"})
    with pytest.raises(Exception, match="not in the recording"):
        list(other.poll(http, pages[-1].cursor))
    assert http.asked[0] == "https://blog.example.org/"
    assert "search=crews" in http.asked[1]


def test_an_error_of_a_site_that_is_what_it_was_stays_the_error_it_is() -> None:
    case = CASES["known"]
    with pytest.raises(Gone):
        polled(case, exchanges=changed(case, 0, status=404))
    with pytest.raises(Unauthorized):
        polled(case, exchanges=changed(case, 0, status=403))


def test_a_front_page_that_wants_rest_is_left_alone() -> None:
    case = CASES["changed"]
    with pytest.raises(RateLimited):
        polled(case, exchanges=changed(case, 1, status=429))


def test_a_site_that_became_nothing_says_what_to_write() -> None:
    case = CASES["changed"]
    with pytest.raises(Unreadable, match="write `platform: webpage`"):
        polled(case, exchanges=changed(case, 1, body=b"<html><title>Parked</title><p>Buy me</p></html>"))


def test_usual_addresses_are_tried_once_and_not_at_every_poll() -> None:
    case = CASES["nothing"]
    first = RecordedHttp(case.exchanges)
    pages: list[Page] = []
    with pytest.raises(Unreadable):
        pages.extend(build(platforms()["site"], case.options).poll(first, ""))
    second = RecordedHttp(case.exchanges)
    with pytest.raises(Unreadable, match="webpage"):
        list(build(platforms()["site"], case.options).poll(second, '{"searched":true}'))
    assert (len(first.asked), len(second.asked)) == (7, 1)


@pytest.mark.parametrize("cursor", ['{"platform":"site","options":{},"asked":["",""]}', '{"platform":"gone","options":{},"asked":["",""]}'])
def test_a_platform_that_is_no_more_is_found_out_anew(cursor: str) -> None:
    pages, http = polled(CASES["changed"], cursor=cursor)
    assert http.asked[0] == f"{FRONT}/"
    assert json.loads(pages[-1].cursor)["platform"] == "ghost"


class Conditional(RecordedHttp):
    """Answers as servers do that were asked before: with 304, unless the page is wanted all the same."""

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        reply = super().page(url, fresh=fresh)
        return reply if fresh else replace(reply, status=304, body=b"", unchanged=True)


def test_a_front_page_that_did_not_change_is_read_all_the_same() -> None:
    case = CASES["changed"]
    pages = list(build(platforms()["site"], case.options).poll(Conditional(case.exchanges), case.cursor))
    assert json.loads(pages[-1].cursor)["platform"] == "ghost"


def test_what_cannot_be_looked_back_into_is_told_as_missed() -> None:
    case = CASES["feed"]
    one = build(platforms()["site"], case.options)
    assert isinstance(one, Backfills)
    http = RecordedHttp(case.exchanges)
    (page,) = one.backfill(http, None, "")
    assert page.missed == Missed(reason=GapReason.WITHHELD)
    assert "nothing older" in page.remarks[0]
    assert list(one.backfill(http, None, page.cursor)) == []


@pytest.mark.parametrize("written", ["blog.example", "https://blog.example", "https://blog.example#top", " https://blog.example "])
def test_a_site_may_be_written_as_people_write_it(written: str) -> None:
    assert build(platforms()["site"], {"site": written}) == build(platforms()["site"], {"site": "https://blog.example"})
