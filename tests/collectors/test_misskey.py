"""Misskey: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from aggregator.collectors.misskey import Misskey
from aggregator.errors import Unavailable
from aggregator.fetch import Reply
from aggregator.model import Entry, Kind
from tests.support.exchanges import Exchange, RecordedHttp

HERE = Misskey(server="misskey.example", tag="Crews")
SEARCH = "https://misskey.example/api/notes/search-by-tag"


def note(id: str, **more: Any) -> dict[str, Any]:
    user = {"id": "a", "username": "ada", "host": None}
    plain = {"createdAt": "2026-11-20T09:00:00.000Z", "user": user, "visibility": "public", "text": "#crews", "tags": ["crews"]}
    return {"id": id, **plain, **more}


def polled(*rows: Mapping[str, Any]) -> list[Entry]:
    asked = {"tag": "Crews", "limit": 100}
    answers = [
        Exchange(url=SEARCH, method="POST", sent=asked, body=json.dumps(rows).encode()),
        Exchange(url=SEARCH, method="POST", sent=asked | {"untilId": rows[-1]["id"]}, body=b"[]"),
    ]
    return [entry for page in HERE.poll(RecordedHttp(answers), "") for entry in page.entries]


def page(url: str, name: str) -> Reply:
    head = f'<html><head><meta name="application-name" content="{name}"></head><body></body></html>'
    return Reply(asked=url, url=url, status=200, body=head.encode())


def test_case_and_width_of_a_hashtag_do_not_matter() -> None:
    assert [entry.native_id for entry in polled(note("2", tags=["ＣＲＥＷＳ"]), note("1", tags=["crew"]))] == ["2"]


def test_a_note_of_a_picture_alone_is_an_entry_with_its_alternative_text() -> None:
    (found,) = polled(note("1", text=None, files=[{"type": "image/png", "url": "https://misskey.example/1.png", "comment": "Five chairs"}]))
    assert (found.text, found.alternatives) == (None, ("Five chairs",))


def test_a_note_without_an_address_on_its_own_server_has_one_on_the_server_that_was_asked() -> None:
    remote = {"id": "b", "username": "grace", "host": "social.example"}
    (found,) = polled(note("1", user=remote, uri="https://social.example/notes/77"))
    assert (found.url, found.aliases) == ("https://social.example/notes/77", ())
    assert found.author is not None
    assert found.author.handle == "grace@social.example"


@pytest.mark.parametrize(
    ("url", "name", "found"),
    [
        ("https://misskey.example/tags/crews", "Misskey", ({"server": "misskey.example", "tag": "crews"},)),
        ("https://misskey.example/tags/%C3%A9t%C3%A9", "Sharkey", ({"server": "misskey.example", "tag": "été"},)),
        ("https://misskey.example/tags/crews", "Mastodon", ()),
        ("https://misskey.example/notes/1", "Misskey", ()),
        ("https://misskey.example/tags/", "Misskey", ()),
    ],
)
def test_a_page_of_a_hashtag_shows_by_its_software_how_it_is_read(url: str, name: str, found: tuple[Mapping[str, str], ...]) -> None:
    assert tuple(Misskey.signs(page(url, name))) == found


def test_a_server_that_is_down_makes_no_note_look_gone() -> None:
    entry = Entry(native_id="1", url="https://misskey.example/notes/1", kind=Kind.POST)
    down = Exchange(url="https://misskey.example/api/notes/show", method="POST", status=502)
    with pytest.raises(Unavailable):
        list(HERE.recheck(RecordedHttp([down]), [entry]))
