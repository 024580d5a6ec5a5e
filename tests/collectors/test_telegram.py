"""Telegram: what the contract suite cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from aggregator.collectors import recognise
from aggregator.collectors._telegram_page import preview_of
from aggregator.collectors.base import build
from aggregator.collectors.telegram import Telegram
from aggregator.errors import BadOption, Unauthorized, UnknownPlatform, Unreadable
from aggregator.fetch import Reply
from aggregator.text.elements import found
from aggregator.text.urls import canonical
from tests.support.exchanges import RecordedHttp, cases

HERE = Telegram(channel="crewnews")


def body(name: str) -> str:
    case = next(case for case in cases("telegram") if case.name == name)
    return case.exchanges[0].body.decode()


class LedAway(RecordedHttp):
    """A site that leads every question to another page."""

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        return Reply(asked=url, url="https://t.me/crewnews", status=200, body=b"<html></html>")


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://t.me/s/CrewNews", {"channel": "crewnews"}),
        ("https://t.me/CrewNews", {"channel": "crewnews"}),
        ("https://telegram.me/crewnews/", {"channel": "crewnews"}),
        ("https://t.me/s/crewnews?q=%23microsolidarity", {"channel": "crewnews", "search": "#microsolidarity"}),
        ("https://t.me/crewnews/123", None),
        ("https://t.me/+AbCdEfGhIjK", None),
        ("https://t.me/joinchat/AbCdEfGhIjK", None),
        ("https://t.me/c/1234567/123", None),
        ("https://t.me/share/url?url=https://garden.example", None),
        ("https://example.org/s/crewnews", None),
    ],
)
def test_a_channel_is_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Telegram.recognise(address) == options


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://t.me/crewnews/123", "aggregator add"),
        ("https://t.me/s/crewnews/123", "aggregator add"),
        ("https://t.me/+AbCdEfGhIjK", "private chats are never read"),
        ("https://t.me/joinchat/AbCdEfGhIjK", "private chats are never read"),
    ],
)
def test_what_is_no_channel_is_declined_with_what_to_write(address: str, words: str) -> None:
    with pytest.raises(UnknownPlatform, match=words):
        recognise(address)


def test_a_channel_is_cleaned_and_what_is_none_is_refused() -> None:
    assert build(Telegram, {"channel": "@CrewNews"}) == HERE
    for wrong in ("joinchat", "+AbCdEfGh", "crew news", "1crews"):
        with pytest.raises(BadOption, match="not a public channel"):
            build(Telegram, {"channel": wrong})


def test_it_proposes_nothing_since_there_is_no_search_over_all_channels() -> None:
    assert Telegram.proposals("microsolidarity") == ()


def test_a_channel_that_is_led_to_its_door_shows_visitors_nothing() -> None:
    with pytest.raises(Unauthorized, match="ask its owner to allow the preview"):
        list(HERE.poll(LedAway([]), ""))


def test_messages_of_which_none_can_be_read_are_an_error() -> None:
    page = body("ordinary").replace("<time datetime=", "<time data-at=")
    notices = page.replace(" service_message", "")
    with pytest.raises(Unreadable, match="no message could be read"):
        preview_of(notices, channel="crewnews", searched=False, last=False)


def test_a_page_that_is_cut_off_is_an_error() -> None:
    page = body("ordinary")
    with pytest.raises(Unreadable, match="cut off"):
        preview_of(page[: len(page) // 2], channel="crewnews", searched=False, last=False)


def test_a_page_without_messages_is_right_behind_others_or_in_a_search() -> None:
    page = body("empty").replace("tme_no_messages_found", "x")
    assert preview_of(page, channel="crewnews", searched=True, last=False).entries == ()
    assert preview_of(page, channel="crewnews", searched=False, last=True).lowest is None


@pytest.mark.parametrize("was", ["data-post", "tgme_widget_message "])
def test_messages_of_another_layout_are_not_taken_for_a_search_that_finds_nothing(was: str) -> None:
    page = body("ordinary").replace(was, "x" + was)
    with pytest.raises(Unreadable, match="has the layout changed"):
        preview_of(page, channel="crewnews", searched=True, last=False)


def test_an_album_is_one_post_under_every_one_of_its_addresses() -> None:
    shown = preview_of(body("ordinary"), channel="crewnews", searched=False, last=False)
    album = next(entry for entry in shown.entries if entry.native_id == "120")
    assert album.aliases == ("https://t.me/crewnews/121",)
    assert canonical("https://t.me/s/CrewNews/120?single").key == canonical(album.url).key


def test_the_words_that_a_message_answers_are_not_its_own() -> None:
    shown = preview_of(body("ordinary"), channel="crewnews", searched=False, last=False)
    answer = next(entry for entry in shown.entries if entry.native_id == "119")
    assert (answer.html, answer.tags, answer.in_reply_to) == ("An answer", (), "https://t.me/crewnews/110")


def test_a_forwarded_message_names_what_it_repeats() -> None:
    shown = preview_of(body("ordinary"), channel="crewnews", searched=False, last=False)
    assert next(entry for entry in shown.entries if entry.native_id == "118").in_reply_to == "https://t.me/otherchannel/55"


def test_elements_are_found_with_what_stands_in_them() -> None:
    page = "<div class='a b' hidden><p>One</p><p>Two</p></div><div class='a'></div>"
    first, second = found(page, ".a", {"words": "p", "none": "i"})
    assert first.itself.attributes == {"class": "a b", "hidden": ""}
    assert [one.html for one in first.parts["words"]] == ["One", "Two"]
    assert (second.first("words"), first.first("none")) == (None, None)
    assert replace(first.itself, html="").attribute("id") == ""
