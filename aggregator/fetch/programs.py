"""Programs of this machine that answer like a server: told JSON on their standard input, read by their standard output.

Which program runs is what a collector names, never what a reply said; there is no shell in between. A name is looked up in the absolute
folders of PATH alone: one that depends on where we were started may be a checkout with a stranger's file in it.
It runs in a process group of its own, which is ended as a whole, with an environment in which none of our secrets is.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from aggregator.errors import Unavailable, Unreadable
from aggregator.fetch.exchange import Answer, Question
from aggregator.fetch.pace import Stopped
from aggregator.settings import Fetch

# What a program needs to find itself, its files and its language; `ssb_appname` names the folder of a Scuttlebutt server.
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "ssb_appname")
_STEP = 64 * 1024
_COMPLAINT_BYTES = 4096
_LONGEST_LINE = 200
# Seconds between two looks whether the program has ended while one of its children holds its output open.
_LOOK = 0.05


class Programs:
    """Answers by running programs, with every cap."""

    paced = True

    def __init__(self, *, settings: Fetch, stopped: Callable[[], bool]) -> None:
        self._settings, self._stopped = settings, stopped
        self._lock = threading.Lock()
        self._running: set[int] = set()

    def send(self, question: Question) -> Answer:
        wanted = json.loads(question.body or b"{}")
        seconds = self._settings.total_timeout.total_seconds() if question.seconds is None else question.seconds
        told = b"" if wanted["say"] is None else json.dumps(wanted["say"]).encode() + b"\n"
        subject = f"running {Path(wanted['program']).name!r}"
        process = self._started([wanted["program"], *wanted["arguments"]], subject, silent=wanted["say"] is None)
        try:
            output = _Output(process, told, most_bytes=self._settings.max_body_bytes, until=time.monotonic() + seconds)
            said = None if self._stopped() else output.read()
        finally:
            self._end(process)
        if self._stopped():
            raise Stopped("the run is ending")
        if said is None:
            raise Unavailable(f"{subject}: it did not end within {seconds:g} s; run it by hand to see what it waits for")
        if output.too_much:
            raise Unreadable(f"{subject}: it said more than {self._settings.max_body_bytes} bytes")
        if process.returncode:
            raise Unavailable(f"{subject}: {_complaint(process.returncode, bytes(output.complained))}")
        return Answer(status=200, headers={"content-type": "text/plain"}, body=said)

    def stop(self) -> None:
        with self._lock:
            for group in self._running:
                _kill(group)

    def close(self) -> None:
        self.stop()

    def _started(self, command: Sequence[str], subject: str, *, silent: bool) -> subprocess.Popen[bytes]:
        found = shutil.which(command[0], path=_folders(os.environ))
        if found is None:
            raise Unavailable(f"{subject}: it is not on this machine; install it, or put its folder into PATH, which cron keeps short")
        try:
            process = subprocess.Popen(  # noqa: S603  # no shell, and the program is the operator's choice
                [str(Path(found).absolute()), *command[1:]],
                stdin=subprocess.DEVNULL if silent else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=_environment(os.environ),
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "an argument cannot be passed on"
            raise Unavailable(f"{subject}: it cannot be started ({reason}); try it by hand") from error
        with self._lock:
            self._running.add(process.pid)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Nothing of it is left, whatever it started."""
        with self._lock:
            self._running.discard(process.pid)
        _kill(process.pid)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


@dataclass
class _Output:
    """What a program says while it is told something, neither waiting for the other."""

    process: subprocess.Popen[bytes]
    told: bytes
    most_bytes: int
    # Of `time.monotonic`.
    until: float
    said: bytearray = field(default_factory=bytearray)
    complained: bytearray = field(default_factory=bytearray)
    too_much: bool = False

    def read(self) -> bytes | None:
        """Everything until the end, or until it is too much; None when the time was over first."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ, self.said)
            waiting.register(self.process.stderr, selectors.EVENT_READ, self.complained)
            if self.process.stdin is not None:
                os.set_blocking(self.process.stdin.fileno(), False)
                waiting.register(self.process.stdin, selectors.EVENT_WRITE)
            while len(waiting.get_map()) and not self.too_much:
                if time.monotonic() >= self.until:
                    return None
                ready = waiting.select(_LOOK)
                for key, _ in ready:
                    self._pass(waiting, key)
                if not ready and self.process.poll() is not None:
                    # What its children would still say is not its answer.
                    _kill(self.process.pid)
        while not self.too_much and self.process.poll() is None:
            # It has closed its output and works on.
            if time.monotonic() >= self.until:
                return None
            time.sleep(_LOOK / 10)
        return bytes(self.said)

    def _pass(self, waiting: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        stream: IO[bytes] = key.fileobj  # type: ignore[assignment]  # only the three streams are registered
        if stream is self.process.stdin:
            self._tell(waiting, stream)
            return
        piece = os.read(stream.fileno(), _STEP)
        if not piece:
            waiting.unregister(stream)
        elif key.data is self.said:
            self.said += piece
            self.too_much = len(self.said) > self.most_bytes
        else:
            self.complained += piece[: _COMPLAINT_BYTES - len(self.complained)]

    def _tell(self, waiting: selectors.BaseSelector, stream: IO[bytes]) -> None:
        try:
            self.told = self.told[os.write(stream.fileno(), self.told[:_STEP]) :]
        except BrokenPipeError:
            # It does not want to know.
            self.told = b""
        if not self.told:
            waiting.unregister(stream)
            stream.close()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What is passed on is named, so that a secret is left behind under whatever name it stands there."""
    return {name: ours[name] for name in _PASSED_ON if name in ours}


def _folders(ours: Mapping[str, str]) -> str:
    """PATH without what is found only from the folder in which we were started."""
    return os.pathsep.join(one for one in ours.get("PATH", os.defpath).split(os.pathsep) if Path(one).is_absolute())


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _complaint(status: int, said: bytes) -> str:
    """How it ended, with the first line of what it complained about and nothing more of it."""
    lines = (line.strip() for line in said.decode("utf-8", "replace").splitlines())
    first = "".join(letter if letter.isprintable() else "?" for letter in next(filter(None, lines), ""))[:_LONGEST_LINE]
    how = f"it was ended by signal {-status}" if status < 0 else f"it ended with status {status}"
    return f"{how}" + (f" ({first})" if first else "") + "; run it by hand to see the rest"
