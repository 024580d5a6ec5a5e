"""GoToSocial: what the contract suite cannot know."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aggregator.collectors.base import build
from aggregator.collectors.gotosocial import Gotosocial
from aggregator.errors import BadOption, MissingSecret
from aggregator.fetch import Reply
from aggregator.model import Entry, Kind
from tests.support.exchanges import Exchange, RecordedHttp

HERE = Gotosocial(server="social.example", tag="crews")
ACCOUNT = Gotosocial(server="social.example", user="ada")


def test_a_hashtag_wants_a_token_and_an_account_does_not() -> None:
    assert HERE.wants_key
    assert not ACCOUNT.wants_key
    with pytest.raises(MissingSecret):
        list(HERE.poll(RecordedHttp([]), ""))


def test_exactly_one_of_a_hashtag_and_an_account_is_wanted() -> None:
    for options in ({}, {"tag": "crews", "user": "ada"}):
        with pytest.raises(BadOption, match="'tag', 'user'"):
            build(Gotosocial, {"server": "social.example", **options})


def test_an_account_is_cleaned_and_what_is_none_is_refused() -> None:
    assert build(Gotosocial, {"server": "social.example", "user": "@Ada@social.example"}) == ACCOUNT
    with pytest.raises(BadOption, match="write its name without the server"):
        build(Gotosocial, {"server": "social.example", "user": "https://social.example/@ada"})


def test_the_page_of_an_account_with_a_feed_shows_how_it_is_read() -> None:
    link = b'<link rel="alternate" type="application/rss+xml" href="/@ada/feed.rss" title="Posts from @ada">'
    profile = Reply(asked="", url="https://social.example/@ada", status=200, body=link)
    assert Gotosocial.signs(profile) == ({"server": "social.example", "user": "ada"},)
    assert Gotosocial.signs(replace(profile, body=b"<html></html>")) == ()
    assert Gotosocial.signs(replace(profile, url="https://social.example/about")) == ()


def test_an_account_is_neither_looked_back_into_nor_looked_at_again() -> None:
    http = RecordedHttp([])
    assert list(ACCOUNT.backfill(http, None, "")) == []
    assert list(ACCOUNT.recheck(http, [Entry(native_id="1", url="https://social.example/1", kind=Kind.POST)])) == []
    assert http.asked == []


def test_the_token_is_sent_with_every_question() -> None:
    rows = [{"id": "1", "visibility": "public", "account": {}, "content": "#crews", "tags": [], "url": "https://social.example/1"}]
    url = "https://social.example/api/v1/timelines/tag/crews?limit=40"
    answers = [Exchange(url=url, body=json.dumps(rows).encode()), Exchange(url=f"{url}&max_id=1", body=b"[]")]
    pages = list(HERE.poll(RecordedHttp(answers, authorised=True), ""))
    assert [entry.native_id for page in pages for entry in page.entries] == ["1"]
