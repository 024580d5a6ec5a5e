"""Whose turn it is when a run and a back-fill want the lock; and how a back-fill tells how far it has come."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.pipeline.backfill import Step
from aggregator.run.progress import came, duration, reading_back
from aggregator.run.turns import run_turn, say_read_back, say_reading_back
from aggregator.settings import Settings
from aggregator.store import Landed
from tests.run.test_gaps import World, configured, world

__all__ = ["configured"]
HALF_READ = Step(pages=3, entries=120, landed=Landed(new=7), reached=datetime(2021, 5, 3, tzinfo=UTC), done=0.5)


@pytest.fixture
def it(configured: Settings) -> Iterator[World]:
    with world(configured) as here:
        yield here


def test_a_run_gives_way_at_once_to_another_run(it: World) -> None:
    with it.app.store.exclusive() as held, run_turn(it.app) as mine:
        assert (held, mine) == (True, False)


def test_a_run_waits_for_the_page_that_a_back_fill_has_in_hand(it: World) -> None:
    taken, landed = threading.Event(), threading.Event()

    def page() -> None:
        with it.app.store.exclusive():
            say_reading_back(it.app)
            taken.set()
            landed.wait(10)

    reading = threading.Thread(target=page)
    reading.start()
    assert taken.wait(10)
    threading.Timer(0.2, landed.set).start()
    with run_turn(it.app) as mine:
        assert mine
        assert landed.is_set()
    reading.join(10)


def test_a_back_fill_that_was_killed_keeps_no_run_waiting(it: World) -> None:
    say_reading_back(it.app)
    it.platform.now += timedelta(hours=1)
    with it.app.store.exclusive(), run_turn(it.app) as mine:
        assert not mine
    say_reading_back(it.app)
    say_read_back(it.app)
    with it.app.store.exclusive(), run_turn(it.app) as mine:
        assert not mine


def test_who_is_asked_to_stop_waits_for_nobody(it: World) -> None:
    say_reading_back(it.app)
    it.app.stop.set()
    with it.app.store.exclusive(), run_turn(it.app) as mine:
        assert not mine


def test_every_page_is_a_line_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with reading_back("tag", quiet=False, stream=stream) as tell:
        tell(HALF_READ, timedelta(minutes=20))
        tell(Step(pages=4, entries=120), None)
    assert stream.getvalue().splitlines() == [
        "tag: page 3, back to 2021-05-03, 120 entries, 7 new, about 20 minutes left",
        "tag: page 4, 120 entries, 0 new",
    ]


def test_who_wants_quiet_hears_nothing() -> None:
    stream = io.StringIO()
    with reading_back("tag", quiet=True, stream=stream) as tell:
        tell(HALF_READ, None)
    assert stream.getvalue() == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_bar_with_what_is_left() -> None:
    stream = Terminal()
    with reading_back("tag", quiet=False, stream=stream) as tell:
        tell(HALF_READ, timedelta(hours=3))
    assert "50%" in stream.getvalue()


def test_at_its_end_nothing_is_left() -> None:
    assert "left" not in came(Step(done=1.0), timedelta(0))


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (timedelta(seconds=5), "a minute"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=1, minutes=10), "70 minutes"),
        (timedelta(hours=30), "30 hours"),
        (timedelta(days=1, hours=20), "44 hours"),
        (timedelta(days=4), "4 days"),
    ],
)
def test_a_time_is_told_in_the_unit_that_fits(time: timedelta, expected: str) -> None:
    assert duration(time) == expected
