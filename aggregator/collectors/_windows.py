"""Positions in a search that shows its newest thousand and no more: a page is asked for by the time it begins at, and not by its number.

The next page begins at the time of the oldest row of the last one, that time included, so that what was published in the same second is
not lost, and what arrives meanwhile pushes nothing away. Only where a whole page is of one second are its further pages asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.collectors._json import LAST_YEAR
from aggregator.errors import Unreadable


@dataclass(frozen=True, kw_only=True)
class Window:
    """Where a page begins."""

    # Nothing newer is wanted, whole seconds, UTC; None: from the newest on.
    until: datetime | None = None
    # Of the pages that begin there, from 0.
    number: int = 0

    @classmethod
    def at(cls, position: str, doing: str) -> Window:
        """The window that `after` wrote; the newest for "".

        Raises:
            Unreadable: it is none.
        """
        if not position:
            return cls()
        seconds, _, number = position.partition("/")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12 and (not number or (number.isascii() and number.isdigit()))):
            raise Unreadable(f"{doing}: expected a position in time, got {position[:40]!r}")
        until = datetime.fromtimestamp(int(seconds), UTC)
        if until.year > LAST_YEAR:
            raise Unreadable(f"{doing}: expected a position in time, got {position[:40]!r}")
        return cls(until=until, number=int(number or 0))

    def after(self, times: Sequence[datetime], *, most: int, doing: str) -> tuple[str, tuple[str, ...]]:
        """Position of the page that follows a full one, and a remark where something between cannot be asked for.

        Args:
            times: of the rows of the page, as far as they have one.
            most: pages that can be asked for from one beginning.

        Raises:
            Unreadable: the page is not what was asked for, so that going on would be going astray.
        """
        if not times:
            raise Unreadable(f"{doing}: expected rows with times")
        if self.until is not None and int(max(times).timestamp()) > int(self.until.timestamp()):
            raise Unreadable(f"{doing}: asked for what is older, got what is newer")
        oldest = int(min(times).timestamp())
        if self.until is None or oldest < int(self.until.timestamp()):
            return str(oldest), ()
        if self.number + 1 < most:
            return f"{oldest}/{self.number + 1}", ()
        return str(oldest - 1), (f"more came in one second ({self.until.isoformat()}) than can be asked for: the rest is missing",)
