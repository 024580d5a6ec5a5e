"""Where reading the relays stands: the cursors of a poll and of a back-fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aggregator.collectors._json import LAST_YEAR, member, number
from aggregator.collectors._nostr_rounds import Round
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.model import GapReason, Missed

HEAD = 3
"""Rounds of a first poll."""
OVERLAP = 24 * 3600
"""Seconds that are read again: notes come late to relays, and are dated by whoever writes them."""
PATIENCE = 7 * 24 * 3600
"""Seconds for which notes are read again for a relay that did not answer."""
MOST_KNOWN = 300
_LAST = int(datetime(LAST_YEAR, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, kw_only=True)
class Place:
    """Times are in seconds since 1970."""

    # The newest time of the last complete sweep; None: there was none, or it found nothing.
    floor: int | None = None
    # The newest time of this sweep.
    newest: int | None = None
    # Where the next round begins; None: at the newest notes.
    until: int | None = None
    # Rounds of this sweep.
    rounds: int = 0
    # Relays that did not answer in this sweep.
    failed: tuple[str, ...] = ()
    # Relays that did not answer in earlier ones, with their own floor.
    late: Mapping[str, int] = field(default_factory=dict)
    # Notes that were looked at and will be shown again, by the beginning of their ids.
    known: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def unpacked(cls, cursor: Cursor) -> Place:
        said = unpack(cursor)
        failed = said.get("failed")
        return cls(
            floor=_second(said.get("floor")),
            newest=_second(said.get("newest")),
            until=_second(said.get("until")),
            rounds=number(said.get("rounds")) or 0,
            failed=tuple(one for one in failed if isinstance(one, str)) if isinstance(failed, list) else (),
            late=_seconds(said.get("late")),
            known=_seconds(said.get("known")),
        )

    def packed(self) -> Cursor:
        said = {"floor": self.floor, "newest": self.newest, "until": self.until, "rounds": self.rounds}
        more = {"failed": sorted(self.failed), "late": dict(self.late), "known": dict(self.known)}
        return pack(**{name: value for name, value in {**said, **more}.items() if value})

    @property
    def since(self) -> int | None:
        """From when on notes are asked for; None: from the beginning."""
        if self.floor is None:
            return None
        return max(0, max(min((self.floor, *self.late.values())), self.floor - PATIENCE) - OVERLAP)

    def after(self, found: Round) -> tuple[Place, bool]:
        """Where reading stands after a round, and whether the sweep is over."""
        seen = replace(
            self,
            newest=self.newest if self.rounds else found.newest,
            until=next_until(found),
            rounds=self.rounds + 1,
            failed=tuple(dict.fromkeys((*self.failed, *found.failed))),
            known={**self.known, **found.known},
        )
        over = found.reach is None or (self.floor is None and seen.rounds >= HEAD)
        return (seen._ended() if over else seen), over

    def missed(self, found: Round, *, over: bool) -> Missed | None:
        """What cannot be read: the rest of a crowded second, or what only relays show that did not answer."""
        if found.crowded and found.reach is not None:
            return Missed(reason=GapReason.WITHHELD, since=_instant(found.reach), until=_instant(found.reach))
        failed = dict.fromkeys((*self.failed, *found.failed))
        if not over or not failed or self.floor is None:
            return None
        return Missed(reason=GapReason.DOWN, since=_instant(min(self.late.get(relay, self.floor) for relay in failed)))

    def _ended(self) -> Place:
        floor = max((time for time in (self.floor, self.newest) if time is not None), default=None)
        late = {relay: self.late.get(relay, self.floor) for relay in sorted(self.failed) if self.floor is not None}
        ended = Place(floor=floor, late={relay: time for relay, time in late.items() if time is not None})
        again = sorted(((time, id) for id, time in self.known.items() if time >= (ended.since or 0)), reverse=True)[:MOST_KNOWN]
        return replace(ended, known={id: time for time, id in again})


def next_until(found: Round) -> int | None:
    """Where the next round begins: the second that was read last is read again, unless it can never be read to its end."""
    return found.reach - 1 if found.crowded and found.reach is not None else found.reach


def _second(value: Any) -> int | None:
    found = number(value)
    return found if found is not None and 0 <= found <= _LAST else None


def _seconds(value: Any) -> dict[str, int]:
    return {name: time for name, one in member(value).items() if (time := _second(one)) is not None}


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(min(second, _LAST), UTC)
