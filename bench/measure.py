"""Times a command as a whole process, by the operating system's own accounting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a process took."""

    wall_seconds: float
    cpu_seconds: float
    # Largest resident size.
    peak_megabytes: float
    output: str


class Failed(Exception):
    """A measured command did not end as it should; its figures would mean nothing."""


def run(command: Sequence[str | Path], *, folder: Path, okay: Sequence[int] = (0,)) -> Cost:
    """Run to the end; the cost of this process alone.

    Raises:
        Failed: its exit code is none of `okay`; the message ends with what it said last.
    """
    out = folder / "bench.out"
    # An operator's Python keeps what it compiled; some shells of developers forbid it, and every start would compile the program anew.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    launcher = [sys.executable, "-I", "-S", LAUNCH, out, *command]
    said = subprocess.run(launcher, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    wall, cpu, peak, code = json.loads(said)
    text = out.read_text(encoding="utf-8", errors="replace")
    if code not in okay:
        raise Failed(f"{command} ended with {code}:\n{text[-2000:]}")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Cost(wall_seconds=wall, cpu_seconds=cpu, peak_megabytes=peak / scale, output=text)


def median(costs: Sequence[Cost]) -> Cost:
    """The one with the middle wall time."""
    return sorted(costs, key=lambda cost: cost.wall_seconds)[len(costs) // 2]
