"""Each message is acted on once, and none is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.digest.mailbox.acting import Outcome
from aggregator.digest.mailbox.imap import DONE, Message, opened
from aggregator.digest.mailbox.polling import FIRST_LOOK, MOST, Tally, poll
from aggregator.errors import MailboxError
from aggregator.settings import Mailbox, Secret
from aggregator.store.private.opening import SqlPrivateStore, open_private
from tests.digest.mailbox.conftest import Account
from tests.support.correspondence import ADDRESS, mail
from tests.support.dovecot import PASSWORD, needs_dovecot

NOW = datetime.now(UTC)
MAILBOX = Mailbox(address=ADDRESS, host="127.0.0.1")
OURS, THEIRS = b"ours", b"for a person"


class Actor:
    """Acts on what is ours, and counts."""

    def __init__(self) -> None:
        self.seen: Counter[bytes] = Counter()

    def __call__(self, raw: bytes) -> Outcome:
        self.seen[raw] += 1
        return Outcome.UNTOUCHED if THEIRS in raw else Outcome.ASKED


@pytest.fixture
def private(tmp_path: Path) -> Iterator[SqlPrivateStore]:
    with closing(open_private(tmp_path / "private.db")) as private:
        yield private


class Shelf:
    """A folder in memory, which the connection to can break at any step."""

    def __init__(self, count: int = 0) -> None:
        self.validity = 1
        self.messages = {uid: OURS + str(uid).encode() for uid in range(1, count + 1)}
        self.aside: list[bytes] = []
        self.why = ""
        self.steps_left = -1

    def newer(self, than: int, *, since: date | None = None) -> tuple[int, ...]:
        self._step()
        return tuple(uid for uid in sorted(self.messages) if uid > than)

    def fetch(self, uids: Sequence[int]) -> Iterator[Message]:
        for uid in uids:
            self._step()
            if uid in self.messages:
                yield Message(uid=uid, raw=self.messages[uid])

    def put_aside(self, uids: Sequence[int]) -> str:
        self._step()
        if not self.why:
            self.aside += [self.messages.pop(uid) for uid in uids if uid in self.messages]
        return self.why

    def forget(self, before: date) -> int:
        self._step()
        return 0

    def _step(self) -> None:
        if self.steps_left == 0:
            raise MailboxError("the connection broke")
        self.steps_left -= 1


def run(box: Shelf, act: Callable[[bytes], Outcome], private: SqlPrivateStore, at: datetime = NOW) -> Tally:
    return poll(box, MAILBOX, act, private, at=at)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(steps=st.lists(st.integers(0, 60), max_size=6), theirs=st.sets(st.integers(1, 45), max_size=10), broken=st.booleans())
def test_whenever_the_connection_breaks_each_message_is_acted_on_once(
    private: SqlPrivateStore, steps: list[int], theirs: set[int], broken: bool
) -> None:
    private.remember("mailbox", "{}")
    box, act = Shelf(45), Actor()
    box.messages |= {uid: THEIRS + str(uid).encode() for uid in theirs}
    box.why = "no room" if broken else ""
    kept = dict(box.messages)
    for count in steps:
        box.steps_left = count
        try:
            run(box, act, private)
        except MailboxError:
            continue
    box.steps_left = -1
    run(box, act, private)
    assert set(act.seen) == set(kept.values())
    assert {raw for raw, times in act.seen.items() if times > 1} <= {raw for raw in kept.values() if THEIRS in raw}
    if not broken:
        assert sorted(box.aside) == sorted(raw for raw in kept.values() if OURS in raw)
        assert set(box.messages) == theirs


def test_what_cannot_be_put_aside_is_told_and_not_acted_on_again(private: SqlPrivateStore) -> None:
    box, act = Shelf(2), Actor()
    box.why = "no room"
    assert run(box, act, private).stuck == "no room"
    assert run(box, act, private).stuck == ""
    assert set(act.seen.values()) == {1}


def test_one_run_reads_so_many_and_says_how_many_wait(private: SqlPrivateStore) -> None:
    box, act = Shelf(), Actor()
    box.messages = {uid: THEIRS + str(uid).encode() for uid in range(1, MOST + 31)}
    assert run(box, act, private).waiting == 30
    assert act.seen.total() == MOST
    assert run(box, act, private).waiting == 0
    assert (act.seen.total(), len(act.seen)) == (MOST + 30, MOST + 30)


def test_another_mailbox_is_read_from_its_beginning(private: SqlPrivateStore) -> None:
    box, act = Shelf(3), Actor()
    run(box, act, private)
    other = Shelf(2)
    poll(other, replace(MAILBOX, folder="Digest"), act, private, at=NOW)
    assert len(other.aside) == 2


def test_no_address_is_remembered(private: SqlPrivateStore) -> None:
    run(Shelf(3), Actor(), private)
    kept = private.note("mailbox")
    assert kept
    assert "@" not in kept
    assert json.loads(kept)["handled"] == 3


@pytest.mark.servers
@needs_dovecot
class TestAtAServer:
    """A real one."""

    def reads(self, account: Account, act: Actor, private: SqlPrivateStore, *, look_only: bool = False, at: datetime = NOW) -> Tally:
        with opened(account.mailbox, Secret(PASSWORD), read_only=look_only) as folder:
            return poll(folder, account.mailbox, act, private, at=at, look_only=look_only)

    def test_handled_mail_is_put_aside_and_the_rest_is_left_unread(self, account: Account, private: SqlPrivateStore) -> None:
        act = Actor()
        first, second, third = mail("ours 1"), mail("for a person"), mail("ours 2")
        account.gets(first, second, third)
        tally = self.reads(account, act, private)
        assert (tally.outcomes[Outcome.ASKED], tally.outcomes[Outcome.UNTOUCHED], tally.waiting) == (2, 1, 0)
        assert account.raws() == [second]
        assert account.raws(DONE) == [first, third]
        assert {r"\Seen", r"\Deleted", r"\Flagged"} & account.mails()[0].flags == set()
        assert self.reads(account, act, private).outcomes == dict.fromkeys(Outcome, 0)
        account.gets(mail("ours 3"))
        self.reads(account, act, private)
        assert set(act.seen.values()) == {1}

    def test_a_server_that_numbers_its_mail_anew_is_read_again(self, account: Account, private: SqlPrivateStore) -> None:
        act = Actor()
        account.gets(mail("ours"), mail("for a person"))
        self.reads(account, act, private)
        account.server.renumber(account.user)
        account.gets(mail("ours too"))
        self.reads(account, act, private)
        assert [act.seen[raw] for raw in (mail("ours"), mail("ours too"), mail("for a person"))] == [1, 1, 2]

    def test_of_a_large_old_mailbox_only_what_came_lately_is_read(self, account: Account, private: SqlPrivateStore) -> None:
        act = Actor()
        account.gets(mail("for a person, new"))
        account.server.fills(account.user, [mail(f"ours {number}") for number in range(10_000)], at=NOW - FIRST_LOOK - timedelta(days=2))
        account.gets(mail("ours, new"))
        self.reads(account, act, private)
        self.reads(account, act, private)
        assert act.seen == {mail("for a person, new"): 1, mail("ours, new"): 1}

    def test_mail_that_waited_longer_is_read_when_the_mailbox_is_known(self, account: Account, private: SqlPrivateStore) -> None:
        act = Actor()
        self.reads(account, act, private, at=NOW - timedelta(days=90))
        account.server.deliver(account.user, mail("ours"), at=NOW - timedelta(days=60))
        self.reads(account, act, private)
        assert act.seen == {mail("ours"): 1}

    def test_to_look_only_moves_and_marks_nothing(self, account: Account, private: SqlPrivateStore) -> None:
        account.gets(mail("ours"))
        assert self.reads(account, Actor(), private, look_only=True).outcomes[Outcome.ASKED] == 1
        assert account.raws() == [mail("ours")]
        assert account.raws(DONE) == []

    def test_handled_mail_is_deleted_after_four_weeks(self, account: Account, private: SqlPrivateStore) -> None:
        account.gets(mail("ours"))
        self.reads(account, Actor(), private)
        self.reads(account, Actor(), private, at=NOW + timedelta(days=27))
        assert len(account.raws(DONE)) == 1
        self.reads(account, Actor(), private, at=NOW + timedelta(days=30))
        assert account.raws(DONE) == []
