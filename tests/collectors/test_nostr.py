"""What is particular about Nostr: several relays are one listing, only signatures are believed, what is taken back is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.collectors._nostr_event import event_of
from aggregator.collectors.base import Cursor, Standing, build
from aggregator.collectors.nostr import Nostr
from aggregator.errors import BadOption, RateLimited, SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.model import Entry, GapReason, Missed, Page
from aggregator.pipeline.identify import identify
from aggregator.text.urls import canonical
from tests.support.nostr import Event, Key, Relay, RelayHttp

ADA, BO, EVE = Key(11), Key(22), Key(55)
DAY = 24 * 3600
NOW = 1_795_166_102
ONE, TWO, THREE = "wss://one.example", "wss://two.example", "wss://three.example"
TAG = ("t", "crews")


def note(words: str, *, at: int, by: Key = ADA, tags: Sequence[Sequence[str]] = (TAG,)) -> Event:
    return by.note(f"{words} #crews", tags=tags, at=at)


def source(*, relays: str = "one.example two.example three.example", seen_on: str = "") -> Nostr:
    return Nostr(tag="crews", relays=relays, seen_on=seen_on)


def polled(http: RelayHttp, cursor: Cursor = "", collector: Nostr | None = None) -> list[Page]:
    return list((collector or source()).poll(http, cursor))


def texts(pages: Sequence[Page]) -> list[str | None]:
    return [entry.text for page in pages for entry in page.entries]


def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def test_what_is_set_to_vanish_is_not_for_an_archive() -> None:
    passing, lasting = note("passing", at=NOW, tags=[TAG, ("expiration", str(NOW + DAY))]), note("lasting", at=NOW)
    http = RelayHttp(relays={one: Relay([passing, lasting]) for one in (ONE, TWO, THREE)})
    assert texts(polled(http)) == ["lasting #crews"]


# -- several relays


def test_a_note_counts_when_enough_relays_show_it() -> None:
    everywhere, twice, once = (note(words, at=NOW - n) for n, words in enumerate(("everywhere", "twice", "once")))
    http = RelayHttp(relays={ONE: Relay([everywhere, twice, once]), TWO: Relay([everywhere, twice]), THREE: Relay([everywhere])})
    assert texts(polled(http)) == ["everywhere #crews", "twice #crews"]
    assert texts(polled(http, collector=source(seen_on="3"))) == ["everywhere #crews"]
    assert texts(polled(http, collector=source(seen_on="1"))) == ["everywhere #crews", "twice #crews", "once #crews"]


def test_a_single_relay_is_enough_where_only_one_is_asked() -> None:
    http = RelayHttp(relays={ONE: Relay([note("here", at=NOW)])})
    assert texts(polled(http, collector=source(relays="one.example", seen_on="2"))) == ["here #crews"]


def test_a_relay_that_fails_does_not_lose_the_others_and_is_read_from_there_on_later() -> None:
    first, second = note("first", at=NOW - 9 * DAY), note("second", at=NOW - 3 * DAY)
    relays = {ONE: Relay([first]), TWO: Relay([first]), THREE: Relay([first])}
    cursor = polled(RelayHttp(relays=relays))[-1].cursor
    # One relay alone has it beside the one that is down.
    relays = {ONE: Relay([note("news", at=NOW)]), TWO: Relay([note("news", at=NOW), second])}
    (page,) = polled(RelayHttp(relays=relays), cursor)
    assert texts([page]) == ["news #crews"]
    assert page.remarks == (f"three.example was not read: asking {THREE}: connection refused",)
    assert page.missed == Missed(reason=GapReason.DOWN, since=instant(NOW - 9 * DAY))
    (page,) = polled(RelayHttp(relays={**relays, THREE: Relay([note("news", at=NOW), second])}), page.cursor)
    assert texts([page]) == ["second #crews"]
    assert page.missed is None
    (page,) = polled(http := RelayHttp(relays={**relays, THREE: Relay([second])}), page.cursor)
    assert texts([page]) == []
    assert http.asked[0][1]["say"][0][2]["since"] == NOW - DAY, "it is not read for long what was read since"


def test_too_few_relays_to_tell_spam_are_an_error() -> None:
    with pytest.raises(Unavailable, match="connection refused"):
        polled(RelayHttp(relays={TWO: Relay([note("alone", at=NOW)])}))
    with pytest.raises(Unavailable, match="connection refused"):
        polled(RelayHttp(relays={}))


def test_relays_of_which_one_gives_less_are_read_as_deep_as_all_of_them_reach() -> None:
    notes = [note(f"{number}", at=NOW - number * 3600) for number in range(250)]
    http = RelayHttp(relays={ONE: Relay(notes), TWO: Relay(notes[::2]), THREE: Relay(notes)})
    pages = polled(http, json.dumps({"floor": NOW - 250 * 3600}))
    found = [entry.native_id for page in pages for entry in page.entries]
    assert sorted(found) == sorted(event["id"] for event in notes)
    assert [page.missed for page in pages] == [None] * len(pages)


def test_a_relay_that_gives_fewer_at_once_than_it_is_asked_for_is_read_to_the_end() -> None:
    notes = [note(f"{number}", at=NOW - number * 600) for number in range(70)]
    http = RelayHttp(relays={ONE: Relay(notes, most=25)})
    pages = polled(http, json.dumps({"floor": NOW}), source(relays="one.example"))
    assert {entry.native_id for page in pages for entry in page.entries} == {event["id"] for event in notes}


def test_what_came_while_a_sweep_was_cut_off_is_read_as_it_ends() -> None:
    notes = [note(f"{number}", at=NOW - number) for number in range(150)]
    http = RelayHttp(relays={ONE: Relay(notes[10:])})
    collector = source(relays="one.example")
    first = next(collector.poll(http, json.dumps({"floor": NOW - DAY})))
    http.relays = {ONE: Relay(notes)}
    rest = polled(http, first.cursor, collector)
    assert {entry.native_id for page in (first, *rest) for entry in page.entries} == {event["id"] for event in notes}


def test_more_notes_in_one_second_than_can_be_asked_for_are_missed_and_not_asked_for_ever() -> None:
    crowd = [note(f"{number}", at=NOW) for number in range(130)]
    http = RelayHttp(relays={ONE: Relay([*crowd, note("before", at=NOW - 60)])})
    collector = source(relays="one.example")
    start = json.dumps({"floor": NOW - DAY})
    pages = polled(http, start, collector)
    assert [page.missed for page in pages] == [None, Missed(reason=GapReason.WITHHELD, since=instant(NOW), until=instant(NOW)), None]
    assert "before #crews" in texts(pages)
    assert len(texts(pages)) == 101


def test_a_relay_that_takes_no_notice_of_until_is_an_error() -> None:
    class Heedless(Relay):
        def heard(self, say: Sequence[Any]) -> bytes:
            ((word, name, *filters),) = say
            return super().heard([[word, name, *({key: one[key] for key in one if key != "until"} for one in filters)]])

    http = RelayHttp(relays={ONE: Heedless([note(f"{number}", at=NOW - number) for number in range(150)])})
    with pytest.raises(Unreadable, match="came once more"):
        polled(http, json.dumps({"until": NOW - 500}), source(relays="one.example"))


def test_a_second_poll_asks_only_for_what_may_be_new() -> None:
    http = RelayHttp(relays={url: Relay([note("known", at=NOW)]) for url in (ONE, TWO, THREE)})
    cursor = polled(http)[-1].cursor
    http.asked.clear()
    (page,) = polled(http, cursor)
    assert page.entries == ()
    assert page.cursor == cursor
    assert len(http.asked) == 3, "what is known already is not asked about again"
    asked = http.asked[0][1]["say"][0][2]
    assert asked["since"] == NOW - DAY, "what comes late is dated back"
    assert asked["#t"] == ["crews", "Crews", "CREWS"]


def test_a_note_from_the_future_does_not_hide_what_comes_before_it() -> None:
    far = note("a hundred years on", at=NOW + 36_500 * DAY)
    relays = {url: Relay([far, note("today", at=NOW)]) for url in (ONE, TWO)}
    collector = source(relays="one.example two.example")
    date = "Sun, 22 Nov 2026 12:00:00 GMT"
    cursor = polled(RelayHttp(relays=relays, date=date), collector=collector)[-1].cursor
    for relay in relays.values():
        relay.events.append(note("tomorrow", at=NOW + DAY))
    assert texts(polled(RelayHttp(relays=relays, date=date), cursor, collector)) == ["tomorrow #crews"]


def test_an_overlap_of_a_day_finds_what_reached_the_relays_late() -> None:
    relays = {url: Relay([note("first", at=NOW)]) for url in (ONE, TWO)}
    collector = source(relays="one.example two.example")
    cursor = polled(RelayHttp(relays=relays), collector=collector)[-1].cursor
    for relay in relays.values():
        relay.events.append(note("late", at=NOW - 20 * 3600))
    assert texts(polled(RelayHttp(relays=relays), cursor, collector)) == ["late #crews"]


# -- refusals


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (["NOTICE", "rate-limited: slow down there chief"], RateLimited, "asked too often"),
        (["CLOSED", "{name}", "auth-required: we only serve our own"], Unauthorized, "logged in"),
        (["CLOSED", "{name}", "restricted: pay first"], Unauthorized, "members only"),
        (["CLOSED", "{name}", "error: the database is shut down"], Unavailable, "could not answer"),
        (["CLOSED", "{name}", "unsupported: filter"], Unreadable, "does not answer this question"),
        (["NOTICE", "could not parse command"], Unreadable, "does not answer this question"),
        (["NOTICE"], Unreadable, "the end of what is kept"),
        (["CLOSED", "another", "error: x"], Unreadable, "the end of what is kept"),
        (["EOSE", "another"], Unreadable, "the end of what is kept"),
    ],
)
def test_what_a_relay_says_in_place_of_an_answer_is_the_error_it_should_be(said: list[str], error: type[SourceError], words: str) -> None:
    class Refusing(Relay):
        def heard(self, say: Sequence[Any]) -> bytes:
            lines = [["AUTH", "challenge"], [one.replace("{name}", say[0][1]) for one in said]]
            return b"".join(json.dumps(one).encode() + b"\n" for one in lines)

    with pytest.raises(error, match=words) as caught:
        polled(RelayHttp(relays={ONE: Refusing()}), collector=source(relays="one.example"))
    assert "slow down" not in str(caught.value), "what a relay says is nobody's message"


# -- what is believed


def test_nobody_deletes_what_somebody_else_has_written() -> None:
    mine = note("mine", at=NOW)
    other = EVE.event(5, "", tags=[("e", mine["id"])], at=NOW)
    forged = {**ADA.event(5, "", tags=[("e", mine["id"])], at=NOW), "sig": other["sig"]}
    http = RelayHttp(relays={ONE: Relay([mine, other, forged])})
    assert texts(polled(http, collector=source(relays="one.example"))) == ["mine #crews"]


def test_an_article_that_was_deleted_and_written_anew_is_shown() -> None:
    parts = [("d", "crews"), ("title", "Crews"), TAG]
    first, again = (ADA.event(30023, f"{words} #crews", tags=parts, at=at) for words, at in (("first", NOW - 300), ("again", NOW)))
    deletion = ADA.event(5, "", tags=[("a", f"30023:{ADA.hex}:crews")], at=NOW - 200)
    collector = source(relays="one.example")
    assert texts(polled(RelayHttp(relays={ONE: Relay([first, deletion])}), collector=collector)) == []
    assert texts(polled(RelayHttp(relays={ONE: Relay([first, deletion, again])}), collector=collector)) == ["again #crews"]


def test_a_newer_name_of_an_author_counts() -> None:
    old, new = (ADA.event(0, json.dumps({"name": name}), at=at) for name, at in (("before", NOW - 9), ("after", NOW)))
    broken = BO.event(0, "no JSON", at=NOW)
    http = RelayHttp(relays={ONE: Relay([note("x", at=NOW), note("y", by=BO, at=NOW - 1), new, old, broken])})
    (page,) = polled(http, collector=source(relays="one.example"))
    assert [entry.author and entry.author.name for entry in page.entries] == ["after", None]


def test_what_a_relay_gives_unasked_is_left_out() -> None:
    class Generous(Relay):
        def heard(self, say: Sequence[Any]) -> bytes:
            ((word, name, *filters),) = say
            return super().heard([[word, name, *({} if "#t" in one else one for one in filters)]])

    wanted, other = note("wanted", at=NOW), ADA.note("another hashtag", tags=[("t", "bread")], at=NOW)
    repost = ADA.event(6, "", tags=[TAG], at=NOW)
    http = RelayHttp(relays={ONE: Generous([wanted, other, repost])})
    assert texts(polled(http, collector=source(relays="one.example"))) == ["wanted #crews"]


@settings(max_examples=60, deadline=None)
@given(content=st.text(max_size=60), tags=st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=3), max_size=4))
def test_the_hash_of_any_text_is_computed_as_others_do(content: str, tags: list[list[str]]) -> None:
    """Python's JSON escapes more than NIP-01 does; where it does not, both spellings are one."""
    event = ADA.event(1, content, tags=tags, at=NOW)
    plain = all(letter >= " " or letter in "\n\r\t\b\f" for letter in content + "".join(map("".join, tags)))
    if plain:
        assert event_of(event).content == content


