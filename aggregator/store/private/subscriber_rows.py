"""Statements about subscribers, made once, and their rows. Parameters are positional, in the order in which they stand in the SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, func, select, text, update
from sqlalchemy.sql.schema import Column

from aggregator.model import Bounce, Subscriber, SubscriberState
from aggregator.store.private import schema
from aggregator.store.private.addresses import folded
from aggregator.store.rows import maybe_stamp, maybe_time, stamp, storable

_one, _suppressed, _request = schema.subscriber, schema.suppressed, schema.request
# Pages of the file that are let go are written over.
OVERWRITE = text("PRAGMA secure_delete = ON")


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


def first(rows: Sequence[Sequence[Any]]) -> Subscriber | None:
    """The subscriber of the first row, if there is one."""
    return from_row(rows[0]) if rows else None


def to_row(one: Subscriber) -> tuple[Any, ...]:
    """The columns of `subscriber`, in its order."""
    address = storable(one.address)
    return (
        one.id, address, folded(address), one.state.value, storable(one.rhythm), storable(" ".join(one.topics)), storable(one.source),
        stamp(one.asked_at), maybe_stamp(one.mailed_at), maybe_stamp(one.confirmed_at), maybe_stamp(one.left_at),
        one.bounce.value if one.bounce else None,
    )  # fmt: skip


def from_row(row: Sequence[Any]) -> Subscriber:
    """The subscriber of a row."""
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
