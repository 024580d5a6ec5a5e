"""A real SMTP server on loopback (aiosmtpd) that fails as it is told, and keeps every copy that it accepted.

    with SmtpServer() as server:
        server.fail(Failure(at="RCPT", reply="450 4.2.0 Greylisted", each_recipient=True))
        ...                                     # send to 127.0.0.1, server.port
        assert [copy.recipient for copy in server.copies] == ["ada@example.org"]

Places at which it can fail (`Failure.at`), in the order of a conversation:

    CONNECT EHLO STARTTLS AUTH   before any mail
    MAIL RCPT DATA               the answer to that verb
    BODY                         after 354, with nothing of the mail read; a mail larger than the buffers is never sent whole
    DOT                          the whole mail was read, and nothing is stored
    STORED                       the mail is accepted and kept, and the client does not hear it: the cruel one
    RSET QUIT

`watch` is called for each of these moments, before anything is answered, in the server's thread: a test that kills a sender kills it there.

With `copies` each accepted copy is also a line of JSON in that file, on the disk before the client hears of it; `copies_in` reads them.
As a process of its own, which ends when its standard input does, and says its port in its first line:

    python -m tests.support.smtp --copies FILE [--failure '{"at": "RCPT", "reply": "450 4.2.0 Greylisted"}' …]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from email import message_from_bytes
from pathlib import Path
from types import TracebackType
from typing import AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What goes wrong, where, and how often."""

    at: str
    # "450 4.2.0 Greylisted"; "": the connection is dropped; None: nothing goes wrong, it only takes long (`delay`).
    reply: str | None = ""
    # How often; 0: always. Times before the first: `after`.
    times: int = 1
    after: int = 0
    # Only for this address; "": for all.
    recipient: str = ""
    # `times` and `after` are counted for each recipient apart, as greylisting does.
    each_recipient: bool = False
    # Seconds before it answers.
    delay: float = 0.0
    # The connection is dropped after the reply, as after a 421.
    hang_up: bool = False


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A mail that was accepted."""

    # RCPT TO and MAIL FROM as they were given.
    recipient: str
    sender: str
    # Without angle brackets; "" when there is none.
    message_id: str
    # As it was sent, dots taken out.
    content: str
    # Number of the connection, from 1.
    connection: int
    # Whether it came over TLS.
    secure: bool


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What the server has just seen."""

    # One of the places above.
    at: str
    connection: int
    # "" before RCPT.
    recipient: str


