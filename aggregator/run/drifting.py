"""Whether platforms still answer as they did: one page of each source, compared with the shape of the recorded replies."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.app import App, keep_learned
from aggregator.collectors.base import Collector
from aggregator.errors import AggregatorError, MissingSecret, Unavailable
from aggregator.fetch import Http, Params, Reply
from aggregator.model import Source, SourceState
from aggregator.pipeline.shapes import Seen, asked_for, gone_from, shapes
from aggregator.run import CUT_OFF, Job, threads
from aggregator.run.sampling import opening

log = logging.getLogger("aggregator.run")

# Name under which the store remembers what the last check found.
_DRIFT = "drift"


class Tee:
    """An `Http` that keeps every good reply beside giving it on. Bodies live as long as it does."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.seen: list[Seen] = []

    @property
    def authorised(self) -> bool:
        return self._http.authorised

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        return self._kept("GET", self._http.get(url, params=params, accept=accept, auth=auth))

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        return self._kept("GET", self._http.page(url, fresh=fresh))

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        return self._kept("POST", self._http.post(url, json=json, accept=accept, auth=auth))

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        return self._kept("CONVERSE", self._http.converse(url, say=say, until=until))

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        return self._kept("RUN", self._http.run(program, *arguments, say=say))

    def messages(self, url: str, *, after: int, most: int) -> Reply:
        return self._kept("MESSAGES", self._http.messages(url, after=after, most=most))

    def _kept(self, method: str, reply: Reply) -> Reply:
        kind = reply.headers.get("content-type", "")
        self.seen.append(Seen(method=method, url=reply.asked, body=reply.body, content_type=kind))
        return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one page of one source showed."""

    source: Source
    # Each with its question.
    replies: tuple[tuple[str, Seen], ...] = ()
    # Why it was not read; "": it was.
    problem: str = ""
    # True: it was left out on purpose, because it costs money or wants a key.
    skipped: bool = False
    # True: its host could not be reached at all.
    unreachable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What a check found."""

    at: datetime
    # By platform and question: the marks that are gone.
    gone: Mapping[str, Mapping[str, Sequence[str]]]
    # By source: why it was not compared.
    unread: Mapping[str, str]
    # Platforms whose replies were compared.
    compared: Sequence[str]
    # True: a source could not be read although it should have been.
    failed: bool = False
    # True: several were asked, and the host of none could be reached.
    cut_off: bool = False


def check_shapes(app: App) -> Drift:
    """Ask each source for one page, hosts side by side, compare, and remember what was found; nothing that was read is kept."""
    work = {Job(name="shape", subject=source.id, lane=collector.host): (source, collector) for source, collector in app.sources}

    def handle(job: Job) -> Looked:
        source, collector = work[job]
        try:
            return _look(app, source, collector)
        except Exception as error:
            log.error("%s failed by a bug in the program:\n%s", job.key, traceback.format_exc())
            return Looked(source=source, problem=f"bug in the program: {type(error).__name__}: {error}")

    looked = list(threads.run(work, handle, width=app.settings.fetch.width, stopping=app.stop.is_set))
    found = _compared(looked, app.clock())
    keep_learned(app)
    app.store.remember(_DRIFT, _written(found))
    return found


def last_check(app: App) -> Drift | None:
    """What the last check found; None: there was none yet."""
    kept = app.store.note(_DRIFT)
    if not kept:
        return None
    said = json.loads(kept)
    return Drift(at=datetime.fromisoformat(said["at"]), gone=said["gone"], unread=said["unread"], compared=said["compared"])


def _look(app: App, source: Source, collector: Collector) -> Looked:
    if collector.manifest.price is not None:
        return Looked(source=source, problem="it costs money, so it is not asked for this", skipped=True)
    tee = Tee(app.http(source, collector, SourceState(source=source.id)))
    try:
        # A reply that the collector could not make out is compared all the same, and says what went.
        opening(collector.poll(tee, ""), collector)
    except MissingSecret as error:
        looked = Looked(source=source, problem=str(error), skipped=True)
    except AggregatorError as error:
        unreachable = isinstance(error, Unavailable) and error.status is None
        looked = Looked(source=source, problem=str(error), unreachable=unreachable)
    else:
        looked = Looked(source=source)
    return replace(looked, replies=tuple((asked_for(seen, source.options), seen) for seen in tee.seen))


def _compared(looked: Sequence[Looked], at: datetime) -> Drift:
    replies: dict[str, list[tuple[str, Seen]]] = {}
    for one in sorted(looked, key=lambda one: one.source.id):
        replies.setdefault(one.source.platform, []).extend(one.replies)
    gone = {platform: found for platform, seen in sorted(replies.items()) if (found := gone_from(shapes(platform), seen))}
    unread = {one.source.id: one.problem for one in sorted(looked, key=lambda one: one.source.id) if one.problem}
    compared = [name for name, seen in sorted(replies.items()) if any(question in shapes(name) for question, _ in seen)]
    asked = [one for one in looked if not one.skipped]
    cut_off = len(asked) >= CUT_OFF and all(one.unreachable for one in asked)
    return Drift(at=at, gone=gone, unread=unread, compared=compared, failed=any(one.problem for one in asked), cut_off=cut_off)


def _written(found: Drift) -> str:
    gone = {platform: {question: list(marks) for question, marks in of.items()} for platform, of in found.gone.items()}
    said = {"at": found.at.isoformat(), "gone": gone, "unread": dict(found.unread), "compared": list(found.compared)}
    return json.dumps(said, ensure_ascii=False, sort_keys=True)
