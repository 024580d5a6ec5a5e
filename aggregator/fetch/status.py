"""What a bad reply means: status and headers to one of our errors. Pure; the client alone calls it with a clock and a body.

Sources: RFC 9110 §10.2.3 and §15 (statuses, Retry-After), RFC 6585 §4 (429), draft-ietf-httpapi-ratelimit-headers-10 (RateLimit), and what
servers really send: Mastodon an ISO 8601 instant, PeerTube and Bluesky Unix seconds, Reddit seconds from now, all under names that differ
by an "X-".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from aggregator.errors import Gone, RateLimited, SourceError, Unauthorized, Unavailable, Unreadable, Walled
from aggregator.fetch.allowance import denies, refuses, rest_of, wait_of
from aggregator.text.secret_address import masked

LONGEST = timedelta(days=31)
"""No server is believed when it asks for more rest than this."""

CHALLENGE_REST = timedelta(days=1)
"""A bot wall is not asked again within a day: it is a person who has to open it."""

_RESET_HEADERS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_RESET_MEMBER = re.compile(r"(?:^|[;,\s])(?:reset|t)\s*=\s*(\d{1,12})", re.IGNORECASE)
# Google's APIs answer 403 for a spent quota and 400 for a wrong key (error reference of the YouTube Data API, read 2026-11-22).
_GOOGLE_QUOTA = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_GOOGLE_RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_GOOGLE_CLOSED = frozenset({"commentsDisabled", "videoNotFound"})
_GOOGLE_KEY = frozenset({"keyInvalid", "API_KEY_INVALID"})


def error_for(
    url: str,
    status: int,
    headers: Mapping[str, str],
    *,
    transient: frozenset[int] = frozenset(),
    now: datetime | None,
    body: bytes = b"",
) -> SourceError | None:
    """The error that a reply is, or None for 200 to 299 and 304.

    Args:
        headers: names in lower case.
        transient: statuses that this platform uses for "later"; a 403 among them asks for rest.
        now: None: no date is made from seconds, and none is capped.
        body: the beginning of the body, where it is known; some platforms say only there that it is a quota.
    """
    if 200 <= status < 300 or status == 304:
        return None
    subject = f"asking {shown(url)}"
    if status in (403, 429, 503) and challenged(headers, body):
        return Walled(f"{subject}: stopped by a bot wall (status {status})", status=status, retry_at=_after(CHALLENGE_REST, now))
    limited = _limited(status, headers, now, body)
    if limited is not None:
        reason, retry_at = limited
        return RateLimited(f"{subject}: {reason} (status {status})", status=status, retry_at=retry_at)
    reasons = _google_reasons(body)
    if status in (403, 404) and reasons & _GOOGLE_CLOSED:
        return Gone(f"{subject}: there are no comments to be had (status {status})", status=status)
    if status in transient and status == 403:
        # Not the server's failure: it has had enough of us.
        return RateLimited(f"{subject}: refused for now (status {status})", status=status)
    if status in transient:
        return Unavailable(f"{subject}: not available for now (status {status})", status=status)
    return _plain(subject, status, reasons, denied=denies(status, body))


def _plain(subject: str, status: int, reasons: frozenset[str], *, denied: bool) -> SourceError:
    if status in (401, 403) or (status == 400 and reasons & _GOOGLE_KEY) or denied:
        return Unauthorized(f"{subject}: access was refused (status {status})", status=status)
    if status in (404, 410):
        words = "there is nothing at this address" if status == 404 else "it is gone for good"
        return Gone(f"{subject}: {words} (status {status})", status=status)
    if status >= 500:
        return Unavailable(f"{subject}: the server failed (status {status})", status=status)
    if status in (408, 425):
        return Unavailable(f"{subject}: the server asks to try again (status {status})", status=status)
    return Unreadable(f"{subject}: the server does not answer this question (status {status})", status=status)


def _limited(status: int, headers: Mapping[str, str], now: datetime | None, body: bytes) -> tuple[str, datetime | None] | None:
    """Why and until when we are to wait; None when this is not what the reply says."""
    reasons = _google_reasons(body)
    if status == 403 and reasons & _GOOGLE_QUOTA:
        return "the quota of the day is used up", _next_pacific_midnight(now)
    if status == 403 and reasons & _GOOGLE_RATE:
        return "asked too often", retry_at(headers, now)
    spent = status == 403 and ("retry-after" in headers or headers.get("x-ratelimit-remaining", "").strip() == "0")
    if status == 429 or spent or refuses(status, body):
        wait = wait_of(body)
        return "asked too often", retry_at(headers, now) or (_after(wait, now) if wait else None)
    if status == 503 and "retry-after" in headers:
        # Only this header: Mastodon sends X-RateLimit-Reset with everything, also when it is merely down.
        return "the server asks for rest", retry_after(headers["retry-after"], now)
    return None


def rest_at(headers: Mapping[str, str], body: bytes, now: datetime) -> datetime | None:
    """Until when a good reply asks to be left alone, at most `LONGEST` from now; None when it does not."""
    return _capped(rest_of(headers, body, reset=retry_at(headers, now), now=now), now)


def challenged(headers: Mapping[str, str], body: bytes = b"") -> bool:
    """True for Cloudflare's bot wall, by its header or by its page (the test miniflux makes, and its older form)."""
    if headers.get("cf-mitigated", "").strip().lower() == "challenge":
        return True
    return b"<title>Just a moment" in body[:4096] and "html" in headers.get("content-type", "").lower()


