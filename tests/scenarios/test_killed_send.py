"""A digest of 200 readers whose sending is killed, at every commit, every line of the journal, every SMTP verb and 300 random moments.

Each time the program is run again until nothing is due. Every reader then has exactly one accepted copy, or is listed as uncertain: nobody
has two, and nobody is silently missing. The mail server is a real one on loopback, apart from the sender, and writes down what it accepts.
The table of all kills goes to the terminal, and into the folder that AGGREGATOR_REPORTS names.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.clock import now
from aggregator.text import cron
from tests.support.crews import CONFIGURATION, feed, has_run, replies, runs_with
from tests.support.sender import Ended, Sender
from tests.support.smtp import Copy, Failure, Moment, SmtpServer
from tests.support.steward import Steward

READERS = 200
NEW = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 8)]
VERBS = ("MAIL", "RCPT", "DATA", "BODY", "DOT", "STORED")
LONGEST = 60.0


@dataclass
class Trap:
    """Kills a process when the mail server comes to a verb for the n-th time."""

    verb: str = ""
    number: int = 0
    _seen: int = 0
    _pid: int = 0
    _armed: threading.Event = field(default_factory=threading.Event)
    # Set when somebody connected since it was cleared.
    connected: threading.Event = field(default_factory=threading.Event)

    def sets(self, verb: str, number: int) -> None:
        self.verb, self.number, self._seen, self._pid = verb, number, 0, 0
        self._armed.clear()

    def aims(self, pid: int) -> None:
        self._pid = pid
        self._armed.set()

    def __call__(self, moment: Moment) -> None:
        if moment.at == "CONNECT":
            self.connected.set()
        if moment.at != self.verb:
            return
        assert self._armed.wait(LONGEST)
        self._seen += 1
        if self._seen == self.number:
            os.kill(self._pid, signal.SIGKILL)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of one kind of kills."""

    kind: str
    kills: int
    uncertain: int
    twice: int
    missing: int


@dataclass
class Post:
    """A prepared folder, the mail server, and the process that sends."""

    prepared: Path
    server: SmtpServer
    sender: Sender
    trap: Trap
    at: datetime
    base: Path
    rows: list[Row] = field(default_factory=list)
    _made: int = 0
    # Copies that the server had accepted when the folder in hand was made: each folder sends the same edition to the same readers.
    _before: int = 0

    def folder(self, *, connections: int = 1) -> Path:
        """A copy of the prepared one: nothing is frozen yet."""
        self._made, self._before = self._made + 1, len(self.server.copies)
        folder = self.base / str(self._made)
        shutil.copytree(self.prepared, folder)
        configure(folder, self.server.port, connections)
        return folder

    def to_the_end(self, folder: Path, *, at: datetime | None = None) -> Ended:
        """Send, undisturbed, until nothing is due."""
        ended = self.sender.runs(folder, at or self.at)
        assert not ended.killed
        return ended

    def judged(self, folder: Path) -> tuple[list[str], int]:
        """What is wrong in the folder that was made last, when all is over, and how many copies are uncertain."""
        return judged(folder, self.server.copies[self._before :])

    def told(self, kind: str, folder: Path, kills: int) -> Row:
        """What came of it, in the table; and that nothing went wrong."""
        return self.tells(kind, [self.judged(folder)], kills)

    def tells(self, kind: str, found: Sequence[tuple[list[str], int]], kills: int) -> Row:
        """The same of several folders."""
        faults = [fault for wrong, _ in found for fault in wrong]
        row = Row(
            kind=kind,
            kills=kills,
            uncertain=sum(unsure for _, unsure in found),
            twice=sum("copies" in fault for fault in faults),
            missing=sum("no copy" in fault for fault in faults),
        )
        self.rows.append(row)
        assert faults == []
        return row


def configure(folder: Path, port: int, connections: int) -> None:
    smtp = f"{{host: 127.0.0.1, port: {port}, security: none, connections: {connections}, per_second: 1000}}"
    digest = f"digest:\n  from: Crew news <digest@example.org>\n  least: 2\n  through: smtp\n  smtp: {smtp}\n"
    Steward(folder=folder).configures(CONFIGURATION + digest + "  mailbox: {address: crews@example.org, host: mail.example.org}\n")


