"""The journal of outgoing mail, and what comparing it with private.db makes of either."""

from __future__ import annotations

import json
import os
import random
import stat
import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.digest.deliver import hash_of
from aggregator.digest.journal import Journal, Mark, boot_id
from aggregator.digest.mailers import Fate, Reply
from aggregator.digest.outcomes import WAITS, after
from aggregator.digest.reconciling import STOPPED
from aggregator.errors import StoreError
from aggregator.model import Bounce, DeliveryState, EditionState
from tests.support.editions import edition
from tests.support.offices import EDITION, MONDAY, RENDERED, Office, id_of_reader, reader
from tests.support.sinks import ACCEPTED, LATER, UNCERTAIN, UNKNOWN, Sink

DUE, CLAIMED, HANDED_OVER, REFUSED = DeliveryState.DUE, DeliveryState.CLAIMED, DeliveryState.HANDED_OVER, DeliveryState.REFUSED
READERS = 6


@pytest.fixture
def office(tmp_path: Path) -> Office:
    folder = tmp_path / "state"
    folder.mkdir()
    made = Office(folder=folder)
    made.subscribes(READERS)
    return made


def path(office: Office) -> Path:
    return office.folder / "outbox.jsonl"


def lines(office: Office) -> list[dict[str, object]]:
    return [json.loads(line) for line in path(office).read_text(encoding="utf-8").splitlines()]


def claimed(office: Office, count: int, *begun: int, heard: dict[int, Reply] | None = None) -> None:
    """A process claimed so many copies, began some of them, heard of some, and died."""
    with office.opened() as (private, journal, _):
        mark, at = str(journal.mark()), office.now()
        batch = private.ledger.claim(EDITION.id, count, at, mark=mark)
        journal.batch(EDITION.id, [copy.delivery.recipient for copy in batch], at)
        for number in begun:
            journal.begun(id_of_reader(number))
        for number, reply in (heard or {}).items():
            journal.outcome(id_of_reader(number), reply)


def reconciled(office: Office) -> tuple[str, ...]:
    with office.opened() as (_, _, said):
        return said


# -- the file


def test_only_this_user_can_read_it_and_it_names_no_address(office: Office) -> None:
    office.freezes()
    office.sends(Sink(answer=lambda mail: UNKNOWN if mail.recipient == id_of_reader(2) else ACCEPTED))
    assert stat.S_IMODE(path(office).stat().st_mode) == 0o600
    text = path(office).read_text(encoding="utf-8")
    assert "reader" not in text
    assert text.count("@") == 0
    with office.private() as private:
        assert private.keys.salt().hex() not in text


def test_a_send_is_two_lines_for_each_mail_and_one_for_each_step(office: Office) -> None:
    office.freezes()
    office.sends(Sink())
    known = ("outbox", "frozen", "batch", "begun", "accepted", "ended")
    kinds = Counter(kind for line in lines(office) for kind in known if kind in line)
    assert kinds == {"outbox": 1, "frozen": 1, "batch": 1, "begun": READERS, "accepted": READERS, "ended": 1}
    assert [line["n"] for line in lines(office) if "n" in line] == [1, 2, 3]


def test_lines_of_many_threads_do_not_mix(office: Office) -> None:
    with office.opened() as (_, journal, _):

        def write() -> None:
            for _ in range(200):
                journal.begun("a" * 16)

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(line == {"begun": "a" * 16} for line in lines(office)) == 800


def test_a_line_that_a_dying_process_did_not_end_is_ended_and_passed_over(office: Office) -> None:
    office.freezes()
    claimed(office, 2, 0)
    with path(office).open("ab") as file:
        file.write(b'{"accepted":"aaaaaaaa')
    reconciled(office)
    assert office.states()[id_of_reader(0)] is DeliveryState.UNCERTAIN
    assert office.states()[id_of_reader(1)] is DUE


def test_a_first_line_that_was_never_ended_is_written_anew(office: Office) -> None:
    path(office).write_bytes(b'{"outbox":1,"of":"0a')
    assert reconciled(office) == ()
    assert lines(office)[0]["outbox"] == 1


