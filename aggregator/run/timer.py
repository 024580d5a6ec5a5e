"""Runs the main job again and again, for those who have no cron. The only module that knows APScheduler."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from types import FrameType


def on_signals(end: Callable[[], None]) -> None:
    """Call `end` at SIGTERM or SIGINT; a second signal ends the process at once."""
    asked_before: list[int] = []

    def asked(number: int, frame: FrameType | None) -> None:
        if asked_before:
            raise SystemExit(128 + number)
        asked_before.append(number)
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)


def repeat(work: Callable[[], None], *, every: timedelta, stop: Event) -> None:
    """Call `work` now and then every so often, never twice at a time, until `stop` is set; a call in hand is finished first.

    A call that was missed because the machine slept or the last one took long is made up once, not several times.
    """
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        work, "interval", seconds=every.total_seconds(), max_instances=1, coalesce=True, misfire_grace_time=None, next_run_time=_now()
    )
    scheduler.start()
    # Waiting in slices lets the main thread see signals on every platform.
    while not stop.wait(0.5):
        pass
    scheduler.shutdown(wait=True)


def _now() -> object:
    from aggregator.clock import now

    return now()
