"""Writing what is published: whole files or nothing, and only what differs."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from aggregator.errors import AggregatorError


def read(path: Path) -> bytes | None:
    """A file's bytes; None when there is none.

    Raises:
        AggregatorError: there is one, and it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(path, "read", error) from error


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def listing(folder: Path) -> str:
    """A digest of the names, sizes and times of a folder's files, "" when there is no folder; no file is opened."""
    told = []
    try:
        with os.scandir(folder) as found:
            for one in found:
                stat = one.stat(follow_symlinks=False)
                told.append((one.name, stat.st_size, stat.st_mtime_ns))
    except OSError:
        return ""
    told.sort()
    return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()


def put(path: Path, content: bytes) -> None:
    """Replace a file in one step: a reader sees the old one or the new one, whole.

    It is not forced to the disk: every build compares what lies there, so that a power cut costs one build.

    Raises:
        AggregatorError: the folder cannot be written to.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        try:
            mode = path.stat().st_mode & 0o777
        except FileNotFoundError:
            mode = None
        _write(beside, content)
        if mode is not None:
            beside.chmod(mode)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True) if beside.parent.is_dir() and beside.is_file() else None
        raise _refused(path, "written", error) from error


def lay(folder: Path, contents: Iterable[tuple[str, bytes]], *, beside: Path) -> list[str]:
    """Write a folder of files where none lies, and let it appear in one step; gives their names. Half the work of a `put` for each.

    Args:
        beside: where it stands meanwhile, on the same disk; what a process that was killed left there goes.

    Raises:
        AggregatorError: the folder cannot be written to.
    """
    names: list[str] = []
    try:
        if beside.is_dir():
            shutil.rmtree(beside)
        for name, content in contents:
            if not names:
                beside.mkdir(parents=True)
            _lay(f"{beside}/{name}", content)
            names.append(name)
        if names:
            beside.replace(folder)
    except OSError as error:
        raise _refused(folder, "written", error) from error
    return names


def names(folder: Path) -> frozenset[str]:
    """What lies in a folder; nothing when there is none."""
    return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()


def _lay(path: str, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        written = os.write(file, content)
        while written < len(content):
            written += os.write(file, content[written:])
    finally:
        os.close(file)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def remove(path: Path) -> None:
    """Take a file away, and its folder when nothing else is in it.

    Raises:
        AggregatorError: it cannot be taken away.
    """
    try:
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    except OSError as error:
        raise _refused(path, "removed", error) from error


def _refused(path: Path, done: str, error: OSError) -> AggregatorError:
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return AggregatorError(f"{path} cannot be {done} ({reason}): free some space and run again")
    return AggregatorError(
        f"{path} cannot be {done} ({reason}): let the user that runs aggregator write to {path.parent}, "
        "or name another folder in sources.yaml"
    )
