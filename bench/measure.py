"""Times a command as a whole process, by the operating system's own accounting."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a process took."""

    wall_seconds: float
    cpu_seconds: float
    # Largest resident size.
    peak_megabytes: float
    output: str


def run(command: Sequence[str | Path], *, folder: Path, okay: Sequence[int] = (0,)) -> Cost:
    """Run to the end; the cost of this process alone."""
    began = time.perf_counter()
    with (folder / "bench.out").open("w+b") as out:
        process = subprocess.Popen([str(word) for word in command], cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        out.seek(0)
        text = out.read().decode(errors="replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in okay:
        raise SystemExit(f"{command} ended with {process.returncode}:\n{text[-2000:]}")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Cost(wall_seconds=wall, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_megabytes=usage.ru_maxrss / scale, output=text)


def median(costs: Sequence[Cost]) -> Cost:
    """The one with the middle wall time."""
    return sorted(costs, key=lambda cost: cost.wall_seconds)[len(costs) // 2]
