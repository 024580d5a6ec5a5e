"""Pages of the Graph API of Meta, as Threads and Instagram share them: rows, and a cursor that goes on after the last of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aggregator.collectors._json import a_list, an_object, instant, member, members, read_each, text
from aggregator.collectors._sweep import Listing
from aggregator.errors import Unauthorized, Unreadable
from aggregator.fetch import Http, Reply
from aggregator.model import Entry


def asked(http: Http, url: str, params: Mapping[str, str], *, doing: str) -> Reply:
    """A reply of the Graph API.

    Raises:
        Unauthorized: the token is over, or has not the rights; the message says what to do.
    """
    try:
        return http.get(url, params=params, accept="application/json", auth=True)
    except Unauthorized as error:
        how = "Meta refuses the token: renew it, see that the app was given its permissions, then run `aggregator source resume`"
        raise Unauthorized(f"{doing}: {how}", status=error.status) from error


def listing(
    http: Http, url: str, params: Mapping[str, str], at: str, read: Callable[[dict[str, Any]], Entry | None], *, doing: str
) -> Listing | None:
    """The page behind a cursor ("" is the newest), newest first; None when it is the same as at the last poll."""
    return listing_of(asked(http, url, {**params, **({"after": at} if at else {})}, doing=doing), read, doing=doing)


def listing_of(reply: Reply, read: Callable[[dict[str, Any]], Entry | None], *, doing: str) -> Listing | None:
    """The page that a reply holds, as `listing`."""
    if reply.unchanged:
        return None
    found = an_object(reply.json(doing), doing)
    rows, paging = a_list(found.get("data"), doing), member(found.get("paging"))
    after = text(member(paging.get("cursors")).get("after")) or ""
    times = tuple(moment for row in members(rows) if (moment := instant(row.get("timestamp"))))
    if rows and not times:
        raise Unreadable(f"{doing}: expected posts with times, got {len(rows)} without")
    entries, remarks = read_each(rows, read, noun="post")
    # The last page has a cursor, too; behind it is a page without rows.
    return Listing(entries=entries, remarks=remarks, times=times, after=after if rows else "")
