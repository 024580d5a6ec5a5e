"""Nobody learns from the subscribe form whether an address is known: neither by the words, nor by the headers, nor by the time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import wraps
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from aggregator.clock import Clock
from aggregator.digest.membership import Membership
from aggregator.model import Bounce, SubscriberState
from aggregator.store.private.subscribers import SqlSubscribers
from aggregator.web import opening
from aggregator.web.afterwards import taking
from aggregator.web.signup import Wish
from tests.support.reception import Reception, reception

EACH = 80
# Of a rank test between one kind of address and the others. By chance alone more than 6 comes once in 500 million runs; looking the address
# up before the answer gives more than 8 on a slow machine.
MOST_APART = 6.0


# Counts what the server has looked up, after its answers.
looked_up = threading.Semaphore(0)


@pytest.fixture
def crossroads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reception]:
    """A server that believes us when we say that we come from everywhere."""

    def counted(membership: Membership, clock: Clock) -> Callable[[Wish], None]:
        take = taking(membership, clock)

        def taken(wish: Wish) -> None:
            take(wish)
            looked_up.release()

        return taken

    monkeypatch.setattr(opening, "taking", counted)
    with reception(tmp_path, proxies=("127.0.0.0/8",)) as desk:
        yield desk


def people(desk: Reception, each: int) -> list[tuple[str, str]]:
    """So many addresses of each kind, in any order; no two of one domain, none longer than another."""
    made = []
    for number in range(each):
        for kind in ("unknown", "pending", "active", "leaver", "bounced"):
            address = f"ada@{kind:-<8}{number:04}.example"
            made.append((kind, address))
            if kind == "bounced":
                desk.person(address)
                desk.private.subscribers.suppress(address, Bounce.HARD, desk.watch.now)
            elif kind != "unknown":
                states = {"pending": SubscriberState.PENDING, "active": SubscriberState.ACTIVE, "leaver": SubscriberState.LEFT}
                desk.person(address, states[kind])
    random.Random(7).shuffle(made)
    return made


def test_every_kind_of_address_gets_the_same_bytes(crossroads: Reception) -> None:
    answers = set()
    for number, (_, address) in enumerate(people(crossroads, 2)):
        answer = crossroads.sends("subscribe", crossroads.form(address), headers={"X-Forwarded-For": f"198.51.{number}.1"})
        headers = tuple((name, value) for name, value in answer.headers.items() if name != "date")
        answers.add((answer.status_code, headers, answer.text.replace(address, "")))
    assert len(answers) == 1


def test_every_kind_of_address_takes_the_same_time(crossroads: Reception) -> None:
    everybody = people(crossroads, EACH)
    form = crossroads.form("")
    taken: dict[str, list[float]] = {}
    owed = sum(found.mailed_at is None for found in crossroads.private.subscribers.all([SubscriberState.PENDING]))
    for number, (kind, address) in enumerate(everybody):
        network = {"X-Forwarded-For": f"10.{number // 250}.{number % 250}.1"}
        began = time.perf_counter()
        answer = crossroads.sends("subscribe", {**form, "address": address}, headers=network)
        taken.setdefault(kind, []).append(time.perf_counter() - began)
        assert answer.status_code == 200
        # One request is not measured by what the one before left to do.
        assert looked_up.acquire(timeout=20)
        owed += kind in ("unknown", "leaver", "bounced")
        crossroads.pigeon.waits_for(owed)
    assert {kind: len(times) for kind, times in taken.items()} == dict.fromkeys(taken, EACH)
    apart = {kind: abs(standing(times, [one for other in taken for one in taken[other] if other != kind])) for kind, times in taken.items()}
    assert max(apart.values()) < MOST_APART, apart


def standing(some: list[float], others: list[float]) -> float:
    """Mann and Whitney's U as a standard score: how far the ranks of some lie from those of the others."""
    ranked = {value: rank for rank, value in enumerate(sorted(some + others), 1)}
    n, m = len(some), len(others)
    u = sum(ranked[value] for value in some) - n * (n + 1) / 2
    return (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)


def test_the_rank_test_would_see_a_millisecond() -> None:
    dice = random.Random(7)
    fast, slow = ([dice.gauss(mean, 0.001) for _ in range(EACH)] for mean in (0.005, 0.006))
    assert abs(standing(slow, fast * 4)) > MOST_APART


def test_the_answer_is_given_before_the_address_is_looked_at(desk: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, admit = threading.Event(), Membership.admit

    def waits(self: Membership, **given: Any) -> bool:
        assert answered.wait(20)
        return admit(self, **given)

    monkeypatch.setattr(Membership, "admit", waits)
    desk.person("ada@example.org")
    assert desk.subscribes("ada@example.org").status_code == 200
    assert desk.subscribes("bea@example.org").status_code == 200
    answered.set()
    assert [mail.address for mail in desk.pigeon.waits_for(1)] == ["bea@example.org"]


def test_no_thread_that_answers_asks_for_subscribers(desk: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    asking: set[str] = set()

    def noted(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def asked(*given: Any, **named: Any) -> Any:
            asking.add(threading.current_thread().name)
            return method(*given, **named)

        return asked

    for name, method in vars(SqlSubscribers).items():
        if callable(method):
            monkeypatch.setattr(SqlSubscribers, name, noted(method))
    desk.subscribes("ada@example.org")
    desk.pigeon.waits_for(1)
    assert asking == {"_taking", "_mailing"}
