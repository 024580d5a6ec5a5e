"""Killing a process at a commit boundary, or at any moment, for tests that look at what the next run makes of it.

The process is told nothing: a `sitecustomize` module on its PYTHONPATH, or the same code right before the program begins, wraps the one
function through which SQLAlchemy commits, counts, and sends SIGKILL to itself. No handler runs, no buffer is flushed and no lock is given
back, as when the machine's memory runs out.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.support.ready import run

_PRELOAD = """\
import os, signal, threading
from sqlalchemy.engine.default import DefaultDialect

_at, _moment, _count = int(os.environ["KILL_AT"]), os.environ["KILL_MOMENT"], os.environ["KILL_COUNT"]
_commit, _turn, _seen = DefaultDialect.do_commit, threading.Lock(), 0


def _counted(self, connection):
    global _seen
    # One commit at a time, so that the n-th of a run with many threads is one and not several.
    with _turn:
        _seen += 1
        mine = _seen
        if mine == _at and _moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        _commit(self, connection)
        with open(_count, "w") as file:
            file.write(str(mine))
        if mine == _at and _moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)


DefaultDialect.do_commit = _counted
"""


class Moment(StrEnum):
    """On which side of a commit the process dies."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended."""

    # True: by SIGKILL, ours.
    killed: bool
    # Exit code; negative: the signal.
    code: int
    # Commits that were done.
    commits: int
    output: str
    errors: str


def killed_at_commit(
    command: Sequence[str | Path],
    number: int,
    moment: Moment,
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> Ended:
    """Run `command` and kill it at its `number`-th commit, from 1; it ends by itself when it commits less often.

    Args:
        command: of this interpreter's environment ([sys.executable, "-m", "aggregator", …]), so that SQLAlchemy can be imported.
        folder: an empty one, for the preloaded module and the count.
        environment: added to this process's own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_PRELOAD, encoding="utf-8")
    count = folder / "commits"
    count.unlink(missing_ok=True)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    if is_the_program(command):
        settings = {"KILL_AT": str(number), "KILL_MOMENT": moment.value, "KILL_COUNT": str(count)}
        words = [str(part) for part in command[3:]]
        ready = run(words, folder=folder, environ={**os.environ, **(environment or {}), **settings}, first=_PRELOAD, seconds=timeout)
        return Ended(
            killed=ready.code == -signal.SIGKILL,
            code=ready.code,
            commits=int(count.read_text() or 0) if count.exists() else 0,
            output=ready.out,
            errors=ready.err,
        )
    settings = {"KILL_AT": str(number), "KILL_MOMENT": moment.value, "KILL_COUNT": str(count), "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **(environment or {}), **settings},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ended(
        killed=done.returncode == -signal.SIGKILL,
        code=done.returncode,
        commits=int(count.read_text() or 0) if count.exists() else 0,
        output=done.stdout,
        errors=done.stderr,
    )


def is_the_program(command: Sequence[str | Path]) -> bool:
    """True for [sys.executable, "-m", "aggregator", …], of which a process stands ready."""
    return list(command[:3]) == [sys.executable, "-m", "aggregator"]


def undisturbed(command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Run `command` to its end; `commits` says at how many boundaries it can be killed."""
    return killed_at_commit(command, 0, Moment.BEFORE, folder=folder, environment=environment)


def killed_after(command: Sequence[str | Path], seconds: float, *, environment: Mapping[str, str] | None = None) -> bool:
    """Run `command` and kill it after so long; False when it had ended by itself before. Nothing of it is left running."""
    if is_the_program(command):
        whole = {**os.environ, **(environment or {})}
        ready = run([str(part) for part in command[3:]], folder=Path.cwd(), environ=whole, seconds=seconds, patient=False)
        return ready.code == -signal.SIGKILL
    process = subprocess.Popen(
        [str(part) for part in command],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False
