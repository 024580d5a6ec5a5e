"""Platforms that show only what is younger than some days: what passed while nobody looked is in no list, and only a clock tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator.fetch import Reply
from aggregator.model import GapReason, Missed


def clock(reply: Reply) -> datetime | None:
    """When the platform answered, by its own clock (RFC 9110 §6.6.1); None where it does not say."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def passed(before: datetime | None, now: datetime | None, *, shown: timedelta) -> Missed | None:
    """What was published and taken away again between two looks at the newest page.

    Args:
        before: the last look that was followed by all that is below; None: there was none.
        now: this look; None: nobody knows when it is, so that all since then may be missing.
        shown: how long the platform shows what is published.
    """
    if before is None or (now is not None and now - before <= shown):
        return None
    return Missed(reason=GapReason.WITHHELD, since=before, until=now and now - shown)
