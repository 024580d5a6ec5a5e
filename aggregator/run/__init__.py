"""Doing the work: what is due (`jobs.py`), in threads (`threads.py`), once (`once.py`) or again and again (`timer.py`)."""

from __future__ import annotations

from dataclasses import dataclass

CUT_OFF = 5
"""When so many sources or more were asked and the host of none could be reached, it is the network of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A unit of work."""

    # Name of the handler: "poll", "enrich" or "cluster".
    name: str
    # What it works on: a source's id, a link's key; "all" for what is due together.
    subject: str
    # Jobs of one lane never run together; the host that is asked.
    lane: str

    @property
    def key(self) -> str:
        """At most one job with one key waits."""
        return f"{self.name} {self.subject}"
