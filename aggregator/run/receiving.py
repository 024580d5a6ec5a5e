"""Webmentions and suggested links that came in at `serve`, looked at by the next run: one request each, at the pace of its host.

What is true becomes a mention that waits for the steward (`pipeline.submitted`). A webmention is looked at again every week as long as its
mention stands.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from aggregator.app import App
from aggregator.curation.naming import BY_WEBMENTION, SOURCE, SUGGESTED
from aggregator.errors import Action, AggregatorError, Gone, SourceError
from aggregator.fetch import Learned
from aggregator.fetch.pace import Stopped
from aggregator.model import DecisionKind, Mention, Page, Source
from aggregator.pipeline.echo import Echo
from aggregator.pipeline.submitted import Read, entry_of, read_of, sources, waiting
from aggregator.pipeline.takedown import Refusals
from aggregator.run import Job, threads
from aggregator.run.suggested import SECONDS, read_suggested
from aggregator.store.private import Submission, SubmissionKind
from aggregator.text.urls import canonical, host_of

log = logging.getLogger("aggregator.run")

MOST = 100
"""Looked at in one run; the rest is found by the next."""
MOST_HELD = 200
"""Webmentions, and suggestions, that wait for the steward at a time: more nobody reads, and anybody can send them."""
EVERY = timedelta(days=7)
"""How long it is enough that a page was seen to link here."""
# Who is named in a webmention has not asked for our visits: one a day.
_WAITS = (timedelta(days=1),) * 3


class Ending(StrEnum):
    """What became of one submission."""

    LANDED = "landed"
    # It is on the page already, or was taken down, or is not what it says.
    DROPPED = "dropped"
    WITHDRAWN = "withdrawn"
    # As many wait as may; it is not kept.
    FULL = "full"
    # Its page could not be read: it is looked at again, or no more.
    LATER = "later"
    STOPPED = "stopped"
    BUG = "bug"


def receive(app: App) -> tuple[Ending, ...]:
    """Look at what came in; with a recording instead of a network nothing is, since it says only how things were."""
    serve = app.settings.digest.serve if app.settings.digest else None
    if serve is None or not (serve.webmentions or serve.suggestions):
        return ()
    now = app.clock()
    came = app.private.submissions.due(now, MOST)
    again = _due_again(app) if serve.webmentions and len(came) < MOST else ()
    if not (came or again) or not app.client.live:
        return ()
    work = {_job(one): one for one in (*again, *came)}
    desk = _Desk(app, frozenset(again))
    return tuple(threads.run(work, lambda job: desk.handle(work[job]), width=app.settings.fetch.width, stopping=app.stop.is_set))


def _job(one: Submission) -> Job:
    return Job(name="receive", subject=f"{one.kind} {one.source} {one.target}", lane=host_of(one.source))


def _due_again(app: App) -> tuple[Submission, ...]:
    """Webmentions whose mentions stand and were not looked at for a week."""
    due = app.store.checks.due(app.clock() - EVERY, MOST, sources=(BY_WEBMENTION,))
    named = [(mention, mention.entry.native_id.partition(" ")) for mention in due]
    return tuple(
        Submission(kind=SubmissionKind.WEBMENTION, source=source, target=target, at=mention.first_seen_at)
        for mention, (source, _, target) in named
    )


class _Desk:
    """Does the jobs of one run."""

    def __init__(self, app: App, again: frozenset[Submission]) -> None:
        self._app = app
        self._again = again
        # Made here and not in a thread: a client that cannot be made fails the command.
        self._client = app.client
        self._refusals: Refusals = app.refusals()
        self._matcher = app.matcher()
        self._echo = Echo.of(app.settings, app.store)
        self._at = app.clock()
        self._sources = sources(app.settings.topics)
        app.store.register((*app.settings.sources, *self._sources.values()), self._at)
        self._approved = {one.subject for one in app.store.decisions.standing() if one.kind is DecisionKind.APPROVE}
        self._held, self._turn = held_ids(app), threading.Lock()
        self._trusted = {kind for kind, source in self._sources.items() if f"{SOURCE}{source.id}" in self._approved}

    def handle(self, one: Submission) -> Ending:
        """Look at one; what is not one of our errors is a bug, and fails this one alone."""
        look: Callable[[Submission], Ending] = self._webmention if one.kind is SubmissionKind.WEBMENTION else self._suggestion
        try:
            ending = look(one)
        except Stopped:
            return Ending.STOPPED
        except AggregatorError as error:
            log.warning("looking at a %s: %s", one.kind, error)
            return Ending.LATER
        except Exception as error:
            # Its words may hold what a stranger sent.
            log.error(
                "a %s failed by a bug in the program: %s\n%s",
                one.kind,
                type(error).__name__,
                "".join(traceback.format_tb(error.__traceback__)),
            )
            ending = Ending.BUG
        if ending is not Ending.LATER and one not in self._again:
            self._app.private.submissions.done(one)
        return ending

    def _webmention(self, one: Submission) -> Ending:
        from aggregator.pipeline import webmentions

        source, id = self._sources[one.kind], f"{one.source} {one.target}"
        if webmentions.refused(one.source, one.target, self._app.settings):
            # The configuration has changed since.
            return Ending.DROPPED
        if self._refused(one.source):
            return Ending.DROPPED
        try:
            reply = self._client.page(one.source, accept=webmentions.ACCEPT, types=webmentions.TYPES, seconds=SECONDS, purpose="Webmention")
        except Gone:
            return self._withdrawn(source, id)
        except SourceError as error:
            return self._later(one, error)
        kind = webmentions.relation(reply, one.target)
        if kind is None:
            return self._withdrawn(source, id)
        if one in self._again:
            self._app.store.checks.checked([(source.id, id)], self._at)
        return self._land(one, source, id, read_of(canonical(one.source), reply, self._at, kind=kind))

    def _suggestion(self, one: Submission) -> Ending:
        if self._refused(one.source):
            return Ending.DROPPED
        read = read_suggested(self._app, one.source, self._at)
        return self._land(one, self._sources[one.kind], read.link.key, read) if read else Ending.DROPPED

    def _refused(self, address: str) -> bool:
        return self._refusals.covers_key(canonical(address).key)

    def _land(self, one: Submission, source: Source, id: str, read: Read) -> Ending:
        from aggregator.pipeline.poll import landing_of

        if self._refusals.covers_link(read.link) or self._is_known(read.link.key, source, id):
            return Ending.DROPPED
        if one.kind not in self._trusted and not read.noindex and self._stands_approved(read.link.key, source, id):
            # What a page says of itself after that, nobody has looked at.
            return Ending.LANDED
        entry = entry_of(one, id, read)
        if self._echo.followed(entry, entry.links) is None:
            # It answers our page and no story: it was sent to us all the same, and stands for itself.
            entry = replace(entry, links=())
        page = Page(entries=(entry,), cursor="")
        landing = landing_of(
            page, source, Learned(), matcher=self._matcher, at=self._at, quiet=False, refusals=self._refusals, echo=self._echo
        )
        if not landing.mentions:
            return Ending.DROPPED
        if one.kind not in self._trusted and not self._has_room(one, read.link.key, source, id):
            return Ending.FULL
        mentions = tuple(waiting(mention, one, trusted=one.kind in self._trusted) for mention in landing.mentions)
        self._app.store.land(replace(landing, mentions=mentions))
        return Ending.LANDED

    def _has_room(self, one: Submission, key: str, source: Source, id: str) -> bool:
        """Whether it may wait with the others, and from here on does. What stands or waits already takes no room."""
        if one in self._again or self._own(key, source, id):
            return True
        with self._turn:
            waits = self._held[source.id]
            if id not in waits and len(waits) >= MOST_HELD:
                return False
            waits.add(id)
        return True

    def _is_known(self, key: str, source: Source, id: str) -> bool:
        """Whether something else has brought it already: then the steward is not asked again."""
        story_id = self._app.store.story_of(key)
        story = self._app.store.story(story_id) if story_id is not None else None
        return story is not None and not any((one.source, one.entry.native_id) == (source.id, id) for one in story.mentions)

    def _stands_approved(self, key: str, source: Source, id: str) -> bool:
        return any(one.identity.subject in self._approved for one in self._own(key, source, id))

    def _own(self, key: str, source: Source, id: str) -> list[Mention]:
        """What the same submission brought before."""
        story_id = self._app.store.story_of(key)
        story = self._app.store.story(story_id) if story_id is not None else None
        return [one for one in story.mentions if (one.source, one.entry.native_id) == (source.id, id)] if story is not None else []

    def _withdrawn(self, source: Source, id: str) -> Ending:
        """The page is gone or links here no more (§3.2.4): a mention that stands goes."""
        return Ending.WITHDRAWN if self._app.store.remove_mentions([(source.id, id)]) else Ending.DROPPED

    def _later(self, one: Submission, error: SourceError) -> Ending:
        """A page that cannot be read now is asked for again, a few times; one that refuses is not."""
        passing = error.action in (Action.RETRY, Action.WAIT)
        if one in self._again:
            self._app.store.checks.checked([(BY_WEBMENTION, f"{one.source} {one.target}")], self._at)
            return Ending.LATER
        if not passing or one.tries >= len(_WAITS):
            return Ending.DROPPED
        due_at = self._at + _WAITS[one.tries]
        self._app.private.submissions.later(one, max(due_at, error.retry_at) if error.retry_at else due_at)
        return Ending.LATER


def held_ids(app: App) -> dict[str, set[str]]:
    """Native ids of what waits for the steward, by the source of each way."""
    from aggregator.run.deciding import curated

    found: dict[str, set[str]] = {BY_WEBMENTION: set(), SUGGESTED: set()}
    for mention in (mention for held in curated(app).held for mention in held.story.mentions):
        if mention.source in found:
            found[mention.source].add(mention.entry.native_id)
    return found


def told(endings: Sequence[Ending]) -> str:
    """One line for people; "" when there is nothing to say."""
    landed = sum(ending is Ending.LANDED for ending in endings)
    links = "One link that a stranger sent waits" if landed == 1 else f"{landed} links that strangers sent wait"
    lines = [f"{links} for `aggregator review`."] if landed else []
    if full := sum(ending is Ending.FULL for ending in endings):
        dropped = "One more was" if full == 1 else f"{full} more were"
        lines.append(f"{dropped} dropped, since {MOST_HELD} of its kind wait already. Decide with `aggregator review` to make room.")
    return " ".join(lines)
