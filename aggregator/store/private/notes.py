"""Small texts remembered under a name, in the transaction that they belong to: the salt, how far journal and departures are known."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from aggregator.store.engine import Desk
from aggregator.store.private.schema import note
from aggregator.store.statements import add, drop

_ONE = select(note.c.text).where(note.c.name == bindparam("v_name"))


def noted(desk: Desk, name: str) -> str | None:
    """The text; None when nothing is remembered."""
    rows = desk.rows(_ONE, name)
    return str(rows[0][0]) if rows else None


def remember(desk: Desk, name: str, text: str) -> None:
    """Replace the text."""
    desk.run(drop(note.c.name), name)
    desk.run(add(note), name, text)
