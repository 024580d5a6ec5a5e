"""Who left stays away, and who was erased stays erased, also when an older private.db is put back."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import StoreError
from aggregator.model import Bounce, Subscriber, SubscriberState
from aggregator.store.private.departures import NAME, Departure, Departures
from aggregator.store.private.opening import SqlPrivateStore, open_private
from tests.store.test_private import ACTIVE, ADA, BO, DAY, LEFT, NOW, PENDING, SUPPRESSED, active, all_bytes, asked, gone

LATER = NOW + timedelta(days=3)
CY = "cy@example.org"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A backup with two readers and one who has not confirmed."""
    with closing(open_private(tmp_path / "private.db")) as private:
        for one in (active(ADA), active(BO), asked(CY)):
            private.subscribers.add(one)
    shutil.copy(tmp_path / "private.db", tmp_path / "backup")
    return tmp_path


def opened(folder: Path) -> SqlPrivateStore:
    return open_private(folder / "private.db", clock=lambda: LATER)


def restored(folder: Path) -> SqlPrivateStore:
    shutil.copy(folder / "backup", folder / "private.db")
    return opened(folder)


def states(private: SqlPrivateStore) -> dict[str, SubscriberState]:
    return {one.address: one.state for one in private.subscribers.all()}


def leaves(private: SqlPrivateStore, one: Subscriber) -> None:
    assert private.subscribers.change(gone(one), was=one.state)