def judged(folder: Path, accepted: Sequence[Copy]) -> tuple[list[str], int]:
    """What is wrong in a folder where all is over, and how many copies are uncertain."""
    copies = Counter(copy.message_id for copy in accepted)
    with closing(sqlite3.connect(folder / "state" / "private.db")) as store:
        rows = store.execute("SELECT recipient, message_id, state FROM delivery").fetchall()
        unsettled = store.execute("SELECT count(*) FROM edition WHERE state = 'sending'").fetchone()[0]
    uncertain = [recipient for recipient, _, state in rows if state == "uncertain"]
    faults = [f"{recipient} has {copies[name]} copies" for recipient, name, _ in rows if copies[name] > 1]
    faults += [f"{one} has no copy and is {state}" for one, name, state in rows if not copies[name] and state != "uncertain"]
    faults += [f"{one} is {state}, so that it has no copy for good" for one, _, state in rows if state not in ("handed over", "uncertain")]
    faults += [f"{READERS - len(rows)} readers have no copy and no row"] if len(rows) != READERS else []
    faults += ["it is not sent, although no copy is uncertain"] if unsettled and not uncertain else []
    shutil.rmtree(folder)
    return faults, len(uncertain)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Post]:
    prepared, trap = tmp_path_factory.mktemp("prepared"), Trap()
    steward = has_run(Steward(folder=prepared))
    assert runs_with(steward, *replies(notes=feed("Ana's notes", NEW))).code == 0
    at = cron.following("0 8 * * mon", now(), ZoneInfo("UTC")) + timedelta(minutes=5)
    with SmtpServer(watch=trap) as server, Sender() as sender:
        configure(prepared, server.port, 1)
        readers = "".join(f"reader{number}@example.org,2026-01-01\n" for number in range(READERS))
        (prepared / "readers.csv").write_text("address,consent\n" + readers, encoding="utf-8")
        imported = steward.runs("subscribers", "import", "readers.csv", "--source", "the old list")
        assert imported.code == 0, imported.err
        # The web copy takes its time and is none of this.
        shutil.rmtree(prepared / "output")
        made = Post(prepared, server, sender, trap, at, tmp_path_factory.mktemp("sends"))
        yield made
    print_table(made.rows, request)


def print_table(rows: Sequence[Row], request: pytest.FixtureRequest) -> None:
    lines = [f"{'killed at':<32}{'kills':>7}{'uncertain':>11}{'twice':>7}{'missing':>9}"]
    told = sorted(rows, key=lambda row: row.kind)
    lines += [f"{row.kind:<32}{row.kills:>7}{row.uncertain:>11}{row.twice:>7}{row.missing:>9}" for row in told]
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        terminal.write_line("")
        for line in lines:
            terminal.write_line(line)
    if folder := os.environ.get("AGGREGATOR_REPORTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / "killed-send.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def healed(post: Post) -> None:
    post.server.heal()
    post.trap.sets("", 0)


def chain(post: Post, folder: Path, *, kill: str, numbers: Sequence[int]) -> int:
    """Send again and again, each process killed at another number of the same kind, until one lives; how many were killed."""
    for kills in range(10_000):
        if not post.sender.runs(folder, post.at, kill=kill, number=numbers[kills % len(numbers)]).killed:
            return kills
    raise AssertionError("it never ends")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_every_commit(post: Post, moment: str) -> None:
    commits = post.to_the_end(first := post.folder()).moments["commit"]
    assert commits > 25
    found = [post.judged(first)]
    for number in range(1, commits + 1):
        folder = post.folder()
        assert post.sender.runs(folder, post.at, kill=f"{moment} commit", number=number).killed
        post.to_the_end(folder)
        found.append(post.judged(folder))
    row = post.tells(f"every commit, {moment}", found, commits)
    # Between two commits no mail is in hand.
    assert row.uncertain == 0


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_lines_of_the_journal(post: Post, moment: str) -> None:
    folder = post.folder()
    kills = chain(post, folder, kill=f"{moment} line", numbers=range(1, 14))
    assert kills > 40
    post.told(f"lines of the journal, {moment}", folder, kills)


@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_every_verb_of_a_mail(post: Post, verb: str) -> None:
    folder = post.folder()
    kills = trapped(post, folder, verb, (1, 4, 10))
    assert kills > 30
    row = post.told(f"SMTP, {verb}", folder, kills)
    if verb in ("MAIL", "RCPT", "DATA"):
        # Before the body nothing can have arrived.
        assert row.uncertain == 0
    elif verb in ("DOT", "STORED"):
        assert row.uncertain == kills
    else:
        # Whether the sender has read the 354 when it dies is luck.
        assert 0 < row.uncertain <= kills


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "QUIT"])
def test_killed_around_the_mails_of_a_connection(post: Post, verb: str) -> None:
    folder = post.folder()
    post.trap.sets(verb, 1)
    assert killed(post, folder)
    post.trap.sets("", 0)
    post.to_the_end(folder)
    assert post.told(f"SMTP, {verb}", folder, 1).uncertain == 0


