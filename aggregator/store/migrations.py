"""Numbered migrations. All that are pending run in one transaction, which is committed only when the tables prove to be right.

Our own and not Alembic, because all that is needed is here: a list that only grows, a table that says how far a database is, a copy of the
file before it is touched, and a proof afterwards that the tables are those of `schema.py`. Alembic's worth is in branches, in
migrations generated from a diff, and in databases that many people change; here there is one line of versions, and the state folder belongs
to this program alone. It would bring two more dependencies, a folder of scripts outside the package and a third of a second to each start.

A migration is written once and never changed. Its SQL is kept to what SQLite and PostgreSQL both read.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Dialect, Inspector, MetaData, Table, inspect

from aggregator.errors import StoreError
from aggregator.store import schema
from aggregator.store.engine import Database
from aggregator.store.rows import stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step from a version to the next."""

    # From 1, without gaps.
    number: int
    # What it is for, a fragment.
    about: str
    # Statements of SQL, in order; or a function, where rows must be rewritten.
    work: Sequence[str] | Callable[[Connection], None]


FIRST = (
    "CREATE TABLE revision (id INTEGER NOT NULL PRIMARY KEY, number BIGINT NOT NULL)",
    "INSERT INTO revision (id, number) VALUES (1, 0)",
    """CREATE TABLE source (
        id TEXT NOT NULL PRIMARY KEY, platform TEXT NOT NULL, label TEXT NOT NULL, trust TEXT NOT NULL, configured BOOLEAN NOT NULL,
        added_at TEXT NOT NULL, cursor TEXT NOT NULL, backfill_cursor TEXT NOT NULL, next_poll_at TEXT, failures INTEGER NOT NULL,
        failing_since TEXT, last_ok_at TEXT, last_new_at TEXT, paused BOOLEAN NOT NULL, last_error TEXT, remarks TEXT NOT NULL)""",
    """CREATE TABLE validator (
        source TEXT NOT NULL REFERENCES source (id), url TEXT NOT NULL, etag TEXT, last_modified TEXT, body_digest TEXT,
        learned_at TEXT NOT NULL, PRIMARY KEY (source, url))""",
    "CREATE TABLE story (lead TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL, chosen BOOLEAN NOT NULL)",
    "CREATE TABLE story_key (key TEXT NOT NULL PRIMARY KEY, lead TEXT NOT NULL REFERENCES story (lead))",
    "CREATE INDEX story_key_by_lead ON story_key (lead)",
    """CREATE TABLE mention (
        source TEXT NOT NULL REFERENCES source (id), native_id TEXT NOT NULL, lead TEXT REFERENCES story (lead),
        first_seen_at TEXT NOT NULL, quiet BOOLEAN NOT NULL, withdrawn_at TEXT, content_hash TEXT NOT NULL, subject TEXT NOT NULL,
        href TEXT NOT NULL, aliases TEXT, fingerprint BIGINT NOT NULL, words INTEGER NOT NULL, rules INTEGER NOT NULL,
        describes BOOLEAN NOT NULL, matches TEXT NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL, title TEXT, author_name TEXT,
        author_url TEXT, author_handle TEXT, published TEXT, updated TEXT, language TEXT, in_reply_to TEXT, site TEXT,
        visibility TEXT NOT NULL, parts TEXT, text TEXT, html TEXT, PRIMARY KEY (source, native_id))""",
    "CREATE INDEX mention_by_lead ON mention (lead)",
    "CREATE INDEX mention_by_subject ON mention (subject)",
    """CREATE TABLE link (
        key TEXT NOT NULL PRIMARY KEY, href TEXT NOT NULL, title TEXT, description TEXT, author TEXT, site TEXT, published TEXT,
        published_day_only BOOLEAN NOT NULL, language TEXT, image TEXT, kind TEXT, status INTEGER, enriched_at TEXT,
        attempts INTEGER NOT NULL, next_try_at TEXT, first_seen_at TEXT NOT NULL)""",
    """CREATE TABLE chosen (
        origin TEXT NOT NULL, position INTEGER NOT NULL, origin_rank INTEGER NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, who TEXT,
        note TEXT NOT NULL, published TEXT, added_at TEXT NOT NULL, PRIMARY KEY (origin, position))""",
    """CREATE TABLE chosen_link (
        origin TEXT NOT NULL, position INTEGER NOT NULL, ordinal INTEGER NOT NULL, key TEXT NOT NULL, href TEXT NOT NULL,
        label TEXT NOT NULL, lead TEXT NOT NULL, PRIMARY KEY (origin, position, ordinal),
        FOREIGN KEY (origin, position) REFERENCES chosen (origin, position))""",
    "CREATE INDEX chosen_link_by_key ON chosen_link (key)",
    """CREATE TABLE coverage (
        source TEXT NOT NULL REFERENCES source (id), until TEXT NOT NULL, since TEXT, outcome TEXT NOT NULL, entries INTEGER NOT NULL,
        PRIMARY KEY (source, until))""",
    "CREATE TABLE host (name TEXT NOT NULL PRIMARY KEY, rest_until TEXT NOT NULL)",
    "CREATE TABLE moved (url TEXT NOT NULL PRIMARY KEY, target TEXT NOT NULL, seen_at TEXT NOT NULL)",
    "CREATE TABLE note (name TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL)",
)

