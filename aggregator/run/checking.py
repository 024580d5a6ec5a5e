"""Looking again at what is shown: what its author deleted, made private or labelled since is withdrawn before the page is written.

A platform that can be asked (`Rechecks`) is asked once a day; of the others, posts and comments are looked at by their permalinks once a
day, pages once a week. What is not found is withdrawn when it was not found the time before, too; a refusal, a bot wall, a time-out or an
error of the server says nothing, since a false withdrawal is a loss as well. Every batch is written as it is answered, so a run that is
killed loses nothing but the questions in hand.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.app import App, keep_learned
from aggregator.collectors.base import Collector, Rechecks, Standing
from aggregator.errors import AggregatorError, Gone, SourceError, Unauthorized, Unreadable
from aggregator.fetch.pace import Stopped
from aggregator.model import Kind, Mention, Restriction, Source, SourceState
from aggregator.pipeline.consent import objection
from aggregator.run import Job, threads
from aggregator.text.urls import host_of

log = logging.getLogger("aggregator.run")

EVERY, PAGES_EVERY = timedelta(days=1), timedelta(days=7)
"""How long it is enough that a post, or a page, was seen to be public."""
MOST, MOST_OF_A_SOURCE, MOST_PAGES = 500, 100, 40
"""Mentions looked at in one run, in all and of one source; and permalinks. The rest is found by the next run."""
LONG = timedelta(days=3)
"""Longer than this without an answer is told to the operator."""
_AT_ONCE = 25
_POSTS = frozenset({Kind.POST, Kind.COMMENT})
_PAGES = frozenset(Kind) - _POSTS
# Name under which the store remembers since when sources, or hosts of permalinks, could not be asked.
_SILENT = "unchecked since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What looking again found."""

    looked: int = 0
    # Public no more, and withdrawn.
    withdrawn: int = 0
    # Not found for the first time.
    missed: int = 0
    # Not answered for.
    unknown: int = 0
    # Why a source or a host could not be asked, a line each.
    problems: tuple[str, ...] = ()

    def __add__(self, other: Checked) -> Checked:
        return Checked(
            looked=self.looked + other.looked,
            withdrawn=self.withdrawn + other.withdrawn,
            missed=self.missed + other.missed,
            unknown=self.unknown + other.unknown,
            problems=self.problems + other.problems,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What one job looks at."""

    mentions: tuple[Mention, ...]
    ask: Callable[[Sequence[Mention]], Iterator[Standing]]


def check_again(app: App) -> Checked:
    """Look at what is due; with a recording instead of a network nothing is, since it says only how things were."""
    if not app.client.live:
        return Checked()
    at = app.clock()
    work = {**_sources_due(app, at), **_pages_due(app, at)}
    checker = _Checker(app, work, at)
    done = sum(threads.run(work, checker.handle, width=app.settings.fetch.width, stopping=app.stop.is_set), Checked())
    checker.remember()
    if work:
        keep_learned(app)
    return done


def waiting(app: App) -> int:
    """How many shown posts wait to be looked at again."""
    return app.store.checks.waiting(app.clock() - EVERY, sources=_asked(app).keys())


def silent_for_long(app: App) -> Mapping[str, datetime]:
    """Sources, or hosts of permalinks, that have not answered for longer than `LONG`, with since when."""
    return {name: since for name, since in _silent(app).items() if since < app.clock() - LONG}


def _silent(app: App) -> dict[str, datetime]:
    kept = json.loads(app.store.note(_SILENT) or "{}")
    return {name: datetime.fromisoformat(since) for name, since in kept.items()}


def _asked(app: App) -> Mapping[str, tuple[Source, Collector]]:
    """The sources whose platforms can be asked."""
    return {source.id: (source, collector) for source, collector in app.sources if isinstance(collector, Rechecks)}


def _sources_due(app: App, at: datetime) -> dict[Job, _Work]:
    asked = _asked(app)
    closer = {id for id, (_source, collector) in asked.items() if isinstance(collector, Rechecks) and collector.looks_closer}
    found: dict[str, list[Mention]] = defaultdict(list)
    for mention in app.store.checks.due(at - EVERY, MOST, sources=asked.keys(), unchecked=closer):
        found[mention.source].append(mention)
    work = {}
    for id, mentions in found.items():
        source, collector = asked[id]
        job = Job(name="check", subject=id, lane=collector.host)
        work[job] = _Work(mentions=tuple(mentions[:MOST_OF_A_SOURCE]), ask=_through(app, source, collector))
    return work


def _through(app: App, source: Source, collector: Collector) -> Callable[[Sequence[Mention]], Iterator[Standing]]:
    """Ask a platform. What was learned of the source's own pages is left out: an answer that nothing has changed would say nothing here."""

    def ask(mentions: Sequence[Mention]) -> Iterator[Standing]:
        assert isinstance(collector, Rechecks)
        http = app.http(source, collector, SourceState(source=source.id))
        return collector.recheck(http, [mention.entry for mention in mentions])

    return ask


def _pages_due(app: App, at: datetime) -> dict[Job, _Work]:
    """Permalinks of what no platform can be asked about, by host."""
    from aggregator.pipeline.embedding import embed_of
    from aggregator.pipeline.enrich import worth_reading

    checks, asked, intranet = app.store.checks, _asked(app).keys(), bool(app.settings.fetch.allow_networks)
    due = (
        *checks.due(at - EVERY, MOST_PAGES, but=asked, kinds=_POSTS),
        *checks.due(at - PAGES_EVERY, MOST_PAGES, but=asked, kinds=_PAGES),
    )
    closed = [one for one in due if not worth_reading(one.entry.url, intranet=intranet) and not embed_of(one.entry.url)]
    # Places that show programs nothing but a wall are not asked; they must not stand in the way of the others.
    checks.checked(map(_name, closed), at)
    found: dict[str, list[Mention]] = defaultdict(list)
    for mention in due[:MOST_PAGES]:
        if mention not in closed:
            found[host_of(mention.entry.url)].append(mention)
    return {
        Job(name="check", subject=f"pages of {host}", lane=host): _Work(mentions=tuple(mentions), ask=_permalinks(app, at))
        for host, mentions in found.items()
    }


def _permalinks(app: App, at: datetime) -> Callable[[Sequence[Mention]], Iterator[Standing]]:
    def ask(mentions: Sequence[Mention]) -> Iterator[Standing]:
        for mention in mentions:
            if standing := _at_its_address(app, mention, at):
                yield standing

    return ask


def _at_its_address(app: App, mention: Mention, at: datetime) -> Standing | None:
    """How an entry stands by its permalink; None when the answer is none: a refusal, robots.txt, another type."""
    from aggregator.pipeline.embedding import embed_of
    from aggregator.pipeline.enrich import account_of
    from aggregator.run.embeds import ask_embed
    from aggregator.text.page import NOINDEX

    entry = mention.entry
    try:
        reply = ask_embed(app.client, entry.url) if embed_of(entry.url) else app.client.page(entry.url)
    except Gone:
        return Standing(native_id=entry.native_id, found=False)
    except (Unauthorized, Unreadable):
        return None
    asks = "noindex" in reply.headers.get("x-robots-tag", "").lower() or NOINDEX in account_of(reply, at).notes
    # A page that asks not to be indexed is linked to and not quoted; a post that does is not shown.
    said = (Restriction.NOINDEX,) if asks and entry.kind in _POSTS else ()
    return Standing(native_id=entry.native_id, found=True, restrictions=said)


class _Checker:
    """Does the jobs of one run, and keeps in mind who did not answer."""

    def __init__(self, app: App, work: Mapping[Job, _Work], at: datetime) -> None:
        self._app = app
        self._work = work
        self._at = at
        self._agreed = {source.id for source in app.settings.sources if source.agreed}
        self._answered: set[str] = set()
        self._silent: set[str] = set()

    def handle(self, job: Job) -> Checked:
        """Look at what a job names; what is not one of our errors is a bug, and fails this job alone."""
        work, done = self._work[job], Checked()
        try:
            for start in range(0, len(work.mentions), _AT_ONCE):
                if self._app.stop.is_set():
                    return done
                done += self._batch(work, work.mentions[start : start + _AT_ONCE])
        except Stopped:
            return done
        except AggregatorError as error:
            # Others come first until this one is asked again, or it would be in their way every time.
            self._app.store.checks.checked(map(_name, work.mentions), self._at)
            self._silent.add(job.subject)
            return done + Checked(problems=(f"{job.subject}: {error}",))
        except Exception as error:
            log.error("%s failed by a bug in the program:\n%s", job.key, traceback.format_exc())
            return done + Checked(problems=(f"{job.subject}: bug in the program: {type(error).__name__}: {error}",))
        self._answered.add(job.subject)
        return done

    def _batch(self, work: _Work, mentions: Sequence[Mention]) -> Checked:
        """Ask about some and write what was answered, also when the answer breaks off."""
        standings: dict[str, Standing] = {}
        try:
            for standing in work.ask(mentions):
                standings[standing.native_id] = standing
        except SourceError:
            self._write([mention for mention in mentions if mention.entry.native_id in standings], standings)
            raise
        return self._write(mentions, standings)

    def _write(self, mentions: Sequence[Mention], standings: Mapping[str, Standing]) -> Checked:
        checks, closed, missing, rest, unknown = self._app.store.checks, [], [], [], 0
        for mention in mentions:
            standing = standings.get(mention.entry.native_id)
            if standing is None:
                unknown += 1
                rest.append(_name(mention))
            elif not standing.found:
                missing.append(_name(mention))
            elif objection(standing.visibility, standing.restrictions, agreed=mention.source in self._agreed):
                closed.append(_name(mention))
            else:
                rest.append(_name(mention))
        checks.checked(rest, self._at)
        gone = (*closed, *checks.missed(missing, self._at))
        withdrawn = checks.closed(gone, self._at) if gone else 0
        return Checked(looked=len(mentions), withdrawn=withdrawn, missed=len(missing) + len(closed) - len(gone), unknown=unknown)

    def remember(self) -> None:
        """Write down since when those have not answered that did not; who was not asked stays as it was."""
        before = _silent(self._app)
        after = {name: since for name, since in before.items() if name not in self._answered}
        after |= {name: self._at for name in self._silent if name not in before}
        if after != before:
            kept = {name: since.isoformat() for name, since in sorted(after.items())}
            self._app.store.remember(_SILENT, json.dumps(kept))


def _name(mention: Mention) -> tuple[str, str]:
    return mention.source, mention.entry.native_id
