"""Nostr read from relays that others wrote (nostr-relay from Python's package index), over real WebSockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.collectors.nostr import Nostr
from aggregator.errors import RateLimited, Unauthorized
from aggregator.model import Entry, GapReason, Page
from tests.servers.conftest import Bind
from tests.support.nostr import Event, Key
from tests.support.nostr_relay import NostrRelay, needs_nostr_relay

pytestmark = [pytest.mark.servers, needs_nostr_relay]

ADA, BO = Key(11), Key(22)
NOW = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
HOUR = 3600


def note(words: str, *, hours: float = 0, by: Key = ADA, tags: tuple[tuple[str, ...], ...] = (("t", "crews"),)) -> Event:
    return by.note(f"{words} #crews", tags=tags, at=NOW - int(hours * HOUR))


@pytest.fixture(scope="module")
def relays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NostrRelay, NostrRelay]]:
    folder = tmp_path_factory.mktemp("relays")
    with NostrRelay(folder / "one") as one, NostrRelay(folder / "two", most=20) as two:
        yield one, two


def source(*relays: NostrRelay, tag: str = "crews", seen_on: str = "") -> Nostr:
    return Nostr(tag=tag, relays=" ".join(relay.address for relay in relays), seen_on=seen_on)


def entries(pages: list[Page]) -> list[Entry]:
    return [entry for page in pages for entry in page.entries]


def test_two_relays_are_one_listing(bind: Bind, relays: tuple[NostrRelay, NostrRelay]) -> None:
    both = [note("first", hours=5), note("Second", by=BO, tags=(("t", "Crews"),))]
    name = ADA.event(0, '{"display_name": "Ada", "name": "ada"}', at=NOW)
    relays[0].publish(*both, note("on one alone", hours=1), name)
    relays[1].publish(*both)
    collector = source(*relays)
    http = bind(collector)
    pages = list(collector.poll(http, ""))
    assert [entry.text for entry in entries(pages)] == ["Second #crews", "first #crews"]
    assert [entry.author and entry.author.name for entry in entries(pages)] == [None, "Ada"]
    again = list(collector.poll(http, pages[-1].cursor))
    assert entries(again) == []
    assert again[-1].cursor == pages[-1].cursor


def test_looking_back_reads_all_that_relays_keep_although_one_gives_few_at_once(bind: Bind, relays: tuple[NostrRelay, NostrRelay]) -> None:
    history = [note(f"{number}", hours=24 * number, tags=(("t", "history"),)) for number in range(45)]
    for relay in relays:
        relay.publish(*history)
    collector = source(*relays, tag="history")
    found = {entry.native_id for entry in entries(list(collector.backfill(bind(collector), None, "")))}
    assert found == {event["id"] for event in history}
    since = datetime.fromtimestamp(NOW - 10 * 24 * HOUR, UTC)
    found = {entry.native_id for entry in entries(list(collector.backfill(bind(collector), since, "")))}
    assert found == {event["id"] for event in history[:11]}


def test_what_is_deleted_later_is_found_to_be_gone(bind: Bind, relays: tuple[NostrRelay, NostrRelay]) -> None:
    kept, taken_back = (note(words, tags=(("t", "later"),)) for words in ("kept", "taken back"))
    for relay in relays:
        relay.publish(kept, taken_back)
    collector = source(*relays, tag="later")
    http = bind(collector)
    seen = entries(list(collector.poll(http, "")))
    assert {one.native_id: one.found for one in collector.recheck(http, seen)} == {kept["id"]: True, taken_back["id"]: True}
    # One relay alone hears of it.
    relays[0].publish(ADA.event(5, "", tags=[("e", taken_back["id"])], at=NOW + 60))
    assert {one.native_id: one.found for one in collector.recheck(http, seen)} == {kept["id"]: True, taken_back["id"]: False}
    assert {entry.native_id for entry in entries(list(collector.poll(http, "")))} == {kept["id"]}


def test_a_relay_that_is_down_costs_itself_alone(bind: Bind, relays: tuple[NostrRelay, NostrRelay]) -> None:
    event = note("still here", tags=(("t", "down"),))
    for relay in relays:
        relay.publish(event)
    collector = Nostr(tag="down", relays=f"{relays[0].address} {relays[1].address} ws://127.0.0.1:9")
    (page,) = collector.poll(bind(collector), f'{{"floor":{NOW - HOUR}}}')
    assert [entry.native_id for entry in page.entries] == [event["id"]]
    assert page.remarks == ("ws://127.0.0.1:9 was not read: asking ws://127.0.0.1:9: connection refused",)
    assert page.missed is not None
    assert page.missed.reason is GapReason.DOWN


def test_a_relay_over_its_limit_says_so_and_nobody_waits_for_its_end(bind: Bind, tmp_path: Path) -> None:
    with NostrRelay(tmp_path / "relay", limits="1/minute") as relay:
        collector = source(relay)
        http = bind(collector)
        assert entries(list(collector.poll(http, ""))) == []
        with pytest.raises(RateLimited, match="asked too often"):
            list(collector.poll(http, ""))


def test_a_relay_for_members_is_an_error_that_says_so(bind: Bind, tmp_path: Path) -> None:
    with NostrRelay(tmp_path / "relay", closed=True) as relay:
        collector = source(relay)
        with pytest.raises(Unauthorized, match="it answers"):
            list(collector.poll(bind(collector), ""))
