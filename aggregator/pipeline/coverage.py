"""What of a source was read and what was not: pure. From what was known before, what the pages of a poll say and how it ended.

Read is what was published between `read_since` and `read_until`, but for the gaps. A gap that a listing leaves (it turned over, or the
platform withholds the rest) stays until somebody reads back; one that a failure leaves waits for the next poll that comes to its end.
Times are those of our clock where no entry gives one, so a gap is off by as much as the clock was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from aggregator.model import Backfill, Entry, Gap, GapReason, Outcome, Page, SourceState

# Gaps that only the next good poll has to close: what lies in them is there still, as far as anybody knows.
WAITING = frozenset({GapReason.CUT, GapReason.DOWN})

READ_ON = "the next poll read on"
READ_AFTERWARDS = "read afterwards"
READ_IN_PART = "read afterwards, but for what was not listed any more"

# Entries from before the last poll that show that a listing reaches back to it, although it lists nothing of what it did: a single one may
# be pinned.
_REACHING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What the end of a poll changes."""

    state: SourceState
    # Gaps that are opened, changed or closed.
    gaps: tuple[Gap, ...] = ()


def began(state: SourceState, at: datetime) -> datetime:
    """When the walk began to which a poll belongs: of one that was cut, and goes on from its cursor, the first poll."""
    return min(state.walking_since or at, at)


def shown(page: Page, state: SourceState, at: datetime, opened: Iterable[Gap] = ()) -> tuple[Gap, ...]:
    """The gap that a page shows, where its collector saw one; none in a first walk, which promises nothing older than it finds.

    Args:
        state: as it was before the poll.
        opened: the open gaps of the source.
    """
    missed = page.missed
    if missed is None or state.read_until is None:
        return ()
    since = min(missed.since or state.read_until, at)
    listed = [entry.published for entry in page.entries if entry.published]
    if missed.reason is GapReason.TURNED_OVER and sum(time <= since for time in listed) >= _REACHING:
        return ()
    edge = older_end(page.entries, at)
    until = missed.until or (edge if edge and since < edge else at)
    same = [gap for gap in opened if (gap.since, gap.reason) == (since, missed.reason)]
    return (
        Gap(
            source=state.source,
            since=since,
            until=max(since, min(until, at), *(gap.until for gap in same)),
            reason=missed.reason,
            found_at=min((at, *(gap.found_at for gap in same))),
        ),
    )


def older_end(entries: Sequence[Entry], at: datetime) -> datetime | None:
    """Publication time at the older end of a listing, whichever way it is sorted: a pinned entry at the other end means nothing, nor does
    one that is dated later than now. None when no entry has a time."""
    times = [entry.published for entry in entries if entry.published and entry.published <= at]
    falling = sum(one >= other for one, other in pairwise(times))
    return (times[-1] if falling * 2 >= len(times) - 1 else times[0]) if times else None


def ended(
    state: SourceState,
    outcome: Outcome,
    at: datetime,
    *,
    oldest: datetime | None = None,
    found: Sequence[Gap] = (),
    opened: Iterable[Gap] = (),
    back: Backfill | None = None,
) -> Ended:
    """How a source stands after a poll.

    Args:
        state: as it is now; its `walking_since` says whether pages have landed since the last poll that came to its end.
        oldest: publication time of the oldest entry read; None: unknown.
        found: gaps that the pages of this poll have shown.
        opened: gaps of the source that were open before.
        back: how far it was read back; None: it was not.
    """
    waiting = tuple(gap for gap in opened if gap.reason in WAITING)
    if outcome is Outcome.COMPLETE:
        return Ended(state=_read(state, at, oldest, back), gaps=tuple(_closed(gap, at, bool(found)) for gap in waiting))
    if state.read_until is None:
        return Ended(state=replace(state, read_since=_earlier(state.read_since, oldest, at)))
    if waiting:
        return Ended(state=state, gaps=tuple(replace(gap, until=max(gap.until, at)) for gap in waiting))
    reason = GapReason.DOWN if outcome is Outcome.FAILED and state.walking_since is None else GapReason.CUT
    since, until = sorted((state.read_until, at))
    return Ended(state=state, gaps=(Gap(source=state.source, since=since, until=until, reason=reason, found_at=at),))


def _read(state: SourceState, at: datetime, oldest: datetime | None, back: Backfill | None) -> SourceState:
    """The state after a walk that came to its end: what came after it began waits for the next one."""
    until = began(state, at)
    since = state.read_since if state.read_until else _earlier(state.read_since, oldest, at)
    since = min(since or until, until)
    if state.read_until is None and back is not None and back.done and back.reached is not None and back.begun_at >= since:
        since = min(since, back.reached)
    return replace(state, read_since=since, read_until=until, walking_since=None)


def _earlier(known: datetime | None, oldest: datetime | None, at: datetime) -> datetime | None:
    return min((time for time in (known, oldest) if time and time <= at), default=None)


def _closed(gap: Gap, at: datetime, found: bool) -> Gap:
    by = READ_ON if gap.reason is GapReason.CUT else READ_AFTERWARDS
    return replace(gap, closed_at=max(at, gap.found_at), closed_by=READ_IN_PART if found else by)
