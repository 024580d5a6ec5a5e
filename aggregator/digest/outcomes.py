"""What a reply makes of a row: settled, or due again later. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.digest.mailers import Fate, Reply
from aggregator.model import Bounce, Delivery, DeliveryState

# Between attempts; together a day. Greylisting lets through after minutes, a full mailbox or a server in trouble takes hours, and what
# does not go in a day does not go (RFC 5321 §4.5.4.1 asks for 30 minutes and more, but for the first).
WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 360, 360))
# Of a wait, on either side: copies that were put off together do not come back together.
_JITTER = 0.2
# Answers by which a server is judged: at the least, and the last ones.
_ENOUGH, _LAST = 5, 20


def after(row: Delivery, reply: Reply, at: datetime) -> Delivery:
    """The row of a claimed copy after the mailer's reply.

    What was put off once more than there are waits is refused, as a soft bounce.
    """
    said = replace(row, at=at, reply=reply.text, next_try_at=None)
    match reply.fate:
        case Fate.ACCEPTED:
            return replace(said, state=DeliveryState.HANDED_OVER)
        case Fate.UNCERTAIN:
            return replace(said, state=DeliveryState.UNCERTAIN)
        case Fate.REFUSED:
            return replace(said, state=DeliveryState.REFUSED, bounce=Bounce.HARD if reply.hard else Bounce.SOFT)
        case Fate.LATER:
            wait = wait_after(row)
            if wait is None:
                return replace(said, state=DeliveryState.REFUSED, bounce=Bounce.SOFT)
            return replace(said, state=DeliveryState.DUE, next_try_at=at + wait)


def refusing(replies: Iterable[Reply]) -> str:
    """What the server said last, when it refused most of a batch, or most of its last copies: then it is us who are refused, and not
    they; else "".

    Args:
        replies: in the order in which they were heard.
    """
    judged = [reply for reply in replies if reply.fate in (Fate.ACCEPTED, Fate.REFUSED)]
    for some in (judged, judged[-_LAST:]):
        refused = [reply for reply in some if reply.fate is Fate.REFUSED]
        if len(some) >= _ENOUGH and 2 * len(refused) > len(some):
            return refused[-1].text or "it did not say why"
    return ""


def released(row: Delivery, reply: str = "") -> Delivery:
    """The row of a claimed copy that was surely not handed over, for no reason of its own: due at once, and not counted as tried."""
    return replace(row, state=DeliveryState.DUE, attempts=max(row.attempts - 1, 0), next_try_at=None, reply=reply or row.reply)


def wait_after(row: Delivery) -> timedelta | None:
    """How long to wait after so many attempts; None: it is not tried again. The same for the same row."""
    if row.attempts > len(WAITS):
        return None
    luck = hashlib.sha256(f"{row.edition}\0{row.recipient}\0{row.attempts}".encode()).digest()
    share = int.from_bytes(luck[:4], "big") / 2**32
    return WAITS[max(row.attempts, 1) - 1] * (1 - _JITTER + 2 * _JITTER * share)
