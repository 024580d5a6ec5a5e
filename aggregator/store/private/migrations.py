"""Numbered migrations of private.db; `store.migrations` runs and proves them. One is written once and never changed."""

from __future__ import annotations

from sqlalchemy import Connection

from aggregator.store.migrations import Migration

_FIRST = (
    "CREATE TABLE note (name TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL)",
    """CREATE TABLE signing_key (
        number INTEGER NOT NULL PRIMARY KEY, secret /* bytes */ NOT NULL, made_at TEXT NOT NULL, retired_at TEXT)""",
    """CREATE TABLE subscriber (
        id TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL, folded TEXT NOT NULL, state TEXT NOT NULL, rhythm TEXT NOT NULL,
        topics TEXT NOT NULL, source TEXT NOT NULL, asked_at TEXT NOT NULL, mailed_at TEXT, confirmed_at TEXT, left_at TEXT,
        bounce TEXT)""",
    "CREATE UNIQUE INDEX subscriber_by_address ON subscriber (folded)",
    "CREATE INDEX subscriber_by_state ON subscriber (state, asked_at)",
    "CREATE TABLE suppressed (hash TEXT NOT NULL PRIMARY KEY, why TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE TABLE request (kind TEXT NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE INDEX request_by_name ON request (kind, hash)",
    "CREATE INDEX request_by_time ON request (at)",
    """CREATE TABLE edition (
        id TEXT NOT NULL PRIMARY KEY, topic TEXT NOT NULL, rhythm TEXT NOT NULL, until TEXT NOT NULL, state TEXT NOT NULL,
        at TEXT NOT NULL, content TEXT NOT NULL, hash TEXT NOT NULL, recipients INTEGER NOT NULL, report TEXT NOT NULL, html TEXT,
        text TEXT)""",
    "CREATE INDEX edition_by_period ON edition (topic, rhythm, until)",
    "CREATE TABLE told (topic TEXT NOT NULL, rhythm TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (topic, rhythm, name)) /* compact */",
    """CREATE TABLE delivery (
        edition TEXT NOT NULL, recipient TEXT NOT NULL, message_id TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
        next_try_at TEXT, at TEXT NOT NULL, reply TEXT NOT NULL, bounce TEXT, PRIMARY KEY (edition, recipient))""",
    "CREATE UNIQUE INDEX delivery_by_message ON delivery (message_id)",
    "CREATE INDEX delivery_by_state ON delivery (edition, state, next_try_at)",
    "CREATE INDEX delivery_by_recipient ON delivery (recipient)",
)


def first(connection: Connection) -> None:
    """The tables; what differs between the dialects is written where the marks are."""
    sqlite = connection.dialect.name == "sqlite"
    for statement in _FIRST:
        statement = statement.replace("/* compact */", "WITHOUT ROWID" if sqlite else "")
        connection.exec_driver_sql(statement.replace("/* bytes */", "BLOB" if sqlite else "BYTEA"))


_SECOND = (
    """CREATE TABLE submission (
        kind TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, title TEXT NOT NULL, note TEXT NOT NULL, at TEXT NOT NULL,
        tries INTEGER NOT NULL, due_at TEXT NOT NULL, PRIMARY KEY (kind, source, target))""",
    "CREATE INDEX submission_by_time ON submission (due_at)",
)


def second(connection: Connection) -> None:
    """What strangers sent, until it is looked at."""
    for statement in _SECOND:
        connection.exec_driver_sql(statement)


MIGRATIONS = (
    Migration(number=1, about="subscribers and the ledger", work=first),
    Migration(number=2, about="webmentions and suggested links that wait", work=second),
)
