"""Hands a batch of mails over on several lines at once, at the pace that is allowed, and hears what becomes of each.

A line belongs to one thread. One that fails for a reason that is no mail's own is given up, and the others go on; when the last is gone,
no mail can be handed over.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

from aggregator.digest.journal import Journal
from aggregator.digest.mailers import Line, Mail, Mailer, Reply
from aggregator.errors import DeliveryError
from aggregator.store.private import Claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What became of one claimed copy."""

    copy: Claimed
    # None: nothing was heard.
    reply: Reply | None
    # It may have arrived, if nothing was heard.
    begun: bool = False


class Pace:
    """So many in a second, whoever asks."""

    def __init__(self, per_second: float, stop: threading.Event) -> None:
        self._gap = 1 / per_second if per_second > 0 else 0.0
        self._stop = stop
        self._turn = threading.Lock()
        self._next = 0.0

    def wait(self) -> bool:
        """Wait for one's turn; False: the process was asked to stop."""
        if not self._gap:
            return not self._stop.is_set()
        with self._turn:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._gap
        return not self._stop.wait(max(mine - now, 0))


class Crew:
    """Threads, each with its line."""

    def __init__(self, mailer: Mailer, journal: Journal, write: Callable[[Claimed], Mail], stop: threading.Event) -> None:
        self._mailer = mailer
        self._journal = journal
        self._write = write
        self._stop = stop
        self._pace = Pace(mailer.per_second, stop)
        self._calls: list[SimpleQueue[deque[Claimed] | None]] = [SimpleQueue() for _ in range(max(mailer.width, 1))]
        self._done: SimpleQueue[Handed | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, args=(calls,), daemon=True) for calls in self._calls]
        # Why the last line that was given up could not go on; "": none was.
        self.broken = ""
        # A bug, to be raised when the rows are settled.
        self.failure: BaseException | None = None
        self._lines = len(self._calls)
        for thread in self._threads:
            thread.start()

    @property
    def lines(self) -> int:
        """How many are open still; 0: nothing can be handed over."""
        return self._lines

    @property
    def able(self) -> bool:
        """Whether another batch may be given."""
        return self._lines > 0 and self.failure is None

    def hand_over(self, batch: Sequence[Claimed]) -> list[Handed]:
        """Hand a batch over; one outcome for each copy, those that were not tried last."""
        todo = deque(batch)
        calls = list(self._calls)
        for queue in calls:
            queue.put(todo)
        found: list[Handed] = []
        ended = 0
        while ended < len(calls):
            handed = self._done.get()
            if handed is None:
                ended += 1
            else:
                found.append(handed)
        return [*found, *(Handed(copy=copy, reply=None) for copy in todo)]

    def close(self) -> None:
        """Close the lines, politely."""
        for queue in self._calls:
            queue.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self, calls: SimpleQueue[deque[Claimed] | None]) -> None:
        todo: deque[Claimed] | None = None
        try:
            todo = calls.get()
            if todo is None:
                return
            with self._mailer.line() as line:
                while todo is not None:
                    self._work(line, todo)
                    self._done.put(None)
                    todo = calls.get()
        except DeliveryError as error:
            self._retire(calls, str(error))
        except BaseException as error:
            self.failure = error
            self._retire(calls, "")

    def _work(self, line: Line, todo: deque[Claimed]) -> None:
        while self.failure is None and self._pace.wait():
            try:
                copy = todo.popleft()
            except IndexError:
                return
            self._one(line, copy, todo)

    def _one(self, line: Line, copy: Claimed, todo: deque[Claimed]) -> None:
        recipient = copy.delivery.recipient
        begun = False

        def begin() -> None:
            nonlocal begun
            self._journal.begun(recipient)
            begun = True

        reply = None
        try:
            reply = line.hand_over(self._write(copy), begin)
            self._journal.outcome(recipient, reply)
        except DeliveryError:
            if not begun:
                # Another line may have more luck with it.
                todo.append(copy)
                raise
            self._done.put(Handed(copy=copy, reply=None, begun=True))
            raise
        except BaseException:
            self._done.put(Handed(copy=copy, reply=reply, begun=begun))
            raise
        self._done.put(Handed(copy=copy, reply=reply, begun=begun))

    def _retire(self, calls: SimpleQueue[deque[Claimed] | None], why: str) -> None:
        self.broken = why or self.broken
        self._lines -= 1
        self._calls.remove(calls)
        self._done.put(None)


@contextmanager
def crew(mailer: Mailer, journal: Journal, write: Callable[[Claimed], Mail], stop: threading.Event) -> Iterator[Crew]:
    """A crew, whose lines are closed at the end of the block."""
    people = Crew(mailer, journal, write, stop)
    try:
        yield people
    except BaseException as error:
        # A second signal does not wait for the mails in hand.
        people.failure = error
        raise
    people.close()
