"""How far a source is read back, where that goes on, and what it closes: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aggregator.model import Backfill, Gap, GapReason, Page
from aggregator.pipeline.coverage import WAITING, older_end
from aggregator.store import Landed

BACKFILLED = "back-fill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a back-fill has come."""

    pages: int = 0
    entries: int = 0
    landed: Landed = field(default_factory=Landed)
    # Down to which everything was read; None: not known yet.
    reached: datetime | None = None
    # The part of the time between now and what is wanted that is read, 0 to 1; None: where it ends is not known.
    done: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """How a back-fill ended, for now."""

    step: Step
    # True: all that was wanted is read.
    finished: bool = False
    # The platform gives nothing older.
    ended: bool = False
    # The process was asked to stop.
    stopped: bool = False
    # Why it does not go on now, though nothing is wrong (the day's budget is spent); "": nothing keeps it.
    waits: str = ""
    # Why it failed; "": it did not.
    failed: str = ""
    remarks: tuple[str, ...] = ()
    closed: tuple[Gap, ...] = ()


def further(source: str, known: Backfill | None, *, since: datetime | None, opened: Iterable[Gap], at: datetime) -> Backfill | None:
    """The back-fill to go on with, or a new one; None when all that is wanted was read before.

    A new one is begun where there was none, and where the last one is done but a gap was left after it began.

    Args:
        since: down to which it is wanted; None: to the beginning.
        opened: the open gaps of the source.
    """
    if known is not None and not (known.ended or (since is not None and known.reached is not None and known.reached <= since)):
        return replace(known, wanted=since)
    left = (gap for gap in opened if gap.reason not in WAITING)
    if known is not None and not any(max(gap.until, gap.found_at) > known.begun_at for gap in left):
        return None
    return Backfill(source=source, begun_at=at, wanted=since)


def after(backfill: Backfill, page: Page, at: datetime) -> Backfill:
    """How far it is with a page: what is newer than the newest entry of the last page stood on a page before.

    Where a page begins above the one before, another channel or show is read, of which nothing was; and only the end of all of them comes
    down to what is wanted.
    """
    newest = max((entry.published for entry in page.entries if entry.published and entry.published <= at), default=None)
    below = newest is not None and backfill.wanted is not None and newest <= backfill.wanted
    return backfill if newest is None or below else replace(backfill, reached=newest)


def left_out(backfill: Backfill, page: Page, at: datetime) -> tuple[Gap | None, bool]:
    """What a page says that the platform did not give: the gap that it leaves among what is read, and whether nothing older is given (which
    leaves no gap: nobody promised to read it)."""
    missed = page.missed
    if missed is None:
        return None, False
    edge = older_end(page.entries, at)
    since = missed.since or (edge if edge and missed.until and edge < missed.until else None)
    if since is None or (missed.since is not None and backfill.wanted is not None and since <= backfill.wanted):
        return None, True
    until = min(max(since, missed.until or since), at)
    return Gap(source=backfill.source, since=min(since, until), until=until, reason=GapReason.WITHHELD, found_at=at), False


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times; None where neither is known."""
    return min(filter(None, (one, other)), default=None)


def finished(backfill: Backfill, lowest: datetime | None, *, short: bool = False) -> Backfill:
    """How far it is when the platform gives no further page: down to what was wanted, or to the end of what there is.

    Args:
        lowest: publication time of the oldest entry on the last pages; None: there was none.
        short: the platform keeps back what is older, or gave no page at all.
    """
    wanted = None if short else backfill.wanted
    down_to = min(filter(None, (wanted, backfill.reached, lowest)), default=None)
    return replace(backfill, reached=down_to, ended=wanted is None)


def closed(backfill: Backfill, at: datetime, opened: Iterable[Gap], left: Iterable[Gap] = ()) -> tuple[Gap, ...]:
    """The gaps that are read by a back-fill that has come to its end: those between its beginning and what it has come down to. What waits
    for a poll is the poll's to close; and where a platform gives nothing further, what lies below is no more known than before.

    Args:
        left: gaps that this back-fill has left itself.
    """
    own = {(gap.since, gap.reason) for gap in left}
    return tuple(
        replace(gap, closed_at=max(at, gap.found_at), closed_by=BACKFILLED)
        for gap in opened
        if gap.reason not in WAITING
        and (gap.since, gap.reason) not in own
        and max(gap.until, gap.found_at) <= backfill.begun_at
        and backfill.reached is not None
        and backfill.reached < gap.since
    )


def part(backfill: Backfill) -> float | None:
    """How much of the wanted time is read, 0 to 1; None where its end is not known."""
    wanted, reached = backfill.wanted, backfill.reached
    if wanted is None or reached is None or backfill.begun_at <= wanted:
        return None
    return min(1.0, max(0.0, (backfill.begun_at - reached) / (backfill.begun_at - wanted)))


def time_left(begun: Backfill, step: Step, took: timedelta) -> timedelta | None:
    """How long the rest takes when it goes on as it went; None where that cannot be known.

    Args:
        begun: the back-fill as it was when this was begun.
        took: since then.
    """
    if step.done is None or (gained := step.done - (part(begun) or 0.0)) <= 0:
        return None
    return took * ((1 - step.done) / gained)
