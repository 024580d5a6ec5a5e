"""Polls of many feeds on a local server, first and steady, beside peers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Cost, run
from bench.server import address

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".venv-bench" / "bin" / "python"


class Feeds:
    """The server, in a process of its own."""

    def __init__(self, count: int, late: float, *, hosts: bool) -> None:
        self._count = count
        self._hosts = hosts
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.server", str(count), str(late)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self._port = int(self._process.stdout.readline())

    def urls(self) -> list[str]:
        places = [
            f"{address(number)}:{self._port}/feed" if self._hosts else f"127.0.0.1:{self._port}/feed/{number}"
            for number in range(self._count)
        ]
        return [f"http://{place}" for place in places]

    def phase(self, number: int) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def serving(count: int, late: float = 0.0, *, hosts: bool = False) -> Iterator[Feeds]:
    """Feeds on loopback for the length of the block; with `hosts` each has an address of its own."""
    feeds = Feeds(count, late, hosts=hosts)
    try:
        yield feeds
    finally:
        feeds.close()


def ours(feeds: Feeds) -> tuple[Cost, Cost]:
    """The whole program: first poll, then a steady one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sources.yaml").write_text(_configuration(feeds.urls()), encoding="utf-8")
        command = [sys.executable, "-m", "aggregator", "poll", "-q"]
        return _twice(feeds, command, folder)


def peer(feeds: Feeds, script: str) -> tuple[Cost, Cost] | None:
    """A peer's script in bench/peers/, in its own environment; None where that is not installed."""
    if not PEERS.exists():
        return None
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "urls.txt").write_text("\n".join(feeds.urls()), encoding="utf-8")
        return _twice(feeds, [PEERS, ROOT / "bench" / "peers" / script], folder)


def _twice(feeds: Feeds, command: Sequence[str | Path], folder: Path) -> tuple[Cost, Cost]:
    feeds.phase(1)
    first = run(command, folder=folder)
    feeds.phase(2)
    return first, run(command, folder=folder)


def _configuration(urls: Sequence[str]) -> str:
    lines = ["site: {title: Bench}", "topics: {microsolidarity: {any_of: [microsolidarity]}}"]
    lines += ["fetch: {contact: 'https://example.org/', allow_networks: [127.0.0.0/8], width: 32}", "sources:"]
    return "\n".join([*lines, *(f"  - {{platform: feed, url: '{url}'}}" for url in urls)]) + "\n"
