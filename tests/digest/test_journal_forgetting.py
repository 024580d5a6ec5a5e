"""The journal without what was taken down: every mark is good still, and what was done is known as before."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.digest.forgetting import Gone, items_of
from aggregator.digest.journal import Journal, Mark
from aggregator.digest.journal_forgetting import Cleaned, editions_in, take_out
from aggregator.errors import StoreError
from aggregator.model import DeliveryState, Edition, EditionState
from aggregator.pipeline.takedown import Refusals, subject_named
from tests.support.editions import WEEK, edition, some_items
from tests.support.offices import EDITION, MONDAY, Office, reader
from tests.support.sinks import Sink

SALT, READERS = b"salt", 3
NEXT = edition(period=replace(WEEK, name="2026-W48"), path="digest/2026-W48.html")


def gone(*numbers: int) -> Gone:
    """Of the stories of an edition these were taken down."""
    names = [f"https://blog.example.org/{number}" for number in numbers]
    return Gone(refusals=Refusals(salt=SALT, hashes=frozenset(subject_named(name).hashed(SALT) for name in names)))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One edition was sent, one is being sent."""
    office = Office(folder=tmp_path_factory.mktemp("state"))
    office.subscribes(READERS)
    told = frozenset({"https://blog.example.org/3", "https://blog.example.org/4"})
    office.freezes(told=told)
    office.sends(Sink())
    office.freezes(NEXT, told=told | {"https://blog.example.org/5"})
    return office


@pytest.fixture
def office(lived: Office, tmp_path: Path) -> Office:
    return lived.copied(tmp_path / "state")


def path(office: Office) -> Path:
    return office.folder / "outbox.jsonl"


def lines(office: Office) -> list[bytes]:
    return path(office).read_bytes().splitlines(keepends=True)


def said(line: bytes) -> dict[str, Any]:
    return dict(json.loads(line))


def frozen(office: Office, one: Edition) -> dict[str, Any]:
    return next(said(line) for line in lines(office) if said(line).get("frozen", {}).get("id") == one.id)


def marks(office: Office) -> Iterator[Mark]:
    """Of every numbered line, and of the beginning."""
    place = 0
    yield Mark()
    for line in lines(office):
        if "n" in said(line):
            yield Mark(number=said(line)["n"], place=place)
        place += len(line)


def test_an_edition_that_was_sent_loses_it_with_what_was_rendered(office: Office) -> None:
    before = frozen(office, EDITION)
    assert take_out(path(office), gone(3)).lines == 1
    after = frozen(office, EDITION)
    assert after["rendered"] is None
    assert after["told"] == ["https://blog.example.org/4"]
    assert [item["title"] for item in after["frozen"]["items"]].count("") == 1
    kept = ("n", "hash", "recipients", "domain", "at")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_an_edition_that_is_being_sent_is_as_it_was_and_said(office: Office) -> None:
    before = frozen(office, NEXT)
    assert take_out(path(office), gone(3)) == Cleaned(lines=1, waiting=frozenset({NEXT.id}))
    assert frozen(office, NEXT) == before
    assert take_out(path(office), gone(3), settled=[NEXT.id]) == Cleaned(lines=1)
    assert frozen(office, NEXT)["rendered"] is None


def test_an_edition_that_holds_nothing_of_it_is_as_it_was(office: Office) -> None:
    before = path(office).read_bytes()
    assert take_out(path(office), gone(9), settled=[NEXT.id]) == Cleaned()
    assert path(office).read_bytes() == before


