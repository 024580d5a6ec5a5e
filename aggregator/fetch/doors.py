"""Which door a question goes through. HTTP is always open; the others are opened when the first question comes for them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from aggregator.fetch.exchange import Answer, Question, Transport
from aggregator.fetch.network import Network
from aggregator.settings import Fetch


class Doors:
    """Answers over the network, from programs and from mailboxes."""

    paced = True

    def __init__(self, *, settings: Fetch, version: str, stopped: Callable[[], bool]) -> None:
        self._settings, self._version, self._stopped = settings, version, stopped
        self._lock = threading.Lock()
        self._open: dict[str, Transport] = {"GET": Network(settings=settings, version=version, stopped=stopped)}

    def send(self, question: Question) -> Answer:
        return self._door(question.method).send(question)

    def stop(self) -> None:
        for door in self._all():
            door.stop()

    def close(self) -> None:
        for door in self._all():
            door.close()

    def _all(self) -> tuple[Transport, ...]:
        with self._lock:
            return tuple(self._open.values())

    def _door(self, method: str) -> Transport:
        with self._lock:
            door = self._open.get(method)
            if door is None and (made := self._made(method)) is not None:
                door = self._open[method] = made
            return door or self._open["GET"]

    def _made(self, method: str) -> Transport | None:
        """A door that few need, and that is slow to load; None: HTTP's."""
        if method == "CONVERSE":
            from aggregator.fetch.sockets import Sockets

            return Sockets(settings=self._settings, version=self._version, stopped=self._stopped)
        if method == "RUN":
            from aggregator.fetch.programs import Programs

            return Programs(settings=self._settings, stopped=self._stopped)
        if method == "MESSAGES":
            from aggregator.fetch.folders import Folders

            return Folders(settings=self._settings, stopped=self._stopped)
        return None
