"""What remains to be done, read off the rows, and the handlers that do it.

What is due takes a handful of queries; a lost job is found by the next tick, a duplicate does no harm. Handlers give a `Done` and never
raise: a failed source is a row and a line, and the others go on.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from aggregator.app import App, keep_learned
from aggregator.errors import AggregatorError, MissingSecret, RateLimited, SourceError, Unavailable, Walled
from aggregator.fetch import SourceHttp
from aggregator.fetch.pace import Stopped
from aggregator.model import Coverage, Gap, Link, Outcome, SourceState
from aggregator.pipeline.budget import has_money_again
from aggregator.pipeline.coverage import began, ended
from aggregator.pipeline.echo import Echo
from aggregator.pipeline.linked import Pages
from aggregator.pipeline.nature import waits
from aggregator.pipeline.poll import poll
from aggregator.pipeline.schedule import is_waiting, next_poll
from aggregator.run import Job, threads
from aggregator.run.holding import release_held
from aggregator.run.judging import count_links_to, let_go, wanted_stories
from aggregator.run.refusing import forget_link
from aggregator.run.settling import rearrange_stories, settle_works
from aggregator.store import Landed
from aggregator.text.urls import host_of

log = logging.getLogger("aggregator.run")

# Linked pages read in one tick: the rest is found by the next.
MOST_LINKS = 60
# How many polls may have ended without their ends being written. What a killed run did not write is asked again by the next, and answered
# by a 304: entries and cursors landed before.
MOST_UNSETTLED = 50


Settled = tuple[SourceState, Coverage | None]
"""How a poll ended, for the store."""


class Ending(StrEnum):
    """How a job ended."""

    OK = "ok"
    FAILED = "failed"
    # The platform asked for rest, or what may be spent is spent: nobody has to do anything, and a later run asks again.
    RESTS = "asked to wait"
    # The process was asked to stop; nothing is written about it, and the next tick finds the job again.
    STOPPED = "stopped"
    # A secret is not set; nothing was asked.
    NEEDS_KEY = "needs a key"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one job."""

    job: Job
    ending: Ending
    landed: Landed = Landed()
    # Entries read.
    entries: int = 0
    # One line for people; "" when all went well.
    message: str = ""
    # True: its host could not be reached at all.
    unreachable: bool = False


def polls_due(app: App, *, only: Collection[str] = (), force: bool = False) -> tuple[Job, ...]:
    """Sources to poll now.

    Args:
        only: ids; all sources when empty.
        force: also those whose time has not come; a paused source and a host that asked for rest are left alone all the same.
    """
    states, now = app.store.states(), app.clock()
    jobs = []
    for source, collector in app.sources:
        state = states.get(source.id) or SourceState(source=source.id)
        waiting = is_waiting(state, every=source.every or collector.manifest.every, now=now)
        if waiting and has_money_again(source, collector, state, app.store.spending, now):
            waiting = False
        if (only and source.id not in only) or state.paused or (waiting and not force):
            continue
        jobs.append(Job(name="poll", subject=source.id, lane=collector.host))
    return tuple(jobs)


def links_due(app: App) -> tuple[Job, ...]:
    """Linked pages to read now."""
    links = app.store.links_due(app.clock(), MOST_LINKS)
    if not links:
        return ()
    # What reads pages is slow to load, and most ticks need none of it.
    from aggregator.pipeline.embedding import embed_of
    from aggregator.pipeline.enrich import worth_reading

    intranet = bool(app.settings.fetch.allow_networks)
    wanted = [link for link in links if worth_reading(link.key, intranet=intranet) or embed_of(link.key)]
    return tuple(Job(name="enrich", subject=link.key, lane=host_of(link.href)) for link in wanted)


