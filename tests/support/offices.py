"""An installation that sends: private.db, the journal, and some subscribers; opened and closed as a process does."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.digest import deliver as sending
from aggregator.digest.deliver import Delivered, freeze
from aggregator.digest.journal import Journal, Mark
from aggregator.digest.mailers import Mail, Mailer
from aggregator.digest.mime import message_id
from aggregator.digest.reconciling import reconcile
from aggregator.model import Bounce, Delivery, DeliveryState, Edition, Issued, Rendered, Subscriber, SubscriberState
from aggregator.store.private import Claimed
from aggregator.store.private.opening import SqlPrivateStore, open_private
from tests.support.editions import edition

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
EDITION = edition()
RENDERED = Rendered(html="<p>Crews that last</p>", text="Crews that last\n")
SENDER = "Crews <digest@example.org>"


def id_of_reader(number: int) -> str:
    """The id of the n-th subscriber: they sort by number."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "a" * 13 + "".join(letters[number // 26**place % 26] for place in (2, 1, 0))


def reader(number: int, state: SubscriberState = SubscriberState.ACTIVE) -> Subscriber:
    return Subscriber(
        id=id_of_reader(number),
        address=f"reader{number}@example.org",
        state=state,
        rhythm="weekly",
        source="form",
        asked_at=MONDAY - timedelta(days=30),
        mailed_at=MONDAY - timedelta(days=30),
        confirmed_at=MONDAY - timedelta(days=30),
        left_at=None if state is SubscriberState.ACTIVE else MONDAY,
    )


def mail_to(copy: Claimed) -> Mail:
    row = copy.delivery
    return Mail(recipient=row.recipient, address=copy.address, sender=SENDER, message_id=row.message_id, content=b"Crews that last\r\n")


@dataclass(kw_only=True)
class Office:
    """One folder `state`, and a clock that stands still."""

    folder: Path
    at: datetime = MONDAY
    # Which start of the machine it is.
    boot: str = "first"
    came_back: list[tuple[str, Bounce]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def hears(self, row: Delivery, bounce: Bounce) -> None:
        self.came_back.append((row.recipient, bounce))

    def now(self) -> datetime:
        return self.at

    @contextmanager
    def private(self) -> Iterator[SqlPrivateStore]:
        with closing(open_private(self.folder / "private.db", clock=self.now)) as private:
            yield private

    @contextmanager
    def opened(self, make: Callable[..., Journal] = Journal) -> Iterator[tuple[SqlPrivateStore, Journal, tuple[str, ...]]]:
        """Database and journal, compared, and what that said."""
        with self.private() as private:
            mark = Mark.read(private.ledger.mark())
            journal = make(self.folder / "outbox.jsonl", salt=private.keys.salt(), mark=mark, at=self.at, boot=self.boot)
            with closing(journal):
                yield private, journal, reconcile(private, journal, self.at, came_back=self.hears)

    def subscribes(self, count: int) -> None:
        with self.private() as private:
            for number in range(count):
                private.subscribers.add(reader(number))

    def leaves(self, number: int) -> None:
        with self.private() as private:
            assert private.subscribers.change(reader(number, SubscriberState.LEFT), was=SubscriberState.ACTIVE)

    def freezes(self, one: Edition = EDITION, told: frozenset[str] = frozenset({"a-story"})) -> Issued | None:
        """An edition, for everybody who is active."""
        with self.opened() as (private, journal, _):
            salt, readers = private.keys.salt(), private.subscribers.receiving(one.topic, one.rhythm)
            names = {id: message_id(one.id, id, salt=salt, sender=SENDER) for id in readers}
            return freeze(private, journal, one, RENDERED, report="", message_ids=names, told=told, clock=self.now)

    def sends(self, mailer: Mailer, *, make: Callable[..., Journal] = Journal, wary: bool = True) -> list[Delivered]:
        """Everything that is due of every edition that is being sent, as one process does."""
        with self.opened(make) as (private, journal, _):
            done = []
            for issued in private.ledger.sending():
                whole = private.ledger.one(issued.edition.id)
                assert whole is not None
                done.append(
                    sending.deliver(
                        private,
                        whole,
                        mailer,
                        journal,
                        write=mail_to,
                        came_back=self.hears,
                        stop=self.stop,
                        clock=self.now,
                        wary=wary,
                    )
                )
            return done

    def rows(self, one: Edition = EDITION) -> tuple[Delivery, ...]:
        with self.private() as private:
            return private.ledger.deliveries(one.id)

    def states(self, one: Edition = EDITION) -> dict[str, DeliveryState]:
        return {row.recipient: row.state for row in self.rows(one)}

    def issued(self, one: Edition = EDITION) -> Issued | None:
        with self.private() as private:
            return private.ledger.one(one.id)

    def copied(self, folder: Path) -> Office:
        """The installation as its files are at this moment, in another folder."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, came_back=[], stop=threading.Event())

    def backed_up(self, file: Path) -> Path:
        """private.db alone, as a backup takes it."""
        with closing(sqlite3.connect(self.folder / "private.db")) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
        return file

    def restores(self, file: Path) -> None:
        """Put a backup of private.db back."""
        for name in ("private.db-wal", "private.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copy(file, self.folder / "private.db")
