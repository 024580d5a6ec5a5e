"""Editions and their deliveries as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, select

from aggregator.model import Bounce, Delivery, DeliveryState, Edition, EditionState, Issued, Rendered, SubscriberState
from aggregator.store.engine import Database, Desk
from aggregator.store.private import Claimed, schema
from aggregator.store.private import ledger_rows as sql
from aggregator.store.private.ledger_rows import (
    FROZEN,
    MARK,
    delivery_from_row,
    delivery_to_row,
    issued_from_row,
    issued_to_row,
    settled_to_values,
)
from aggregator.store.private.notes import noted, remember
from aggregator.store.rows import Row, maybe_time, stamp
from aggregator.store.statements import add, batches

# What the rows say of copies that nobody handed over.
LEFT: Final = "left before it was handed over"
CALLED_OFF: Final = "the edition was cancelled before it was handed over"
# Length of a subscriber's id; the name of a service that sends is shorter.
_ID_LENGTH = 16
# More than there will ever be: SQLite's LIMIT takes no "all" that PostgreSQL takes too.
_ALL = 2**31 - 1


class SqlLedger:
    """`Ledger` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- editions

    def issued(self, limit: int | None = None) -> tuple[Issued, ...]:
        with self._database.reading() as desk:
            return tuple(map(issued_from_row, desk.rows(sql.ISSUED, _ALL if limit is None else limit)))

    def frozen(self) -> tuple[tuple[str, str], ...]:
        with self._database.reading() as desk:
            return tuple((str(id), str(hash)) for id, hash in desk.rows(sql.ALL_FROZEN))

    def sending(self) -> tuple[Issued, ...]:
        with self._database.reading() as desk:
            return tuple(map(issued_from_row, desk.rows(sql.SENDING)))

    def one(self, edition: str) -> Issued | None:
        with self._database.reading() as desk:
            rows = desk.rows(sql.ONE, edition)
        return issued_from_row(rows[0]) if rows else None

    def last(self, topic: str, rhythm: str) -> Issued | None:
        with self._database.reading() as desk:
            rows = desk.rows(sql.LAST, topic, rhythm, 1)
        return issued_from_row(rows[0]) if rows else None

    def told(self, topic: str, rhythm: str) -> frozenset[str]:
        with self._database.reading() as desk:
            return frozenset(str(name) for (name,) in desk.rows(sql.TOLD, topic, rhythm))

    def hold(self, edition: Edition, report: str, at: datetime) -> None:
        with self._database.writing() as desk:
            _write_unsent(desk, Issued(edition=edition, state=EditionState.HELD, at=at, report=report))

    def skip(self, edition: Edition, at: datetime, *, mark: str = "") -> None:
        with self._database.writing() as desk:
            if _write_unsent(desk, Issued(edition=edition, state=EditionState.SKIPPED, at=at)):
                _mark(desk, mark)

    def freeze(
        self,
        edition: Edition,
        rendered: Rendered,
        *,
        hash: str,
        report: str,
        message_ids: Mapping[str, str],
        told: Iterable[str],
        at: datetime,
        mark: str = "",
    ) -> bool:
        issued = Issued(
            edition=edition,
            state=EditionState.SENDING,
            at=at,
            hash=hash,
            recipients=len(message_ids),
            report=report,
            rendered=rendered,
        )
        rows = [Delivery(edition=edition.id, recipient=one, message_id=name, at=at) for one, name in sorted(message_ids.items())]
        with self._database.writing() as desk:
            if _state(desk, edition.id) in FROZEN:
                return False
            desk.run(sql.DROP, edition.id)
            desk.run(add(schema.edition), *issued_to_row(issued))
            desk.many(add(schema.delivery), list(map(delivery_to_row, rows)))
            _tell(desk, edition, told)
            _mark(desk, mark)
        return True

    def end(self, edition: str, state: EditionState, at: datetime, *, mark: str = "") -> None:
        if state not in (EditionState.SENT, EditionState.CANCELLED):
            raise ValueError(f"ending an edition: expected sent or cancelled, got {state!r}")
        with self._database.writing() as desk:
            desk.run(sql.END, state.value, stamp(at), edition)
            desk.run(sql.CALL_OFF, DeliveryState.REFUSED.value, stamp(at), CALLED_OFF, edition, DeliveryState.DUE.value)
            _mark(desk, mark)

    def take_over(self, issued: Issued, deliveries: Sequence[Delivery], told: Iterable[str], *, mark: str = "") -> None:
        """See the protocol."""
        frozen = issued.state in FROZEN
        with self._database.writing() as desk:
            known = desk.rows(sql.ONE, issued.edition.id)
            before = issued_from_row(known[0]) if known else None
            if frozen and before is not None and before.state is EditionState.SENDING and before.hash == issued.hash:
                issued = replace(issued, report=before.report, recipients=before.recipients)
                if issued.state is EditionState.SENDING:
                    issued = replace(issued, rendered=before.rendered)
            if before is None or before.state not in FROZEN or (frozen and before.state is EditionState.SENDING):
                desk.run(sql.DROP, issued.edition.id)
                desk.run(add(schema.edition), *issued_to_row(issued))
            there = {str(recipient) for (recipient,) in desk.rows(sql.RECIPIENTS, issued.edition.id)}
            desk.many(add(schema.delivery), [delivery_to_row(one) for one in deliveries if one.recipient not in there])
            desk.many(sql.SETTLE, [settled_to_values(one) for one in deliveries if one.recipient in there])
            _tell(desk, issued.edition, told)
            _mark(desk, mark)

    # -- copies

    def claim(self, edition: str, limit: int, at: datetime, *, mark: str = "") -> tuple[Claimed, ...]:
        claimed: list[Claimed] = []
        with self._database.writing() as desk:
            if _state(desk, edition) is not EditionState.SENDING:
                return ()
            while not claimed:
                rows = desk.rows(sql.DUE, edition, DeliveryState.DUE.value, stamp(at), limit)
                if not rows:
                    return ()
                given = [(_begun(row, at), row[-2], row[-1]) for row in rows]
                claimed = [Claimed(delivery=row, address=address or "") for row, state, address in given if _may_have(row, state)]
                gone = [
                    replace(row, state=DeliveryState.REFUSED, attempts=row.attempts - 1, reply=LEFT)
                    for row, state, _ in given
                    if not _may_have(row, state)
                ]
                desk.many(sql.SETTLE, [settled_to_values(row) for row in (*(one.delivery for one in claimed), *gone)])
            _mark(desk, mark)
        return tuple(sorted(claimed, key=lambda one: one.delivery.recipient))

    def settle(self, deliveries: Sequence[Delivery], *, mark: str = "") -> None:
        with self._database.writing() as desk:
            desk.many(sql.SETTLE, list(map(settled_to_values, deliveries)))
            _mark(desk, mark)

    def deliveries(self, edition: str, states: Collection[DeliveryState] = tuple(DeliveryState)) -> tuple[Delivery, ...]:
        with self._database.reading() as desk:
            if len(states) == 1:
                rows: Iterable[Row] = desk.rows(sql.IN_STATE, edition, next(iter(states)).value)
            else:
                rows = desk.rows(sql.DELIVERIES, edition)
        return tuple(one for one in map(delivery_from_row, rows) if one.state in states)

    def addresses(self, recipients: Collection[str]) -> Mapping[str, str]:
        with self._database.reading() as desk:
            found = [desk.rows(_addresses(len(part)), *part) for part in batches(sorted(recipients))]
        return {str(id): str(address) for rows in found for id, address in rows}

    def counts(self, edition: str) -> Mapping[DeliveryState, int]:
        with self._database.reading() as desk:
            found = {str(state): int(count) for state, count in desk.rows(sql.COUNTS, edition)}
        return {state: found.get(state.value, 0) for state in DeliveryState}

    def due_at(self, edition: str) -> datetime | None:
        with self._database.reading() as desk:
            return maybe_time(desk.rows(sql.DUE_AT, edition, DeliveryState.DUE.value)[0][0])

    def bounced(self, message_id: str, bounce: Bounce) -> Delivery | None:
        with self._database.writing() as desk:
            if not desk.run(sql.BOUNCE, bounce.value, message_id):
                return None
            return delivery_from_row(desk.rows(sql.BY_MESSAGE, message_id)[0])

    def copy(self, message_id: str) -> Delivery | None:
        with self._database.reading() as desk:
            return next(map(delivery_from_row, desk.rows(sql.BY_MESSAGE, message_id)), None)

    def recent(self, recipient: str, limit: int) -> tuple[Delivery, ...]:
        with self._database.reading() as desk:
            return tuple(map(delivery_from_row, desk.rows(sql.RECENT, recipient, limit)))

    # -- the journal

    def mark(self) -> str:
        with self._database.reading() as desk:
            return noted(desk, MARK) or ""

    def remark(self, mark: str) -> None:
        """See the protocol."""
        with self._database.writing() as desk:
            _mark(desk, mark)


