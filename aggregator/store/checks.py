"""Which shown mentions were last found to be public when. Text order is time order, so the database compares."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from aggregator.model import Mention
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Database, Desk
from aggregator.store.placing import Name
from aggregator.store.rows import mention_from_row, stamp, storable

_mention = schema.mention
_looked = func.coalesce(_mention.c.checked_at, _mention.c.first_seen_at)
_open = (_mention.c.withdrawn_at.is_(None), _looked < bindparam("v_before"))
_DUE = (
    select(_mention, schema.story.c.id)
    .join(schema.story, schema.story.c.anchor == _mention.c.anchor)
    .where(*_open)
    .order_by(_looked, _mention.c.source, _mention.c.native_id)
    .limit(bindparam("v_limit"))
)
_WAITING = select(func.count(_mention.c.source)).where(*_open)
_CHECKED = (
    update(_mention)
    .ordered_values((_mention.c.checked_at, bindparam("v_at")))
    .where(_mention.c.source == bindparam("v_source"), _mention.c.native_id == bindparam("v_native_id"))
)

# Name under which those are remembered that were not found the last time.
_MISSED = "missed"


class SqlChecks:
    """`Checks` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, before: datetime, limit: int) -> tuple[Mention, ...]:
        with self._database.reading() as desk:
            return tuple(mention_from_row(row[:-1], row[-1]) for row in desk.rows(_DUE, stamp(before), limit))

    def waiting(self, before: datetime) -> int:
        with self._database.reading() as desk:
            return int(desk.rows(_WAITING, stamp(before))[0][0])

    def checked(self, mentions: Iterable[tuple[str, str]], at: datetime) -> None:
        names = _names(mentions)
        if not names:
            return
        with self._database.writing() as desk:
            desk.many(_CHECKED, [(stamp(at), *name) for name in names])
            before = _missed(desk)
            if not before.isdisjoint(names):
                _remember(desk, before - set(names))

    def missed(self, mentions: Iterable[tuple[str, str]], at: datetime) -> tuple[tuple[str, str], ...]:
        names = _names(mentions)
        if not names:
            return ()
        with self._database.writing() as desk:
            desk.many(_CHECKED, [(stamp(at), *name) for name in names])
            before = _missed(desk)
            # Those that the caller withdraws are forgotten with the next miss: a process that dies in between must not lose count.
            kept = {name for name in before if desk.rows(sql.SHOWN_MENTION, *name)}
            _remember(desk, kept.union(names))
        return tuple(name for name in names if name in before)


def _names(mentions: Iterable[tuple[str, str]]) -> list[Name]:
    return sorted({(storable(source), storable(native_id)) for source, native_id in mentions})


def _missed(desk: Desk) -> set[Name]:
    known = desk.rows(sql.NOTE, _MISSED)
    return {(source, native_id) for source, native_id in json.loads(known[0][0])} if known else set()


def _remember(desk: Desk, names: set[Name]) -> None:
    desk.run(sql.drop(schema.note.c.name), _MISSED)
    if names:
        desk.run(sql.add(schema.note), _MISSED, json.dumps(sorted(names)))
