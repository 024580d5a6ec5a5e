"""Sending a frozen edition: who gets a copy, who does not, and what is left in the rows."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.digest import deliver as sending
from aggregator.digest.deliver import Delivered, freeze
from aggregator.digest.mailers import Line, Mail, Reply
from aggregator.errors import DeliveryError, StoreError
from aggregator.model import Bounce, DeliveryState, EditionState, Rendered
from tests.support.offices import EDITION, MONDAY, RENDERED, Office, id_of_reader, mail_to
from tests.support.sinks import ACCEPTED, LATER, REFUSED, UNCERTAIN, UNKNOWN, Sink

DUE, CLAIMED, HANDED_OVER = DeliveryState.DUE, DeliveryState.CLAIMED, DeliveryState.HANDED_OVER


@pytest.fixture
def office(tmp_path: Path) -> Office:
    folder = tmp_path / "state"
    folder.mkdir()
    return Office(folder=folder)


def sent(office: Office, sink: Sink, *, wary: bool = True) -> Delivered:
    (done,) = office.sends(sink, wary=wary)
    return done


def frozen(office: Office, count: int) -> None:
    office.subscribes(count)
    assert office.freezes() is not None


def answering(**by_number: Reply) -> Callable[[Mail], Reply]:
    """Answers by reader: `reader3=LATER`; all others are accepted."""
    replies = {id_of_reader(int(name.removeprefix("reader"))): reply for name, reply in by_number.items()}
    return lambda mail: replies.get(mail.recipient, ACCEPTED)


@pytest.mark.parametrize("width", [1, 3])
def test_each_reader_gets_one_copy_and_the_edition_is_sent(office: Office, width: int) -> None:
    frozen(office, 50)
    sink = Sink(width=width)
    done = sent(office, sink)
    assert sorted(sink.accepted) == [id_of_reader(number) for number in range(50)]
    assert (done.handed_over, done.ended) == (50, True)
    issued = office.issued()
    assert issued is not None
    assert (issued.state, issued.rendered, issued.edition) == (EditionState.SENT, None, EDITION)
    assert set(office.states().values()) == {HANDED_OVER}


def test_sending_again_sends_nothing(office: Office) -> None:
    frozen(office, 5)
    sent(office, Sink())
    assert office.sends(again := Sink()) == []
    assert again.accepted == []


def test_freezing_again_changes_nothing(office: Office) -> None:
    frozen(office, 5)
    before = office.issued(), office.rows()
    assert office.freezes(replace(EDITION, title="Another")) is None
    assert (office.issued(), office.rows()) == before


def test_a_bad_address_does_not_stop_the_others(office: Office) -> None:
    frozen(office, 30)
    done = sent(office, sink := Sink(answer=answering(reader3=UNKNOWN, reader4=REFUSED)))
    assert len(sink.accepted) == 28
    assert (done.refused, done.ended) == (2, True)
    assert office.came_back == [(id_of_reader(3), Bounce.HARD), (id_of_reader(4), Bounce.SOFT)]
    bounces = {row.recipient: (row.bounce, row.reply) for row in office.rows() if row.bounce}
    assert bounces == {id_of_reader(3): (Bounce.HARD, UNKNOWN.text), id_of_reader(4): (Bounce.SOFT, REFUSED.text)}


def test_what_is_put_off_is_tried_again_when_its_time_comes_and_not_before(office: Office) -> None:
    frozen(office, 3)
    done = sent(office, Sink(answer=answering(reader1=LATER)))
    assert (done.handed_over, done.later, done.ended) == (2, 1, False)
    assert sent(office, early := Sink()).handed_over == 0
    assert early.accepted == []
    office.at += timedelta(minutes=7)
    assert sent(office, Sink()).ended
    assert office.rows()[1].attempts == 2


def test_what_is_put_off_for_a_day_is_refused_and_the_edition_ends(office: Office) -> None:
    frozen(office, 2)
    for _ in range(20):
        office.sends(Sink(answer=answering(reader1=LATER)))
        office.at += timedelta(hours=7)
    last = office.rows()[1]
    assert (last.state, last.attempts, last.bounce) == (DeliveryState.REFUSED, 8, Bounce.SOFT)
    assert office.came_back == [(id_of_reader(1), Bounce.SOFT)]
    issued = office.issued()
    assert issued is not None
    assert issued.state is EditionState.SENT


def test_an_uncertain_copy_is_never_sent_again_and_keeps_the_edition_open(office: Office) -> None:
    frozen(office, 3)
    done = sent(office, Sink(answer=answering(reader1=UNCERTAIN)))
    assert (done.uncertain, done.ended) == (1, False)
    office.at += timedelta(days=9)
    assert sent(office, later := Sink()).counts[DeliveryState.UNCERTAIN] == 1
    assert later.accepted == []
    assert office.came_back == []


def test_who_left_after_the_freezing_gets_nothing(office: Office) -> None:
    frozen(office, 3)
    office.leaves(1)
    done = sent(office, sink := Sink())
    assert id_of_reader(1) not in sink.accepted
    row = office.rows()[1]
    assert (row.state, row.reply, row.attempts) == (DeliveryState.REFUSED, "left before it was handed over", 0)
    assert done.ended
    assert office.came_back == []


def test_who_leaves_while_it_is_sent_gets_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST", 2)
    monkeypatch.setattr(sending, "_LARGEST", 2)
    frozen(office, 6)
    sink = Sink(heard=lambda mail: office.leaves(4) if mail.recipient == id_of_reader(0) else None)
    sent(office, sink)
    assert sorted(sink.accepted) == [id_of_reader(number) for number in (0, 1, 2, 3, 5)]


def test_an_edition_nobody_gets_ends_at_once(office: Office) -> None:
    frozen(office, 0)
    assert sent(office, Sink()).ended


# -- when we are the ones who are refused


def test_when_most_of_the_first_are_refused_nobody_else_is_written_to_and_nobody_is_suppressed(office: Office) -> None:
    frozen(office, 60)
    sink = Sink(answer=lambda mail: REFUSED if mail.recipient > id_of_reader(5) else ACCEPTED)
    done = sent(office, sink)
    assert done.refusing == REFUSED.text
    assert len(sink.accepted) == 6
    assert Counter(office.states().values()) == {HANDED_OVER: 6, DUE: 54}
    assert office.came_back == []
    assert office.rows()[6].attempts == 0


def test_when_they_are_refused_whatever_is_done_the_steward_can_go_on(office: Office) -> None:
    frozen(office, 60)
    done = sent(office, Sink(answer=lambda mail: REFUSED), wary=False)
    assert (done.refused, done.refusing, done.ended) == (60, "", True)


def test_half_refused_is_not_most(office: Office) -> None:
    frozen(office, 20)
    done = sent(office, Sink(answer=lambda mail: UNKNOWN if mail.recipient >= id_of_reader(10) else ACCEPTED))
    assert (done.handed_over, done.refused, done.refusing) == (10, 10, "")


@pytest.mark.parametrize("since", [20, 90, 190])
def test_a_server_that_refuses_everybody_from_the_middle_on_suppresses_no_hundreds(
    office: Office, monkeypatch: pytest.MonkeyPatch, since: int
) -> None:
    monkeypatch.setattr(sending, "_next_size", lambda count, seconds: 80)
    frozen(office, 300)
    sink = Sink(answer=lambda mail: UNKNOWN if mail.recipient >= id_of_reader(since) else ACCEPTED)
    done = sent(office, sink)
    assert done.refusing == UNKNOWN.text
    assert len(office.came_back) <= 20
    assert done.counts[DUE] >= 300 - since - 20
    sink.answer = lambda mail: ACCEPTED
    office.sends(sink)
    assert len(set(sink.accepted)) == len(sink.accepted) == 300 - len(office.came_back)


def test_few_refusals_prove_nothing(office: Office) -> None:
    frozen(office, 4)
    assert sent(office, Sink(answer=lambda mail: UNKNOWN)).refused == 4


def test_later_for_all_is_greylisting_and_no_refusal(office: Office) -> None:
    frozen(office, 40)
    done = sent(office, Sink(answer=lambda mail: LATER))
    assert (done.later, done.refusing) == (40, "")


# -- when no mail can be handed over


def broken(mail: Mail) -> Reply:
    raise DeliveryError("the mail server cannot be reached")


def test_when_no_mail_can_be_handed_over_what_is_due_stays_due(office: Office) -> None:
    frozen(office, 30)
    done = sent(office, Sink(width=2, answer=broken))
    assert done.broken == "the mail server cannot be reached"
    assert {(row.state, row.attempts, row.next_try_at) for row in office.rows()} == {(DUE, 0, None)}
    assert sent(office, Sink()).ended


def test_one_line_that_breaks_leaves_its_mail_to_the_others(office: Office) -> None:
    frozen(office, 30)
    turn = iter([True])

    def answer(mail: Mail) -> Reply:
        return broken(mail) if next(turn, False) else ACCEPTED

    done = sent(office, sink := Sink(width=2, answer=answer))
    assert (done.broken, done.ended) == ("", True)
    assert len(sink.accepted) == len(set(sink.accepted)) == 30


def test_a_line_that_cannot_be_opened_is_told(office: Office) -> None:
    @contextmanager
    def closed() -> Iterator[Line]:
        if office.folder.exists():
            raise DeliveryError("the mail server wants another password")
        yield from ()

    frozen(office, 3)
    sink = Sink()
    sink.line = closed  # type: ignore[method-assign]  # as a server does that is there and lets nobody in
    assert sent(office, sink).broken == "the mail server wants another password"
    assert set(office.states().values()) == {DUE}


def test_a_bug_in_a_mailer_is_raised_when_the_rows_are_settled(office: Office) -> None:
    frozen(office, 3)

    def heard(mail: Mail) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        office.sends(Sink(heard=heard))
    assert Counter(office.states().values()) == {DeliveryState.UNCERTAIN: 1, DUE: 2}


# -- order, pace, stopping


def test_at_most_so_many_in_a_second_over_all_lines(office: Office) -> None:
    frozen(office, 25)
    began = time.monotonic()
    sent(office, Sink(width=3, per_second=50))
    assert time.monotonic() - began >= 24 / 50


def test_when_asked_to_stop_the_mail_in_hand_is_finished_and_no_other_begun(office: Office) -> None:
    frozen(office, 10)
    sink = Sink(heard=lambda mail: office.stop.set())
    done = sent(office, sink)
    assert (done.stopped, done.handed_over) == (True, 1)
    assert Counter(office.states().values()) == {HANDED_OVER: 1, DUE: 9}
    office.stop.clear()
    assert sent(office, sink).stopped is True
    office.stop.clear()
    sink.heard = lambda mail: None
    assert sent(office, sink).ended
    assert len(sink.accepted) == len(set(sink.accepted)) == 10


def test_a_batch_is_about_a_second_of_mail(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sending._next_size(20, 2.0) == sending.FIRST
    assert sending._next_size(20, 0.2) == 100
    assert sending._next_size(500, 0.01) == 500


# -- what was frozen


def test_what_was_changed_since_it_was_frozen_is_not_sent(office: Office) -> None:
    frozen(office, 3)
    with office.opened() as (private, journal, _):
        issued = private.ledger.one(EDITION.id)
        assert issued is not None
        for other in (replace(issued, rendered=Rendered(html="<p>buy</p>", text=RENDERED.text)), replace(issued, rendered=None)):
            with pytest.raises(StoreError, match=r"not what private\.db holds now"):
                sending.deliver(
                    private,
                    other,
                    sink := Sink(),
                    journal,
                    write=mail_to,
                    came_back=lambda row, bounce: None,
                    stop=threading.Event(),
                    clock=office.now,
                )
            assert sink.accepted == []


def test_freezing_tells_the_names_and_makes_a_row_for_each(office: Office) -> None:
    office.subscribes(2)
    with office.opened() as (private, journal, _):
        names = {id_of_reader(number): f"{number}@example.org" for number in range(2)}
        issued = freeze(private, journal, EDITION, RENDERED, report="[]", message_ids=names, told={"a", "b"}, clock=office.now)
        assert issued is not None
        assert (issued.recipients, issued.at, issued.rendered, issued.report) == (2, MONDAY, RENDERED, "[]")
        assert private.ledger.told(EDITION.topic, EDITION.rhythm) == {"a", "b"}
        assert [row.message_id for row in private.ledger.deliveries(EDITION.id)] == ["0@example.org", "1@example.org"]


def test_two_processes_cannot_both_hold_the_lock(office: Office) -> None:
    with office.private() as one, office.private() as other:
        with one.exclusive() as first, other.exclusive() as second:
            assert (first, second) == (True, False)
        with other.exclusive() as free:
            assert free
