"""Discord: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from aggregator.collectors._discord_message import entry_of, links_in, plain
from aggregator.collectors.base import build, pack
from aggregator.collectors.discord import Discord
from aggregator.errors import BadOption, MissingSecret, Unauthorized, Unreadable
from aggregator.model import Entry, Page, Restriction
from tests.support.exchanges import Exchange, RecordedHttp, cases, replayed

GUILD, CHANNEL, THREAD = "900000000000000001", "1100000000000000001", "1100000000000000011"
API = "https://discord.com/api/v10"
SHUT = Discord(channels=CHANNEL)


def message(id: int, content: str = "", **more: Any) -> dict[str, Any]:
    said = content or f"https://garden.example/{id}"
    return {"id": str(id), "channel_id": CHANNEL, "type": 0, "content": said, "author": {"username": "ada"}, **more}


def answers(path: str, body: Any, status: int = 200) -> Exchange:
    return Exchange(url=f"{API}/{path}", status=status, body=json.dumps(body).encode())


def server(last: int, *threads: dict[str, Any], closed: tuple[dict[str, Any], ...] = ()) -> list[Exchange]:
    return [
        answers(f"channels/{CHANNEL}", {"id": CHANNEL, "guild_id": GUILD, "type": 0, "last_message_id": str(last)}),
        answers(f"guilds/{GUILD}", {"id": GUILD, "name": "Example crews"}),
        answers(f"guilds/{GUILD}/threads/active", {"threads": list(threads)}),
        answers(f"channels/{CHANNEL}/threads/archived/public?limit=100", {"threads": list(closed), "has_more": False}),
    ]


def thread(last: int, kind: int = 11) -> dict[str, Any]:
    return {"id": THREAD, "parent_id": CHANNEL, "type": kind, "last_message_id": str(last), "thread_metadata": {"archive_timestamp": "x"}}


def messages(*rows: dict[str, Any], place: str = CHANNEL, **where: int) -> Exchange:
    query = "".join(f"&{name}={id}" for name, id in where.items())
    return answers(f"channels/{place}/messages?limit=100{query}", list(rows))


def polled(*exchanges: Exchange, cursor: str = "") -> tuple[list[str], list[Page], RecordedHttp]:
    http = RecordedHttp(exchanges, authorised=True)
    pages = list(SHUT.poll(http, cursor))
    return [entry.native_id for page in pages for entry in page.entries], pages, http


@pytest.mark.parametrize(
    ("address", "options"),
    [
        (f"https://discord.com/channels/{GUILD}/{CHANNEL}", {"channels": CHANNEL, "server": GUILD}),
        (f"https://ptb.discord.com/channels/{GUILD}/{CHANNEL}/", {"channels": CHANNEL, "server": GUILD}),
        (f"https://discord.com/channels/{GUILD}/{CHANNEL}/1573265403281408001", None),
        (f"https://discord.com/channels/@me/{CHANNEL}", None),
        ("https://discord.gg/abc", None),
    ],
)
def test_a_channel_is_recognised_and_neither_a_message_nor_a_private_chat(address: str, options: Mapping[str, str] | None) -> None:
    assert Discord.recognise(address) == options
    assert options or "write that of one" in (Discord.declined(address) or "")


@pytest.mark.parametrize("options", [{"channels": "general"}, {"channels": ""}, {"channels": CHANNEL, "open": "no"}])
def test_what_cannot_be_read_is_said(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Discord, options)


def test_without_the_token_nothing_is_asked() -> None:
    with pytest.raises(MissingSecret):
        list(SHUT.poll(RecordedHttp([]), ""))


# -- consent


def test_by_default_no_name_no_word_and_no_door_is_shown() -> None:
    for case in cases("discord"):
        if case.fails or "quoted" in case.options:
            continue
        for entry in (one for page in replayed(case, RecordedHttp(case.exchanges, authorised=True)) for one in page.entries):
            assert {Restriction.WORDLESS, Restriction.MEMBERS_ONLY} <= set(entry.restrictions)
            assert (entry.author, entry.in_reply_to) == (None, None)
            assert entry.links


def read(row: dict[str, Any], *, open: bool = False, quoted: bool = False) -> Entry | None:
    return entry_of(row, place=CHANNEL, guild=GUILD, site=None, open=open, quoted=quoted)


@pytest.mark.parametrize(
    ("open", "quoted", "restrictions"),
    [
        (False, False, {Restriction.WORDLESS, Restriction.MEMBERS_ONLY}),
        (True, False, {Restriction.WORDLESS}),
        (False, True, {Restriction.MEMBERS_ONLY}),
        (True, True, set()),
    ],
)
def test_an_open_server_has_a_door_and_only_who_agreed_is_quoted_and_named(
    open: bool, quoted: bool, restrictions: set[Restriction]
) -> None:
    entry = read(message(1), open=open, quoted=quoted)
    assert entry is not None
    assert set(entry.restrictions) == restrictions
    assert (entry.author is not None) is quoted


@pytest.mark.parametrize("more", [{"type": 7}, {"type": 8}, {"author": {"username": "b", "bot": True}}, {"webhook_id": "1"}])
def test_what_no_person_said_is_left_out(more: dict[str, Any]) -> None:
    assert read(message(1, **more)) is None


def test_a_sign_under_a_message_keeps_it_off_the_page() -> None:
    entry = read(message(1, reactions=[{"count": 1, "emoji": {"id": None, "name": "🚫"}}]), open=True, quoted=True)
    assert entry is not None
    assert entry.restrictions == (Restriction.NO_BOT,)


def test_a_private_thread_and_a_channel_for_adults_are_not_read() -> None:
    found, _, http = polled(*server(0, thread(5, kind=12)))
    assert (found, [url for url in http.asked if "messages" in url]) == ([], [])
    adults = answers(f"channels/{CHANNEL}", {"id": CHANNEL, "guild_id": GUILD, "type": 0, "last_message_id": "9", "nsfw": True})
    found, pages, _ = polled(adults)
    assert (found, pages[0].remarks) == ([], (f"channel {CHANNEL} is for adults and is not read: take it out of `channels`",))


def test_a_private_chat_is_no_channel_of_a_server() -> None:
    with pytest.raises(Unreadable, match="no channel of a server"):
        polled(answers(f"channels/{CHANNEL}", {"id": CHANNEL, "type": 1, "last_message_id": "9"}))


# -- what is in a message


@pytest.mark.parametrize(
    ("content", "links"),
    [
        ("see <https://a.example/x>.", ("https://a.example/x",)),
        ("(https://a.example/x), https://a.example/y!", ("https://a.example/x", "https://a.example/y")),
        ("https://en.wikipedia.org/wiki/Crew_(x) **https://a.example/**", ("https://en.wikipedia.org/wiki/Crew_(x)", "https://a.example/")),
        ("[here](https://a.example/z)", ("https://a.example/z",)),
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1 https://discord.gg/x https://ptb.discord.com/channels/1/2/3", ()),
        ("https://discord.community.example/", ("https://discord.community.example/",)),
    ],
)
def test_links_are_found_without_what_stands_around_them_and_without_doors(content: str, links: tuple[str, ...]) -> None:
    assert links_in({"content": content}) == links


def test_people_channels_and_times_are_no_numbers_in_a_text() -> None:
    assert plain("<@1> and <@!2> in <#3> for <@&4> <t:5:R> <a:wave:6>") == "… and … in … for … … :wave:"


# -- reading on


def test_a_quiet_channel_is_not_asked() -> None:
    cursor = pack(floor="9", last={CHANNEL: "9"})
    found, pages, http = polled(*server(9), cursor=cursor)
    assert (found, [page.cursor for page in pages]) == ([], [cursor])
    assert [url for url in http.asked if "messages" in url] == []


def test_a_channel_is_read_upwards_page_by_page() -> None:
    pages = (messages(message(11), message(10), after=9), messages(message(12), after=11))
    assert polled(*server(12), *pages, cursor=pack(floor="9", last={CHANNEL: "9"}))[0] == ["11", "10", "12"]


def test_a_last_message_that_was_deleted_is_not_asked_for_again_and_again() -> None:
    found, pages, _ = polled(*server(12), messages(after=9), messages(message(9)), cursor=pack(floor="9", last={CHANNEL: "9"}))
    assert found == []
    assert (pages[-1].cursor, pages[-1].remarks) == (pack(floor="12", last={CHANNEL: "12"}), ())


def test_what_a_bot_without_the_right_to_read_history_cannot_see_is_read_when_it_has_it() -> None:
    """Discord refuses nothing: without the right every page is empty."""
    _, pages, _ = polled(*server(12), messages(after=9), messages(), cursor=pack(floor="9", last={CHANNEL: "9"}))
    assert "Read Message History" in pages[-1].remarks[0]
    assert polled(*server(12), messages(message(12), message(10), after=9), cursor=pages[-1].cursor)[0] == ["12", "10"]


def test_a_first_poll_without_the_right_to_read_history_does_not_count_as_one() -> None:
    _, pages, _ = polled(*server(12), messages())
    assert "Read Message History" in pages[-1].remarks[0]
    assert polled(*server(12), messages(message(12), message(10)), cursor=pages[-1].cursor)[0] == ["12", "10"]


def test_messages_that_look_empty_without_the_intent_are_read_when_it_is_switched_on() -> None:
    blank = {"content": "", "embeds": [], "attachments": []}
    _, pages, _ = polled(
        *server(12), messages(message(12) | blank, message(10) | blank, after=9), cursor=pack(floor="9", last={CHANNEL: "9"})
    )
    assert "Message Content intent" in pages[-1].remarks[0]
    assert polled(*server(12), messages(message(12), message(10), after=9), cursor=pages[-1].cursor)[0] == ["12", "10"]


def test_the_title_and_the_tags_of_a_post_in_a_forum_stand_over_its_first_message() -> None:
    """There they are what elsewhere is a hashtag."""
    forum = {
        "id": CHANNEL,
        "guild_id": GUILD,
        "type": 15,
        "available_tags": [{"id": "7", "name": "microsolidarity"}, {"id": "8", "name": "x"}],
    }
    opened = {**thread(int(THREAD) + 1), "name": "How crews begin", "applied_tags": ["7", "9"]}
    rows = (message(int(THREAD) + 1, channel_id=THREAD), message(int(THREAD), channel_id=THREAD))
    _, pages, _ = polled(answers(f"channels/{CHANNEL}", forum), *server(0, opened)[1:], messages(*rows, place=THREAD))
    assert [(entry.title, entry.tags) for page in pages for entry in page.entries] == [
        (None, ()),
        ("How crews begin", ("microsolidarity",)),
    ]


def test_a_thread_that_was_opened_and_closed_between_two_polls_is_read_from_the_floor() -> None:
    exchanges = (*server(9, closed=(thread(11),)), messages(message(11, channel_id=THREAD), place=THREAD, after=9))
    assert polled(*exchanges, cursor=pack(floor="9", last={CHANNEL: "9"}))[0] == ["11"]


def test_the_floor_rises_only_when_a_poll_has_come_to_its_end() -> None:
    exchanges = (*server(12, thread(11)), messages(message(12), after=9), messages(message(11, channel_id=THREAD), place=THREAD, after=9))
    first = next(SHUT.poll(RecordedHttp(exchanges, authorised=True), pack(floor="9", last={CHANNEL: "9"})))
    assert json.loads(first.cursor)["floor"] == "9"
    assert polled(*exchanges, cursor=first.cursor)[0] == ["11"]


def test_messages_that_are_not_newer_are_no_progress() -> None:
    with pytest.raises(Unreadable, match="not newer"):
        polled(*server(12), messages(message(8), after=9), cursor=pack(floor="9", last={CHANNEL: "9"}))


@pytest.mark.parametrize(("status", "said"), [(401, "copy the bot's token anew"), (403, "View Channel and Read Message History")])
def test_a_refusal_says_what_to_do(status: int, said: str) -> None:
    with pytest.raises(Unauthorized, match=said) as refused:
        polled(answers(f"channels/{CHANNEL}", {"code": 0}, status))
    assert status == 401 or f"access to channels/{CHANNEL} is refused" in str(refused.value)
