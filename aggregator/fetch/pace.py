"""When a host may be asked again: the gap between two requests, the rest a server asked for, the budget of a day.

A lane is the host whose patience is spent. One request at a time is under way in a lane, whoever asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from aggregator.clock import Clock
from aggregator.errors import AggregatorError, RateLimited
from aggregator.fetch import Pace
from aggregator.fetch.status import LONGEST

PATIENCE = timedelta(minutes=1)
"""A rest that a good reply asks for is waited for where it is no longer than this; the walk goes on after it."""


class Stopped(AggregatorError):
    """The run is ending; nothing was wrong with the source, and nothing is to be written about it."""


def wait_for(last: datetime | None, gap: timedelta, now: datetime) -> timedelta:
    """How long to wait when the last request began at `last`; never longer than `gap`, also when the clock was set back."""
    if last is None:
        return timedelta(0)
    return max(timedelta(0), min(gap, last + gap - now))


def lane_of(host: str, lane: str) -> str:
    """The lane a request to `host` is in, for a source whose own lane is `lane`: its sub-domains spend the same patience."""
    return lane if lane and host.endswith(f".{lane}") else host


def next_midnight(now: datetime) -> datetime:
    """The next midnight of `now`'s zone."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


class Turns:
    """Lets requests into their lanes, one at a time, and remembers what the hosts said."""

    def __init__(
        self,
        *,
        clock: Clock,
        sleep: Callable[[float], object],
        stopped: Callable[[], bool],
        rests: Mapping[str, datetime],
        spent: Mapping[str, int],
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._stopped = stopped
        self._guard = threading.Lock()
        self._lanes: dict[str, threading.Lock] = {}
        self._last: dict[str, datetime] = {}
        self._spared: dict[str, datetime] = {}
        self._rests = dict(rests)
        self._learned: dict[str, datetime] = {}
        self._spent = dict(spent)
        self._day: date = clock().date()

    @contextmanager
    def turn(self, lane: str, pace: Pace) -> Iterator[None]:
        """Wait for the lane to be free and for its gap to pass; hold it while inside.

        Raises:
            RateLimited: the host wants rest, or the budget of the day is used up.
            Stopped: the run is ending.
        """
        with self._guard:
            lock = self._lanes.setdefault(lane, threading.Lock())
        with lock:
            self._refuse_while_resting(lane)
            wait = max(wait_for(self._last.get(lane), pace.gap, self._clock()), self._spare(lane))
            if wait:
                self._sleep(wait.total_seconds())
            if self._stopped():
                raise Stopped("the run is ending")
            self._spend(lane, pace)
            self._last[lane] = self._clock()
            yield

    def rest(self, lane: str, until: datetime) -> None:
        """Ask nothing of a lane until then; never for longer than a month."""
        with self._guard:
            until = min(until, self._clock() + LONGEST)
            if until > self._rests.get(lane, until - LONGEST):
                self._rests[lane] = self._learned[lane] = until

    def spare(self, lane: str, until: datetime) -> None:
        """Ask nothing of a lane until then, as a good reply wishes: a short while is waited for, a longer one is a rest."""
        if until - self._clock() > PATIENCE:
            self.rest(lane, until)
            return
        with self._guard:
            self._spared[lane] = until

    def learned(self) -> Mapping[str, datetime]:
        """Until when each host wants rest, as far as it was said since the start."""
        with self._guard:
            return dict(self._learned)

    def spent(self) -> Mapping[str, int]:
        """Requests of the present UTC day by lane, for lanes that have a budget."""
        with self._guard:
            self._begin_day()
            return dict(self._spent)

    def relearn(self, rests: Mapping[str, datetime], spent: Mapping[str, int]) -> None:
        """Heed what another process was told since."""
        with self._guard:
            self._begin_day()
            self._rests.update((lane, max(until, self._rests.get(lane, until))) for lane, until in rests.items())
            self._spent.update((lane, max(count, self._spent.get(lane, count))) for lane, count in spent.items())

    def _begin_day(self) -> None:
        """Forget what was spent yesterday; the guard is held."""
        if self._day != (today := self._clock().date()):
            self._spent.clear()
            self._day = today

    def _spare(self, lane: str) -> timedelta:
        with self._guard:
            until = self._spared.pop(lane, None)
        return max(timedelta(0), min(PATIENCE, until - self._clock())) if until else timedelta(0)

    def _refuse_while_resting(self, lane: str) -> None:
        with self._guard:
            until = self._rests.get(lane)
        now = self._clock()
        # One that is later than any that is heeded was written while the clock was ahead.
        if until is not None and now < until <= now + LONGEST:
            raise RateLimited(f"asking {lane}: it wants rest until {until:%Y-%m-%d %H:%M} UTC", retry_at=until)

    def _spend(self, lane: str, pace: Pace) -> None:
        if pace.daily is None:
            return
        now = self._clock()
        with self._guard:
            self._begin_day()
            if self._spent.get(lane, 0) >= pace.daily:
                until = next_midnight(now)
                raise RateLimited(f"asking {lane}: the {pace.daily} requests of the day are used up", retry_at=until)
            self._spent[lane] = self._spent.get(lane, 0) + 1
