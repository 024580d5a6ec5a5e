"""The run lock: one run at a time, and free again at once when the process that holds it dies, however it dies."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from aggregator.errors import StoreError


class RunLock(Protocol):
    """Taken without waiting."""

    def take(self) -> bool:
        """True when it is ours now."""

    def leave(self) -> None:
        """Give it back."""


@contextmanager
def held(lock: RunLock) -> Iterator[bool]:
    """True inside the block when the lock could be taken."""
    taken = lock.take()
    try:
        yield taken
    finally:
        if taken:
            lock.leave()


class FileLock:
    """A lock on an open file, which the operating system lets go of with the process. The file stays: a lock is not its existence."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._turn = threading.Lock()

    def take(self) -> bool:
        with self._turn:
            if self._handle is not None:
                return False
            try:
                handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise StoreError(f"the lock {self._path} cannot be opened; give this user the right to write to its folder.") from error
            if not _lock(handle):
                os.close(handle)
                return False
            self._handle = handle
            return True

    def leave(self) -> None:
        with self._turn:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


class ThreadLock:
    """A lock for a database that no other process can see."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def take(self) -> bool:
        return self._lock.acquire(blocking=False)

    def leave(self) -> None:
        self._lock.release()


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        # flock belongs to the open file, so that a second store in the same process is refused too (lockf would let it in).
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
