"""What a complaint says: a feedback report (RFC 5965, RFC 6650), or Microsoft's, which is none. Pure.

Mailbox providers take the reader's address out (`Original-Rcpt-To` and the like), so that only what we put into the copy ourselves says
who complains.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as hidden
from email.message import Message

from aggregator.digest.mailbox.bounces import returned
from aggregator.text.mail import children, field, fields, message_ids

# RFC 5965 §7.3, RFC 6430 §3 for "not-spam", RFC 6591 for "auth-failure": these two, "virus" and "other" say nothing of a reader's will.
_UNWANTED = frozenset(("abuse", "fraud", "opt-out", "opt-out-list"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a complaint says of the copy it is about."""

    # False: a report that asks for nothing.
    unwanted: bool
    message_ids: tuple[str, ...]
    # Header fields of the copy, and of the report, in which our own addresses stand.
    addresses: tuple[str, ...] = hidden(repr=False)


def feedback(message: Message) -> Feedback | None:
    """What a feedback report says; None when the message is not one."""
    parts = children(message)
    reports = [block for part in parts if part.get_content_type() == "message/feedback-report" for block in children(part)]
    copies = tuple(returned(parts))
    if message.get_content_type() == "multipart/report" and reports:
        unwanted = any(field(report, "Feedback-Type").lower() in _UNWANTED for report in reports)
    elif _microsoft(message, copies):
        unwanted = True
    else:
        return None
    named = (value for report in reports for value in fields(report, "Original-Mail-From"))
    kept = (value for copy in copies for value in fields(copy, "Return-Path", "List-Unsubscribe"))
    ids = (id for copy in copies for id in message_ids(copy, "Message-ID"))
    return Feedback(unwanted=unwanted, message_ids=tuple(ids), addresses=(*named, *kept))


def _microsoft(message: Message, copies: tuple[Message, ...]) -> bool:
    """The Junk Mail Reporting Program sends the copy as it is, and says in a header field of its own who complained (seen in 2016)."""
    return (
        any(field(copy, "X-HmXmrOriginalRecipient") for copy in copies) and "complaint about message" in field(message, "Subject").lower()
    )
