"""Compares private.db with the journal before anything is sent: what a process that died left behind, and what an older copy of the
database that was put back does not know.

    the database knows the last line        copies that are claimed end as the journal saw them end
    it knows one line more                  nobody acted on that one: nothing of it was begun
    it knows fewer                          it is an older copy: what follows is taken over from the journal
    the journal is missing, or is older     it is made anew from the rows; claimed copies are uncertain
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from aggregator.digest.journal import Journal, Line, Mark, frozen_of
from aggregator.digest.mailers import Fate, Reply
from aggregator.digest.mime import message_id
from aggregator.digest.outcomes import after, refusing
from aggregator.model import Bounce, Delivery, DeliveryState, EditionState, Issued, SubscriberState
from aggregator.store.private import PrivateStore
from aggregator.store.private.editions import edition_from_text
from aggregator.store.private.ledger import CALLED_OFF, LEFT
from aggregator.store.private.ledger_rows import FROZEN

# The note that keeps an edition from being gone on with until the steward says so; its text says why.
STOPPED = "stopped {}"
_OLDER_PERHAPS = "the journal of outgoing mail was lost, and nobody knows whether private.db is as it was: it may be an older copy."
_FATES = frozenset(fate.value for fate in Fate)
_LOST = "nobody saw whether it was handed over: the journal of outgoing mail was missing"
_CUT = "the program or the machine stopped before the answer was written down"


@dataclass(slots=True, kw_only=True)
class _Copy:
    """What the journal says of one copy last."""

    number: int
    at: datetime
    attempts: int = 0
    # "": it was claimed, and no line is about it.
    said: str = ""
    reply: Reply | None = None
    # Set by what was found out in other ways.
    state: DeliveryState | None = None
    # Lines about it may have been lost in a power cut.
    torn: bool = False
    # A line that cannot be read may have been about it.
    damaged: bool = False


@dataclass(slots=True, kw_only=True)
class _Chapter:
    """What the journal says of one edition after a mark."""

    frozen: Issued | None = None
    recipients: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()
    domain: str = ""
    ended: EditionState | None = None
    ended_at: datetime | None = None
    copies: dict[str, _Copy] = field(default_factory=dict)


def reconcile(
    private: PrivateStore, journal: Journal, at: datetime, *, came_back: Callable[[Delivery, Bounce], None] = lambda row, bounce: None
) -> tuple[str, ...]:
    """Make database and journal say the same, and settle every claimed copy; whole sentences about what the steward should know.

    Called by the process that holds the lock, before it sends anything.

    Args:
        came_back: hears of each refusal that a process saw and did not live to tell; of some again.
    """
    ledger = private.ledger
    mark = Mark.read(ledger.mark())
    lines = None if journal.lost else journal.after(mark)
    chapters = None if lines is None else _chapters(lines, journal.boot)
    if lines is None or chapters is None:
        return _made_anew(private, journal, mark, at)
    acted_on = bool(lines) and "void" not in lines[0].said
    # Also when the one who found that out died before all was mended.
    unwritten = mark.number > 0 and not acted_on and journal.last().number <= mark.number
    if mark.number and not lines:
        journal.void()
    said: list[str] = []
    if journal.last().number > mark.number:
        _write_uncertain(journal, chapters, at)
        said += _taken_over(private, journal, lines, chapters, mark)
    recovered = _recovered(private, journal, chapters, at, acted_on=acted_on)
    if unwritten and not recovered:
        _freeze_again(private, journal)
    _tell_refusals(private, chapters, came_back)
    return (*said, *recovered)


def _chapters(lines: Iterable[Line], boot: str) -> dict[str, _Chapter] | None:
    """What the lines say, by edition; None: a numbered one among them is damaged, although it is JSON."""
    try:
        return _read(lines, boot)
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error):
        return None


def _read(lines: Iterable[Line], boot: str) -> dict[str, _Chapter]:
    chapters: dict[str, _Chapter] = {}
    batch: dict[str, _Copy] = {}
    for line in lines:
        said = line.said
        if line.number is not None:
            # What was written before a numbered line is on the disk.
            for copy in batch.values():
                copy.torn = False
            batch = _numbered(chapters, line, boot)
        else:
            _about_one(batch, said)
    _forgive(batch.values())
    return chapters


def _forgive(batch: Iterable[_Copy]) -> None:
    """Let copies of the last batch be as if they had not been tried, when it is us who were refused. The process did not live to stop for
    that; the next send finds out by its first copies whether it is so still."""
    heard = [copy for copy in batch if copy.reply is not None]
    if refusing(copy.reply for copy in heard if copy.reply is not None):
        for copy in heard:
            if copy.reply is not None and copy.reply.fate is Fate.REFUSED:
                copy.said, copy.reply, copy.torn = "", None, False


def _numbered(chapters: dict[str, _Chapter], line: Line, boot: str) -> dict[str, _Copy]:
    """Take in a numbered line; the copies that the following lines are about."""
    said, number = line.said, line.number or 0
    if "frozen" in said:
        issued = frozen_of(said)
        chapter = chapters.setdefault(issued.edition.id, _Chapter())
        chapter.frozen, chapter.domain = issued, said["domain"]
        chapter.recipients, chapter.told = tuple(said["recipients"].split()), chapter.told | frozenset(said["told"])
    elif "batch" in said:
        copies = chapters.setdefault(said["batch"], _Chapter()).copies
        at, torn = datetime.fromisoformat(said["at"]), not boot or said["boot"] != boot
        for one in said["recipients"].split():
            copies[one] = _Copy(number=number, at=at, attempts=copies[one].attempts + 1 if one in copies else 1, torn=torn)
        return copies
    elif "resolved" in said:
        copies = chapters.setdefault(said["resolved"], _Chapter()).copies
        for state in DeliveryState:
            for one in str(said.get(state.value, "")).split():
                copy = copies.setdefault(one, _Copy(number=number, at=datetime.fromisoformat(said["at"])))
                copy.number, copy.state = number, state
    elif "ended" in said:
        chapter = chapters.setdefault(said["ended"], _Chapter())
        chapter.ended, chapter.ended_at = EditionState(said["as"]), datetime.fromisoformat(said["at"])
    return {}


def _about_one(batch: Mapping[str, _Copy], said: Mapping[str, Any]) -> None:
    """Take in a line about one mail; one that makes no sense may have been about any of the batch."""
    word, recipient = next(iter(said.items()), ("", None))
    copy = batch.get(recipient) if isinstance(recipient, str) else None
    if copy is None or (word != "begun" and word not in _FATES):
        for one in batch.values():
            one.damaged = True
        return
    copy.said = word
    if word in _FATES:
        copy.reply = Reply(fate=Fate(word), text=str(said.get("reply", "")), hard=bool(said.get("hard")))


def _ended(row: Delivery, copy: _Copy) -> Delivery:
    """How a claimed copy ended, as far as the journal tells."""
    if copy.state is not None:
        return replace(row, state=copy.state, at=copy.at, next_try_at=None)
    if copy.reply is not None:
        return after(row, copy.reply, copy.at)
    if copy.said == "begun" or copy.torn or copy.damaged:
        return replace(row, state=DeliveryState.UNCERTAIN, next_try_at=None, reply=_CUT)
    return replace(row, state=DeliveryState.DUE, attempts=row.attempts - 1, next_try_at=None)


# -- what a process that died left behind


def _recovered(private: PrivateStore, journal: Journal, chapters: Mapping[str, _Chapter], at: datetime, *, acted_on: bool) -> list[str]:
    """Settle claimed copies.

    Args:
        acted_on: a batch that the database knows was begun to be handed over; False: the process died before.
    """
    said = []
    for issued in private.ledger.sending():
        edition = issued.edition.id
        claimed = private.ledger.deliveries(edition, (DeliveryState.CLAIMED,))
        if not claimed:
            continue
        copies = chapters[edition].copies if edition in chapters else {}
        unknown = _Copy(number=0, at=at, torn=acted_on)
        rows = [_ended(row, copies.get(row.recipient, unknown)) for row in claimed]
        journal.resolved(edition, {row.recipient: row.state for row in rows}, at)
        private.ledger.settle(rows, mark=str(journal.last()))
        said.append(_told_recovered(edition, rows))
    return said


def _tell_refusals(private: PrivateStore, chapters: Mapping[str, _Chapter], came_back: Callable[[Delivery, Bounce], None]) -> None:
    """Say which readers were refused, of those whom no refusal has taken from the list yet."""
    for edition, chapter in chapters.items():
        heard = {one for one, copy in chapter.copies.items() if copy.reply is not None and copy.reply.fate is not Fate.ACCEPTED}
        for row in private.ledger.deliveries(edition, (DeliveryState.REFUSED,)) if heard else ():
            reader = private.subscribers.one(row.recipient) if row.recipient in heard and row.bounce else None
            if row.bounce and reader is not None and reader.state is SubscriberState.ACTIVE:
                came_back(row, row.bounce)


def _told_recovered(edition: str, rows: Iterable[Delivery]) -> str:
    counted = {state: sum(row.state is state for row in rows) for state in DeliveryState}
    words = [f"{count} {state.value}" for state, count in counted.items() if count]
    return f"Sending {edition} was cut short; of the copies that were in hand, {', '.join(words)}."


# -- an older copy of the database


def _write_uncertain(journal: Journal, chapters: Mapping[str, _Chapter], at: datetime) -> None:
    """Write down which copies a power cut made uncertain, before other lines follow those that it took: the next who looks would believe
    that nothing is missing."""
    for edition, chapter in chapters.items():
        torn = {one: DeliveryState.UNCERTAIN for one, copy in chapter.copies.items() if copy.torn and copy.state is None and not copy.reply}
        if torn:
            journal.resolved(edition, torn, at)


def _taken_over(private: PrivateStore, journal: Journal, lines: Iterable[Line], chapters: Mapping[str, _Chapter], mark: Mark) -> list[str]:
    said = []
    for edition, chapter in chapters.items():
        issued, rows = _as_known(private, edition, chapter, mark)
        if issued is None or not (rows or chapter.frozen or chapter.ended):
            continue
        private.ledger.take_over(issued, rows, chapter.told)
        sent = sum(row.state is DeliveryState.HANDED_OVER for row in rows)
        said.append(
            f"private.db is older than the journal: what it did not know of {edition} was taken over, {sent} copies as handed over."
        )
    for line in lines:
        if "skipped" in line.said and (line.number or 0) > mark.number:
            at = datetime.fromisoformat(line.said["at"])
            private.ledger.skip(edition_from_text(json.dumps(line.said["skipped"])), at)
    private.ledger.remark(str(journal.last()))
    return said


def _as_known(private: PrivateStore, edition: str, chapter: _Chapter, mark: Mark) -> tuple[Issued | None, list[Delivery]]:
    """The edition as journal and database know it together, and its rows that the journal knows better; None where neither knows it."""
    here = private.ledger.one(edition)
    issued = here if here is not None and here.state in FROZEN else chapter.frozen
    if issued is None:
        return None, []
    known = {row.recipient: row for row in private.ledger.deliveries(edition)}
    newer = {one: copy for one, copy in chapter.copies.items() if copy.number > mark.number or one not in known}
    before = {one: known.get(one) or _row(private, edition, one, chapter, issued.at) for one in (*newer, *chapter.recipients)}
    rows = [_ended(replace(before[one], attempts=before[one].attempts + copy.attempts), copy) for one, copy in newer.items()]
    rows += [row for one, row in before.items() if one not in known and one not in newer]
    if chapter.ended is None:
        return issued, rows
    # Whoever has no line left before the turn came, or was called off.
    why = LEFT if chapter.ended is EditionState.SENT else CALLED_OFF
    rows += [row for one, row in known.items() if one not in newer]
    rows = [replace(row, state=DeliveryState.REFUSED, reply=why) if row.state is DeliveryState.DUE else row for row in rows]
    return replace(issued, state=chapter.ended, at=chapter.ended_at or issued.at, rendered=None), rows


def _row(private: PrivateStore, edition: str, recipient: str, chapter: _Chapter, at: datetime) -> Delivery:
    name = message_id(edition, recipient, salt=private.keys.salt(), sender=f"digest@{chapter.domain}")
    return Delivery(edition=edition, recipient=recipient, message_id=name, at=at)


# -- a journal that is missing


def _made_anew(private: PrivateStore, journal: Journal, mark: Mark, at: datetime) -> tuple[str, ...]:
    said = [
        f"The journal of outgoing mail was not there and is made anew from private.db ({journal.path})."
        if journal.lost
        else f"The journal of outgoing mail is older than private.db, or a part of it is missing: it was put aside as "
        f"{journal.renew(mark, at).name} and is made anew from private.db."
    ]
    ledger = private.ledger
    begun: set[tuple[str, str]] = set()
    for issued in reversed(ledger.issued()):
        edition = issued.edition
        claimed = ledger.deliveries(edition.id, (DeliveryState.CLAIMED,))
        if claimed:
            ledger.settle([replace(row, state=DeliveryState.UNCERTAIN, reply=_LOST, at=at) for row in claimed])
            said.append(f"{len(claimed)} copies of {edition.id} are uncertain; `aggregator digest resolve` lists them.")
        if issued.state in FROZEN:
            first = (edition.topic, edition.rhythm) not in begun
            begun.add((edition.topic, edition.rhythm))
            _written_anew(private, journal, issued, at, told=ledger.told(edition.topic, edition.rhythm) if first else ())
            if issued.state is EditionState.SENDING and ledger.counts(edition.id)[DeliveryState.DUE]:
                # In an older copy those who are due here may have it.
                private.remember(STOPPED.format(edition.id), _OLDER_PERHAPS)
        elif issued.state is EditionState.SKIPPED:
            journal.skipped(edition, issued.at)
    ledger.remark(str(journal.last()))
    return tuple(said)


def _written_anew(private: PrivateStore, journal: Journal, issued: Issued, at: datetime, *, told: Iterable[str]) -> None:
    edition = issued.edition.id
    whole = private.ledger.one(edition) or issued
    rows = private.ledger.deliveries(edition)
    journal.frozen(whole, [row.recipient for row in rows], told, domain=_domain(rows), at=issued.at)
    states = {row.recipient: row.state for row in rows if row.state is not DeliveryState.DUE}
    if states:
        journal.resolved(edition, states, at)
    if issued.state is not EditionState.SENDING:
        journal.ended(edition, issued.state, issued.at)


def _freeze_again(private: PrivateStore, journal: Journal) -> None:
    """Write editions that are being sent once more: the line that is missing may be that of one of them. It was that of a batch when
    copies are claimed, and then this is not needed."""
    for issued in private.ledger.sending():
        told = private.ledger.told(issued.edition.topic, issued.edition.rhythm)
        rows = private.ledger.deliveries(issued.edition.id)
        private.ledger.remark(str(journal.mark()))
        journal.frozen(
            private.ledger.one(issued.edition.id) or issued, [row.recipient for row in rows], told, domain=_domain(rows), at=issued.at
        )


def _domain(rows: Iterable[Delivery]) -> str:
    return next((row.message_id.rpartition("@")[2] for row in rows), "")
