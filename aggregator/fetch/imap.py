"""A mailbox's folder, over IMAP4rev1 (RFC 3501), opened and closed. The only importer of imaplib.

What is done in the folder is a matter of its two callers: `folders` reads it as a source, `digest.mailbox.imap` takes what readers and mail
servers wrote out of it. Each says in its own words what went wrong.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from aggregator.settings import Secret

Connection: TypeAlias = imaplib.IMAP4
"""An open connection; the folder is selected."""


def _anywhere(host: str, port: int, timeout: float | None) -> socket.socket:
    return socket.create_connection((host, port), timeout)


def _unheld(sock: socket.socket) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a server is reached."""

    # Gives a connected socket for a host, a port and a time-out in seconds.
    connect: Callable[[str, int, float | None], socket.socket] = _anywhere
    # Hears of each socket before the server is heard on it, so that somebody else can break it off.
    hold: Callable[[socket.socket], None] = _unheld


# RFC 5530 §3: these pass by themselves.
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")
_UID = re.compile(rb"\bUID (\d+)")
_ADDRESS = re.compile(r"\S+@\S+")


class Trouble(StrEnum):
    """What went wrong."""

    CERTIFICATE = "the certificate is not good"
    TLS = "the connection cannot be made private"
    CLEAR = "the server offers no STARTTLS"
    NO_LOGIN = "the server takes no password on this connection"
    REFUSED = "the server refuses user or password"
    PASSING = "the server lets nobody in for the moment"
    FOLDER = "the folder cannot be opened"
    BROKE_OFF = "the server broke off"
    SILENT = "no answer came in time"
    NETWORK = "the server cannot be reached"
    UNNUMBERED = "the server does not number its mail"
    UNWILLING = "the server does not do what it was asked"


