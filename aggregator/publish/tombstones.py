"""What the feeds say of stories that were in them and are gone: taken down, hidden or withdrawn (RFC 6721). Pure.

A story that became part of another is not gone, and neither is one that is only no longer among the newest. A tombstone holds the entry's
id, which is made from the story's own, and a time; nothing of a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from aggregator.publish.dates import stamp
from aggregator.publish.site import Fed
from aggregator.publish.stories import StoryView
from aggregator.publish.views import Shown

# Feed readers keep what they have seen for longer than the feed does.
_REMEMBERED: Final = 200
_MOST: Final = 50


def fed(before: Fed, shown: Shown, news: Sequence[StoryView], *, taken_down: Mapping[str, datetime], now: datetime) -> Fed:
    """What is to be remembered of the feeds now.

    Args:
        before: what was remembered of the last build.
        taken_down: ids of stories with when they were taken down; the others are gone since now.
    """
    here = _known(shown)
    gone = {id: when for id, when in before.gone.items() if id not in here}
    for id in before.ids:
        if id not in here and id not in gone:
            gone[id] = stamp(taken_down.get(id, now))
    latest = sorted(sorted(gone.items()), key=lambda one: one[1], reverse=True)[:_MOST]
    ids = dict.fromkeys((*(view.id for view in news), *(id for id in before.ids if id in here)))
    return Fed(ids=tuple(ids)[:_REMEMBERED], gone=dict(latest))


def _known(shown: Shown) -> Collection[str]:
    return {id for view in shown.all for id in (view.id, *view.former)}
