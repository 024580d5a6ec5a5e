"""Editions made from the rows: which is due, and what stands in it. Nothing of an edition is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from aggregator.app import App
from aggregator.digest.compose import Composed, compose
from aggregator.digest.coverage import coverage_line
from aggregator.digest.membership import configured
from aggregator.digest.period import is_late, period_due, period_running, zone_of
from aggregator.errors import ConfigError
from aggregator.model import EditionState, Period, Topic
from aggregator.publish.sources import source_views
from aggregator.run import deciding
from aggregator.settings import Settings
from aggregator.shape import nearest
from aggregator.text import cron

# Name under which the private store remembers which period waits for more stories.
WAITING: Final = "waiting {} {}"


def wanted(settings: Settings, *, topic: str | None = None, rhythm: str | None = None) -> tuple[tuple[Topic, str], ...]:
    """The topics and rhythms that have editions, in the order of the configuration; of one topic or rhythm alone where one is named.

    Raises:
        ConfigError: there is no digest, or nothing of that name.
    """
    topics = {one.id: one for one in settings.topics}
    rhythms = tuple(configured(settings).rhythms)
    if topic is not None and topic not in topics:
        raise ConfigError(f"There is no topic {topic!r} in {settings.file}. {nearest(topic, list(topics))}")
    if rhythm is not None and rhythm not in rhythms:
        raise ConfigError(f"There is no rhythm {rhythm!r} in {settings.file}. {nearest(rhythm, rhythms)}")
    return tuple((one, name) for one in topics.values() for name in rhythms if topic in (None, one.id) and rhythm in (None, name))


def follow(app: App, *, waiting: Callable[[], None] = lambda: None) -> tuple[str, ...]:
    """Let the store follow what the steward chose and decided by hand, so that no edition tells what was hidden a moment ago; gives what
    the steward should know of it.

    Args:
        waiting: called once when another run has to end first.

    Raises:
        ConfigError: curation.yaml is wrong.
        AggregatorError: another run is under way for long.
    """
    with deciding.turn(app, waiting=waiting):
        app.store.choose(app.settings.chosen, "sources.yaml", app.clock())
        return deciding.sync(app, write=not app.dry_run).told


def due_period(app: App, topic: Topic, rhythm: str) -> Period | None:
    """The period whose edition is due; None when none is, when it was skipped, or when an edition of that name was sent.

    The last comes of settings that were changed and changed back: two monthly rhythms, or two zones, may call different periods by one
    name. Its stories stand in the next edition.

    The first edition is about everything since the digest was set up, however many quiet periods were skipped or waited out before it.
    """
    last = app.private.ledger.last(topic.id, rhythm)
    until = last.edition.period.until if last else None
    period = period_due(_expression(app, rhythm), last=until, now=app.clock(), zone=zone_of(app.settings))
    if period is None:
        return None
    if last is None:
        period = replace(period, since=min(_begun(app, topic, rhythm), period.since))
    known = app.private.ledger.one(f"{topic.id}/{rhythm}/{period.name}")
    return period if known is None or known.state is EditionState.HELD else None


def is_overdue(app: App, topic: Topic, rhythm: str, period: Period) -> bool:
    """True when a period ended so long ago that its edition is not sent by itself. One that waits until more is new is never late."""
    waits = app.private.note(WAITING.format(topic.id, rhythm)) == period.name
    return not waits and is_late(period, configured(app.settings).grace, app.clock())


def next_period(app: App, topic: Topic, rhythm: str) -> Period:
    """The period that is due, else the one that is running, as if it ended now; of what ended long before there was any edition nobody
    asks."""
    last, now = app.private.ledger.last(topic.id, rhythm), app.clock()
    due = due_period(app, topic, rhythm)
    if due is not None and (last is not None or not is_overdue(app, topic, rhythm, due)):
        return due
    since = last.edition.period.until if last else _begun(app, topic, rhythm)
    return period_running(_expression(app, rhythm), last=since, now=now, zone=zone_of(app.settings))


def _begun(app: App, topic: Topic, rhythm: str) -> datetime:
    """Where the digest begins: at the firing before the last one, as it was when this was first asked for; it is remembered."""
    name = f"digest begun {topic.id}/{rhythm}"
    if (kept := app.private.note(name)) is not None:
        return datetime.fromisoformat(kept)
    expression, zone = _expression(app, rhythm), zone_of(app.settings)
    since = cron.earlier(expression, cron.latest(expression, app.clock(), zone), zone)
    app.private.remember(name, since.isoformat())
    return since


def _expression(app: App, rhythm: str) -> str:
    return configured(app.settings).rhythms[rhythm]


def composed(app: App, topic: Topic, rhythm: str, period: Period) -> Composed:
    """The edition of a period, from what is shown now."""
    ledger, settings = app.private.ledger, app.settings
    told = ledger.told(topic.id, rhythm)
    sources = source_views(settings, app.store.states())
    troubles, gaps = app.store.troubles(period.since, period.until), app.store.gaps.found(period.since, period.until)
    return compose(
        deciding.curated(app).shown,
        topic=topic,
        rhythm=rhythm,
        period=period,
        settings=settings,
        sources=sources,
        told=told,
        first=not told and ledger.last(topic.id, rhythm) is None,
        coverage=coverage_line(troubles, sources, period=period, zone=zone_of(settings), gaps=gaps),
    )
