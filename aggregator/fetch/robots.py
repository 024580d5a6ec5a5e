"""robots.txt, for linked pages (feeds and APIs are meant for readers like us). RFC 9309."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from aggregator.errors import Gone, SourceError, Unauthorized, Unreadable
from aggregator.fetch import Pace
from aggregator.fetch.status import shown

AGENT = "aggregator"
LONGEST_DELAY = timedelta(seconds=10)
"""A longer Crawl-delay (no part of the RFC) is kept only so far: a page is read once."""

_MOST_BYTES = 512 * 1024


class Robots:
    """What each host's robots.txt allows; asked once a run."""

    def __init__(self, ask: Callable[[str], bytes]) -> None:
        """`ask` gives the body of a URL, or raises."""
        self._ask = ask
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[str, RobotFileParser | SourceError] = {}

    def admit(self, url: str) -> Pace:
        """The pace at which `url` may be asked.

        Raises:
            Unauthorized: robots.txt asks that it is not read.
            SourceError: robots.txt could not be read for now, which forbids everything (§2.3.1.4).
        """
        parts = urlsplit(url)
        rules = self._rules(f"{parts.scheme}://{parts.netloc}")
        if isinstance(rules, SourceError):
            raise type(rules)(str(rules), status=rules.status, retry_at=rules.retry_at) from rules
        if not rules.can_fetch(AGENT, url):
            raise Unauthorized(f"asking {shown(url)}: robots.txt asks that this is not read")
        delay = rules.crawl_delay(AGENT)
        return Pace(gap=max(Pace().gap, min(timedelta(seconds=float(delay)), LONGEST_DELAY))) if delay else Pace()

    def _rules(self, origin: str) -> RobotFileParser | SourceError:
        with self._guard:
            lock = self._locks.setdefault(origin, threading.Lock())
        with lock:
            if origin not in self._known:
                self._known[origin] = self._read(f"{origin}/robots.txt")
            return self._known[origin]

    def _read(self, url: str) -> RobotFileParser | SourceError:
        rules = RobotFileParser(url)
        try:
            body = self._ask(url)
        except (Gone, Unauthorized, Unreadable):
            body = b""  # a 4xx allows everything (§2.3.1.3)
        except SourceError as error:
            told = type(error)(f"reading robots.txt: {error}", status=error.status, retry_at=error.retry_at)
            # Whether there is such a host at all is asked of what was behind it.
            told.__cause__ = error
            return told
        rules.parse(body[:_MOST_BYTES].decode("utf-8", "replace").lstrip("\ufeff").splitlines())
        return rules
