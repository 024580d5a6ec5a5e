"""The steward's decisions as rows: the whole list, what changed in it, and its history."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select

from aggregator.model import Decision, DecisionKind, Logged
from aggregator.store import Changed, schema
from aggregator.store import statements as sql
from aggregator.store.engine import Database
from aggregator.store.placing import place
from aggregator.store.rows import Row, maybe_stamp, maybe_time, stamp, storable

_STANDING = select(schema.decision).order_by(schema.decision.c.number)
_CLEAR = delete(schema.decision)
_LOG = select(schema.decision_log).order_by(schema.decision_log.c.number.desc()).limit(bindparam("v_limit"))
_LOGGED = select(func.max(schema.decision_log.c.number))

# Kinds that say which addresses are one story.
REARRANGING = frozenset({DecisionKind.SPLIT, DecisionKind.MERGE})


class SqlDecisions:
    """`Decisions` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self) -> tuple[Decision, ...]:
        with self._database.reading() as desk:
            return tuple(_from_row(row) for row in desk.rows(_STANDING))

    def replace(self, decisions: Sequence[Decision], at: datetime) -> Changed:
        wanted = tuple(_storable(decision) for decision in decisions)
        before = self.standing()
        if _dated(before, wanted, at)[0] == before:
            return Changed()
        with self._database.writing() as desk:
            before = tuple(_from_row(row) for row in desk.rows(_STANDING))
            after, changed = _dated(before, wanted, at)
            desk.run(_CLEAR)
            desk.many(sql.add(schema.decision), [_to_row(number, decision) for number, decision in enumerate(after, start=1)])
            last = int(desk.rows(_LOGGED)[0][0] or 0)
            lines = [(False, one) for one in changed.taken_back] + [(True, one) for one in changed.made]
            desk.many(
                sql.add(schema.decision_log),
                [(number, stamp(at), made, to_text(one)) for number, (made, one) in enumerate(lines, start=last + 1)],
            )
            place(desk, {}, leaving={}, keys=_rearranged(before, after))
            desk.run(sql.GROW)
        return changed

    def log(self, limit: int = 100) -> tuple[Logged, ...]:
        with self._database.reading() as desk:
            rows = desk.rows(_LOG, limit)
        return tuple(Logged(at=datetime.fromisoformat(at), made=bool(made), decision=from_text(text)) for _number, at, made, text in rows)


def _dated(before: Sequence[Decision], wanted: Iterable[Decision], at: datetime) -> tuple[tuple[Decision, ...], Changed]:
    """The new list with the time of each decision, and what is new and gone. When something was decided is no part of what was decided: a
    file that says it in other words, or not at all, names the same decision."""
    known: dict[Decision, deque[datetime | None]] = defaultdict(deque)
    for decision in before:
        known[replace(decision, at=None)].append(decision.at)
    after, made = [], []
    for decision in wanted:
        times = known[replace(decision, at=None)]
        if times:
            since = decision.at if decision.at in times else times[0]
            times.remove(since)
            after.append(replace(decision, at=decision.at or since))
        else:
            made.append(replace(decision, at=decision.at or at))
            after.append(made[-1])
    gone = []
    for decision in reversed(before):
        times = known[replace(decision, at=None)]
        if decision.at in times:
            times.remove(decision.at)
            gone.append(decision)
    return tuple(after), Changed(made=tuple(made), taken_back=tuple(reversed(gone)))


def _rearranged(before: Sequence[Decision], after: Sequence[Decision]) -> frozenset[str]:
    """Addresses whose stories may be others now: those of splits and merges that are new, gone or in another order."""
    left, right = ([(one.kind, one.subject, one.others) for one in every if one.kind in REARRANGING] for every in (before, after))
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return frozenset(key for _kind, subject, others in (*left, *right) for key in (subject, *others))


def _storable(decision: Decision) -> Decision:
    return replace(
        decision,
        subject=storable(decision.subject),
        others=tuple(map(storable, decision.others)),
        value=storable(decision.value),
        reason=storable(decision.reason),
        by=storable(decision.by),
    )


def _to_row(number: int, decision: Decision) -> tuple[Any, ...]:
    return (
        number, decision.kind.value, decision.subject, json.dumps(decision.others), decision.value, decision.reason, decision.by,
        maybe_stamp(decision.at), maybe_stamp(decision.until),
    )  # fmt: skip


def _from_row(row: Row) -> Decision:
    _number, kind, subject, others, value, reason, by, at, until = row
    return _decision(kind, subject, json.loads(others), value, reason, by, at, until)


def to_text(decision: Decision) -> str:
    """A decision as a JSON list, in the order of the columns of `decision`."""
    _number, kind, subject, others, *rest = _to_row(0, decision)
    return json.dumps([kind, subject, json.loads(others), *rest], separators=(",", ":"))


def from_text(text: str) -> Decision:
    """The decision that `to_text` was given."""
    return _decision(*json.loads(text))


def _decision(
    kind: str, subject: str, others: Sequence[str], value: str, reason: str, by: str, at: str | None, until: str | None
) -> Decision:
    return Decision(
        kind=DecisionKind(kind),
        subject=subject,
        others=tuple(others),
        value=value,
        reason=reason,
        by=by,
        at=maybe_time(at),
        until=maybe_time(until),
    )