def test_the_example_of_the_documentation_has_the_hash_it_says() -> None:
    """The event whose id stands in our description of the platform, computed by others."""
    event: Mapping[str, Any] = {
        "id": "ad72a7d53a6bf6b0565f5a2a8a3235c63194ea78a3008424771beb064b79af09",
        "pubkey": "0017dea7770f7ecff7ab3c20506546129e96bdeba2f544bb8e5414eb79786122",
        "created_at": 1795166102,
        "kind": 1,
        "tags": [
            ["t", "microsolidarity"],
            ["r", "https://garden.example/crews"],
            ["e", "0b99dabb1f4ce97c31b63c10a9876a5f57ed5bfdc6cbac6a4c19c9a3c79eee04", "wss://nos.lol", "root"],
            ["p", "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"],
            ["proxy", "https://social.example/users/ada/statuses/117648005660672001", "activitypub"],
        ],
        "content": "Crews https://garden.example/crews #microsolidarity",
        "sig": "00" * 64,
    }
    assert not event_of(event).signed


# -- what comes out


def entry(event: Event) -> Entry:
    (page,) = polled(RelayHttp(relays={ONE: Relay([event])}), collector=source(relays="one.example"))
    (found,) = page.entries
    return found


def test_permalinks_are_what_the_rules_of_addresses_make_of_them() -> None:
    plain = entry(note("x", at=NOW))
    article = entry(ADA.event(30023, "text", tags=[TAG, ("d", "a/b c"), ("title", "T")], at=NOW))
    for found in (plain, article):
        assert canonical(found.url).key == found.url
        assert found.author is not None
        assert canonical(str(found.author.handle)).key == found.author.url


