"""What private.db promises of subscribers and keys, over each database, and who may read the file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Text, text

from aggregator.errors import StoreError
from aggregator.model import Bounce, Subscriber, SubscriberState
from aggregator.store.engine import open_database
from aggregator.store.migrations import Migration, migrate
from aggregator.store.private import Taken, schema
from aggregator.store.private.addresses import folded, hashed
from aggregator.store.private.migrations import MIGRATIONS
from aggregator.store.private.opening import SqlPrivateStore, open_private
from tests.support.databases import DATABASES, database

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA, BO = "Ada@Example.org", "bo@example.org"
PENDING, ACTIVE, LEFT, SUPPRESSED = SubscriberState
NEWEST = len(MIGRATIONS)


@pytest.fixture(params=DATABASES)
def private(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlPrivateStore]:
    opened = open_private(database(request.param, tmp_path / "state" / "private.db"), clock=lambda: NOW)
    yield opened
    opened.close()


def asked(address: str = ADA, id: str = "", **rest: object) -> Subscriber:
    """Somebody who asked an hour ago and has not confirmed."""
    made = Subscriber(
        id=id or (folded(address).encode().hex().translate(str.maketrans("0189", "qrst")) + "a" * 16)[:16],
        address=address,
        state=PENDING,
        rhythm="weekly",
        source="form",
        asked_at=NOW - HOUR,
    )
    return replace(made, **rest)  # type: ignore[arg-type]  # fields of Subscriber


def active(address: str = ADA, **rest: object) -> Subscriber:
    return asked(address, **{"state": ACTIVE, "confirmed_at": NOW, **rest})  # type: ignore[arg-type]  # fields of Subscriber


def gone(one: Subscriber, at: datetime = NOW) -> Subscriber:
    return replace(one, state=LEFT, left_at=at)


# -- who is there


def test_a_subscriber_comes_back_as_it_was_written_with_every_field(private: SqlPrivateStore) -> None:
    whole = asked(
        state=SUPPRESSED, topics=("care", "crews"), source="mail", mailed_at=NOW, confirmed_at=NOW, left_at=NOW, bounce=Bounce.COMPLAINT
    )
    assert private.subscribers.add(whole)
    assert private.subscribers.one(whole.id) == whole
    assert private.subscribers.one("b" * 16) is None


@pytest.mark.parametrize("written", ["ada@example.org", " ADA@EXAMPLE.ORG\n", "Ada@example.org."])
def test_an_address_is_found_however_it_is_written(private: SqlPrivateStore, written: str) -> None:
    private.subscribers.add(asked())
    assert private.subscribers.find(written) == asked()


def test_an_address_is_there_once_and_the_first_stays(private: SqlPrivateStore) -> None:
    assert private.subscribers.add(asked())
    assert not private.subscribers.add(asked("ada@example.org", "b" * 16))
    assert private.subscribers.all() == (asked(),)


def test_who_left_is_replaced_by_who_comes_back_under_another_id(private: SqlPrivateStore) -> None:
    private.subscribers.add(gone(active()))
    again = asked(id="b" * 16)
    assert private.subscribers.add(again, instead_of=active().id)
    assert private.subscribers.all() == (again,)
    assert private.subscribers.suppressed(ADA)


def test_nobody_is_replaced_who_is_not_who_was_meant(private: SqlPrivateStore) -> None:
    private.subscribers.add(active())
    assert not private.subscribers.add(asked(id="b" * 16), instead_of="c" * 16)
    assert private.subscribers.all() == (active(),)


def test_ten_at_once_with_one_address_are_one_row(private: SqlPrivateStore) -> None:
    added = at_once(lambda number: private.subscribers.add(asked(id=f"{'a' * 15}{'abcdefghij'[number]}")))
    assert sorted(added) == [False] * 9 + [True]
    assert len(private.subscribers.all()) == 1


def at_once(work: Callable[[int], bool]) -> list[bool]:
    """What ten threads are told that begin together."""
    start, found = threading.Barrier(10), []

    def run(number: int) -> None:
        start.wait(timeout=30)
        found.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


def test_two_processes_with_one_address_write_one_row(tmp_path: Path) -> None:
    open_private(tmp_path / "private.db").close()
    script = (
        "import sys\nfrom tests.store.test_private import asked\nfrom aggregator.store.private.opening import open_private\n"
        "private = open_private(sys.argv[1])\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "print(private.subscribers.add(asked(id=sys.argv[2] * 16)))\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "private.db")]
    both = [subprocess.Popen([*words, id], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for id in "ab"]
    assert [one.stdout.readline() for one in both if one.stdout] == ["ready\n", "ready\n"]
    for one in both:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    assert sorted(one.communicate(timeout=60)[0] for one in both) == ["False\n", "True\n"]
    with closing(open_private(tmp_path / "private.db")) as private:
        assert len(private.subscribers.all()) == 1


def test_all_are_listed_in_the_states_that_are_wanted_by_the_time_they_asked(private: SqlPrivateStore) -> None:
    late = [active(f"{id}@example.org", id=id * 16, asked_at=NOW) for id in "ca"]
    for one in (*late, gone(active("b@example.org"))):
        private.subscribers.add(one)
    assert [one.address for one in private.subscribers.all()] == ["b@example.org", "a@example.org", "c@example.org"]
    assert [one.address for one in private.subscribers.all((LEFT, PENDING))] == ["b@example.org"]
    assert private.subscribers.all(()) == ()


def test_every_state_is_counted_also_where_nobody_is(private: SqlPrivateStore) -> None:
    private.subscribers.add(active(ADA))
    private.subscribers.add(active(BO))
    assert private.subscribers.counts() == {PENDING: 0, ACTIVE: 2, LEFT: 0, SUPPRESSED: 0}


def test_an_edition_goes_to_the_active_ones_who_want_its_topic_in_its_rhythm(private: SqlPrivateStore) -> None:
    every, crews = active("every@example.org"), active("crews@example.org", topics=("care", "crews"))
    others = (
        active("care@example.org", topics=("care",)),
        active("crew@example.org", topics=("crew", "crews-and-care")),
        active("monthly@example.org", rhythm="monthly"),
        asked("pending@example.org"),
        gone(active("left@example.org")),
    )
    for one in (every, crews, *others):
        private.subscribers.add(one)
    assert private.subscribers.receiving("crews", "weekly") == tuple(sorted((every.id, crews.id)))


# -- changing


def test_a_change_replaces_the_row_when_its_state_is_what_it_was(private: SqlPrivateStore) -> None:
    private.subscribers.add(asked())
    confirmed = active(topics=("crews",), rhythm="monthly")
    assert private.subscribers.change(confirmed, was=PENDING)
    assert private.subscribers.all() == (confirmed,)


@pytest.mark.parametrize("there", [gone(active()), None])
def test_a_change_of_what_is_not_so_any_more_writes_nothing(private: SqlPrivateStore, there: Subscriber | None) -> None:
    if there:
        private.subscribers.add(there)
    assert not private.subscribers.change(active(), was=PENDING)
    assert private.subscribers.all() == ((there,) if there else ())


def test_of_ten_that_confirm_and_leave_at_once_one_is_told_that_it_was_done(private: SqlPrivateStore) -> None:
    private.subscribers.add(asked())
    done = at_once(lambda number: private.subscribers.change(active() if number % 2 else gone(asked()), was=PENDING))
    assert sorted(done) == [False] * 9 + [True]


def test_who_leaves_is_suppressed_and_who_confirms_anew_is_not(private: SqlPrivateStore) -> None:
    private.subscribers.add(active())
    private.subscribers.change(gone(active()), was=ACTIVE)
    assert private.subscribers.suppressed("ada@example.org")
    private.subscribers.change(active(), was=LEFT)
    assert not private.subscribers.suppressed(ADA)


# -- letters


def test_letters_are_owed_to_the_pending_ones_oldest_first(private: SqlPrivateStore) -> None:
    late, early = asked(ADA, asked_at=NOW), asked(BO, asked_at=NOW - DAY)
    for one in (late, early, asked("c@example.org", mailed_at=NOW), active("d@example.org")):
        private.subscribers.add(one)
    assert private.subscribers.unmailed(10) == (early, late)
    assert private.subscribers.unmailed(1) == (early,)


def test_a_letter_is_claimed_by_one_of_ten(private: SqlPrivateStore) -> None:
    private.subscribers.add(asked())
    claimed = at_once(lambda _number: private.subscribers.claim_letter(asked().id, NOW))
    assert sorted(claimed) == [False] * 9 + [True]
    assert private.subscribers.all() == (asked(mailed_at=NOW),)


def test_a_letter_that_is_given_back_is_owed_again(private: SqlPrivateStore) -> None:
    private.subscribers.add(asked())
    private.subscribers.claim_letter(asked().id, NOW)
    private.subscribers.release_letter(asked().id)
    assert private.subscribers.unmailed(10) == (asked(),)


def test_who_has_confirmed_is_owed_no_letter(private: SqlPrivateStore) -> None:
    private.subscribers.add(active(mailed_at=NOW))
    assert not private.subscribers.claim_letter(active().id, NOW)
    private.subscribers.release_letter(active().id)
    assert private.subscribers.all() == (active(mailed_at=NOW),)


# -- never again


def test_a_bounce_suppresses_the_row_and_the_address(private: SqlPrivateStore) -> None:
    private.subscribers.add(active())
    assert private.subscribers.suppress("ada@EXAMPLE.org", Bounce.HARD, NOW)
    assert private.subscribers.all() == (active(state=SUPPRESSED, left_at=NOW, bounce=Bounce.HARD),)
    assert private.subscribers.suppressed(ADA)
    assert not private.subscribers.suppress(ADA, Bounce.COMPLAINT, NOW + DAY)
    assert private.subscribers.all() == (active(state=SUPPRESSED, left_at=NOW, bounce=Bounce.HARD),)


def test_an_address_that_nobody_subscribed_can_be_suppressed(private: SqlPrivateStore) -> None:
    assert private.subscribers.suppress(BO, Bounce.COMPLAINT, NOW)
    assert private.subscribers.suppressed(BO)
    assert private.subscribers.all() == ()


def test_a_bounce_after_leaving_keeps_the_address_no_longer(private: SqlPrivateStore) -> None:
    private.subscribers.add(gone(active(), NOW - 20 * DAY))
    private.subscribers.suppress(ADA, Bounce.COMPLAINT, NOW)
    assert private.subscribers.expire(pending_before=NOW - 7 * DAY, left_before=NOW - 19 * DAY) == (0, 1)


def test_what_was_erased_is_gone_and_stays_out(private: SqlPrivateStore) -> None:
    private.subscribers.add(active())
    assert private.subscribers.erase("ada@example.org", NOW)
    assert private.subscribers.all() == ()
    assert private.subscribers.suppressed(ADA)
    assert not private.subscribers.erase(ADA, NOW)
    assert not private.subscribers.suppressed(BO)


def test_stale_requests_and_old_leavers_are_forgotten_and_only_the_leavers_stay_suppressed(private: SqlPrivateStore) -> None:
    stale, fresh = asked("stale@example.org", asked_at=NOW - 8 * DAY), asked("fresh@example.org", asked_at=NOW - 7 * DAY)
    old, new = gone(active("old@example.org"), NOW - 29 * DAY), gone(active("new@example.org"), NOW - 28 * DAY)
    reader = active("reader@example.org", asked_at=NOW - 900 * DAY)
    for one in (stale, fresh, old, new, reader):
        private.subscribers.add(one)
    assert private.subscribers.expire(pending_before=NOW - 7 * DAY, left_before=NOW - 28 * DAY) == (1, 1)
    assert {one.address for one in private.subscribers.all()} == {fresh.address, new.address, reader.address}
    assert [private.subscribers.suppressed(one.address) for one in (stale, old, new, reader)] == [False, True, True, False]


def test_of_many_at_once_only_those_come_in_who_are_neither_known_nor_suppressed(private: SqlPrivateStore) -> None:
    private.subscribers.add(asked())
    private.subscribers.suppress("left@example.org", Bounce.HARD, NOW)
    brought = (active("ada@example.org"), active("LEFT@example.org"), active(BO), active("new@example.org"))
    assert private.subscribers.take(brought) == Taken(added=2, known=1, suppressed=1)
    assert {one.address for one in private.subscribers.all((ACTIVE,))} == {BO, "new@example.org"}
    assert private.subscribers.take(brought[2:]) == Taken(added=0, known=2, suppressed=0)


# -- limits


def test_a_request_over_a_limit_is_told_and_not_counted(private: SqlPrivateStore) -> None:
    counted = (("network", "192.0.2.0/24", 2),)
    asked_at = [NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + DAY + timedelta(minutes=1), NOW + DAY + timedelta(minutes=2)]
    told = [private.subscribers.too_many(counted, at=at, since=at - DAY) for at in asked_at]
    # Had the third counted, the fourth would be over the limit too.
    assert told == [False, False, True, False, True]


def test_limits_of_different_kinds_and_names_do_not_touch(private: SqlPrivateStore) -> None:
    def over(*counted: tuple[str, str, int]) -> bool:
        return private.subscribers.too_many(counted, at=NOW, since=NOW - DAY)

    assert not over(("address", "x", 1), ("network", "x", 2))
    assert not over(("address", "y", 1), ("network", "x", 2))
    assert over(("address", "z", 1), ("network", "x", 2))
    # The request that the network stopped did not count against the address.
    assert not over(("address", "z", 1))
    assert over(("address", "X", 1))


def test_what_is_counted_holds_no_name_and_is_forgotten(tmp_path: Path) -> None:
    with closing(open_private(tmp_path / "private.db")) as private:
        private.subscribers.too_many((("network", "192.0.2.0/24", 5), ("address", ADA, 5)), at=NOW, since=NOW - DAY)
        with closing(sqlite3.connect(tmp_path / "private.db")) as connection:
            rows = connection.execute("SELECT * FROM request").fetchall()
            assert len(rows) == 2
            assert "192.0.2" not in str(rows)
            assert "example" not in str(rows).lower()
            private.subscribers.too_many((), at=NOW + 2 * DAY, since=NOW + DAY)
            assert connection.execute("SELECT * FROM request").fetchall() == []


# -- keys


def test_a_key_and_the_salt_are_made_once(private: SqlPrivateStore) -> None:
    [key] = private.keys.signing()
    assert (key.number, key.made_at, key.retired_at, len(key.secret)) == (1, NOW, None, 32)
    assert private.keys.signing() == (key,)
    assert len(private.keys.salt()) == 32
    assert private.keys.salt() == private.keys.salt()


def test_ten_that_ask_at_once_get_the_same_key_and_salt(private: SqlPrivateStore) -> None:
    found: set[object] = set()

    def ask(_number: int) -> bool:
        found.add((private.keys.signing(), private.keys.salt()))
        return True

    at_once(ask)
    assert len(found) == 1


def test_a_new_key_signs_and_the_older_ones_stay_good(private: SqlPrivateStore) -> None:
    [old] = private.keys.signing()
    new = private.keys.rotate(NOW + DAY)
    assert private.keys.signing() == (new, old)
    assert (new.number, new.made_at) == (2, NOW + DAY)
    assert new.secret != old.secret


def test_a_retired_key_is_not_good_any_more_and_its_number_is_not_given_again(private: SqlPrivateStore) -> None:
    private.keys.signing()
    second = private.keys.rotate(NOW + DAY)
    third = private.keys.rotate(NOW + 2 * DAY, retire_before=NOW + DAY)
    assert private.keys.signing() == (third, second)
    fourth = private.keys.rotate(NOW + 3 * DAY, retire_before=NOW + 3 * DAY)
    assert private.keys.signing() == (fourth,)
    assert fourth.number == 4


def test_the_secret_of_a_retired_key_is_not_kept(tmp_path: Path) -> None:
    with closing(open_private(tmp_path / "private.db", clock=lambda: NOW)) as private:
        private.keys.signing()
        private.keys.rotate(NOW + DAY, retire_before=NOW + DAY)
    with closing(sqlite3.connect(tmp_path / "private.db")) as connection:
        assert connection.execute("SELECT length(secret) FROM signing_key ORDER BY number").fetchall() == [(0,), (32,)]


def test_neither_secrets_nor_addresses_stand_in_what_is_printed_of_them(private: SqlPrivateStore) -> None:
    [key] = private.keys.signing()
    assert repr(key.secret) not in repr(key)
    assert "xample" not in repr(asked())


def test_notes_are_replaced(private: SqlPrivateStore) -> None:
    assert private.note("a") is None
    private.remember("a", "1")
    private.remember("a", "2")
    assert private.note("a") == "2"


# -- the file


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir() if one.name.startswith("private.db")}


def test_nobody_else_can_read_the_file_or_those_beside_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(open_private(tmp_path / "private.db")) as private:
            private.subscribers.add(asked())
            assert modes(tmp_path) == {"private.db": 0o600, "private.db-wal": 0o600, "private.db-shm": 0o600}
    finally:
        os.umask(before)


def test_a_file_that_others_could_read_is_shut(tmp_path: Path) -> None:
    open_private(tmp_path / "private.db").close()
    (tmp_path / "private.db").chmod(0o644)
    open_private(tmp_path / "private.db").close()
    assert modes(tmp_path) == {"private.db": 0o600}


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with closing(open_private(tmp_path / "private.db")) as private, private._database.writing() as desk:
        assert desk.rows(text("PRAGMA synchronous"))[0][0] == 2


@pytest.mark.parametrize("way", ["erased", "expired"])
def test_no_byte_of_an_address_that_is_forgotten_is_left_on_the_disk(tmp_path: Path, way: str) -> None:
    with closing(open_private(tmp_path / "private.db")) as private:
        for number in range(300):
            private.subscribers.add(active(f"canary{number}@example.org", id=f"{number:016}".translate(str.maketrans("0189", "abcd"))))
        one = private.subscribers.find("canary7@example.org")
        assert one
        private.subscribers.change(gone(one), was=ACTIVE)
        assert b"canary7@example.org" in all_bytes(tmp_path)
        if way == "erased":
            assert private.subscribers.erase("canary7@example.org", NOW)
        else:
            assert private.subscribers.expire(pending_before=NOW, left_before=NOW + DAY) == (0, 1)
        left = all_bytes(tmp_path).lower()
    assert b"canary7@" not in left
    assert b"canary8@" in left


def all_bytes(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())


def test_a_dry_run_works_on_a_copy_and_leaves_the_file(tmp_path: Path) -> None:
    with closing(open_private(tmp_path / "private.db")) as private:
        private.subscribers.add(active())
        with closing(open_private(tmp_path / "private.db", copy=True)) as copy:
            assert copy.subscribers.erase(ADA, NOW)
            assert copy.subscribers.counts()[ACTIVE] == 0
        assert private.subscribers.counts()[ACTIVE] == 1


# -- migrations


def test_the_shipped_migrations_are_numbered_from_one_without_gaps() -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, NEWEST + 1))


def test_a_fresh_database_gets_every_migration_and_a_second_opening_none(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "private.db", private=True)) as database:
        assert migrate(database, NOW, migrations=MIGRATIONS, metadata=schema.metadata) == NEWEST
        assert migrate(database, NOW, migrations=MIGRATIONS, metadata=schema.metadata) == 0


def test_the_copy_that_a_migration_keeps_is_as_private_as_the_file(tmp_path: Path) -> None:
    metadata = MetaData()
    for table in schema.metadata.tables.values():
        copied = table.to_metadata(metadata)
        if table.name == "note":
            copied.append_column(Column("colour", Text))
    following = Migration(number=NEWEST + 1, about="notes have a colour", work=("ALTER TABLE note ADD COLUMN colour TEXT",))
    before = os.umask(0)
    try:
        with closing(open_private(tmp_path / "private.db")) as private:
            private.subscribers.add(active())
        with closing(open_database(tmp_path / "private.db", private=True)) as database:
            assert migrate(database, NOW, migrations=(*MIGRATIONS, following), metadata=metadata) == 1
            name = f"private.db.version-{NEWEST}"
            assert modes(tmp_path)[name] == 0o600
            assert b"Example.org" in (tmp_path / name).read_bytes()
            # Erasing somebody takes the copy away, too.
            assert database.rewrite()
            assert name not in modes(tmp_path)
    finally:
        os.umask(before)


def test_a_migration_that_makes_other_tables_than_promised_is_taken_back(tmp_path: Path) -> None:
    following = Migration(number=NEWEST + 1, about="notes have a colour", work=("ALTER TABLE note ADD COLUMN colour TEXT",))
    open_private(tmp_path / "private.db").close()
    with closing(open_database(tmp_path / "private.db", private=True)) as database:
        with pytest.raises(StoreError, match="was not brought to version"):
            migrate(database, NOW, migrations=(*MIGRATIONS, following), metadata=schema.metadata)
        assert migrate(database, NOW, migrations=MIGRATIONS, metadata=schema.metadata) == 0


# -- addresses


SAME = [
    ("Ada@Example.ORG", "ada@example.org"),
    ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ("ada@BÜCHER.example", "ada@bücher.example"),
    ("\tada@example.org \r\n", "ada@example.org"),
    ("ÄDA@example.org", "äda@example.org"),
    ("a\u0308da@example.org", "äda@example.org"),
    ("Straße@example.org", "strasse@example.org"),
]
OTHERS = ["a.da@example.org", "ada+news@example.org", "ada@example.net", "ada@www.example.org", "'ada'@example.org"]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_the_same_mailbox_is_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert hashed(one, b"salt") == hashed(other, b"salt")


@pytest.mark.parametrize("other", OTHERS)
def test_what_may_be_another_persons_mailbox_is_another(other: str) -> None:
    assert folded(other) != folded("ada@example.org")
    assert hashed(other, b"salt") != hashed("ada@example.org", b"salt")


def test_a_hash_says_nothing_without_the_salt() -> None:
    assert hashed(ADA, b"one") != hashed(ADA, b"other")
    assert len(hashed(ADA, b"one")) == 64


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(address: str) -> None:
    assert folded(folded(address)) == folded(address)
    assert len(hashed(address, b"salt")) == 64
