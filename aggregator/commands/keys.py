"""What is typed at a terminal: one key at a time, whole lines where there is no way to have single keys, and a line that Ctrl-C can end."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

try:
    import termios
    import tty
except ImportError:  # not on this system
    termios = tty = None  # type: ignore[assignment]  # asked before each use

Read = Callable[[], str | None]
"""The next key, in lower case; "" for one that is no letter or sign; None when nobody is there any more."""

_INTERRUPT = b"\x03"
_ESCAPE = b"\x1b"
# How long the rest of a key that is sent as several bytes (an arrow) may take.
_REST_SECONDS = 0.05


def at_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def keys() -> Iterator[Read]:
    """Reads keys without waiting for the end of a line; the terminal is as it was at the end of the block, whatever ends it."""
    if termios is None or os.environ.get("TERM") == "dumb":
        yield _line
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    # A process that is stopped and goes on finds the terminal as its shell wants it.
    handlers = {signal.SIGCONT: lambda *_: _one_by_one(terminal), signal.SIGTERM: _ended, signal.SIGHUP: _ended}
    kept = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        _one_by_one(terminal)
        yield lambda: _key(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        for number, handler in kept.items():
            signal.signal(number, handler)


def line_or_interrupt() -> str:
    """The next line that is typed; "" at the end of all input.

    A signal that arrives right before a read would be seen only after it, and nobody types then: so its coming is waited for together with
    the line's.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, as the handler of the signal says.
    """
    if termios is None or not sys.stdin.isatty():
        return sys.stdin.readline()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        kept = signal.set_wakeup_fd(theirs.fileno())
        try:
            select.select([sys.stdin, ours], [], [])
            return sys.stdin.readline()
        finally:
            signal.set_wakeup_fd(kept)


def _one_by_one(terminal: int) -> None:
    """Each key at once and unseen. Ctrl-C comes as a key, too: as a signal it may arrive where Python drops it (in a destructor), and the
    person would press it for nothing."""
    tty.setcbreak(terminal)
    settings = termios.tcgetattr(terminal)
    settings[6][termios.VINTR] = bytes([os.fpathconf(terminal, "PC_VDISABLE")])
    termios.tcsetattr(terminal, termios.TCSANOW, settings)


def _ended(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _line() -> str | None:
    line = sys.stdin.readline()
    return line.strip()[:1].lower() if line else None


def _key(terminal: int) -> str | None:
    read = _byte(terminal)
    if not read or read == b"\x04":
        return None
    if read == _INTERRUPT:
        raise KeyboardInterrupt
    if read == _ESCAPE or read[0] >= 0x80:
        while select.select([terminal], [], [], _REST_SECONDS)[0] and _byte(terminal):
            pass
        return ""
    return read.decode("ascii").strip().lower()


def _byte(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1)
    except OSError:
        # The terminal was closed.
        return b""
