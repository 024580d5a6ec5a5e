"""How the database is opened, and how it tells what is wrong with it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateIndex

from aggregator.errors import StoreError
from aggregator.store import schema
from aggregator.store.engine import open_database, open_store, told
from tests.support.mentions import landing, mention


def test_the_folder_is_made_where_it_is_missing_and_the_log_is_written_ahead(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state" / "aggregator.db"
    with closing(open_store(path)):
        pass
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_every_connection_guards_references_and_waits_for_others(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    with database.reading() as first, database.reading() as second:
        for desk in (first, second):
            found = [desk.rows(text(f"PRAGMA {name}"))[0][0] for name in ("foreign_keys", "busy_timeout", "synchronous")]
            assert found == [1, 30_000, 1]
    database.close()


def test_a_url_opens_the_same_file_as_its_path(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "a.db")) as store:
        store.remember("published", "1")
    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as store:
        assert store.note("published") == "1"


def test_a_file_that_is_no_database_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"<html>a page that was saved here by mistake</html>" * 100)
    with pytest.raises(StoreError, match=r"a\.db is not a database; move the file away .*\.$"):
        open_store(path)
    with pytest.raises(StoreError, match="not a database"):
        open_store(path, copy=True)


def test_a_damaged_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_store(path)) as store:
        for number in range(300):
            store.land(landing(mention(str(number), text="words " * 200)))
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    with pytest.raises(StoreError, match="damaged; move the file away"), closing(open_store(path)) as store:
        store.stories()


def test_a_path_that_cannot_be_a_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened; make sure"):
        open_store(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made; make sure that this user may write there"):
        open_store(tmp_path / "file" / "state" / "aggregator.db")


def test_a_database_that_cannot_be_written_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_store(path)) as store:
        store.land(landing(mention("1")))
        # What a read-only file system answers; a mode of 0444 would not stop the superuser, who runs tests in containers.
        with store._database.reading() as desk:
            desk.run(text("PRAGMA query_only = ON"))
        with pytest.raises(StoreError, match="cannot be written; give this user the right"):
            store.land(landing(mention("2")))


@pytest.mark.parametrize("message", ["database or disk is full", "disk I/O error", "database is locked", "something nobody has seen"])
def test_whatever_the_database_says_the_sentence_ends_with_what_to_do(message: str) -> None:
    sentence = told("state/aggregator.db", message)
    assert sentence.startswith("the database state/aggregator.db ")
    assert sentence.endswith("run again.")


def test_a_broken_constraint_is_a_bug_and_not_the_operators_trouble(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    with database.writing() as desk:
        desk.run(text("CREATE TABLE one (id INTEGER PRIMARY KEY)"))
    with pytest.raises(sqlite3.IntegrityError), database.writing() as desk:
        desk.run(text("INSERT INTO one VALUES (1), (1)"))
    database.close()


def test_a_copy_sees_what_was_there_and_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_store(path)) as store:
        store.land(landing(mention("1")))
        with closing(open_store(path, copy=True)) as copy:
            copy.land(landing(mention("2")))
            assert (len(copy.stories()), len(store.stories())) == (2, 1)
            with store.exclusive() as held, copy.exclusive() as also:
                assert (held, also) == (True, True)


def test_a_copy_of_nothing_is_empty_and_makes_no_file(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "state" / "a.db", copy=True)) as store:
        assert store.stories() == ()
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_one_moment_while_a_writer_goes_on(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "a.db")) as store:
        store.land(landing(mention("1")))
        with store._database.reading() as desk:
            before = desk.rows(text("SELECT count(*) FROM mention"))[0][0]
            writer = threading.Thread(target=store.land, args=(landing(mention("2")),))
            writer.start()
            writer.join(timeout=30)
            after = desk.rows(text("SELECT count(*) FROM mention"))[0][0]
        assert (before, after, len(store.stories())) == (1, 1, 2)


def test_another_process_writing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    script = (
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\n"
        "print('ready', flush=True)\nsys.stdin.readline()\nc.execute('COMMIT')\n"
    )
    with closing(open_store(path)) as store:
        other = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert other.stdin is not None
        assert other.stdout is not None
        with other.stdin, other.stdout:
            assert other.stdout.readline() == "ready\n"
            writer = threading.Thread(target=store.remember, args=("published", "1"))
            writer.start()
            assert store.note("published") is None
            other.stdin.write("\n")
            other.stdin.flush()
            writer.join(timeout=30)
        assert other.wait(timeout=30) == 0
        assert store.note("published") == "1"


def test_who_means_to_write_says_so_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_store(path).close()
    database = open_database(path)
    with database.writing() as desk, closing(sqlite3.connect(path, timeout=0)) as other:
        desk.rows(text("SELECT number FROM revision"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO note VALUES ('published', '1')")
    database.close()


def test_nothing_slow_is_imported_with_the_protocol() -> None:
    script = "import sys, aggregator.store; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_file_costs_none_of_the_words_of_a_server(tmp_path: Path) -> None:
    code = "import sys; from aggregator.store.engine import open_store; open_store(sys.argv[1]); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.db")], capture_output=True, text=True, check=True).stdout
    assert "sqlalchemy.dialects.postgresql" not in said.split()


def test_an_index_that_is_partial_in_a_file_is_so_on_a_server() -> None:
    schema.speak_postgresql()
    server = PGDialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
    made = {str(index.name): str(CreateIndex(index).compile(dialect=server)) for index in schema.mention.indexes}
    assert made["mention_sharing"].endswith("WHERE shares IS NOT NULL")
    assert "WHERE" not in made["mention_by_anchor"]
