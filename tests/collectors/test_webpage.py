"""Pages without a feed: what a steward is told when a layout changes, and what is not taken for a change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aggregator.collectors import platforms
from aggregator.collectors.base import build
from aggregator.errors import BadOption, Unreadable
from aggregator.model import Page, Restriction
from tests.support.exchanges import Exchange, RecordedHttp

URL = "https://crews.example.org/writing"


def listing(*rows: str, head: str = "<title>Writing</title>") -> str:
    return f"<html><head>{head}</head><body>{''.join(f'<article>{row}</article>' for row in rows)}</body></html>"


def row(number: int, *, date: str = "2026-11-01", link: bool = True) -> str:
    heading = f'<h2><a href="/{number}">Crew {number}</a></h2>' if link else f"<h2>Crew {number}</h2>"
    return heading + (f"<p class='date'>{date}</p>" if date else "")


def polled(page: str, *, cursor: str = "", headers: Mapping[str, str] | None = None, unchanged: bool = False, **options: str) -> Page:
    collector = build(platforms()["webpage"], {"url": URL, "entry": "article", **options})
    http = RecordedHttp([Exchange(url=URL, headers=headers or {}, body=page.encode())], unchanged=unchanged)
    return next(collector.poll(http, cursor))


def test_dates_that_went_are_an_error_that_names_the_selector() -> None:
    before = polled(listing(*map(row, range(6))), date=".date")
    with pytest.raises(Unreadable, match=r"the selector '\.date' \(date\) finds none in 6"):
        polled(listing(*(row(n, date="") for n in range(6))), cursor=before.cursor, date=".date")


def test_half_of_a_field_may_go_and_more_may_not() -> None:
    before = polled(listing(*map(row, range(6))), date=".date")
    half = listing(*(row(n, date="2026-11-01" if n < 3 else "") for n in range(6)))
    assert len(polled(half, cursor=before.cursor, date=".date").entries) == 6
    with pytest.raises(Unreadable, match="one in 2 of 6, 6 of 6 before"):
        polled(listing(*(row(n, date="2026-11-01" if n < 2 else "") for n in range(6))), cursor=before.cursor, date=".date")


def test_a_selector_that_finds_no_date_from_the_beginning_is_an_error() -> None:
    with pytest.raises(Unreadable, match=r"'\.when' \(date\)"):
        polled(listing(row(1), row(2)), date=".when")
    with pytest.raises(Unreadable, match=r"'\.date' \(date\) finds none"):
        polled(listing(row(1, date="some day"), row(2, date="whenever")), date=".date")


def test_without_a_selector_a_page_may_have_no_dates_at_all() -> None:
    assert [entry.published for entry in polled(listing(row(1), row(2))).entries] == [None, None]


def test_what_lost_its_links_is_told_with_what_was_taken_for_them() -> None:
    with pytest.raises(Unreadable, match="what is taken for the link without a selector finds none in 2"):
        polled(listing(row(1, link=False), row(2, link=False)))


def test_a_list_that_became_short_is_told_and_read() -> None:
    before = polled(listing(*map(row, range(20))))
    page = polled(listing(row(1), row(2)), cursor=before.cursor)
    assert len(page.entries) == 2
    assert "2 entries where 20 were before" in " ".join(page.remarks)


def test_other_selectors_are_not_compared_with_what_came_before() -> None:
    before = polled(listing(*map(row, range(6))), date=".date")
    assert len(polled(listing(*(row(n, date="") for n in range(6))), cursor=before.cursor).entries) == 6


def test_new_selectors_are_tried_on_a_page_that_did_not_change() -> None:
    whole = listing(*map(row, range(6)))
    before = polled(whole, date=".date")
    assert polled(whole, cursor=before.cursor, unchanged=True, date=".date").entries == ()
    assert len(polled(whole, cursor=before.cursor, unchanged=True, link="h2 a").entries) == 6


def test_a_header_asks_not_to_be_indexed_as_well_as_a_page() -> None:
    page = polled(listing(row(1)), headers={"X-Robots-Tag": "noindex"})
    assert page.entries[0].restrictions == (Restriction.NOINDEX,)


def test_a_wrong_selector_is_found_when_the_configuration_is_read() -> None:
    with pytest.raises(BadOption, match="no CSS selector"):
        polled("", date="p[")
