"""The command that reads a source back."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from aggregator.app import App
from aggregator.collectors import collector_for
from aggregator.collectors.base import Backfills, Collector
from aggregator.commands.common import application, columns, complain, day, say, settings_of, show, talk
from aggregator.errors import ConfigError
from aggregator.model import Backfill, Source, SourceState
from aggregator.pipeline.backfill import ReadBack, Step, time_left
from aggregator.publish.dates import moment
from aggregator.settings import Settings


def backfill(options: argparse.Namespace) -> int:
    """Read a source back; without one, say which can be."""
    settings = settings_of(options)
    if options.source is None:
        return _listed(options, settings)
    source = _named(options.source, settings)
    collector, since = collector_for(source), _time(options.since)
    if not isinstance(collector, Backfills):
        complain(_cannot(source, collector))
        return 2
    if source.since and (since is None or since < source.since):
        talk(options, f"{settings.file} takes nothing of {source.id} from before {day(source.since)[:10]}; older entries are left out.")
    with application(options, settings) as app:
        from aggregator.run.backfilling import begun
        from aggregator.run.timer import on_signals

        on_signals(app.end)
        wanted = begun(app, source, since)
        if wanted is None:
            known = app.store.gaps.backfills().get(source.id)
            step = Step(reached=known.reached if known else None)
            return _said(options, source, ReadBack(step=step, finished=True, ended=bool(known and known.ended)))
        return _said(options, source, _read(options, app, source, collector, wanted))


def _read(options: argparse.Namespace, app: App, source: Source, collector: Collector, wanted: Backfill) -> ReadBack:
    from aggregator.run.backfilling import read_further
    from aggregator.run.progress import reading_back

    with reading_back(source.id, quiet=options.quiet) as tell:
        return read_further(
            app,
            source,
            collector,
            wanted,
            tell=_timed(app, wanted, tell),
            waiting=lambda: talk(options, "Waiting until the run that is under way has ended …"),
            # One page shows what comes; all of them would spend the platform's patience for nothing.
            most=1 if options.dry_run else None,
        )


def _timed(app: App, wanted: Backfill, tell: Callable[[Step, timedelta | None], None]) -> Callable[[Step], None]:
    """Tells of a step with how long the rest will take."""
    began = app.clock()
    return lambda step: tell(step, time_left(wanted, step, app.clock() - began))


def _listed(options: argparse.Namespace, settings: Settings) -> int:
    with application(options, settings) as app:
        states, back = app.store.states(), app.store.gaps.backfills()
        rows = [("SOURCE", "READ SINCE", "READ BACK")]
        plain = []
        for source in settings.sources:
            state, known = states.get(source.id) or SourceState(source=source.id), back.get(source.id)
            collector = collector_for(source)
            can = isinstance(collector, Backfills)
            how_far = _how_far(known) if can else f"cannot be: it gives {collector.manifest.reach}"
            rows.append((source.id, day(state.read_since)[:10], how_far))
            plain.append({"source": source.id, "can": can, "read_since": state.read_since, "backfill": asdict(known) if known else None})
    if options.json:
        show(plain)
        return 0
    for line in columns(rows):
        say(line)
    return 0


def _how_far(known: Backfill | None) -> str:
    if known is None:
        return "not yet"
    if known.ended:
        return "to its beginning"
    return f"to {day(known.reached)[:10]}" if known.reached else "begun"


def _named(name: str, settings: Settings) -> Source:
    from aggregator.shape import SOURCE_LIST, nearest

    known = {source.id: source for source in settings.sources}
    if name not in known:
        raise ConfigError(f"there is no source {name!r} in {settings.file}. {nearest(name, known, whole=SOURCE_LIST)}")
    if not known[name].enabled:
        raise ConfigError(f"{name} is switched off in {settings.file}; switch it on to read it.")
    return known[name]


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ConfigError(f"--since: expected a date such as 2018-01-01, found {text!r}") from None


def _cannot(source: Source, collector: Collector) -> str:
    manifest = collector.manifest
    return (
        f"{source.label or source.id} cannot be read back: {manifest.title} gives {manifest.reach} and nothing older. What you know of is "
        "put on the page with `aggregator add ADDRESS`, a list of links with `aggregator import FILE`; `aggregator backfill` names the "
        "sources that can be."
    )


def _said(options: argparse.Namespace, source: Source, read: ReadBack) -> int:
    """Say how it ended. 0: done, or it goes on another time · 4: the source failed."""
    if options.json:
        show({"source": source.id, **asdict(read), "exit_code": 4 if read.failed else 0})
        return 4 if read.failed else 0
    for remark in read.remarks:
        talk(options, f"{source.id}: {remark}")
    if read.step.pages or not read.finished:
        talk(options, _counted(read.step))
    for gap in read.closed:
        talk(options, f"This closes the gap of {day(gap.since)[:10]} to {day(gap.until)[:10]}.")
    if read.failed:
        complain(_failed(read))
        return 4
    talk(options, _ending(options, source, read))
    return 0


def _failed(read: ReadBack) -> str:
    if not read.step.pages:
        return f"Nothing could be read: {read.failed}. Run it again later; nothing is lost by it."
    return f"Could not read on: {read.failed}. What was read is kept; run it again to go on from there."


def _counted(step: Step) -> str:
    new = step.landed.new
    pages = f"{step.pages} page{'s' if step.pages != 1 else ''}"
    entries = f"{step.entries} entr{'y' if step.entries == 1 else 'ies'}"
    return f"Read {pages} with {entries}; {new} {'is' if new == 1 else 'are'} new in the archive."


def _ending(options: argparse.Namespace, source: Source, read: ReadBack) -> str:
    reached = moment(read.step.reached, UTC).long if read.step.reached else ""
    if read.finished:
        where = "to the end of what the platform gives" if read.ended or not reached else f"to {reached}"
        left = "" if read.step.pages else "Nothing is left to read: "
        return f"{left}{source.id} is read back {where}." + (" The next run shows it on the page." if read.step.landed.new else "")
    so_far = f" Read so far: back to {reached}." if reached else ""
    if read.waits:
        return f"{read.waits[:1].upper()}{read.waits[1:]}. It goes on tomorrow: run it again, and it goes on from there.{so_far}"
    if options.dry_run:
        return "This was the first page; without --dry-run it goes on from there."
    return f"Stopped after the page in hand; run it again, and it goes on from there.{so_far}"
