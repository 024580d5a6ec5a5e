"""A progress bar on a terminal, a plain line otherwise. The only module that knows rich."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from aggregator.log import safe
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
