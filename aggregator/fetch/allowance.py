"""What an API says in a body of how much more it may be asked, where no status and no header has it.

Sources: api.stackexchange.com/docs/throttle ("backoff", quota, throttle_violation), LemmyNet/lemmy crates/utils/src/error.rs
(rate_limit_error), docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (secondary limits); Graph API of Meta, "Handling
errors" (codes); discord-api-docs topics/rate-limits (retry_after); all read 2026-11-22.
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
_META = (b'"OAuthException"', b'"fbtrace_id"')
_META_TOO_OFTEN = re.compile(rb'"code"\s*:\s*(?:4|17|32|613)\b')
# A token that is over, and rights that were not given.
_META_REFUSED = re.compile(rb'"code"\s*:\s*(?:10|190|2\d\d)\b')
_RETRY_AFTER = re.compile(rb'"retry_after"\s*:\s*(\d{1,7})(?:\.\d+)?')
_BACK_OFF = re.compile(rb'"backoff"\s*:\s*(\d{1,7})\b')
_QUOTA = re.compile(rb'"quota_remaining"\s*:\s*(-?\d{1,9})\b')


def refuses(status: int, body: bytes) -> bool:
    """True when a bad reply says in its body that it was asked too often."""
    if status not in _STATUSES:
        return False
    return any(words in body[:4096] for words in _TOO_OFTEN) or _of_meta(body, _META_TOO_OFTEN)


def denies(status: int, body: bytes) -> bool:
    """True when a bad reply says in its body, and not by its status, that the key or its rights do not do."""
    return status == 400 and _of_meta(body, _META_REFUSED)


def _of_meta(body: bytes, code: re.Pattern[bytes]) -> bool:
    return any(words in body[:4096] for words in _META) and code.search(body[:4096]) is not None


def wait_of(body: bytes) -> timedelta | None:
    """How long a refusal wants us to wait; None when it does not say."""
    if said := _AVAILABLE.search(body[:4096]):
        return timedelta(seconds=int(said[1]))
    # A part of a second counts as a whole one.
    said = _RETRY_AFTER.search(body[:4096])
    return timedelta(seconds=int(said[1]) + 1) if said else None


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
