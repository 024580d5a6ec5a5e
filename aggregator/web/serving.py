"""The sockets: where the server listens, how long it has patience with a connection, how it ends. The only importer of uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.errors import ConfigError
from aggregator.web.guarding import Guard

# From the first moment of a connection, or the end of an answer, to the end of the next answer. A phone on a bad line needs seconds.
PATIENCE_SECONDS = 20.0
# Open at the same time; the operating system gives a process about a thousand.
MOST_CONNECTIONS = 400
# Of the head of a request: request line and headers.
_MOST_HEAD_BYTES = 16 * 1024
_KEPT_ALIVE_SECONDS = 5
# At the end: for requests in hand.
_ENDING_SECONDS = 3


class _Patient(H11Protocol):
    """HTTP/1.1 with a limit to waiting, which uvicorn leaves to a proxy: who sends or reads byte by byte is cut off."""

    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself narrows it
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._wait()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP; uvicorn's own answer would lack our headers."""
        app = self.config.app
        assert isinstance(app, Guard)
        headers = [*app.headers.items(), ("Content-Length", "0"), ("Connection", "close")]
        answer = h11.Response(status_code=400, headers=headers, reason="Bad Request")
        with contextlib.suppress(h11.LocalProtocolError):
            # Unless an answer was begun already.
            self.transport.write(self.conn.send(answer) or b"")
        self.transport.close()

    def _wait(self) -> None:
        self._unwatch()
        self._watch = self.loop.call_later(PATIENCE_SECONDS, self.transport.abort)

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


class Serving(Server):
    """uvicorn's server; `end` stops it from a signal's handler or from another thread."""

    def __init__(self, app: Guard, listening: socket.socket) -> None:
        _quiet()
        self._listening = listening
        super().__init__(
            Config(
                app,
                http=_Patient,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                # Whom to believe about the client's address is ours to say (`networks.client_of`).
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEPT_ALIVE_SECONDS,
                timeout_graceful_shutdown=_ENDING_SECONDS,
                h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
            )
        )

    def serve_until_ended(self) -> None:
        """Answer requests until `end` is called; those in hand are finished."""
        self.run(sockets=[self._listening])

    def end(self) -> None:
        """Take no more connections, and finish."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the command, which ends more than this server."""
        yield


def listen(place: str) -> socket.socket:
    """A socket that listens at "host:port" or "[host]:port".

    Raises:
        ConfigError: nobody can listen there; the sentence says what to do.
    """
    host, _, port = place.rpartition(":")
    try:
        if not host or not 0 <= int(port) < 65536:
            raise ValueError(port)
        family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(MOST_CONNECTIONS)
        except BaseException:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError, ValueError) as error:
        raise ConfigError(_why_not(place, error)) from error
    return listening


def place_of(listening: socket.socket) -> str:
    """ "127.0.0.1:8025", "[::1]:8025"."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _why_not(place: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"Another program listens at {place} already. Stop it, or choose another port with --listen or in digest.serve.listen."
    if number == errno.EACCES:
        return f"This user may not listen at {place}. Choose a port above 1023 with --listen or in digest.serve.listen."
    if number == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"This machine has no address for {place}. Write one that it has, as 127.0.0.1:8025, for --listen or in digest.serve.listen."
    return f"Nobody can listen at {place}. Write host and port, such as 127.0.0.1:8025, for --listen or in digest.serve.listen."


def _quiet() -> None:
    """uvicorn's own lines would tell addresses of clients, and what strangers send; ours tell enough."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger: Any = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False
        logger.handlers[:] = [logging.NullHandler()]
