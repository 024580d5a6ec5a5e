"""What holds for every test: random examples are the same at each run, and no test is timed.

A run is red because something was changed, and not because a machine was busy or a new example was drawn. `make explore` draws new ones.
At its end a run says once why tests were skipped, and names what failed last of all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings

from aggregator.text import secret_address

# Files that take a minute or more. They begin first, so that no core waits for one of them at the end.
LONGEST = (
    "test_killed_send.py",
    "test_bluesky.py",
    "test_key_canaries.py",
    "test_mailbox_killed.py",
    "test_digest.py",
    "test_commands.py",
    "test_another_platform.py",
    "test_killed.py",
    "test_injected.py",
    "test_by_mail_alone.py",
    "test_digest_canaries.py",
    "test_histories.py",
    "test_mail_browser.py",
)

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("AGGREGATOR_EXAMPLES", "repeatable"))


@pytest.fixture(autouse=True)
def kept_addresses_are_forgotten() -> Iterator[None]:
    """A configuration that a test reads in this process keeps secret addresses for its own length, and not for the next test."""
    secret_address._KEPT.clear()
    yield
    secret_address._KEPT.clear()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for a process, a browser or a time-out."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order is else as it was drawn."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """A line for each reason to skip, with how many tests it concerns; then a line for each test that failed."""
    reasons = Counter(_reason(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")
    for report in (*terminalreporter.stats.get("failed", ()), *terminalreporter.stats.get("error", ())):
        terminalreporter.write_line(f"failed: {report.nodeid}")


def _reason(told: object) -> str:
    return str(told[2]).removeprefix("Skipped: ") if isinstance(told, tuple) else str(told)
