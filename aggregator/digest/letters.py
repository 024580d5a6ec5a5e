"""The confirmation mail: one plain letter to somebody who asked, claimed before it is handed over, so that nobody gets two."""

from __future__ import annotations

import hashlib
import hmac
import re
import textwrap
import threading
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import chain

from aggregator.clock import Clock
from aggregator.digest import encoding
from aggregator.digest.crew import Pace
from aggregator.digest.doors import page_of, plus
from aggregator.digest.mailers import Fate, Line, Mail, Mailer, Reply
from aggregator.digest.membership import PATIENCE, configured
from aggregator.digest.period import zone_of
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.errors import DeliveryError
from aggregator.model import Bounce, Subscriber
from aggregator.publish.dates import moment
from aggregator.publish.words import listed
from aggregator.settings import Settings
from aggregator.store.private import PrivateStore, Subscribers

# What the subject begins with: by it an answer is told from what a machine sends to the same address.
SUBJECT = "Please confirm:"
_AT_ONCE = 100
_WIDTH = 72
_ID_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """What became of the letters that were owed."""

    # Handed over.
    count: int = 0
    # Not, or not surely.
    failed: int = 0


def mail_letters(private: PrivateStore, settings: Settings, mailer: Mailer, clock: Clock) -> Mailed:
    """Mail everybody who is owed a confirmation mail.

    A letter that was surely not handed over is owed still, unless the server refused it: then nobody would gain by asking again, and an
    address that does not exist is suppressed. One whose end was not seen is not mailed again; its reader may ask anew after a week.

    Raises:
        ConfigError: there is no digest.
        DeliveryError: no mail can be handed over at all; what is owed stays owed.
    """
    digest = configured(settings)
    if digest.serve is None and digest.mailbox is None:
        # Nobody could answer it.
        return Mailed()
    post, salt, count, failed = private.subscribers, private.keys.salt(), 0, 0
    tokens = Tokens(private.keys.signing())
    owed = _owed(post)
    first = next(owed, None)
    if first is None:
        return Mailed()
    pace = Pace(mailer.per_second, threading.Event())
    with mailer.line() as line:
        for one in chain((first,), owed):
            # Before the claim: whoever is killed while waiting leaves none behind.
            pace.wait()
            at = clock()
            if at - one.asked_at > PATIENCE:
                # It could not be answered any more: nobody was there for a week to mail it, or to forget it.
                continue
            if not post.claim_letter(one.id, at):
                continue
            reply = _hand_over(letter(one, settings, tokens, salt=salt, at=at), line, post)
            _settle(one, reply, post, at)
            count, failed = count + (reply.fate is Fate.ACCEPTED), failed + (reply.fate is not Fate.ACCEPTED)
    return Mailed(count=count, failed=failed)


def letter(one: Subscriber, settings: Settings, tokens: Tokens, *, salt: bytes, at: datetime) -> Mail:
    """The confirmation mail of somebody who asked; its Message-ID is the same at every attempt.

    It carries nothing of a list: no List-* field, no Precedence. Auto-Submitted (RFC 3834 §5) and X-Auto-Response-Suppress ([MS-OXCMAIL]
    §2.2.3.2.14, without NDR, since bounces are wanted) ask programs not to answer it, as an answer to it confirms.
    """
    digest = configured(settings)
    token = tokens.sign(Purpose.CONFIRM, one.id)
    sender = encoding.parsed(digest.sender)[1]
    message_id = _message_id(one.id, salt, encoding.domain(digest.sender))
    title = encoding.one_line(digest.title or settings.site.title)
    answer = plus(digest.mailbox.address, token) if digest.mailbox else digest.reply_to or digest.sender
    page = page_of(digest, "confirm", token)
    fields = (
        f"To: {encoding.ascii_domain(one.address)}\r\n",
        f"Message-ID: <{message_id}>\r\n",
        encoding.mailbox("From", digest.sender),
        encoding.mailbox("Reply-To", answer),
        encoding.unstructured("Subject", f"{SUBJECT} {title}"),
        f"Date: {format_datetime(at.astimezone(UTC))}\r\n",
        "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n",
        "Content-Language: en\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
    )
    body = "\n".join(_said(one, settings, title=title, page=page)) + "\n"
    return Mail(
        recipient=one.id,
        address=one.address,
        sender=plus(digest.mailbox.address, tokens.sign(Purpose.RETURN, one.id)) if digest.mailbox else sender,
        message_id=message_id,
        content="".join(fields).encode() + encoding.quoted_printable(body, marks=_whole(page)),
    )


def _whole(page: str) -> re.Pattern[str]:
    """The link stays on one line, also for who reads the mail as it is, where that can be written."""
    return re.compile(re.escape(page) if page.isascii() and page and "=" not in page else r"(?!)")


def _said(one: Subscriber, settings: Settings, *, title: str, page: str) -> Iterator[str]:
    digest = configured(settings)
    day = moment(one.asked_at, zone_of(settings)).long
    where = "on the page" if one.source == "form" else "by mail"
    asked = f"On {day} somebody asked {where} that {title} be mailed to this address ({_what(one, settings)}). We hope that it was you."
    yield from _wrapped(asked)
    yield ""
    if page:
        yield from _wrapped("If you want it, open this page and press the button on it:")
        yield from ("", page, "")
        if digest.mailbox:
            yield from _wrapped("Or answer this mail and leave the subject as it is; nothing need be written in the answer.")
            yield ""
    else:
        yield from _wrapped("If you want it, answer this mail and leave the subject as it is; nothing need be written in the answer.")
        yield ""
    yield from _wrapped(
        f"If you do not, do nothing: no other mail comes, and the address is forgotten after {PATIENCE.days} days. "
        "Each mail that you get says how to leave."
    )
    yield ""
    yield from ("-- ", title, *filter(None, (settings.site.url, encoding.one_line(digest.postal))))


def _what(one: Subscriber, settings: Settings) -> str:
    """Rhythm and topics in words: "weekly, about crews and care"."""
    titles = [topic.title for topic in settings.topics if topic.id in one.topics]
    return encoding.one_line(f"{one.rhythm}, about {listed(titles)}" if titles else one.rhythm)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _message_id(id: str, salt: bytes, domain: str) -> str:
    mac = hmac.digest(salt, f"letter\0{id}".encode(), hashlib.sha256)[:_ID_BYTES]
    return f"{b32encode(mac).decode().lower()}@{domain}"


def _owed(post: Subscribers) -> Iterator[Subscriber]:
    """Everybody once, oldest first; who asks meanwhile comes at the end."""
    seen: set[str] = set()
    while fresh := [one for one in post.unmailed(len(seen) + _AT_ONCE) if one.id not in seen]:
        seen.update(one.id for one in fresh)
        yield from fresh


def _hand_over(mail: Mail, line: Line, post: Subscribers) -> Reply:
    try:
        return line.hand_over(mail, lambda: None)
    except DeliveryError:
        post.release_letter(mail.recipient)
        raise


def _settle(one: Subscriber, reply: Reply, post: Subscribers, at: datetime) -> None:
    if reply.fate is Fate.LATER:
        post.release_letter(one.id)
    elif reply.fate is Fate.REFUSED and reply.hard:
        post.suppress(one.address, Bounce.HARD, at)
