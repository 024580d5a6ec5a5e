"""The commands about all sources: status, source list."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC

from aggregator.app import App
from aggregator.collectors import collector_for
from aggregator.commands.common import application, columns, day, say, settings_of, show
from aggregator.commands.drift import remembered
from aggregator.commands.setup import _plain as plain_source
from aggregator.commands.setup import keys_wanted
from aggregator.commands.spending import spent
from aggregator.model import Gap, Source, SourceState
from aggregator.pipeline.nature import waits
from aggregator.publish.gaps import gap_lines, known_gaps


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
        states, gaps = app.store.states(), known_gaps(app.store)
        if options.json:
            show([_state_plain(source, states.get(source.id), gaps.get(source.id, ())) for source in app.settings.sources])
            return 0
        rows = [("SOURCE", "READ SINCE", "LAST READ", "LAST NEW", "NEXT", "HOW IT IS")]
        for source in app.settings.sources:
            state = states.get(source.id) or SourceState(source=source.id)
            since = day(state.read_since).partition(" ")[0]
            rows.append((source.id, since, day(state.last_ok_at), day(state.last_new_at), _next(source, state), how(source, state)))
        for line in columns(rows):
            say(line)
        for source in app.settings.sources:
            state = states.get(source.id) or SourceState(source=source.id)
            for line in _remarks(source, state):
                say(line)
            for line in gap_lines(gaps.get(source.id, ()), collector_for(source).manifest, UTC):
                say(f"{source.id}: {line}")
        for host, until in sorted(app.store.rests().items()):
            if until > app.clock():
                say(f"{host} asked not to be asked again before {day(until)}")
        for line in keys_wanted(app.settings).values():
            say(line)
        for line in (*spent(app), *_unchecked(app), *remembered(app)):
            say(line)
    return 0


def _unchecked(app: App) -> Iterator[str]:
    """What is shown and was not looked at again for a while."""
    from aggregator.run.checking import silent_for_long, waiting

    if count := waiting(app):
        yield f"{count} shown posts wait to be looked at again; the next runs do it."
    for name, since in sorted(silent_for_long(app).items()):
        yield f"{name}: since {day(since)} it could not be asked whether what is shown is public still."


def _remarks(source: Source, state: SourceState) -> Iterator[str]:
    """What is to be said of one source beside how it is."""
    yield from (f"{source.id}: {remark}" for remark in state.remarks)
    if state.held:
        yield waits(source.id, state.held)
    if state.paused:
        yield f"{source.id} is asked no more; when what stopped it is mended, `aggregator source resume {source.id}` goes on."


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
        # How to get a key stands below the table, once for each platform.
        wanted, lacks, _how = state.last_error.partition(" is not set: ")
        return f"needs a key: {wanted} is not set" if lacks else state.last_error
    if state.held:
        return f"held: {state.held}"
    return "well" if state.last_ok_at else "not read yet"


def _next(source: Source, state: SourceState) -> str:
    if state.paused or not source.enabled:
        return "never"
    return day(state.next_poll_at) if state.next_poll_at else "now"


def _state_plain(source: Source, state: SourceState | None, gaps: Sequence[Gap] = ()) -> dict[str, object]:
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
        "read_since": state.read_since,
        "read_until": state.read_until,
        "gaps": [asdict(gap) for gap in gaps if gap.closed_at is None],
        "closed": [asdict(gap) for gap in gaps if gap.closed_at is not None][:1],
    }
