"""What a steward does: a folder with a sources.yaml, and the program run in it as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.ready import run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Steward:
    """Works in one folder."""

    folder: Path

    def configures(self, text: str) -> None:
        (self.folder / "sources.yaml").write_text(text, encoding="utf-8")

    def runs(self, *words: str | Path, given: str = "", environ: Mapping[str, str] | None = None) -> Said:
        """The program with these words on the command line."""
        whole = {**self.environ(), **(environ or {})}
        if "PYTHONPATH" not in (environ or {}):
            ready = run([*map(str, words)], folder=self.folder, environ=whole, given=given)
            return Said(code=ready.code, out=ready.out, err=ready.err)
        # An interpreter that begins by reading what a test planted for it.
        ended = subprocess.run(
            [sys.executable, "-m", "aggregator", *map(str, words)],
            cwd=self.folder,
            input=given,
            capture_output=True,
            encoding="utf-8",
            env=whole,
            timeout=120,
            check=False,
        )
        return Said(code=ended.returncode, out=ended.stdout, err=ended.stderr)

    def environ(self) -> dict[str, str]:
        """The environment of this process without secrets and proxies."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().endswith(("_PROXY", "_KEY", "_PASSWORD"))}
        return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "TZ": "UTC"}

    def page(self, name: str = "index.html") -> str:
        return (self.folder / "output" / name).read_text(encoding="utf-8")

    def stories(self) -> list[dict[str, Any]]:
        return list(json.loads(self.page("stories.json"))["stories"])

    def output(self) -> dict[str, bytes]:
        """Every published file by its path."""
        folder = self.folder / "output"
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
