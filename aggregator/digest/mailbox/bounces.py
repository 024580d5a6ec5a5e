"""What a bounce says: a delivery status notification (RFC 3464), or a text that looks like one. Pure.

Who it is about is not asked here: a bounce counts only by what it proves (`acting`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as hidden
from email.message import Message

from aggregator.digest.status_codes import enhanced, hard
from aggregator.model import Bounce
from aggregator.text.mail import children, content, field, header, message_ids, text

# RFC 3464 §2.3.3: the others (delayed, delivered, relayed, expanded) take nothing back.
_FAILED = "failed"
_UNSAID = re.compile(r"[245]\.0\.0")
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers")
# A reply that a text gives: "said: 550 no such user", or on a line of its own.
_FINAL = re.compile(r"(?:^|:)[ \t]*5\d\d[ -]", re.MULTILINE)
_DELAY = re.compile(r"\bwarning\b|\bdelay", re.IGNORECASE)
_DAEMON = re.compile(r"\bmailer-?daemon\b|\bpostmaster\b|mail delivery", re.IGNORECASE)
_OWN_ID = re.compile(r"^message-id:\s*<([^<>\s]{1,250})>", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A recipient to whom a copy could not be delivered."""

    bounce: Bounce
    # As the server names the recipient, and as we had; none: it does not say.
    addresses: tuple[str, ...] = hidden(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a bounce says."""

    # Empty: nothing has failed for good (a delay, a delivery).
    failed: tuple[Failed, ...]
    # Of the copy that came back, as it says.
    message_ids: tuple[str, ...]


def standard(message: Message) -> Report | None:
    """What a delivery status notification says; None when the message is not one.

    Only the message itself is looked at, never what it carries: one that somebody passes on is not one. Neither is one that says nothing of
    any recipient, as Google sends them when it could not even begin.
    """
    parts = children(message)
    groups = [block for part in parts if part.get_content_type() in _STATUS for block in _blocks(part)]
    told = [group for group in groups if field(group, "Action") or field(group, "Status")]
    if message.get_content_type() != "multipart/report" or not told:
        return None
    return Report(failed=tuple(filter(None, map(_failed, told))), message_ids=_about(message))


def textual(message: Message) -> Report | None:
    """What a bounce in words says (qmail, older Exim and Yahoo): soft at most, since words are no protocol. None when it is none.

    That an answering machine wrote it says nothing: Exim marks its bounces so, and its warnings of a delay.
    """
    said = text(message)
    final = enhanced(said).startswith("5.") or bool(_FINAL.search(said))
    told = bool(_DAEMON.search(field(message, "From"))) and final and not _DELAY.search(field(message, "Subject"))
    if not told and not field(message, "X-Failed-Recipients"):
        return None
    return Report(failed=(Failed(bounce=Bounce.SOFT),), message_ids=(*_about(message), *_OWN_ID.findall(said)))


def returned(parts: tuple[Message, ...]) -> Iterator[Message]:
    """The messages that a report encloses, whole or their headers alone (RFC 6522 §3)."""
    for part in parts:
        if part.get_content_type() in _RETURNED:
            yield from children(part)[:1]
        elif part.get_content_type() == "text/rfc822-headers":
            yield header(content(part))


def _about(message: Message) -> tuple[str, ...]:
    enclosed = (id for copy in returned(children(message)) for id in message_ids(copy, "Message-ID"))
    return (*message_ids(message, "In-Reply-To"), *enclosed)


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields in a status part: one about the message, then one about each recipient (RFC 3464 §2.1)."""
    for block in children(part):
        yield block
        # The standard library knows the groups of message/delivery-status, and takes RFC 6533's for a message with a text.
        rest = block.get_payload()
        if part.get_content_type() != _STATUS[0] and isinstance(rest, str):
            yield from (header(group) for group in re.split(r"\r?\n\s*\r?\n", rest))


def _failed(block: Message) -> Failed | None:
    """What a group of fields says of its recipient; None when the copy may have arrived, or arrive yet."""
    status = enhanced(field(block, "Status"))
    action = field(block, "Action").lower().partition(" ")[0]
    if action != _FAILED and (action or not status.startswith("5.")):
        return None
    # Some say "5.0.0" for all, and give the reply that they got (Exim).
    if not status or _UNSAID.fullmatch(status):
        status = enhanced(field(block, "Diagnostic-Code")) or status
    named = (_address(field(block, name)) for name in ("Final-Recipient", "Original-Recipient"))
    return Failed(bounce=Bounce.HARD if hard(status) else Bounce.SOFT, addresses=tuple(dict.fromkeys(filter(None, named))))


def _address(value: str) -> str:
    """The address in a field like "rfc822; <ada@example.org>"."""
    kind, _, address = value.partition(";")
    return address.strip().strip("<>") if kind.strip().lower() in ("rfc822", "utf-8") else ""