def killed(post: Post, folder: Path) -> bool:
    """One send into the trap."""
    post.trap.aims(post.sender.begins(folder, post.at))
    return post.sender.ends().killed


def trapped(post: Post, folder: Path, verb: str, numbers: Sequence[int]) -> int:
    for kills in range(10_000):
        post.trap.sets(verb, numbers[kills % len(numbers)])
        if not killed(post, folder):
            return kills
    raise AssertionError("it never ends")


def test_killed_at_300_random_moments(post: Post) -> None:
    luck, kills, found = random.Random(20261122), 0, []
    before, mails = lasting(post)
    while kills < 300:
        folder = post.folder(connections=2)
        while kills < 300 and killed_anywhere(post, folder, post.at, luck, before=before, mails=mails):
            kills += 1
        post.to_the_end(folder)
        found.append(post.judged(folder))
    row = post.tells("300 random moments", found, kills)
    assert row.uncertain > 0


def lasting(post: Post) -> tuple[float, float]:
    """Seconds until a sender connects, and of twenty mails, on this machine as it is now."""
    began = time.monotonic()
    post.trap.connected.clear()
    post.sender.begins(folder := post.folder(connections=2), post.at)
    assert post.trap.connected.wait(LONGEST)
    connected = time.monotonic()
    post.sender.ends()
    shutil.rmtree(folder)
    return connected - began, (time.monotonic() - connected) / (READERS / 20)


def killed_anywhere(post: Post, folder: Path, at: datetime, luck: random.Random, *, before: float, mails: float) -> bool:
    """One send, killed at some moment before it connects, or while it sends; False when it had ended by itself before."""
    post.trap.connected.clear()
    pid = post.sender.begins(folder, at)
    if luck.random() < 0.3:
        time.sleep(luck.uniform(0, before))
    else:
        while alive(pid) and not post.trap.connected.wait(0.01):
            pass
        time.sleep(luck.uniform(0, mails))
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return post.sender.ends().killed


