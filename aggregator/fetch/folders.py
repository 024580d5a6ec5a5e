"""A mailbox's folder read as a source: what the client sends its questions through when one is asked with `Http.messages`.

Nothing is marked or moved: the folder is examined, and bodies are looked at with PEEK. Of a message leave only the header fields that say
what it is, who publishes it and where it can be read on the web: neither to whom it came nor which way. What no mailing list and no bulk
mail program sent is somebody's letter: its body is not even asked for.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from urllib.parse import SplitResult, unquote

from aggregator.errors import SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import guard, imap
from aggregator.fetch.exchange import Answer, Question, checked
from aggregator.fetch.imap import Connection, ImapError, Trouble
from aggregator.fetch.pace import Stopped
from aggregator.fetch.status import shown
from aggregator.settings import Fetch, Secret

# Of the text of a message; newsletters with long essays stay under a fifth of it.
MOST_BYTES = 512 * 1024
# Of the header fields below; a longer header is no newsletter's.
MOST_HEADER_BYTES = 64 * 1024
# Header fields that leave the mailbox.
FIELDS = (
    "From", "Subject", "Date", "Message-ID", "In-Reply-To", "List-Id", "List-Archive", "List-Post", "List-Unsubscribe", "Archived-At",
    "Precedence", "X-No-Archive", "Archive", "Content-Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
)  # fmt: skip
_PORTS = {"imap": 143, "imaps": 993}
# RFC 2919, RFC 2369, RFC 8058; "Precedence: bulk" or "list" is what older list programs write (RFC 3834 §3.1.8).
_BULK = re.compile(rb"^(?:list-id|list-unsubscribe):|^precedence:[ \t]*(?:bulk|list)\b", re.IGNORECASE | re.MULTILINE)
# Messages whose headers are asked for with one command.
_AT_ONCE = 20


class Folders:
    """Answers `MESSAGES`: see `Http.messages` for what it gives."""

    paced = True

    def __init__(self, *, settings: Fetch, stopped: Callable[[], bool]) -> None:
        self._settings = settings
        self._stopped = stopped
        self._allowed = guard.networks(settings.allow_networks)
        self._watch = guard.Watch(period=min(1.0, settings.total_timeout.total_seconds() / 4))

    def send(self, question: Question) -> Answer:
        parts = checked(question.url, method="MESSAGES")
        wanted = json.loads(question.body or b"{}")
        allowed = self._settings.total_timeout.total_seconds() if question.seconds is None else question.seconds
        with self._watch.over(time.monotonic() + allowed) as under_way:
            try:
                with self._opened(question, parts, under_way) as connection:
                    answer = self._read(connection, int(wanted["after"]), int(wanted["most"]))
            except ImapError as error:
                raise self._named(question, parts, error, expired=under_way.expired) from error
        return answer

    def stop(self) -> None:
        self._watch.break_all()

    def close(self) -> None:
        self._watch.end()

    def _opened(self, question: Question, parts: SplitResult, under_way: guard.Exchange) -> AbstractContextManager[Connection]:
        user, _, password = question.secret_headers.get("login", "").partition(":")
        login = imap.Login(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            security="tls" if parts.scheme == "imaps" else "offered" if self._is_own(parts.hostname or "") else "starttls",
            user=user,
            password=Secret(password),
            folder=unquote(parts.path.removeprefix("/")) or "INBOX",
        )

        gate = guard.Gate(allowed=self._allowed, watch=self._watch)

        def connect(host: str, port: int, timeout: float | None) -> socket.socket:
            sock = gate.connect(host, port, self._settings.connect_timeout.total_seconds(), ())
            sock.settimeout(timeout)
            return sock

        def hold(sock: socket.socket) -> None:
            under_way.sock = sock

        return imap.opened(
            login,
            read_only=True,
            seconds=self._settings.read_timeout.total_seconds(),
            way=imap.Way(connect=connect, hold=hold),
            most_bytes=2 * self._settings.max_body_bytes,
        )

    def _is_own(self, host: str) -> bool:
        """Whether a host is spelled as a private address that the operator opened: a password may go there in the clear."""
        address = guard.literal(host)
        return address is not None and guard.refusal(address) is not None and guard.refusal(address, self._allowed) is None

    def _read(self, connection: Connection, after: int, most: int) -> Answer:
        """The messages with the lowest numbers above `after`, as far as they fit into one reply."""
        validity = imap.validity(connection)
        found = imap.said(connection.uid("SEARCH", "UNDELETED", "UID", f"{after + 1}:*"))
        # "n:*" is never empty: "*" is the last message, whatever its number is (RFC 3501 §9, seq-range).
        new = tuple(uid for uid in imap.numbers(found) if uid > after)
        rows: list[str] = []
        left = self._settings.max_body_bytes
        for uid, raw in _messages(connection, new[:most]):
            row = json.dumps({"uid": uid, "raw": base64.b64encode(raw).decode()}, separators=(",", ":"))
            left -= len(row) + 1
            if left < 0 and rows:
                break
            rows.append(row)
        more = "yes" if len(rows) < len(new) else "no"
        body = "".join(f"{row}\n" for row in rows).encode()
        headers = {"content-type": "application/x-ndjson", "uidvalidity": str(validity), "more": more}
        return Answer(status=200, reason="OK", headers=headers, body=body)

    def _named(self, question: Question, parts: SplitResult, error: ImapError, *, expired: bool) -> Exception:
        """The error whose next step fits."""
        subject = f"asking {shown(question.url)}"
        if self._stopped():
            return Stopped("the run is ending")
        if expired:
            return Unavailable(f"{subject}: no whole answer within {self._settings.total_timeout.total_seconds():g} s")
        if error.trouble in _TO_CHANGE:
            kind, words = _TO_CHANGE[error.trouble]
            return kind(f"{subject}: {words}" + (f" ({error.said})" if error.said else ""))
        return Unavailable(f"{subject}: {error}")


_TO_CHANGE: dict[Trouble, tuple[type[SourceError], str]] = {
    Trouble.CERTIFICATE: (Unavailable, "its certificate is not valid"),
    Trouble.CLEAR: (Unauthorized, "it offers no STARTTLS, so that the password would go in the clear; write imaps, or ask its operator"),
    Trouble.NO_LOGIN: (Unauthorized, "it takes no password on this connection; write imaps"),
    Trouble.REFUSED: (Unauthorized, "it refuses the user and password"),
    Trouble.FOLDER: (Unauthorized, "the folder cannot be opened; write its name as the server spells it"),
    Trouble.UNNUMBERED: (Unreadable, "it does not number its mail (RFC 3501 §2.3.1.1)"),
    Trouble.UNWILLING: (Unreadable, "it does not give the messages"),
}


def _messages(connection: Connection, uids: tuple[int, ...]) -> Iterator[tuple[int, bytes]]:
    """Numbers with what leaves the mailbox, ascending; the text of bulk mail alone. What is gone meanwhile has nothing."""
    header = f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS)})]<0.{MOST_HEADER_BYTES}>)"
    for start in range(0, len(uids), _AT_ONCE):
        chosen = uids[start : start + _AT_ONCE]
        heads = dict(imap.literals(imap.said(connection.uid("FETCH", ",".join(map(str, chosen)), header))))
        for uid in chosen:
            head = heads.get(uid, b"")
            bulk = len(head) < MOST_HEADER_BYTES and _BULK.search(head)
            yield uid, head + _text(connection, uid) if bulk else b""


def _text(connection: Connection, uid: int) -> bytes:
    lines = imap.said(connection.uid("FETCH", str(uid), f"(UID BODY.PEEK[TEXT]<0.{MOST_BYTES}>)"))
    return dict(imap.literals(lines)).get(uid, b"")
