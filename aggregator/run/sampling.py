"""One page of a source, read and matched, of which nothing is kept: what `source test`, `source discover` and `init --topic` look at."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from aggregator.app import App
from aggregator.collectors.base import Collector
from aggregator.errors import AggregatorError, MissingSecret, Unavailable
from aggregator.fetch import Http
from aggregator.fetch.pace import Stopped
from aggregator.model import Entry, Match, Page, Source, SourceState, Takes
from aggregator.pipeline.consent import objection
from aggregator.pipeline.match import Matcher
from aggregator.run import Job, threads

log = logging.getLogger("aggregator.run")

# When so many are tried first and none of their hosts is reached, there is no network, and the others are not waited for. What is not in a
# recording says nothing of a network.
_NO_NETWORK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One entry of the page, and what would become of it."""

    entry: Entry
    # Why it concerns a topic; empty: it does not.
    matches: tuple[Match, ...]
    # Why it would not be shown although it counts; None: it would be.
    withheld: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one page of a source showed."""

    source: Source
    collector: Collector
    # In the platform's order.
    found: tuple[Found, ...] = ()
    remarks: tuple[str, ...] = ()
    # Why nothing could be read, in words; "": it was.
    problem: str = ""
    # True: it could not be read because its key is not set.
    locked: bool = False
    # True: its host could not be reached at all.
    unreachable: bool = False
    # True: there was no time to ask it, or for its answer.
    late: bool = False

    @property
    def counting(self) -> tuple[Found, ...]:
        """The entries that would count for the page."""
        wanted = self.source.takes is Takes.EVERYTHING
        return tuple(one for one in self.found if one.matches or wanted)


Poll = Callable[[Http], Iterator[Page]]
Read = Callable[[Poll, App, Source, Collector, Http], Sequence[Page]]
"""Gives the first page of a poll, on whatever terms."""


def _first(poll: Poll, app: App, source: Source, collector: Collector, http: Http) -> Sequence[Page]:
    return opening(poll(http), collector)


def opening(pages: Iterator[Page], collector: Collector) -> list[Page]:
    """The first page; where it is empty and asking is free, the second, too, since a page may go before a failure."""
    first = list(islice(pages, 1))
    if any(page.entries for page in first) or collector.manifest.price is not None:
        return first
    return first + list(islice(pages, 1))


def sample(app: App, source: Source, collector: Collector, *, read: Read = _first) -> Sample:
    """The first page of a source, asked for as if it had never been read. Every body is taken apart, also one without a word of the topics:
    a person wants to see what is there.
    """
    http = app.http(replace(source, takes=Takes.EVERYTHING), collector, SourceState(source=source.id))
    blank = Sample(source=source, collector=collector)
    try:
        pages = read(lambda http: collector.poll(http, ""), app, source, collector, http)
    except MissingSecret as error:
        return replace(blank, problem=str(error), locked=True)
    except Stopped:
        return replace(blank, problem="it did not answer in time", late=True)
    except AggregatorError as error:
        return replace(blank, problem=str(error), unreachable=isinstance(error, Unavailable) and error.status is None)
    return _matched(blank, pages, app.matcher())


def _matched(blank: Sample, pages: Sequence[Page], matcher: Matcher) -> Sample:
    wanted = set(blank.source.topics)
    found = []
    for entry in (entry for page in pages for entry in page.entries):
        matches = tuple(one for one in matcher.match(entry) if one.topic in wanted)
        withheld = objection(entry.visibility, entry.restrictions, agreed=blank.source.agreed)
        found.append(Found(entry=entry, matches=matches, withheld=withheld))
    return replace(blank, found=tuple(found), remarks=tuple(remark for page in pages for remark in page.remarks))


def samples(app: App, wanted: Sequence[tuple[Source, Collector]], *, within: timedelta) -> tuple[Sample, ...]:
    """A page of each, hosts side by side, in the order in which they are wanted; what has not answered in time is said not to have.

    Args:
        wanted: each with an id of its own.
        within: when it is over, no other is begun and what is under way is broken off.
    """
    known: Mapping[Job, tuple[Source, Collector]] = {
        Job(name="sample", subject=source.id, lane=collector.host): (source, collector) for source, collector in wanted
    }

    def handle(job: Job) -> Sample:
        source, collector = known[job]
        if collector.manifest.price is not None:
            return Sample(source=source, collector=collector, problem="it costs money, so it was not asked")
        try:
            return sample(app, source, collector)
        except Exception as error:
            log.error("%s failed by a bug in the program:\n%s", job.key, traceback.format_exc())
            return Sample(source=source, collector=collector, problem=f"bug in the program: {type(error).__name__}")

    def end() -> None:
        app.stop.set()
        app.client.stop()

    timer = threading.Timer(within.total_seconds(), end)
    timer.daemon = True
    timer.start()
    done: dict[str, Sample] = {}
    try:
        for one in threads.run(known, handle, width=app.settings.fetch.width, stopping=app.stop.is_set):
            done[one.source.id] = one
            if app.client.live and len(done) == _NO_NETWORK and all(other.unreachable for other in done.values()):
                end()
    finally:
        timer.cancel()
    why = "it was not asked any more"
    return tuple(done.get(source.id) or Sample(source=source, collector=collector, problem=why, late=True) for source, collector in wanted)