def alive(pid: int) -> bool:
    """Whether the process is there; the one that forked it takes it away as soon as it has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# -- a server that fails

FAILURES = {
    "greylisting": [Failure(at="RCPT", reply="450 4.2.0 Greylisted", each_recipient=True)],
    "421 in the middle": [Failure(at="MAIL", reply="421 4.3.2 Too busy", times=3, after=20, hang_up=True)],
    "dropped before DATA": [Failure(at="RCPT", times=5, after=10)],
    "dropped after 354": [Failure(at="BODY", times=5, after=10)],
    "dropped behind the mail": [Failure(at="DOT", times=5, after=10)],
    "dropped after it was accepted": [Failure(at="STORED", times=5, after=10)],
    "slow": [Failure(at="DOT", reply=None, delay=0.3, times=4, after=30)],
    "451 behind the mail": [Failure(at="DOT", reply="451 4.3.0 Later", times=7, after=3)],
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_server_that_fails_while_the_sender_is_killed(post: Post, name: str) -> None:
    luck, kills, at = random.Random(name), 0, post.at
    before, mails = lasting(post)
    folder = post.folder(connections=2)
    post.server.fail(*FAILURES[name])
    for _ in range(6):
        kills += killed_anywhere(post, folder, at, luck, before=before, mails=2 * mails)
        at += timedelta(minutes=7)
    for _ in range(8):
        post.to_the_end(folder, at=at)
        at += timedelta(hours=8)
    row = post.told(f"server: {name}", folder, kills)
    if name in ("dropped behind the mail", "dropped after it was accepted"):
        assert row.uncertain > 0


def test_a_bad_address_is_refused_once_and_the_others_have_their_copy(post: Post) -> None:
    folder = post.folder()
    post.server.fail(Failure(at="RCPT", reply="550 5.1.1 No such user", times=0, recipient="reader7@example.org"))
    ended = post.to_the_end(folder)
    assert any("199 copies handed over, 1 refused" in line for line in ended.said)
    with closing(sqlite3.connect(folder / "state" / "private.db")) as store:
        states = Counter(state for (state,) in store.execute("SELECT state FROM subscriber"))
        refused = store.execute("SELECT bounce, reply FROM delivery WHERE state = 'refused'").fetchall()
    assert states == {"active": 199, "suppressed": 1}
    assert [bounce for bounce, _ in refused] == ["hard"]
    assert "@" not in refused[0][1]


# -- what is uncertain is listed


def test_uncertain_copies_are_listed_without_addresses_and_settled_by_hand(post: Post) -> None:
    folder = post.folder()
    post.server.fail(Failure(at="STORED", times=3, after=5))
    post.to_the_end(folder)
    steward = Steward(folder=folder)
    listed = steward.runs("digest", "resolve")
    assert listed.code == 7
    rows = [line for line in listed.out.splitlines() if line.startswith("crews/weekly/")]
    assert len(rows) == 3
    assert "reader" not in listed.out
    assert steward.runs("digest", "status").code == 7
    first = rows[0].split()[1]
    assert steward.runs("digest", "resolve", "--arrived", "--recipient", first).code == 7
    assert steward.runs("digest", "resolve", "--arrived").code == 0
    assert steward.runs("digest", "status").code == 0
    post.told("uncertain, settled by hand", folder, 0)


# -- two at once, and older databases


def test_two_sends_at_once_make_one_copy_for_each(post: Post) -> None:
    folder = post.folder()
    with Sender() as other:
        post.sender.begins(folder, post.at)
        other.begins(folder, post.at)
        ended = [post.sender.ends(), other.ends()]
    assert [one.killed for one in ended] == [False, False]
    post.to_the_end(folder)
    post.told("two at once", folder, 0)


@pytest.mark.parametrize("verb", ["MAIL", "STORED"])
def test_a_backup_that_is_put_back_in_the_middle_sends_nothing_twice(post: Post, verb: str) -> None:
    folder = post.folder()
    state, backup = folder / "state", folder / "backup.db"
    before = folder / "before.db"
    copied(state / "private.db", before)
    for number, kept in ((30, backup), (90, None)):
        post.trap.sets(verb, number)
        assert killed(post, folder)
        if kept:
            copied(state / "private.db", kept)
    for old in (backup, before):
        for name in ("private.db-wal", "private.db-shm"):
            (state / name).unlink(missing_ok=True)
        shutil.copy(old, state / "private.db")
        post.trap.sets(verb, 20)
        killed(post, folder)
    post.trap.sets("", 0)
    ended = post.to_the_end(folder)
    shutil.copy(before, state / "private.db")
    again = post.to_the_end(folder)
    assert any("older than the journal" in line for line in again.said), again.said
    assert ended.code == again.code == (0 if verb == "MAIL" else 7)
    post.told(f"older databases, {verb}", folder, 4)


def copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)
