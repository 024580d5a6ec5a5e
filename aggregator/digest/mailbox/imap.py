"""A folder of a mailbox, over IMAP4rev1 (RFC 3501). The only importer of imaplib.

Nothing is marked as read: messages are looked at with PEEK. Handled ones go to a folder of ours, with MOVE (RFC 6851) where the server can;
else they are copied, and removed by their number alone (RFC 4315); where the server can do that neither, the original is marked as deleted
and stays until somebody's mail program cleans up.
"""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from aggregator.errors import ConfigError, MailboxError
from aggregator.settings import Mailbox, Secret

PASSWORD = "AGGREGATOR_IMAP_PASSWORD"  # noqa: S105  # the name of a variable
# Where handled messages are put; ours alone, as what is old in it is deleted.
DONE = "aggregator done"
# Of each message: its header, and what a report says before it encloses the copy, which is all at the beginning.
FIRST_BYTES = 128 * 1024
# For each answer of the server. A large mailbox takes seconds to open.
PATIENCE = timedelta(seconds=30)
# Messages that are fetched with one command: what is in memory at once is so many times `FIRST_BYTES`.
_AT_ONCE = 20
# Messages that are named in one command: its line stays well under the 8,000 bytes that RFC 7162 §4 counts on.
_MOST_NAMED = 500
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# RFC 5530 §3: these pass by themselves.
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")
_UID = re.compile(rb"\bUID (\d+)")
_PREFIX = re.compile(rb'^\(\("((?:[^"\\]|\\.)*)"')
_ADDRESS = re.compile(r"\S+@\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in the folder."""

    # Its number, which grows and is never given twice while the folder's `validity` stays.
    uid: int
    # Its first `FIRST_BYTES`. Not in its `repr`, so in no log and no message.
    raw: bytes = field(repr=False)


class Folder:
    """An open folder."""

    def __init__(self, connection: imaplib.IMAP4, *, place: str) -> None:
        self._connection = connection
        self._place = place
        self._prefix = self._namespace()
        self.validity = self._validity()

    def newer(self, than: int, *, since: date | None = None) -> tuple[int, ...]:
        """Numbers of messages above `than` that are not marked as deleted, ascending.

        Args:
            since: only those that arrived on that day or later; None: all.
        """
        age = ("SINCE", _day(since)) if since else ()
        found = self._said("looking for new mail", self._connection.uid("SEARCH", "UNDELETED", "UID", f"{than + 1}:*", *age))
        # "n:*" is never empty: "*" is the last message, whatever its number is (RFC 3501 §9, seq-range).
        return tuple(uid for uid in _numbers(found) if uid > than)

    def fetch(self, uids: Sequence[int]) -> Iterator[Message]:
        """The beginnings of messages, by number ascending; what is gone meanwhile is left out. Read lazily, some at a time."""
        for start in range(0, len(uids), _AT_ONCE):
            chosen = uids[start : start + _AT_ONCE]
            answer = self._connection.uid("FETCH", _set(chosen), f"(UID BODY.PEEK[]<0.{FIRST_BYTES}>)")
            found = {message.uid: message for message in _messages(self._said("reading mail", answer))}
            yield from (found[uid] for uid in chosen if uid in found)

    def put_aside(self, uids: Sequence[int]) -> str:
        """Move messages to the folder `DONE`, which is made when it is not there; those that are gone meanwhile are left out.

        Returns:
            Why the server does not; "": it did.
        """
        target = _quoted(self._prefix + DONE)
        if not (why := self._move(uids, target)):
            return ""
        # RFC 3501 §6.4.7 wants [TRYCREATE] in the answer; not every server says it.
        status, _ = self._connection.create(target)
        if status != "OK":
            return why
        self._connection.subscribe(target)
        return self._move(uids, target)

    def forget(self, before: date) -> int:
        """Delete what came before that day from the folder `DONE`. How many. The open folder is closed by it."""
        status, _ = self._connection.select(_quoted(self._prefix + DONE))
        if status != "OK":
            return 0
        doing = f"emptying the folder {DONE!r}"
        found = self._said(doing, self._connection.uid("SEARCH", "BEFORE", _day(before)))
        uids = _numbers(found)
        for start in range(0, len(uids), _MOST_NAMED):
            chosen = _set(uids[start : start + _MOST_NAMED])
            self._said(doing, self._connection.uid("STORE", chosen, "+FLAGS.SILENT", r"(\Deleted)"))
        if uids:
            self._said(doing, self._connection.expunge())
        return len(uids)

    def _move(self, uids: Sequence[int], target: str) -> str:
        chosen, can = _set(uids), self._connection.capabilities
        steps: tuple[tuple[str, ...], ...] = (("MOVE", chosen, target),)
        if "MOVE" not in can:
            steps = (("COPY", chosen, target), ("STORE", chosen, "+FLAGS.SILENT", r"(\Deleted)"), ("EXPUNGE", chosen))
        for step in steps if "MOVE" in can or "UIDPLUS" in can else steps[:-1]:
            status, lines = self._connection.uid(*step)
            if status != "OK":
                return _words(lines)
        return ""

    def _namespace(self) -> str:
        """What names of this user's own folders begin with (RFC 2342): "INBOX." at some servers."""
        if "NAMESPACE" not in self._connection.capabilities:
            return ""
        _, answer = self._connection.namespace()
        found = _PREFIX.match(answer[0] or b"") if answer else None
        return re.sub(r"\\(.)", r"\1", found[1].decode("ascii", "replace")) if found else ""

    def _validity(self) -> int:
        _, answer = self._connection.response("UIDVALIDITY")
        if not answer or not isinstance(answer[0], bytes) or not answer[0].isdigit():
            raise MailboxError(f"{self._place}: opening the folder: the server does not number its mail (RFC 3501 §2.3.1.1)")
        return int(answer[0])

    def _said(self, doing: str, answer: tuple[str, list[Any]]) -> list[Any]:
        status, lines = answer
        if status != "OK":
            raise MailboxError(f"{self._place}: {doing}: {_words(lines)}")
        return lines


@contextmanager
def opened(mailbox: Mailbox, password: Secret | None, *, read_only: bool = False, patience: timedelta = PATIENCE) -> Iterator[Folder]:
    """The configured folder.

    Args:
        read_only: nothing can be moved or marked.

    Raises:
        ConfigError: certificate, user, password or folder; a sentence that says what to change.
        MailboxError: the server cannot be reached or breaks off; what was not handled is there at the next run.
    """
    place = f"the mailbox at {mailbox.host}:{mailbox.port}"
    if password is None:
        raise ConfigError(f"{PASSWORD} is not set: set it to the password of {place}.")
    with _named(place):
        connection = _connected(mailbox, place, patience)
        try:
            _log_in(connection, mailbox, password, place)
            _select(connection, mailbox, place, read_only=read_only)
            yield Folder(connection, place=place)
        except BaseException:
            # Without goodbye: it might be a time-out more.
            connection.shutdown()
            raise
        _leave(connection)


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Errors of the library and the network as ours."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(
            f"{place} shows a certificate that is not good ({error.verify_message}). Write in digest.mailbox.host the name that the "
            "certificate has; where the server is your own, let it have a certificate of a known authority."
        ) from None
    except ssl.SSLError as error:
        raise MailboxError(
            f"{place}: making it private: {error.reason or 'TLS failed'}; look whether digest.mailbox.security and port belong together "
            "(tls with 993, starttls with 143)"
        ) from None
    except imaplib.IMAP4.error as error:
        raise MailboxError(f"{place}: the server broke off: {_words([str(error)])}; the next run goes on") from None
    except TimeoutError:
        raise MailboxError(f"{place}: no answer in time; the next run goes on") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise MailboxError(f"{place}: {why}; the next run goes on. Look whether digest.mailbox.host and port are right") from None


