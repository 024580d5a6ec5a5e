"""What is done once the answer is given: the address is looked at, the letter mailed, and what should be forgotten is forgotten. When
exactly, nobody can tell.

Two threads, because a mail server may keep us waiting for a minute, and nobody who subscribes meanwhile should be turned away for that.
What is left when the program ends is not lost: requests are written down before it ends, and letters that are owed are mailed when it
starts again, or by the next `digest send` or `mailbox`.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from aggregator.clock import Clock
from aggregator.digest.mailers import Line, Mail, Mailer, Reply
from aggregator.digest.membership import Membership
from aggregator.errors import AggregatorError, DeliveryError
from aggregator.web.signup import Wish

log = logging.getLogger("aggregator.web")

# Each takes as long as two commits, some 20 ms, so that this is a second or two of work.
MOST_WAITING = 64
# A wish is looked up at some moment of so many seconds. An address that is new costs some writes more than one that is known, and who goes
# on asking for what is written feels it: six such requests took 61 ms behind a new address and 48 behind a known one on a busy machine,
# and with this wait 72 and 71.
HELD_SECONDS = 3.0
# Letters that could not be mailed are tried again.
_AGAIN_SECONDS = 300.0
_TIDY_SECONDS = 3600.0


def taking(membership: Membership, clock: Clock) -> Callable[[Wish], None]:
    """What looks a wish up and writes it down, unless there were too many such: nobody is told."""

    def take(wish: Wish) -> None:
        if not membership.admit(network=wish.network, address=wish.address, now=clock()):
            log.info("a request was over a limit, and not taken")
            return
        membership.ask(wish.address, source="form", rhythm=wish.choice.rhythm, topics=wish.choice.topics)

    return take


class Stoppable:
    """A mailer that takes no more letters once it is told to end; those are owed still, and the one in hand is finished."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._ended = threading.Event()

    @property
    def width(self) -> int:
        return self._mailer.width

    @property
    def per_second(self) -> float:
        return self._mailer.per_second

    @contextmanager
    def line(self) -> Iterator[Line]:
        with self._mailer.line() as line:
            yield _StoppableLine(line, self._ended)

    def end(self) -> None:
        """Take no more."""
        self._ended.set()


class _StoppableLine:
    def __init__(self, line: Line, ended: threading.Event) -> None:
        self._line = line
        self._ended = ended

    def hand_over(self, mail: Mail, begin: Callable[[], None]) -> Reply:
        if self._ended.is_set():
            raise DeliveryError("the server is ending")
        return self._line.hand_over(mail, begin)


class Afterwards:
    """Works through wishes, one after the other."""

    def __init__(
        self, take: Callable[[Wish], None], *, mail: Callable[[], object], tidy: Callable[[], object], held_seconds: float = HELD_SECONDS
    ) -> None:
        """
        Args:
            take: looks the address up, and writes down what it wants.
            mail: mails all letters that are owed.
            tidy: forgets whose time is over. The pages promise it, so that it must not wait for another command.
            held_seconds: how long a wish waits at most when no other waits behind it.
        """
        self._take = take
        self._mail = mail
        self._tidy = tidy
        self._held_seconds = held_seconds
        # None: there will be no more.
        self._wishes: queue.SimpleQueue[Wish | None] = queue.SimpleQueue()
        self._owed = threading.Event()
        self._ended = threading.Event()
        # Daemons: a server that does not answer must not keep the program from ending.
        self._threads = tuple(threading.Thread(target=work, name=work.__name__, daemon=True) for work in (self._taking, self._mailing))

    def start(self) -> None:
        """Begin, with the letters that were left over."""
        self._owed.set()
        for thread in self._threads:
            thread.start()

    @property
    def full(self) -> bool:
        """Whether there are too many already, so that whoever asks must come back. The few that are being answered come on top."""
        return self._wishes.qsize() >= MOST_WAITING

    def put(self, wish: Wish) -> None:
        """Take a wish in, without waiting."""
        self._wishes.put(wish)

    def end(self, seconds: float) -> None:
        """Write down all wishes that were taken in, finish the letter in hand, and return; after so many seconds all the same."""
        deadline = time.monotonic() + seconds
        self._ended.set()
        self._wishes.put(None)
        self._threads[0].join(seconds)
        self._owed.set()
        self._threads[1].join(max(0.0, deadline - time.monotonic()))

    def _taking(self) -> None:
        while (wish := self._wishes.get()) is not None:
            if self._wishes.empty():
                self._ended.wait(random.uniform(0, self._held_seconds))  # noqa: S311  # nobody gains by knowing the next one
            _tried(partial(self._take, wish), "a request could not be written down")
            self._owed.set()

    def _mailing(self) -> None:
        tidied = -_TIDY_SECONDS
        while not self._ended.is_set():
            self._owed.wait(_AGAIN_SECONDS)
            self._owed.clear()
            if not self._ended.is_set():
                _tried(self._mail, "letters could not be mailed, and will be tried again")
            if not self._ended.is_set() and time.monotonic() - tidied >= _TIDY_SECONDS:
                tidied = time.monotonic()
                _tried(self._tidy, "what is to be forgotten could not be, and will be tried again")


def _tried(work: Callable[[], object], complaint: str) -> None:
    """Do it, and say what went wrong without the words of whoever sent something: they may hold an address."""
    try:
        work()
    except AggregatorError as error:
        log.warning("%s: %s", complaint, error)
    except Exception as error:
        log.error("%s: a bug in the program: %s\n%s", complaint, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
