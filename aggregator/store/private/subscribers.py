"""Who asked for mail, in rows. An address stands in `subscriber` and nowhere else; what must be known for longer is a salted hash."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from aggregator.model import Bounce, Subscriber, SubscriberState
from aggregator.store.engine import Database, Desk
from aggregator.store.private import Taken, schema
from aggregator.store.private import subscriber_rows as sql
from aggregator.store.private.addresses import folded, hashed
from aggregator.store.private.departures import Departure, Departures
from aggregator.store.private.notes import noted, remember
from aggregator.store.private.subscriber_rows import first, from_row, to_row
from aggregator.store.rows import stamp, storable
from aggregator.store.statements import add, drop

_one, _suppressed, _request = schema.subscriber, schema.suppressed, schema.request
_GONE = (SubscriberState.LEFT, SubscriberState.SUPPRESSED)
# Why an address is suppressed although nobody said a word of bouncing.
_LEFT, _ERASED = "left", "erased"
# Under which name the database remembers how many departures it knows.
_DEPARTED: Final = "departed"


class SqlSubscribers:
    """`Subscribers` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database, salt: bytes) -> None:
        self._database = database
        self._salt = salt
        # A server's backups are not made by copying a file that lies beside another.
        self._departures = Departures.beside(database.path) if database.path is not None else None

    def find(self, address: str) -> Subscriber | None:
        with self._database.reading() as desk:
            return first(desk.rows(sql.BY_FOLDED, storable(folded(address))))

    def one(self, id: str) -> Subscriber | None:
        with self._database.reading() as desk:
            return first(desk.rows(sql.BY_ID, storable(id)))

    def add(self, subscriber: Subscriber, *, instead_of: str | None = None) -> bool:
        row = to_row(subscriber)
        with self._database.writing() as desk:
            if instead_of is not None:
                self._overwrite(desk)
                desk.run(sql.REPLACE, row[2], instead_of)
            if desk.rows(sql.BY_FOLDED, row[2]):
                return False
            desk.run(add(_one), *row)
            self._follow(desk, subscriber)
        return True

    def take(self, subscribers: Sequence[Subscriber]) -> Taken:
        known = suppressed = 0
        with self._database.writing() as desk:
            for one in subscribers:
                row = to_row(one)
                if desk.rows(sql.BY_FOLDED, row[2]):
                    known += 1
                elif desk.rows(sql.SUPPRESSED, hashed(one.address, self._salt)):
                    suppressed += 1
                else:
                    desk.run(add(_one), *row)
        return Taken(added=len(subscribers) - known - suppressed, known=known, suppressed=suppressed)

    def change(self, subscriber: Subscriber, *, was: SubscriberState) -> bool:
        with self._database.writing() as desk:
            changed = desk.run(sql.CHANGE, *to_row(subscriber)[1:], subscriber.id, was.value) == 1
            if changed:
                self._follow(desk, subscriber)
                if subscriber.state in _GONE:
                    self._depart(desk, subscriber.id, _way(subscriber.bounce))
        return changed

    def all(self, states: Collection[SubscriberState] = tuple(SubscriberState)) -> tuple[Subscriber, ...]:
        wanted = sorted({state.value for state in states})
        if not wanted:
            return ()
        with self._database.reading() as desk:
            rows = desk.rows(sql.in_states(len(wanted)), *wanted)
        return tuple(sorted(map(from_row, rows), key=lambda one: (one.asked_at, one.id)))

    def counts(self) -> Mapping[SubscriberState, int]:
        with self._database.reading() as desk:
            found = {state: int(count) for state, count in desk.rows(sql.COUNTS)}
        return {state: found.get(state.value, 0) for state in SubscriberState}

    def receiving(self, topic: str, rhythm: str) -> tuple[str, ...]:
        with self._database.reading() as desk:
            rows = desk.rows(sql.RECEIVING, SubscriberState.ACTIVE.value, storable(rhythm))
        return tuple(sorted(id for id, topics in rows if not topics or topic in topics.split(" ")))

    def unmailed(self, limit: int) -> tuple[Subscriber, ...]:
        with self._database.reading() as desk:
            return tuple(map(from_row, desk.rows(sql.UNMAILED, SubscriberState.PENDING.value, limit)))

    def claim_letter(self, id: str, at: datetime) -> bool:
        with self._database.writing() as desk:
            return desk.run(sql.CLAIM_LETTER, stamp(at), id, SubscriberState.PENDING.value) == 1

    def release_letter(self, id: str) -> None:
        with self._database.writing() as desk:
            desk.run(sql.RELEASE_LETTER, None, id, SubscriberState.PENDING.value)

    def suppress(self, address: str, bounce: Bounce, at: datetime) -> bool:
        with self._database.writing() as desk:
            row = first(desk.rows(sql.BY_FOLDED, storable(folded(address))))
            if row is not None and row.state is not SubscriberState.SUPPRESSED:
                # A bounce that comes after somebody left is no reason to know them for longer.
                left_at = row.left_at if row.state is SubscriberState.LEFT else at
                changed = replace(row, state=SubscriberState.SUPPRESSED, left_at=left_at, bounce=bounce)
                desk.run(sql.CHANGE, *to_row(changed)[1:], row.id, row.state.value)
                self._depart(desk, row.id, _way(bounce))
            return self._keep(desk, address, bounce.value, at)

    def suppressed(self, address: str) -> bool:
        with self._database.reading() as desk:
            return bool(desk.rows(sql.SUPPRESSED, hashed(address, self._salt)))

    def erase(self, address: str, at: datetime) -> bool:
        with self._database.writing() as desk:
            row = first(desk.rows(sql.BY_FOLDED, storable(folded(address))))
            if row is not None:
                self._forget(desk, row, at)
                self._depart(desk, row.id, Departure.ERASED)
        if row is not None:
            self._database.rewrite()
        return row is not None

    def catch_up(self, at: datetime) -> int:
        """Take those out again who are gone, as the file beside an older database says; how many.

        Not part of the protocol: whoever opens the database does it.
        """
        if self._departures is None:
            return 0
        with self._database.reading() as desk:
            known = _known(desk)
        if self._departures.count() <= known:
            return 0
        with self._database.writing() as desk:
            gone = self._departures.since(_known(desk))
            taken = sum([self._take_out(desk, id, way, at) for id, way in gone])
            _know(desk, self._departures.count())
        if taken:
            self._database.rewrite()
        return taken

    def _take_out(self, desk: Desk, id: str, way: Departure, at: datetime) -> bool:
        """False: the rows say it, too."""
        row = first(desk.rows(sql.BY_ID, id))
        if row is None or (row.state in _GONE and way is not Departure.ERASED):
            return False
        if way is Departure.ERASED:
            self._forget(desk, row, at)
            return True
        bounce = None if way is Departure.LEFT else Bounce[way.name]
        changed = replace(row, state=SubscriberState.SUPPRESSED if bounce else SubscriberState.LEFT, left_at=at, bounce=bounce)
        desk.run(sql.CHANGE, *to_row(changed)[1:], row.id, row.state.value)
        self._follow(desk, changed)
        return True

    def _forget(self, desk: Desk, row: Subscriber, at: datetime) -> None:
        self._overwrite(desk)
        desk.run(drop(_one.c.id), row.id)
        self._keep(desk, row.address, _ERASED, at)

    def _depart(self, desk: Desk, id: str, way: Departure) -> None:
        """Write down for good that somebody goes, before the transaction does."""
        if self._departures is not None:
            _know(desk, self._departures.add(id, way))

    def expire(self, *, pending_before: datetime, left_before: datetime) -> tuple[int, int]:
        with self._database.writing() as desk:
            self._overwrite(desk)
            stale = [(id,) for (id,) in desk.rows(sql.ASKED_BEFORE, SubscriberState.PENDING.value, stamp(pending_before))]
            gone = [from_row(row) for row in desk.rows(sql.LEFT_BEFORE, stamp(left_before))]
            desk.many(drop(_one.c.id), [*stale, *((one.id,) for one in gone)])
        if stale or gone:
            self._database.rewrite()
        return len(stale), len(gone)

    def too_many(self, counted: Sequence[tuple[str, str, int]], *, at: datetime, since: datetime) -> bool:
        named = [(kind, self._named(kind, name), limit) for kind, name, limit in counted]
        with self._database.writing() as desk:
            desk.run(sql.FORGET_REQUESTS, stamp(since))
            if any(desk.rows(sql.REQUESTS, kind, hash)[0][0] >= limit for kind, hash, limit in named):
                return True
            desk.many(add(_request), [(kind, hash, stamp(at)) for kind, hash, _limit in named])
        return False

    def _named(self, kind: str, name: str) -> str:
        said = f"{kind}\0{name.casefold()}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._salt, said, hashlib.sha256).hex()

    def _follow(self, desk: Desk, subscriber: Subscriber) -> None:
        """Let the suppression say what the row says."""
        if subscriber.state in _GONE:
            why = subscriber.bounce.value if subscriber.bounce else _LEFT
            self._keep(desk, subscriber.address, why, subscriber.left_at or subscriber.asked_at)
        elif subscriber.state is SubscriberState.ACTIVE:
            desk.run(drop(_suppressed.c.hash), hashed(subscriber.address, self._salt))

    def _keep(self, desk: Desk, address: str, why: str, at: datetime) -> bool:
        """Keep the hash of an address; False: it was kept already."""
        hash = hashed(address, self._salt)
        if desk.rows(sql.SUPPRESSED, hash):
            return False
        desk.run(add(_suppressed), hash, why, stamp(at))
        return True

    def _overwrite(self, desk: Desk) -> None:
        if self._database.path is not None:
            desk.rows(sql.OVERWRITE)


def _way(bounce: Bounce | None) -> Departure:
    return Departure[bounce.name] if bounce else Departure.LEFT


def _known(desk: Desk) -> int:
    """How many departures the database knows."""
    return int(noted(desk, _DEPARTED) or 0)


def _know(desk: Desk, count: int) -> None:
    remember(desk, _DEPARTED, str(count))