def test_who_left_after_the_backup_has_left_after_it_is_put_back(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(opened(folder)) as private:
        leaves(private, active(ADA))
        leaves(private, asked(CY))
    with caplog.at_level(logging.WARNING), closing(restored(folder)) as private:
        assert states(private) == {ADA: LEFT, BO: ACTIVE, CY: LEFT}
        assert private.subscribers.one(active(ADA).id) == gone(active(ADA), LATER)
        assert private.subscribers.suppressed(ADA)
        assert private.subscribers.receiving("crews", "weekly") == (active(BO).id,)
    [record] = caplog.records
    assert "2 subscribers are gone" in record.getMessage()
    assert "example.org" not in record.getMessage()


@pytest.mark.parametrize("bounce", Bounce)
def test_who_bounced_or_complained_after_the_backup_is_suppressed_after_it(folder: Path, bounce: Bounce) -> None:
    with closing(opened(folder)) as private:
        private.subscribers.suppress(ADA, bounce, NOW)
    with closing(restored(folder)) as private:
        assert private.subscribers.one(active(ADA).id) == active(ADA, state=SUPPRESSED, left_at=LATER, bounce=bounce)


def test_who_was_erased_after_the_backup_is_erased_after_it_from_every_byte(folder: Path) -> None:
    with closing(opened(folder)) as private:
        leaves(private, active(ADA))
        private.subscribers.erase(ADA, NOW)
    with closing(restored(folder)) as private:
        assert states(private) == {BO: ACTIVE, CY: PENDING}
        assert private.subscribers.suppressed(ADA)
        (folder / "backup").unlink()
        assert b"ada@" not in all_bytes(folder).lower()


def test_it_happens_at_each_backup_that_is_put_back_and_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(opened(folder)) as private:
        leaves(private, active(ADA))
    restored(folder).close()
    caplog.clear()
    opened(folder).close()
    assert caplog.records == []
    with closing(restored(folder)) as private:
        assert states(private)[ADA] is LEFT
        leaves(private, active(BO))
    with closing(restored(folder)) as private:
        assert states(private) == {ADA: LEFT, BO: LEFT, CY: PENDING}


def test_who_had_left_before_the_backup_is_left_as_they_are(folder: Path) -> None:
    with closing(opened(folder)) as private:
        leaves(private, active(ADA))
    shutil.copy(folder / "private.db", folder / "backup")
    with closing(opened(folder)) as private:
        private.subscribers.suppress(ADA, Bounce.COMPLAINT, NOW)
    with closing(restored(folder)) as private:
        assert private.subscribers.one(active(ADA).id) == gone(active(ADA))


def test_opening_a_database_that_knows_everything_writes_nothing(folder: Path) -> None:
    with closing(opened(folder)) as private:
        leaves(private, active(ADA))
    before = (folder / "private.db").read_bytes()
    opened(folder).close()
    assert (folder / "private.db").read_bytes() == before


def test_who_came_back_under_another_id_is_not_taken_out(folder: Path) -> None:
    with closing(opened(folder)) as private:
        leaves(private, active(ADA))
        again = active(ADA, id="b" * 16)
        assert private.subscribers.add(again, instead_of=active(ADA).id)
    shutil.copy(folder / "private.db", folder / "backup")
    with closing(opened(folder)) as private:
        leaves(private, active(BO))
    with closing(restored(folder)) as private:
        assert states(private) == {ADA: ACTIVE, BO: LEFT, CY: PENDING}


def test_a_process_that_dies_before_its_commit_has_said_it_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is on the disk before the rows are."""

    class Died(BaseException):
        pass

    def die(_connection: object) -> None:
        raise Died

    with closing(opened(folder)) as private:
        monkeypatch.setattr(private._database.engine.dialect, "do_commit", die)
        with pytest.raises(Died):
            leaves(private, active(ADA))
    with closing(opened(folder)) as private:
        assert states(private)[ADA] is LEFT


def test_a_change_that_is_refused_says_nothing(folder: Path) -> None:
    with closing(opened(folder)) as private:
        assert not private.subscribers.change(gone(active(ADA)), was=PENDING)
        assert private.subscribers.change(active(ADA, rhythm="monthly"), was=ACTIVE)
        assert not private.subscribers.erase("nobody@example.org", NOW)
        private.subscribers.suppress("nobody@example.org", Bounce.HARD, NOW)
    assert not (folder / NAME).exists()


def test_the_file_holds_ids_and_no_address_and_nobody_else_can_read_it(folder: Path) -> None:
    before = os.umask(0)
    try:
        with closing(opened(folder)) as private:
            leaves(private, active(ADA))
            private.subscribers.suppress(BO, Bounce.COMPLAINT, NOW)
            private.subscribers.erase(ADA, NOW)
    finally:
        os.umask(before)
    ada, bo = active(ADA).id, active(BO).id
    assert (folder / NAME).read_text(encoding="ascii") == f"{ada} l\n{bo} c\n{ada} e\n"
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


def test_a_line_that_a_power_cut_tore_is_written_over(folder: Path) -> None:
    departures = Departures(folder / NAME)
    departures.add("a" * 16, Departure.LEFT)
    with (folder / NAME).open("ab") as file:
        file.write(b"bbbbbbb")
    assert departures.count() == 1
    assert departures.add("c" * 16, Departure.ERASED) == 2
    assert departures.since(0) == (("a" * 16, Departure.LEFT), ("c" * 16, Departure.ERASED))
    assert departures.since(1) == (("c" * 16, Departure.ERASED),)


def test_a_file_that_was_lost_begins_anew(folder: Path) -> None:
    with closing(opened(folder)) as private:
        leaves(private, active(ADA))
    (folder / NAME).unlink()
    with closing(opened(folder)) as private:
        leaves(private, active(BO))
    with closing(restored(folder)) as private:
        assert states(private) == {ADA: ACTIVE, BO: LEFT, CY: PENDING}


def test_a_file_that_cannot_be_written_is_told_and_nobody_is_half_gone(folder: Path) -> None:
    with closing(opened(folder)) as private:
        (folder / NAME).mkdir()
        with pytest.raises(StoreError, match=r"departed\.txt cannot be used .*make sure"):
            leaves(private, active(ADA))
        assert states(private)[ADA] is ACTIVE


def test_ten_that_leave_at_once_are_ten_lines(tmp_path: Path) -> None:
    everybody = [active(f"{name}@example.org", id=name * 16) for name in "abcdefghij"]
    with closing(open_private(tmp_path / "private.db")) as private:
        for one in everybody:
            private.subscribers.add(one)
        threads = [threading.Thread(target=leaves, args=(private, one)) for one in everybody]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    found = Departures.beside(tmp_path / "private.db").since(0)
    assert sorted(found) == [(one.id, Departure.LEFT) for one in everybody]


def test_in_memory_nothing_is_written(folder: Path) -> None:
    with closing(open_private(folder / "private.db", copy=True)) as private:
        leaves(private, active(ADA))
        assert private.subscribers.expire(pending_before=NOW - DAY, left_before=NOW - DAY) == (0, 0)
    assert not (folder / NAME).exists()
