"""Which shown mentions were last found to be public when. Text order is time order."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, func, select, update

from aggregator.model import Kind, Mention
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Database, Desk
from aggregator.store.placing import Name, place
from aggregator.store.rows import Row, mention_from_row, stamp, storable

_mention = schema.mention
_shown = _mention.c.withdrawn_at.is_(None)
_looked = func.coalesce(_mention.c.checked_at, _mention.c.first_seen_at)
# Names and times of what is due, and texts only of those that are wanted: which sources are asked about is no matter of an index.
_DUE = select(_looked, _mention.c.source, _mention.c.native_id, _mention.c.kind).where(_shown, _looked < bindparam("v_before"))
_UNCHECKED = select(_looked, _mention.c.source, _mention.c.native_id, _mention.c.kind).where(
    _shown, _mention.c.checked_at.is_(None), _looked >= bindparam("v_before")
)
_NAMED = and_(_mention.c.source == bindparam("v_source"), _mention.c.native_id == bindparam("v_native_id"))
_CHECKED = update(_mention).ordered_values((_mention.c.checked_at, bindparam("v_at"))).where(_NAMED)

# Name under which those are remembered that were not found the last time.
_MISSED = "missed"


class SqlChecks:
    """`Checks` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(
        self,
        before: datetime,
        limit: int,
        *,
        sources: Collection[str] | None = None,
        but: Collection[str] = (),
        kinds: Collection[Kind] = tuple(Kind),
        unchecked: Collection[str] = (),
    ) -> tuple[Mention, ...]:
        with self._database.reading() as desk:
            waiting = _waiting(desk, before, sources, unchecked)
            named = sorted(tuple(one[:3]) for one in waiting if one[1] not in but and one[3] in kinds)[:limit]
            names = [(source, native_id) for _looked, source, native_id in named]
            found: dict[Name, Mention] = {}
            for source in sorted({source for source, _native_id in names}):
                ids = [native_id for of, native_id in names if of == source]
                rows = (row for batch in sql.batches(ids) for row in desk.rows(_mentions(len(batch)), source, *batch))
                found.update(((row[0], row[1]), mention_from_row(row[:-1], row[-1])) for row in rows)
        return tuple(found[source, native_id] for source, native_id in names)

    def waiting(self, before: datetime, *, sources: Collection[str] | None = None) -> int:
        with self._database.reading() as desk:
            return len(_waiting(desk, before, sources, ()))

    def closed(self, mentions: Iterable[tuple[str, str]], at: datetime) -> int:
        names = _names(mentions)
        with self._database.writing() as desk:
            shown: dict[Name, str | None] = {name: row[0] for name in names for row in desk.rows(sql.SHOWN_MENTION, *name)}
            if shown:
                # The same instant in both places says why it was withdrawn.
                desk.many(_CHECKED, [(stamp(at), *name) for name in shown])
                desk.many(sql.WITHDRAW, [(stamp(at), None, *name) for name in shown])
                place(desk, {}, leaving=shown)
                desk.run(sql.GROW)
        return len(shown)

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


def _waiting(desk: Desk, before: datetime, sources: Collection[str] | None, unchecked: Collection[str]) -> list[Row]:
    """When each was last looked at, source, native id and kind."""
    rows = [*desk.rows(_DUE, stamp(before))]
    if unchecked:
        rows += [row for row in desk.rows(_UNCHECKED, stamp(before)) if row[1] in unchecked]
    return rows if sources is None else [row for row in rows if row[1] in sources]


@cache
def _mentions(count: int) -> Select[Any]:
    """Mentions of one source, each with the id of its story."""
    among: list[BindParameter[object]] = [bindparam(f"v_{number}") for number in range(count)]
    return (
        select(_mention, schema.story.c.id)
        .join(schema.story, schema.story.c.anchor == _mention.c.anchor)
        .where(_mention.c.source == bindparam("v_source"), _mention.c.native_id.in_(among))
    )


def _names(mentions: Iterable[tuple[str, str]]) -> list[Name]:
    return sorted({(storable(source), storable(native_id)) for source, native_id in mentions})


def _missed(desk: Desk) -> set[Name]:
    known = desk.rows(sql.NOTE, _MISSED)
    return {(source, native_id) for source, native_id in json.loads(known[0][0])} if known else set()


def _remember(desk: Desk, names: set[Name]) -> None:
    desk.run(sql.drop(schema.note.c.name), _MISSED)
    if names:
        desk.run(sql.add(schema.note), _MISSED, json.dumps(sorted(names)))
