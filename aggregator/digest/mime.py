"""An edition as a mail: header and MIME parts, built once; each recipient's copy is that with their own tokens, address and Message-ID.

A copy is joined from pieces, since ten thousand of them are made in a row; the library for mail is asked about none of them. The bodies
are quoted-printable (RFC 2045 §6.7), so that every server passes them on as they are, and a signature made on the way holds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from aggregator.digest import encoding
from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, Doors, doors, plus
from aggregator.digest.mailers import Mail
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.model import Edition, Rendered
from aggregator.settings import Digest, Settings

_MARKS = re.compile(f"{LEAVE_MARK}|{CHANGE_MARK}")
_SPLIT = re.compile(f"({LEAVE_MARK}|{CHANGE_MARK})".encode())
# Of Feedback-ID and List-Id; RFC 2919 §3 wants a dot-atom.
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_ID_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """One edition's mail with gaps where each recipient's own words go."""

    # Everything behind To and Message-ID: what is the same for all at even places, a mark (see doors.py) at odd ones.
    pieces: tuple[bytes, ...]
    # What bounces come back to: the mailbox that is read, to which a token is added; "": `sender` as it is.
    mailbox: str
    # The digest's own address.
    sender: str

    def mail(self, recipient: str, address: str, message_id: str, tokens: Tokens) -> Mail:
        """The copy of one recipient; the same bytes at each attempt while the same key signs.

        Args:
            recipient: id of the subscriber, to whom the tokens are bound.
            address: as the subscriber wrote it; what could end the header field is left out.
            message_id: without angle brackets.
        """
        leave = tokens.sign(Purpose.LEAVE, recipient).encode()
        change = tokens.sign(Purpose.CHANGE, recipient).encode() if _CHANGE in self.pieces else b""
        own = [leave if piece == _LEAVE else change if piece == _CHANGE else piece for piece in self.pieces]
        address = encoding.ascii_domain(address)
        head = f"To: {address}\r\nMessage-ID: <{message_id}>\r\n"
        return Mail(
            recipient=recipient,
            address=address,
            sender=plus(self.mailbox, tokens.sign(Purpose.RETURN, recipient)) if self.mailbox else self.sender,
            message_id=message_id,
            content=head.encode() + b"".join(own),
        )


_LEAVE, _CHANGE = LEAVE_MARK.encode(), CHANGE_MARK.encode()


def blank(edition: Edition, rendered: Rendered, settings: Settings, *, hash: str, at: datetime) -> Blank:
    """The mail of an edition; the same arguments give the same bytes.

    Args:
        hash: of the frozen edition; the boundary between the parts is made from it.
        at: when it was frozen; it is the Date of every copy at every attempt.
    """
    digest = settings.digest
    assert digest is not None, "there is no edition without a digest"
    boundary = "=_" + hash[:40]
    parts = ((rendered.text, "text/plain"), (rendered.html, "text/html"))
    content = _header(edition, digest, settings.site.url, boundary=boundary, at=at).encode()
    content += b"".join(_part(text, kind, boundary) for text, kind in parts) + f"--{boundary}--\r\n".encode()
    return Blank(
        pieces=tuple(_SPLIT.split(content)),
        mailbox=digest.mailbox.address if digest.mailbox else "",
        sender=encoding.parsed(digest.sender)[1],
    )


def message_id(edition: str, recipient: str, *, salt: bytes, sender: str) -> str:
    """The Message-ID of one edition to one recipient (RFC 5322 §3.6.4), without angle brackets: the same for ever, and not to be guessed,
    so that a forged bounce cannot name it.

    Args:
        salt: of this installation.
        sender: the digest's mailbox; its domain stands in the id.
    """
    mac = hmac.digest(salt, f"message-id\0{edition}\0{recipient}".encode(), hashlib.sha256)[:_ID_BYTES]
    return f"{b32encode(mac).decode().lower()}@{encoding.domain(sender)}"


def _header(edition: Edition, digest: Digest, site_url: str, *, boundary: str, at: datetime) -> str:
    """Every header field but To and Message-ID."""
    fields = [
        encoding.mailbox("From", digest.sender),
        encoding.mailbox("Reply-To", digest.reply_to or digest.sender),
        encoding.unstructured("Subject", edition.subject),
        f"Date: {format_datetime(at.astimezone(UTC))}\r\n",
        *_list_fields(edition, digest, site_url),
        *_bulk_fields(edition, digest),
        f"Content-Language: {language}\r\n" if (language := _UNFIT.sub("", edition.language)) else "",
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n',
    ]
    return "".join(fields)


def _list_fields(edition: Edition, digest: Digest, site_url: str) -> list[str]:
    """List-Id (RFC 2919), the list's commands (RFC 2369) and leaving by one click (RFC 8058).

    The list is the topic: who changes from weekly to monthly keeps the folder that their mail is sorted into.
    """
    own = doors(digest)
    label = _UNFIT.sub("-", edition.topic).strip("-") or "digest"
    fields = [encoding.listed("List-Id", edition.title, f"{label}.{encoding.domain(digest.sender)}"), *_leaving(own)]
    if site_url:
        fields.append(f"List-Archive: <{encoding.uri(site_url)}digest/>\r\n")
    if own.subscribe:
        fields.append(f"List-Subscribe: <{encoding.uri(own.subscribe)}>\r\n")
    # RFC 2369 §3.4: nobody writes to this list.
    fields.append("List-Post: NO\r\n")
    return fields


def _leaving(own: Doors) -> list[str]:
    """List-Unsubscribe with the ways that exist, the one-click way first; RFC 8058 §3.1 allows the second field with https alone."""
    ways = [f"<{encoding.uri(way)}>" for way in (own.one_click, own.leave_by_mail) if way]
    fields = ["List-Unsubscribe: " + ",\r\n ".join(ways) + "\r\n"] if ways else []
    if own.one_click.startswith("https://"):
        fields.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    return fields


def _bulk_fields(edition: Edition, digest: Digest) -> list[str]:
    """What programs read to leave the mail unanswered, and what Google sorts complaints by.

    Auto-Submitted (RFC 3834 §5) is "auto-generated": a program writes every edition by the clock, and answers nobody. Precedence says the
    same to programs that are older than that RFC. Feedback-ID (Google's "Feedback Loop" for senders, read 2026-11-22) names edition,
    topic, rhythm and last, always the same, the sender: nothing of the recipient.
    """
    _, _, period = edition.id.rpartition("/")
    sender = _UNFIT.sub("-", encoding.domain(digest.sender))[:15].ljust(5, "-")
    names = [_UNFIT.sub("-", name) for name in (period, edition.topic, edition.rhythm)]
    return ["Precedence: bulk\r\n", "Auto-Submitted: auto-generated\r\n", f"Feedback-ID: {':'.join(names)}:{sender}\r\n"]


def _part(text: str, kind: str, boundary: str) -> bytes:
    head = f"--{boundary}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + encoding.quoted_printable(text, marks=_MARKS) + b"\r\n"