def test_a_journal_of_another_database_is_an_error_that_says_what_to_do(office: Office, tmp_path: Path) -> None:
    other = Office(folder=tmp_path / "other")
    other.folder.mkdir()
    other.freezes()
    path(other).rename(path(office))
    with pytest.raises(StoreError, match=r"belongs to another private\.db: put that private\.db back beside it"):
        reconciled(office)


def test_a_file_that_is_no_journal_is_an_error_that_says_what_to_do(office: Office) -> None:
    path(office).write_text("hello\n")
    with pytest.raises(StoreError, match="is no journal of outgoing mail"):
        reconciled(office)


def test_a_dry_run_writes_nothing(office: Office) -> None:
    with office.private() as private:
        salt = private.keys.salt()
    with closing(Journal(path(office), salt=salt, mark=Mark(), at=MONDAY, write=False)) as journal:
        journal.begun("a" * 16)
        journal.ended(EDITION.id, EditionState.SENT, MONDAY)
        assert journal.after(Mark()) == ()
    assert not path(office).exists()


def test_the_kernel_says_which_start_of_the_machine_it_is() -> None:
    assert boot_id() == boot_id()
    assert len(boot_id()) in (0, 36)


@pytest.mark.parametrize("mark", [Mark(), Mark(number=7, place=1234)])
def test_a_mark_is_read_as_it_was_written(mark: Mark) -> None:
    assert Mark.read(str(mark)) == mark
    assert Mark.read("") == Mark()


# -- what a process that died left behind


def test_what_the_journal_saw_end_ends_so(office: Office) -> None:
    office.freezes()
    claimed(office, 4, 0, 1, heard={0: ACCEPTED, 1: UNCERTAIN, 2: LATER, 3: UNKNOWN})
    (said,) = reconciled(office)
    assert "cut short" in said
    rows = {row.recipient: row for row in office.rows()}
    assert [rows[id_of_reader(at)].state for at in range(6)] == [HANDED_OVER, DeliveryState.UNCERTAIN, DUE, REFUSED, DUE, DUE]
    put_off = rows[id_of_reader(2)].next_try_at
    assert put_off is not None
    assert timedelta() < put_off - MONDAY < 2 * WAITS[0]
    assert reconciled(office) == ()


def test_what_was_begun_and_has_no_end_is_uncertain_and_what_was_not_begun_is_due(office: Office) -> None:
    office.freezes()
    claimed(office, 3, 0)
    reconciled(office)
    assert list(office.states().values())[:3] == [DeliveryState.UNCERTAIN, DUE, DUE]
    assert {row.attempts for row in office.rows()[1:]} == {0}


def test_after_the_machine_was_started_anew_every_claim_without_an_end_is_uncertain(office: Office) -> None:
    office.freezes()
    claimed(office, 3, 0, heard={0: ACCEPTED})
    office.boot = "second"
    reconciled(office)
    assert list(office.states().values())[:4] == [HANDED_OVER, DeliveryState.UNCERTAIN, DeliveryState.UNCERTAIN, DUE]


def test_where_the_kernel_tells_no_start_every_claim_without_an_end_is_uncertain(office: Office) -> None:
    office.boot = ""
    office.freezes()
    claimed(office, 2)
    reconciled(office)
    assert list(office.states().values())[:3] == [DeliveryState.UNCERTAIN, DeliveryState.UNCERTAIN, DUE]


def test_a_claim_whose_batch_was_never_written_is_due_also_after_a_new_start(office: Office) -> None:
    office.freezes()
    with office.opened() as (private, journal, _):
        assert private.ledger.claim(EDITION.id, 3, MONDAY, mark=str(journal.mark()))
    office.boot = "second"
    reconciled(office)
    assert set(office.states().values()) == {DUE}
    assert sum("void" in line for line in lines(office)) == 1
    office.sends(sink := Sink())
    assert len(sink.accepted) == READERS


def test_a_claim_whose_batch_was_never_written_stays_due_however_often_the_mending_is_cut_short(office: Office) -> None:
    office.freezes()
    with office.opened() as (private, journal, _):
        assert private.ledger.claim(EDITION.id, 3, MONDAY, mark=str(journal.mark()))
    only_void(office)
    office.boot = "second"
    reconciled(office)
    assert set(office.states().values()) == {DUE}


