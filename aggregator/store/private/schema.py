"""The tables of private.db. migrations.py makes them; a check after each migration proves that both say the same.

Times are written as in the public tables. Addresses stand in one table, `subscriber`, and nowhere else.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _maybe(name: str) -> Column[str]:
    return Column(name, Text)


# Which migrations have run.
migration = Table("migration", metadata, Column("number", Integer, primary_key=True, autoincrement=False), _text("applied_at"))

# Texts by name; the salt is one of them.
note = Table("note", metadata, Column("name", Text, primary_key=True), _text("text"))

signing_key = Table(
    "signing_key",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    _text("made_at"),
    _maybe("retired_at"),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Text, primary_key=True),
    _text("address"),
    # The address as two ways of writing it are the same.
    _text("folded"),
    _text("state"),
    _text("rhythm"),
    # Joined by spaces; "": every topic.
    _text("topics"),
    _text("source"),
    _text("asked_at"),
    _maybe("mailed_at"),
    _maybe("confirmed_at"),
    _maybe("left_at"),
    _maybe("bounce"),
    Index("subscriber_by_address", "folded", unique=True),
    Index("subscriber_by_state", "state", "asked_at"),
)

# Salted hashes of addresses that must not be written to.
suppressed = Table("suppressed", metadata, Column("hash", Text, primary_key=True), _text("why"), _text("at"))

# Requests that were made, for limits.
request = Table(
    "request",
    metadata,
    _text("kind"),
    _text("hash"),
    _text("at"),
    Index("request_by_name", "kind", "hash"),
    Index("request_by_time", "at"),
)

# What strangers sent, until it is looked at.
submission = Table(
    "submission",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    _text("title"),
    _text("note"),
    _text("at"),
    Column("tries", Integer, nullable=False),
    _text("due_at"),
    Index("submission_by_time", "due_at"),
)

edition = Table(
    "edition",
    metadata,
    Column("id", Text, primary_key=True),
    _text("topic"),
    _text("rhythm"),
    _text("until"),
    _text("state"),
    _text("at"),
    # JSON.
    _text("content"),
    _text("hash"),
    Column("recipients", Integer, nullable=False),
    _text("report"),
    # NULL: not frozen, or let go.
    _maybe("html"),
    _maybe("text"),
    Index("edition_by_period", "topic", "rhythm", "until"),
)

# Stories that an edition of a topic and rhythm has accounted for, by id and by canonical URL.
told = Table(
    "told",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("rhythm", Text, primary_key=True),
    Column("name", Text, primary_key=True),
)

delivery = Table(
    "delivery",
    metadata,
    Column("edition", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    _text("message_id"),
    _text("state"),
    Column("attempts", Integer, nullable=False),
    _maybe("next_try_at"),
    _text("at"),
    _text("reply"),
    _maybe("bounce"),
    Index("delivery_by_message", "message_id", unique=True),
    Index("delivery_by_state", "edition", "state", "next_try_at"),
    Index("delivery_by_recipient", "recipient"),
)