_SECOND = (
    "ALTER TABLE story RENAME COLUMN lead TO anchor",
    "ALTER TABLE story_key RENAME COLUMN lead TO anchor",
    "DROP INDEX story_key_by_lead",
    "CREATE INDEX story_key_by_anchor ON story_key (anchor)",
    "ALTER TABLE mention RENAME COLUMN lead TO anchor",
    "DROP INDEX mention_by_lead",
    "CREATE INDEX mention_by_anchor ON mention (anchor)",
    "ALTER TABLE source ADD COLUMN held TEXT",
    "ALTER TABLE source ADD COLUMN nature TEXT",
    "ALTER TABLE mention ADD COLUMN shares TEXT",
    "ALTER TABLE mention ADD COLUMN held TEXT",
    "ALTER TABLE mention ADD COLUMN checked_at TEXT",
    # Texts are compared by the sketches of works now.
    "ALTER TABLE mention DROP COLUMN fingerprint",
    "ALTER TABLE mention DROP COLUMN words",
    "ALTER TABLE link ADD COLUMN landed TEXT",
    "ALTER TABLE link ADD COLUMN canonical TEXT",
    "ALTER TABLE link ADD COLUMN topics TEXT",
    "CREATE INDEX mention_sharing ON mention (source, native_id) WHERE shares IS NOT NULL",
    """CREATE TABLE work (
        number INTEGER NOT NULL PRIMARY KEY, key TEXT NOT NULL, rules INTEGER NOT NULL, account TEXT NOT NULL, postings TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX work_by_key ON work (key)",
    "CREATE TABLE posting (hash BIGINT NOT NULL, work INTEGER NOT NULL, PRIMARY KEY (hash, work)) /* compact */",
    "CREATE TABLE work_due (key TEXT NOT NULL PRIMARY KEY) /* compact */",
    # Everything known can be compared now.
    "INSERT INTO work_due SELECT subject FROM mention WHERE withdrawn_at IS NULL UNION SELECT key FROM link WHERE enriched_at IS NOT NULL",
    """CREATE TABLE bond (
        one TEXT NOT NULL, other TEXT NOT NULL, kind TEXT NOT NULL, declared BOOLEAN NOT NULL, score INTEGER NOT NULL,
        PRIMARY KEY (one, other, kind, declared)) /* compact */""",
    "CREATE INDEX bond_by_other ON bond (other)",
    "CREATE TABLE former (id TEXT NOT NULL PRIMARY KEY, key TEXT NOT NULL)",
    "CREATE INDEX former_by_key ON former (key)",
    """CREATE TABLE decision (
        number INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, others TEXT NOT NULL, value TEXT NOT NULL,
        reason TEXT NOT NULL, "by" TEXT NOT NULL, at TEXT, until TEXT)""",
    "CREATE INDEX decision_by_subject ON decision (subject)",
    "CREATE INDEX decision_by_kind ON decision (kind)",
    "CREATE TABLE decision_log (number INTEGER NOT NULL PRIMARY KEY, at TEXT NOT NULL, made BOOLEAN NOT NULL, decision TEXT NOT NULL)",
    """CREATE TABLE passed (
        source TEXT NOT NULL REFERENCES source (id), native_id TEXT NOT NULL, seen_at TEXT NOT NULL, entry TEXT NOT NULL,
        PRIMARY KEY (source, native_id))""",
    "CREATE INDEX passed_by_time ON passed (seen_at)",
    "CREATE TABLE takedown (hash TEXT NOT NULL PRIMARY KEY, scope TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL)",
    "CREATE TABLE tombstone (id TEXT NOT NULL PRIMARY KEY, at TEXT NOT NULL)",
)


def second(connection: Connection) -> None:
    """Tables that are little but their key are kept in its order, which SQLite must be asked for: half the size, half the writes."""
    compact = "WITHOUT ROWID" if connection.dialect.name == "sqlite" else ""
    for statement in _SECOND:
        connection.exec_driver_sql(statement.replace("/* compact */", compact))


THIRD = (
    "ALTER TABLE source ADD COLUMN read_since TEXT",
    "ALTER TABLE source ADD COLUMN read_until TEXT",
    "ALTER TABLE source ADD COLUMN walking_since TEXT",
    "ALTER TABLE validator ADD COLUMN listed TEXT",
    # What was read before is known as far as polls are kept.
    """UPDATE source SET read_until = last_ok_at, read_since =
        (SELECT min(coverage.since) FROM coverage WHERE coverage.source = source.id AND coverage.since <= source.last_ok_at)
        WHERE last_ok_at IS NOT NULL""",
    """CREATE TABLE gap (
        source TEXT NOT NULL REFERENCES source (id), since TEXT NOT NULL, reason TEXT NOT NULL, until TEXT NOT NULL,
        found_at TEXT NOT NULL, closed_at TEXT, closed_by TEXT NOT NULL, PRIMARY KEY (source, since, reason))""",
    """CREATE TABLE backfill (
        source TEXT NOT NULL PRIMARY KEY REFERENCES source (id), begun_at TEXT NOT NULL, reached TEXT, wanted TEXT,
        ended BOOLEAN NOT NULL)""",
)


FOURTH = ("CREATE TABLE spending (platform TEXT NOT NULL, month TEXT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (platform, month))",)


MIGRATIONS = (
    Migration(number=1, about="the first tables", work=FIRST),
    Migration(number=2, about="one story however it is shared, and what the steward decides", work=second),
    Migration(number=3, about="what of a source was read, and what was not", work=THIRD),
    Migration(number=4, about="what platforms that charge have cost", work=FOURTH),
)


def migrate(
    database: Database, now: datetime, *, migrations: Sequence[Migration] = MIGRATIONS, metadata: MetaData = schema.metadata
) -> int:
    """Bring a database to the newest version; gives how many migrations ran.

    Raises:
        StoreError: the database is from a newer version of the program, is not ours, or is not what a migration promised; then it is
            left as it was.
    """
    with database.inspecting() as connection:
        version = _version(connection, database.name)
    newest = migrations[-1].number
    if version > newest:
        raise StoreError(
            f"the database {database.name} was written by a newer version of this program (its tables are version {version}, "
            f"this program knows {newest}); install the newer version, or choose another folder with --state."
        )
    if version == newest:
        return 0
    if version and database.path is not None:
        _keep_copy(database, version)
    with database.migrating() as connection:
        # Another process may have done it while this one waited for its turn.
        version = _version(connection, database.name)
        pending = [migration for migration in migrations if migration.number > version]
        for migration in pending:
            _apply(connection, migration, now)
        wrong = _differences(connection, metadata) + database.faults(connection)
        if wrong:
            raise StoreError(
                f"the database {database.name} was not brought to version {newest} and is as it was, because {'; '.join(wrong)}; "
                f"run the version of the program that wrote it, and report this line."
            )
    return len(pending)


def _version(connection: Connection, name: str) -> int:
    """0 for an empty database."""
    tables = inspect(connection).get_table_names()
    if "migration" in tables:
        return int(connection.exec_driver_sql("SELECT coalesce(max(number), 0) FROM migration").scalar() or 0)
    if tables:
        raise StoreError(f"the database {name} belongs to another program; choose another folder with --state.")
    return 0


def _keep_copy(database: Database, version: int) -> None:
    """A copy beside the file, whole even while the write-ahead log is long; one of an earlier attempt is replaced.

    From its first moment nobody may read it who may not read the file.
    """
    path = cast(Path, database.path)
    copy = path.with_name(f"{path.name}.version-{version}")
    unfinished = copy.with_name(copy.name + ".new")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, stat.S_IMODE(path.stat().st_mode)))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    unfinished.replace(copy)


def _apply(connection: Connection, migration: Migration, now: datetime) -> None:
    if migration.number == 1:
        connection.exec_driver_sql("CREATE TABLE migration (number INTEGER NOT NULL PRIMARY KEY, applied_at TEXT NOT NULL)")
    if callable(migration.work):
        migration.work(connection)
    else:
        for statement in migration.work:
            connection.exec_driver_sql(statement)
    connection.execute(schema.migration.insert(), {"number": migration.number, "applied_at": stamp(now)})


def _differences(connection: Connection, metadata: MetaData) -> list[str]:
    """In what the tables are not those of `metadata`, a fragment each."""
    inspector = inspect(connection)
    found, wanted = set(inspector.get_table_names()), set(metadata.tables)
    wrong = [f"the table {name} is missing" for name in sorted(wanted - found)]
    wrong += [f"the table {name} is not known" for name in sorted(found - wanted)]
    for name in sorted(wanted & found):
        for about, here, there in _aspects(inspector, metadata.tables[name], connection.dialect):
            if here != there:
                wrong.append(f"{about} of the table {name} are {there!r} and not {here!r}")
    return wrong


def _aspects(inspector: Inspector, table: Table, dialect: Dialect) -> Iterator[tuple[str, object, object]]:
    """What of a table is compared: its name, how it is wanted, how it is."""
    columns = {column.name: (column.type.compile(dialect), bool(column.nullable)) for column in table.columns}
    yield (
        "the columns",
        columns,
        {one["name"]: (one["type"].compile(dialect), one["nullable"]) for one in inspector.get_columns(table.name)},
    )
    yield (
        "the key columns",
        [column.name for column in table.primary_key],
        inspector.get_pk_constraint(table.name)["constrained_columns"],
    )
    yield (
        "the references",
        sorted((list(one.column_keys), one.referred_table.name) for one in table.foreign_key_constraints),
        sorted((one["constrained_columns"], one["referred_table"]) for one in inspector.get_foreign_keys(table.name)),
    )
    yield (
        "the indexes",
        sorted((str(one.name), [column.name for column in one.columns]) for one in table.indexes),
        sorted((str(one["name"]), list(one["column_names"])) for one in inspector.get_indexes(table.name)),
    )
