"""What one message wants of us, told from its header and its structure. Pure; whatever is sent, nothing here raises.

Whether a token is good is not asked here; nobody has it who was not given it, so that `acting` asks the keys and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as hidden
from email.message import Message
from itertools import islice

from aggregator.digest.letters import SUBJECT
from aggregator.digest.mailable import mailable, ours
from aggregator.digest.mailbox.automatic import answering, automatic
from aggregator.digest.mailbox.bounces import Failed, standard, textual
from aggregator.digest.mailbox.complaints import feedback
from aggregator.digest.tokens import LENGTH
from aggregator.settings import Digest
from aggregator.text.mail import address, field, fields, parsed, text

# Where a server writes to whom a message was sent, and To, for those that write it nowhere.
_SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "X-Rcpt-To", "To")
# Enough for whatever a mail server adds; a message that names more is not answered more.
_MOST = 8
_TOKEN = rf"[a-z2-7]{{{LENGTH}}}"
# How mail programs begin the subject of an answer. A subject with any other beginning ("Fwd:", "WG:", "TR:") was another message's.
_RE = (
    r"(?:(?:re|aw|sv|vs|antw|odp|odg|r|rif|res|r[eé]f|r[eé]p|ynt|vá|vast|ats|atb|bls|απ|σχετ|השב|رد|答复|回复|回覆|返信|답장|ответ|відповідь)"
    r"(?:\[\d+\])?\s*[:：]\s*)"
)
_ANSWER = rf"{_RE}*"
_WORD = r"(?:confirm|leave|unsubscribe)"
_SIGNED_SUBJECT = re.compile(rf"{_ANSWER}(?:[^:：]*\b)??{_WORD}[\s:]+({_TOKEN})\b(?!.*\(fwd\))", re.IGNORECASE)
_LONGEST_SUBJECT = 1000
# What gateways write in front: "[EXTERNAL]", "***SPAM***", "{Spam?}".
_TAG = r"(?:[\[({*]+\s?(?:ext(?:ern(?:al)?)?|caution|warning|(?:suspected |possible |potential )?spam)\b[^\[\](){}#\d]{0,20}[\])}*]\s*)"
# An answer to the letter. Behind it some help desks write the number of a ticket, and some guards of mailboxes what they want.
_OF_LETTER = re.compile(
    rf"{_TAG}*{_RE}(?:{_RE}|{_TAG})*{re.escape(SUBJECT)} (?!.*(?:#\s?\d|\((?:verification|action required)\)\s*$))", re.IGNORECASE
)
_SUBSCRIBE = re.compile(rf"{_ANSWER}[\"'“]?subscribe[\"'”]?[.!]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody asks for the digest, or says that this address does."""

    # Not in its `repr`, so in no log and no message.
    address: str = hidden(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Sent to an address with a token, or with one in its subject: confirms or leaves, as the token says."""

    tokens: tuple[str, ...] = hidden(repr=False)
    # A machine answered: it does nothing.
    answered: bool = False
    # No person sent it to us: a token confirms nothing then, and leaves all the same, as mail programs leave by themselves (RFC 2369 §3.2).
    automatic: bool = False
    # It has the subject of an answer to our letter, or says "confirm" in it. Help desks, guards of mailboxes and receipts write their own,
    # and not all say that they are machines: a token without it confirms nothing.
    to_letter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A copy came back, or is late."""

    tokens: tuple[str, ...] = hidden(repr=False)
    message_ids: tuple[str, ...]
    # Empty: nothing has failed for good.
    failed: tuple[Failed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A reader called a copy spam, or a report about a copy asks for nothing."""

    tokens: tuple[str, ...] = hidden(repr=False)
    message_ids: tuple[str, ...]
    unwanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing that is ours."""

    reason: str


Read = Ask | Signed | Returned | Complaint | Ignored


def classified(raw: bytes, digest: Digest) -> Read:
    """What a message wants.

    Args:
        raw: the message, or its first part; what is cut off is not missed.
        digest: with a mailbox.
    """
    message = parsed(raw)
    sent_to = tuple(islice(fields(message, *_SENT_TO), 3 * _MOST))
    tokens = _tokens(digest, sent_to)
    if complaint := feedback(message):
        told = (*tokens, *_tokens(digest, complaint.addresses))
        return Complaint(tokens=told[:_MOST], message_ids=complaint.message_ids[:_MOST], unwanted=complaint.unwanted)
    if report := standard(message) or (textual(message) if tokens else None):
        return Returned(tokens=tokens, message_ids=report.message_ids[:_MOST], failed=report.failed[:_MOST])
    if signed := tokens or _of_subject(message, digest, sent_to):
        return Signed(tokens=signed, answered=answering(message), automatic=automatic(message), to_letter=_to_letter(message))
    return _asked(message, digest, sent_to)


def _asked(message: Message, digest: Digest, sent_to: tuple[str, ...]) -> Ask | Ignored:
    if automatic(message):
        return Ignored(reason="no person wrote it")
    signs = _signs(digest, sent_to)
    if "subscribe" not in signs and not ("" in signs and _wants(message)):
        return Ignored(reason="it asks for nothing that we do")
    try:
        who = mailable(address(message, "From"))
    except ValueError:
        return Ignored(reason="it does not say who asks")
    return Ignored(reason="it comes from ourselves") if ours(who, digest) else Ask(address=who)


def _wants(message: Message) -> bool:
    """Whether the subject, or the first line, is the word "subscribe" and nothing else."""
    first = next((line.strip() for line in text(message)[:2000].splitlines() if line.strip()), "")
    return any(_SUBSCRIBE.fullmatch(said) for said in (field(message, "Subject")[:_LONGEST_SUBJECT], first))


def _of_subject(message: Message, digest: Digest, sent_to: tuple[str, ...]) -> tuple[str, ...]:
    """A token in the subject of a message to our bare address, for providers that take "+signs" away."""
    found = _SIGNED_SUBJECT.match(field(message, "Subject")[:_LONGEST_SUBJECT])
    return (found[1].lower(),) if found and _signs(digest, sent_to) else ()


def _to_letter(message: Message) -> bool:
    subject = field(message, "Subject")[:_LONGEST_SUBJECT]
    return bool(_OF_LETTER.match(subject) or _SIGNED_SUBJECT.match(subject))


def _tokens(digest: Digest, values: tuple[str, ...]) -> tuple[str, ...]:
    found = (sign for sign in _signs(digest, values) if re.fullmatch(_TOKEN, sign))
    return tuple(islice(dict.fromkeys(found), _MOST))


def _signs(digest: Digest, values: tuple[str, ...]) -> tuple[str, ...]:
    """What stands behind the "+" of our address wherever it occurs, in small letters; "" for the bare address."""
    assert digest.mailbox is not None
    local, _, domain = digest.mailbox.address.rpartition("@")
    own = re.compile(rf"(?<![\w.+%-]){re.escape(local)}(?:(?:\+|%2b)([a-z0-9]{{1,64}}))?@{re.escape(domain)}(?![\w-]|\.\w)", re.IGNORECASE)
    return tuple((found[1] or "").lower() for value in values for found in own.finditer(value))
