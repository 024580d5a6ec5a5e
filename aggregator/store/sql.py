"""The store on SQLAlchemy Core: each method of the protocol is one transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from aggregator.clock import Clock, now
from aggregator.model import Chosen, Coverage, Link, Mention, Source, SourceState, Story, Trouble, Validators
from aggregator.store import Landed, Landing, enriching, landing, reading, resembling, schema, subscribing, troubles
from aggregator.store import choosing as lists
from aggregator.store import statements as sql
from aggregator.store.checks import SqlChecks
from aggregator.store.deciding import SqlDecisions
from aggregator.store.engine import Database, Desk
from aggregator.store.gaps import SqlGaps, write
from aggregator.store.lock import held
from aggregator.store.passed import SqlPassed
from aggregator.store.placing import Name, place
from aggregator.store.rows import (
    Row,
    coverage_from_row,
    coverage_to_row,
    link_from_row,
    settled_to_values,
    stamp,
    state_from_row,
    storable,
)
from aggregator.store.spending import SqlSpending
from aggregator.store.takedowns import SqlTakedowns
from aggregator.store.works import SqlWorks

# How long the intervals of polls are kept.
_COVERAGE_KEPT = timedelta(days=90)


class SqlStore:
    """`Store` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database, *, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock
        self.works = SqlWorks(database)
        self.decisions = SqlDecisions(database)
        self.passed = SqlPassed(database)
        self.takedowns = SqlTakedowns(database)
        self.checks = SqlChecks(database)
        self.gaps = SqlGaps(database)
        self.spending = SqlSpending(database)

    # -- sources

    def register(self, sources: Sequence[Source], at: datetime) -> None:
        wanted = {source.id: (source.platform, source.label, source.trust.value, True) for source in sources}
        with self._database.reading() as desk:
            before = subscribing.written(desk)
            if _registered(desk, wanted) == wanted and subscribing.told(before, sources) == before:
                return
        with self._database.writing() as desk:
            before = subscribing.written(desk)
            subscribing.subscribe(desk, before, subscribing.told(before, sources))
            known = {
                name: (platform, label, trust, bool(configured)) for name, platform, label, trust, configured in desk.rows(sql.SOURCES)
            }
            desk.many(
                sql.add(schema.source),
                [
                    landing.new_source(name, platform=platform, label=label, trust=trust, at=stamp(at), configured=True)
                    for name, (platform, label, trust, _) in wanted.items()
                    if name not in known
                ],
            )
            gone = {name: (*row[:3], False) for name, row in known.items() if name not in wanted}
            changed = {name: row for name, row in (wanted | gone).items() if known.get(name, row) != row}
            desk.many(sql.DESCRIBE_SOURCE, [(*row, name) for name, row in changed.items()])
            desk.run(sql.GROW)

    def state(self, source: str) -> SourceState:
        with self._database.reading() as desk:
            rows = desk.rows(sql.STATE, source)
            if not rows:
                return SourceState(source=source)
            validators = _validators(desk.rows(sql.VALIDATORS, source))
        state = state_from_row(rows[0])
        return replace(state, validators=validators[source]) if validators else state

    def states(self, *, validators: bool = False) -> Mapping[str, SourceState]:
        with self._database.reading() as desk:
            states = {row[0]: state_from_row(row) for row in desk.rows(sql.STATES)}
            known = _validators(desk.rows(sql.ALL_VALIDATORS)) if validators else {}
        states.update((source, replace(states[source], validators=of_it)) for source, of_it in known.items() if source in states)
        return states

    def land(self, landing_: Landing) -> Landed:
        with self._database.writing() as desk:
            return landing.land(desk, landing_)

    def settle(self, state: SourceState, coverage: Coverage | None) -> None:
        self.settle_all([(state, coverage)])

    def settle_all(self, ended: Sequence[tuple[SourceState, Coverage | None]]) -> None:
        if not ended:
            return
        with self._database.writing() as desk:
            shown = {name: (error, bool(paused), held, since) for name, error, paused, held, since in desk.rows(sql.SHOWN_OF_SOURCES)}
            for state, coverage in ended:
                if state.source not in shown:
                    at = stamp(coverage.until if coverage else self._clock())
                    desk.run(sql.add(schema.source), *landing.new_source(state.source, at=at))
            values = [(*settled_to_values(state), state.source) for state, _ in ended]
            desk.many(sql.SETTLE, values)
            if any(shown.get(row[-1]) != (row[6], row[5], row[8], row[10]) for row in values):
                desk.run(sql.GROW)
            read = [coverage for _, coverage in ended if coverage is not None]
            rows = [coverage_to_row(coverage) for coverage in read]
            desk.many(sql.DROP_COVERAGE, [row[:2] for row in rows])
            desk.many(sql.add(schema.coverage), rows)
            desk.many(sql.FORGET_COVERAGE, [(coverage.source, stamp(coverage.until - _COVERAGE_KEPT)) for coverage in read])
            write(desk, [gap for coverage in read for gap in coverage.gaps])

    def ask_anew(self, sources: Iterable[str]) -> None:
        with self._database.writing() as desk:
            desk.many(sql.drop(schema.validator.c.source), [(name,) for name in sources])

    # -- hosts

    def rests(self) -> Mapping[str, datetime]:
        with self._database.reading() as desk:
            return {name: datetime.fromisoformat(until) for name, until in desk.rows(sql.HOSTS)}

    def rest(self, host: str, until: datetime) -> None:
        with self._database.writing() as desk:
            desk.run(sql.drop(schema.host.c.name), host)
            desk.run(sql.add(schema.host), host, stamp(until))

    def moved(self) -> Mapping[str, str]:
        with self._database.reading() as desk:
            return dict(desk.rows(sql.MOVED))  # type: ignore[arg-type]  # pairs, as the statement says

    def move(self, redirects: Mapping[str, str], at: datetime) -> None:
        if all(self.moved().get(url) == target for url, target in redirects.items()):
            return
        with self._database.writing() as desk:
            desk.many(sql.drop(schema.moved.c.url), [(url,) for url in redirects])
            desk.many(sql.add(schema.moved), [(url, target, stamp(at)) for url, target in redirects.items()])

    # -- links

    def links_due(self, now: datetime, limit: int) -> tuple[Link, ...]:
        with self._database.reading() as desk:
            return tuple(link_from_row(row) for row in desk.rows(sql.LINKS_DUE, stamp(now), limit))

    def link(self, key: str) -> Link | None:
        with self._database.reading() as desk:
            return next((link_from_row(row) for row in desk.rows(sql.LINK, key)), None)

    def enrich(self, link: Link) -> None:
        with self._database.writing() as desk:
            enriching.enrich(desk, link, at=stamp(link.enriched_at or self._clock()))

    def pages(self, limit: int = 2000) -> Mapping[str, tuple[str, ...]]:
        with self._database.reading() as desk:
            return {key: tuple(json.loads(topics)) for key, topics in desk.rows(sql.PAGES, limit)}

    # -- chosen links

    def choose(self, chosen: Sequence[Chosen], origin: str, at: datetime) -> bool:
        with self._database.reading() as desk:
            if lists.stands(desk, chosen, origin):
                return False
        with self._database.writing() as desk:
            lists.choose(desk, chosen, origin, at)
            desk.run(sql.GROW)
        return True

    def chosen(self) -> tuple[Chosen, ...]:
        with self._database.reading() as desk:
            return tuple(one for one, _added_at in lists.chosen(desk))

    # -- stories

    def stories(self, *, as_of: datetime | None = None) -> tuple[Story, ...]:
        with self._database.reading() as desk:
            return reading.stories(desk, as_of)

    def story_of(self, key: str) -> str | None:
        with self._database.reading() as desk:
            return next((story for (story,) in desk.rows(sql.STORY_OF, key)), None)

    def story(self, id: str) -> Story | None:
        with self._database.reading() as desk:
            anchor = reading.anchor_of(desk, id)
            return next(iter(reading.stories(desk, None, only=anchor)), None) if anchor is not None else None

    def story_ids(self) -> frozenset[str]:
        with self._database.reading() as desk:
            return frozenset(id_ for (id_,) in desk.rows(sql.STORY_IDS))

    def revision(self) -> int:
        with self._database.reading() as desk:
            return int(desk.rows(sql.REVISION)[0][0])

    # -- small things

    def note(self, name: str) -> str | None:
        with self._database.reading() as desk:
            return next((text for (text,) in desk.rows(sql.NOTE, name)), None)

    def remember(self, name: str, text: str) -> None:
        with self._database.writing() as desk:
            desk.run(sql.drop(schema.note.c.name), name)
            desk.run(sql.add(schema.note), name, storable(text))

    def coverage(self, source: str, limit: int = 50) -> tuple[Coverage, ...]:
        with self._database.reading() as desk:
            return tuple(coverage_from_row(row) for row in desk.rows(sql.COVERAGE, source, limit))

    def troubles(self, since: datetime, until: datetime) -> tuple[Trouble, ...]:
        with self._database.reading() as desk:
            return troubles.troubles(desk, since, until)

    def remove_mentions(self, mentions: Iterable[tuple[str, str]]) -> int:
        with self._database.writing() as desk:
            shown: dict[Name, str | None] = {}
            for name in mentions:
                shown.update((name, lead) for (lead,) in desk.rows(sql.SHOWN_MENTION, *name))
            if shown:
                at = stamp(self._clock())
                landing.mark_due(desk, {subject for name in shown for (subject,) in desk.rows(sql.SUBJECT_OF, *name)})
                desk.many(sql.WITHDRAW, [(at, None, *name) for name in shown])
                place(desk, {}, leaving=shown)
                desk.run(sql.GROW)
            return len(shown)

    def resembling(self, source: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        with self._database.reading() as desk:
            return resembling.resembling(desk, source, mentions)

    def exclusive(self) -> AbstractContextManager[bool]:
        return held(self._database.lock)

    def close(self) -> None:
        self._database.close()


def _validators(rows: Sequence[Row]) -> Mapping[str, Mapping[str, Validators]]:
    """By source and URL asked."""
    found: dict[str, dict[str, Validators]] = defaultdict(dict)
    for source, url, etag, modified, digest, listed in rows:
        found[source][url] = Validators(etag=etag, last_modified=modified, body_digest=digest, listed=listed)
    return {source: MappingProxyType(by_url) for source, by_url in found.items()}


def _registered(desk: Desk, wanted: Mapping[str, object]) -> Mapping[str, tuple[str, str, str, bool]]:
    """The rows of `register` as they are, without those that are rightly switched off."""
    rows = {name: (platform, label, trust, bool(configured)) for name, platform, label, trust, configured in desk.rows(sql.SOURCES)}
    return {name: row for name, row in rows.items() if row[3] or name in wanted}
