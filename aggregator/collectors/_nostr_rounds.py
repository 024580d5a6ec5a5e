"""Reading several relays as one listing, newest first.

Relays do not keep the same notes, and a page of each reaches down to another time. A round asks all of them for the newest notes up to
one time; what is certain is the time down to which every page reaches, and there the next round begins (`until` of NIP-01 is inclusive).
Only what enough relays show is given: that a note stands on one alone is what most of the spam has in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.collectors._nostr_event import (
    DELETION,
    KINDS,
    PROFILE,
    VANISH,
    Event,
    entry_of,
    profile_of,
)
from aggregator.collectors._nostr_relay import Filter, Heard, ask_all, by_relay, short
from aggregator.collectors._written import folded
from aggregator.fetch import Http
from aggregator.model import Entry

LIMIT = 100
"""Notes that a relay is asked for at once; most give 500 and more (strfry's `maxFilterLimit`)."""
FEW = 20
"""A page of as many may have been shortened by a relay that gives fewer, so that the next is asked for."""
AT_ONCE = 100
"""Notes that are asked about at once."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """What the relays show up to one time."""

    entries: tuple[Entry, ...]
    remarks: tuple[str, ...]
    # When the notes were published that were looked at, by the beginning of their ids.
    known: Mapping[str, int]
    # The time down to which everything is known; None: down to where was asked.
    reach: int | None
    # The newest time that is not in the future.
    newest: int | None
    # Relays that did not answer.
    failed: tuple[str, ...]
    # True: one second holds more notes than can be asked for.
    crowded: bool


@dataclass(frozen=True, kw_only=True)
class Relays:
    """Which relays are asked, and for which hashtag."""

    relays: tuple[str, ...]
    tag: str
    # How many relays must show a note.
    seen_on: int

    def round(self, http: Http, *, since: int | None, until: int | None, known: Mapping[str, int], thorough: bool) -> Round:
        """
        Args:
            known: notes that need not be looked at again, by the beginning of their ids.
            thorough: any page may have been shortened by the relay, so that only one without a new note is the last.

        Raises:
            SourceError: fewer relays answered than must show a note.
        """
        bounds = {name: time for name, time in (("since", since), ("until", until)) if time is not None}
        wanted = {"kinds": list(KINDS), "#t": _spellings(self.tag), "limit": LIMIT, **bounds}
        heard, failed = ask_all(http, self.relays, [wanted], "reading notes", enough=self.seen_on)
        remarks = [f"{short(relay)} was not read: {error}" for relay, error in failed.items()]
        remarks += [remark for one in heard.values() for remark in one.remarks]
        wanted_ones = by_relay(heard, lambda event: self._is_wanted(event, since, until))
        heard = by_relay(wanted_ones, lambda event: event.signed)
        remarks += _unsigned(wanted_ones, heard)
        reach, crowded = _reach(heard, until, thorough)
        chosen = [event for event in self._shown(heard, reach) if event.id[:16] not in known]
        about, deaf = self._about(http, tuple(heard), chosen)
        remarks += [f"{short(relay)} was not asked about deletions: {error}" for relay, error in deaf.items()]
        entries = {event.name: entry for event in chosen if not about.ends(event) and (entry := entry_of(event, about.profile(event)))}
        return Round(
            entries=tuple(entries.values()),
            remarks=tuple(remarks),
            known={event.id[:16]: event.at for event in chosen},
            reach=reach,
            newest=_newest(heard),
            failed=tuple(dict.fromkeys((*failed, *deaf))),
            crowded=crowded,
        )

    def _is_wanted(self, event: Event, since: int | None, until: int | None) -> bool:
        """Relays may take no notice of a filter, so every event is looked at again."""
        in_time = (since is None or event.at >= since) and (until is None or event.at <= until)
        return in_time and event.kind in KINDS and folded(self.tag) in map(folded, event.hashtags)

    def _shown(self, heard: Mapping[str, Heard], reach: int | None) -> list[Event]:
        """What enough relays show, newest first; of an article the newest version, whichever of them shows it."""
        shown = Counter(name for one in heard.values() for name in {event.name for event in one.events})
        found: dict[str, Event] = {}
        for event in sorted((event for one in heard.values() for event in one.events), key=lambda event: (-event.at, event.id)):
            if shown[event.name] >= self.seen_on and (reach is None or event.at >= reach):
                found.setdefault(event.name, event)
        return list(found.values())

    def _about(self, http: Http, relays: Sequence[str], events: Sequence[Event]) -> tuple[About, Mapping[str, Any]]:
        """What is said of events elsewhere: who wrote them, and whether they are to be gone."""
        said: list[Event] = []
        deaf: dict[str, Any] = {}
        for start in range(0, len(events), AT_ONCE):
            part = events[start : start + AT_ONCE]
            heard, failed = ask_all(http, relays, filters_about(part), "asking about notes", enough=self.seen_on)
            deaf |= failed
            said += [event for one in by_relay(heard, lambda event: event.signed).values() for event in one.events]
        return About(tuple(said), frozenset(self.relays)), deaf


@dataclass(frozen=True)
class About:
    """What people say of themselves and of what they wrote."""

    said: tuple[Event, ...]
    relays: frozenset[str]

    def profile(self, event: Event) -> dict[str, Any]:
        """What the author says of themselves; {} when nothing is known."""
        own = [one for one in self.said if one.kind == PROFILE and one.key == event.key]
        return profile_of(max(own, key=lambda one: (one.at, one.id))) if own else {}

    def ends(self, event: Event) -> bool:
        """True when the author has asked that the event be deleted (NIP-09), or everything of theirs (NIP-62)."""
        return any(one.key == event.key and (self._deletes(one, event) or self._vanishes(one, event)) for one in self.said)

    def _deletes(self, one: Event, event: Event) -> bool:
        by_name = event.name != event.id and event.name in one.all("a") and one.at >= event.at
        return one.kind == DELETION and (event.id in one.all("e") or by_name)

    def _vanishes(self, one: Event, event: Event) -> bool:
        named = {"ALL_RELAYS", *self.relays, *(relay.rstrip("/") for relay in self.relays)}
        return one.kind == VANISH and one.at >= event.at and not named.isdisjoint(one.all("relay"))


def filters_about(events: Sequence[Event]) -> list[Filter]:
    """What asks for the authors of events and for what ends them."""
    authors = sorted({event.key for event in events})
    names = sorted({event.name for event in events if event.name != event.id})
    return [
        {"kinds": [PROFILE], "authors": authors},
        {"kinds": [VANISH], "authors": authors},
        {"kinds": [DELETION], "#e": sorted({event.id for event in events})},
        *([{"kinds": [DELETION], "#a": names}] if names else []),
    ]


def _reach(heard: Mapping[str, Heard], until: int | None, thorough: bool) -> tuple[int | None, bool]:
    """The time down to which every relay's page reaches (None: each came to its end), and whether no page can come below `until`."""
    ends: list[int] = []
    crowded = False
    for one in heard.values():
        full = one.count >= LIMIT
        shortened = (thorough or one.count >= FEW) and one.oldest != until
        if one.oldest is not None and (full or shortened):
            ends.append(one.oldest)
            crowded = crowded or one.oldest == until
    return max(ends, default=None), crowded


def _unsigned(before: Mapping[str, Heard], after: Mapping[str, Heard]) -> Iterator[str]:
    for relay, one in before.items():
        if count := len(one.events) - len(after[relay].events):
            yield f"{short(relay)}: {count} note{'s' if count > 1 else ''} left out: the signature is not the author's"


def _newest(heard: Mapping[str, Heard]) -> int | None:
    """The newest time that the relays' own clocks allow: anybody can claim to write in a hundred years."""
    clocks = sorted(one.at for one in heard.values() if one.at is not None)
    latest = clocks[len(clocks) // 2] if clocks else None
    return max((event.at for one in heard.values() for event in one.events if latest is None or event.at <= latest), default=None)


def _spellings(tag: str) -> list[str]:
    """Relays compare with case: `t` is to be lower case (NIP-24), and is not everywhere."""
    return list(dict.fromkeys((tag.lower(), tag, tag.capitalize(), tag.upper())))
