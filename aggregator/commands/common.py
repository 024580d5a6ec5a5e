"""What commands share."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from aggregator.commands.keys import line_or_interrupt
from aggregator.log import safe, safe_lines
from aggregator.publish.dates import minute
from aggregator.settings import Settings

if TYPE_CHECKING:
    from aggregator.app import App


NO_NETWORK = "Nobody could be reached: look at the network of this machine, then run it again."
"""Said once, where every source would say it."""


def settings_of(options: argparse.Namespace) -> Settings:
    """The configuration that the options name."""
    from aggregator.config import load

    return load(options.config, state=options.state)


@contextmanager
def application(options: argparse.Namespace, settings: Settings | None = None) -> Iterator[App]:
    """The application, as the options want it."""
    from aggregator.app import build

    settings = settings or settings_of(options)
    with build(settings, record=options.record, replay=options.replay, dry_run=options.dry_run) as app:
        yield app


def talk(options: argparse.Namespace, text: str) -> None:
    """Say something to the person at the terminal, unless they want quiet."""
    if not options.quiet:
        complain(text)


def say(text: str = "") -> None:
    """Print a line, whatever its parts were sent as."""
    print(safe(text))


def complain(text: str) -> None:
    """Say something to the person at the terminal, whether they want quiet or not."""
    print(safe(text), file=sys.stderr)


def complain_lines(text: str) -> None:
    """The same of a text that has lines."""
    for line in text.splitlines():
        complain(line)


def agreed(question: str, *, before: Iterable[str] = ()) -> bool | None:
    """The answer to a question of yes or no. None where nobody can be asked: there is no terminal, or the question would not be seen.

    Args:
        before: lines that are said first, where somebody is there.
    """
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        return None
    for line in before:
        complain(line)
    # What ends a send softly would leave Ctrl-C without any effect while nobody answers, also when it comes as the question is shown.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        print(safe(f"{question} [y/N] "), end="", file=sys.stderr, flush=True)
        return line_or_interrupt().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        complain("")
        return False
    finally:
        signal.signal(signal.SIGINT, handler)


def show(value: Any) -> None:
    """Print a value as JSON."""
    print(safe_lines(json.dumps(value, ensure_ascii=False, indent=2, default=_plain)))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def day(at: datetime | None, zone: tzinfo = UTC) -> str:
    """A time for people: "2026-11-22 14:05 UTC", or "never"."""
    return minute(at, zone) if at else "never"


def columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Lines of text in columns as wide as they need to be; the last column is left as it is."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]]).rstrip()