@pytest.mark.parametrize("mended", ["at once", "after it was cut short"])
def test_an_edition_whose_line_was_never_written_is_written_before_it_is_sent(office: Office, tmp_path: Path, mended: str) -> None:
    backup = office.backed_up(tmp_path / "backup.db")
    reconciled(office)
    with office.opened() as (private, journal, _):
        names = {id_of_reader(number): f"{number}@example.org" for number in range(READERS)}
        mark = str(journal.mark())
        private.ledger.freeze(
            EDITION, RENDERED, hash=hash_of(EDITION, RENDERED), report="", message_ids=names, told=["a"], at=MONDAY, mark=mark
        )
    if mended != "at once":
        only_void(office)
    office.sends(Sink())
    office.restores(backup)
    assert office.sends(again := Sink()) == []
    assert again.accepted == []
    issued = office.issued()
    assert issued is not None
    assert issued.state is EditionState.SENT


def only_void(office: Office) -> None:
    """A process found that a line was never written, said so in the journal, and died."""
    with office.private() as private:
        mark = Mark.read(private.ledger.mark())
        with closing(Journal(path(office), salt=private.keys.salt(), mark=mark, at=MONDAY, boot=office.boot)) as journal:
            assert journal.after(mark) == ()
            journal.void()


def died_refused(office: Office, *numbers: int) -> None:
    """A process claimed every copy, was refused these, heard of the others that they are accepted, and died."""
    office.freezes()
    claimed(office, READERS, heard={number: UNKNOWN if number in numbers else ACCEPTED for number in range(READERS)})


@pytest.mark.parametrize("settled", [False, True], ids=["before it was settled", "before anybody was told"])
def test_a_refusal_that_a_dying_process_saw_is_told(office: Office, settled: bool) -> None:
    died_refused(office, 2)
    if settled:
        # The rows are as that process left them: settled, and nobody was told.
        with office.private() as private:
            rows = private.ledger.deliveries(EDITION.id)
            states = [after(row, UNKNOWN if row.recipient == id_of_reader(2) else ACCEPTED, MONDAY) for row in rows]
            private.ledger.settle(states)
    reconciled(office)
    assert office.came_back == [(id_of_reader(2), Bounce.HARD)]


def test_who_is_suppressed_already_is_not_told_of_again(office: Office) -> None:
    died_refused(office, 2)
    with office.private() as private:
        private.subscribers.suppress("reader2@example.org", Bounce.HARD, MONDAY)
    reconciled(office)
    assert office.came_back == []


@pytest.mark.parametrize("boot", ["first", "second"])
def test_when_most_were_refused_a_dying_process_suppresses_nobody(office: Office, boot: str) -> None:
    died_refused(office, *range(1, READERS))
    office.boot = boot
    reconciled(office)
    assert office.came_back == []
    assert list(office.states().values()) == [HANDED_OVER, *[DUE] * (READERS - 1)]
    assert {row.attempts for row in office.rows()[1:]} == {0}


# -- an older database


def test_a_database_of_before_the_edition_takes_it_over_whole(office: Office, tmp_path: Path) -> None:
    backup = office.backed_up(tmp_path / "backup.db")
    office.freezes(told=frozenset({"a", "b"}))
    sent = office.sends(Sink(answer=lambda mail: LATER if mail.recipient == id_of_reader(1) else ACCEPTED))
    assert sent[0].handed_over == READERS - 1
    before = {row.recipient: (row.message_id, row.state) for row in office.rows()}
    office.restores(backup)
    (said,) = reconciled(office)
    assert "private.db is older than the journal" in said
    assert {row.recipient: (row.message_id, row.state) for row in office.rows()} == before
    issued = office.issued()
    assert issued is not None
    assert (issued.edition, issued.state, issued.rendered, issued.at) == (EDITION, EditionState.SENDING, RENDERED, MONDAY)
    with office.private() as private:
        assert private.ledger.told(EDITION.topic, EDITION.rhythm) == {"a", "b"}
    office.at += timedelta(hours=1)
    office.sends(again := Sink())
    assert again.accepted == [id_of_reader(1)]


