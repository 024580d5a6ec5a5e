"""Tumblr: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.collectors import recognise
from aggregator.collectors.base import build
from aggregator.collectors.tumblr import Tumblr
from aggregator.errors import BadOption, MissingSecret, Unreadable
from aggregator.model import GapReason, Missed
from tests.support.exchanges import Exchange, RecordedHttp

URL = "https://api.tumblr.com/v2/tagged?tag=crews&limit=20"
AT = 1795166102


def post(number: int, at: int, **more: Any) -> dict[str, Any]:
    address = f"https://ada.tumblr.com/post/{number}"
    return {"id_string": str(number), "post_url": address, "blog_name": "ada", "timestamp": at, "body": "<p>x</p>", **more}


def answers(*posts: dict[str, Any], before: int | None = None) -> Exchange:
    body = json.dumps({"meta": {"status": 200, "msg": "OK"}, "response": posts}).encode()
    return Exchange(url=URL + (f"&before={before}" if before else ""), body=body)


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://www.tumblr.com/tagged/microsolidarity?sort=recent", {"tag": "microsolidarity"}),
        ("https://www.tumblr.com/tagged/micro%20solidarity/recent", {"tag": "micro solidarity"}),
        ("https://www.tumblr.com/tagged/anti-racism", {"tag": "anti-racism"}),
        ("https://www.tumblr.com/ada/765000000000000001/crews", None),
        ("https://ada.tumblr.com/tagged/crews", None),
    ],
)
def test_the_page_of_a_tag_is_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Tumblr.recognise(address) == options


def test_a_blog_is_left_to_its_feed() -> None:
    assert recognise("https://ada.tumblr.com/")[0] == "feed"


@pytest.mark.parametrize("tag", ["#", "a,b", "a#b"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(BadOption):
        build(Tumblr, {"tag": tag})


def test_without_the_key_nothing_is_asked() -> None:
    with pytest.raises(MissingSecret):
        list(Tumblr(tag="crews").poll(RecordedHttp([]), ""))


def test_posts_of_the_second_in_which_a_page_ends_are_not_lost() -> None:
    first = answers(post(9, AT), post(8, AT - 5))
    second = answers(post(8, AT - 5), post(7, AT - 5), before=AT - 4)
    pages = list(Tumblr(tag="crews").poll(RecordedHttp([first, second], authorised=True), ""))
    assert [entry.native_id for page in pages for entry in page.entries] == ["9", "8", "8", "7"]
    assert "at" not in json.loads(pages[-1].cursor)


def test_what_one_second_holds_beyond_a_page_is_told_and_what_is_below_is_read() -> None:
    crowd = [post(100 - number, AT) for number in range(20)]
    found = [answers(*crowd), answers(*crowd, before=AT + 1), answers(post(7, AT - 5), before=AT), answers(post(7, AT - 5), before=AT - 4)]
    pages = list(Tumblr(tag="crews").backfill(RecordedHttp(found, authorised=True), None, ""))
    assert pages[-1].entries[0].native_id == "7"
    moment = datetime.fromtimestamp(AT, UTC)
    assert [page.missed for page in pages if page.missed] == [Missed(reason=GapReason.WITHHELD, since=moment, until=moment)]


def test_a_post_is_answered_with_what_can_be_watched() -> None:
    assert "`aggregator add`" in (Tumblr.declined("https://www.tumblr.com/ada/765000000000000001/crews") or "")
    assert Tumblr.declined("https://ada.tumblr.com/post/765000000000000001") is None


def test_a_position_that_is_ignored_is_no_progress() -> None:
    http = RecordedHttp([answers(post(9, AT), post(8, AT - 5)), answers(post(9, AT), post(8, AT - 5), before=AT - 4)], authorised=True)
    with pytest.raises(Unreadable, match="holds what is newer"):
        list(Tumblr(tag="crews").poll(http, ""))


def test_a_reblog_answers_the_post_at_its_root() -> None:
    shared = post(9, AT, reblogged_from_url="https://bo.tumblr.com/post/2", reblogged_root_url="https://cy.tumblr.com/post/1")
    page = next(Tumblr(tag="crews").poll(RecordedHttp([answers(shared)], authorised=True), ""))
    assert page.entries[0].in_reply_to == "https://cy.tumblr.com/post/1"
