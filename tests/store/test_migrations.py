"""How a database is brought from one version of the tables to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, MetaData, Text, text

from aggregator.errors import StoreError
from aggregator.store import schema
from aggregator.store.engine import Database, open_database, open_store
from aggregator.store.migrations import FIRST, MIGRATIONS, Migration, migrate
from tests.support.mentions import NOW, landing, mention

NEWEST = len(MIGRATIONS)


def rename_sources(connection: Connection) -> None:
    """Rebuilds a table that others refer to, as SQLite wants it done."""
    connection.exec_driver_sql("ALTER TABLE note RENAME TO old_note")
    connection.exec_driver_sql("CREATE TABLE note (name TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL, colour TEXT)")
    connection.exec_driver_sql("INSERT INTO note (name, text, colour) SELECT name, text, 'green' FROM old_note")
    connection.exec_driver_sql("DROP TABLE old_note")


NEXT = Migration(number=NEWEST + 1, about="notes have a colour", work=rename_sources)


@pytest.fixture
def next_metadata() -> MetaData:
    metadata = MetaData()
    for table in schema.metadata.tables.values():
        copy = table.to_metadata(metadata)
        if table.name == "note":
            copy.append_column(Column("colour", Text))
    return metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of this version with a page, a note and the log not yet folded into the file."""
    path = tmp_path / "aggregator.db"
    with closing(open_store(path)) as store:
        store.land(landing(mention("1"), cursor="c1"))
        store.remember("published", "7")
    return path


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = open_database(path)
    yield database
    database.close()


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT max(number) FROM migration").fetchone()[0])


def test_the_shipped_migrations_are_numbered_from_one_without_gaps() -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
    assert all(migration.about for migration in MIGRATIONS)


def test_a_fresh_database_gets_every_migration_and_a_second_opening_none(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    assert migrate(database, NOW) == len(MIGRATIONS)
    assert migrate(database, NOW) == 0
    database.close()
    assert [one.name for one in tmp_path.glob("*version*")] == []


def test_a_migration_keeps_the_rows_and_a_copy_of_the_file_before_it(path: Path, database: Database, next_metadata: MetaData) -> None:
    assert migrate(database, NOW, migrations=(*MIGRATIONS, NEXT), metadata=next_metadata) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM note").fetchall() == [("published", "7", "green")]
        assert connection.execute("SELECT native_id FROM mention").fetchall() == [("1",)]
        assert connection.execute("SELECT number, applied_at FROM migration").fetchall()[-1] == (
            NEWEST + 1,
            "2026-03-01T12:00:00.000000+00:00",
        )
    copy = path.with_name(f"aggregator.db.version-{NEWEST}")
    assert version(copy) == NEWEST
    with closing(open_store(copy)) as store:
        assert (store.note("published"), store.state("feed-a").cursor, len(store.stories())) == ("7", "c1", 1)


def unfinished(connection: Connection) -> None:
    rename_sources(connection)
    connection.exec_driver_sql("DELETE FROM source")


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (("ALTER TABLE note ADD COLUMN colour INTEGER",), "the columns of the table note"),
        (("ALTER TABLE note ADD COLUMN colour TEXT", "DROP INDEX mention_by_anchor"), "the indexes of the table mention"),
        (("ALTER TABLE note ADD COLUMN colour TEXT", "CREATE TABLE stray (id INTEGER)"), "the table stray is not known"),
        (("ALTER TABLE note ADD COLUMN colour TEXT", "DROP TABLE moved"), "the table moved is missing"),
        (unfinished, "1 rows refer to rows that do not exist"),
    ],
)
def test_a_migration_that_does_not_keep_its_word_leaves_the_database_as_it_was(
    path: Path, database: Database, next_metadata: MetaData, work: tuple[str, ...], reason: str
) -> None:
    broken = Migration(number=NEWEST + 1, about="broken", work=work)
    with pytest.raises(StoreError, match=reason):
        migrate(database, NOW, migrations=(*MIGRATIONS, broken), metadata=next_metadata)
    assert version(path) == NEWEST
    with closing(open_store(path)) as store:
        assert (store.note("published"), len(store.stories())) == ("7", 1)


def test_references_are_guarded_again_after_a_migration(database: Database, next_metadata: MetaData) -> None:
    migrate(database, NOW, migrations=(*MIGRATIONS, NEXT), metadata=next_metadata)
    with database.reading() as desk:
        assert desk.rows(text("PRAGMA foreign_keys")) == [(1,)]


def test_a_database_of_a_newer_program_is_refused_untouched(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO migration VALUES (99, '2030-01-01T00:00:00.000000+00:00')")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"version 99.*install the newer version"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StoreError, match="belongs to another program; choose another folder"):
        open_store(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


# -- version 1

STORY_OF_ONE = "https://page.example.org/a"
ROWS_OF_ONE = (
    "INSERT INTO source VALUES ('feed-a', 'feed', 'Feed A', 'publish', 1, '2026-01-01', 'c9', '', NULL, 0, NULL, NULL, NULL, 0, NULL, '')",
    f"INSERT INTO story VALUES ('{STORY_OF_ONE}', 'yezukynsz4', 0)",
    f"INSERT INTO story_key VALUES ('{STORY_OF_ONE}', '{STORY_OF_ONE}')",
    f"""INSERT INTO mention (source, native_id, lead, first_seen_at, quiet, content_hash, subject, href, fingerprint, words, rules,
        describes, matches, url, kind, title, visibility) VALUES ('feed-a', '1', '{STORY_OF_ONE}',
        '2026-02-01T00:00:00.000000+00:00', 0, 'h', '{STORY_OF_ONE}', '{STORY_OF_ONE}', 1, 2, 1, 1,
        '[["t", "title", "r", "e"]]', '{STORY_OF_ONE}', 'article', 'Crews', 'public')""",
    f"""INSERT INTO link (key, href, published_day_only, attempts, first_seen_at)
        VALUES ('{STORY_OF_ONE}', '{STORY_OF_ONE}', 0, 0, '2026-02-01T00:00:00.000000+00:00')""",
    """INSERT INTO link (key, href, title, published_day_only, attempts, first_seen_at, enriched_at) VALUES ('https://read.example.org/',
        'https://read.example.org/', 'Read', 0, 1, '2026-02-01T00:00:00.000000+00:00', '2026-02-02T00:00:00.000000+00:00')""",
)


def test_a_database_of_version_1_keeps_its_stories_and_everything_in_it_is_to_be_compared(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE migration (number INTEGER NOT NULL PRIMARY KEY, applied_at TEXT NOT NULL)")
        for statement in (*FIRST, "INSERT INTO migration VALUES (1, '2026-01-01T00:00:00.000000+00:00')", *ROWS_OF_ONE):
            connection.execute(statement)
    with closing(open_store(path)) as store:
        (story,) = store.stories()
        assert (story.id, story.lead, [one.entry.title for one in story.mentions]) == ("yezukynsz4", STORY_OF_ONE, ["Crews"])
        assert store.state("feed-a").cursor == "c9"
        due = store.works.due(9)
        assert [(one.key, len(one.mentions), one.link is not None) for one in due] == [
            (STORY_OF_ONE, 1, True),
            ("https://read.example.org/", 0, True),
        ]
        assert store.works.rearrange() == 0
        store.land(landing(mention("2", url="https://blog.example.org/2", subject=STORY_OF_ONE)))
        assert len(store.stories()[0].mentions) == 2
