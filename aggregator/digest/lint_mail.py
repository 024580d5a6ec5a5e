"""Rules about the bytes of a mail as it would be handed over: headers, lines, size, what was left unfilled. Pure.

Sources: RFC 5322 (§2.1.1 lines, §3.6 headers), RFC 2369 and RFC 8058 (List-Unsubscribe), RFC 2919 (List-Id), RFC 3834 §5
(Auto-Submitted), Google's page "Feedback Loop" (up to four fields, the last one names the sender, 5 to 15 characters; read 2026-11-22).
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.lint_report import Draft, Finding, error
from aggregator.settings import Digest

MOST_BYTES = 500_000
"""Of a whole mail."""
LONGEST_LINE = 998
"""Without its end (RFC 5322 §2.1.1); servers refuse longer ones."""

_BUG = "This is a fault of the program: send nothing, and report it with the file that `digest preview` wrote."
# Once and no more (RFC 5322 §3.6, and the specifications of the list's own headers).
_NEEDED = (
    *("From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "Content-Type"),
    *("List-Id", "Precedence", "Auto-Submitted", "Feedback-ID"),
)
_ONCE = frozenset(
    {
        *(name.lower() for name in _NEEDED),
        *("sender", "reply-to", "cc", "bcc", "in-reply-to", "references", "content-transfer-encoding"),
        *("list-unsubscribe", "list-unsubscribe-post", "list-help", "list-subscribe", "list-post", "list-archive", "list-owner"),
    }
)
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@([A-Za-z0-9.-]+)>")
_LIST_ID = re.compile(r"(?:[^<>]*\s)?<[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+>")
_FEEDBACK = re.compile(r"(?:[^:\s]*:){0,3}[^:\s]{5,15}")
_CLOCKS = timedelta(hours=1)


def mail_rules(draft: Draft) -> Iterator[Finding]:
    """What is wrong with the sample; nothing when there is none."""
    if draft.sample is None or draft.settings.digest is None:
        return
    mail = email.message_from_bytes(draft.sample, policy=email.policy.SMTP)
    fields = _fields(draft.sample)
    yield from _lines(draft.sample)
    yield from _counts(fields)
    yield from _leaving(fields, draft.settings.digest)
    yield from _values(fields, draft, draft.settings.digest)
    yield from _marks(mail, draft.sample)
    if len(draft.sample) > MOST_BYTES:
        yield error("mail-size", f"The mail has {len(draft.sample):,} bytes; {MOST_BYTES:,} is the most. Tell fewer stories (digest.most).")


def _lines(sample: bytes) -> Iterator[Finding]:
    lines = sample.split(b"\r\n")
    longest = max(map(len, lines))
    if longest > LONGEST_LINE:
        yield error("line-length", f"A line of the mail has {longest:,} bytes; servers refuse more than {LONGEST_LINE}. {_BUG}")
    if any(b"\n" in line or b"\r" in line for line in lines):
        yield error("line-length", f"A line of the mail is not ended by CR and LF, which some servers refuse. {_BUG}")


def _fields(sample: bytes) -> Sequence[tuple[str, bytes]]:
    """Header fields in order, names in lower case, values unfolded."""
    head = sample.partition(b"\r\n\r\n")[0]
    found = (line.partition(b":") for line in re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n"))
    return tuple((name.decode("latin-1").lower(), value.strip()) for name, _, value in found)


def _counts(fields: Sequence[tuple[str, bytes]]) -> Iterator[Finding]:
    names = [name for name, _ in fields]
    for name in _NEEDED:
        if name.lower() not in names:
            yield error("header", f"The mail has no {name} header. {_BUG}")
    for name in sorted({name for name in names if name in _ONCE and names.count(name) > 1}):
        yield error("header", f"The header {name} is there {names.count(name)} times and may be there once. {_BUG}")
    for name, value in fields:
        if not value.isascii() or not re.fullmatch(r"[!-9;-~]+", name):
            yield error("header", f"The header {name[:40]!r} holds bytes that are not ASCII. {_BUG}")


def _leaving(fields: Sequence[tuple[str, bytes]], digest: Digest) -> Iterator[Finding]:
    """List-Unsubscribe as RFC 2369 writes it, with the ways that are configured; its -Post for https (RFC 8058)."""
    if digest.serve is None and digest.mailbox is None:
        return
    values = _values_of(fields)
    ways = re.findall(r"<([^<>\s]*)>", values.get("list-unsubscribe", ""))
    secure = [way for way in ways if way.startswith("https://")]
    if not ways or not re.fullmatch(r"(?:<[^<>\s]+>)(?:\s*,\s*<[^<>\s]+>)*", values.get("list-unsubscribe", "")):
        yield error("header", f"List-Unsubscribe is missing, or is no list of addresses in angle brackets. {_BUG}")
    if digest.serve and digest.serve.url.startswith("https://") and not secure:
        yield error("header", f"List-Unsubscribe has no https address, although there is a server for it. {_BUG}")
    if digest.mailbox and not any(way.startswith("mailto:") for way in ways):
        yield error("header", f"List-Unsubscribe has no mailto, although there is a mailbox for it. {_BUG}")
    if bool(secure) != (values.get("list-unsubscribe-post") == "List-Unsubscribe=One-Click"):
        yield error("header", f"List-Unsubscribe-Post must be List-Unsubscribe=One-Click beside an https address, and nowhere else. {_BUG}")


def _values(fields: Sequence[tuple[str, bytes]], draft: Draft, digest: Digest) -> Iterator[Finding]:
    values = _values_of(fields)
    own = _domain(digest.sender)
    if "from" in values and _domain(values["from"]) != own:
        yield error("header", f"From is not of the domain that digest.from names ({own}). {_BUG}")
    found = _MESSAGE_ID.fullmatch(values.get("message-id", "<a@b>"))
    if "message-id" in values and (found is None or found[1].lower() != own):
        yield error("header", f"Message-ID is not one of {own}. {_BUG}")
    if "date" in values and not _dated(values["date"], draft):
        yield error("header", f"Date is no date, or not that of today. {_BUG}")
    if "list-id" in values and not _LIST_ID.fullmatch(values["list-id"]):
        yield error("header", f"List-Id is no name in angle brackets. {_BUG}")
    if values.get("precedence", "bulk").lower() not in ("bulk", "list"):
        yield error("header", f"Precedence is neither bulk nor list. {_BUG}")
    if values.get("auto-submitted", "auto-generated").lower() == "no":
        yield error("header", f"Auto-Submitted says that a person wrote it. {_BUG}")
    if "feedback-id" in values and not _FEEDBACK.fullmatch(values["feedback-id"]):
        yield error("header", f"Feedback-ID is not of up to four fields, of which the last has 5 to 15 characters. {_BUG}")
    if "to" in values and "," in re.sub(r'"[^"]*"', "", values["to"]):
        yield error("header", f"To names more than one recipient. {_BUG}")


def _marks(mail: EmailMessage, sample: bytes) -> Iterator[Finding]:
    """A mark that stands where a reader's own token should."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    if any(mark in text for mark in (LEAVE_MARK, CHANGE_MARK) for text in (*parts, sample.decode("latin-1"))):
        yield error("token-mark", f"A link that should be the reader's own was not filled. {_BUG}")


def _values_of(fields: Sequence[tuple[str, bytes]]) -> Mapping[str, str]:
    """The first value of each name."""
    return {name: value.decode("latin-1") for name, value in reversed(fields)}


def _dated(value: str, draft: Draft) -> bool:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return False
    return at.tzinfo is not None and abs(at - draft.now) <= timedelta(days=1) + _CLOCKS


def _domain(mailbox: str) -> str:
    return parseaddr(mailbox)[1].rpartition("@")[2].lower()