def test_a_mirror_is_one_with_its_original() -> None:
    original = "https://social.example/users/ada/statuses/117648005660672001"
    found = entry(note("mirrored", tags=[TAG, ("proxy", original, "activitypub")], at=NOW))
    identity = identify(found, links=found.links)
    assert canonical("https://social.example/@ada/117648005660672001").key in (identity.subject, *identity.aliases)


def test_an_answer_names_what_it_answers() -> None:
    parent, root = "ab" * 32, "cd" * 32
    marked = note("x", tags=[TAG, ("e", root, "", "root"), ("e", parent, "", "reply")], at=NOW)
    placed = note("x", tags=[TAG, ("e", root), ("e", parent)], at=NOW)
    mentioning = note("x", tags=[TAG, ("e", root, "", "mention")], at=NOW)
    quoting = note("x", tags=[TAG, ("q", parent)], at=NOW)
    under_a_page = ADA.event(1111, "x", tags=[TAG, ("I", "https://example.org/a"), ("i", "https://example.org/a"), ("k", "web")], at=NOW)
    assert [entry(one).in_reply_to for one in (marked, placed, mentioning, quoting, under_a_page)] == [
        f"https://njump.me/e/{parent}",
        f"https://njump.me/e/{parent}",
        None,
        f"https://njump.me/e/{parent}",
        "https://example.org/a",
    ]


