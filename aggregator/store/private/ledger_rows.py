"""Rows of the ledger to values and back, and the statements it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, func, literal_column, null, or_, select, update

from aggregator.model import Bounce, Delivery, DeliveryState, EditionState, Issued, Rendered
from aggregator.store.private import schema
from aggregator.store.private.editions import edition_from_text, edition_to_text
from aggregator.store.rows import Row, maybe_stamp, maybe_time, stamp, storable

# States of an edition that was frozen, and never is again.
FROZEN: Final = (EditionState.SENDING, EditionState.SENT, EditionState.CANCELLED)
# States in which a row stays.
SETTLED: Final = (DeliveryState.HANDED_OVER, DeliveryState.REFUSED)
# Of the text under which the last line of the journal that the database knows is remembered.
MARK: Final = "outbox"

_edition, _delivery, _subscriber, _told = schema.edition, schema.delivery, schema.subscriber, schema.told


def _value(name: str) -> BindParameter[object]:
    return bindparam(f"v_{name}")


def _words(states: Sequence[DeliveryState | EditionState]) -> list[ColumnElement[Any]]:
    """Written out: a statement is compiled once, and a list of values would be filled in each time."""
    return [literal_column(f"'{state.value}'") for state in states]


# -- editions

_HEAD = (
    _edition.c.content, _edition.c.state, _edition.c.at, _edition.c.hash, _edition.c.recipients, _edition.c.report,
)  # fmt: skip
ISSUED = select(*_HEAD).order_by(_edition.c.until.desc(), _edition.c.id).limit(_value("limit"))
ALL_FROZEN = select(_edition.c.id, _edition.c.hash).where(_edition.c.state.in_(_words(FROZEN))).order_by(_edition.c.id)
SENDING = select(*_HEAD).where(_edition.c.state.in_(_words((EditionState.SENDING,)))).order_by(_edition.c.until, _edition.c.id)
ONE = select(*_HEAD, _edition.c.html, _edition.c.text).where(_edition.c.id == _value("id"))
LAST = (
    select(*_HEAD)
    .where(_edition.c.topic == _value("topic"), _edition.c.rhythm == _value("rhythm"), _edition.c.state.in_(_words(FROZEN)))
    .order_by(_edition.c.until.desc())
    .limit(_value("limit"))
)
STATE = select(_edition.c.state).where(_edition.c.id == _value("id"))
DROP = delete(_edition).where(_edition.c.id == _value("id"))
_LET_GO = ((_edition.c.html, null()), (_edition.c.text, null()))
END = (
    update(_edition)
    .ordered_values((_edition.c.state, _value("state")), (_edition.c.at, _value("at")), *_LET_GO)
    .where(_edition.c.id == _value("id"))
)
TOLD = select(_told.c.name).where(_told.c.topic == _value("topic"), _told.c.rhythm == _value("rhythm"))

# -- deliveries

DELIVERIES = select(_delivery).where(_delivery.c.edition == _value("edition")).order_by(_delivery.c.recipient)
IN_STATE = (
    select(_delivery).where(_delivery.c.edition == _value("edition"), _delivery.c.state == _value("state")).order_by(_delivery.c.recipient)
)
COUNTS = select(_delivery.c.state, func.count()).where(_delivery.c.edition == _value("edition")).group_by(_delivery.c.state)
# In the order of the index by state, so that each claim reads no more rows than it takes: those never tried come first.
DUE = (
    select(_delivery, _subscriber.c.state, _subscriber.c.address)
    .join(_subscriber, _subscriber.c.id == _delivery.c.recipient, isouter=True)
    .where(
        _delivery.c.edition == _value("edition"),
        _delivery.c.state == _value("state"),
        or_(_delivery.c.next_try_at.is_(None), _delivery.c.next_try_at <= _value("now")),
    )
    .order_by(_delivery.c.next_try_at.nulls_first())
    .limit(_value("limit"))
)
DUE_AT = select(func.min(func.coalesce(_delivery.c.next_try_at, _delivery.c.at))).where(
    _delivery.c.edition == _value("edition"), _delivery.c.state == _value("state")
)
_SET = ("state", "attempts", "next_try_at", "at", "reply", "bounce")
SETTLE = (
    update(_delivery)
    .ordered_values(*((_delivery.c[name], _value(name)) for name in _SET))
    .where(
        _delivery.c.edition == _value("edition"), _delivery.c.recipient == _value("recipient"), _delivery.c.state.not_in(_words(SETTLED))
    )
)
CALL_OFF = (
    update(_delivery)
    .ordered_values((_delivery.c.state, _value("to")), (_delivery.c.at, _value("at")), (_delivery.c.reply, _value("reply")))
    .where(_delivery.c.edition == _value("edition"), _delivery.c.state == _value("state"))
)
RECIPIENTS = select(_delivery.c.recipient).where(_delivery.c.edition == _value("edition"))
BY_MESSAGE = select(_delivery).where(_delivery.c.message_id == _value("message_id"))
BOUNCE = update(_delivery).ordered_values((_delivery.c.bounce, _value("bounce"))).where(_delivery.c.message_id == _value("message_id"))
RECENT = (
    select(_delivery)
    .join(_edition, _edition.c.id == _delivery.c.edition)
    .where(_delivery.c.recipient == _value("recipient"))
    .order_by(_edition.c.until.desc(), _edition.c.id)
    .limit(_value("limit"))
)


def issued_to_row(issued: Issued) -> tuple[Any, ...]:
    """In the columns of `edition`."""
    edition, rendered = issued.edition, issued.rendered
    return (
        edition.id, edition.topic, edition.rhythm, stamp(edition.period.until), issued.state.value, stamp(issued.at),
        edition_to_text(edition), issued.hash, issued.recipients, storable(issued.report),
        rendered.html if rendered else None, rendered.text if rendered else None,
    )  # fmt: skip


def issued_from_row(row: Row) -> Issued:
    """From the columns of `ISSUED`, or of `ONE` with what was rendered."""
    content, state, at, hash, recipients, report, *rendered = row
    reached = maybe_time(at)
    assert reached is not None
    return Issued(
        edition=edition_from_text(content),
        state=EditionState(state),
        at=reached,
        hash=hash,
        recipients=recipients,
        report=report,
        rendered=Rendered(html=rendered[0], text=rendered[1]) if rendered and rendered[0] is not None else None,
    )


def delivery_to_row(delivery: Delivery) -> tuple[Any, ...]:
    """In the columns of `delivery`."""
    return (delivery.edition, delivery.recipient, delivery.message_id, *_changing(delivery))


def settled_to_values(delivery: Delivery) -> tuple[Any, ...]:
    """In the order of `SETTLE`."""
    return (*_changing(delivery), delivery.edition, delivery.recipient)


def _changing(delivery: Delivery) -> tuple[Any, ...]:
    bounce = delivery.bounce.value if delivery.bounce else None
    next_try_at, at = maybe_stamp(delivery.next_try_at), stamp(delivery.at)
    return delivery.state.value, delivery.attempts, next_try_at, at, storable(delivery.reply), bounce


def delivery_from_row(row: Row) -> Delivery:
    """From the columns of `delivery`."""
    edition, recipient, message_id, state, attempts, next_try_at, at, reply, bounce = row
    reached = maybe_time(at)
    assert reached is not None
    return Delivery(
        edition=edition,
        recipient=recipient,
        message_id=message_id,
        state=DeliveryState(state),
        attempts=attempts,
        next_try_at=maybe_time(next_try_at),
        at=reached,
        reply=reply,
        bounce=Bounce(bounce) if bounce else None,
    )