def copies_in(file: Path) -> tuple[Copy, ...]:
    """What a server wrote with `copies`; empty when it has written nothing yet."""
    if not file.exists():
        return ()
    return tuple(Copy(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines())


class SmtpServer:
    """The server; use it as a context manager."""

    def __init__(
        self,
        failures: Sequence[Failure] = (),
        *,
        copies: Path | None = None,
        security: str = "none",
        tls: ssl.SSLContext | None = None,
        users: Mapping[str, str] | None = None,
        watch: Callable[[Moment], None] | None = None,
        pipelining: bool = False,
        smtputf8: bool = False,
        lenient: bool = False,
        port: int = 0,
    ) -> None:
        """Args:
        security: as `Smtp.security`; "starttls" takes no mail before, "offered" takes it with and without.
        tls: with what it speaks TLS.
        users: passwords by user; given, a login is needed.
        lenient: it says 354 also where no recipient was accepted, as RFC 2920 §3.1 allows.
        port: 0: the system's choice.
        """
        self.security = security
        self.tls = tls
        self.users = users
        self.pipelining = pipelining
        self.smtputf8 = smtputf8
        self.lenient = lenient
        self._failures = [*failures]
        self._seen: Counter[tuple[int, str]] = Counter()
        self._copies: list[Copy] = []
        self._moments: list[Moment] = []
        self._file = copies
        self._watch = watch
        self._asked_port = port
        self._lock = threading.Lock()
        self._connections = 0
        self._open: set[asyncio.BaseTransport] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def copies(self) -> tuple[Copy, ...]:
        """What was accepted, in order."""
        with self._lock:
            return tuple(self._copies)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What was seen, in order."""
        with self._lock:
            return tuple(self._moments)

    @property
    def verbs(self) -> list[str]:
        """The places of `moments`."""
        return [moment.at for moment in self.moments]

    @property
    def connections(self) -> int:
        """Connections that were made."""
        return self._connections

    def fail(self, *failures: Failure) -> None:
        """Fail like this, too; of several that fit the first counts."""
        with self._lock:
            self._failures += failures

    def heal(self) -> None:
        """Fail no more."""
        with self._lock:
            self._failures.clear()
            self._seen.clear()

    def drop(self) -> None:
        """Drop every open connection, as a server does that is restarted."""
        self._loop.call_soon_threadsafe(self._abort)

    def __enter__(self) -> SmtpServer:
        self._thread.start()
        secure = self.tls if self.security == "tls" else None
        making = self._loop.create_server(lambda: _Protocol(self, self._loop), "127.0.0.1", self._asked_port, ssl=secure)
        self._server = asyncio.run_coroutine_threadsafe(making, self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        self._abort()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        # A transport that was aborted is gone only after one more turn of the loop.
        await asyncio.sleep(0)

    def _abort(self) -> None:
        for transport in tuple(self._open):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()

    # -- what a connection asks

    def connected(self, transport: asyncio.BaseTransport) -> int:
        self._open.add(transport)
        self._connections += 1
        return self._connections

    def disconnected(self, transport: asyncio.BaseTransport | None) -> None:
        self._open.discard(transport) if transport else None

    def failing(self, moment: Moment) -> Failure | None:
        """What goes wrong now; None: nothing."""
        with self._lock:
            self._moments.append(moment)
        if self._watch:
            self._watch(moment)
        with self._lock:
            return next(filter(None, (self._due(at, failure, moment) for at, failure in enumerate(self._failures))), None)

    def _due(self, number: int, failure: Failure, moment: Moment) -> Failure | None:
        if failure.at != moment.at or (failure.recipient and failure.recipient != moment.recipient):
            return None
        name = (number, moment.recipient if failure.each_recipient else "")
        self._seen[name] += 1
        turn = self._seen[name] - failure.after
        return failure if turn > 0 and (not failure.times or turn <= failure.times) else None

    def store(self, copy: Copy) -> None:
        with self._lock:
            self._copies.append(copy)
            if self._file:
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(copy)) + "\n")
                    file.flush()
                    os.fsync(file.fileno())


class _Dropped(Exception):
    """The connection is gone, by our own will."""


class _Handler:
    """Where aiosmtpd hands over what it has read."""

    def __init__(self, protocol: _Protocol) -> None:
        self._protocol = protocol

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802  # aiosmtpd's name
        session.host_name = hostname
        extra = ["250-PIPELINING"] if self._protocol.wanted.pipelining else []
        return [*responses[:-1], *extra, responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        if (reply := await self._protocol.scripted("DOT")) is not None:
            return reply
        content = bytes(envelope.content or b"") if not isinstance(envelope.content, str) else envelope.content.encode()
        for recipient in envelope.rcpt_tos:
            self._protocol.wanted.store(self._protocol.copy(recipient, content))
        return await self._protocol.scripted("STORED") or "250 2.0.0 Ok: kept"


class _Protocol(SMTP):
    """One connection."""

    def __init__(self, wanted: SmtpServer, loop: asyncio.AbstractEventLoop) -> None:
        self.wanted = wanted
        self.number = 0
        users = wanted.users or {}

        def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
            good = isinstance(given, LoginPassword) and users.get(given.login.decode()) == given.password.decode()
            return AuthResult(success=good, handled=False)

        super().__init__(
            _Handler(self),
            hostname="mail.test",
            loop=loop,
            enable_SMTPUTF8=wanted.smtputf8,
            tls_context=wanted.tls if wanted.security in ("starttls", "offered") else None,
            require_starttls=wanted.security == "starttls",
            authenticator=known,
            auth_required=wanted.users is not None,
        )
        # Given to the constructor it would warn; and it takes a connection that was TLS from its beginning for one without.
        self._auth_require_tls = wanted.security == "starttls"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # After STARTTLS the same connection is made once more, inside of TLS.
        self.number = self.number or self.wanted.connected(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.wanted.disconnected(self.transport)
        super().connection_lost(error)

    def copy(self, recipient: str, content: bytes) -> Copy:
        message_id = str(message_from_bytes(content)["Message-ID"] or "").strip().strip("<>")
        assert self.envelope is not None
        return Copy(
            recipient=recipient,
            sender=self.envelope.mail_from or "",
            message_id=message_id,
            content=content.decode("latin-1"),
            connection=self.number,
            secure=self.wanted.security == "tls" or bool(self.session and self.session.ssl),
        )

    async def scripted(self, at: str, recipient: str = "") -> str | None:
        """The reply that goes wrong; None: go on. Does not come back when the connection is dropped."""
        given = self.envelope.rcpt_tos if self.envelope else []
        failure = self.wanted.failing(Moment(at=at, connection=self.number, recipient=recipient or (given[-1] if given else "")))
        if failure is None:
            return None
        if failure.delay:
            await asyncio.sleep(failure.delay)
        if failure.reply == "":
            self._drop()
        if failure.hang_up and failure.reply:
            await self.push(failure.reply)
            self._drop()
        return failure.reply

    def _drop(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        raise asyncio.CancelledError

    async def _said(self, at: str, recipient: str = "") -> bool:
        """Whether the verb was answered otherwise than usual."""
        reply = await self.scripted(at, recipient)
        if reply is not None:
            await self.push(reply)
        return reply is not None

    async def _handle_client(self) -> None:
        with contextlib.suppress(ConnectionError):
            over_tls_now = bool(self.session and self.session.ssl and self.wanted.security != "tls")
            if not over_tls_now and await self._said("CONNECT"):
                self._writer.close()
                return
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802  # aiosmtpd's name
        if not await self._said("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's name
        if not await self._said("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's name
        if not await self._said("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd's name
        if not await self._said("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd's name
        if not await self._said("RCPT", (arg or "").partition("<")[2].rpartition(">")[0]):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's name
        if await self._said("DATA"):
            return
        if self.wanted.lenient and self.envelope and not self.envelope.rcpt_tos:
            await super().push("354 Go on")
            while await self._reader.readuntil(b"\r\n") != b".\r\n":
                pass
            await super().push("554 5.5.1 No valid recipients")
            return
        await super().smtp_DATA(arg)

    async def push(self, status: AnyStr) -> None:
        await super().push(status)
        if status[:3] in ("354", b"354") and (reply := await self.scripted("BODY")) is not None:
            await super().push(reply)
            self._drop()

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's name
        if not await self._said("RSET"):
            await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's name
        if not await self._said("QUIT"):
            await super().smtp_QUIT(arg)


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.smtp")
    parser.add_argument("--copies", type=Path)
    parser.add_argument("--failure", action="append", default=[], type=lambda text: Failure(**json.loads(text)))
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with SmtpServer(options.failure, copies=options.copies, port=options.port) as server:
        print(server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
