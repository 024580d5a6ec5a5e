"""A question of yes or no, and Ctrl-C in place of an answer."""

from __future__ import annotations

import io
import os
import pty
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from aggregator.commands.common import agreed


class Shown(io.StringIO):
    """A screen; whoever sees the question acts at once."""

    def __init__(self, act: object = None) -> None:
        super().__init__()
        self.act = act

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        if callable(self.act) and "[y/N]" in self.getvalue():
            act, self.act = self.act, None
            act()


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where keys are pressed. Outside of the question, Ctrl-C ends a send softly, and nothing else."""
    master, slave = pty.openpty()
    before = signal.signal(signal.SIGINT, lambda *_: None)
    # Should nothing end the question, somebody agrees, and the test fails in place of waiting for ever.
    impatient = threading.Timer(30, lambda: os.write(master, b"y\n"))
    impatient.start()
    with os.fdopen(slave, encoding="utf-8") as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        yield master
    impatient.cancel()
    impatient.join()
    os.close(master)
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keyboard")
def test_ctrl_c_as_the_question_is_shown_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Shown(lambda: signal.raise_signal(signal.SIGINT)))
    assert agreed("Send it?") is False


@pytest.mark.usefixtures("keyboard")
def test_ctrl_c_while_nobody_answers_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    later = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr(sys, "stderr", Shown(later.start))
    assert agreed("Send it?") is False
    later.join()


@pytest.mark.parametrize(("typed", "answer"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("\x04", False)])
def test_an_answer_is_a_line(monkeypatch: pytest.MonkeyPatch, keyboard: int, typed: str, answer: bool) -> None:
    monkeypatch.setattr(sys, "stderr", Shown())
    os.write(keyboard, typed.encode())
    assert agreed("Send it?") is answer


def test_ctrl_c_is_after_the_question_what_it_was_before(monkeypatch: pytest.MonkeyPatch, keyboard: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "stderr", Shown())
    os.write(keyboard, b"y\n")
    agreed("Send it?")
    assert signal.getsignal(signal.SIGINT) is before
