"""Reading a listing that is newest first without losing anything, wherever it is cut.

A sweep goes from the newest page down to what the last complete sweep had seen. Its cursor keeps three things: the floor (the newest time
of the last complete sweep), the newest time of this one, and the position. Only a sweep that has come to its end raises the floor. The
newest page is always read whole, so that what was dated back by less than a page is still found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.collectors._json import instant, number
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.errors import RateLimited, SourceError, Unreadable
from aggregator.model import Entry, GapReason, Missed, Page


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of a platform's listing."""

    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()
    # What the platform sorts by, of every row that stands in its place: not of pinned ones, and of unusable ones too.
    times: tuple[datetime, ...] = ()
    # Position of the next page; "": this is the last that can be asked for.
    after: str = ""
    # True: there are more, which the platform does not give.
    withheld: bool = False
    # What that is, when the sweep does not come down to its floor.
    reason: GapReason = GapReason.WITHHELD
    # What is known to be missing from this page; None: nothing.
    missed: Missed | None = None


# What platforms answer to the position of a page that they know no more; 410 is said of what is gone for good.
_FALLEN_OFF = 400
_LOST = "the platform knows the place no more at which reading stopped: read again from the newest"

Ask = Callable[[str], Listing | None]
"""Gives the page at a position ("" is the newest); None when it is the same as at the last poll."""


@dataclass(frozen=True, kw_only=True)
class _Position:
    # None: there was no complete sweep yet.
    floor: datetime | None = None
    # The newest time on the first page of this sweep.
    newest: datetime | None = None
    at: str = ""
    # Pages read in this sweep.
    pages: int = 0

    @classmethod
    def unpacked(cls, cursor: Cursor) -> _Position:
        said = unpack(cursor)
        at = said.get("at")
        return cls(
            floor=instant(said.get("floor")),
            newest=instant(said.get("newest")),
            at=at if isinstance(at, str) else "",
            pages=number(said.get("pages")) or 0,
        )

    def packed(self) -> Cursor:
        times = {"floor": self.floor, "newest": self.newest}
        said = {name: time.isoformat() for name, time in times.items() if time} | ({"at": self.at, "pages": self.pages} if self.at else {})
        return pack(**said)

    def after(self, listing: Listing) -> _Position:
        # Only the first page counts: posts that arrive during a sweep push older ones onto its later pages, and pass between them unseen.
        newest = self.newest if self.pages else max(listing.times, default=None)
        return _Position(floor=self.floor, newest=newest, at=listing.after, pages=self.pages + 1)

    def ended(self) -> _Position:
        return _Position(floor=max(filter(None, (self.floor, self.newest)), default=None))


def sweep(cursor: Cursor, ask: Ask, *, head: int, doing: str, missed: str = "", coarse: bool = False) -> Iterator[Page]:
    """What is new in a listing since `cursor`, newest page first.

    Args:
        head: how many pages are read when there is no floor yet.
        coarse: times are whole seconds, so that a row with the time of the floor may stand above one that was not seen.
        missed: the remark for a sweep that could not come down to its floor because the platform withholds the rest.

    Raises:
        Unreadable: a position came a second time.
    """
    position = _Position.unpacked(cursor)
    remembered, lost = position.at, tuple[str, ...]()
    # The oldest time of the page before: down to it a page that gives nothing was read.
    lowest: datetime | None = None
    while True:
        try:
            listing = ask(position.at)
        except SourceError as error:
            # Lemmy and Stack Exchange say "too often" with the same status.
            forgotten = error.status == _FALLEN_OFF and not isinstance(error, RateLimited)
            if not (position.at and position.at == remembered and forgotten):
                raise
            # From the newest page down to the same floor: what was read of this sweep is read again, and nothing is missed.
            position, remembered, lost = replace(position, at="", pages=0), "", (_LOST,)
            continue
        if listing is None:
            # The newest page is as it was when the place below it was lost: what stands there is not asked for again.
            gap = Missed(reason=GapReason.WITHHELD, since=position.floor, until=position.newest) if lost else None
            yield Page(entries=(), cursor=position.ended().packed(), remarks=lost, missed=gap)
            return
        _moved(position.at, listing.after, doing)
        floor = position.floor
        reached = floor is not None and any(time < floor or (time == floor and not coarse) for time in listing.times)
        position = position.after(listing)
        over = not listing.after or reached or (floor is None and position.pages >= head)
        short = over and listing.withheld and floor is not None and not reached
        lowest = min(listing.times, default=lowest)
        gap = Missed(reason=listing.reason, since=floor, until=lowest) if short else listing.missed
        remarks = (*lost, *listing.remarks, *((missed,) if missed and short else ()))
        lost = ()
        position = position.ended() if over else position
        yield Page(entries=listing.entries, cursor=position.packed(), remarks=remarks, missed=gap)
        if over:
            return


def look_back(cursor: Cursor, ask: Ask, *, since: datetime | None, doing: str) -> Iterator[Page]:
    """Everything in a listing, newest page first, until its end or until a whole page is older than `since`.

    Raises:
        Unreadable: a position came a second time, or a page is said to be as it was, where none was known.
    """
    said = unpack(cursor)
    at, reached = _Position.unpacked(cursor).at, instant(said.get("reached"))
    while not said.get("end") and not (since and reached and reached < since):
        listing = ask(at)
        if listing is None:
            raise Unreadable(f"{doing}: told that nothing has changed, where everything was asked for")
        _moved(at, listing.after, doing)
        oldest = min(listing.times, default=reached)
        short = listing.withheld and not listing.after and not (since and oldest and oldest <= since)
        missed = Missed(reason=listing.reason, since=since, until=oldest) if short else listing.missed
        at, reached = listing.after, max(listing.times, default=reached)
        said = {"reached": reached.isoformat()} if reached else {}
        said |= {"at": at} if at else {"end": True}
        yield Page(entries=listing.entries, cursor=pack(**said), remarks=listing.remarks, missed=missed)


def _moved(before: str, after: str, doing: str) -> None:
    if after and after == before:
        raise Unreadable(f"{doing}: the position of the next page came a second time")