def test_words_about_pictures_come_along() -> None:
    found = entry(note("x", tags=[TAG, ("imeta", "url https://example.org/a.jpg", "alt Five people at a table")], at=NOW))
    assert found.alternatives == ("Five people at a table",)


# -- looking back, and looking again


def test_looking_back_ends_where_it_was_told_to_and_asks_for_nothing_older() -> None:
    notes = [note(f"{number}", at=NOW - number * DAY) for number in range(40)]
    http = RelayHttp(relays={ONE: Relay(notes, most=7)})
    since = instant(NOW) - timedelta(days=20)
    pages = list(source(relays="one.example").backfill(http, since, ""))
    assert {text for page in pages for text in texts([page])} == {f"{number} #crews" for number in range(21)}
    assert list(source(relays="one.example").backfill(http, since, pages[-1].cursor)) == []


def test_what_only_a_silent_relay_may_show_is_not_judged() -> None:
    here, elsewhere = note("here", at=NOW), note("elsewhere", at=NOW)
    entries = [entry(here), entry(elsewhere)]
    collector = source(relays="one.example two.example")
    half = RelayHttp(relays={ONE: Relay([here])})
    assert list(collector.recheck(half, entries)) == [Standing(native_id=here["id"], found=True)]
    whole = RelayHttp(relays={ONE: Relay([here]), TWO: Relay()})
    assert list(collector.recheck(whole, entries))[1:] == [Standing(native_id=elsewhere["id"], found=False)]


