"""What holds for every test: random examples are the same at each run, and no test is timed.

A run is red because something was changed, and not because a machine was busy or a new example was drawn. `make explore` draws new ones.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Files that take a minute or more. They begin first, so that no core waits for one of them at the end.
LONGEST = (
    "test_killed_send.py",
    "test_injected.py",
    "test_killed.py",
    "test_mailbox_killed.py",
    "test_histories.py",
    "test_mail_browser.py",
)

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("AGGREGATOR_EXAMPLES", "repeatable"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order is else as it was drawn."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
