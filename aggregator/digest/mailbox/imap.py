"""What the digest does in the folder that readers and mail servers write to.

Nothing is marked as read: messages are looked at with PEEK. Handled ones go to a folder of ours, with MOVE (RFC 6851) where the server can;
else they are copied, and removed by their number alone (RFC 4315); where the server can do that neither, the original is marked as deleted
and stays until somebody's mail program cleans up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NoReturn

from aggregator.errors import ConfigError, MailboxError
from aggregator.fetch import imap
from aggregator.fetch.imap import ImapError, Trouble, literals, numbers, quoted, words
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
_PREFIX = re.compile(rb'^\(\("((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in the folder."""

    # Its number, which grows and is never given twice while the folder's `validity` stays.
    uid: int
    # Its first `FIRST_BYTES`. Not in its `repr`, so in no log and no message.
    raw: bytes = field(repr=False)


class Folder:
    """An open folder."""

    def __init__(self, connection: imap.Connection, *, place: str) -> None:
        self._connection = connection
        self._place = place
        self._prefix = self._namespace()
        self.validity = imap.validity(connection)

    def newer(self, than: int, *, since: date | None = None) -> tuple[int, ...]:
        """Numbers of messages above `than` that are not marked as deleted, ascending.

        Args:
            since: only those that arrived on that day or later; None: all.
        """
        age = ("SINCE", _day(since)) if since else ()
        found = self._said("looking for new mail", self._connection.uid("SEARCH", "UNDELETED", "UID", f"{than + 1}:*", *age))
        # "n:*" is never empty: "*" is the last message, whatever its number is (RFC 3501 §9, seq-range).
        return tuple(uid for uid in numbers(found) if uid > than)

    def fetch(self, uids: Sequence[int]) -> Iterator[Message]:
        """The beginnings of messages, by number ascending; what is gone meanwhile is left out. Read lazily, some at a time."""
        for start in range(0, len(uids), _AT_ONCE):
            chosen = uids[start : start + _AT_ONCE]
            answer = self._connection.uid("FETCH", _set(chosen), f"(UID BODY.PEEK[]<0.{FIRST_BYTES}>)")
            found = dict(literals(self._said("reading mail", answer)))
            yield from (Message(uid=uid, raw=found[uid]) for uid in chosen if uid in found)

    def put_aside(self, uids: Sequence[int]) -> str:
        """Move messages to the folder `DONE`, which is made when it is not there; those that are gone meanwhile are left out.

        Returns:
            Why the server does not; "": it did.
        """
        target = quoted(self._prefix + DONE)
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
        status, _ = self._connection.select(quoted(self._prefix + DONE))
        if status != "OK":
            return 0
        doing = f"emptying the folder {DONE!r}"
        found = self._said(doing, self._connection.uid("SEARCH", "BEFORE", _day(before)))
        uids = numbers(found)
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
                return words(lines)
        return ""

    def _namespace(self) -> str:
        """What names of this user's own folders begin with (RFC 2342): "INBOX." at some servers."""
        if "NAMESPACE" not in self._connection.capabilities:
            return ""
        _, answer = self._connection.namespace()
        found = _PREFIX.match(answer[0] or b"") if answer else None
        return re.sub(r"\\(.)", r"\1", found[1].decode("ascii", "replace")) if found else ""

    def _said(self, doing: str, answer: tuple[str, list[Any]]) -> list[Any]:
        status, lines = answer
        if status != "OK":
            raise MailboxError(f"{self._place}: {doing}: {words(lines)}")
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
    login = imap.Login(
        host=mailbox.host,
        port=mailbox.port,
        security=mailbox.security,
        user=mailbox.user or mailbox.address,
        password=password,
        folder=mailbox.folder,
    )
    try:
        with imap.opened(login, read_only=read_only, seconds=patience.total_seconds()) as connection:
            yield Folder(connection, place=place)
    except ImapError as error:
        _told(error, mailbox, place)


def _told(error: ImapError, mailbox: Mailbox, place: str) -> NoReturn:
    """Say it to the operator, with what to do."""
    if to_change := _to_change(error, mailbox):
        raise ConfigError(f"{place} {to_change}") from None
    raise MailboxError(f"{place}: {_passing(error)}") from None


def _to_change(error: ImapError, mailbox: Mailbox) -> str:
    """What the operator must change; "" where it may pass by itself."""
    match error.trouble:
        case Trouble.CERTIFICATE:
            return (
                f"shows a certificate that is not good ({error.said}). Write in digest.mailbox.host the name that the "
                "certificate has; where the server is your own, let it have a certificate of a known authority."
            )
        case Trouble.CLEAR:
            return (
                "offers no STARTTLS, so that the password would go in the clear. Write security: tls (mostly with port 993) in "
                "digest.mailbox; only where the network is your own, none."
            )
        case Trouble.NO_LOGIN:
            return "takes no password on this connection. Write security: tls or starttls in digest.mailbox."
        case Trouble.REFUSED:
            return (
                f"refuses the user and password ({error.said}). Set {PASSWORD} to the mailbox's password, or to one made for programs "
                "where the provider wants that, and digest.mailbox.user to its user name."
            )
        case Trouble.FOLDER:
            return f"does not open the folder {mailbox.folder!r} ({error.said}). Write its name in digest.mailbox.folder."
        case _:
            return ""


def _passing(error: ImapError) -> str:
    match error.trouble:
        case Trouble.TLS:
            return (
                f"making it private: {error.said}; look whether digest.mailbox.security and port belong together "
                "(tls with 993, starttls with 143)"
            )
        case Trouble.PASSING:
            return f"logging in: {error.said}; the next run tries again"
        case Trouble.SILENT:
            return "no answer in time; the next run goes on"
        case Trouble.NETWORK:
            return f"{error.said}; the next run goes on. Look whether digest.mailbox.host and port are right"
        case Trouble.UNNUMBERED:
            return "opening the folder: the server does not number its mail (RFC 3501 §2.3.1.1)"
        case _:
            return f"the server broke off: {error.said}; the next run goes on"


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _day(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"