def _connected(mailbox: Mailbox, place: str, patience: timedelta) -> imaplib.IMAP4:
    seconds = patience.total_seconds()
    if mailbox.security == "tls":
        return imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=seconds)
    connection = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=seconds)
    if mailbox.security == "starttls":
        if "STARTTLS" not in connection.capabilities:
            connection.shutdown()
            raise ConfigError(
                f"{place} offers no STARTTLS, so that the password would go in the clear. Write security: tls (mostly with port 993) in "
                "digest.mailbox; only where the network is your own, none."
            )
        connection.starttls(ssl_context=ssl.create_default_context())
    return connection


def _log_in(connection: imaplib.IMAP4, mailbox: Mailbox, password: Secret, place: str) -> None:
    user = mailbox.user or mailbox.address
    try:
        if "AUTH=PLAIN" in connection.capabilities:
            # RFC 4616; unlike LOGIN it takes any password.
            connection.authenticate("PLAIN", lambda _: f"\0{user}\0{password.reveal()}".encode())
        elif "LOGINDISABLED" in connection.capabilities:
            raise ConfigError(f"{place} takes no password on this connection. Write security: tls or starttls in digest.mailbox.")
        else:
            # The library quotes the second alone.
            connection.login('"' + user.replace("\\", r"\\").replace('"', r"\"") + '"', password.reveal())
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
        words = _words([str(error)])
        if any(code in words.upper() for code in _PASSING):
            raise MailboxError(f"{place}: logging in: {words}; the next run tries again") from None
        raise ConfigError(
            f"{place} refuses the user and password ({words}). Set {PASSWORD} to the mailbox's password, or to one made for programs where "
            "the provider wants that, and digest.mailbox.user to its user name."
        ) from None
    # What the server can do is told anew after logging in, or has to be asked for (RFC 3501 §6.2).
    _, answer = connection.capability()
    connection.capabilities = tuple(b" ".join(filter(None, answer)).decode("ascii", "replace").upper().split())


