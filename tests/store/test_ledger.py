"""Editions and their deliveries in private.db: what each method promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Bounce,
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Group,
    Issued,
    Item,
    Period,
    Rendered,
    SubscriberState,
)
from aggregator.store.private.editions import edition_from_text, edition_to_text
from aggregator.store.private.opening import SqlPrivateStore, open_private
from tests.support.databases import DATABASES, database
from tests.support.editions import edition, item
from tests.support.offices import MONDAY, RENDERED, id_of_reader, reader

DUE, CLAIMED, HANDED_OVER, REFUSED, UNCERTAIN = DeliveryState
ONE = edition()
READERS = tuple(id_of_reader(number) for number in range(4))
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture(params=DATABASES)
def private(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlPrivateStore]:
    with closing(open_private(database(request.param, tmp_path / "private.db"), clock=lambda: MONDAY)) as store:
        for number in range(len(READERS)):
            store.subscribers.add(reader(number))
        yield store


def freeze(
    private: SqlPrivateStore, one: Edition = ONE, *, told: frozenset[str] = frozenset(), at: datetime = MONDAY, mark: str = ""
) -> bool:
    return private.ledger.freeze(
        one,
        RENDERED,
        hash="f" * 64,
        report="[]",
        message_ids={id: f"{id}.{one.rhythm}.{one.period.name}@example.org" for id in READERS},
        told=told,
        at=at,
        mark=mark,
    )


def week(number: int, rhythm: str = "weekly") -> Edition:
    """The edition of a week of 2026, by its number."""
    until = MONDAY + timedelta(weeks=number - 47)
    return edition(period=Period(name=f"2026-W{number}", since=until - timedelta(weeks=1), until=until), rhythm=rhythm)


def row(private: SqlPrivateStore, number: int, one: Edition = ONE) -> Delivery:
    return next(one for one in private.ledger.deliveries(one.id) if one.recipient == READERS[number])


# -- editions


def test_a_frozen_edition_is_read_as_it_was_written(private: SqlPrivateStore) -> None:
    assert freeze(private)
    whole = Issued(edition=ONE, state=EditionState.SENDING, at=MONDAY, hash="f" * 64, recipients=4, report="[]", rendered=RENDERED)
    assert private.ledger.one(ONE.id) == whole
    assert private.ledger.issued() == private.ledger.sending() == (replace(whole, rendered=None),)
    assert private.ledger.last(ONE.topic, ONE.rhythm) == replace(whole, rendered=None)


def test_freezing_makes_a_due_row_for_each_recipient(private: SqlPrivateStore) -> None:
    freeze(private)
    rows = private.ledger.deliveries(ONE.id)
    assert [(one.recipient, one.state, one.attempts, one.next_try_at) for one in rows] == [(id, DUE, 0, None) for id in READERS]
    assert private.ledger.counts(ONE.id) == {DUE: 4, CLAIMED: 0, HANDED_OVER: 0, REFUSED: 0, UNCERTAIN: 0}


def test_an_edition_is_frozen_once(private: SqlPrivateStore) -> None:
    freeze(private, told=frozenset({"a"}))
    assert not freeze(private, replace(ONE, title="Another"), told=frozenset({"b"}), mark="7@0")
    assert private.ledger.told(ONE.topic, ONE.rhythm) == {"a"}
    assert private.ledger.mark() == ""
    private.ledger.end(ONE.id, EditionState.SENT, LATER)
    assert not freeze(private)


def test_what_is_held_back_or_skipped_can_be_frozen_later(private: SqlPrivateStore) -> None:
    private.ledger.hold(ONE, "[1]", MONDAY)
    held = private.ledger.one(ONE.id)
    assert held is not None
    assert (held.state, held.report, held.hash, held.recipients) == (EditionState.HELD, "[1]", "", 0)
    private.ledger.skip(replace(ONE, items=()), LATER, mark="3@9")
    skipped = private.ledger.one(ONE.id)
    assert skipped is not None
    assert (skipped.state, skipped.edition.items, skipped.at) == (EditionState.SKIPPED, (), LATER)
    assert private.ledger.mark() == "3@9"
    assert freeze(private)


def test_what_is_frozen_is_neither_held_back_nor_skipped(private: SqlPrivateStore) -> None:
    freeze(private)
    before = private.ledger.one(ONE.id)
    private.ledger.hold(ONE, "[1]", LATER)
    private.ledger.skip(ONE, LATER, mark="3@9")
    assert private.ledger.one(ONE.id) == before
    assert private.ledger.mark() == ""


def test_told_names_are_of_one_topic_and_rhythm(private: SqlPrivateStore) -> None:
    freeze(private, week(46), told=frozenset({"a", "b"}))
    freeze(private, week(47), told=frozenset({"b", "c"}))
    freeze(private, week(47, rhythm="monthly"), told=frozenset({"d"}))
    assert private.ledger.told(ONE.topic, "weekly") == {"a", "b", "c"}
    assert private.ledger.told(ONE.topic, "monthly") == {"d"}
    assert private.ledger.told("another", "weekly") == frozenset()


def test_the_last_edition_is_the_newest_that_was_frozen(private: SqlPrivateStore) -> None:
    assert private.ledger.last(ONE.topic, ONE.rhythm) is None
    for number in (45, 47, 46):
        freeze(private, week(number))
    private.ledger.end(week(47).id, EditionState.CANCELLED, LATER)
    private.ledger.skip(week(48), LATER)
    private.ledger.hold(week(49), "", LATER)
    last = private.ledger.last(ONE.topic, ONE.rhythm)
    assert last is not None
    assert (last.edition.period.name, last.state) == ("2026-W47", EditionState.CANCELLED)
    assert [one.edition.period.name for one in private.ledger.issued(3)] == ["2026-W49", "2026-W48", "2026-W47"]
    assert [one.edition.period.name for one in private.ledger.sending()] == ["2026-W45", "2026-W46"]


def test_an_edition_that_ends_lets_go_of_what_was_rendered_and_keeps_the_rest(private: SqlPrivateStore) -> None:
    freeze(private)
    private.ledger.end(ONE.id, EditionState.SENT, LATER, mark="9@9")
    ended = private.ledger.one(ONE.id)
    assert ended is not None
    assert (ended.edition, ended.state, ended.at, ended.hash, ended.rendered) == (ONE, EditionState.SENT, LATER, "f" * 64, None)
    assert private.ledger.mark() == "9@9"


def test_rows_that_are_due_when_it_is_cancelled_are_called_off(private: SqlPrivateStore) -> None:
    freeze(private)
    (first, *_) = private.ledger.claim(ONE.id, 1, MONDAY)
    private.ledger.settle([replace(first.delivery, state=HANDED_OVER)])
    private.ledger.end(ONE.id, EditionState.CANCELLED, LATER)
    assert private.ledger.counts(ONE.id) == {DUE: 0, CLAIMED: 0, HANDED_OVER: 1, REFUSED: 3, UNCERTAIN: 0}
    assert row(private, 3).reply == "the edition was cancelled before it was handed over"
    assert private.ledger.claim(ONE.id, 9, LATER) == ()


def test_an_edition_ends_as_sent_or_cancelled_alone(private: SqlPrivateStore) -> None:
    freeze(private)
    with pytest.raises(ValueError, match="expected sent or cancelled"):
        private.ledger.end(ONE.id, EditionState.HELD, LATER)


# -- claims


def test_a_row_is_claimed_once(private: SqlPrivateStore) -> None:
    freeze(private)
    first = private.ledger.claim(ONE.id, 3, LATER, mark="2@5")
    assert [(one.delivery.recipient, one.address) for one in first] == [(READERS[at], f"reader{at}@example.org") for at in range(3)]
    assert {(one.delivery.state, one.delivery.attempts, one.delivery.at) for one in first} == {(CLAIMED, 1, LATER)}
    assert [one.delivery.recipient for one in private.ledger.claim(ONE.id, 3, LATER)] == [READERS[3]]
    assert private.ledger.claim(ONE.id, 3, LATER, mark="4@5") == ()
    assert private.ledger.mark() == "2@5"


def test_a_row_is_claimed_when_its_time_has_come(private: SqlPrivateStore) -> None:
    freeze(private)
    claimed = private.ledger.claim(ONE.id, 4, MONDAY)
    private.ledger.settle([replace(one.delivery, state=DUE, next_try_at=LATER) for one in claimed])
    assert private.ledger.due_at(ONE.id) == LATER
    assert private.ledger.claim(ONE.id, 4, LATER - timedelta(microseconds=1)) == ()
    assert {one.delivery.attempts for one in private.ledger.claim(ONE.id, 4, LATER)} == {2}


def test_who_is_not_active_any_more_is_refused_and_not_given(private: SqlPrivateStore) -> None:
    freeze(private)
    assert private.subscribers.change(reader(0, SubscriberState.LEFT), was=SubscriberState.ACTIVE)
    private.subscribers.erase("reader1@example.org", MONDAY)
    private.subscribers.suppress("reader2@example.org", Bounce.HARD, MONDAY)
    assert [one.delivery.recipient for one in private.ledger.claim(ONE.id, 1, LATER)] == [READERS[3]]
    gone = [row(private, number) for number in range(3)]
    assert {(one.state, one.attempts, one.reply, one.bounce) for one in gone} == {(REFUSED, 0, "left before it was handed over", None)}


def test_what_was_never_tried_is_claimed_before_what_was_put_off(private: SqlPrivateStore) -> None:
    freeze(private)
    early = private.ledger.claim(ONE.id, 2, MONDAY)
    private.ledger.settle([replace(one.delivery, state=DUE, next_try_at=MONDAY) for one in early])
    again = private.ledger.claim(ONE.id, 2, LATER)
    assert [one.delivery.attempts for one in again] == [1, 1]
    assert {one.delivery.recipient for one in (*early, *again)} == set(READERS)


def test_a_claim_is_empty_only_when_nothing_is_left(private: SqlPrivateStore) -> None:
    freeze(private)
    for number in range(3):
        private.subscribers.erase(f"reader{number}@example.org", MONDAY)
    assert [one.delivery.recipient for one in private.ledger.claim(ONE.id, 1, LATER)] == [READERS[3]]


def test_a_service_is_claimed_without_an_address(private: SqlPrivateStore) -> None:
    names = {"listmonk": "whole@example.org"}
    private.ledger.freeze(ONE, RENDERED, hash="", report="", message_ids=names, told=(), at=MONDAY)
    assert [(one.delivery.recipient, one.address) for one in private.ledger.claim(ONE.id, 9, MONDAY)] == [("listmonk", "")]


def test_what_is_settled_for_good_is_never_changed_back(private: SqlPrivateStore) -> None:
    freeze(private)
    claimed = [one.delivery for one in private.ledger.claim(ONE.id, 4, MONDAY)]
    ends = [replace(one, state=state, reply="first") for one, state in zip(claimed, (HANDED_OVER, REFUSED, UNCERTAIN, DUE), strict=True)]
    private.ledger.settle(ends)
    private.ledger.settle([replace(one, state=DUE, reply="second") for one in claimed])
    assert [(one.state, one.reply) for one in private.ledger.deliveries(ONE.id)] == [
        (HANDED_OVER, "first"),
        (REFUSED, "first"),
        (DUE, "second"),
        (DUE, "second"),
    ]


def test_when_the_next_row_is_due(private: SqlPrivateStore) -> None:
    freeze(private)
    assert private.ledger.due_at(ONE.id) == MONDAY
    claimed = [one.delivery for one in private.ledger.claim(ONE.id, 4, MONDAY)]
    assert private.ledger.due_at(ONE.id) is None
    times = [replace(one, state=DUE, next_try_at=MONDAY + timedelta(hours=at)) for at, one in enumerate(claimed, start=2)]
    private.ledger.settle(times)
    assert private.ledger.due_at(ONE.id) == MONDAY + timedelta(hours=2)


def test_what_is_asked_of_some_states(private: SqlPrivateStore) -> None:
    freeze(private)
    private.ledger.claim(ONE.id, 1, MONDAY)
    assert [one.recipient for one in private.ledger.deliveries(ONE.id, (CLAIMED,))] == [READERS[0]]
    assert len(private.ledger.deliveries(ONE.id, (CLAIMED, DUE))) == 4
    assert private.ledger.deliveries(ONE.id, (UNCERTAIN,)) == ()


def test_addresses_of_those_who_are_known_still(private: SqlPrivateStore) -> None:
    private.subscribers.erase("reader1@example.org", MONDAY)
    assert private.ledger.addresses(READERS[:2]) == {READERS[0]: "reader0@example.org"}
    assert private.ledger.addresses(()) == {}


def test_a_bounce_is_noted_by_message_id(private: SqlPrivateStore) -> None:
    freeze(private)
    noted = private.ledger.bounced(f"{READERS[1]}.weekly.2026-W47@example.org", Bounce.SOFT)
    assert noted == row(private, 1)
    assert noted.bounce is Bounce.SOFT
    assert private.ledger.bounced("nobody@example.org", Bounce.HARD) is None


def test_the_last_copies_to_a_recipient_come_newest_first(private: SqlPrivateStore) -> None:
    for number in (46, 48, 47):
        freeze(private, week(number))
    assert [one.edition.rpartition("/")[2] for one in private.ledger.recent(READERS[0], 2)] == ["2026-W48", "2026-W47"]


# -- taking over from the journal


def test_what_the_database_does_not_know_is_taken_over_whole(private: SqlPrivateStore) -> None:
    issued = Issued(edition=ONE, state=EditionState.SENDING, at=MONDAY, hash="a" * 64, recipients=2, rendered=RENDERED)
    rows = [Delivery(edition=ONE.id, recipient=id, message_id=f"{id}@example.org", state=HANDED_OVER, at=LATER) for id in READERS[:2]]
    private.ledger.take_over(issued, rows, {"a"}, mark="5@5")
    assert private.ledger.one(ONE.id) == issued
    assert private.ledger.deliveries(ONE.id) == tuple(rows)
    assert private.ledger.told(ONE.topic, ONE.rhythm) == {"a"}
    assert private.ledger.mark() == "5@5"


def test_what_is_settled_here_is_not_taken_over(private: SqlPrivateStore) -> None:
    freeze(private)
    (first, *others) = [one.delivery for one in private.ledger.claim(ONE.id, 4, MONDAY)]
    private.ledger.settle([replace(first, state=HANDED_OVER, reply="here")])
    issued = private.ledger.one(ONE.id)
    assert issued is not None
    private.ledger.take_over(issued, [replace(one, state=UNCERTAIN, reply="there") for one in (first, *others)], ())
    assert [one.reply for one in private.ledger.deliveries(ONE.id)] == ["here", "there", "there", "there"]
    assert private.ledger.one(ONE.id) == issued


def test_an_edition_that_was_ended_here_is_not_opened_again(private: SqlPrivateStore) -> None:
    freeze(private)
    before = private.ledger.one(ONE.id)
    private.ledger.end(ONE.id, EditionState.SENT, LATER)
    ended = private.ledger.one(ONE.id)
    assert before is not None
    private.ledger.take_over(before, (), ())
    assert private.ledger.one(ONE.id) == ended


# -- as text

TEXT = st.text(alphabet=st.characters(codec=None), max_size=12)
ITEMS = st.builds(
    item,
    TEXT,
    st.none() | TEXT,
    group=st.sampled_from(Group),
    **dict.fromkeys(("story", "page", "kind_text", "language", "who", "where", "sentence", "voices", "talk"), TEXT),
)
LISTS = st.lists(ITEMS, max_size=2).map(tuple)
EDITIONS = st.builds(
    edition,
    LISTS,
    also=LISTS,
    talked=LISTS,
    pinned=LISTS,
    more=st.integers(0, 9),
    coverage=TEXT,
    title=TEXT,
    subject=TEXT,
    days=TEXT,
)


@given(EDITIONS)
def test_an_edition_is_the_same_after_it_was_written_and_read(one: Edition) -> None:
    text = edition_to_text(one)
    assert edition_from_text(text) == one
    assert text.isascii()
    assert "\n" not in text
    assert edition_to_text(edition_from_text(text)) == text


def test_an_item_stays_an_item(private: SqlPrivateStore) -> None:
    (first, *_) = edition_from_text(edition_to_text(ONE)).items
    assert isinstance(first, Item)
    assert isinstance(first.group, Group)
    assert freeze(private)
    read = private.ledger.one(ONE.id)
    assert read is not None
    assert isinstance(read.rendered, Rendered)
