"""Whether a feed still lists anything of what it listed at the last poll."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.pipeline.listing import compared


def rss(ids: Sequence[str]) -> bytes:
    items = "".join(f"<item><title>{id}</title><guid isPermaLink='false'>{id}</guid></item>" for id in ids)
    return f"<rss version='2.0'><channel><link>https://example.org/</link>{items}</channel></rss>".encode()


def rss_of_links(ids: Sequence[str]) -> bytes:
    items = "".join(f"<item ><link>https://example.org/{id}</link></item>" for id in ids)
    return f"<rss version='2.0'><channel><link>https://example.org/</link>{items}</channel></rss>".encode()


def rdf(ids: Sequence[str]) -> bytes:
    listed = "".join(f'<rdf:li rdf:resource="https://example.org/{id}"/>' for id in ids)
    items = "".join(f'<item rdf:about="https://example.org/{id}"><title>x</title></item>' for id in ids)
    return f"<rdf:RDF><channel><items><rdf:Seq>{listed}</rdf:Seq></items></channel>{items}</rdf:RDF>".encode()


def atom(ids: Sequence[str]) -> bytes:
    source = "<source><id>urn:the:same:for:all</id></source>"
    entries = "".join(f"<entry>{source}<title>x</title><id><![CDATA[{id}]]></id></entry>" for id in ids)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><id>urn:feed</id>{entries}</feed>".encode()


def prefixed(ids: Sequence[str]) -> bytes:
    entries = "".join(f"<a:entry><a:id>{id}</a:id></a:entry>" for id in ids)
    return f"<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:id>urn:feed</a:id>{entries}</a:feed>".encode()


def json_feed(ids: Sequence[str]) -> bytes:
    items = [{"id": id, "content_text": 'says "id" twice'} for id in ids]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "id", "items": items}).encode()


def utf16(ids: Sequence[str]) -> bytes:
    return rss(ids).decode().encode("utf-16")


FORMATS = pytest.mark.parametrize("feed", [rss, rss_of_links, rdf, atom, prefixed, json_feed, utf16])
Format = Callable[[Sequence[str]], bytes]


def names(first: int, last: int) -> list[str]:
    """Ids, newest first."""
    return [f"entry-{number}" for number in range(last, first - 1, -1)]


def turned(before: bytes, after: bytes) -> bool:
    return compared(after, compared(before, "")[0])[1]


@FORMATS
def test_a_feed_that_shows_one_entry_still_has_not_turned_over(feed: Format) -> None:
    assert not turned(feed(names(1, 10)), feed(names(10, 19)))


@FORMATS
def test_a_feed_that_shows_nothing_of_what_it_showed_has(feed: Format) -> None:
    assert turned(feed(names(1, 10)), feed(names(11, 20)))


@FORMATS
def test_what_is_the_same_gives_the_same(feed: Format) -> None:
    first, _ = compared(feed(names(1, 50)), "")
    assert compared(feed(names(1, 50)), first) == (first, False)


@FORMATS
def test_what_was_never_compared_has_not_turned_over(feed: Format) -> None:
    assert compared(feed(names(1, 10)), "")[1] is False


def test_whichever_way_a_long_feed_is_sorted_its_newest_entries_are_known() -> None:
    assert not turned(rss(names(1, 100)), rss(names(80, 180)))
    assert not turned(rss(names(1, 100)[::-1]), rss(names(80, 180)[::-1]))
    assert turned(rss(names(1, 100)), rss(names(101, 200)))


def test_an_entry_that_is_pinned_hides_nothing() -> None:
    assert turned(rss(["pinned", *names(1, 9)]), rss(["pinned", *names(10, 18)]))
    assert not turned(rss(["pinned", *names(1, 9)]), rss(["pinned", *names(5, 13)]))
    assert not turned(rss(["only"]), rss(["only"]))


@pytest.mark.parametrize(
    "body", [b"", b"<rss><channel></channel></rss>", b"<html><p>Log in</p></html>", b"{}", b'{"items": []}', b"\xff\xfe"]
)
def test_what_lists_nothing_says_nothing_of_what_came_and_went(body: bytes) -> None:
    before = compared(rss(names(1, 5)), "")[0]
    assert compared(body, before) == (before, False)


def test_what_is_kept_is_short() -> None:
    assert len(compared(rss(names(1, 5000)), "")[0]) == 256


@settings(max_examples=100, deadline=None)
@given(size=st.integers(2, 40), came=st.integers(0, 90), ascending=st.booleans())
def test_a_window_over_a_feed_turns_over_when_all_of_it_has_passed(size: int, came: int, ascending: bool) -> None:
    way = -1 if ascending else 1
    before, after = names(1, size)[::way], names(1 + came, size + came)[::way]
    assert turned(rss(before), rss(after)) is (came >= size)


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=200), before=st.text(alphabet="0123456789abcdef", max_size=64))
def test_any_bytes_can_be_looked_at(body: bytes, before: str) -> None:
    sketch, _ = compared(body, before)
    assert isinstance(sketch, str)