def test_an_article_is_looked_at_again_by_its_address() -> None:
    article = ADA.event(30023, "text #crews", tags=[TAG, ("d", "crews"), ("title", "Crews")], at=NOW)
    protected = ADA.event(30023, "text #crews", tags=[TAG, ("d", "crews"), ("-",)], at=NOW + 60)
    collector, seen = source(relays="one.example"), entry(article)
    found = [list(collector.recheck(RelayHttp(relays={ONE: Relay(events)}), [seen])) for events in ([article], [article, protected], [])]
    assert [(one.found, one.visibility) for (one,) in found] == [(True, "public"), (True, "private"), (False, "public")]


# -- options


def test_relays_are_written_as_people_write_them() -> None:
    built = build(Nostr, {"tag": "crews", "relays": "wss://Relay.Example/, ws://127.0.0.1:7000 wss://a.example/inbox relay.example"})
    assert built.relays == "relay.example ws://127.0.0.1:7000 wss://a.example/inbox"  # type: ignore[attr-defined]  # a Nostr was built
    assert built.hosts == {"relay.example", "127.0.0.1:7000", "a.example"}


@pytest.mark.parametrize(
    "relays", ["https://relay.example", "not a relay!", "wss://ada@relay.example", "wss://relay.example/?key=1", "ws://"]
)
def test_what_is_no_relay_is_refused(relays: str) -> None:
    with pytest.raises(BadOption, match="is not a relay"):
        build(Nostr, {"tag": "crews", "relays": relays})


@pytest.mark.parametrize("seen_on", ["0", "-1", "many", "10"])
def test_how_many_relays_is_a_small_number(seen_on: str) -> None:
    with pytest.raises(BadOption, match="number of relays"):
        build(Nostr, {"tag": "crews", "seen_on": seen_on})


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://snort.social/t/crews", {"tag": "crews"}),
        ("https://primal.net/search/%23crews", {"tag": "crews"}),
        ("https://iris.to/search/%23crews", {"tag": "crews"}),
        ("https://snort.social/nevent1abc", None),
        ("https://example.org/t/crews", None),
    ],
)
def test_pages_of_a_hashtag_are_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Nostr.recognise(address) == options
