"""What is due, and when the next edition of each topic and rhythm will be: for who asks, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.app import App
from aggregator.digest.membership import configured
from aggregator.digest.period import following_at, zone_of
from aggregator.run.composing import due_period, is_overdue, wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When editions of a topic and rhythm are due."""

    topic: str
    rhythm: str
    # The next that will be due, UTC.
    at: datetime
    # Name of the period whose edition is due now; "": none is.
    now: str = ""
    # Since when it is, UTC; None: none is.
    since: datetime | None = None
    # It is so long ago that it is not sent by itself.
    late: bool = False


def next_due(app: App) -> Iterator[Due]:
    """What is due of each topic and rhythm, and when the next edition will be."""
    digest, zone, now = configured(app.settings), zone_of(app.settings), app.clock()
    for topic, rhythm in wanted(app.settings):
        later = Due(topic=topic.id, rhythm=rhythm, at=following_at(digest.rhythms[rhythm], now=now, zone=zone))
        period = due_period(app, topic, rhythm)
        late = period is not None and is_overdue(app, topic, rhythm, period)
        # What ended long before there was any edition is nobody's.
        if period is None or (late and app.private.ledger.last(topic.id, rhythm) is None):
            yield later
        else:
            yield replace(later, now=period.name, since=period.until, late=late)
