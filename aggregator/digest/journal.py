"""The journal of outgoing mail, `state/outbox.jsonl`: what was begun and what came of it, one JSON object a line, only ever appended to.

It outlives private.db: who puts an older private.db back has the mails that were sent since written here, and sends none of them twice.
It holds ids and no address.

    {"outbox":1,"of":…}                       the first line: whose private.db it belongs to
    {"n":7,"frozen":{…},"recipients":…}       an edition, whole, with what was rendered, and for whom
    {"n":8,"batch":"t/weekly/2026-W47",…}     these copies are claimed; until the next numbered line, lines are about them:
    {"begun":"mfzw6ylbmfqwcylb"}                 from here on the mail may arrive although we never hear of it
    {"accepted":"mfzw6ylbmfqwcylb"}              … or refused, later, uncertain
    {"n":9,"resolved":"t/weekly/2026-W47",…}  what was found out about copies in other ways
    {"n":10,"ended":"t/weekly/2026-W47",…}    sent or cancelled; {"n":…,"skipped":{…}} for a quiet period

A numbered line is on the disk (fsync) before anything is done because of it. The transaction in private.db that belongs to it remembers
its number and place as the *mark* (`Ledger.mark`): what is going to be done is in the database first, what was found out is in the
journal first. So a process that dies between the two leaves one of them a line ahead; further behind is only an older copy.

Lines of single mails are given to the kernel and outlive the process; they are put on the disk before the database calls their batch
settled, so that a power cut may take those of one batch, of which all copies are claimed. One process writes at a time: the one that
holds the lock of private.db.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import mmap
import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any, Final

from aggregator.digest.durable import sync_names
from aggregator.digest.mailers import Reply
from aggregator.errors import StoreError
from aggregator.model import DeliveryState, Edition, EditionState, Issued, Rendered
from aggregator.store.private.editions import edition_from_text, edition_to_text

# Its name in the state folder.
FILE: Final = "outbox.jsonl"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Up to which numbered line the database knows the journal."""

    # 0: none is known.
    number: int = 0
    # Byte at which the line begins.
    place: int = 0

    def __str__(self) -> str:
        return f"{self.number}@{self.place}"

    @classmethod
    def read(cls, text: str) -> Mark:
        """From the ledger; "" is the beginning."""
        number, _, place = text.partition("@")
        return cls(number=int(number), place=int(place)) if text else cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that was read."""

    # Byte at which it begins.
    place: int
    # None: about one mail.
    number: int | None
    # The JSON object; empty for a line that is torn or damaged.
    said: Mapping[str, Any]
    # A process did not live to write its end, so that nothing was done because of it.
    torn: bool = False


class Journal:
    """The file, open for appending. Methods that write may be called from any thread."""

    def __init__(self, path: Path, *, salt: bytes, mark: Mark, at: datetime, boot: str | None = None, write: bool = True) -> None:
        """Open it, or make it (mode 0600).

        Args:
            salt: of the private.db it belongs to (`Keys.salt`).
            mark: that database's.
            boot: which start of the machine this is; None: ask the kernel.
            write: False in a dry run: nothing is written, and what would be is forgotten.

        Raises:
            StoreError: it cannot be opened, or it belongs to another private.db; the sentence says what to do.
        """
        self.path = path
        self.boot = boot_id() if boot is None else boot
        self._owner = hashlib.sha256(b"outbox\0" + salt).hexdigest()[:32]
        self._turn = threading.Lock()
        self._write = write
        self._number = mark.number
        self._handle: int | None = None
        self._size = 0
        self._place = mark.place
        # True: it was not there, or was empty, although the database knows of one.
        self.lost = not self._open(mark, at) and mark.number > 0

    def _open(self, mark: Mark, at: datetime) -> bool:
        """Open the file; False when it had to be made."""
        if self._write:
            try:
                self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
                self.path.chmod(0o600)
            except OSError as error:
                raise StoreError(f"{self.path} cannot be opened; make sure that it belongs to this user, then run again.") from error
        self._size = self.path.stat().st_size if self.path.exists() else 0
        if self._size and self._whole():
            self._check()
            self._end_torn()
            return True
        self._append({"outbox": 1, "of": self._owner, "from": mark.number + 1, "made_at": at.isoformat()}, sync=True)
        if self._handle is not None:
            sync_names(self.path.parent)
        return False

    def _whole(self) -> bool:
        """Whether a first line is there; what a process began of it and did not live to end is let go."""
        with self.path.open("rb") as file:
            if file.readline().endswith(b"\n"):
                return True
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
        self._size = 0
        return False

    def _check(self) -> None:
        said = next(self.lines(0)).said
        if said.get("of") == self._owner:
            return
        self.close()
        if "of" not in said:
            raise StoreError(
                f"{self.path} is no journal of outgoing mail: put its last backup in its place, or move it away and run again; "
                "it is then made anew from private.db."
            )
        raise StoreError(
            f"{self.path} belongs to another private.db: put that private.db back beside it, or, if it is lost, move the journal away; "
            "what it says was sent is then not known any more, so look at `aggregator digest status` before anything is sent."
        )

    def _end_torn(self) -> None:
        """Let go of a line that a process began and did not live to end; one that only lacks its end is damaged, and kept as that."""
        if self._handle is None or self._begins_line(self._size):
            return
        for line in tuple(self.lines(self._last_line())):
            if line.torn:
                os.ftruncate(self._handle, line.place)
                self._size = line.place
            else:
                self._size += os.write(self._handle, b"\n")

    def _last_line(self) -> int:
        """Byte at which the last line begins."""
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.rfind(b"\n") + 1

    # -- reading

    def lines(self, place: int) -> Iterator[Line]:
        """Lines from this byte on."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(place)
            for raw in file:
                said = _read(raw)
                number = said.get("n")
                torn = not raw.endswith(b"\n") and b"}" not in raw
                yield Line(place=place, number=number if isinstance(number, int) else None, said=said, torn=torn)
                place += len(raw)

    def after(self, mark: Mark) -> tuple[Line, ...] | None:
        """The line of the mark, unless it was never written, and all that follow; all lines when the mark is older than the journal.

        None: this is not the journal that the mark was made in, or a part of it is missing.
        """
        first = int(next((line.said.get("from", 1) for line in self.lines(0)), mark.number + 1))
        if mark.number < first:
            lines, wanted = tuple(self.lines(0))[1:], first
        elif mark.place > self._size or not self._begins_line(mark.place):
            return None
        else:
            lines, wanted = tuple(self.lines(mark.place)), mark.number
        # The line of the mark may have been torn, and is then as if it had not been written.
        lines = tuple(line for line in dropwhile(lambda line: not line.said, lines) if not line.torn)
        numbers = [line.number for line in lines if line.number is not None]
        if numbers != list(range(wanted, wanted + len(numbers))) or (lines and lines[0].number is None):
            return None
        self._number = wanted + len(numbers) - 1
        self._place = max((line.place for line in lines if line.number is not None), default=mark.place)
        return lines

    def _begins_line(self, place: int) -> bool:
        with self.path.open("rb") as file:
            file.seek(place - 1)
            return file.read(1) == b"\n"

    def renew(self, mark: Mark, at: datetime) -> Path:
        """Put the file aside and begin another; where the old one is."""
        aside = self.path.with_name(f"{self.path.name}.{at:%Y%m%dT%H%M%S}")
        if self._write:
            self.close()
            self.path.rename(aside)
            self._open(mark, at)
        self._number = mark.number
        return aside

    # -- writing

    def mark(self) -> Mark:
        """Of the numbered line that will be written next."""
        with self._turn:
            return Mark(number=self._number + 1, place=self._size)

    def last(self) -> Mark:
        """Of the numbered line that was written or read last."""
        with self._turn:
            return Mark(number=self._number, place=self._place)

    def frozen(self, issued: Issued, recipients: Iterable[str], told: Iterable[str], *, domain: str, at: datetime) -> None:
        """An edition is frozen.

        Args:
            issued: with what was rendered, unless that is let go.
            recipients: everybody for whom there is a row.
            told: names that it accounts for, and that no edition before did.
            domain: of the Message-IDs.
        """
        self._numbered(
            {
                "frozen": json.loads(edition_to_text(issued.edition)),
                "hash": issued.hash,
                "report": issued.report,
                "rendered": _packed(issued.rendered) if issued.rendered else None,
                "recipients": " ".join(sorted(recipients)),
                "told": sorted(told),
                "domain": domain,
                "at": at.isoformat(),
            }
        )

    def skipped(self, edition: Edition, at: datetime) -> None:
        """A quiet period is skipped."""
        self._numbered({"skipped": json.loads(edition_to_text(edition)), "at": at.isoformat()})

    def batch(self, edition: str, recipients: Iterable[str], at: datetime) -> None:
        """These copies are claimed, and will be handed over."""
        self._numbered({"batch": edition, "boot": self.boot, "at": at.isoformat(), "recipients": " ".join(recipients)})

    def resolved(self, edition: str, states: Mapping[str, DeliveryState], at: datetime) -> None:
        """What is known by now of copies, by recipient."""
        found = {state.value: [one for one, its in sorted(states.items()) if its is state] for state in DeliveryState}
        self._numbered({"resolved": edition, "at": at.isoformat(), **{name: " ".join(ids) for name, ids in found.items() if ids}})

    def void(self) -> None:
        """The transaction that remembers this line's number was not followed by what was to follow it."""
        self._numbered({"void": True})

    def ended(self, edition: str, state: EditionState, at: datetime) -> None:
        """An edition is sent or cancelled."""
        self._numbered({"ended": edition, "as": state.value, "at": at.isoformat()})

    def begun(self, recipient: str) -> None:
        """From now on the copy may arrive although we never hear of it."""
        self._append({"begun": recipient})

    def outcome(self, recipient: str, reply: Reply) -> None:
        """What the server said of a copy."""
        hard = {"hard": True} if reply.hard else {}
        said = {} if reply.fate.value == "accepted" else {"reply": reply.text}
        self._append({reply.fate.value: recipient, **said, **hard})

    def sync(self) -> None:
        """Put on the disk what was written of single mails: before the database calls them settled."""
        if self._handle is not None:
            os.fsync(self._handle)

    def _numbered(self, said: Mapping[str, Any]) -> None:
        mark = self.mark()
        self._append({"n": mark.number, **said}, sync=True)
        with self._turn:
            self._number, self._place = mark.number, mark.place

    def _append(self, said: Mapping[str, Any], *, sync: bool = False) -> None:
        line = _encode(said).encode() + b"\n"
        with self._turn:
            if self._handle is None:
                return
            written = os.write(self._handle, line)
            if written < len(line):
                # The next line, of another thread, must not be a part of this one.
                os.ftruncate(self._handle, self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            self._size += written
            if sync:
                os.fsync(self._handle)

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def boot_id() -> str:
    """Which start of the machine this is; "" where the kernel does not say, which no two starts have in common."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def frozen_of(said: Mapping[str, Any]) -> Issued:
    """The edition of a line of `frozen`, as it was when it was frozen."""
    recipients = said["recipients"].split()
    return Issued(
        edition=edition_from_text(_encode(said["frozen"])),
        state=EditionState.SENDING,
        at=datetime.fromisoformat(said["at"]),
        hash=said["hash"],
        recipients=len(recipients),
        report=said["report"],
        rendered=_unpacked(said["rendered"]) if said["rendered"] else None,
    )


def _read(raw: bytes) -> dict[str, Any]:
    if not raw.endswith(b"\n"):
        return {}
    try:
        said = json.loads(raw)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _packed(rendered: Rendered) -> str:
    return base64.b64encode(zlib.compress(_encode([rendered.html, rendered.text]).encode(), 9)).decode()


def _unpacked(text: str) -> Rendered:
    html, plain = json.loads(zlib.decompress(base64.b64decode(text)))
    return Rendered(html=html, text=plain)
