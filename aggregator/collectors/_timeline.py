"""Hashtag timelines of servers with Mastodon's API (API documentation, methods/timelines/#tag, read 2026-07-30).

The newest page is always asked for first, under one address that never changes: a server answers 304 when nothing is new, and a post that
federated late, whose id is older than one seen before, is still found there. Only when that page does not reach what is known is the gap
read forward with `min_id`, oldest first, so that a cut loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from aggregator.collectors import _options
from aggregator.collectors._json import a_list, instant, read_each
from aggregator.collectors._statuses import entry_of, first_id, last_id, order, row_id, times_of
from aggregator.collectors._timeline_access import DOING, Scope, scope_of, scope_read
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.errors import Gone, RateLimited, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import Http
from aggregator.model import Entry, Page

LIMIT = 40
"""The most that a page holds (API documentation, timelines/tag)."""
HEAD_PAGES = 5
"""How many pages a first poll reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The public posts with one hashtag, as one server has heard of them."""

    # As `_options.server` gives it.
    server: str
    tag: str
    # What a refusal means here and what to do, without the server's name before it.
    refused: str
    # True: the token of the manifest is sent.
    auth: bool = False
    # True: what the server says of its own timelines is read first, where it says it (`_timeline_access`).
    says_access: bool = False
    scope: Scope = Scope.EVERYTHING

    @property
    def host(self) -> str:
        return _options.host(self.server)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        """What is new since `cursor`; at the beginning the newest pages, back to a modest depth."""
        yield from self._within_access(http, cursor, Timeline._polled)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the server has no more or a whole page is older than `since`."""
        yield from self._within_access(http, cursor, lambda here, http, position: here._older(http, since, position))

    def _within_access(
        self, http: Http, cursor: Cursor, read: Callable[[Timeline, Http, Mapping[str, Any]], Iterator[Page]]
    ) -> Iterator[Page]:
        """The pages that `read` gives, of the part that the server shows; where that is another part than before, of that one."""
        position = unpack(cursor)
        known = scope_of(position.get("scope"))
        fresh = self.says_access and not position
        here = replace(self, scope=scope_read(http, self.server) if fresh else known)
        try:
            for page in read(here, http, position):
                position = unpack(page.cursor)
                yield page
        except Unauthorized as refusal:
            if fresh or not self.says_access:
                raise
            yield from read(self._admitted(http, here.scope, refusal), http, position)

    def _admitted(self, http: Http, scope: Scope, refusal: Unauthorized) -> Timeline:
        """The part that is shown now, after `scope` was refused.

        Raises:
            Unauthorized: it is the same part, or none.
        """
        try:
            now = scope_read(http, self.server, unchanged=scope)
        except (Gone, RateLimited, Unavailable, Unreadable):
            # That it is refused is known; why, the server does not say today.
            raise refusal from None
        if now is scope:
            raise refusal
        return replace(self, scope=now)

    def _polled(self, http: Http, position: Mapping[str, Any]) -> Iterator[Page]:
        newest = _id(position.get("newest"))
        if newest is None:
            yield from self._head(http, pages=HEAD_PAGES, newest=None, before=None)
        elif "before" in position:
            yield from self._head(http, pages=_count(position.get("pages")), newest=newest, before=_id(position["before"]))
        elif position.get("behind"):
            yield from self._catch_up(http, newest)
        else:
            yield from self._news(http, newest)

    def _older(self, http: Http, since: datetime | None, position: Mapping[str, Any]) -> Iterator[Page]:
        before, reached = _id(position.get("before")), instant(position.get("reached"))
        while not (since and reached and reached < since) and (rows := self.ask(http, before=before)):
            before = _progress(before, last_id(rows))
            reached = max(times_of(rows), default=reached)
            yield self._page(rows, before=before, reached=reached.isoformat() if reached else "")

    def _head(self, http: Http, *, pages: int, newest: str | None, before: str | None) -> Iterator[Page]:
        """The newest pages, back to a modest depth. What is new meanwhile is the next poll's."""
        while rows := self.ask(http, before=before):
            newest = newest or first_id(rows)
            before, pages = _progress(before, last_id(rows)), pages - 1
            rest = {"before": before, "pages": pages} if pages > 0 else {}
            yield self._page(rows, newest=newest, **rest)
            if not rest:
                return
        if newest:
            yield self._page((), newest=newest)
        else:
            page = self._page(())
            yield replace(page, remarks=(*page.remarks, f"{self.host} knows no post with this hashtag"))

    def _news(self, http: Http, newest: str) -> Iterator[Page]:
        """The newest page; then, where it does not reach back to `newest`, everything in between."""
        rows = self.ask(http)
        if not rows or any(order(one) <= order(newest) for one in map(row_id, rows) if one):
            yield self._page(rows, newest=first_id(rows) if rows else newest)
            return
        yield self._page(rows, newest=newest, behind=True)
        yield from self._catch_up(http, newest, top=first_id(rows))

    def _catch_up(self, http: Http, newest: str, top: str | None = None) -> Iterator[Page]:
        """What came after `newest`, oldest page first, until there is no more.

        A first page that is the one on `top` again is right when exactly one page came; a server that ignores `min_id` gives it too.
        """
        while rows := self.ask(http, after=newest):
            reached = max(first_id(rows), last_id(rows), key=order)
            doubt = (f"the page after post {newest} is the newest page: posts between may be missing",) if reached == top else ()
            top, newest = None, _progress(newest, reached)
            page = self._page(rows, newest=newest, behind=True)
            yield replace(page, remarks=page.remarks + doubt)
        yield self._page((), newest=newest)

    def ask(self, http: Http, *, before: str | None = None, after: str | None = None) -> list[Any]:
        """The posts of one page, newest first; [] when there are none, or none that were not read before.

        A tag nobody used is 404 on some servers and an empty list on others (API documentation; Mastodon 4 answers []).
        """
        params = {"limit": str(LIMIT)} | ({"max_id": before} if before else {}) | ({"min_id": after} if after else {})
        url = f"{_options.base(self.server)}/api/v1/timelines/tag/{quote(self.tag, safe='')}"
        try:
            reply = http.get(url, params={**params, **self.scope.params}, accept="application/json", auth=self.auth)
        except Gone as error:
            if error.status == 404:
                return []
            raise
        except Unauthorized as error:
            raise Unauthorized(f"{DOING}: {self.host} {self.refused}", status=error.status) from error
        if reply.unchanged:
            return []
        rows = a_list(reply.json(DOING), DOING)
        if rows and not any(row_id(row) for row in rows):
            raise Unreadable(f"{DOING}: expected posts with ids, got {len(rows)} without")
        return rows

    def entries(self, rows: Sequence[Any]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        """The entries of rows, and what was odd."""
        return read_each(rows, lambda row: entry_of(row, tag=self.tag, host=self.host), noun="post")

    def _page(self, rows: Sequence[Any], **position: Any) -> Page:
        """A page of `rows`, resumed from `position`."""
        entries, remarks = self.entries(rows)
        # What was read of a server's access is kept, also while there is nothing else to resume from.
        scope = {"scope": self.scope.value} if self.scope.value or (self.says_access and not position) else {}
        return Page(entries=entries, cursor=pack(**position, **scope), remarks=remarks + self.scope.remarks(self.host))


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value <= HEAD_PAGES else 1


def _progress(before: str | None, after: str) -> str:
    """`after`, which must be another position than before: a server that ignores the position would be asked for ever."""
    if after == before:
        raise Unreadable(f"{DOING}: the server gave the page at {after[:40]!r} a second time")
    return after
