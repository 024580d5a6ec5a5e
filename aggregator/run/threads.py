"""Runs jobs in threads of this process: lanes side by side, the jobs of one lane one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from aggregator.run import Job

Done = TypeVar("Done")


def run(jobs: Iterable[Job], handle: Callable[[Job], Done], *, width: int, stopping: Callable[[], bool]) -> Iterator[Done]:
    """What `handle` gives for each job, in the order in which they end; `handle` does not raise.

    A job with the key of an earlier one is left out. When `stopping` says so, the jobs in hand are finished and no other is begun.
    """
    lanes: dict[str, list[Job]] = {}
    for key, job in {job.key: job for job in jobs}.items():
        assert key == job.key
        lanes.setdefault(job.lane, []).append(job)
    if not lanes:
        return
    with ThreadPoolExecutor(max_workers=min(width, len(lanes)), thread_name_prefix="lane") as pool:
        waiting = {pool.submit(handle, lane[0]): lane[1:] for lane in lanes.values() if not stopping()}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                rest = waiting.pop(future)
                if rest and not stopping():
                    waiting[pool.submit(handle, rest[0])] = rest[1:]
                yield _result(future)


def _result(future: Future[Done]) -> Done:
    return future.result()
