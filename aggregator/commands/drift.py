"""The command `source check`: whether platforms still answer as their collectors expect."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from aggregator.app import App
from aggregator.collectors import platforms
from aggregator.commands.common import NO_NETWORK, application, day, say, settings_of, show, talk
from aggregator.run.drifting import Drift, check_shapes, last_check


def check(options: argparse.Namespace) -> int:
    """Compare one page of each source with the shape of the recorded replies, and say which field went."""
    settings = settings_of(options)
    with application(options, settings) as app:
        talk(options, f"Asking {len(app.sources)} source{'s' if len(app.sources) != 1 else ''} for one page each …")
        found = check_shapes(app)
    if options.json:
        show({"at": found.at, "gone": found.gone, "unread": found.unread, "compared": found.compared})
    else:
        for line in told(found):
            say(line)
        if found.cut_off:
            say(NO_NETWORK)
            return 4
        for source, problem in found.unread.items() if found.failed or not options.quiet else ():
            say(f"{source} was not compared: {problem}")
        if not found.gone and (found.failed or not options.quiet):
            # Cron mails whatever is printed; that all is well is no mail.
            say(f"{_platforms(found)} as before." if found.compared else "Nothing could be compared.")
    return 4 if found.gone or found.failed else 0


def _platforms(found: Drift) -> str:
    titles = ", ".join(platforms()[name].manifest.title for name in found.compared)
    return f"{titles} answer{'s' if len(found.compared) == 1 else ''}"


def told(found: Drift) -> Iterator[str]:
    """A sentence for each mark that went."""
    for platform, questions in found.gone.items():
        title = platforms()[platform].manifest.title if platform in platforms() else platform
        for question, marks in questions.items():
            for mark in marks:
                yield f"{title}: the field {mark} went from its answers to {question}; what is read there may be less or wrong."


def remembered(app: App) -> Iterator[str]:
    """What `status` says of the last check; nothing where there was none."""
    found = last_check(app)
    if found is None:
        return
    how = "." if found.gone else ": nothing had gone." if found.compared else ", and nothing could be compared then."
    yield f"The shape of replies was last checked {day(found.at)}{how}"
    yield from told(found)
