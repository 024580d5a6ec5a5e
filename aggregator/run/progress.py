"""A progress bar on a terminal, a plain line otherwise. The only module that knows rich."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TextIO

from aggregator.log import safe
from aggregator.pipeline.backfill import Step
from aggregator.run.jobs import Done, Ending


@contextmanager
def progress(*, quiet: bool, stream: TextIO | None = None) -> Iterator[tuple[Callable[[int], None], Callable[[Done], None]]]:
    """Two functions: one hears how many sources will be asked, the other hears of every job as it ends."""
    stream = stream or sys.stderr
    if quiet:
        yield _nothing, _nothing
    elif stream.isatty():
        with _bar(stream) as functions:
            yield functions
    else:
        yield _nothing, _line(stream)


def _nothing(_: object) -> None:
    """Says nothing."""


def _line(stream: TextIO) -> Callable[[Done], None]:
    def tell(done: Done) -> None:
        if done.job.name == "poll":
            print(safe(said(done)), file=stream, flush=True)

    return tell


def said(done: Done) -> str:
    """One line about one poll; why one failed is said at the end, once."""
    if done.ending is not Ending.OK:
        return f"{done.job.subject}: {done.ending}"
    landed = done.landed
    changes = [(landed.new, "new"), (landed.changed, "changed"), (landed.withdrawn, "withdrawn")]
    return f"{done.job.subject}: {', '.join(f'{count} {word}' for count, word in changes if count) or 'nothing new'}"


@contextmanager
def reading_back(source: str, *, quiet: bool, stream: TextIO | None = None) -> Iterator[Callable[[Step, timedelta | None], None]]:
    """A function that hears of every page of a back-fill, and how long the rest will take where that is known."""
    stream = stream or sys.stderr
    if quiet:
        yield lambda step, left: None
    elif stream.isatty():
        with _bar_back(source, stream) as tell:
            yield tell
    else:
        yield lambda step, left: print(safe(f"{source}: page {step.pages}, {came(step, left)}"), file=stream, flush=True)


def came(step: Step, left: timedelta | None) -> str:
    """How far a back-fill has come, in words."""
    down = f"back to {step.reached:%Y-%m-%d}, " if step.reached else ""
    rest = f", about {duration(left)} left" if left is not None and step.done != 1 else ""
    return f"{down}{step.entries} entr{'y' if step.entries == 1 else 'ies'}, {step.landed.new} new{rest}"


def duration(time: timedelta) -> str:
    """A time for people, in the greatest unit of which there are two at least: "3 hours", "70 minutes"."""
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))):
        if time >= 2 * length:
            return f"{round(time / length)} {unit}"
    return "a minute"


@contextmanager
def _bar_back(source: str, stream: TextIO) -> Iterator[Callable[[Step, timedelta | None], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("Reading back"), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(safe(source), total=None)

        def tell(step: Step, left: timedelta | None) -> None:
            whole = None if step.done is None else 1.0
            bar.update(task, total=whole, completed=step.done or 0.0, description=safe(came(step, left)))

        yield tell


@contextmanager
def _bar(stream: TextIO) -> Iterator[tuple[Callable[[int], None], Callable[[Done], None]]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("", total=None)

        def begin(count: int) -> None:
            bar.update(task, total=count)

        def tell(done: Done) -> None:
            if done.job.name == "poll":
                bar.update(task, advance=1, description=safe(done.job.subject))
            else:
                bar.update(task, description=safe(f"page {done.job.lane}"))

        yield begin, tell
