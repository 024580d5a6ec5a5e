"""Reading a source back: old pages land in the archive one by one, between the runs that read what is new.

The run lock is held for one page at a time, the question included, so that no host is asked by two processes at once; after each page it is
free for a moment, and a run that finds it taken waits for that moment (`once`). What is committed with a page is enough to go on from: how
far it has come, and the platform's own cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from aggregator.app import App, keep_learned, relearn
from aggregator.collectors.base import Backfills, Collector
from aggregator.errors import MissingSecret, RateLimited, SourceError, Unreadable
from aggregator.fetch import Learned, SourceHttp
from aggregator.fetch.pace import Stopped
from aggregator.model import Backfill, Gap, Page, Source, SourceState
from aggregator.pipeline.backfill import ReadBack, Step, after, closed, earlier, finished, further, left_out, part
from aggregator.pipeline.budget import within_budget
from aggregator.pipeline.coverage import older_end
from aggregator.pipeline.echo import Echo
from aggregator.pipeline.linked import Pages
from aggregator.pipeline.nature import homes
from aggregator.pipeline.poll import landing_of, recalled
from aggregator.run.deciding import turn
from aggregator.run.judging import wanted_stories
from aggregator.run.turns import say_read_back, say_reading_back
from aggregator.store import Landing

# A run that is under way may take as long.
_MOST_WAITING_SECONDS = 3600.0
# Of a platform's requests of a day: the rest is for what is new.
_PART_OF_A_DAY = 0.75
# A run that waits looks more often.
_PAUSE_SECONDS = 0.3


def begun(app: App, source: Source, since: datetime | None) -> Backfill | None:
    """The back-fill to go on with, or a new one; None when all that is wanted was read before."""
    known, opened = app.store.gaps.backfills().get(source.id), app.store.gaps.open().get(source.id, ())
    return further(source.id, known, since=since, opened=opened, at=app.clock())


def read_further(
    app: App,
    source: Source,
    collector: Collector,
    backfill: Backfill,
    *,
    tell: Callable[[Step], None] = lambda step: None,
    waiting: Callable[[], None] = lambda: None,
    most: int | None = None,
) -> ReadBack:
    """Read a source back until what is wanted is read, the process is asked to stop, or the platform wants rest.

    Args:
        backfill: as `begun` gave it.
        tell: hears of every page that has landed.
        waiting: called when another run has to end first.
        most: pages that are read at most; None: all.
    """
    walk = _Walk(app, source, collector, backfill, tell=tell, waiting=waiting)
    try:
        return walk.run(most)
    except Stopped:
        return walk.outcome(stopped=True)
    except RateLimited as error:
        return walk.outcome(waits=str(error))
    except (MissingSecret, SourceError) as error:
        return walk.outcome(failed=str(error))
    finally:
        keep_learned(app)
        say_read_back(app)


class _Walk:
    """One back-fill, as far as one process takes it."""

    def __init__(
        self,
        app: App,
        source: Source,
        collector: Collector,
        backfill: Backfill,
        *,
        tell: Callable[[Step], None],
        waiting: Callable[[], None],
    ) -> None:
        self._app, self._source, self._collector, self._backfill = app, source, collector, backfill
        self._tell, self._waiting = tell, waiting
        self._matcher, self._echo = app.matcher(), Echo.of(app.settings, app.store)
        self._known_pages, self._keeps = Pages(app.store.pages()), frozenset(wanted_stories(app))
        self._step = Step(reached=backfill.reached, done=part(backfill))
        self._remarks: dict[str, None] = {}
        self._closed: tuple[Gap, ...] = ()
        self._lowest: datetime | None = None
        # Gaps that it leaves itself.
        self._left: tuple[Gap, ...] = ()
        # All that was wanted before is read, and more is wanted now; None: not known yet.
        self._extended: bool | None = None
        # The last page said that what is older is kept back, or none has come yet.
        self._short = True

    def run(self, most: int | None) -> ReadBack:
        """Page after page."""
        app, source, pages, cursors = self._app, self._source, None, set[str]()
        while most is None or self._step.pages < most:
            with turn(app, seconds=_MOST_WAITING_SECONDS, waiting=self._waiting):
                say_reading_back(app)
                relearn(app)
                if pages is None:
                    cursor, http = self._begin(anew=self._extended is False)
                    pages = self._pages(http, cursor)
                page = next(pages, None)
                if page is None and self._extended and not self._step.entries:
                    # The platform's own cursor says that it was at its end, which was that of what had been wanted.
                    self._backfill = Backfill(source=source.id, begun_at=app.clock(), wanted=self._backfill.wanted)
                    pages, self._extended = None, False
                    cursors.clear()
                    continue
                if page is None:
                    return self._finished()
                if page.entries and page.cursor in cursors:
                    raise Unreadable("reading back: the platform gave the same page a second time")
                cursors.add(page.cursor)
                http.take()
                self._land(page, app.store.state(source.id))
                keep_learned(app)
            self._tell(self._step)
            if app.stop.is_set() or app.stop.wait(_PAUSE_SECONDS):
                return self.outcome(stopped=True)
        return self.outcome()

    def outcome(self, *, stopped: bool = False, waits: str = "", failed: str = "") -> ReadBack:
        """How it stands."""
        remarks = tuple(self._remarks)
        return ReadBack(step=self._step, stopped=stopped, waits=waits, failed=failed, remarks=remarks, closed=self._closed)

    def _begin(self, *, anew: bool) -> tuple[str, SourceHttp]:
        app, source = self._app, self._source
        known = app.store.gaps.backfills().get(source.id)
        anew = anew or known is None or known.begun_at != self._backfill.begun_at
        self._extended = not anew and known is not None and known.done
        app.store.gaps.look_back(self._backfill, anew=anew)
        # Without what servers gave to ask "has it changed?" with: what is old has not, and is wanted all the same.
        http = app.http(source, self._collector, SourceState(source=source.id), part=_PART_OF_A_DAY, anew=True)
        return app.store.state(source.id).backfill_cursor, http

    def _pages(self, http: SourceHttp, cursor: str) -> Iterator[Page]:
        collector, since = self._collector, self._backfill.wanted
        assert isinstance(collector, Backfills)
        return within_budget(
            lambda asked: collector.backfill(asked, since, cursor),
            self._source,
            collector,
            http=http,
            ledger=self._app.ledger,
            clock=self._app.clock,
        )

    def _land(self, page: Page, state: SourceState) -> None:
        app, at = self._app, self._app.clock()
        self._backfill, self._lowest = after(self._backfill, page, at), earlier(self._lowest, older_end(page.entries, at))
        gap, self._short = left_out(self._backfill, page, at)
        self._left += (gap,) if gap else ()
        landing = replace(self._landing(page, state, at), backfill=self._backfill, gaps=(gap,) if gap else ())
        landed = app.store.land(landing)
        self._remarks.update(dict.fromkeys(landing.remarks))
        self._step = Step(
            pages=self._step.pages + 1,
            entries=self._step.entries + len(page.entries),
            landed=self._step.landed + landed,
            reached=self._backfill.reached,
            done=part(self._backfill),
        )

    def _landing(self, page: Page, state: SourceState, at: datetime) -> Landing:
        """What of a page is written: for the archive, whatever its age."""
        app, source, collector = self._app, self._source, self._collector
        landing = landing_of(
            page,
            source,
            Learned(),
            matcher=self._matcher,
            at=at,
            quiet=True,
            # Asked for each page: what is taken down while this goes on for hours does not come back.
            refusals=app.refusals(),
            pages=self._known_pages,
            echo=self._echo,
        )
        landing = recalled(landing, page, collector, app.store, hosts={collector.host, *homes(state.nature)}, held=state.held)
        return replace(landing, keeps=self._keeps)

    def _closing(self, at: datetime) -> tuple[Gap, ...]:
        return closed(self._backfill, at, self._app.store.gaps.open().get(self._source.id, ()), self._left)

    def _finished(self) -> ReadBack:
        """Everything that was wanted is read: down to the time that was named, or all that the platform gives."""
        self._backfill = finished(self._backfill, self._lowest, short=self._short)
        gaps = self._closing(self._app.clock())
        self._app.store.gaps.look_back(self._backfill, gaps=gaps)
        self._closed += gaps
        self._step = replace(self._step, reached=self._backfill.reached, done=1.0)
        return replace(self.outcome(), finished=True, ended=self._backfill.ended)
