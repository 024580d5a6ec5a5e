"""Sends the digest of a folder in a process of its own, many times in a row, without starting an interpreter each time.

`Sender` starts one process that has imported everything and has no thread. For each send it forks a child, which opens the folder's
databases as `aggregator digest send` does, and ends, or is killed: by itself at a commit or at a line of the journal, or from outside at
any moment. SIGKILL is real: no handler runs and nothing is flushed. The clock of the child stands still where the test sets it.

As a program it reads a JSON object a line and prints one or two: {"pid": …} when the child is there, {"status": …} when it has ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
# In the folder: what a child that ended by itself has to say.
RESULT = "result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended."""

    # By SIGKILL.
    killed: bool
    # The exit code that the command would have; None: it was killed.
    code: int | None = None
    # Moments of each kind that it came to.
    moments: dict[str, int]
    # What was said of each edition.
    said: tuple[str, ...] = ()


class Sender:
    """The process; use it as a context manager."""

    def __enter__(self) -> Sender:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.sender"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TZ": "UTC"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def begins(self, folder: Path, at: datetime, *, kill: str = "", number: int = 0) -> int:
        """Begin a send; the child's process id. `ends` has to follow.

        Args:
            kill: where it kills itself, at the `number`-th time, from 1: "before commit", "after commit", "before line" or "after line".
        """
        (folder / RESULT).unlink(missing_ok=True)
        self._folder = folder
        command = {"folder": str(folder), "at": at.isoformat(), "kill": kill, "number": number}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        return int(self._read()["pid"])

    def ends(self) -> Ended:
        """Wait until the child has ended."""
        status = int(self._read()["status"])
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL, f"the sender died of signal {os.WTERMSIG(status)}"
            return Ended(killed=True, moments={})
        assert os.WEXITSTATUS(status) == 0, f"the sender failed with {os.WEXITSTATUS(status)}"
        result = json.loads((self._folder / RESULT).read_text(encoding="utf-8"))
        return Ended(killed=False, code=result["code"], moments=result["moments"], said=tuple(result["said"]))

    def runs(self, folder: Path, at: datetime, *, kill: str = "", number: int = 0) -> Ended:
        """A send from beginning to end."""
        self.begins(folder, at, kill=kill, number=number)
        return self.ends()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the sender is gone"
        return dict(json.loads(line))


class _Counting:
    """Counts moments, and kills this process at one of them."""

    def __init__(self, kill: str, number: int) -> None:
        self._kill, self._number = kill, number
        self._turn = threading.RLock()
        self.seen = {"commit": 0, "line": 0}

    def around(self, kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            # One at a time, so that the n-th of a process with threads is one and not several.
            with self._turn:
                self.seen[kind] += 1
                mine = self.seen[kind] == self._number
                if mine and self._kill == f"before {kind}":
                    os.kill(os.getpid(), signal.SIGKILL)
                done = work(*arguments, **named)
                if mine and self._kill == f"after {kind}":
                    os.kill(os.getpid(), signal.SIGKILL)
                return done

        return counted


def _sent(folder: Path, at: datetime, kill: str, number: int) -> None:
    """In the child: one send, and its result in the folder."""
    from sqlalchemy.engine.default import DefaultDialect

    from aggregator.app import build
    from aggregator.config import load
    from aggregator.digest import deliver
    from aggregator.digest.journal import Journal
    from aggregator.run.digesting import send_due

    # Small batches: more commits to be killed at.
    deliver.FIRST = deliver._LARGEST = 20  # as a slower server makes them
    counting = _Counting(kill, number)
    DefaultDialect.do_commit = counting.around("commit", DefaultDialect.do_commit)  # type: ignore[method-assign]  # wrapped
    Journal._append = counting.around("line", Journal._append)  # type: ignore[method-assign]  # wrapped
    os.chdir(folder)
    with build(load(Path("sources.yaml")), clock=lambda: at) as app:
        sent = send_due(app, agree=lambda question: True, ask=lambda question: None, online=False)
    said = [line for one in sent.editions for line in one.said]
    result = {"code": sent.exit_code, "moments": counting.seen, "said": [*sent.remarks, *said]}
    Path(RESULT).write_text(json.dumps(result), encoding="utf-8")


def main() -> None:
    """Fork a child for each command on standard input."""
    import aggregator.app
    import aggregator.digest.mailers.smtp
    import aggregator.fetch.recording
    import aggregator.run.digesting
    import aggregator.run.publishing
    import aggregator.store.private.opening  # noqa: F401  # imported before the fork, so that no child has to

    for line in sys.stdin:
        command = json.loads(line)
        pid = os.fork()
        if not pid:
            try:
                _sent(Path(command["folder"]), datetime.fromisoformat(command["at"]), command["kill"], command["number"])
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(json.dumps({"pid": pid}), flush=True)
        print(json.dumps({"status": os.waitpid(pid, 0)[1]}), flush=True)


if __name__ == "__main__":
    main()
