"""The commands source pause and source resume: whether a source is asked at all."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from aggregator.commands.common import application, settings_of, talk
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import SourceState

_Change = Callable[[SourceState], SourceState]


def pause(options: argparse.Namespace) -> int:
    """Ask some sources no more until they are resumed."""
    return _changed(
        options, lambda state: replace(state, paused=True, last_error=None), "{0} is paused; `aggregator source resume {0}` ends that."
    )


def resume(options: argparse.Namespace) -> int:
    """Ask some sources again: what had stopped them was mended."""
    return _changed(options, _anew, "{0} is read again by the next run.")


def _anew(state: SourceState) -> SourceState:
    return replace(state, paused=False, next_poll_at=None, failures=0, failing_since=None, last_error=None)


def _changed(options: argparse.Namespace, change: _Change, said: str) -> int:
    """Raises `ConfigError` for a source that is not configured, before anything is changed."""
    settings = settings_of(options)
    known = [source.id for source in settings.sources]
    for name in options.sources:
        if name not in known:
            from aggregator.shape import SOURCE_LIST, nearest

            raise ConfigError(f"there is no source {name!r} in {options.config}. {nearest(name, known, whole=SOURCE_LIST)}")
    with application(options, settings) as app, app.store.exclusive() as held:
        if not held:
            raise AggregatorError("another run is under way: try again when it has ended")
        app.store.settle_all([(change(app.store.state(name)), None) for name in dict.fromkeys(options.sources)])
    for name in options.sources:
        talk(options, said.format(name))
    return 0
