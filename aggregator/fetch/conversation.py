"""One conversation over a WebSocket, on a socket that somebody else has connected (RFC 6455; RFC 7692 for compression).

The protocol is the library's, without its connections: those read in threads of their own and wait for long when they are closed, while
here the one thread that asks holds the socket, and every wait is that of the socket.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidMessage, InvalidState, InvalidStatus, InvalidURI, PayloadTooBig, WebSocketException
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event
from websockets.uri import parse_uri

from aggregator.errors import SourceError, Unavailable, Unreadable
from aggregator.fetch.exchange import Answer

FAREWELL = 1.0
"""Seconds for the other side to say good-bye too; some never do (nostr-relay 1.14)."""
_STEP = 64 * 1024
# They belong to the connection, and a cookie to nobody.
_UNKEPT = frozenset({"connection", "upgrade", "set-cookie", "set-cookie2"})


class Ended(Exception):
    """The conversation broke off; its text says how, as what follows "asking URL: "."""

    def __init__(self, kind: type[SourceError], words: str, *, status: int | None = None) -> None:
        self.kind = kind
        self.status = status
        super().__init__(words)


class Place(NamedTuple):
    """Where a ws or wss address leads."""

    host: str
    port: int
    secure: bool


def place_of(url: str) -> Place:
    """Raises `Ended` when the address cannot be asked."""
    try:
        address = parse_uri(url)
    except InvalidURI as error:
        raise Ended(Unreadable, "this is not an address that can be asked") from error
    return Place(address.host, address.port, address.secure)


class Conversation:
    """What is said and heard on one connection."""

    def __init__(self, sock: socket.socket, url: str, *, most_bytes: int) -> None:
        """`most_bytes`: of a message, decompressed."""
        self._sock = sock
        self._most_bytes = most_bytes
        self._protocol = ClientProtocol(parse_uri(url), extensions=[ClientPerMessageDeflateFactory()], max_size=most_bytes)
        self._events = self._arriving()

    def open(self, name: str) -> Answer:
        """Shake hands as the client `name`: status 101 when the conversation is open, another when it is refused.

        Raises:
            Ended: what came is not the reply to a handshake.
            OSError: nothing came.
        """
        request = self._protocol.connect()
        request.headers["User-Agent"] = name
        self._protocol.send_request(request)
        self._flush()
        response = next(self._events)
        assert isinstance(response, Response), "the first event is the reply to the handshake"
        error = self._protocol.handshake_exc
        if error is not None and not (isinstance(error, InvalidStatus) and _may_be_told(response.status_code)):
            words = f"expected a WebSocket, and none was opened (status {response.status_code})"
            raise Ended(Unreadable, words, status=response.status_code)
        return Answer(
            status=response.status_code, reason=response.reason_phrase, headers=_headers(response), body=bytes(response.body or b"")
        )

    def say(self, value: object) -> None:
        """Send a JSON value as one message; who has gone already is not told, and `messages` says why."""
        with contextlib.suppress(InvalidState):
            self._protocol.send_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))
            self._flush()

    def messages(self) -> Iterator[bytes]:
        """The texts that come, whole; without end.

        Raises:
            Ended: the other side ended it, or said what is no text.
            OSError: the connection failed, or was silent for too long.
        """
        pieces: list[bytes] = []
        for event in self._events:
            assert isinstance(event, Frame), "after the handshake there are frames alone"
            if event.opcode is Opcode.BINARY:
                raise Ended(Unreadable, "expected text, and bytes came")
            if event.opcode is Opcode.CLOSE:
                code = int.from_bytes(bytes(event.data[:2]), "big")
                raise Ended(Unavailable, "the conversation was ended early" + (f" (code {code})" if code else ""))
            if event.opcode in (Opcode.TEXT, Opcode.CONT):
                pieces.append(bytes(event.data))
                if event.fin:
                    yield b"".join(pieces)
                    pieces = []
        raise Ended(Unavailable, "the conversation was ended early")

    def end(self) -> None:
        """Say good-bye, and wait a moment for the answer, so that the other side sees no broken connection."""
        with contextlib.suppress(OSError, WebSocketException):
            self._protocol.send_close(1000)
            self._flush()
            until = time.monotonic() + FAREWELL
            while (left := until - time.monotonic()) > 0:
                self._sock.settimeout(left)
                if not self._sock.recv(_STEP):
                    return

    def _arriving(self) -> Iterator[Event]:
        """The reply to our handshake, then the frames."""
        while piece := self._sock.recv(_STEP):
            self._protocol.receive_data(piece)
            # A ping is answered by the protocol.
            self._flush()
            yield from self._protocol.events_received()
            self._check()
        self._protocol.receive_eof()
        yield from self._protocol.events_received()
        self._check()

    def _check(self) -> None:
        """Raises `Ended` when what came cannot be read on."""
        error = self._protocol.parser_exc or self._protocol.handshake_exc
        match error:
            case None | EOFError():
                return
            case PayloadTooBig():
                raise Ended(Unreadable, f"a message is larger than {self._most_bytes} bytes")
            case InvalidMessage() if isinstance(error.__cause__, EOFError):
                raise Ended(Unavailable, "the connection was closed without an answer")
            case InvalidMessage():
                raise Ended(Unavailable, "the reply is not valid HTTP")
            case _:
                raise Ended(Unreadable, "what came is not valid WebSocket")

    def _flush(self) -> None:
        for piece in self._protocol.data_to_send():
            if piece:
                self._sock.sendall(piece)


def _may_be_told(status: int) -> bool:
    """A refusal whose status says what to do; 200 is a page, and 304 answers another question."""
    return status >= 300 and status != 304


def _headers(response: Response) -> dict[str, str]:
    """By name in lower case; of one that comes twice the first."""
    found: dict[str, str] = {}
    for name, value in response.headers.raw_items():
        if name.lower() not in _UNKEPT and not name.lower().startswith("sec-websocket-"):
            found.setdefault(name.lower(), value.strip())
    return found
