"""A mailer in memory: what it accepted, and scripts for what it answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aggregator.digest.mailers import Fate, Line, Mail, Reply

ACCEPTED = Reply(fate=Fate.ACCEPTED, text="250 queued")
LATER = Reply(fate=Fate.LATER, text="451 greylisted")
REFUSED = Reply(fate=Fate.REFUSED, text="550 5.7.1 not wanted")
UNKNOWN = Reply(fate=Fate.REFUSED, text="550 5.1.1 no such mailbox", hard=True)
UNCERTAIN = Reply(fate=Fate.UNCERTAIN, text="the connection was lost behind the end of the mail")


class Died(BaseException):
    """The process is killed at this point: nothing after it happens, and nothing catches it."""


@dataclass(kw_only=True)
class Sink:
    """`Mailer` that keeps what it accepts."""

    width: int = 1
    per_second: float = 0.0
    # What is answered to a mail; called before `begin`.
    answer: Callable[[Mail], Reply] = lambda mail: ACCEPTED
    # Called right after the mail was accepted or its outcome became uncertain, and before the answer is heard.
    heard: Callable[[Mail], None] = lambda mail: None
    # Recipients in the order in which they were accepted; who is in it twice has two copies.
    accepted: list[str] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def line(self) -> Iterator[Line]:
        yield _Line(self)

    def take(self, mail: Mail) -> None:
        with self._turn:
            self.accepted.append(mail.recipient)
            self.mails.append(mail)


@dataclass
class _Line:
    sink: Sink

    def hand_over(self, mail: Mail, begin: Callable[[], None]) -> Reply:
        reply = self.sink.answer(mail)
        if reply.fate in (Fate.ACCEPTED, Fate.UNCERTAIN):
            begin()
            self.sink.take(mail)
            self.sink.heard(mail)
        return reply