def tick(app: App, polls: tuple[Job, ...], tell: Callable[[Done], None]) -> tuple[Done, ...]:
    """Poll, read the linked pages that this made due, then compare what came; `tell` hears of every job as it ends."""
    rearrange_stories(app)
    release_held(app)
    handlers = _Handlers(app)
    done = [*_worked(app, handlers, polls, tell)]
    done += _worked(app, handlers, links_due(app), tell)
    count_links_to(app, handlers.pages)
    let_go(app)
    done += _worked(app, handlers, (Job(name="cluster", subject="all", lane=""),), tell)
    keep_learned(app)
    return tuple(done)


def _worked(app: App, handlers: _Handlers, jobs: tuple[Job, ...], tell: Callable[[Done], None]) -> Iterator[Done]:
    """How jobs ended; what that means for their sources is written in batches, and whatever happens at the end."""
    unsettled: list[Settled] = []
    try:
        for done, settled in threads.run(jobs, handlers.handle, width=app.settings.fetch.width, stopping=app.stop.is_set):
            unsettled += settled
            if len(unsettled) >= MOST_UNSETTLED:
                app.store.settle_all(unsettled)
                unsettled.clear()
            tell(done)
            yield done
    finally:
        app.store.settle_all(unsettled)


class _Handlers:
    """The handlers of one tick, with what they share."""

    def __init__(self, app: App) -> None:
        self._app = app
        # Made here and not in a thread: a client that cannot be made fails the command and not a source.
        self._client = app.client
        self._sources = {source.id: (source, collector) for source, collector in app.sources}
        # Read once for the whole tick: under the run lock nobody else writes them, and a source is polled once a tick.
        self._states = app.store.states(validators=True)
        self._matcher = app.matcher()
        self._refusals = app.refusals()
        self._echo = Echo.of(app.settings, app.store)
        self._opened = app.store.gaps.open()
        self._back = app.store.gaps.backfills()
        # As they were when the tick began: what its pages turn out to concern is counted at its end.
        self.pages = Pages(app.store.pages())
        self._keeps = frozenset(wanted_stories(app))
        self._began_at = app.clock()

    def handle(self, job: Job) -> tuple[Done, tuple[Settled, ...]]:
        """Do one job; what is not one of our errors is a bug, and fails this job alone.

        Beside how it ended: what is to be written about its source, if anything.
        """
        try:
            if job.name == "cluster":
                settle_works(self._app)
                return Done(job=job, ending=Ending.OK), ()
            return self._poll(job) if job.name == "poll" else (self._enrich(job), ())
        except Stopped:
            return Done(job=job, ending=Ending.STOPPED), ()
        except AggregatorError as error:
            return Done(job=job, ending=Ending.FAILED, message=str(error)), ()
        except Exception as error:
            log.error("%s failed by a bug in the program:\n%s", job.key, traceback.format_exc())
            settled = (self._after_bug(job, error),) if job.name == "poll" else ()
            return Done(job=job, ending=Ending.BUG, message=f"bug in the program: {type(error).__name__}: {error}"), settled

    def _poll(self, job: Job) -> tuple[Done, tuple[Settled, ...]]:
        source, collector = self._sources[job.subject]
        app, state = self._app, self._states[source.id]
        every = source.every or collector.manifest.every
        http = app.http(source, collector, state)
        try:
            polled = poll(
                source,
                collector,
                state,
                http=http,
                store=app.store,
                matcher=self._matcher,
                at=self._began_at,
                stopping=app.stop.is_set,
                refusals=self._refusals,
                echo=self._echo,
                pages=self.pages,
                keeps=self._keeps,
                opened=self._opened.get(source.id, ()),
                ledger=app.ledger,
            )
        except MissingSecret as error:
            after = replace(state, last_error=str(error), next_poll_at=app.clock() + every)
            return Done(job=job, ending=Ending.NEEDS_KEY, message=str(error)), ((after, None),)
        except SourceError as error:
            settled = self._failed(self._next(state, error, every, http))
            unreachable = isinstance(error, Unavailable) and error.status is None
            rests = isinstance(error, RateLimited) and not isinstance(error, Walled)
            ending = Ending.RESTS if rests else Ending.FAILED
            return Done(job=job, ending=ending, message=str(error), unreachable=unreachable), (settled,)
        after = replace(self._next(state, polled.landed, every, http), remarks=polled.remarks, nature=polled.nature, held=polled.held)
        after, gaps = self._covered(after, polled.coverage, polled.gaps)
        if after.held and not state.held:
            log.warning("%s", waits(source.id, after.held))
        if polled.coverage.outcome is Outcome.PARTIAL:
            # Due again at once; and a first contact that is not at its end goes on being quiet.
            after = replace(after, next_poll_at=app.clock(), last_ok_at=after.last_ok_at if state.last_ok_at else None)
        done = Done(job=job, ending=Ending.OK, landed=polled.landed, entries=polled.coverage.entries)
        return done, ((after, replace(polled.coverage, gaps=gaps)),)

    def _failed(self, after: SourceState) -> Settled:
        """What is written of a poll that failed; pages may have landed before, and then it was cut."""
        after = replace(after, walking_since=self._app.store.state(after.source).walking_since)
        coverage = Coverage(source=after.source, since=None, until=self._app.clock(), outcome=Outcome.FAILED)
        after, gaps = self._covered(after, coverage)
        return after, replace(coverage, gaps=gaps)

    def _covered(self, after: SourceState, coverage: Coverage, found: Sequence[Gap] = ()) -> tuple[SourceState, tuple[Gap, ...]]:
        """The state with what was read, and the gaps that the end of a poll opens or closes."""
        opened, back = self._opened.get(after.source, ()), self._back.get(after.source)
        if coverage.outcome is Outcome.PARTIAL:
            after = replace(after, walking_since=began(after, coverage.until))
        end = ended(after, coverage.outcome, coverage.until, oldest=coverage.since, found=found, opened=opened, back=back)
        return end.state, end.gaps

    def _next(self, state: SourceState, outcome: Landed | SourceError, every: timedelta, http: SourceHttp) -> SourceState:
        now, hint = self._app.clock(), http.hint.fresh_until
        return next_poll(state, outcome=outcome, now=now, every=every, hint=hint, jitter=jitter(state.source))

    def _after_bug(self, job: Job, error: Exception) -> Settled:
        state, now = self._states[job.subject], self._app.clock()
        after = replace(
            state,
            failures=state.failures + 1,
            failing_since=state.failing_since or now,
            last_error=f"bug in the program: {type(error).__name__}",
            next_poll_at=now + timedelta(hours=6),
        )
        return self._failed(after)

    def _enrich(self, job: Job) -> Done:
        link = self._app.store.link(job.subject)
        if link is None:
            return Done(job=job, ending=Ending.OK)
        after, message = self._read(link)
        if self._refusals.covers_link(after):
            forget_link(self._app, link.key, self._refusals)
            return Done(job=job, ending=Ending.OK)
        self._app.store.enrich(self._refusals.unnamed(after))
        return Done(job=job, ending=Ending.FAILED if message else Ending.OK, message=message)

    def _read(self, link: Link) -> tuple[Link, str]:
        from aggregator.pipeline.embedding import embed_of
        from aggregator.pipeline.enrich import enriched, not_enriched, page_to_read

        if embed_of(link.key):
            from aggregator.run.embeds import read_embed

            return read_embed(self._client, link, self._app.clock())
        try:
            reply = self._client.page(page_to_read(link.href))
        except SourceError as error:
            return not_enriched(link, error, self._app.clock()), str(error)
        return enriched(link, reply, self._app.clock(), matcher=self._matcher), ""


def jitter(source: str) -> float:
    """0 to 1, always the same for a source: its polls are spread, and a run can be repeated."""
    return int.from_bytes(hashlib.sha256(source.encode()).digest()[:4], "big") / 2**32
