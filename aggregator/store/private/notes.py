"""Small texts remembered under a name."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select

from aggregator.store.engine import Database
from aggregator.store.private import schema

_ONE = select(schema.note.c.text).where(schema.note.c.name == bindparam("name"))
_DROP = delete(schema.note).where(schema.note.c.name == bindparam("name"))
_PUT = insert(schema.note)


class SqlNotes:
    """Texts by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, name: str) -> str | None:
        """The text; None when nothing is remembered."""
        with self._database.reading() as desk:
            rows = desk.rows(_ONE, name)
        return str(rows[0][0]) if rows else None

    def remember(self, name: str, text: str) -> None:
        """Replace the text."""
        with self._database.writing() as desk:
            desk.run(_DROP, name)
            desk.run(_PUT, name, text)
