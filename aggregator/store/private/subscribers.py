"""Who asked for mail, in rows. An address stands in `subscriber` and nowhere else; what must be known for longer is a salted hash."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, func, select, text, update
from sqlalchemy.sql.schema import Column

from aggregator.model import Bounce, Subscriber, SubscriberState
from aggregator.store import statements as sql
from aggregator.store.engine import Database, Desk
from aggregator.store.private import Taken, schema
from aggregator.store.private.addresses import folded, hashed
from aggregator.store.rows import maybe_stamp, maybe_time, stamp, storable

_one, _suppressed, _request = schema.subscriber, schema.suppressed, schema.request
# Pages of the file that are let go are written over.
_OVERWRITE = text("PRAGMA secure_delete = ON")
_GONE = (SubscriberState.LEFT, SubscriberState.SUPPRESSED)
# Why an address is suppressed although nobody said a word of bouncing.
_LEFT, _ERASED = "left", "erased"


def _value(name: str) -> BindParameter[Any]:
    return bindparam(f"v_{name}")


def _where(column: Column[str]) -> Select[Any]:
    return select(_one).where(column == _value("one"))


BY_ID, BY_FOLDED = _where(_one.c.id), _where(_one.c.folded)
CHANGE = (
    update(_one)
    .ordered_values(*((column, _value(column.name)) for column in _one.columns if column.name != "id"))
    .where(_one.c.id == _value("id"), _one.c.state == _value("was"))
)
REPLACE = delete(_one).where(_one.c.folded == _value("folded"), _one.c.id == _value("id"))
COUNTS = select(_one.c.state, func.count()).group_by(_one.c.state)
RECEIVING = select(_one.c.id, _one.c.topics).where(_one.c.state == _value("state"), _one.c.rhythm == _value("rhythm"))
UNMAILED = (
    select(_one)
    .where(_one.c.state == _value("state"), _one.c.mailed_at.is_(None))
    .order_by(_one.c.asked_at, _one.c.id)
    .limit(_value("limit"))
)
_set_mailed = update(_one).ordered_values((_one.c.mailed_at, _value("at"))).where(_one.c.id == _value("id"))
CLAIM_LETTER = _set_mailed.where(_one.c.state == _value("state"), _one.c.mailed_at.is_(None))
RELEASE_LETTER = _set_mailed.where(_one.c.state == _value("state"))
SUPPRESSED = select(_suppressed.c.hash).where(_suppressed.c.hash == _value("hash"))
ASKED_BEFORE = select(_one.c.id).where(_one.c.state == _value("state"), _one.c.asked_at < _value("before"))
LEFT_BEFORE = select(_one).where(_one.c.left_at.is_not(None), _one.c.left_at < _value("before"))
REQUESTS = select(func.count()).where(_request.c.kind == _value("kind"), _request.c.hash == _value("hash"))
FORGET_REQUESTS = delete(_request).where(_request.c.at < _value("since"))


@cache
def in_states(count: int) -> Select[Any]:
    """Subscribers in so many states."""
    return select(_one).where(_one.c.state.in_([_value(str(number)) for number in range(count)]))


class SqlSubscribers:
    """`Subscribers` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database, salt: bytes) -> None:
        self._database = database
        self._salt = salt

    def find(self, address: str) -> Subscriber | None:
        with self._database.reading() as desk:
            return _first(desk.rows(BY_FOLDED, storable(folded(address))))

    def one(self, id: str) -> Subscriber | None:
        with self._database.reading() as desk:
            return _first(desk.rows(BY_ID, storable(id)))

    def add(self, subscriber: Subscriber, *, instead_of: str | None = None) -> bool:
        row = _to_row(subscriber)
        with self._database.writing() as desk:
            if instead_of is not None:
                self._overwrite(desk)
                desk.run(REPLACE, row[2], instead_of)
            if desk.rows(BY_FOLDED, row[2]):
                return False
            desk.run(sql.add(_one), *row)
            self._follow(desk, subscriber)
        return True

    def take(self, subscribers: Sequence[Subscriber]) -> Taken:
        known = suppressed = 0
        with self._database.writing() as desk:
            for one in subscribers:
                row = _to_row(one)
                if desk.rows(BY_FOLDED, row[2]):
                    known += 1
                elif desk.rows(SUPPRESSED, hashed(one.address, self._salt)):
                    suppressed += 1
                else:
                    desk.run(sql.add(_one), *row)
        return Taken(added=len(subscribers) - known - suppressed, known=known, suppressed=suppressed)

    def change(self, subscriber: Subscriber, *, was: SubscriberState) -> bool:
        with self._database.writing() as desk:
            changed = desk.run(CHANGE, *_to_row(subscriber)[1:], subscriber.id, was.value) == 1
            if changed:
                self._follow(desk, subscriber)
        return changed

    def all(self, states: Collection[SubscriberState] = tuple(SubscriberState)) -> tuple[Subscriber, ...]:
        wanted = sorted({state.value for state in states})
        if not wanted:
            return ()
        with self._database.reading() as desk:
            rows = desk.rows(in_states(len(wanted)), *wanted)
        return tuple(sorted(map(_from_row, rows), key=lambda one: (one.asked_at, one.id)))

    def counts(self) -> Mapping[SubscriberState, int]:
        with self._database.reading() as desk:
            found = {state: int(count) for state, count in desk.rows(COUNTS)}
        return {state: found.get(state.value, 0) for state in SubscriberState}

    def receiving(self, topic: str, rhythm: str) -> tuple[str, ...]:
        with self._database.reading() as desk:
            rows = desk.rows(RECEIVING, SubscriberState.ACTIVE.value, storable(rhythm))
        return tuple(sorted(id for id, topics in rows if not topics or topic in topics.split(" ")))

    def unmailed(self, limit: int) -> tuple[Subscriber, ...]:
        with self._database.reading() as desk:
            return tuple(map(_from_row, desk.rows(UNMAILED, SubscriberState.PENDING.value, limit)))

    def claim_letter(self, id: str, at: datetime) -> bool:
        with self._database.writing() as desk:
            return desk.run(CLAIM_LETTER, stamp(at), id, SubscriberState.PENDING.value) == 1

    def release_letter(self, id: str) -> None:
        with self._database.writing() as desk:
            desk.run(RELEASE_LETTER, None, id, SubscriberState.PENDING.value)

    def suppress(self, address: str, bounce: Bounce, at: datetime) -> bool:
        with self._database.writing() as desk:
            row = _first(desk.rows(BY_FOLDED, storable(folded(address))))
            if row is not None and row.state is not SubscriberState.SUPPRESSED:
                # A bounce that comes after somebody left is no reason to know them for longer.
                left_at = row.left_at if row.state is SubscriberState.LEFT else at
                changed = replace(row, state=SubscriberState.SUPPRESSED, left_at=left_at, bounce=bounce)
                desk.run(CHANGE, *_to_row(changed)[1:], row.id, row.state.value)
            return self._keep(desk, address, bounce.value, at)

    def suppressed(self, address: str) -> bool:
        with self._database.reading() as desk:
            return bool(desk.rows(SUPPRESSED, hashed(address, self._salt)))

    def lift(self, address: str) -> None:
        with self._database.writing() as desk:
            desk.run(sql.drop(_suppressed.c.hash), hashed(address, self._salt))

    def erase(self, address: str, at: datetime) -> bool:
        with self._database.writing() as desk:
            self._overwrite(desk)
            erased = desk.run(sql.drop(_one.c.folded), storable(folded(address))) == 1
            if erased:
                self._keep(desk, address, _ERASED, at)
        if erased:
            self._database.rewrite()
        return erased

    def expire(self, *, pending_before: datetime, left_before: datetime) -> tuple[int, int]:
        with self._database.writing() as desk:
            self._overwrite(desk)
            stale = [(id,) for (id,) in desk.rows(ASKED_BEFORE, SubscriberState.PENDING.value, stamp(pending_before))]
            gone = [_from_row(row) for row in desk.rows(LEFT_BEFORE, stamp(left_before))]
            desk.many(sql.drop(_one.c.id), [*stale, *((one.id,) for one in gone)])
        if stale or gone:
            self._database.rewrite()
        return len(stale), len(gone)

    def too_many(self, counted: Sequence[tuple[str, str, int]], *, at: datetime, since: datetime) -> bool:
        named = [(kind, self._named(kind, name), limit) for kind, name, limit in counted]
        with self._database.writing() as desk:
            desk.run(FORGET_REQUESTS, stamp(since))
            if any(desk.rows(REQUESTS, kind, hash)[0][0] >= limit for kind, hash, limit in named):
                return True
            desk.many(sql.add(_request), [(kind, hash, stamp(at)) for kind, hash, _limit in named])
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
            desk.run(sql.drop(_suppressed.c.hash), hashed(subscriber.address, self._salt))

    def _keep(self, desk: Desk, address: str, why: str, at: datetime) -> bool:
        """Keep the hash of an address; False: it was kept already."""
        hash = hashed(address, self._salt)
        if desk.rows(SUPPRESSED, hash):
            return False
        desk.run(sql.add(_suppressed), hash, why, stamp(at))
        return True

    def _overwrite(self, desk: Desk) -> None:
        if self._database.path is not None:
            desk.rows(_OVERWRITE)


def _first(rows: Sequence[Sequence[Any]]) -> Subscriber | None:
    return _from_row(rows[0]) if rows else None


def _to_row(one: Subscriber) -> tuple[Any, ...]:
    """The columns of `subscriber`, in its order."""
    address = storable(one.address)
    return (
        one.id, address, folded(address), one.state.value, storable(one.rhythm), storable(" ".join(one.topics)), storable(one.source),
        stamp(one.asked_at), maybe_stamp(one.mailed_at), maybe_stamp(one.confirmed_at), maybe_stamp(one.left_at),
        one.bounce.value if one.bounce else None,
    )  # fmt: skip


def _from_row(row: Sequence[Any]) -> Subscriber:
    id, address, _folded, state, rhythm, topics, source, asked_at, mailed_at, confirmed_at, left_at, bounce = row
    return Subscriber(
        id=id,
        address=address,
        state=SubscriberState(state),
        rhythm=rhythm,
        topics=tuple(topics.split(" ")) if topics else (),
        source=source,
        asked_at=datetime.fromisoformat(asked_at),
        mailed_at=maybe_time(mailed_at),
        confirmed_at=maybe_time(confirmed_at),
        left_at=maybe_time(left_at),
        bounce=Bounce(bounce) if bounce else None,
    )
