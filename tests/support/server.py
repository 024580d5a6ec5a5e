"""A real HTTP/1.1 server on loopback, with scripted routes, for tests of whatever asks.

    with Server() as server:
        server.on("/feed", Script(body=b"…", headers={"ETag": '"1"'}))
        client.get(server.url("/feed"))
        assert server.count("/feed") == 1

Connections are kept open as HTTP/1.1 says. A route answers its scripts in order and repeats the last; a route may be a function of the
request. `raw` sends bytes as they are and closes, for replies that no library would write.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import socketserver
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from types import TracebackType

import brotli  # type: ignore[import-untyped]  # it brings no types


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that arrived."""

    method: str
    # With its query, as it was sent.
    path: str
    # Names in lower case.
    headers: Mapping[str, str]
    body: bytes = b""
    # Number of the connection it came on, from 1.
    connection: int = 0


@dataclass(frozen=True, kw_only=True)
class Script:
    """One reply."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Seconds before the status line.
    delay: float = 0.0
    # Sent one byte at a time with this many seconds between; 0: at once.
    drip: float = 0.0
    # Content-Length is that of the body, but only so many bytes are sent; None: all.
    cut_after: int | None = None
    # The connection is closed afterwards without a word about it.
    hang_up: bool = False
    chunked: bool = False
    # Bytes to send instead of all that.
    raw: bytes | None = None

    @classmethod
    def gzip(cls, body: bytes, *, content_type: str = "text/plain", layers: int = 1) -> Script:
        packed = body
        for _ in range(layers):
            packed = gzip.compress(packed, mtime=0)
        return cls(body=packed, headers={"Content-Type": content_type, "Content-Encoding": ", ".join(["gzip"] * layers)})

    @classmethod
    def brotli(cls, body: bytes) -> Script:
        return cls(body=brotli.compress(body), headers={"Content-Type": "text/plain", "Content-Encoding": "br"})

    @classmethod
    def deflate(cls, body: bytes, *, raw: bool = False) -> Script:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
        return cls(body=packer.compress(body) + packer.flush(), headers={"Content-Type": "text/plain", "Content-Encoding": "deflate"})

    @classmethod
    def redirect(cls, target: str, *, status: int = 302) -> Script:
        return cls(status=status, headers={"Location": target})


def zeros_gzip(size: int) -> bytes:
    """A gzip file of `size` zero bytes: one member of 16 MiB again and again, so that it costs nothing to make."""
    whole, rest = divmod(size, 1 << 24)
    return gzip.compress(bytes(1 << 24), mtime=0) * whole + gzip.compress(bytes(rest), mtime=0)


Route = Callable[[Asked], Script]


class Server:
    """The server; use it as a context manager."""

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        """`tls`: speak HTTPS with this certificate."""
        self.asked: list[Asked] = []
        self._routes: dict[str, Route] = {}
        self._otherwise: Route | None = None
        self._lock = threading.Lock()
        self._connections = 0
        self._most_at_once = 0
        self._at_once = 0
        self._open: set[socket.socket] = set()
        self._scheme = "https" if tls is not None else "http"
        self._server = _Listener((host, 0), _handler_for(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """Host and port, as the lane of a source is named."""
        return f"{self._server.server_address[0]!s}:{self.port}"

    @property
    def most_at_once(self) -> int:
        """The most requests that were under way together."""
        return self._most_at_once

    @property
    def connections(self) -> int:
        """Connections that were made."""
        return self._connections

    def url(self, path: str = "/") -> str:
        return f"{self._scheme}://{self.host}{path}"

    def on(self, path: str, *scripts: Script) -> None:
        """Answer `path` (without its query) with each script in turn, and then with the last for ever."""
        waiting = list(scripts)

        def route(asked: Asked) -> Script:
            with self._lock:
                return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        self.answer(path, route)

    def answer(self, path: str, route: Route) -> None:
        """Answer `path` by a function of what was asked."""
        with self._lock:
            self._routes[path] = route

    def otherwise(self, route: Route) -> None:
        """Answer paths that have no route of their own by a function of what was asked."""
        with self._lock:
            self._otherwise = route

    def count(self, path: str) -> int:
        """How often `path` was asked."""
        with self._lock:
            return sum(one.path.partition("?")[0] == path for one in self.asked)

    def last(self, path: str) -> Asked:
        """The last request for `path`."""
        with self._lock:
            return [one for one in self.asked if one.path.partition("?")[0] == path][-1]

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join(timeout=5)

    def _connected(self, connection: socket.socket) -> int:
        with self._lock:
            self._open.add(connection)
            self._connections += 1
            return self._connections

    def _disconnected(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    @contextlib.contextmanager
    def _answering(self, asked: Asked) -> Iterator[Script]:
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self._most_at_once = max(self._most_at_once, self._at_once)
            route = self._routes.get(asked.path.partition("?")[0], self._otherwise)
        try:
            yield route(asked) if route is not None else Script(status=404, body=b"nothing here")
        finally:
            with self._lock:
                self._at_once -= 1


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what many tests are about."""


def _handler_for(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        scripted = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scripted: Server
    # A reply is one packet where possible: without it Nagle's algorithm adds 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.number = self.scripted._connected(self.connection)

    def finish(self) -> None:
        self.scripted._disconnected(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_CONNECT(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            connection=self.number,
        )
        with self.scripted._answering(asked) as script, contextlib.suppress(OSError):
            self._send(script)

    def _send(self, script: Script) -> None:
        if script.delay:
            time.sleep(script.delay)
        if script.raw is not None:
            self._put([script.raw], script.drip)
            self.close_connection = True
            return
        self._put([_head(script)], 0)
        body = script.body[: script.cut_after]
        self._put(_chunks(body) if script.chunked else [body], script.drip)
        self.close_connection = self.close_connection or script.hang_up or script.cut_after is not None

    def _put(self, pieces: Sequence[bytes], drip: float) -> None:
        for piece in pieces:
            for part in [piece[at : at + 1] for at in range(len(piece))] if drip else [piece]:
                self.wfile.write(part)
                if drip:
                    self.wfile.flush()
                    time.sleep(drip)
        self.wfile.flush()


def _head(script: Script) -> bytes:
    phrase = HTTPStatus(script.status).phrase if script.status in set(HTTPStatus) else ""
    headers = dict(script.headers)
    if script.chunked:
        headers.setdefault("Transfer-Encoding", "chunked")
    elif script.status not in (204, 304):
        headers.setdefault("Content-Length", str(len(script.body)))
    lines = [f"HTTP/1.1 {script.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _chunks(body: bytes, size: int = 1000) -> list[bytes]:
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    return [*(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in cut), b"0\r\n\r\n"]
