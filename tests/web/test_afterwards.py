"""What is done once the answer is given, and what is left when the server ends."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.digest.mailers import Fate, Mail, Reply
from aggregator.errors import DeliveryError
from aggregator.model import SubscriberState
from aggregator.store.private.opening import open_private
from aggregator.web import afterwards
from aggregator.web.afterwards import Afterwards, Stoppable
from aggregator.web.signup import Choice, Wish
from tests.support.reception import NOON, Pigeon, Reception, reception, until
from tests.web.conftest import Kept


def wish(number: int = 0) -> Wish:
    return Wish(address=f"reader{number}@example.org", choice=Choice(rhythm="weekly"), network="")


def working(
    take: Callable[[Wish], None], *, mail: Callable[[], object] = list, tidy: Callable[[], object] = list, held_seconds: float = 0.0
) -> Afterwards:
    """The part alone; what a test does not name does nothing."""
    return Afterwards(take, mail=mail, tidy=tidy, held_seconds=held_seconds)


def test_wishes_are_taken_one_by_one_in_their_order_and_all_before_the_end() -> None:
    taken: list[Wish] = []
    work = working(taken.append)
    wishes = [wish(number) for number in range(20)]
    for one in wishes:
        work.put(one)
    work.start()
    work.end(20)
    assert taken == wishes


def test_when_a_wish_is_looked_up_is_left_to_chance_and_the_end_waits_for_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def longest(least: float, most: float) -> float:
        asked.append((least, most))
        return most

    monkeypatch.setattr(random, "uniform", longest)
    taken: list[Wish] = []
    work = working(taken.append, held_seconds=600)
    work.start()
    work.put(wish())
    until(lambda: asked)
    assert (asked, taken) == ([(0, 600)], [])
    work.end(20)
    assert taken == [wish()]


def test_it_is_full_when_so_many_wait_and_never_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "MOST_WAITING", 2)
    work = working(lambda _: None)
    seen = [work.full]
    for number in range(2):
        work.put(wish(number))
        seen.append(work.full)
    work.start()
    work.end(20)
    assert [*seen, work.full] == [False, False, True, False]


def test_nobody_is_told_to_look_into_their_mailbox_when_nothing_can_be_taken(desk: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "MOST_WAITING", 0)
    answer = desk.subscribes("ada@example.org")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Nothing was done" in answer.text


def test_one_wish_that_fails_does_not_stop_the_others(logged: Kept) -> None:
    taken = []

    def take(one: Wish) -> None:
        if one == wish(1):
            raise RuntimeError(one.address)
        taken.append(one)

    work = working(take)
    for number in range(3):
        work.put(wish(number))
    work.start()
    work.end(20)
    assert taken == [wish(0), wish(2)]
    (line,) = logged.waits_for(1)
    assert line.startswith("a request could not be written down: a bug in the program: RuntimeError\n")
    assert "reader1" not in line


def test_a_mail_server_that_hangs_keeps_nobody_from_subscribing(desk: Reception) -> None:
    hanging, free = threading.Event(), threading.Event()

    def hangs() -> None:
        hanging.set()
        assert free.wait(20)

    desk.pigeon.before = hangs
    desk.subscribes("ada@example.org")
    assert hanging.wait(20)
    people = [f"reader{number}@host{number}.example" for number in range(5)]
    for person in people:
        assert desk.subscribes(person).status_code == 200
    until(lambda: desk.private.subscribers.find(people[-1]))
    assert desk.pigeon.mails == []
    free.set()
    assert {mail.address for mail in desk.pigeon.waits_for(6)} == {"ada@example.org", *people}


def test_letters_that_could_not_be_mailed_are_mailed_with_the_next(desk: Reception, logged: Kept) -> None:
    def refuses() -> None:
        desk.pigeon.before = lambda: None
        raise DeliveryError("connecting to mail.example.org: refused")

    desk.pigeon.before = refuses
    desk.subscribes("ada@example.org")
    until(lambda: any("letters could not be mailed" in line for line in logged.waits_for(1)))
    desk.subscribes("bea@example.org")
    assert [mail.address for mail in desk.pigeon.waits_for(2)] == ["ada@example.org", "bea@example.org"]


def test_letters_that_are_owed_when_the_server_starts_are_mailed(tmp_path: Path) -> None:
    def refuses() -> None:
        raise DeliveryError("connecting to mail.example.org: refused")

    with reception(tmp_path) as desk:
        desk.pigeon.before = refuses
        desk.subscribes("ada@example.org")
        until(lambda: desk.private.subscribers.find("ada@example.org"))
    with reception(tmp_path) as desk:
        assert [mail.address for mail in desk.pigeon.waits_for(1)] == ["ada@example.org"]


def test_an_answer_that_was_given_holds_although_the_server_ends_at_once(tmp_path: Path) -> None:
    people = [f"reader{number}@host{number}.example" for number in range(10)]
    with reception(tmp_path) as desk:
        for person in people:
            assert desk.subscribes(person).status_code == 200
    with closing(open_private(tmp_path / "state" / "private.db")) as private:
        assert sorted(found.address for found in private.subscribers.all()) == people


def test_what_is_to_be_forgotten_is_forgotten_while_the_server_runs(tmp_path: Path) -> None:
    with reception(tmp_path) as desk:
        stale, gone = desk.person("ada@example.org", SubscriberState.PENDING), desk.person("bea@example.org", SubscriberState.LEFT)
    with closing(open_private(tmp_path / "state" / "private.db")) as private, reception(tmp_path, began=NOON + timedelta(days=29)):
        until(lambda: private.subscribers.all() == ())
        assert private.subscribers.suppressed(gone.address)
        assert not private.subscribers.suppressed(stale.address)


def test_tidying_is_done_at_the_start_and_not_with_every_letter() -> None:
    tidied, mailed = threading.Event(), threading.Semaphore(0)
    count = 0

    def tidy() -> None:
        nonlocal count
        count += 1
        tidied.set()

    work = working(lambda _: None, mail=mailed.release, tidy=tidy)
    work.start()
    assert tidied.wait(20)
    for number in range(3):
        assert mailed.acquire(timeout=20)
        work.put(wish(number))
    work.end(20)
    assert count == 1


def test_a_mailer_that_is_told_to_end_finishes_the_letter_in_hand_and_takes_no_other() -> None:
    mail = Mail(recipient="r", address="ada@example.org", sender="digest@example.org", message_id="m@example.org", content=b"")
    pigeon = Pigeon()
    stoppable = Stoppable(pigeon)
    pigeon.before = stoppable.end
    assert (stoppable.width, stoppable.per_second) == (1, 0.0)
    with stoppable.line() as line:
        assert line.hand_over(mail, lambda: None) == Reply(fate=Fate.ACCEPTED, text="250 OK")
        with pytest.raises(DeliveryError, match="the server is ending"):
            line.hand_over(mail, lambda: None)
    assert pigeon.mails == [mail]
