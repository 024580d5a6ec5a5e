"""A run that is killed at any moment: the next one ends with the same rows as an undisturbed one.

Recorded replies of a paged forum, a paged hashtag and three feeds. A process is killed before and after every commit, and at 50 moments
spread over its length; then the program is run again.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.exchanges import Exchange, cases
from tests.support.har import write_har
from tests.support.killing import Moment, killed_after, killed_at_commit, undisturbed
from tests.support.steward import Steward

PLATFORMS = {"discourse": "paging", "mastodon": "paging", "feed": "rss", "medium": "tag", "youtube": "channel"}
QUERIES = (
    "SELECT source, native_id, content_hash, subject, anchor FROM mention ORDER BY source, native_id",
    "SELECT anchor, chosen FROM story ORDER BY anchor",
    "SELECT key, href FROM link ORDER BY key",
)


def exchanges() -> Iterator[Exchange]:
    for platform, name in PLATFORMS.items():
        yield from next(case for case in cases(platform) if case.name == name).exchanges


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_har(tmp_path_factory.mktemp("recorded") / "all.har", exchanges())


def configured(folder: Path) -> Path:
    lines = []
    for platform, name in PLATFORMS.items():
        case = next(one for one in cases(platform) if one.name == name)
        options = "".join(f", {key}: '{value}'" for key, value in case.options.items())
        lines.append(f"  - {{platform: {platform}, takes: everything{options}}}")
    Steward(folder=folder).configures("site: {title: K}\ntopics: {t: {any_of: [microsolidarity]}}\nsources:\n" + "\n".join(lines) + "\n")
    return folder / "sources.yaml"


def command(folder: Path, recording: Path) -> Sequence[str | Path]:
    return [sys.executable, "-m", "aggregator", "run", "-q", "--config", folder / "sources.yaml", "--replay", recording]


def rows(folder: Path) -> list[list[Any]]:
    store = sqlite3.connect(folder / "state" / "aggregator.db")
    found = [store.execute(query).fetchall() for query in QUERIES]
    store.close()
    return found


def page(folder: Path) -> bytes:
    return (folder / "output" / "discussing.md").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, recording: Path) -> tuple[list[list[Any]], bytes, int, float]:
    """Rows, page, commits and seconds of an undisturbed run."""
    folder = tmp_path_factory.mktemp("undisturbed")
    configured(folder)
    began = time.monotonic()
    ended = undisturbed(command(folder, recording), folder=folder / "preload")
    assert not ended.killed
    assert ended.commits > 10
    return rows(folder), page(folder), ended.commits, time.monotonic() - began


def side_by_side(kill: Callable[[Path, int], None], count: int, base: Path, recording: Path) -> list[tuple[int, list[list[Any]], bytes]]:
    """Kill and run again, `count` times, two at a time."""

    def once(number: int) -> tuple[int, list[list[Any]], bytes]:
        folder = base / str(number)
        folder.mkdir()
        configured(folder)
        kill(folder, number)
        assert not undisturbed(command(folder, recording), folder=folder / "again").killed
        return number, rows(folder), page(folder)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(once, range(count)))


def test_killed_before_or_after_any_commit(tmp_path: Path, recording: Path, whole: tuple[list[list[Any]], bytes, int, float]) -> None:
    wanted, text, commits, _ = whole

    def kill(folder: Path, number: int) -> None:
        moment = (Moment.BEFORE, Moment.AFTER)[number % 2]
        assert killed_at_commit(command(folder, recording), number // 2 + 1, moment, folder=folder / "preload").killed

    for number, found, shown in side_by_side(kill, 2 * commits, tmp_path, recording):
        assert (found, shown) == (wanted, text), f"killed at commit {number // 2 + 1}"


def test_killed_at_50_moments(tmp_path: Path, recording: Path, whole: tuple[list[list[Any]], bytes, int, float]) -> None:
    wanted, text, _, seconds = whole
    luck = random.Random(20261122)
    moments = [luck.uniform(0.2, 1.2) * seconds for _ in range(50)]

    def kill(folder: Path, number: int) -> None:
        killed_after(command(folder, recording), moments[number])

    for number, found, shown in side_by_side(kill, 50, tmp_path, recording):
        assert (found, shown) == (wanted, text), f"killed after {moments[number]:.2f} s"