def retry_at(headers: Mapping[str, str], now: datetime | None) -> datetime | None:
    """When the server wants to be asked again, by whichever of its headers says so; None when none does, or it is past."""
    said = retry_after(headers["retry-after"], now) if "retry-after" in headers else None
    if said is not None:
        return said
    for name in _RESET_HEADERS:
        if name in headers:
            said = _reset(headers[name], now)
            if said is not None:
                return said
    member = _RESET_MEMBER.search(headers.get("ratelimit", ""))
    return _reset(member[1], now) if member else None


def retry_after(value: str, now: datetime | None) -> datetime | None:
    """Retry-After (RFC 9110 §10.2.3): seconds or an HTTP date; UTC, at most `LONGEST` from now."""
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,20}(\.[0-9]*)?", text):
        return _after_seconds(float(text), now)
    return _capped(http_date(text), now)


def http_date(value: str) -> datetime | None:
    """An HTTP date (RFC 9110 §5.6.7) in UTC; None when it is none. One without a zone is in UTC, as the format says."""
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def shown(url: str) -> str:
    """A URL for people and logs: without credentials, fragment and whatever in it is a secret; at most 100 long."""
    try:
        parts = urlsplit(url)
        bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    except ValueError:
        bare = url.partition("#")[0].rpartition("@")[2]
    printable = "".join(letter if letter.isprintable() else "?" for letter in masked(bare, "…"))
    return printable if len(printable) <= 100 else printable[:99] + "…"


def _reset(value: str, now: datetime | None) -> datetime | None:
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,20}(\.[0-9]*)?", text):
        number = float(text)
        if number < 1e8:
            return _after_seconds(number, now)
        seconds = number / 1000 if number >= 1e11 else number
        return _capped(datetime.fromtimestamp(seconds, UTC) if seconds < 1e11 else None, now)
    try:
        instant = datetime.fromisoformat(text)
        return _capped(instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return None


def _after_seconds(seconds: float, now: datetime | None) -> datetime | None:
    return _after(timedelta(seconds=min(seconds, LONGEST.total_seconds())), now) if seconds > 0 else None


def _after(wait: timedelta, now: datetime | None) -> datetime | None:
    return None if now is None else now + min(wait, LONGEST)


def _capped(instant: datetime | None, now: datetime | None) -> datetime | None:
    if instant is None or now is None:
        return instant
    return min(instant, now + LONGEST) if instant > now else None


def _next_pacific_midnight(now: datetime | None) -> datetime | None:
    if now is None:
        return None
    there = now.astimezone(ZoneInfo("America/Los_Angeles"))
    tomorrow = (there + timedelta(days=1)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=there.tzinfo).astimezone(UTC)


def _google_reasons(body: bytes) -> frozenset[str]:
    """The reasons in an error of a Google API; none when the body is something else."""
    if b'"error"' not in body or b'"reason"' not in body:
        return frozenset()
    try:
        error: Any = json.loads(body)["error"]
        listed = [*error.get("errors", ()), *error.get("details", ())]
        return frozenset(str(one.get("reason")) for one in listed)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return frozenset()
