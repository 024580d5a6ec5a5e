"""The log, and what may be said at all: one line per unit of work, to stderr; no secret, and nothing that a terminal would obey.

Secrets mask themselves (`settings.Secret`); a bug in the program may carry one in its message all the same, so that whatever is said goes
through `safe`. Addresses of people are never logged: nobody writes one into a message, and should a traceback or a server's words carry one
all the same, `unaddressed` takes it out of every line of the log, with the tokens that let its bearer act for a reader.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable

# What a terminal obeys (ECMA-48: C0 and C1), what ends a line, what turns the direction of the rest (Unicode UAX #9), and halves of
# surrogate pairs, which cannot be written.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")

# A mailbox, also with a quoted name, at an address in brackets, or percent-encoded. Behind "@" or "!" stands an account or a group of the
# fediverse, which is public.
_LOCAL = r"(?:\"[^\"\r\n]{1,64}\"|[\w.#$*+?^`{|}~%-]{1,128})"
_MAILBOX = re.compile(rf"(?<![\w.!+%@-])(?:{_LOCAL})(?:@|＠|%40|=40)(?:\[[^\]\s]{{1,64}}\]|[\w.-]{{1,253}})", re.IGNORECASE)
# As long as a token of `digest.tokens`, or longer, in the letters that it has.
_TOKEN = re.compile(r"[A-Za-z2-7]{45,}")
_SOMEBODY, _SOMETHING = "…@…", "…"

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


def unaddressed(text: str) -> str:
    """The text without mailboxes and tokens; accounts of the fediverse (@ada@social.example) stay."""
    if "@" in text or "＠" in text or "%40" in text or "=40" in text:
        text = _MAILBOX.sub(_SOMEBODY, text)
    return _TOKEN.sub(_SOMETHING, text)


def start(*, verbose: int, quiet: bool) -> None:
    """Log warnings; with -v also what is done, with -vv also what is asked; with -q errors alone."""
    level = logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Safe("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z"))
    logger = logging.getLogger("aggregator")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
    # What libraries have to say, and threads that end with an error, say it in the same way.
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(handler.formatter)
    threading.excepthook = _say_why_a_thread_ended


def _say_why_a_thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_type is not SystemExit:
        told = "".join(traceback.format_exception(ended.exc_type, ended.exc_value, ended.exc_traceback))
        logging.getLogger("aggregator").error("a bug in the program, in the thread %s:\n%s", ended.thread and ended.thread.name, told)


class _Safe(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return unaddressed(safe_lines(super().format(record)))
