"""Takes out of private.db what was taken down: of editions, of the names that they told, and of what servers said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, literal_column, null, select, update

from aggregator.model import DeliveryState, EditionState, Issued
from aggregator.store.engine import Database
from aggregator.store.private import schema
from aggregator.store.private.editions import edition_to_text
from aggregator.store.private.subscriber_rows import OVERWRITE
from aggregator.store.rows import storable

_edition, _told, _delivery = schema.edition, schema.told, schema.delivery
_SENDING: ColumnElement[Any] = literal_column(f"'{EditionState.SENDING.value}'")

_CHANGE = (
    update(_edition)
    .ordered_values(
        (_edition.c.content, bindparam("v_content")), (_edition.c.report, bindparam("v_report")), (_edition.c.html, null()),
        (_edition.c.text, null()),
    )
    .where(_edition.c.id == bindparam("v_id"), _edition.c.state != _SENDING)
)  # fmt: skip
_NAMES = select(_told.c.name).distinct()
_UNTELL = delete(_told).where(_told.c.name == bindparam("v_name"))
# A copy that was handed over has the server's number of it, and there is one for each copy.
_REPLIES = (
    select(_delivery.c.reply)
    .distinct()
    .where(_delivery.c.state != literal_column(f"'{DeliveryState.HANDED_OVER.value}'"), _delivery.c.reply.like(bindparam("v_like")))
)
# What names an address, a host or a handle has a dot in it.
_WITH_A_NAME = "%.%"
_UNSAY = update(_delivery).ordered_values((_delivery.c.reply, bindparam("v_nothing"))).where(_delivery.c.reply == bindparam("v_reply"))


class SqlForgetting:
    """`Forgetting` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> frozenset[str]:
        with self._database.reading() as desk:
            return frozenset(str(name) for (name,) in desk.rows(_NAMES))

    def replies(self) -> frozenset[str]:
        with self._database.reading() as desk:
            return frozenset(str(reply) for (reply,) in desk.rows(_REPLIES, _WITH_A_NAME))

    def forget(self, editions: Iterable[Issued], *, names: Iterable[str], replies: Iterable[str]) -> None:
        changed = [(edition_to_text(one.edition), storable(one.report), one.edition.id) for one in editions]
        with self._database.writing() as desk:
            if self._database.path is not None:
                desk.rows(OVERWRITE)
            desk.many(_CHANGE, changed)
            desk.many(_UNTELL, _each(names))
            desk.many(_UNSAY, [("", reply) for (reply,) in _each(replies)])

    def wipe(self) -> bool:
        return self._database.rewrite()


def _each(texts: Iterable[str]) -> list[tuple[str]]:
    return [(text,) for text in sorted(texts)]
