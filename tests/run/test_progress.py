"""A bar on a terminal, plain lines otherwise, nothing when quiet was wanted."""

from __future__ import annotations

import io

import pytest

from aggregator.run import Job
from aggregator.run.jobs import Done, Ending
from aggregator.run.progress import progress, said
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
