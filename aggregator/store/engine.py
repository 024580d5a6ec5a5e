"""The database itself: how it is opened, how a transaction begins and ends, how a failure is told. Nothing else knows which database it is.

SQLite is written to by one transaction at a time. Inside this process a lock hands out the turns, fairly and without polling; between
processes `BEGIN IMMEDIATE` and the busy time-out do. A transaction that means to write says so when it begins, so it never finds out
half-way that another was faster, which is where "database is locked" comes from. Readers never wait (write-ahead log).

`synchronous=NORMAL` lets a commit return before the disk has it. In a write-ahead log that cannot damage the file, and the death of the
process loses nothing; only a power cut can take back the last commits, whole. Entries and cursor are one commit, so what is taken back is
asked for again at the next poll: nothing is lost by not waiting for the disk a thousand times a run.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection, StaticPool
from sqlalchemy.sql import ClauseElement

from aggregator.clock import Clock, now
from aggregator.errors import StoreError
from aggregator.store.lock import FileLock, RunLock, ThreadLock

if TYPE_CHECKING:
    from aggregator.store.sql import SqlStore

# Longest wait for another process's transaction. The longest of ours is a migration.
_BUSY_SECONDS = 30
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = NORMAL",
    # 16 MB of log between checkpoints: each checkpoint waits for the disk.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16000",
)
# Advisory locks of PostgreSQL: any two numbers, the same in every process. One is held while writing, the other during a run.
_WRITER_KEY, _RUN_KEY = 7_203_317, 7_203_318

# SQL and constants by dialect and statement. Statements are module constants, so this ends with the last of them.
_MADE: dict[tuple[str, ClauseElement], tuple[str, tuple[Any, ...]]] = {}


class Desk:
    """One transaction: runs Core statements with values given in the order in which the statement names its parameters.

    A statement is turned into SQL once per process. SQL and values go to the driver as they are: SQLAlchemy's own way of binding and its
    result objects cost five times what SQLite itself does for a row.
    """

    def __init__(self, cursor: DBAPICursor, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    def rows(self, statement: ClauseElement, *values: Any) -> Sequence[Sequence[Any]]:
        """All rows, as tuples."""
        sql, constants = self._made(statement)
        self._cursor.execute(sql, values + constants)
        return self._cursor.fetchall()

    def run(self, statement: ClauseElement, *values: Any) -> int:
        """The number of rows it changed."""
        self._cursor.execute(self._made(statement)[0], values)
        return self._cursor.rowcount

    def many(self, statement: ClauseElement, rows: Sequence[tuple[Any, ...]]) -> int:
        """The statement once for each row; the number of rows it changed in all."""
        if not rows:
            return 0
        self._cursor.executemany(self._made(statement)[0], rows)
        return self._cursor.rowcount

    def _made(self, statement: ClauseElement) -> tuple[str, tuple[Any, ...]]:
        """SQL, and the constants that the dialect itself adds at the end (SQLite's LIMIT always has an OFFSET)."""
        made = _MADE.get((self._dialect.name, statement))
        if made is None:
            compiled = statement.compile(dialect=self._dialect)
            constants = tuple(value for value in compiled.params.values() if value is not None)
            made = _MADE[self._dialect.name, statement] = str(compiled), constants
        return made


class Database:
    """Transactions on one database."""

    def __init__(self, engine: Engine, *, name: str, lock: RunLock, path: Path | None = None, shared: bool = False) -> None:
        # As the operator knows it, for messages.
        self.name = name
        # None: the database is not a file of ours.
        self.path = path
        self.engine = engine
        self.lock = lock
        # Statements go to the driver without a layer between, so that its own errors come back.
        self._driver: Any = engine.dialect.loaded_dbapi
        sqlite = engine.dialect.name == "sqlite"
        # A server shows each statement the newest commits unless asked for one moment; a writer, who waits for its turn first, wants them.
        self._to_read = "BEGIN" if sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
        self._to_write = "BEGIN IMMEDIATE" if sqlite else f"SELECT pg_advisory_xact_lock({_WRITER_KEY})"
        self._turn = threading.RLock()
        # A database in memory is one connection, so that reading takes turns as well.
        self._reading: Callable[[], AbstractContextManager[object]] = (lambda: self._turn) if shared else nullcontext

    @contextmanager
    def reading(self) -> Iterator[Desk]:
        """A transaction that sees one moment of the database and changes nothing."""
        with self._reading(), self._told(), self._connected() as connection:
            yield self._begun(connection, self._to_read)

    @contextmanager
    def writing(self) -> Iterator[Desk]:
        """A transaction that is committed at the end of the block, or leaves nothing when the block raises."""
        with self._turn, self._told(), self._connected() as connection:
            yield self._begun(connection, self._to_write)
            self.engine.dialect.do_commit(connection)

    @contextmanager
    def _connected(self) -> Iterator[PoolProxiedConnection]:
        """A connection of the pool; what was begun on it and not committed is rolled back."""
        connection = self.engine.raw_connection()
        try:
            yield connection
        finally:
            connection.close()

    def _begun(self, connection: PoolProxiedConnection, statement: str) -> Desk:
        cursor = connection.cursor()
        cursor.execute(statement)
        return Desk(cursor, self.engine.dialect)

    @contextmanager
    def inspecting(self) -> Iterator[Connection]:
        """SQLAlchemy's own connection, for looking at the tables themselves."""
        with self._reading(), self._told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A writing transaction in which tables may be rebuilt: SQLite does not look at references until `faults` is asked."""
        with self._turn, self._told(), self.engine.connect() as connection:
            self._guard_references(connection, "OFF")
            try:
                with connection.begin():
                    connection.exec_driver_sql(self._to_write)
                    yield connection
            finally:
                self._guard_references(connection, "ON")

    def _guard_references(self, connection: Connection, state: str) -> None:
        # SQLite ignores this inside a transaction, and SQLAlchemy begins one for every statement of its own.
        if self.engine.dialect.name == "sqlite":
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute(f"PRAGMA foreign_keys = {state}")

    def faults(self, connection: Connection) -> list[str]:
        """What is wrong inside the file, a fragment each; a server sees to that by itself."""
        if self.engine.dialect.name != "sqlite":
            return []
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        wrong = [f"{len(broken)} rows refer to rows that do not exist"] if broken else []
        answers = [str(answer) for (answer,) in connection.exec_driver_sql("PRAGMA quick_check(3)")]
        return wrong + [f"the file is damaged ({answer})" for answer in answers if answer != "ok"]

    def rewrite(self) -> bool:
        """Write the file anew without what was deleted, empty its log, and remove the copies that migrations kept.

        False when something reads the file still and the log keeps its bytes, or when a server keeps the rows: then nothing is done.
        """
        if self.engine.dialect.name != "sqlite":
            return False
        with self._turn, self._told(), self._connected() as connection:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        for copy in self.copies():
            copy.unlink(missing_ok=True)
        return not busy

    def copies(self) -> tuple[Path, ...]:
        """The copies of the file that migrations kept, and what is left of unfinished ones."""
        if self.path is None:
            return ()
        return tuple(sorted(one for one in self.path.parent.iterdir() if one.name.startswith(f"{self.path.name}.version-")))

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            # A broken constraint or a wrong statement is a bug, and fails as one.
            if type(error) not in (OperationalError, DatabaseError):
                raise
            raise StoreError(told(self.name, str(error.orig))) from error
        except self._driver.DatabaseError as error:
            if type(error) is not self._driver.DatabaseError and not isinstance(error, self._driver.OperationalError):
                raise
            raise StoreError(told(self.name, str(error))) from error

    def close(self) -> None:
        self.engine.dispose()


def told(name: str, message: str) -> str:
    """What happened to a database, in a sentence that ends with what to do."""
    reasons = {
        "not a database": "is not a database; move the file away and run again, or choose another folder with --state",
        "malformed": "is damaged; move the file away and put its last backup in its place, or run again to begin anew",
        "readonly": "cannot be written; give this user the right to write to the file and to its folder",
        "unable to open": "cannot be opened; make sure that its folder exists and that this user may read and write there",
        "disk is full": "cannot grow because the disk is full; free some space and run again",
        "disk I/O": "cannot be read or written because the disk fails; check the disk, then run again",
        "locked": f"has been in use by another process for {_BUSY_SECONDS} seconds; wait until that one ends and run again",
    }
    for sign, sentence in reasons.items():
        if sign in message:
            return f"the database {name} {sentence}."
    return f"the database {name} cannot be used ({message}); make sure that it can be reached and run again."


def open_store(url_or_path: str | Path, *, copy: bool = False, clock: Clock = now) -> SqlStore:
    """A store on a database, brought up to this version of the program.

    Args:
        url_or_path: as in `open_database`.
        copy: work on a copy in memory and leave the file as it is.
        clock: asked when a migration runs, and when mentions are withdrawn by hand.

    Raises:
        StoreError: the sentence says what to do.
    """
    from aggregator.store.migrations import migrate
    from aggregator.store.sql import SqlStore

    database = open_database(url_or_path, copy=copy)
    try:
        migrate(database, clock())
    except BaseException:
        database.close()
        raise
    return SqlStore(database, clock=clock)


def open_database(url_or_path: str | Path, *, copy: bool = False, private: bool = False) -> Database:
    """A database by its path, its URL ("sqlite:///…", "postgresql+psycopg://…") or ":memory:"; folder and file are made where missing.

    Args:
        copy: a copy in memory, which goes when it is closed; the file is left as it is.
        private: only this user may read the file, and a commit returns when the disk has it.

    Raises:
        StoreError: the sentence says what to do.
    """
    text = str(url_or_path)
    if "://" in text and not text.startswith("sqlite:"):
        return _server(text)
    path = text.removeprefix("sqlite://").removeprefix("/") if text.startswith("sqlite:") else text
    if path in ("", ":memory:"):
        return _memory(None)
    return _memory(Path(path)) if copy else _file(Path(path), private=private)


def _file(path: Path, *, private: bool) -> Database:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sentence = "cannot be made; make sure that this user may write there, or choose another folder with --state"
        raise StoreError(f"the folder {path.parent} {sentence}.") from error
    if private:
        _shut(path)
    # As many connections as threads ask at once; idle ones cost a file handle each.
    # As a part of its own: written into a URL, a "?" or "%" in the name of a folder would lead elsewhere.
    engine = create_engine(URL.create("sqlite", database=str(path)), pool_size=8, max_overflow=-1)
    _speak_sqlite(engine, wal=True, durable=private)
    lock = FileLock(path.with_name("digest.lock" if private else "run.lock"))
    return Database(engine, name=str(path), lock=lock, path=path)


def _shut(path: Path) -> None:
    """Let nobody else read the file, from the moment it is there; SQLite gives the files beside it the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened; make sure that it belongs to this user, or choose another folder with --state."
        ) from error


