"""Hands mails over to a folder: each a file that a mail program opens (.eml, RFC 5322). No server is needed, and nothing is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.digest.durable import sync_names, written
from aggregator.digest.mailers import Fate, Line, Mail, Reply
from aggregator.errors import DeliveryError

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


class FolderMailer:
    """A `Mailer` on a folder, which is made with mode 0700 where it is not there; the files have 0600: they hold addresses."""

    width = 1
    per_second = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def line(self) -> Iterator[Line]:
        """A line; nothing is opened before its first mail."""
        yield _FolderLine(self._folder)


class _FolderLine:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hand_over(self, mail: Mail, begin: Callable[[], None]) -> Reply:
        """As `Line.hand_over`: the file appears in one step, whole, and on the disk. The name follows from the Message-ID: a mail that is
        handed over again replaces itself."""
        path = self._folder / name(mail)
        try:
            if _content(path) == mail.content:
                begin()
                return Reply(fate=Fate.ACCEPTED, text=f"it lies there already: {path.name}")
            beside = path.with_name(f".{path.name}.new")
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with written(beside) as file:
                file.write(mail.content)
            begin()
            beside.replace(path)
            # The ledger says "handed over" for good.
            sync_names(self._folder)
        except OSError as error:
            raise DeliveryError(
                f"writing mails to {self._folder}: {error.strerror or error}. Make room there, or a folder that can be written to, "
                "or set digest.folder, and send again."
            ) from error
        return Reply(fate=Fate.ACCEPTED, text=f"written: {path.name}")


def name(mail: Mail) -> str:
    """The file of a mail: the recipient's id, by which it is found, and the Message-ID, of which each edition has another."""
    local = mail.message_id.partition("@")[0]
    return f"{_UNFIT.sub('-', mail.recipient)[:40]}.{_UNFIT.sub('-', local)[:80]}.eml"


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
