"""Whose turn it is: a run waits for the page that a back-fill has in hand, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from aggregator.app import App

# Name under which the store remembers when a back-fill that is under way began with its page.
_READING_BACK = "reading back"
# A page takes minutes at most: after this long the back-fill was killed.
_BELIEVED = timedelta(minutes=10)
_LOOK_SECONDS = 0.1
_MOST_LOOKS = 1200


@contextmanager
def run_turn(app: App) -> Iterator[bool]:
    """The run lock: True inside when it is ours, False when another run holds it. A back-fill lets it go after each page."""
    for _ in range(_MOST_LOOKS):
        with app.store.exclusive() as held:
            if held or not _is_read_back(app) or app.stop.is_set():
                yield held
                return
        app.stop.wait(_LOOK_SECONDS)
    yield False


def say_reading_back(app: App) -> None:
    """Let the runs know that whoever holds the lock lets it go after the page in hand."""
    app.store.remember(_READING_BACK, app.clock().isoformat())


def say_read_back(app: App) -> None:
    """Let the runs know that no back-fill is under way."""
    app.store.remember(_READING_BACK, "")


def _is_read_back(app: App) -> bool:
    said = app.store.note(_READING_BACK)
    return bool(said) and abs(app.clock() - datetime.fromisoformat(said or "")) < _BELIEVED
