"""What a search of all YouTube finds; it needs a key.

Source: https://developers.google.com/youtube/v3/docs/search/list, read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from aggregator.collectors._youtube_api import API, DOING, answer_of, confirmed, text_of
from aggregator.collectors.base import Cursor, pack
from aggregator.errors import Unreadable
from aggregator.fetch import Http
from aggregator.model import Entry, GapReason, Missed, Page
from aggregator.text.dates import parse_date

# Videos appear in search results up to a day after they were published.
_INDEXING = timedelta(days=1)
# Search gives about 500 results in all, 50 a page; each page costs one of 100 calls a day.
_MOST_PAGES = 10
MISSED = "more was published since the last poll than a search gives; search for narrower words"


def found(words: str, position: Mapping[str, Any], http: Http) -> Iterator[Page]:
    """Search results, newest first, a page at a time.

    The cursor holds the newest date seen by a finished search, and while one is going on also its floor and the next page's token.
    """
    newest = str(position.get("newest", ""))
    floor = str(position.get("floor") or _day_before(newest))
    token, top = str(position.get("token", "")), str(position.get("top") or newest)
    seen = {token}
    short: Missed | None = None
    for _ in range(_MOST_PAGES):
        asked = {"part": "snippet", "q": words, "type": "video", "order": "date", "maxResults": "50"}
        asked |= {"publishedAfter": floor} if floor else {}
        reply = http.get(f"{API}/search", params=asked | ({"pageToken": token} if token else {}), auth=True)
        if reply.unchanged:
            break
        answer = answer_of(reply.json(DOING), "search")
        entries, remarks = confirmed(http, answer["items"])
        top = max([top, *(one.published.isoformat() for one in entries if one.published)])
        token = text_of(answer, "nextPageToken")
        if token in seen - {""}:
            raise Unreadable(f"{DOING}: got the same page token twice")
        seen.add(token)
        if not token:
            yield Page(entries=entries, cursor=_settled(top), remarks=remarks)
            return
        yield Page(entries=entries, cursor=pack(newest=newest, floor=floor, token=token, top=top), remarks=remarks)
    else:
        # The end of what a search gives, and not of what was published since the floor.
        short = _short(floor, entries)
    yield Page(entries=(), cursor=_settled(top), remarks=(MISSED,) if short else (), missed=short)


def _short(floor: str, last: Sequence[Entry]) -> Missed | None:
    """What stands between the last results that a search gave and those of the last poll; None where nothing was known before."""
    since = parse_date(floor) if floor else None
    until = min((one.published for one in last if one.published), default=None)
    return Missed(reason=GapReason.WITHHELD, since=since[0], until=until) if since else None


def _day_before(newest: str) -> str:
    found = parse_date(newest) if newest else None
    return (found[0] - _INDEXING).strftime("%Y-%m-%dT%H:%M:%SZ") if found else ""


def _settled(newest: str) -> Cursor:
    """Where a finished search leaves off."""
    return pack(newest=newest) if newest else ""
