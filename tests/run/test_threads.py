"""Lanes run side by side, the jobs of one lane one after the other."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from aggregator.run import Job
from aggregator.run.threads import run


def job(lane: str, subject: str) -> Job:
    return Job(name="poll", subject=subject, lane=lane)


def never() -> bool:
    return False


def test_two_lanes_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def handle(one: Job) -> str:
        meeting.wait()
        return one.subject

    assert sorted(run([job("a", "1"), job("b", "2")], handle, width=2, stopping=never)) == ["1", "2"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=30))
def test_jobs_of_one_lane_never_overlap_and_keep_their_order(given_jobs: list[tuple[str, int]]) -> None:
    busy: dict[str, threading.Lock] = {lane: threading.Lock() for lane in "abc"}
    ran: dict[str, list[int]] = {lane: [] for lane in "abc"}

    def handle(one: Job) -> None:
        assert busy[one.lane].acquire(blocking=False)
        ran[one.lane].append(int(one.subject.split()[1]))
        busy[one.lane].release()

    list(run([job(lane, f"{lane} {number}") for lane, number in given_jobs], handle, width=3, stopping=never))
    assert ran == {lane: list(dict.fromkeys(number for other, number in given_jobs if other == lane)) for lane in "abc"}


def test_a_job_with_the_key_of_another_is_run_once() -> None:
    assert list(run([job("a", "1"), job("a", "1")], lambda one: one.subject, width=2, stopping=never)) == ["1"]


def test_when_stopping_the_jobs_in_hand_are_finished_and_no_other_is_begun() -> None:
    stop = threading.Event()

    def handle(one: Job) -> str:
        stop.set()
        return one.subject

    assert list(run([job("a", "1"), job("a", "2"), job("a", "3")], handle, width=1, stopping=stop.is_set)) == ["1"]


def test_no_jobs_give_nothing() -> None:
    assert list(run([], lambda one: one, width=4, stopping=never)) == []