def _state(desk: Desk, edition: str) -> EditionState | None:
    rows = desk.rows(sql.STATE, edition)
    return EditionState(rows[0][0]) if rows else None


def _write_unsent(desk: Desk, issued: Issued) -> bool:
    """Replace an edition that was not frozen; False, and nothing written, when it was."""
    if _state(desk, issued.edition.id) in FROZEN:
        return False
    desk.run(sql.DROP, issued.edition.id)
    desk.run(add(schema.edition), *issued_to_row(issued))
    return True


def _tell(desk: Desk, edition: Edition, told: Iterable[str]) -> None:
    known = {str(name) for (name,) in desk.rows(sql.TOLD, edition.topic, edition.rhythm)}
    desk.many(add(schema.told), [(edition.topic, edition.rhythm, name) for name in sorted(set(told) - known)])


def _mark(desk: Desk, mark: str) -> None:
    if mark:
        remember(desk, MARK, mark)


def _begun(row: Row, at: datetime) -> Delivery:
    due = delivery_from_row(row[:-2])
    return replace(due, state=DeliveryState.CLAIMED, attempts=due.attempts + 1, next_try_at=None, at=at)


def _may_have(delivery: Delivery, state: str | None) -> bool:
    """Whether the recipient is active still, or is no person but a service that sends. An erased one has no state."""
    return state == SubscriberState.ACTIVE.value or (state is None and len(delivery.recipient) != _ID_LENGTH)


@cache
def _addresses(count: int) -> Select[Any]:
    table = schema.subscriber
    return select(table.c.id, table.c.address).where(table.c.id.in_([bindparam(f"v_{number}") for number in range(count)]))
