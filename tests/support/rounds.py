"""A command that is killed at each moment at which something becomes visible outside of the process: commits, IMAP commands, files.

    with Rounds(environment) as rounds:
        ended = rounds.run(folder, "mailbox", at=17)

A process loads the program once and makes a child by fork for each run, which takes a tenth of the time of a new interpreter. The child is
told nothing: what commits, what speaks to the server and what renames a file is wrapped, counts, and sends SIGKILL to itself. No handler
runs, no buffer is flushed.

As a process it reads a line of JSON for each run, and answers with one: python -m tests.support.rounds
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    # Exit code; negative: the signal.
    code: int
    # Moments that it came to.
    moments: int
    output: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Rounds:
    """Runs commands, one at a time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(_ROOT), "TZ": "UTC"}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Rounds:
        command = [sys.executable, "-m", "tests.support.rounds"]
        self._process = subprocess.Popen(command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process
        self._process.communicate(timeout=60)

    def run(self, folder: Path, *words: str, at: int = 0) -> Ended:
        """Run `aggregator WORDS` in a folder and kill it at its `at`-th moment, from 1; 0: never."""
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps({"folder": str(folder), "words": words, "at": at}), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))


class _Moments:
    """Counts, and kills this process at one of them."""

    def __init__(self, at: int, count: int) -> None:
        self._at, self._count, self._seen = at, count, 0

    def __call__(self) -> None:
        self._seen += 1
        os.pwrite(self._count, str(self._seen).encode(), 0)
        if self._seen == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, owner: Any, name: str) -> None:
        """A moment before each call. Until the next one nothing can be seen from outside but what the call did."""
        original = getattr(owner, name)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            self()
            return original(*arguments, **named)

        setattr(owner, name, wrapped)


def _child(order: Mapping[str, Any], count: int, said: int) -> None:
    import imaplib

    from sqlalchemy.engine.default import DefaultDialect

    moment = _Moments(order["at"], count)
    moment.before(DefaultDialect, "do_commit")
    moment.before(imaplib.IMAP4, "_command")
    # The command was sent: the server acts, and nobody hears of it.
    moment.before(imaplib.IMAP4, "_command_complete")
    moment.before(Path, "replace")
    os.chdir(order["folder"])
    os.dup2(said, 1)
    os.dup2(said, 2)
    from aggregator.cli import main

    code = main(order["words"])
    moment()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(order: Mapping[str, Any]) -> Ended:
    count, said = os.memfd_create("count"), os.memfd_create("said")
    process = os.fork()
    if process == 0:
        try:
            _child(order, count, said)
        finally:
            os._exit(99)
    _, status = os.waitpid(process, 0)
    moments, output = os.pread(count, 20, 0), os.pread(said, 1 << 20, 0)
    os.close(count)
    os.close(said)
    return Ended(code=os.waitstatus_to_exitcode(status), moments=int(moments or 0), output=output.decode())


def _serve() -> None:
    for name in ("aggregator.commands.mailbox", "aggregator.store.engine", "aggregator.store.private.opening", "aggregator.config"):
        importlib.import_module(name)
    for line in sys.stdin:
        ended = _run(json.loads(line))
        print(json.dumps({"code": ended.code, "moments": ended.moments, "output": ended.output}), flush=True)


if __name__ == "__main__":
    _serve()
