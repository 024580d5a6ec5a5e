"""What strangers send here for the page itself: webmentions, and links that readers suggest. A GET changes nothing.

Both are written down and answered at once; the next run asks for the page and holds what is true for the steward. Nobody is told whether
anything is known already, and of who sent it nothing is kept: networks are counted in memory alone.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urldefrag

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from aggregator.clock import Clock
from aggregator.pipeline.webmentions import refused
from aggregator.settings import Serve, Settings
from aggregator.store.private import PrivateStore, Submission, SubmissionKind
from aggregator.text.urls import host_of
from aggregator.web.bodies import Fields, form_of, one
from aggregator.web.guarding import from_elsewhere
from aggregator.web.networks import network_of
from aggregator.web.pages import Pages
from aggregator.web.signup import ELSEWHERE
from aggregator.web.stamps import Stamps
from aggregator.web.suggestion import suggested_of
from aggregator.web.turnstile import Turnstile, after

log = logging.getLogger("aggregator.web")

WINDOW = timedelta(days=1)
PER_NETWORK = 30
"""A reader's suggestions of a day, or a blog's webmentions after it was moved; a program is stopped soon."""
PER_HOST = 60
"""Pages of one site: who sends more than a steward can look at in a day has something else in mind."""
PER_PAGE = 5
"""One page, whatever it is said to link to: looking at it is a visit that its owner has not asked for."""
PER_DAY = 400
MOST_WAITING = 500
"""That wait for the next run, of both kinds together."""
# Sends on for thousands of people what they said elsewhere; counted among all alone.
_SENDERS_ON = frozenset({"brid.gy", "fed.brid.gy", "web.brid.gy", "ap.brid.gy", "bsky.brid.gy"})

_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Submitting:
    """The endpoints, as far as they are configured."""

    def __init__(
        self, settings: Settings, serve: Serve, private: PrivateStore, pages: Pages, *, clock: Clock, client: Callable[[Request], str]
    ) -> None:
        """`client`: the address of who asks, "" when it is not known."""
        self._settings = settings
        self._serve = serve
        self._private = private
        self._pages = pages
        self._clock = clock
        self._client = client
        self._turnstile = Turnstile(most=PER_NETWORK, window=WINDOW)

    def routes(self) -> list[Route]:
        """Those that are configured."""
        routes = [Route("/webmention", self._webmention, methods=["POST"])] if self._serve.webmentions else []
        if self._serve.suggestions:
            routes += [Route("/suggest", self._form), Route("/suggest", self._suggest, methods=["POST"])]
        return routes

    async def _webmention(self, request: Request) -> Response:
        """W3C Webmention §3.2: 202 for what will be looked at, 400 for a mistake of the sender."""
        fields = await form_of(request)
        if fields is None:
            return _plain("Send a form with source and target.", 400)
        return await run_in_threadpool(self._take_webmention, request, fields)

    def _take_webmention(self, request: Request, fields: Fields) -> Response:
        source, target = one(fields, "source").strip(), one(fields, "target").strip()
        if why := refused(source, target, self._settings):
            return _plain(why, 400)
        now = self._clock()
        if wait := self._turnstile.wait(network_of(self._client(request)), now):
            return _plain("That were too many for a day. Come back later.", 429, after(wait))
        bare = Submission(kind=SubmissionKind.WEBMENTION, source=urldefrag(source)[0], target=target, at=now)
        if not self._take(bare, now):
            return _plain("Too much waits here to be looked at. Come back later.", 503, after(timedelta(hours=1)))
        return _plain("Thank you. It is looked at before it is shown.", 202)

    def _form(self, request: Request) -> Response:
        return HTMLResponse(self._pages.suggest(self._stamps().stamp(self._clock())))

    async def _suggest(self, request: Request) -> Response:
        fields = await form_of(request)
        if fields is None:
            return HTMLResponse(self._pages.refused("form"), 415)
        return await run_in_threadpool(self._take_suggestion, request, fields)

    def _take_suggestion(self, request: Request, fields: Fields) -> Response:
        """The same answer for every well-formed address, whether it is known, unwanted or new."""
        now, stamps = self._clock(), self._stamps()
        sent = suggested_of(fields, stamps, now, intranet=bool(self._settings.fetch.allow_networks))
        if from_elsewhere(request.headers, self._serve.url):
            return HTMLResponse(self._pages.suggest(stamps.stamp(now), sent.with_problem(ELSEWHERE)), 403)
        if sent.problems and not sent.trapped:
            return HTMLResponse(self._pages.suggest(sent.stamp or stamps.stamp(now), sent), 422)
        if wait := self._turnstile.wait(network_of(self._client(request)), now):
            return HTMLResponse(self._pages.refused("crowd"), 429, after(wait))
        link = Submission(kind=SubmissionKind.SUGGESTION, source=sent.url, title=sent.title, note=sent.note, at=now)
        if not sent.trapped and not self._take(link, now):
            return HTMLResponse(self._pages.refused("sated"), 503, after(timedelta(hours=1)))
        return HTMLResponse(self._pages.suggested())

    def _take(self, submission: Submission, now: datetime) -> bool:
        """Write it down, unless there were too many of its host or of all within a day, or too much waits. The same once more is taken."""
        host = host_of(submission.source)
        counted = [("submissions", "all", PER_DAY), ("submitted page", submission.source, PER_PAGE)]
        if host not in _SENDERS_ON:
            counted.append(("submitted host", host, PER_HOST))
        if self._private.subscribers.too_many(counted, at=now, since=now - WINDOW):
            log.warning("a %s was over a limit, and not taken", submission.kind)
            return False
        return self._private.submissions.put(submission, most=MOST_WAITING)

    def _stamps(self) -> Stamps:
        return Stamps(self._private.keys.signing())


def _plain(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers)