def test_a_second_time_nothing_is_left_to_take_out(office: Office) -> None:
    take_out(path(office), gone(3), settled=[NEXT.id])
    stamp = path(office).stat().st_mtime_ns
    assert take_out(path(office), gone(3), settled=[NEXT.id]) == Cleaned()
    assert path(office).stat().st_mtime_ns == stamp


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(numbers=st.sets(st.integers(1, 5)))
def test_every_mark_is_good_still(lived: Office, tmp_path_factory: pytest.TempPathFactory, numbers: set[int]) -> None:
    office = lived.copied(tmp_path_factory.mktemp("copy") / "state")
    before = [(len(line), said(line).get("n")) for line in lines(office)]
    with office.private() as private:
        salt = private.keys.salt()
    wanted = list(marks(office))
    take_out(path(office), gone(*numbers), settled=[NEXT.id])
    assert [(len(line), said(line).get("n")) for line in lines(office)] == before
    assert [one for one in map(said, lines(office)) if "frozen" not in one] == [
        one for one in map(said, lines(lived)) if "frozen" not in one
    ]
    for mark in wanted:
        with closing(Journal(path(office), salt=salt, mark=mark, at=MONDAY, boot="first")) as journal:
            after = journal.after(mark)
            assert after is not None
            assert [line.place for line in after if line.number == mark.number] == [mark.place] * (mark.number > 0)
            assert journal.last() == wanted[-1]


def test_an_older_database_takes_the_rest_over_from_it_and_sends_nothing_twice(lived: Office, tmp_path: Path) -> None:
    office = Office(folder=tmp_path / "state")
    office.folder.mkdir()
    office.subscribes(READERS)
    with office.private() as private:
        _ = private.keys.salt()
    backup = office.backed_up(tmp_path / "backup.db")
    office.freezes()
    office.sends(Sink())
    take_out(path(office), gone(3))
    office.restores(backup)
    sink = Sink()
    office.sends(sink)
    assert sink.mails == []
    assert set(office.states().values()) == {DeliveryState.HANDED_OVER}
    known = office.issued()
    assert known is not None
    assert known.state is EditionState.SENT
    assert [item.title for item in items_of(known.edition)].count("") == 1


def test_a_period_that_was_skipped_loses_it(office: Office) -> None:
    with office.opened() as (private, journal, _):
        skipped = edition(some_items(), period=replace(WEEK, name="2026-W49"))
        private.ledger.skip(skipped, MONDAY, mark=str(journal.mark()))
        journal.skipped(skipped, MONDAY)
    take_out(path(office), gone(3))
    one = next(one for one in editions_in(path(office)) if one.period.name == "2026-W49")
    assert [item.title for item in items_of(one)].count("") == 1


def test_a_line_that_was_torn_is_blanked_and_the_next_ones_are_read(office: Office) -> None:
    before = path(office).read_bytes()
    path(office).write_bytes(before + lines(office)[1][:200])
    take_out(path(office), gone(9))
    assert path(office).read_bytes() == before + b" " * 200
    with office.opened() as (_, journal, remarks):
        assert remarks == ()
        journal.ended(NEXT.id, EditionState.CANCELLED, MONDAY)
    assert said(lines(office)[-1])["n"] == 5


def test_what_a_server_said_of_it_is_not_kept(office: Office) -> None:
    with office.opened() as (_, journal, _):
        journal.batch(NEXT.id, [reader(0).id], MONDAY)
    with path(office).open("ab") as file:
        file.write(b'{"refused":"%s","reply":"554 https://blog.example.org/3 is listed","hard":true}\n' % reader(0).id.encode())
    take_out(path(office), gone(3))
    assert said(lines(office)[-1]) == {"refused": reader(0).id, "reply": "", "hard": True}


def test_only_this_user_can_read_the_new_file(office: Office) -> None:
    take_out(path(office), gone(3))
    assert stat.S_IMODE(path(office).stat().st_mode) == 0o600
    assert {one.name for one in office.folder.iterdir() if "outbox" in one.name} == {"outbox.jsonl"}


def test_a_dry_run_says_the_same_and_writes_nothing(office: Office) -> None:
    before = path(office).read_bytes()
    assert take_out(path(office), gone(3), write=False) == Cleaned(lines=1, waiting=frozenset({NEXT.id}))
    assert path(office).read_bytes() == before


def test_a_disk_that_is_full_leaves_the_old_file_whole(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path(office).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", full)
        with pytest.raises(StoreError, match=r"No space left on device.*run again"):
            take_out(path(office), gone(3))
    assert path(office).read_bytes() == before
    assert take_out(path(office), gone(3)).lines == 1


def test_where_there_is_no_journal_none_is_made(tmp_path: Path) -> None:
    assert take_out(tmp_path / "outbox.jsonl", gone(3)) == Cleaned()
    assert list(tmp_path.iterdir()) == []
