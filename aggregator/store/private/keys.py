"""The secrets of this installation: keys that sign links, and the salt of hashes. Made when first asked for."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from aggregator.clock import Clock
from aggregator.store import statements as sql
from aggregator.store.engine import Database, Desk
from aggregator.store.private import SigningKey, schema
from aggregator.store.private.notes import noted, remember
from aggregator.store.rows import stamp

_SALT = "salt"
_SECRET_BYTES = 32

_key = schema.signing_key
_GOOD = select(_key).where(_key.c.retired_at.is_(None)).order_by(_key.c.number.desc())
_LAST = select(func.coalesce(func.max(_key.c.number), bindparam("v_none")))
# Nobody can sign with what is not there any more.
_RETIRE = (
    update(_key)
    .ordered_values((_key.c.retired_at, bindparam("v_at")), (_key.c.secret, bindparam("v_nothing")))
    .where(_key.c.retired_at.is_(None), _key.c.made_at < bindparam("v_before"))
)


class SqlKeys:
    """`Keys` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def signing(self) -> tuple[SigningKey, ...]:
        with self._database.reading() as desk:
            rows = desk.rows(_GOOD)
        if not rows:
            with self._database.writing() as desk:
                # Another process may have made one since.
                rows = desk.rows(_GOOD) or [_add(desk, self._clock())]
        return tuple(map(_from_row, rows))

    def rotate(self, at: datetime, *, retire_before: datetime | None = None) -> SigningKey:
        with self._database.writing() as desk:
            if retire_before is not None:
                desk.run(_RETIRE, stamp(at), b"", stamp(retire_before))
            return _from_row(_add(desk, at))

    def salt(self) -> bytes:
        with self._database.reading() as desk:
            known = noted(desk, _SALT)
        if known is None:
            with self._database.writing() as desk:
                # Another process may have made one since.
                known = noted(desk, _SALT)
                if known is None:
                    known = secrets.token_hex(_SECRET_BYTES)
                    remember(desk, _SALT, known)
        return bytes.fromhex(known)


def _add(desk: Desk, at: datetime) -> tuple[Any, ...]:
    row = (int(desk.rows(_LAST, 0)[0][0]) + 1, secrets.token_bytes(_SECRET_BYTES), stamp(at), None)
    desk.run(sql.add(_key), *row)
    return row


def _from_row(row: Sequence[Any]) -> SigningKey:
    number, secret, made_at, _retired_at = row
    return SigningKey(number=number, secret=bytes(secret), made_at=datetime.fromisoformat(made_at))
