"""Opens private.db: one implementation of `PrivateStore`, on SQLAlchemy Core."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

from aggregator.clock import Clock, now
from aggregator.store.engine import Database, open_database
from aggregator.store.lock import held
from aggregator.store.migrations import migrate
from aggregator.store.private import schema
from aggregator.store.private.departures import Departures
from aggregator.store.private.forgetting import SqlForgetting
from aggregator.store.private.keys import SqlKeys
from aggregator.store.private.ledger import SqlLedger
from aggregator.store.private.migrations import MIGRATIONS
from aggregator.store.private.notes import noted, remember
from aggregator.store.private.submissions import SqlSubmissions
from aggregator.store.private.subscribers import SqlSubscribers

log = logging.getLogger("aggregator.store")


class SqlPrivateStore:
    """`PrivateStore` on a database."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @cached_property
    def subscribers(self) -> SqlSubscribers:
        return SqlSubscribers(self._database, self.keys.salt())

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._database)

    @cached_property
    def keys(self) -> SqlKeys:
        return SqlKeys(self._database, clock=self._clock)

    @cached_property
    def forgetting(self) -> SqlForgetting:
        return SqlForgetting(self._database)

    @cached_property
    def submissions(self) -> SqlSubmissions:
        return SqlSubmissions(self._database)

    def note(self, name: str) -> str | None:
        with self._database.reading() as desk:
            return noted(desk, name)

    def remember(self, name: str, text: str) -> None:
        with self._database.writing() as desk:
            remember(desk, name, text)

    def exclusive(self) -> AbstractContextManager[bool]:
        return held(self._database.lock)

    def close(self) -> None:
        self._database.close()


def open_private(url_or_path: str | Path, *, copy: bool = False, clock: Clock = now) -> SqlPrivateStore:
    """private.db, brought up to this version of the program; made with mode 0600 where it is not there. Of an older copy that was put
    back, who has left since is taken out again (`departures`).

    Args:
        url_or_path, copy, clock: as in `store.engine.open_store`.

    Raises:
        StoreError: the sentence says what to do.
    """
    database = open_database(url_or_path, copy=copy, private=True)
    try:
        migrate(database, clock(), migrations=MIGRATIONS, metadata=schema.metadata)
        store = SqlPrivateStore(database, clock=clock)
        _take_out_again(store, database, clock)
    except BaseException:
        database.close()
        raise
    return store


def _take_out_again(store: SqlPrivateStore, database: Database, clock: Clock) -> None:
    if database.path is None or not Departures.beside(database.path).count():
        return
    if gone := store.subscribers.catch_up(clock()):
        log.warning(
            "%s did not know that %d subscribers are gone: it is an older copy, or the program was cut short. They were taken out again.",
            database.name,
            gone,
        )
