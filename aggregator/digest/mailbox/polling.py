"""Which messages are new, and each acted on once, whenever the program dies.

A message is acted on, then its number is remembered as handled together with those that are to be put aside, then these are moved. Killed
between the first two, the next run acts on that one message again, which does no harm (`acting`); killed later, it only moves what is left
to move. When the server numbers the folder anew (UIDVALIDITY, RFC 3501 §2.3.1.1) it is read again from the first: what was acted on is not
there any more.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from aggregator.digest.mailbox.acting import Outcome
from aggregator.digest.mailbox.imap import Message
from aggregator.digest.membership import MEMORY
from aggregator.settings import Mailbox
from aggregator.store.private import PrivateStore

# What arrived earlier is not looked at when a mailbox is read for the first time: it was dealt with in another way.
FIRST_LOOK = timedelta(days=28)
# In one run; the rest is read by the next.
MOST = 2000
# Messages between two moves: as many as are fetched at once.
_AT_ONCE = 20
_NOTE = "mailbox"


class Box(Protocol):
    """An open folder, as `imap.Folder`."""

    validity: int

    def newer(self, than: int, *, since: date | None = None) -> tuple[int, ...]: ...
    def fetch(self, uids: Sequence[int]) -> Iterator[Message]: ...
    def put_aside(self, uids: Sequence[int]) -> str: ...
    def forget(self, before: date) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a run has read."""

    # How many messages came to each outcome; each outcome is there.
    outcomes: Mapping[Outcome, int]
    # New messages that the next run reads.
    waiting: int = 0
    # Why handled messages could not be put aside; "": they were.
    stuck: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is remembered of a mailbox."""

    # Hash of which folder it is, of whom.
    place: str
    validity: int
    # What arrived before is not looked at; ISO 8601.
    since: str
    # The highest number that was acted on, or left to a person.
    handled: int = 0
    # Acted on, and not put aside yet.
    moving: tuple[int, ...] = ()
    # When old messages were deleted last; ISO 8601, "" never.
    swept: str = ""


def poll(
    box: Box, mailbox: Mailbox, act: Callable[[bytes], Outcome], private: PrivateStore, *, at: datetime, look_only: bool = False
) -> Tally:
    """Read what is new and act on it.

    Args:
        act: what one message comes to; doing it twice does no harm.
        look_only: move and delete nothing.

    Raises:
        MailboxError: the server broke off; what was not handled is there at the next run.
    """
    run = _Run(box, private, _known(private, mailbox, box.validity, at), look_only)
    run.move()
    fresh = box.newer(run.known.handled, since=date.fromisoformat(run.known.since))
    outcomes: Counter[Outcome] = Counter()
    for start in range(0, min(len(fresh), MOST), _AT_ONCE):
        chosen = fresh[start : min(start + _AT_ONCE, MOST)]
        for message in box.fetch(chosen):
            outcome = act(message.raw)
            outcomes[outcome] += 1
            run.handled(message.uid, ours=outcome is not Outcome.UNTOUCHED)
        run.handled(chosen[-1])
        run.move()
    run.remember()
    run.sweep(at.date())
    return Tally(outcomes={kind: outcomes[kind] for kind in Outcome}, waiting=max(0, len(fresh) - MOST), stuck=run.stuck)


class _Run:
    """Keeps what is remembered in step with what is done."""

    def __init__(self, box: Box, private: PrivateStore, known: _Known, look_only: bool) -> None:
        self.known = known
        self.stuck = ""
        self._box = box
        self._private = private
        self._look_only = look_only
        self._written = known

    def handled(self, uid: int, *, ours: bool = False) -> None:
        """Remember a message as handled; one that is left to a person may be read again, and costs no write."""
        self.known = replace(self.known, handled=uid, moving=(*self.known.moving, uid) if ours else self.known.moving)
        if ours:
            self.remember()

    def move(self) -> None:
        """Put aside what was acted on. What cannot be moved stays, and is not acted on again."""
        if self.known.moving and not self._look_only:
            self.stuck = self._box.put_aside(self.known.moving) or self.stuck
            self.known = replace(self.known, moving=())
            self.remember()

    def sweep(self, today: date) -> None:
        """Once a day, delete handled messages when the addresses in them are to be forgotten."""
        if not self._look_only and self.known.swept != today.isoformat():
            self._box.forget(today - MEMORY)
            self.known = replace(self.known, swept=today.isoformat())
            self.remember()

    def remember(self) -> None:
        if self.known != self._written:
            self._private.remember(_NOTE, json.dumps(asdict(self.known)))
            self._written = self.known


def _known(private: PrivateStore, mailbox: Mailbox, validity: int, at: datetime) -> _Known:
    """What is remembered of this folder with these numbers; of another, or with others, nothing is."""
    # The user's name may be an address, and these stand in one table only.
    place = hashlib.sha256("\0".join((mailbox.host, mailbox.user or mailbox.address, mailbox.folder)).encode()).hexdigest()
    kept = json.loads(private.note(_NOTE) or "{}")
    if kept.get("place") == place and kept.get("validity") == validity:
        return _Known(**{**kept, "moving": tuple(kept["moving"])})
    return _Known(place=place, validity=validity, since=(at - FIRST_LOOK).date().isoformat())
