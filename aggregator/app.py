"""The collaborators in one frozen value. `build` is the only code that names implementations; nothing else knows which database or
client is in use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aggregator import __version__, clock
from aggregator.clock import Clock
from aggregator.collectors import collector_for
from aggregator.collectors.base import Collector
from aggregator.fetch import SourceHttp
from aggregator.fetch.client import Client
from aggregator.model import Source, SourceState, Takes, Topic
from aggregator.pipeline.look import look_for
from aggregator.pipeline.match import Matcher
from aggregator.settings import Settings
from aggregator.store import Store


@dataclass(frozen=True, kw_only=True)
class App:
    """Everything a command needs."""

    settings: Settings
    store: Store
    client: Client
    clock: Clock = clock.now
    # Set when the process was asked to stop: the unit in hand is finished, no other is begun.
    stop: threading.Event = field(default_factory=threading.Event)

    def http(self, source: Source, collector: Collector, state: SourceState) -> SourceHttp:
        """The client as this source sees it."""
        auth = collector.manifest.auth
        return self.client.bound(
            host=collector.host,
            pace=collector.manifest.pace,
            auth=auth,
            secret=self.settings.secrets.get(auth.variable) if auth else None,
            transient=collector.manifest.transient,
            validators=state.validators,
            look=self._look(source, collector),
        )

    def topics(self, source: Source) -> tuple[Topic, ...]:
        """What a source is searched for."""
        return tuple(topic for topic in self.settings.topics if topic.id in source.topics)

    def sources(self) -> tuple[tuple[Source, Collector], ...]:
        """The sources that are switched on, each with its collector."""
        return tuple((source, collector_for(source)) for source in self.settings.sources if source.enabled)

    def matcher(self) -> Matcher:
        """Compiled from all topics."""
        return Matcher(self.settings.topics)

    def _look(self, source: Source, collector: Collector) -> Callable[[bytes], bool] | None:
        if source.takes is Takes.EVERYTHING or collector.manifest.opaque:
            return None
        return look_for(self.topics(source))


@contextmanager
def build(
    settings: Settings, *, record: Path | None = None, replay: Path | None = None, clock: Clock = clock.now, dry_run: bool = False
) -> Iterator[App]:
    """The application for one command; closed, and its recording written, at the end of the block.

    Args:
        record: a HAR file to write every exchange to.
        replay: a HAR file to answer from; no socket is opened.
        dry_run: work on a copy of the database in memory, and write no file.

    Raises:
        StoreError: the database cannot be used.
        ConfigError: the recording cannot be read.
    """
    from aggregator.fetch.auth import Sessions
    from aggregator.store.engine import open_store

    stop = threading.Event()
    store = open_store(settings.state / "aggregator.db", copy=dry_run)
    try:
        store.register(settings.sources, clock())
        client = Client(
            settings=settings.fetch,
            version=__version__,
            clock=clock,
            stop=stop,
            rests=store.rests(),
            moved=store.moved(),
            sessions=Sessions(settings.state / "sessions.json"),
            record=record,
            replay=replay,
            secrets=tuple(settings.secrets.values()),
        )
        try:
            yield App(settings=settings, store=store, client=client, clock=clock, stop=stop)
        finally:
            client.close()
    finally:
        store.close()
