"""What became of uncertain copies, by hand or by the log of a mail server. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

# Postfix (postconf(5), cleanup(8), qmgr(8), read 2026-11-22): "postfix/cleanup[71]: 4F1A2B: message-id=<x@example.org>" when it reads a
# mail, "postfix/qmgr[70]: 4F1A2B: from=<…>, size=…, nrcpt=1 (queue active)" when it has taken one, and "…: to=<…>, …, status=sent (…)" when
# it has passed it on. A mail that was cut off has only the first. Queue ids may be long (letters of both cases).
_MESSAGE = re.compile(r": ([0-9A-Za-z]{5,}): (?:resent-)?message-id=<([^<>\s]+)>")
_QUEUED = re.compile(r": ([0-9A-Za-z]{5,}): from=<[^>]*>,.*\(queue active\)")
_STATUS = re.compile(r": ([0-9A-Za-z]{5,}): to=<[^>]*>,.*\bstatus=([a-z]+)")


class Trace(StrEnum):
    """How far a mail has come, by a log."""

    # Begun, and not taken: its end is not in the log.
    SEEN = "seen"
    # Taken: it will be passed on, or was.
    TAKEN = "taken"
    # Taken, and passed on.
    SENT = "sent"
    # Taken, and given back.
    BOUNCED = "bounced"


def traced(lines: Iterable[str], message_ids: Collection[str]) -> Mapping[str, Trace]:
    """How far some mails have come, by Message-ID; what the log does not name is left out.

    Args:
        lines: of a mail server's log, oldest first, read once.
    """
    wanted, queued, found = frozenset(message_ids), dict[str, str](), dict[str, Trace]()
    for line in lines:
        if "message-id=<" in line and (match := _MESSAGE.search(line)):
            # A queue id is used again for another mail.
            queued.pop(match[1], None)
            if match[2] in wanted:
                queued[match[1]] = match[2]
                found.setdefault(match[2], Trace.SEEN)
        elif (match := _STATUS.search(line) or _QUEUED.search(line)) and match[1] in queued:
            found[queued[match[1]]] = _further(found[queued[match[1]]], match[2] if match.re is _STATUS else "")
    return found


def _further(before: Trace, status: str) -> Trace:
    if status == "sent" or before is Trace.SENT:
        return Trace.SENT
    return Trace.BOUNCED if status in ("bounced", "expired") else Trace.TAKEN if before is Trace.SEEN else before
