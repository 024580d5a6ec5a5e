"""A bar on a terminal, plain lines otherwise, nothing when quiet was wanted."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.pipeline.backfill import Step
from aggregator.run import Job
from aggregator.run.jobs import Done, Ending
from aggregator.run.progress import progress, reading_back, said
from aggregator.store import Landed


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def done(ending: Ending = Ending.OK, name: str = "poll", **landed: int) -> Done:
    return Done(job=Job(name=name, subject="notes", lane="blog.example"), ending=ending, landed=Landed(**landed), message="because")


def shown(stream: io.StringIO, *, quiet: bool = False) -> str:
    with progress(quiet=quiet, stream=stream) as (begin, tell):
        begin(2)
        tell(done(new=1))
        tell(done(Ending.FAILED))
        tell(done(name="enrich"))
    return stream.getvalue()


def test_without_a_terminal_each_poll_has_a_plain_line() -> None:
    assert shown(io.StringIO()) == "notes: 1 new\nnotes: failed\n"


def test_on_a_terminal_a_bar_moves_and_is_gone_at_the_end() -> None:
    text = shown(Terminal())
    assert "Reading" in text
    assert "2/2" in text
    assert "notes: 1 new" not in text


def test_quiet_says_nothing() -> None:
    assert shown(io.StringIO(), quiet=True) == ""


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (done(), "notes: nothing new"),
        (done(new=2, changed=1, withdrawn=3), "notes: 2 new, 1 changed, 3 withdrawn"),
        (done(Ending.NEEDS_KEY), "notes: needs a key"),
        (done(Ending.STOPPED), "notes: stopped"),
    ],
)
def test_a_poll_is_one_line(one: Done, line: str) -> None:
    assert said(one) == line


# -- back-fills

HALF = Step(pages=3, entries=120, landed=Landed(new=7), reached=datetime(2021, 4, 2, tzinfo=UTC), done=0.5)


def told(stream: io.StringIO, step: Step, left: timedelta | None, *, quiet: bool = False) -> str:
    with reading_back("notes", quiet=quiet, stream=stream) as tell:
        tell(step, left)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3), ", about 3 days left"),
        (timedelta(minutes=70), ", about 70 minutes left"),
        (timedelta(seconds=20), ", about a minute left"),
        (None, ""),
    ],
)
def test_each_page_that_is_read_back_says_how_far_it_came_and_how_long_it_will_take(left: timedelta | None, words: str) -> None:
    assert told(io.StringIO(), HALF, left) == f"notes: page 3, back to 2021-04-02, 120 entries, 7 new{words}\n"


def test_on_a_terminal_a_bar_shows_how_much_is_read_back() -> None:
    text = told(Terminal(), HALF, timedelta(hours=5))
    assert "50%" in text
    assert "back to 2021-04-02" in text
    assert "about 5 hours left" in text


def test_quiet_reads_back_without_a_word() -> None:
    assert told(io.StringIO(), HALF, None, quiet=True) == ""
