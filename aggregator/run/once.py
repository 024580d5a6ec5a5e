"""The main job: one tick under the run lock, then the page. What cron calls."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.run.checking import Checked, check_again
from aggregator.run.deciding import sync
from aggregator.run.jobs import Done, Ending, polls_due, tick
from aggregator.run.judging import Judged, judge_again
from aggregator.run.turns import run_turn
from aggregator.store import Landed

if TYPE_CHECKING:
    from aggregator.publish.site import Published

# Longer than this without one good poll of any source, and a run says so with an exit code of its own.
PROMISED = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run did."""

    # Another run holds the lock, and nothing was done.
    locked: bool = False
    polls: tuple[Done, ...] = ()
    links: tuple[Done, ...] = ()
    # How comparing what came with all others ended; empty when the process was asked to stop before.
    clustered: tuple[Done, ...] = ()
    # Sources that are switched on and were not asked, because their time has not come or they are paused.
    waiting: int = 0
    # None: the page was not asked for.
    published: Published | None = None
    # Nothing could be read for longer than `PROMISED`.
    silent: bool = False
    # What became of what was known when the topics had changed; None: they had not.
    judged: Judged | None = None
    # What looking again at shown posts found.
    checked: Checked = field(default_factory=Checked)
    # The process was asked to stop before all was done.
    stopped: bool = False
    # What curation.yaml changed that the steward should know, whole sentences.
    remarks: tuple[str, ...] = ()
    # Why curation.yaml could not be followed; the decisions in the database stay in force. "": it could.
    misread: str = ""

    @property
    def landed(self) -> Landed:
        """What all polls changed together."""
        return sum((done.landed for done in self.polls), Landed())

    @property
    def exit_code(self) -> int:
        """0 done · 1 a bug · 3 curation.yaml is wrong · 4 some sources failed but the output is good · 5 nothing could be read for longer
        than promised."""
        endings = {done.ending for done in (*self.polls, *self.links, *self.clustered)}
        if Ending.BUG in endings:
            return 1
        if self.misread:
            return 3
        if self.silent:
            return 5
        return 4 if any(done.ending is Ending.FAILED for done in self.polls) else 0


def run_once(
    app: App,
    *,
    only: Collection[str] = (),
    force: bool = False,
    build: bool = True,
    dry_run: bool = False,
    begin: Callable[[int], None] = lambda count: None,
    tell: Callable[[Done], None] = lambda done: None,
) -> Ran:
    """Poll what is due, read the pages that are linked to, join what is the same, write the page.

    Args:
        only: ids of sources; all when empty.
        force: also poll sources whose time has not come.
        build: write the page afterwards.
        dry_run: say what would be written, and write nothing.
        begin: hears how many polls there will be.
        tell: hears of every job as it ends.
    """
    with run_turn(app) as held:
        if not held:
            return Ran(locked=True)
        app.store.choose(app.settings.chosen, "sources.yaml", app.clock())
        remarks, misread = _followed(app, dry_run=dry_run)
        judged = judge_again(app)
        remarks += _received(app)
        polls = polls_due(app, only=only, force=force)
        begin(len(polls))
        done = tick(app, polls, tell)
        checked = check_again(app) if build else Checked()
        # What a takedown left in the database's files because something read them.
        app.store.takedowns.wipe()
        remarks += _forgotten(app)
        published = _published(app, dry_run=dry_run) if build else None
        return Ran(
            polls=tuple(one for one in done if one.job.name == "poll"),
            links=tuple(one for one in done if one.job.name == "enrich"),
            clustered=tuple(one for one in done if one.job.name == "cluster"),
            waiting=len(app.sources) - len(polls),
            published=published,
            silent=_silent(app),
            checked=checked,
            stopped=app.stop.is_set(),
            remarks=remarks,
            misread=misread,
            judged=judged,
        )


def _followed(app: App, *, dry_run: bool) -> tuple[tuple[str, ...], str]:
    """What following curation.yaml has to say. A file that is wrong is said and stops nothing: nobody is there at night to mend it."""
    try:
        return sync(app, write=not dry_run).told, ""
    except AggregatorError as error:
        return (), str(error)


def _received(app: App) -> tuple[str, ...]:
    """What came in at `serve` and is true now waits for the steward."""
    serve = app.settings.digest.serve if app.settings.digest else None
    if serve is None or not (serve.webmentions or serve.suggestions):
        return ()
    # What opens private.db and reads pages is slow to load.
    from aggregator.run.receiving import receive, told

    line = told(receive(app))
    return (line,) if line else ()


def _forgotten(app: App) -> tuple[str, ...]:
    """What a takedown could not take out of the digest, because another process was sending."""
    if not app.store.takedowns.hashes():
        return ()
    # What reads mails is slow to load.
    from aggregator.run.forgetting import catch_up_alone

    return catch_up_alone(app)


def _published(app: App, *, dry_run: bool) -> Published:
    # What makes the page is slow to load, and a poll does not need it.
    from aggregator.run.publishing import publish_site

    return publish_site(app, dry_run=dry_run)


def _silent(app: App) -> bool:
    states = app.store.states()
    read = [states[source.id].last_ok_at for source, _ in app.sources if source.id in states]
    times = [at for at in read if at is not None]
    return bool(times) and max(times) < app.clock() - PROMISED
