"""How many requests of one network are let through. In memory, so that the answer takes the same time whatever the database has to say.

`Membership.admit` counts again, for all processes and over restarts, and by address and domain, too; but it is asked after the answer is
given, and what it refuses is refused in silence. Whoever shares a crowded network learns it here.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

# Networks that are remembered; those that were not seen for the longest time are forgotten first.
_MOST_NETWORKS = 10_000


def after(wait: timedelta) -> dict[str, str]:
    """The header that says how long to wait, in whole seconds."""
    return {"Retry-After": str(math.ceil(wait.total_seconds()))}


class Turnstile:
    """Counts by network, over a sliding window."""

    def __init__(self, *, most: int, window: timedelta) -> None:
        self._most = most
        self._window = window
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._turn = threading.Lock()

    def wait(self, network: str, now: datetime) -> timedelta | None:
        """Count one request and let it through, which is None; or say how long to wait. "" is never counted: it stands for nobody."""
        if not network:
            return None
        with self._turn:
            times = self._seen.setdefault(network, deque())
            self._seen.move_to_end(network)
            while times and now - times[0] >= self._window:
                times.popleft()
            if len(times) >= self._most:
                return times[0] + self._window - now
            times.append(now)
            if len(self._seen) > _MOST_NETWORKS:
                self._seen.popitem(last=False)
            return None
