"""The tables, as SQLAlchemy Core sees them. migrations.py makes them; a check after each migration proves that both say the same.

Times are ISO 8601 text, always in UTC and always with six digits of a second, so that text order is time order and a person with a
database shell can read them. SQLite's own date type hands back naive times; text cannot.
Parts of an entry that nothing is ever selected by (tags, links, enclosures …) are JSON text: one row is read instead of seven.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, MetaData, Table, Text, text

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _maybe(name: str) -> Column[str]:
    return Column(name, Text)


# Which migrations have run.
migration = Table("migration", metadata, Column("number", Integer, primary_key=True, autoincrement=False), _text("applied_at"))

# One row, number 1: grows with every change of something shown.
revision = Table(
    "revision", metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column("number", BigInteger, nullable=False)
)

# A configured subscription and what is remembered of it between polls.
source = Table(
    "source",
    metadata,
    Column("id", Text, primary_key=True),
    _text("platform"),
    _text("label"),
    _text("trust"),
    # False: no longer in the configuration; the history stays.
    Column("configured", Boolean, nullable=False),
    _text("added_at"),
    _text("cursor"),
    _text("backfill_cursor"),
    _maybe("next_poll_at"),
    Column("failures", Integer, nullable=False),
    _maybe("failing_since"),
    _maybe("last_ok_at"),
    _maybe("last_new_at"),
    Column("paused", Boolean, nullable=False),
    _maybe("last_error"),
    # Lines, joined by line feeds.
    _text("remarks"),
    # Why what is found waits for the steward; None: it does not.
    _maybe("held"),
    # JSON; NULL: not known yet.
    _maybe("nature"),
    _maybe("read_since"),
    _maybe("read_until"),
    # When the poll began that has not come to its end yet.
    _maybe("walking_since"),
)

# What a server gave to ask "has it changed?" with, by URL asked.
validator = Table(
    "validator",
    metadata,
    Column("source", Text, ForeignKey("source.id"), primary_key=True),
    Column("url", Text, primary_key=True),
    _maybe("etag"),
    _maybe("last_modified"),
    _maybe("body_digest"),
    _text("learned_at"),
    # What a feed listed, in short; None: not known.
    _maybe("listed"),
)

# What is one thing; which mentions are its voices is in `mention`, which addresses name it in `story_key`. Rows refer to a story by its
# anchor (the address that its id is made from) and not by its id, because addresses of one site are neighbours in an index: random ids made
# every landing rewrite three indexes all over (landing 20,000 mentions took half as long again). So `id` has no index either: a story is
# looked up by id for one person at a time.
story = Table(
    "story",
    metadata,
    Column("anchor", Text, primary_key=True),
    _text("id"),
    # True: the anchor is an entry's that the community chose, so no mention can change it.
    Column("chosen", Boolean, nullable=False),
)

# Every address by which a mention, a chosen entry or a bond names a story: anchors, subjects, aliases, and where they lead.
story_key = Table(
    "story_key",
    metadata,
    Column("key", Text, primary_key=True),
    Column("anchor", Text, ForeignKey("story.anchor"), nullable=False),
    Index("story_key_by_anchor", "anchor"),
)

# An entry that concerns a topic, with everything needed to give the entry back as it came. Long texts stand last: what is read without them
# is then read without turning their pages.
mention = Table(
    "mention",
    metadata,
    Column("source", Text, ForeignKey("source.id"), primary_key=True),
    Column("native_id", Text, primary_key=True),
    # Of the story; None: withdrawn.
    Column("anchor", Text, ForeignKey("story.anchor")),
    _text("first_seen_at"),
    Column("quiet", Boolean, nullable=False),
    # None: shown.
    _maybe("withdrawn_at"),
    _text("content_hash"),
    _text("subject"),
    _text("href"),
    # JSON list; None: there is none.
    _maybe("aliases"),
    Column("rules", Integer, nullable=False),
    # True: the mention is first-hand and says enough of its subject, so the page need not be read.
    Column("describes", Boolean, nullable=False),
    # JSON list of [topic, field, rule, excerpt].
    _text("matches"),
    # The raw permalink; kept for ever.
    _text("url"),
    _text("kind"),
    _maybe("title"),
    _maybe("author_name"),
    _maybe("author_url"),
    _maybe("author_handle"),
    _maybe("published"),
    _maybe("updated"),
    _maybe("language"),
    _maybe("in_reply_to"),
    _maybe("site"),
    _text("visibility"),
    # JSON list of the canonical URLs of the pages that it shares; None: it shares at most one, its subject.
    _maybe("shares"),
    # Why it waits for the steward; None: it does not.
    _maybe("held"),
    # When it was last found to be public still; None: when it was first seen.
    _maybe("checked_at"),
    # JSON object of the parts that are not empty; None: all are.
    _maybe("parts"),
    _maybe("text"),
    _maybe("html"),
    Index("mention_by_anchor", "anchor"),
    Index("mention_by_subject", "subject"),
    Index("mention_sharing", "source", "native_id", sqlite_where=text("shares IS NOT NULL")),
)


def speak_postgresql() -> None:
    """Say for PostgreSQL too which indexes are partial. Its words are slow to load, and a file needs none of them."""
    for index in mention.indexes:
        if (where := index.dialect_options["sqlite"]["where"]) is not None:
            index.dialect_options["postgresql"]["where"] = where


# A page that mentions are about, and what it says of itself.
link = Table(
    "link",
    metadata,
    Column("key", Text, primary_key=True),
    _text("href"),
    _maybe("title"),
    _maybe("description"),
    _maybe("author"),
    _maybe("site"),
    _maybe("published"),
    Column("published_day_only", Boolean, nullable=False),
    _maybe("language"),
    _maybe("image"),
    _maybe("kind"),
    Column("status", Integer),
    _maybe("enriched_at"),
    Column("attempts", Integer, nullable=False),
    _maybe("next_try_at"),
    _maybe("landed"),
    _maybe("canonical"),
    # JSON list of ids; None: there is none.
    _maybe("topics"),
    _text("first_seen_at"),
)

# What the community chose by hand.
chosen = Table(
    "chosen",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # sources.yaml is 0; the others are counted in the order they first came.
    Column("origin_rank", Integer, nullable=False),
    _text("kind"),
    _text("title"),
    _maybe("who"),
    _text("note"),
    _maybe("published"),
    _text("added_at"),
)

chosen_link = Table(
    "chosen_link",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # 0 is the lead.
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    _text("key"),
    _text("href"),
    _text("label"),
    # Key of the entry's first link.
    _text("lead"),
    ForeignKeyConstraint(["origin", "position"], ["chosen.origin", "chosen.position"]),
    Index("chosen_link_by_key", "key"),
)

# What can be compared with others, and by what it is found. Postings are most of the rows there are (a dozen a work), and stand all over
# their index: so they name a work by a number, in a table that is nothing but its key.
work = Table(
    "work",
    metadata,
    # In the order in which they were first made; means nothing else.
    Column("number", Integer, primary_key=True, autoincrement=False),
    _text("key"),
    Column("rules", Integer, nullable=False),
    # JSON object; the sketch inside is base64.
    _text("account"),
    # Its own postings, to find them when they must go: eight bytes each, little-endian, in base64.
    _text("postings"),
    Index("work_by_key", "key", unique=True),
)

posting = Table(
    "posting",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("work", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Addresses whose works must be made anew: rows say what remains to be done.
work_due = Table("work_due", metadata, Column("key", Text, primary_key=True), sqlite_with_rowid=False)

# Why two addresses are one story, beside what mentions themselves name.
bond = Table(
    "bond",
    metadata,
    Column("one", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    # True: the page of `one` says so itself, by where it leads or by what it names as its address; it stays until the page says otherwise.
    # False: it came from comparing two works, and goes when one of them is made anew.
    Column("declared", Boolean, primary_key=True),
    # In ten-thousandths.
    Column("score", Integer, nullable=False),
    Index("bond_by_other", "other"),
    sqlite_with_rowid=False,
)

# Ids that stories had: from an id to an address, whose story is found there now.
former = Table("former", metadata, Column("id", Text, primary_key=True), _text("key"), Index("former_by_key", "key"))

# What the steward decided, in order.
decision = Table(
    "decision",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    _text("kind"),
    _text("subject"),
    # JSON list.
    _text("others"),
    _text("value"),
    _text("reason"),
    _text("by"),
    _maybe("at"),
    _maybe("until"),
    Index("decision_by_subject", "subject"),
    Index("decision_by_kind", "kind"),
)

# Every decision that was made or taken back.
decision_log = Table(
    "decision_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    _text("at"),
    Column("made", Boolean, nullable=False),
    # JSON object.
    _text("decision"),
)

# Entries that concerned no topic, kept for a while so that changed rules can be tried on them.
passed = Table(
    "passed",
    metadata,
    Column("source", Text, ForeignKey("source.id"), primary_key=True),
    Column("native_id", Text, primary_key=True),
    _text("seen_at"),
    # JSON object.
    _text("entry"),
    Index("passed_by_time", "seen_at"),
)

# What was taken down, as salted hashes, so that it does not come back.
takedown = Table("takedown", metadata, Column("hash", Text, primary_key=True), _text("scope"), _text("at"), _text("reason"))

# Ids of stories that left the page for good, for the feeds.
tombstone = Table("tombstone", metadata, Column("id", Text, primary_key=True), _text("at"))

# The interval of a source that one poll really read.
coverage = Table(
    "coverage",
    metadata,
    Column("source", Text, ForeignKey("source.id"), primary_key=True),
    Column("until", Text, primary_key=True),
    _maybe("since"),
    _text("outcome"),
    Column("entries", Integer, nullable=False),
)

# An interval of publication times of a source in which entries may have been missed.
gap = Table(
    "gap",
    metadata,
    Column("source", Text, ForeignKey("source.id"), primary_key=True),
    Column("since", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    _text("until"),
    _text("found_at"),
    # None: it is open.
    _maybe("closed_at"),
    _text("closed_by"),
)

# How far a source was read back; its cursor stands in `source`.
backfill = Table(
    "backfill",
    metadata,
    Column("source", Text, ForeignKey("source.id"), primary_key=True),
    _text("begun_at"),
    _maybe("reached"),
    _maybe("wanted"),
    Column("ended", Boolean, nullable=False),
)

# What platforms that charge have cost, in millionths of a US dollar, by calendar month (UTC, "2026-11").
spending = Table(
    "spending",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
)

# Until when a host wants not to be asked.
host = Table("host", metadata, Column("name", Text, primary_key=True), _text("rest_until"))

# Permanent redirects, from the URL asked to where it went.
moved = Table("moved", metadata, Column("url", Text, primary_key=True), _text("target"), _text("seen_at"))

# Texts remembered under a name.
note = Table("note", metadata, Column("name", Text, primary_key=True), _text("text"))