class ImapError(Exception):
    """A folder cannot be used; the caller says so in its own words."""

    def __init__(self, trouble: Trouble, said: str = "") -> None:
        self.trouble = trouble
        # What the server, the library or the system said, on one line and without addresses; "": nothing.
        self.said = said
        super().__init__(f"{trouble}: {said}" if said else trouble.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where a folder is, and who opens it."""

    host: str
    port: int
    # "tls", "starttls", "none"; "offered": STARTTLS where the server offers it, and otherwise in the clear.
    security: str
    user: str
    password: Secret
    folder: str


@contextmanager
def opened(login: Login, *, read_only: bool, seconds: float, way: Way = Way(), most_bytes: int | None = None) -> Iterator[Connection]:
    """The folder, selected (or examined) until the end of the block.

    Args:
        read_only: nothing can be moved or marked.
        seconds: for each answer of the server.
        most_bytes: more than so many are not read; None: no limit.

    Raises:
        ImapError: it cannot be opened, or the connection broke off inside the block.
    """
    with _named():
        connection = _connected(login, seconds, way, most_bytes)
        try:
            _log_in(connection, login)
            status, lines = connection.select(quoted(login.folder), readonly=read_only)
            if status != "OK":
                raise ImapError(Trouble.FOLDER, words(lines))
            yield connection
        except BaseException:
            # Without goodbye: it might be a time-out more.
            connection.shutdown()
            raise
        _leave(connection)


def validity(connection: Connection) -> int:
    """The folder's UIDVALIDITY: while it stays, a number is never given to another message (RFC 3501 §2.3.1.1)."""
    _, answer = connection.response("UIDVALIDITY")
    if not answer or not isinstance(answer[0], bytes) or not answer[0].isdigit():
        raise ImapError(Trouble.UNNUMBERED)
    return int(answer[0])


def said(answer: tuple[str, list[Any]]) -> list[Any]:
    """The lines of a good answer.

    Raises:
        ImapError: it is none.
    """
    status, lines = answer
    if status != "OK":
        raise ImapError(Trouble.UNWILLING, words(lines))
    return lines


def literals(lines: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    """Numbers of messages, each with what was fetched of it. A literal comes as a pair, of what stands before it and itself; what stands
    behind it, as a line of its own."""
    for number, line in enumerate(lines):
        if not isinstance(line, tuple):
            continue
        behind = lines[number + 1] if number + 1 < len(lines) and isinstance(lines[number + 1], bytes) else b""
        if found := _UID.search(line[0]) or _UID.search(behind):
            yield int(found[1]), line[1]


def numbers(lines: Sequence[Any]) -> tuple[int, ...]:
    """What a search has found, ascending; a server may answer in several lines, or in none."""
    return tuple(sorted({int(number) for line in lines if isinstance(line, bytes) for number in line.split() if number.isdigit()}))


def quoted(name: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501 §5.1.3) between quotes."""
    return '"' + _utf7(name).replace("\\", r"\\").replace('"', r"\"") + '"'


def words(lines: Sequence[Any]) -> str:
    """What the server said, on one line, and without addresses."""
    text = " ".join(line.decode("utf-8", "replace") if isinstance(line, bytes) else str(line) for line in lines if line)
    return _ADDRESS.sub("…", " ".join(text.split()))[:200] or "it does not say why"


class _Bounded(imaplib.IMAP4):
    """Connects where it may, and reads no more than it should."""

    def __init__(self, login: Login, seconds: float, *, way: Way, most_bytes: int | None) -> None:
        self._way = way
        self._budget = most_bytes
        super().__init__(login.host, login.port, timeout=seconds)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = self._way.connect(self.host, self.port, timeout)
        self._way.hold(sock)
        return sock

    def read(self, size: int) -> bytes:
        """Some bytes of a literal: asked for before they are there, so that a length that nobody would send takes no memory."""
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        """A line; the library itself bounds its length."""
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        if self._budget is not None:
            self._budget -= size
            if self._budget < 0:
                raise self.abort("more came than was asked for")


class _BoundedTls(_Bounded):
    """The same, private from the first byte; its certificate is checked against the name that was asked for."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = super()._create_socket(timeout)
        sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self._way.hold(sock)
        try:
            sock.do_handshake()
        except BaseException:
            sock.close()
            raise
        return sock


@contextmanager
def _named() -> Iterator[None]:
    """Errors of the library and the network as ours."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ImapError(Trouble.CERTIFICATE, error.verify_message) from None
    except ssl.SSLError as error:
        raise ImapError(Trouble.TLS, error.reason or "TLS failed") from None
    except imaplib.IMAP4.error as error:
        raise ImapError(Trouble.BROKE_OFF, words([str(error)])) from None
    except TimeoutError:
        raise ImapError(Trouble.SILENT) from None
    except OSError as error:
        raise ImapError(Trouble.NETWORK, error.strerror or str(error) or type(error).__name__) from error


def _connected(login: Login, seconds: float, way: Way, most_bytes: int | None) -> Connection:
    kind = _BoundedTls if login.security == "tls" else _Bounded
    connection = kind(login, seconds, way=way, most_bytes=most_bytes)
    if login.security not in ("starttls", "offered"):
        return connection
    if "STARTTLS" in connection.capabilities:
        connection.starttls(ssl_context=ssl.create_default_context())
        way.hold(connection.sock)
    elif login.security == "starttls":
        connection.shutdown()
        raise ImapError(Trouble.CLEAR)
    return connection


def _log_in(connection: Connection, login: Login) -> None:
    try:
        if "AUTH=PLAIN" in connection.capabilities:
            # RFC 4616; unlike LOGIN it takes any password.
            connection.authenticate("PLAIN", lambda _: f"\0{login.user}\0{login.password.reveal()}".encode())
        elif "LOGINDISABLED" in connection.capabilities:
            raise ImapError(Trouble.NO_LOGIN)
        else:
            # The library quotes the second alone.
            connection.login('"' + login.user.replace("\\", r"\\").replace('"', r"\"") + '"', login.password.reveal())
    except imaplib.IMAP4.abort:
        raise
    except UnicodeEncodeError:
        # Its words hold a piece of the password.
        raise ImapError(Trouble.REFUSED, "it takes no letters beyond ASCII") from None
    except imaplib.IMAP4.error as error:
        why = words([str(error)])
        passing = any(code in why.upper() for code in _PASSING)
        raise ImapError(Trouble.PASSING if passing else Trouble.REFUSED, why) from None
    # What the server can do is told anew after logging in, or has to be asked for (RFC 3501 §6.2).
    _, answer = connection.capability()
    connection.capabilities = tuple(b" ".join(filter(None, answer)).decode("ascii", "replace").upper().split())


def _leave(connection: Connection) -> None:
    """Say goodbye where the other side still listens."""
    try:
        connection.logout()
    except (imaplib.IMAP4.error, OSError):
        connection.shutdown()


def _utf7(name: str) -> str:
    pieces = re.split(r"([^\x20-\x7e]+)", name.replace("&", "&-"))
    return "".join(piece if not number % 2 else f"&{_utf7_piece(piece)}-" for number, piece in enumerate(pieces))


def _utf7_piece(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
