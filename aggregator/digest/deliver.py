"""Sends a frozen edition: due rows are claimed, handed over, and settled, a batch at a time, until none is due.

    claim      ONE transaction        from here on only this process may hand these copies over
    journal    the batch, on disk     a process that dies now leaves behind what was claimed
    hand over  on several lines       each mail with a line when it is begun and one when its end is known
    settle     ONE transaction        handed over | refused | due again later | uncertain

A batch is about a second's worth of mail: what a power cut makes uncertain is in one batch.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator.clock import Clock
from aggregator.digest.crew import Handed, crew
from aggregator.digest.journal import Journal
from aggregator.digest.mailers import Fate, Mail, Mailer
from aggregator.digest.outcomes import after, refusing, released
from aggregator.errors import StoreError
from aggregator.model import Bounce, Delivery, DeliveryState, Edition, EditionState, Issued, Rendered
from aggregator.store.private import Claimed, PrivateStore
from aggregator.store.private.editions import edition_to_text

# Copies in the first batch.
FIRST = 20
_LARGEST = 500
_UNFINISHED = (DeliveryState.DUE, DeliveryState.CLAIMED, DeliveryState.UNCERTAIN)
_NO_ANSWER = "the end of the conversation was not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one call of `deliver` did to one edition, and what is left of it."""

    edition: str
    # By this call.
    handed_over: int = 0
    refused: int = 0
    # Put off, to be tried again.
    later: int = 0
    uncertain: int = 0
    # Rows of the edition by state, afterwards.
    counts: Mapping[DeliveryState, int]
    # Every copy is settled, and the edition is sent.
    ended: bool = False
    # The process was asked to stop before all was tried.
    stopped: bool = False
    # Why no mail can be handed over at all; "": it can.
    broken: str = ""
    # Most copies of a batch were refused: nobody else was written to, and those are due again. What the server said; "": they were not.
    refusing: str = ""


def hash_of(edition: Edition, rendered: Rendered) -> str:
    """SHA-256 of what is frozen, hexadecimal."""
    return hashlib.sha256("\0".join((edition_to_text(edition), rendered.html, rendered.text)).encode()).hexdigest()


def freeze(
    private: PrivateStore,
    journal: Journal,
    edition: Edition,
    rendered: Rendered,
    *,
    report: str,
    message_ids: Mapping[str, str],
    told: Iterable[str],
    clock: Clock,
) -> Issued | None:
    """Freeze an edition: from here on it is these bytes, to these recipients. None: it was frozen before.

    Args:
        message_ids: by recipient.
        told: names of all stories that it accounts for.
    """
    at, names = clock(), frozenset(told)
    fresh = names - private.ledger.told(edition.topic, edition.rhythm)
    hash, mark = hash_of(edition, rendered), str(journal.mark())
    frozen = private.ledger.freeze(edition, rendered, hash=hash, report=report, message_ids=message_ids, told=names, at=at, mark=mark)
    if not frozen:
        return None
    issued = private.ledger.one(edition.id)
    assert issued is not None
    domain = next(iter(message_ids.values()), "").rpartition("@")[2]
    journal.frozen(issued, message_ids, fresh, domain=domain, at=at)
    return issued


def deliver(
    private: PrivateStore,
    issued: Issued,
    mailer: Mailer,
    journal: Journal,
    *,
    write: Callable[[Claimed], Mail],
    came_back: Callable[[Delivery, Bounce], None],
    stop: threading.Event,
    clock: Clock,
    wary: bool = True,
    tell: Callable[[int], None] = lambda count: None,
) -> Delivered:
    """Hand over what is due of an edition, and end it when nothing is left. Called by the process that holds the lock.

    Args:
        issued: frozen, with what was rendered.
        write: the mail of one copy.
        came_back: hears of each refusal.
        stop: when it is set, mails in hand are finished and no other is begun.
        wary: stop when most copies of a batch are refused, the first or any other.
        tell: hears after each batch how many copies it settled.

    Raises:
        StoreError: what was frozen is not what is there now.
    """
    _unchanged(issued)
    edition = issued.edition.id
    sending = _Sending(private, edition, journal, came_back=came_back, clock=clock)
    with crew(mailer, journal, write, stop) as people:
        size = FIRST
        while people.able and not stop.is_set() and not sending.refusing:
            claimed = sending.claim(size)
            if not claimed:
                break
            began = time.monotonic()
            handed = people.hand_over(claimed)
            size = _next_size(len(claimed), time.monotonic() - began)
            sending.settle(handed, wary=wary)
            tell(len(handed))
    if people.failure is not None:
        raise people.failure
    ended = not sending.refusing and finish(private, journal, edition, clock)
    return Delivered(
        edition=edition,
        handed_over=sending.tally[DeliveryState.HANDED_OVER],
        refused=sending.tally[DeliveryState.REFUSED],
        later=sending.tally[DeliveryState.DUE],
        uncertain=sending.tally[DeliveryState.UNCERTAIN],
        counts=private.ledger.counts(edition),
        ended=ended,
        stopped=stop.is_set() and not ended,
        broken="" if people.lines else people.broken,
        refusing=sending.refusing,
    )


