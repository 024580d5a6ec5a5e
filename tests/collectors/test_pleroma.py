"""Pleroma and Akkoma: what the contract suite cannot know."""

from __future__ import annotations

import pytest

from aggregator.collectors.pleroma import Pleroma
from aggregator.errors import Unauthorized
from aggregator.fetch import Reply
from tests.support.exchanges import Exchange, RecordedHttp

HERE = Pleroma(server="pleroma.example", tag="crews")
TIMELINE = "https://pleroma.example/api/v1/timelines/tag/crews?limit=40"
FRONT_END = b'<html><head><script id="initial-results" type="application/json">{"/api/pleroma/frontend_configurations":""}</script></head>'


def page(url: str, body: bytes = FRONT_END) -> Reply:
    return Reply(asked=url, url=url, status=200, body=body)


def test_a_page_of_a_hashtag_shows_by_its_software_how_it_is_read() -> None:
    expected = ({"server": "pleroma.example", "tag": "crews"},)
    assert Pleroma.signs(page("https://pleroma.example/tag/crews")) == expected
    assert Pleroma.signs(page("https://pleroma.example/tags/crews.atom")) == expected
    assert Pleroma.signs(page("https://pleroma.example/about")) == ()
    assert Pleroma.signs(page("https://forum.example/tag/crews", b"<html><title>Crews</title>")) == ()


@pytest.mark.parametrize(
    ("authorised", "words"),
    [(False, "to its members only; set PLEROMA_TOKENS to pleroma.example:token"), (True, "does not accept the token")],
)
def test_a_refusal_says_whether_a_token_is_missing_or_wrong(authorised: bool, words: str) -> None:
    with pytest.raises(Unauthorized, match=words):
        list(HERE.poll(RecordedHttp([Exchange(url=TIMELINE, status=401)], authorised=authorised), ""))
