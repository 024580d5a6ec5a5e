"""The command that reads the mailbox, for cron: one line of counts, and no address."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from aggregator.commands.common import application, complain, say, show, talk
from aggregator.digest.mailbox.acting import Outcome
from aggregator.run.reading_mail import Round, read_mail


def mailbox(options: argparse.Namespace) -> int:
    """Read the mailbox once."""
    with application(options) as app:
        done = read_mail(app)
    if done is None:
        talk(options, "Another `aggregator mailbox` is reading the mailbox.")
        return 0
    if done.tally.stuck:
        complain(f"What was handled could not be put aside, and stays in the folder: {done.tally.stuck}")
    if options.json:
        show(_plain(done))
    elif not options.quiet:
        say(", ".join(_counted(done)) or "nothing new")
    return 0


def _counted(done: Round) -> Iterator[str]:
    count = done.tally.outcomes
    hard, soft = count[Outcome.CAME_BACK_HARD], count[Outcome.CAME_BACK]
    letters = done.letters.count
    parts = (
        (count[Outcome.ASKED], "asked"),
        (count[Outcome.CONFIRMED], "confirmed"),
        (count[Outcome.LEFT], "left"),
        (hard + soft, f"came back ({hard} hard)" if hard else "came back"),
        (count[Outcome.COMPLAINED], "complained"),
        (count[Outcome.NOTHING], "with nothing to do"),
        (count[Outcome.UNTOUCHED], "left for you to read"),
        (done.tally.waiting, "waiting for the next run"),
        (letters, "letter mailed" if letters == 1 else "letters mailed"),
        (done.letters.failed, "not mailed"),
    )
    yield from (f"{number} {what}" for number, what in parts if number)


def _plain(done: Round) -> dict[str, int]:
    counted = {kind.name.lower(): number for kind, number in done.tally.outcomes.items()}
    return {**counted, "waiting": done.tally.waiting, "letters": done.letters.count, "letters_failed": done.letters.failed}