class _Sending:
    """One edition on its way: its rows and their lines in the journal, in the order in which they must be written."""

    def __init__(
        self, private: PrivateStore, edition: str, journal: Journal, *, came_back: Callable[[Delivery, Bounce], None], clock: Clock
    ) -> None:
        self._private = private
        self._edition = edition
        self._journal = journal
        self._came_back = came_back
        self._clock = clock
        # Copies by what became of them; those put off are due.
        self.tally = dict.fromkeys(DeliveryState, 0)
        self.refusing = ""

    def claim(self, limit: int) -> tuple[Claimed, ...]:
        at = self._clock()
        claimed = self._private.ledger.claim(self._edition, limit, at, mark=str(self._journal.mark()))
        if claimed:
            self._journal.batch(self._edition, (copy.delivery.recipient for copy in claimed), at)
        return claimed

    def settle(self, handed: Sequence[Handed], *, wary: bool) -> None:
        self.refusing = refusing(one.reply for one in handed if one.reply is not None) if wary else ""
        if self.refusing:
            self._take_back(handed)
            return
        self._journal.sync()
        rows = [_settled(one, self._clock) for one in handed]
        self._private.ledger.settle(rows)
        for row, one in zip(rows, handed, strict=True):
            self.tally[row.state] += one.reply is not None or one.begun
            if row.bounce is not None:
                self._came_back(row, row.bounce)

    def _take_back(self, handed: Sequence[Handed]) -> None:
        """Settle a batch that was refused, as if those who were refused had not been tried: they surely have nothing."""
        rows = []
        for one in handed:
            refused = one.reply is not None and one.reply.fate is Fate.REFUSED
            rows.append(released(one.copy.delivery, one.reply.text) if refused and one.reply else _settled(one, self._clock))
        self._journal.resolved(self._edition, {row.recipient: row.state for row in rows}, self._clock())
        self._private.ledger.settle(rows, mark=str(self._journal.last()))


def finish(private: PrivateStore, journal: Journal, edition: str, clock: Clock) -> bool:
    """End an edition of which every copy is settled; False when one is not, or it was ended before."""
    issued, counts = private.ledger.one(edition), private.ledger.counts(edition)
    if issued is None or issued.state is not EditionState.SENDING or any(counts[state] for state in _UNFINISHED):
        return False
    end(private, journal, edition, EditionState.SENT, clock)
    return True


def end(private: PrivateStore, journal: Journal, edition: str, state: EditionState, clock: Clock) -> None:
    """Write that an edition is sent or cancelled, in the database and in the journal."""
    at = clock()
    private.ledger.end(edition, state, at, mark=str(journal.mark()))
    journal.ended(edition, state, at)


def _unchanged(issued: Issued) -> None:
    if issued.rendered is None or hash_of(issued.edition, issued.rendered) != issued.hash:
        raise StoreError(
            f"what was frozen of {issued.edition.id} is not what private.db holds now; put its last backup in its place, or stop the "
            "edition with `aggregator digest cancel`."
        )


def _settled(handed: Handed, clock: Clock) -> Delivery:
    row = handed.copy.delivery
    if handed.reply is not None:
        return after(row, handed.reply, clock())
    return replace(row, state=DeliveryState.UNCERTAIN, at=clock(), reply=_NO_ANSWER) if handed.begun else released(row)


def _next_size(count: int, seconds: float) -> int:
    """As many as are handed over in a second."""
    return max(FIRST, min(_LARGEST, int(count / max(seconds, 0.001))))
