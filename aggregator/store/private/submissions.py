"""Webmentions and suggested links that wait, in rows. They hold what strangers wrote, so that pages of the file are written over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from aggregator.store.engine import Database
from aggregator.store.private import Submission, SubmissionKind, schema
from aggregator.store.private.subscriber_rows import OVERWRITE
from aggregator.store.rows import maybe_time, stamp, storable
from aggregator.store.statements import add

_one = schema.submission
_COUNT = select(func.count()).select_from(_one)
_BY_TIME = (_one.c.due_at, _one.c.source, _one.c.target)
_DUE = select(_one).where(_one.c.due_at <= bindparam("v_now")).order_by(*_BY_TIME).limit(bindparam("v_limit"))
_THIS = (_one.c.kind == bindparam("v_kind"), _one.c.source == bindparam("v_source"), _one.c.target == bindparam("v_target"))
_KNOWN = select(_one.c.at).where(*_THIS)
_LATER = update(_one).ordered_values((_one.c.tries, bindparam("v_tries")), (_one.c.due_at, bindparam("v_due"))).where(*_THIS)
_DONE = delete(_one).where(*_THIS, _one.c.at == bindparam("v_at"))


class SqlSubmissions:
    """`Submissions` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, one: Submission, *, most: int) -> bool:
        with self._database.writing() as desk:
            if desk.rows(_KNOWN, *_name(one)):
                return True
            if desk.rows(_COUNT)[0][0] >= most:
                return False
            desk.run(add(_one), *_name(one), storable(one.title), storable(one.note), stamp(one.at), one.tries, stamp(one.at))
        return True

    def due(self, now: datetime, limit: int) -> tuple[Submission, ...]:
        with self._database.reading() as desk:
            return tuple(map(_from_row, desk.rows(_DUE, stamp(now), limit)))

    def later(self, one: Submission, due_at: datetime) -> None:
        with self._database.writing() as desk:
            desk.run(_LATER, one.tries + 1, stamp(due_at), *_name(one))

    def done(self, one: Submission) -> None:
        with self._database.writing() as desk:
            if self._database.path is not None:
                desk.rows(OVERWRITE)
            desk.run(_DONE, *_name(one), stamp(one.at))


def _name(one: Submission) -> tuple[str, str, str]:
    return one.kind.value, storable(one.source), storable(one.target)


def _from_row(row: Sequence[Any]) -> Submission:
    kind, source, target, title, note, at, tries, _due_at = row
    came_at = maybe_time(at)
    assert came_at is not None
    return Submission(kind=SubmissionKind(kind), source=source, target=target, title=title, note=note, at=came_at, tries=tries)
