"""A server of its own for each test, and one that a module's tests only look at."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.reception import Reception, reception


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Reception]:
    with reception(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reception]:
    with reception(tmp_path_factory.mktemp("window"), open_to_strangers=True) as running:
        yield running


class Kept(logging.Handler):
    """Keeps every line, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: list[str] = []
        self._came = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        with self._came:
            self._lines.append(self.format(record))
            self._came.notify_all()

    def waits_for(self, count: int) -> list[str]:
        """The lines, once there are so many: a request is told of when its answer has gone out."""
        with self._came:
            assert self._came.wait_for(lambda: len(self._lines) >= count, timeout=20), self._lines
            return list(self._lines)


@pytest.fixture
def logged() -> Iterator[Kept]:
    """Every line of the program's log, from the least important on."""
    logger, kept = logging.getLogger("aggregator"), Kept()
    before = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    yield kept
    logger.removeHandler(kept)
    logger.setLevel(before)
