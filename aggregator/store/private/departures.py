"""Who is gone, in a file beside private.db that is only ever appended to: `state/departed.txt`, mode 0600, ids and no address.

It outlives private.db. Who puts an older private.db back has subscribers in it who have left since, and addresses that were erased; they
are taken out again when it is opened. A line is on the disk before the transaction is committed that it is about, and each transaction
writes down how many lines it knows, so that an older database knows fewer than there are. Where the process dies between the two, the line
says more than the rows, and the rows follow at the next opening: its reader had asked for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from aggregator.errors import StoreError

NAME = "departed.txt"


class Departure(StrEnum):
    """How somebody went."""

    LEFT = "l"
    ERASED = "e"
    HARD = "h"
    SOFT = "s"
    COMPLAINT = "c"


# An id, a space, the way, the end of the line.
_LINE = 19
_WHOLE = re.compile("[a-z2-7]{16} [lehsc]")


class Departures:
    """The file. Whoever writes holds the database's write lock, so that lines are in the order of the transactions."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def beside(cls, database: Path) -> Departures:
        """The file of a database."""
        return cls(database.with_name(NAME))

    def count(self) -> int:
        """How many lines there are; one that a power cut tore is none."""
        try:
            return self._path.stat().st_size // _LINE
        except FileNotFoundError:
            return 0

    def since(self, count: int) -> tuple[tuple[str, Departure], ...]:
        """Who went after so many others: id and way, the earliest first."""
        with _told(self._path):
            text = self._path.read_bytes()[count * _LINE : self.count() * _LINE].decode("ascii", "replace")
        return tuple((line[:16], Departure(line[17:])) for line in text.splitlines() if _WHOLE.fullmatch(line))

    def add(self, id: str, way: Departure) -> int:
        """Write a line, onto the disk; gives how many there are then."""
        with _told(self._path):
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                end = os.fstat(file).st_size // _LINE * _LINE
                os.pwrite(file, f"{id} {way}\n".encode(), end)
                os.fsync(file)
            finally:
                os.close(file)
        return end // _LINE + 1


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be used ({error.strerror}); make sure that this user may write there, and that the disk has room."
        ) from error
