"""Loomio: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from aggregator.collectors.base import build
from aggregator.collectors.loomio import Loomio
from aggregator.errors import BadOption, MissingSecret, Unavailable
from aggregator.model import Page
from tests.support.exchanges import Exchange, RecordedHttp

SEARCH = "https://www.loomio.com/api/b2/search?order=authored_at_desc&query=crews"


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://microsolidarity.loomio.org", {"group": "microsolidarity"}),
        ("http://microsolidarity.loomio.org/", {"group": "microsolidarity"}),
        ("https://www.loomio.com/microsolidarity.xml", {"group": "microsolidarity"}),
        ("https://loomio.org/g/AbCd1234/any-name", {"group": "g/AbCd1234"}),
        ("https://www.loomio.org/d/xtAj8C6R/people-practices-place", {"discussion": "xtAj8C6R"}),
        ("https://microsolidarity.loomio.org/d/OUV8X7Hv/x/12", {"discussion": "OUV8X7Hv"}),
        ("https://loomio.example.org/d/OUV8X7Hv", {"discussion": "OUV8X7Hv", "host": "loomio.example.org"}),
        ("https://framavox.org/g/AbCd1234", {"group": "g/AbCd1234", "host": "framavox.org"}),
        ("https://www.loomio.com/dashboard", None),
        ("https://www.loomio.com/p/AbCd1234", None),
        ("https://help.loomio.com/en", None),
        ("https://example.org/d/OUV8X7Hv", None),
    ],
)
def test_groups_and_discussions_are_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Loomio.recognise(address) == options


@pytest.mark.parametrize(
    ("written", "group"),
    [("AbCd1234", "g/AbCd1234"), ("enspiral", "enspiral"), ("g/abcd1234", "g/abcd1234"), ("crew-commons/", "crew-commons")],
)
def test_a_key_is_told_from_a_handle_by_its_capitals(written: str, group: str) -> None:
    assert build(Loomio, {"group": written}) == Loomio(group=group)


@pytest.mark.parametrize("options", [{}, {"group": "a", "search": "b"}, {"group": "A B"}, {"discussion": "?"}, {"group": "inbox"}])
def test_exactly_one_thing_is_read(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Loomio, options)


def test_the_old_names_of_the_flagship_are_one_server() -> None:
    for host in ("loomio.org", "https://www.loomio.org", "loomio.com", "WWW.Loomio.com"):
        assert build(Loomio, {"group": "crews", "host": host}) == Loomio(group="crews")


def test_a_search_wants_the_secret() -> None:
    with pytest.raises(MissingSecret):
        list(Loomio(search="crews").poll(RecordedHttp([]), ""))


def row(key: str, item: int, **fields: Any) -> dict[str, Any]:
    said = {"searchable_type": "Comment", "searchable_id": item, "sequence_id": item, "highlight": "<b>crews</b>", "group_key": "AbCd1234"}
    return said | {"discussion_key": key, "discussion_title": "Über uns", "authored_at": f"2026-11-{item:02d}T10:00:00Z"} | fields


def feed(*keys: str) -> bytes:
    entries = "".join(
        f'<entry><id>{key}</id><title>x</title><updated>2026-11-01T09:00:00Z</updated><link href="https://www.loomio.com/d/{key}/x"/></entry>'
        for key in keys
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><id>g</id><title>g</title><updated>2026-11-01T09:00:00Z</updated>{entries}</feed>'.encode()


def searched(rows: list[dict[str, Any]], feeds: Mapping[str, Exchange], cursor: str = "") -> tuple[Page, RecordedHttp]:
    found = Exchange(url=SEARCH, body=json.dumps({"search_results": rows}).encode())
    http = RecordedHttp([found, *feeds.values()], authorised=True)
    (page,) = Loomio(search="crews").poll(http, cursor)
    return page, http


def visitors(path: str, *keys: str, status: int = 200) -> dict[str, Exchange]:
    return {path: Exchange(url=f"https://www.loomio.com/{path}.xml", status=status, body=feed(*keys))}


def test_what_only_the_owner_of_the_key_may_read_is_left_out() -> None:
    feeds = visitors("g/AbCd1234", "PuBlIc01") | visitors("d/SeCrEt01", status=403)
    page, _ = searched([row("PuBlIc01", 2), row("SeCrEt01", 1)], feeds)
    assert [entry.native_id for entry in page.entries] == ["d/PuBlIc01/2"]
    assert page.remarks == ("1 result left out: visitors cannot be seen to read it",)


def test_a_server_that_fails_while_we_look_is_no_verdict() -> None:
    with pytest.raises(Unavailable):
        searched([row("PuBlIc01", 2)], visitors("g/AbCd1234", status=500))


def test_what_was_private_is_looked_at_again_and_what_was_public_is_not() -> None:
    first, _ = searched([row("PuBlIc01", 2), row("LaTeR001", 1)], visitors("g/AbCd1234", "PuBlIc01") | visitors("d/LaTeR001", status=404))
    feeds = visitors("g/AbCd1234", "LaTeR001")
    second, http = searched([row("PuBlIc01", 2), row("LaTeR001", 1)], feeds, first.cursor)
    assert {entry.native_id for entry in second.entries} == {"d/PuBlIc01/2", "d/LaTeR001/1"}
    assert http.asked[1:] == ["https://www.loomio.com/g/AbCd1234.xml"]


def test_the_address_of_a_result_has_a_slug_that_the_server_takes() -> None:
    page, _ = searched([row("PuBlIc01", 2), row("PuBlIc01", 3, discussion_title="???")], visitors("g/AbCd1234", "PuBlIc01"))
    assert [entry.url for entry in page.entries] == [
        "https://www.loomio.com/d/PuBlIc01/ber-uns/2",
        "https://www.loomio.com/d/PuBlIc01/discussion/3",
    ]


def test_a_key_that_is_no_key_is_not_asked_for() -> None:
    page, http = searched([row("../x", 2, group_key="../y")], {})
    assert page.entries == ()
    assert len(http.asked) == 1


def test_what_a_comment_in_markdown_shares_is_a_link_and_its_text_stays() -> None:
    words = (
        "See [notes](https://garden.example/crews_(2026)), https://garden.example/a\\_b and again "
        "[notes](https://garden.example/crews_(2026)). ![us](https://garden.example/us.jpg)"
    )
    body = feed("EfGh5678").replace(b'/x"/>', b'/x/3"/><content type="text">' + words.encode() + b"</content>")
    http = RecordedHttp([Exchange(url="https://www.loomio.com/d/EfGh5678.xml", body=body)])
    (page,) = Loomio(discussion="EfGh5678").poll(http, "")
    (comment,) = page.entries
    assert comment.text == words
    assert comment.links == ("https://garden.example/crews_(2026)", "https://garden.example/a\\_b")
    assert comment.in_reply_to == "https://www.loomio.com/d/EfGh5678"
