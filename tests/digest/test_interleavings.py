"""Whatever is killed, cut off from power or put back from a backup in between: nobody gets two copies, and nobody is silently left out.

A process is killed at a moment by keeping what its files were at that moment and letting it run on beside them, unheeded.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine.default import DefaultDialect

from aggregator.digest import deliver as sending
from aggregator.digest.journal import Journal
from aggregator.digest.mailers import Mail, Reply
from aggregator.model import DeliveryState, EditionState
from tests.support.offices import Office
from tests.support.sinks import ACCEPTED, LATER, UNCERTAIN, UNKNOWN, Sink

READERS = 9


class Moments:
    """Counts what a process does that can be seen from outside, and keeps the state of the world at one of them."""

    def __init__(self, office: Office, sink: Sink, number: int, keep: Path, synced: int) -> None:
        self._office, self._sink, self._number, self._keep = office, sink, number, keep
        self._seen = 0
        self.synced = synced
        # The world as it was at that moment: how many mails were accepted, and what of the journal was on the disk.
        self.kept: tuple[int, int] | None = None

    def moment(self) -> None:
        self._seen += 1
        if self._seen == self._number:
            shutil.copytree(self._office.folder, self._keep)
            self.kept = len(self._sink.accepted), self.synced


class World:
    """One installation and everything that its mail server accepted."""

    def __init__(self, folder: Path, luck: random.Random) -> None:
        self.luck, self._base = luck, folder
        self._number = itertools.count()
        self.office = Office(folder=self._fresh())
        self.office.folder.mkdir()
        self.office.subscribes(READERS)
        self.accepted: list[str] = []
        self.refused: set[str] = set()
        # Bytes of the journal that a power cut leaves.
        self.synced = 0
        self.backup = self.office.backed_up(folder / "backup.db")

    def _fresh(self) -> Path:
        return self._base / str(next(self._number))

    def answer(self, mail: Mail) -> Reply:
        reply = self.luck.choices((ACCEPTED, LATER, UNCERTAIN, UNKNOWN), (20, 3, 1, 1))[0]
        if reply is UNKNOWN:
            self.refused.add(mail.recipient)
        return reply

    def freeze(self) -> None:
        self.office.freezes()
        self.synced = (self.office.folder / "outbox.jsonl").stat().st_size

    def keep_a_backup(self) -> None:
        self.office.backed_up(self.backup)

    def put_the_backup_back(self) -> None:
        self.office.restores(self.backup)

    def wait(self) -> None:
        self.office.at += timedelta(hours=self.luck.choice((0, 1, 9)))

    def restart(self) -> None:
        self.office.boot = f"boot {next(self._number)}"

    def send(self, *, killed_at: int = 0, power_cut: bool = False, width: int = 1) -> None:
        """One process; killed at its n-th moment when it has so many."""
        sink = Sink(width=width, answer=self.answer)
        moments = Moments(self.office, sink, killed_at, kept := self._fresh(), self.synced)
        with watched(moments, sink) as make:
            self.office.sends(sink, make=make, wary=False)
        if moments.kept is None:
            self.accepted, self.synced = self.accepted + sink.accepted, moments.synced
            return
        count, self.synced = moments.kept
        self.accepted += sink.accepted[:count]
        self.office = replace(self.office, folder=kept)
        if power_cut:
            self.restart()
            journal = kept / "outbox.jsonl"
            size = journal.stat().st_size
            os.truncate(journal, self.luck.randint(min(self.synced, size), size))

    def send_to_the_end(self) -> None:
        for _ in range(12):
            self.send()
            self.office.at += timedelta(hours=9)

    def faults(self) -> list[str]:
        """What is wrong, when all is over."""
        states, copies = self.office.states(), Counter(self.accepted)
        twice = [f"{one} has {count} copies" for one, count in copies.items() if count > 1]
        open_ = [f"{one} is {state.value}" for one, state in states.items() if state in (DeliveryState.DUE, DeliveryState.CLAIMED)]
        missing = [
            f"{one} has no copy and is {state.value}"
            for one, state in states.items()
            if not copies[one] and state is not DeliveryState.UNCERTAIN and not (state is DeliveryState.REFUSED and one in self.refused)
        ]
        return [*twice, *open_, *missing]


class watched:  # noqa: N801  # a context manager, which reads as a verb
    """Tells of every commit and of every line of the journal, before and after."""

    def __init__(self, moments: Moments, sink: Sink) -> None:
        self._moments, self._commit = moments, DefaultDialect.do_commit
        sink.heard = lambda mail: moments.moment()

    def __enter__(self) -> type[Journal]:
        moments, commit = self._moments, self._commit

        def told(self: DefaultDialect, connection: object) -> None:
            moments.moment()
            commit(self, connection)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
            moments.moment()

        DefaultDialect.do_commit = told  # type: ignore[method-assign]  # the one place through which it commits

        class Told(Journal):
            def _append(self, said: object, *, sync: bool = False) -> None:
                moments.moment()
                super()._append(said, sync=sync)  # type: ignore[arg-type]  # what the journal gives is given on
                moments.synced = self.path.stat().st_size if sync else moments.synced
                moments.moment()

            def sync(self) -> None:
                moments.moment()
                super().sync()
                moments.synced = self.path.stat().st_size
                moments.moment()

        return Told

    def __exit__(self, *_: object) -> None:
        DefaultDialect.do_commit = self._commit  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST", 3)
    monkeypatch.setattr(sending, "_LARGEST", 4)


STEPS = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 60), st.booleans()),
    st.sampled_from([("keep_a_backup",), ("put_the_backup_back",), ("wait",), ("restart",)]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@example(steps=[("send", 7, True), ("put_the_backup_back",), ("send", 0, False), ("put_the_backup_back",)], seed=1)
@example(steps=[("wait",), ("send", 60, True), ("send", 0, False), ("put_the_backup_back",)], seed=7222671)
@given(steps=st.lists(STEPS, min_size=1, max_size=8), seed=st.integers(0, 2**32 - 1))
def test_any_interleaving_of_kills_power_cuts_and_restored_backups(
    steps: list[tuple[str, int, bool] | tuple[str]], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("world")
    world = World(folder, random.Random(seed))
    world.freeze()
    for step in steps:
        if len(step) == 3:
            world.send(killed_at=step[1], power_cut=step[2])
        else:
            getattr(world, step[0])()
    world.send_to_the_end()
    assert world.faults() == []
    issued = world.office.issued()
    assert issued is not None
    uncertain = DeliveryState.UNCERTAIN in world.office.states().values()
    assert issued.state is (EditionState.SENDING if uncertain else EditionState.SENT)
    shutil.rmtree(folder)