def _select(connection: imaplib.IMAP4, mailbox: Mailbox, place: str, *, read_only: bool) -> None:
    status, lines = connection.select(_quoted(mailbox.folder), readonly=read_only)
    if status != "OK":
        raise ConfigError(
            f"{place} does not open the folder {mailbox.folder!r} ({_words(lines)}). Write its name in digest.mailbox.folder."
        )


def _leave(connection: imaplib.IMAP4) -> None:
    """Say goodbye where the other side still listens."""
    try:
        connection.logout()
    except (imaplib.IMAP4.error, OSError):
        connection.shutdown()


def _messages(lines: Sequence[Any]) -> Iterator[Message]:
    """A literal comes as a pair, of what stands before it and itself; what stands behind it, as a line of its own."""
    for number, line in enumerate(lines):
        if not isinstance(line, tuple):
            continue
        behind = lines[number + 1] if number + 1 < len(lines) and isinstance(lines[number + 1], bytes) else b""
        if found := _UID.search(line[0]) or _UID.search(behind):
            yield Message(uid=int(found[1]), raw=line[1])


def _numbers(lines: Sequence[Any]) -> tuple[int, ...]:
    """What a search has found, ascending; a server may answer in several lines, or in none."""
    return tuple(sorted(int(number) for line in lines if isinstance(line, bytes) for number in line.split()))


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _day(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def _quoted(name: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501 §5.1.3) between quotes."""
    return '"' + _utf7(name).replace("\\", r"\\").replace('"', r"\"") + '"'


def _utf7(name: str) -> str:
    pieces = re.split(r"([^\x20-\x7e]+)", name.replace("&", "&-"))
    return "".join(piece if not number % 2 else f"&{_utf7_piece(piece)}-" for number, piece in enumerate(pieces))


def _utf7_piece(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")


def _words(lines: Sequence[Any]) -> str:
    """What the server said, on one line, and without addresses."""
    text = " ".join(line.decode("utf-8", "replace") if isinstance(line, bytes) else str(line) for line in lines if line)
    return _ADDRESS.sub("…", " ".join(text.split()))[:200] or "it does not say why"