def test_an_edition_that_was_sent_is_known_as_sent(office: Office, tmp_path: Path) -> None:
    backup = office.backed_up(tmp_path / "backup.db")
    office.freezes()
    office.sends(Sink())
    office.restores(backup)
    assert office.sends(again := Sink()) == []
    assert again.accepted == []
    issued = office.issued()
    assert issued is not None
    assert (issued.state, issued.rendered) == (EditionState.SENT, None)
    assert office.freezes() is None


def test_a_database_of_the_middle_takes_over_the_rest(office: Office, tmp_path: Path) -> None:
    office.freezes()
    backup = office.backed_up(tmp_path / "backup.db")
    office.sends(Sink(answer=lambda mail: ACCEPTED if mail.recipient < id_of_reader(3) else LATER))
    office.restores(backup)
    office.at += timedelta(hours=1)
    office.sends(again := Sink())
    assert again.accepted == [id_of_reader(number) for number in range(3, READERS)]


def test_a_skipped_period_is_known_as_skipped(office: Office, tmp_path: Path) -> None:
    backup = office.backed_up(tmp_path / "backup.db")
    with office.opened() as (private, journal, _):
        private.ledger.skip(EDITION, MONDAY, mark=str(journal.mark()))
        journal.skipped(EDITION, MONDAY)
    office.restores(backup)
    reconciled(office)
    issued = office.issued()
    assert issued is not None
    assert issued.state is EditionState.SKIPPED


def test_what_was_settled_by_hand_stays_settled(office: Office, tmp_path: Path) -> None:
    office.freezes()
    office.sends(Sink(answer=lambda mail: UNCERTAIN if mail.recipient == id_of_reader(0) else ACCEPTED))
    backup = office.backed_up(tmp_path / "backup.db")
    with office.opened() as (private, journal, _):
        (row,) = private.ledger.deliveries(EDITION.id, (DeliveryState.UNCERTAIN,))
        journal.resolved(EDITION.id, {row.recipient: HANDED_OVER}, MONDAY)
        private.ledger.settle([replace(row, state=HANDED_OVER)], mark=str(journal.last()))
    office.restores(backup)
    reconciled(office)
    assert set(office.states().values()) == {HANDED_OVER}


def test_readers_whom_the_older_database_does_not_know_are_refused_and_not_forgotten(office: Office, tmp_path: Path) -> None:
    backup = office.backed_up(tmp_path / "backup.db")
    with office.private() as private:
        private.subscribers.add(reader(40))
    office.freezes()
    office.restores(backup)
    office.sends(sink := Sink())
    assert len(sink.accepted) == READERS
    assert office.states()[id_of_reader(40)] is REFUSED


# -- a journal that is missing, or older


def test_a_missing_journal_is_made_anew_from_the_rows_and_said(office: Office, tmp_path: Path) -> None:
    backup = office.backed_up(tmp_path / "backup.db")
    office.freezes()
    office.sends(Sink())
    path(office).unlink()
    (said,) = reconciled(office)
    assert "was not there and is made anew" in said
    assert reconciled(office) == ()
    office.restores(backup)
    assert office.sends(again := Sink()) == []
    assert again.accepted == []


def test_without_the_journal_an_edition_that_was_begun_waits_for_the_steward(office: Office) -> None:
    """The database may be an older copy, in which those are due who have it."""
    office.freezes()
    claimed(office, 2)
    path(office).unlink()
    reconciled(office)
    with office.private() as private:
        assert "may be an older copy" in (private.note(STOPPED.format(EDITION.id)) or "")


def test_without_the_journal_an_edition_that_is_sent_is_nobodys_business(office: Office) -> None:
    office.freezes()
    office.sends(Sink())
    path(office).unlink()
    reconciled(office)
    with office.private() as private:
        assert private.note(STOPPED.format(EDITION.id)) is None


def test_without_the_journal_every_claim_is_uncertain(office: Office) -> None:
    office.freezes()
    claimed(office, 2)
    path(office).unlink()
    said = reconciled(office)
    assert "2 copies of" in said[1]
    assert list(office.states().values())[:3] == [DeliveryState.UNCERTAIN, DeliveryState.UNCERTAIN, DUE]


