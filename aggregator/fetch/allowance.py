"""What an API says in a body of how much more it may be asked, where no status and no header has it.

Sources: api.stackexchange.com/docs/throttle ("backoff", quota, throttle_violation), LemmyNet/lemmy crates/utils/src/error.rs
(rate_limit_error), docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (secondary limits); all read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

# How each begins to say "too often" in a body whose status says something else.
_TOO_OFTEN = (b'"rate_limit_error"', b'"throttle_violation"', b"secondary rate limit")
_STATUSES = frozenset({400, 403, 502, 503})
_AVAILABLE = re.compile(rb"available in (\d{1,7}) seconds")
# In JSON no text can hold these bytes: the quotes of a text are escaped.
_BACK_OFF = re.compile(rb'"backoff"\s*:\s*(\d{1,7})\b')
_QUOTA = re.compile(rb'"quota_remaining"\s*:\s*(-?\d{1,9})\b')


def refuses(status: int, body: bytes) -> bool:
    """True when a bad reply says in its body that it was asked too often."""
    return status in _STATUSES and any(words in body[:4096] for words in _TOO_OFTEN)


def wait_of(body: bytes) -> timedelta | None:
    """How long a refusal wants us to wait; None when it does not say."""
    said = _AVAILABLE.search(body[:4096])
    return timedelta(seconds=int(said[1])) if said else None


def rest_of(headers: Mapping[str, str], body: bytes, *, reset: datetime | None, now: datetime) -> datetime | None:
    """Until when a good reply asks not to be followed by another question; None when it does not.

    Args:
        reset: when the allowance is renewed, by the reply's headers; None: they do not say.
    """
    # Only this header: those without an "X-" count kinds of questions apart on some servers (Bluesky's log-in).
    if reset is not None and re.fullmatch(r"0+(\.0*)?", headers.get("x-ratelimit-remaining", "").strip()):
        return reset
    quota = _QUOTA.search(body) if b'"quota_remaining"' in body else None
    if quota is None:
        return None
    if int(quota[1]) <= 0:
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    wait = _BACK_OFF.search(body)
    return now + timedelta(seconds=int(wait[1])) if wait else None
