"""The program as a process of its own, many times in a row, without importing it anew each time.

`run` gives a command to a process that has imported every module and holds no thread, no file and no state. It forks a child, which has its
own folder, environment, standard streams and process id, does what `python -m aggregator` does, and ends as every process ends, or by a
real SIGKILL. Starting an interpreter for each of a thousand commands took half of the time of all tests.

As a program it reads a JSON object a line and prints two: {"pid": …} when the child is there, {"status": …} when it has ended.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    # Exit code; negative: the signal.
    code: int
    out: str
    err: str


class _Ready:
    """One process that forks; for one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.ready"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "TZ": "UTC"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._rest = b""

    def run(
        self, words: Sequence[str], *, folder: Path, environ: Mapping[str, str], given: str, first: str, seconds: float, patient: bool
    ) -> Ended:
        with tempfile.TemporaryDirectory() as streams:
            paths = [Path(streams) / name for name in ("in", "out", "err")]
            paths[0].write_text(given, encoding="utf-8")
            command = {"words": list(words), "folder": str(folder), "environ": dict(environ), "streams": [*map(str, paths)], "first": first}
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            pid, until = int(self._read(60.0)["pid"]), time.monotonic() + seconds
            ended = self._read(until - time.monotonic(), late=True)
            if not ended:
                os.killpg(pid, signal.SIGKILL)
                ended = self._read(60.0)
                assert not patient, f"aggregator {' '.join(words)} took longer than {seconds:g} s"
            out, err = (path.read_text(encoding="utf-8", errors="replace") for path in paths[1:])
            return Ended(code=os.waitstatus_to_exitcode(int(ended["status"])), out=out, err=err)

    def ends(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def _read(self, seconds: float, *, late: bool = False) -> dict[str, Any]:
        """The next line; {} when none comes in time and that may be."""
        assert self._process.stdout is not None
        until = time.monotonic() + seconds
        while b"\n" not in self._rest:
            left = max(0.0, until - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                assert late, "the process that forks is stuck"
                return {}
            more = os.read(self._process.stdout.fileno(), 65536)
            assert more, "the process that forks is gone"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return dict(json.loads(line))


_waiting: list[_Ready] = []
_turn = threading.Lock()


def run(
    words: Sequence[str],
    *,
    folder: Path,
    environ: Mapping[str, str],
    given: str = "",
    first: str = "",
    seconds: float = 120.0,
    patient: bool = True,
) -> Ended:
    """`aggregator WORDS` in a folder.

    Args:
        environ: its whole environment; as an interpreter reads some of it when it starts, not PYTHONPATH.
        given: its standard input.
        first: Python to be executed before.
        seconds: after so long it is killed, with all that it started.
        patient: False: that it is killed then is what is wanted.
    """
    with _turn:
        ready = _waiting.pop() if _waiting else None
    if ready is None:
        ready = _Ready()
        atexit.register(ready.ends)
    ended = ready.run(words, folder=folder, environ=environ, given=given, first=first, seconds=seconds, patient=patient)
    with _turn:
        _waiting.append(ready)
    return ended


def _begins(command: dict[str, Any]) -> int:
    """In the child: the command, from beginning to end; its exit code."""
    os.setsid()
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environ"])
    time.tzset()
    for number, (path, mode) in enumerate(zip(command["streams"], ("r", "w", "w"), strict=True)):
        with Path(path).open(mode) as file:
            os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", closefd=False) for number, mode in enumerate(("r", "w", "w"))
    )  # fmt: skip
    sys.argv = ["aggregator", *command["words"]]
    if command["first"]:
        exec(command["first"], {})
    from aggregator.cli import main

    return main()


def _load() -> None:
    """Import every module before the first fork, so that no child has to."""
    import importlib
    import pkgutil

    import aggregator

    for module in pkgutil.walk_packages(aggregator.__path__, "aggregator."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for late in ("feedparser", "bs4", "atproto", "jinja2.ext", "sqlalchemy.dialects.sqlite", "encodings.idna"):
        importlib.import_module(late)


def main() -> int:
    """Fork a child for each command on standard input."""
    _load()
    told = os.fdopen(os.dup(1), "w", buffering=1)
    asked = os.fdopen(os.dup(0), "r")
    for line in asked:
        command = json.loads(line)
        pid = os.fork()
        if not pid:
            told.close()
            asked.close()
            return _begins(command)
        print(json.dumps({"pid": pid}), file=told)
        print(json.dumps({"status": os.waitpid(pid, 0)[1]}), file=told)
    told.close()
    asked.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
