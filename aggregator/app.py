"""The collaborators in one frozen value. `build` is the only code that names implementations; nothing else knows which database or
client is in use."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import __version__, clock, log
from aggregator.clock import Clock
from aggregator.collectors import collector_for
from aggregator.collectors.base import Collector, Method
from aggregator.fetch import Pace, SourceHttp
from aggregator.model import Source, SourceState, Takes, Topic
from aggregator.settings import Secret, Settings
from aggregator.store import Store
from aggregator.text.secret_address import secrets

if TYPE_CHECKING:
    from aggregator.fetch.client import Client
    from aggregator.fetch.recording import Redactor
    from aggregator.pipeline.match import Matcher
    from aggregator.pipeline.takedown import Refusals
    from aggregator.store.private import PrivateStore
    from aggregator.store.topics import Spending

# How long a unit in hand may go on after the process was asked to stop; the whole must end within ten seconds.
PATIENCE = timedelta(seconds=4)


@dataclass(frozen=True, kw_only=True)
class App:
    """Everything a command needs."""

    settings: Settings
    store: Store
    # Makes the client; called once at most: what asks servers and what matches is slow to load, and a build needs neither.
    connect: Callable[[], Client]
    # Opens private.db; called once at most, and only by what has to do with the digest.
    unlock: Callable[[], PrivateStore]
    clock: Clock = clock.now
    # True: the databases are copies in memory, and no file is to be written.
    dry_run: bool = False
    # Set when the process was asked to stop: the units in hand are finished, no other is begun.
    stop: threading.Event = field(default_factory=threading.Event)

    def end(self) -> None:
        """Finish the units in hand and begin no other; what still waits for a server after `PATIENCE` is broken off."""
        self.stop.set()
        timer = threading.Timer(PATIENCE.total_seconds(), lambda: self.client.stop())
        timer.daemon = True
        timer.start()

    @cached_property
    def client(self) -> Client:
        """The one HTTP client."""
        return self.connect()

    @cached_property
    def private(self) -> PrivateStore:
        """Subscribers and the ledger of mails."""
        return self.unlock()

    @cached_property
    def ledger(self) -> Spending:
        """What platforms that charge have cost. A recording costs nothing; money that a dry run spent is gone, so it is written down."""
        from aggregator.store.spending import NoSpending, SpendingOfFile

        if not self.client.live:
            return NoSpending()
        return SpendingOfFile(path=self.settings.state / "aggregator.db", clock=self.clock) if self.dry_run else self.store.spending

    def http(self, source: Source, collector: Collector, state: SourceState, *, part: float = 1, anew: bool = False) -> SourceHttp:
        """The client as this source sees it.

        Args:
            part: of its requests of a day, where they are numbered.
            anew: everything is wanted, so that "it has not changed" is no answer.
        """
        from aggregator.fetch.auth import own_secret
        from aggregator.pipeline.listing import compared

        auth = collector.manifest.auth
        return self.client.bound(
            host=collector.host,
            pace=_partly(self._pace(collector), part),
            auth=auth,
            secret=own_secret(auth, self.settings.secrets.get(auth.variable), collector.host) if auth else None,
            transient=collector.manifest.transient,
            validators=state.validators,
            look=self._look(source, collector),
            # A site whose page was looked at is read by its feed, too.
            compare=compared if collector.manifest.method is not Method.API else None,
            anew=anew,
        )

    def topics(self, source: Source) -> tuple[Topic, ...]:
        """What a source is searched for."""
        return tuple(topic for topic in self.settings.topics if topic.id in source.topics)

    @cached_property
    def sources(self) -> tuple[tuple[Source, Collector], ...]:
        """The sources that are switched on, each with its collector."""
        return tuple((source, collector_for(source)) for source in self.settings.sources if source.enabled)

    def matcher(self) -> Matcher:
        """Compiled from all topics."""
        from aggregator.pipeline.match import Matcher

        return Matcher(self.settings.topics)

    def refusals(self) -> Refusals:
        """What was taken down and must not come back."""
        return _refusals(self.store)

    def _pace(self, collector: Collector) -> Pace:
        """The platform's; a private address that the operator opened is the operator's own machine, and is asked without waiting."""
        from aggregator.fetch.guard import literal, networks, refusal

        address = literal(collector.host.rpartition(":")[0] or collector.host) if self.settings.fetch.allow_networks else None
        opened = address is not None and refusal(address) and not refusal(address, networks(self.settings.fetch.allow_networks))
        return Pace(gap=timedelta(0)) if opened else collector.pace

    def _look(self, source: Source, collector: Collector) -> Callable[[bytes], bool] | None:
        if source.takes is Takes.EVERYTHING or collector.manifest.opaque:
            return None
        return _look_for(self.topics(source))


# Name under which the store remembers what was spent of daily budgets.
_SPENT = "spent"
# A shorter one is no secret, and taking it out would spoil other words.
_SHORTEST_SECRET = 8


def _partly(pace: Pace, part: float) -> Pace:
    return pace if pace.daily is None else replace(pace, daily=int(pace.daily * part))


@cache
def _look_for(topics: tuple[Topic, ...]) -> Callable[[bytes], bool]:
    """A look is costly to make and the same for all sources of the same topics."""
    from aggregator.pipeline.look import look_for

    return look_for(topics)


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
    from aggregator.store.engine import open_store

    with ExitStack() as closing:
        store = open_store(settings.state / "aggregator.db", copy=dry_run, clock=clock)
        closing.callback(store.close)
        store.register(settings.sources, clock())
        if settings.chosen and store.takedowns.hashes():
            settings = replace(settings, chosen=_refusals(store).allowed(settings.chosen))
        hidden = _hidden(settings)

        def connect() -> Client:
            client = _client(settings, store, clock, hidden=hidden, record=record, replay=replay)
            closing.callback(client.close)
            return client

        def unlock() -> PrivateStore:
            from aggregator.store.private.opening import open_private

            private = open_private(settings.state / "private.db", copy=dry_run, clock=clock)
            closing.callback(private.close)
            return private

        app = App(settings=settings, store=store, connect=connect, unlock=unlock, clock=clock, dry_run=dry_run)
        if record or replay:
            _ = app.client
        yield app


def _hidden(settings: Settings) -> Redactor:
    """What must not enter a recording; from here on the log does not show it either."""
    from aggregator.collectors import platforms
    from aggregator.fetch.auth import secret_texts
    from aggregator.fetch.recording import Redactor

    hidden = Redactor((*settings.secrets.values(), *_secrets_in_addresses(settings)))
    for auth in filter(None, (collector.manifest.auth for collector in platforms().values())):
        if secret := settings.secrets.get(auth.variable):
            hidden.learn(secret_texts(secret, auth.scheme))
    log.hide(hidden.text)
    return hidden


def _secrets_in_addresses(settings: Settings) -> Iterator[Secret]:
    """What must not enter a recording either: a feed names its own address inside."""
    for source in settings.sources:
        for value in source.options.values():
            yield from (Secret(text) for text in secrets(value) if len(text) >= _SHORTEST_SECRET)


def _refusals(store: Store) -> Refusals:
    from aggregator.pipeline.takedown import NOTHING, Refusals

    hashes = store.takedowns.hashes()
    return Refusals(salt=store.takedowns.salt(), hashes=hashes) if hashes else NOTHING


def keep_learned(app: App) -> None:
    """Write down what hosts said of themselves in this run: rests, permanent redirects, and requests spent of a daily budget."""
    for host, until in app.client.rests().items():
        app.store.rest(host, until)
    app.store.move(app.client.moved(), app.clock())
    if spent := app.client.spent():
        app.store.remember(_SPENT, json.dumps({"day": app.clock().date().isoformat(), "hosts": dict(spent)}))


def relearn(app: App) -> None:
    """Heed what hosts said of themselves to another process since."""
    app.client.relearn(rests=app.store.rests(), spent=_spent(app.store, app.clock()))


def _spent(store: Store, now: datetime) -> dict[str, int]:
    """Requests spent today, by host."""
    kept = json.loads(store.note(_SPENT) or "{}")
    return dict(kept["hosts"]) if kept.get("day") == now.date().isoformat() else {}


def _client(settings: Settings, store: Store, clock: Clock, *, hidden: Redactor, record: Path | None, replay: Path | None) -> Client:
    from aggregator.fetch.auth import Sessions
    from aggregator.fetch.client import Client
    from aggregator.fetch.recording import Recorder, Replay

    return Client(
        settings=settings.fetch,
        version=__version__,
        clock=clock,
        # Also in a dry run: a refresh token works once, and the one that replaces it must not be lost.
        sessions=Sessions(settings.state / "sessions.json"),
        rests=store.rests(),
        moved=store.moved(),
        spent=_spent(store, clock()),
        recorder=Recorder(record, version=__version__, secrets=hidden) if record else None,
        replay=Replay(replay, secrets=hidden) if replay else None,
        redactor=hidden,
    )