@pytest.mark.parametrize("cut", ["older", "other lines"])
def test_a_journal_that_is_older_than_the_database_is_put_aside(office: Office, cut: str) -> None:
    office.freezes()
    older = path(office).read_bytes()
    claimed(office, 2, 0)
    first, *others = path(office).read_bytes().splitlines(keepends=True)
    path(office).write_bytes(older[:-3] if cut == "older" else b"".join([first, *reversed(others)]))
    said = reconciled(office)
    assert "put aside as outbox.jsonl.20261123T080000" in said[0]
    assert (office.folder / "outbox.jsonl.20261123T080000").exists()
    assert list(office.states().values())[:3] == [DeliveryState.UNCERTAIN, DeliveryState.UNCERTAIN, DUE]
    assert reconciled(office) == ()
    office.sends(sink := Sink())
    assert sink.accepted == [id_of_reader(number) for number in range(2, READERS)]


def test_reading_costs_what_is_new_and_not_what_was_ever_sent(office: Office) -> None:
    office.freezes()
    office.sends(Sink())
    with office.private() as private:
        mark = Mark.read(private.ledger.mark())
        with closing(Journal(path(office), salt=private.keys.salt(), mark=mark, at=MONDAY)) as journal:
            read = journal.after(mark)
    assert read is not None
    assert [line.said["ended"] for line in read] == [EDITION.id]


def test_a_disk_that_is_full_stops_the_send_and_loses_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.freezes()
    write = os.write

    def full(handle: int, line: bytes) -> int:
        return write(handle, line[:5] if b"begun" in line and id_of_reader(2).encode() in line else line)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        office.sends(sink := Sink())
    monkeypatch.undo()
    office.sends(sink)
    assert sorted(sink.accepted) == [id_of_reader(number) for number in range(READERS)]


def test_half_a_line_that_did_not_fit_is_no_part_of_the_next(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.freezes()
    write = os.write
    with office.opened() as (_, journal, _):
        monkeypatch.setattr(os, "write", lambda handle, line: write(handle, line[:5]))
        with pytest.raises(OSError, match="No space left"):
            journal.begun(id_of_reader(1))
        number = journal.last().number
        with pytest.raises(OSError, match="No space left"):
            journal.batch(EDITION.id, [id_of_reader(1)], MONDAY)
        monkeypatch.undo()
        assert journal.last().number == number
        journal.begun(id_of_reader(2))
    assert lines(office)[-1] == {"begun": id_of_reader(2)}


# -- a journal that is damaged


def test_whatever_bit_is_turned_nothing_that_was_begun_is_due(office: Office, tmp_path: Path) -> None:
    office.freezes()
    claimed(office, 3, 0, 1, heard={0: ACCEPTED})
    whole = path(office).read_bytes()
    first = whole.index(b'{"n":2,"batch"')
    luck = random.Random(7)
    wrong = []
    # Each line about a mail at every third byte, the batch's at some.
    for place in (*luck.sample(range(first, whole.index(b'{"begun"')), 15), *range(whole.index(b'{"begun"'), len(whole), 3)):
        other = office.copied(tmp_path / str(place))
        flipped = bytearray(whole)
        flipped[place] ^= 1 << luck.randrange(8)
        path(other).write_bytes(flipped)
        reconciled(other)
        states = other.states()
        wrong += [(place, chr(whole[place]), number) for number in (0, 1) if states[id_of_reader(number)] is DUE]
    assert wrong == []


def test_two_editions_are_told_apart(office: Office, tmp_path: Path) -> None:
    backup = office.backed_up(tmp_path / "backup.db")
    other = edition(period=replace(EDITION.period, name="2026-W48", until=MONDAY + timedelta(days=7)))
    office.freezes()
    office.freezes(other)
    office.sends(Sink(answer=lambda mail: LATER if mail.recipient == id_of_reader(1) and mail.message_id < "n" else ACCEPTED))
    before = office.states(), office.states(other)
    office.restores(backup)
    reconciled(office)
    assert (office.states(), office.states(other)) == before


def test_an_outcome_says_why(office: Office) -> None:
    with office.opened() as (_, journal, _):
        journal.outcome("a" * 16, Reply(fate=Fate.REFUSED, text="550 5.1.1 no", hard=True))
    assert lines(office)[-1] == {"refused": "a" * 16, "reply": "550 5.1.1 no", "hard": True}