def _memory(original: Path | None) -> Database:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    if original is not None and original.exists():
        try:
            with closing(sqlite3.connect(f"{original.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as source:
                source.backup(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise StoreError(told(str(original), str(error))) from error
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    _speak_sqlite(engine, wal=False, durable=False)
    return Database(engine, name="in memory" if original is None else str(original), lock=ThreadLock(), shared=True)


def _speak_sqlite(engine: Engine, *, wal: bool, durable: bool) -> None:
    """Pragmas on every connection, and transactions that begin when we say so: the driver alone begins late, and never to read."""

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if wal and connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode = WAL")
        if durable:
            connection.execute("PRAGMA synchronous = FULL")


def _server(url: str) -> Database:
    from aggregator.store.schema import speak_postgresql

    speak_postgresql()
    # "format" keeps parameters positional, as SQLite has them.
    engine = create_engine(url, paramstyle="format", pool_size=8, max_overflow=-1)
    return Database(engine, name=engine.url.render_as_string(hide_password=True), lock=_ServerLock(engine))


class _ServerLock:
    """The run lock on a server, held by a connection of its own, which ends with the process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._connection: Connection | None = None

    def take(self) -> bool:
        with self._turn:
            if self._connection is not None:
                return False
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (_RUN_KEY,)).scalar():
                connection.close()
                return False
            self._connection = connection
            return True

    def leave(self) -> None:
        with self._turn:
            if self._connection is not None:
                self._connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (_RUN_KEY,))
                self._connection.close()
                self._connection = None
