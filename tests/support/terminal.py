"""A person at a terminal: the program runs on a real pseudo-terminal, and keys are pressed when it asks."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.steward import Steward

# A machine that does other things may be slow; what is asked comes at once otherwise.
_PATIENCE_SECONDS = 60.0


@dataclass(kw_only=True)
class Terminal:
    """What stands on the screen, and the keys."""

    master: int
    slave: int
    process: subprocess.Popen[bytes]
    seen: str = ""
    _read: int = field(default=0)

    def sees(self, words: str) -> str:
        """Wait until the words stand on the screen, after what was seen before; gives what stands there up to them."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while words not in self.seen[self._read :]:
            if not self._more(until - time.monotonic()):
                raise AssertionError(f"{words!r} is not on the screen:\n{self.seen[self._read :]}")
        end = self.seen.index(words, self._read) + len(words)
        new, self._read = self.seen[self._read : end], end
        return new

    def presses(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def ends(self) -> int:
        """Read the rest and give the exit code."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < until:
            self._more(0.1)
        code = self.process.wait(timeout=1)
        while self._more(0.05):
            pass
        return code

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed and waits for whole lines, as shells want it."""
        flags = termios.tcgetattr(self.slave)[3]
        return bool(flags & termios.ECHO) and bool(flags & termios.ICANON)

    def signals(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def _more(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            read = os.read(self.master, 65536)
        except OSError:
            return False
        self.seen += read.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(read)


@contextmanager
def at_terminal(steward: Steward, *words: str, environ: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """The program with a person in front of it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "aggregator", *words],
        cwd=steward.folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**steward.environ(), "TERM": "xterm", **(environ or {})},
        # Its own session, with this terminal, so that Ctrl-C reaches it.
        start_new_session=True,
        preexec_fn=_controlling(slave),
    )
    try:
        yield Terminal(master=master, slave=slave, process=process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
        os.close(slave)


def _controlling(slave: int) -> Callable[[], object]:
    return lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
