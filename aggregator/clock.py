"""The time. Nothing else in the program asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present instant, aware, UTC, whole microseconds."""
    return datetime.now(UTC)
