"""Replies written to keep a reader busy: what is read grows with its length alone. A second try for every sign would take hours here."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from aggregator.collectors import _authors, _discovery, _feeds, _parts
from aggregator.errors import Unreadable

SIZE = 1_000_000
# What grows with the length takes less than a second; what grows with its square takes minutes.
PATIENCE = 15.0


def feed(text: str) -> None:
    with contextlib.suppress(Unreadable):
        _feeds.read_feed(text.encode(), url="https://example.org/feed", content_type="", doing="reading")


def element(text: str) -> None:
    feed(f"<rss><channel><item><title><![CDATA[{text}]]></title><author><![CDATA[{text}]]></author></item></channel></rss>")


def broken(text: str) -> None:
    feed(f"<rss><channel><item><title>{text}")


def links(text: str) -> None:
    _discovery.declared_feeds(text, "https://example.org/", "")
    _discovery.linked_feeds(text, "https://example.org/")


CASES: list[tuple[Callable[[str], object], str]] = [
    *((_parts.without_unseen, text) for text in ("<!--", "<script>", "<style>x</script>", "<script><style><template><!--")),
    *((element, text) for text in ("<script>", "<!--", "<style>", "a@", "&amp;", "<b")),
    *((feed, text) for text in ("<title>", "<!DOCTYPE x [<!--", "<!DOCTYPE x [", "<?x ", "<!--", "<")),
    *((broken, text) for text in ("<?xml ", "<!--", "<!")),
    *((links, text) for text in ("<!--", "<script>", "<template>", "<link ", "<a href='", "<base ")),
]


@pytest.mark.parametrize(("read", "text"), CASES, ids=[f"{read.__name__} {text}" for read, text in CASES])
def test_time_grows_with_the_length_alone(read: Callable[[str], object], text: str) -> None:
    began = time.monotonic()
    read((text * (SIZE // len(text) + 1))[:SIZE])
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("a<script>b</script>c", "ac"),
        ("a<SCRIPT src=x>b</style></script >c", "ac"),
        ("a<!-- <script> -->b<style>c</style>d", "abd"),
        ("a<script>b", "a<script>b"),
        ("a<script>b<style>c</style>d", "a<script>bd"),
        ("a<scripted>b</script>", "a<scripted>b</script>"),
        ("a<!--b", "a<!--b"),
    ],
)
def test_what_nobody_sees_is_taken_out(markup: str, seen: str) -> None:
    assert _parts.without_unseen(markup) == seen


def test_a_long_name_is_cut_and_an_address_in_it_is_not_kept() -> None:
    assert _authors.person("ada@example.org " + "x" * 10_000) != "ada@example.org"
    assert len(_authors.person("x" * 10_000) or "") == 300


def test_elements_without_end_are_read_as_far_as_a_few_seconds_go() -> None:
    head = "<rss><channel><item><guid>1</guid><title>crews</title><link>https://example.org/1</link></item>"
    began = time.monotonic()
    read = _feeds.read_feed((head + "<a>" * 4_000_000).encode(), url="https://example.org/feed", content_type="", doing="reading")
    assert time.monotonic() - began < PATIENCE
    assert [entry.title for entry in read.entries] == ["crews"]
    assert "cut off: read as far as it goes" in read.remarks


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ada (ada@example.org)", "Ada"),
        ("Ada, ada@example.org", "Ada"),
        ("ada@example.org, bo@example.org", None),
        ("ada@example.org (Ada)", "Ada"),
        ("Ada (she)", "Ada (she)"),
        ("Ada @ Crews", "Ada @ Crews"),
        ("@ada@social.example", "@ada@social.example"),
    ],
)
def test_a_name_holds_nobodys_mail_address(written: str, name: str | None) -> None:
    assert _authors.person(written) == name
