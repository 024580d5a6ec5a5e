"""When a source is asked again: pure. The class of an error says which rule applies; the server's own word outranks all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.errors import Action, SourceError
from aggregator.model import SourceState
from aggregator.store import Landed

DAY = timedelta(days=1)
# No server's word and no back-off is believed for longer: a Retry-After of years is a mistake.
LONGEST = timedelta(days=31)
# First wait after a failure, however often the source is polled when it is well.
RETRY_LEAST = timedelta(minutes=5)
RETRY_MOST = DAY
# A server that wants rest and does not say how long.
WAIT_FIRST = timedelta(hours=1)
# What cannot be read today can rarely be read in an hour: somebody has to change something.
SLOW_FIRST, SLOW_MOST = timedelta(hours=6), timedelta(days=7)
# 403 is what servers say to a whole network for an afternoon, too: it is believed the third time, after two days without a good reply.
FORBIDDEN_BELIEVED, FORBIDDEN_FOR = 3, timedelta(days=2)
# 404 is what servers say while they are moved; after two weeks of it the source is gone.
MISSING_BELIEVED = timedelta(days=14)
# A source without news is asked less often, a twelfth of its silence apart, and at least once a day.
QUIET_SHARE, QUIET_MOST = 12, DAY


def next_poll(
    state: SourceState, *, outcome: Landed | SourceError, now: datetime, every: timedelta, hint: datetime | None, jitter: float
) -> SourceState:
    """The state of a source after a poll: when it is due again, and what is remembered of how the poll went.

    Args:
        state: as it was before, but for what has landed.
        every: least time between polls.
        hint: until when the server says its reply is fresh; None: it did not say.
        jitter: 0 to 1, always the same for one source: sources that fail together do not come back together.
    """
    if isinstance(outcome, SourceError):
        return _failed(state, outcome, now=now, every=every, jitter=jitter)
    last_new_at = now if outcome.new else state.last_new_at
    due = now + _rhythm(every, now - (last_new_at or state.last_ok_at or now))
    if hint is not None:
        due = max(due, min(hint, now + LONGEST))
    return replace(
        state,
        next_poll_at=due,
        failures=0,
        failing_since=None,
        last_ok_at=now,
        last_new_at=last_new_at,
        paused=False,
        last_error=None,
        remarks=(),
    )


def is_waiting(state: SourceState, *, every: timedelta, now: datetime) -> bool:
    """Whether the time of a source has not come. No rule makes one wait for longer than `LONGEST` or its own `every`: a time beyond that
    was written while the clock was ahead."""
    due = state.next_poll_at
    return due is not None and now < due <= now + max(LONGEST, every)


def _rhythm(every: timedelta, silence: timedelta) -> timedelta:
    """The time to the next poll of a source that is well: `every`, or longer where there has been no news for long."""
    return max(every, min(silence / QUIET_SHARE, QUIET_MOST))


def _failed(state: SourceState, error: SourceError, *, now: datetime, every: timedelta, jitter: float) -> SourceState:
    failures = state.failures + 1
    since = state.failing_since or now
    wait = _wait(error, failures, every=every, failing_for=now - since)
    due = None if wait is None else now + min(wait * (1 + jitter / 10), LONGEST)
    if due is not None and error.retry_at is not None:
        due = min(max(due if error.action is not Action.WAIT else error.retry_at, error.retry_at), now + LONGEST)
    return replace(
        state,
        next_poll_at=max(due, now + min(every, RETRY_LEAST)) if due is not None else state.next_poll_at,
        failures=failures,
        failing_since=since,
        paused=due is None,
        last_error=" ".join(str(error).split()),
        remarks=(),
    )


def _wait(error: SourceError, failures: int, *, every: timedelta, failing_for: timedelta) -> timedelta | None:
    """How long a source rests after a failure; None: until the operator resumes it."""
    match error.action:
        case Action.RETRY:
            return _doubled(max(every, RETRY_LEAST), failures, most=max(RETRY_MOST, every))
        case Action.WAIT:
            return _doubled(WAIT_FIRST, failures, most=LONGEST)
        case Action.SLOW:
            return _doubled(max(every, SLOW_FIRST), failures, most=max(SLOW_MOST, every))
        case Action.PAUSE:
            doubted = failures < FORBIDDEN_BELIEVED or failing_for < FORBIDDEN_FOR
            return DAY if error.status == 403 and doubted else None
        case Action.STOP:
            return DAY if error.status == 404 and failing_for < MISSING_BELIEVED else None


def _doubled(first: timedelta, failures: int, *, most: timedelta) -> timedelta:
    """`first` after the first failure, twice as long after each further one."""
    return min(first * (1 << min(failures - 1, 20)), most)
