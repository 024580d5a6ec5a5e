"""The log, and what may be said at all: one line per unit of work, to stderr; no secret, and nothing that a terminal would obey.

Secrets mask themselves (`settings.Secret`); a bug in the program may carry one in its message all the same, so that whatever is said goes
through `safe`. Addresses of people are never logged.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable

# What a terminal obeys (ECMA-48: C0 and C1), what ends a line, what turns the direction of the rest (Unicode UAX #9), and halves of
# surrogate pairs, which cannot be written.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")

_hidden: list[Callable[[str], str]] = []


def hide(clean: Callable[[str], str]) -> None:
    """From now on everything said goes through `clean`, which takes the secrets out; an earlier one is forgotten."""
    _hidden[:] = [clean]


def safe(text: str) -> str:
    """One line that may be printed, whatever was sent to us."""
    for clean in _hidden:
        text = clean(text)
    return _OBEYED.sub(" ", text)


def safe_lines(text: str) -> str:
    """The same of a text that has lines."""
    return "\n".join(map(safe, text.split("\n")))


def start(*, verbose: int, quiet: bool) -> None:
    """Log warnings; with -v also what is done, with -vv also what is asked; with -q errors alone."""
    level = logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Safe("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z"))
    logger = logging.getLogger("aggregator")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


class _Safe(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return safe_lines(super().format(record))
