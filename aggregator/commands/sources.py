"""The commands about sources: status, source list, source test."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice

from aggregator.app import App
from aggregator.collectors import collector_for, recognise
from aggregator.collectors.base import Collector
from aggregator.commands.common import application, columns, day, say, settings_of, show, talk
from aggregator.commands.setup import _plain as plain_source
from aggregator.commands.setup import keys_wanted
from aggregator.config import identifier
from aggregator.errors import ConfigError, MissingSecret, SourceError, UnknownPlatform
from aggregator.model import Page, Source, SourceState, Takes
from aggregator.pipeline.nature import waits
from aggregator.settings import Settings


def listed(options: argparse.Namespace) -> int:
    """List the sources."""
    settings = settings_of(options)
    if options.json:
        show([plain_source(source, settings) for source in settings.sources])
        return 0
    for line in columns([(source.id, source.label, collector_for(source).address) for source in settings.sources] or [("no sources",)]):
        say(line)
    return 0


def status(options: argparse.Namespace) -> int:
    """Say how every source is doing."""
    with application(options) as app:
        states = app.store.states()
        if options.json:
            show([_state_plain(source, states.get(source.id)) for source in app.settings.sources])
            return 0
        rows = [("SOURCE", "LAST READ", "LAST NEW", "NEXT", "HOW IT IS")]
        for source in app.settings.sources:
            state = states.get(source.id) or SourceState(source=source.id)
            rows.append((source.id, day(state.last_ok_at), day(state.last_new_at), _next(source, state), how(source, state)))
        for line in columns(rows):
            say(line)
        for source in app.settings.sources:
            state = states.get(source.id) or SourceState(source=source.id)
            for remark in state.remarks:
                say(f"{source.id}: {remark}")
            if state.held:
                say(waits(source.id, state.held))
        for host, until in sorted(app.store.rests().items()):
            if until > app.clock():
                say(f"{host} asked not to be asked again before {day(until)}")
        for line in keys_wanted(app.settings).values():
            say(line)
        for line in _unchecked(app):
            say(line)
    return 0


def _unchecked(app: App) -> Iterator[str]:
    """What is shown and was not looked at again for a while."""
    from aggregator.run.checking import silent_for_long, waiting

    if count := waiting(app):
        yield f"{count} shown posts wait to be looked at again; the next runs do it."
    for name, since in sorted(silent_for_long(app).items()):
        yield f"{name}: since {day(since)} it could not be asked whether what is shown is public still."


def how(source: Source, state: SourceState) -> str:
    """The state of a source in words."""
    if not source.enabled:
        return "switched off in sources.yaml"
    if state.paused:
        return f"paused: {state.last_error or 'by the operator'}"
    if state.last_error and state.failures:
        times = f"{state.failures} times in a row" if state.failures > 1 else "once"
        return f"failed {times}: {state.last_error}"
    if state.last_error:
        return state.last_error
    if state.held:
        return f"held: {state.held}"
    return "well" if state.last_ok_at else "not read yet"


def _next(source: Source, state: SourceState) -> str:
    if state.paused or not source.enabled:
        return "never"
    return day(state.next_poll_at) if state.next_poll_at else "now"


def _state_plain(source: Source, state: SourceState | None) -> dict[str, object]:
    state = state or SourceState(source=source.id)
    return {
        "source": source.id,
        "label": source.label,
        "how": how(source, state),
        "last_ok_at": state.last_ok_at,
        "last_new_at": state.last_new_at,
        "next_poll_at": state.next_poll_at,
        "failures": state.failures,
        "failing_since": state.failing_since,
        "paused": state.paused,
        "last_error": state.last_error,
        "remarks": state.remarks,
        "held": state.held,
    }


def test(options: argparse.Namespace) -> int:
    """Read one page of a source and show what is found; writes nothing."""
    settings = settings_of(options)
    source = _named(options.source, settings)
    collector = collector_for(source)
    options.dry_run = True
    with application(options, settings) as app:
        talk(options, f"Reading {source.label or collector.label} ({collector.address}) …")
        http = app.http(source, collector, SourceState(source=source.id))
        try:
            pages = list(islice(collector.poll(http, ""), 1))
        except MissingSecret as error:
            talk(options, f"It needs a key: {error}")
            return 4
        except SourceError as error:
            talk(options, f"Could not read it: {error}")
            return 4
        _show_page(options, pages, source, collector, settings)
    return 0


def _named(name: str, settings: Settings) -> Source:
    for source in settings.sources:
        if source.id == name:
            return source
    try:
        platform, found = recognise(name)
    except UnknownPlatform:
        if "://" in name:
            raise
        from aggregator.shape import nearest

        known = [source.id for source in settings.sources]
        raise ConfigError(f"{name!r} is neither a source of {settings.file} nor an address. {nearest(name, known)}") from None
    topics = tuple(topic.id for topic in settings.topics)
    return Source(id=identifier(platform, found), platform=platform, options=found, topics=topics)


def _show_page(options: argparse.Namespace, pages: list[Page], source: Source, collector: Collector, settings: Settings) -> None:
    from aggregator.pipeline.match import Matcher

    matcher = Matcher(settings.topics)
    entries = [(entry, matcher.match(entry)) for page in pages for entry in page.entries]
    if options.json:
        show([{"entry": asdict(entry), "matches": [asdict(match) for match in matches]} for entry, matches in entries])
        return
    for entry, matches in entries:
        counts = bool(matches) or source.takes is Takes.EVERYTHING
        say(f"{'*' if counts else ' '} {day(entry.published):22} {entry.kind:8} {(entry.title or entry.text or entry.url)[:100]}")
        for match in matches:
            say(f"      {match.field}: {match.rule!r} in {match.excerpt!r}")
    for page in pages:
        for remark in page.remarks:
            say(f"  remark: {remark}")
    found = sum(bool(matches) or source.takes is Takes.EVERYTHING for _, matches in entries)
    silent = not entries and source.takes is Takes.MENTIONS
    say(
        "No word of the topics occurs in the reply, so it was not taken apart." if silent else f"{len(entries)} entries, {found} count (*)."
    )
    manifest = collector.manifest
    say(f"Reach: {manifest.reach}. Gives: {manifest.delivers}. Limits: {' '.join(manifest.limits) or 'none known.'}")
