"""Looking at notes again: whether a relay still shows them, and whether their authors want them gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aggregator.collectors._nostr_event import KINDS, Event, restrictions
from aggregator.collectors._nostr_relay import Filter, ask_all, by_relay
from aggregator.collectors._nostr_rounds import About, filters_about
from aggregator.collectors.base import Standing
from aggregator.fetch import Http
from aggregator.model import Visibility

AT_ONCE = 50
DOING = "looking at notes again"


def looked_at(http: Http, relays: Sequence[str], names: Sequence[str]) -> Iterator[Standing]:
    """How things stand with events and articles, by their names; of one that only a silent relay may show nothing is said."""
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        heard, failed = ask_all(http, relays, _filters(part), DOING, enough=1)
        newest: dict[str, Event] = {}
        for one in by_relay(heard, lambda event: event.kind in KINDS and event.signed).values():
            for event in one.events:
                newest[event.name] = max(newest.get(event.name, event), event, key=lambda event: (event.at, event.id))
        found = [newest[name] for name in part if name in newest]
        yield from _standings(http, relays, found)
        if not failed:
            yield from (Standing(native_id=name, found=False) for name in part if name not in newest)


def _standings(http: Http, relays: Sequence[str], events: Sequence[Event]) -> Iterator[Standing]:
    if not events:
        return
    heard, _ = ask_all(http, relays, filters_about(events), DOING, enough=1)
    said = tuple(event for one in by_relay(heard, lambda event: event.signed).values() for event in one.events)
    about = About(said, frozenset(relays))
    for event in events:
        if about.ends(event):
            yield Standing(native_id=event.name, found=False)
        else:
            # A protected event (NIP-70) is for the relay that its author chose.
            visibility = Visibility.PRIVATE if event.has("-") else Visibility.PUBLIC
            said_of = restrictions(about.profile(event))
            yield Standing(native_id=event.name, found=True, visibility=visibility, restrictions=said_of)


def _filters(names: Sequence[str]) -> list[Filter]:
    """What asks for notes by their ids, and for articles by kind, author and `d`."""
    articles = [name.split(":", 2) for name in names if ":" in name]
    notes = [name for name in names if ":" not in name]
    by_id: list[Filter] = [{"ids": notes}] if notes else []
    by_name = {"kinds": sorted({int(kind) for kind, _, _ in articles}), "authors": sorted({key for _, key, _ in articles})}
    return by_id + ([{**by_name, "#d": sorted({d for _, _, d in articles})}] if articles else [])
