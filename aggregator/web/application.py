"""Which address does what. A GET or HEAD changes nothing; what a link does is behind the button of its page."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from aggregator.clock import Clock
from aggregator.digest import limits
from aggregator.digest.membership import MEMORY, Membership
from aggregator.digest.tokens import Purpose
from aggregator.errors import StoreError
from aggregator.model import Subscriber, SubscriberState
from aggregator.settings import Settings
from aggregator.store.private import PrivateStore
from aggregator.web.afterwards import Afterwards
from aggregator.web.bodies import Fields, TooLong, form_of
from aggregator.web.guarding import Guard, from_elsewhere, strict_headers
from aggregator.web.networks import client_of, network_of, networks, unnamed_proxy
from aggregator.web.pages import Pages
from aggregator.web.signup import ELSEWHERE, Choice, Wish, choice_of, signup_of
from aggregator.web.stamps import Stamps
from aggregator.web.submitting import Submitting
from aggregator.web.turnstile import Turnstile, after

log = logging.getLogger("aggregator.web")

_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
# Seconds after which somebody is asked to try again who came when everything was full.
_BUSY_SECONDS = 10


def application(settings: Settings, private: PrivateStore, pages: Pages, *, clock: Clock, afterwards: Afterwards) -> Guard:
    """The whole server as one ASGI application.

    Args:
        afterwards: takes the wishes of those who subscribe, once they have their answer.
    """
    assert settings.digest is not None
    assert settings.digest.serve is not None
    url = settings.digest.serve.url
    answers = _Answers(settings, private, pages, clock=clock, afterwards=afterwards)
    routes = answers.routes()
    base = unquote(urlsplit(url).path).rstrip("/")
    # A proxy hands the path on with what stands in front of it, or without.
    mounted = [Mount(base, routes=routes)] if base else []
    app = Starlette(
        routes=[*routes, *mounted],
        exception_handlers={
            HTTPException: answers.astray,
            StoreError: answers.failing,
            ClientDisconnect: answers.hung_up,
            TooLong: answers.long,
            Exception: answers.broken_down,
        },
    )
    # It would lead to the host that the request names.
    app.router.redirect_slashes = False
    for mount in mounted:
        mount.app.redirect_slashes = False  # type: ignore[attr-defined]  # the router that a Mount makes of its routes
    return Guard(app, pages=pages, headers=strict_headers(url, pages.styles), templates=[route.path for route in routes])


class _Answers:
    """The endpoints."""

    def __init__(self, settings: Settings, private: PrivateStore, pages: Pages, *, clock: Clock, afterwards: Afterwards) -> None:
        assert settings.digest is not None
        assert settings.digest.serve is not None
        self._settings = settings
        self._serve = settings.digest.serve
        self._proxies = networks(self._serve.proxies)
        self._private = private
        self._membership = Membership(private, settings, clock)
        self._pages = pages
        self._clock = clock
        self._afterwards = afterwards
        # About a proxy, once.
        self._warned = False
        self._turnstile = Turnstile(most=limits.PER_NETWORK, window=limits.WINDOW)
        # For everybody together.
        self._gate = Turnstile(most=limits.PER_DAY, window=limits.WINDOW)
        self._full_until: datetime | None = None

    def routes(self) -> list[Route]:
        """Every address there is."""
        return [
            Route("/", self._form),
            Route("/subscribe", self._subscribe, methods=["POST"]),
            Route("/confirm/{token}", self._behind(self._confirm_page, self._confirm), methods=["GET", "POST"]),
            Route("/leave/{token}", self._behind(self._leave_page, self._leave), methods=["GET", "POST"]),
            Route("/change/{token}", self._behind(self._change_page, self._change), methods=["GET", "POST"]),
            Route("/health", self._health),
            *Submitting(self._settings, self._serve, self._private, self._pages, clock=self._clock, client=self._client).routes(),
        ]

    # Everybody

    def _form(self, request: Request) -> Response:
        return HTMLResponse(self._pages.subscribe(self._stamps().stamp(self._clock())), headers={"X-Robots-Tag": "all"})

    async def _subscribe(self, request: Request) -> Response:
        """The same answer after the same work for every well-formed address; whether it is known is looked up afterwards."""
        fields = await form_of(request)
        if fields is None:
            return self._refused("form", 415)
        return await run_in_threadpool(self._answer_signup, request, fields)

    def _answer_signup(self, request: Request, fields: Fields) -> Response:
        now, stamps = self._clock(), self._stamps()
        sent = signup_of(fields, self._settings, stamps, now)
        if from_elsewhere(request.headers, self._serve.url):
            return HTMLResponse(self._pages.subscribe(stamps.stamp(now), sent.with_problem(ELSEWHERE)), 403)
        if sent.problems and not sent.trapped:
            return HTMLResponse(self._pages.subscribe(sent.stamp or stamps.stamp(now), sent), 422)
        network = network_of(self._client(request))
        if wait := self._turnstile.wait(network, now):
            return self._refused("many", 429, after(wait))
        # Programs that fall into the trap are mailed nothing, and must not shut the door for people.
        if not sent.trapped and (wait := self._gate.wait("everybody", now)):
            self._tell_full(now, wait)
            return self._refused("full", 503, after(wait))
        if self._afterwards.full:
            return self._refused("busy", 503, {"Retry-After": str(_BUSY_SECONDS)})
        wish = None if sent.trapped else Wish(address=sent.address, choice=sent.choice, network=network)
        return HTMLResponse(self._pages.asked(sent.address), background=BackgroundTask(self._take_in, wish))

    def _tell_full(self, now: datetime, wait: timedelta) -> None:
        """Warn whoever looks after it, once for each time that the gate is shut."""
        if self._full_until is None or now >= self._full_until:
            self._full_until = now + wait
            log.warning(
                "%d people subscribed within a day, and nobody else is let in before it is over. Look with `aggregator subscribers list` "
                "whether it was somebody's program",
                limits.PER_DAY,
            )

    async def _take_in(self, wish: Wish | None) -> None:
        """Called when the answer has gone out: looking an address up takes as long as it takes, and must not be felt."""
        if wish is not None:
            self._afterwards.put(wish)

    def _health(self, request: Request) -> Response:
        try:
            self._private.note("health")
        except StoreError:
            return JSONResponse({"status": "failing"}, 503)
        return JSONResponse({"status": "ok"})

    # Holders of a token

    def _confirm_page(self, token: str) -> Response:
        found = self._membership.view(token, Purpose.CONFIRM)
        if found is None:
            return self._broken()
        return HTMLResponse(
            self._pages.confirmed(_chosen(found)) if found.state is SubscriberState.ACTIVE else self._pages.confirm(token, _chosen(found))
        )

    def _confirm(self, token: str, fields: Fields) -> Response:
        found = self._membership.confirm(token)
        return HTMLResponse(self._pages.confirmed(_chosen(found))) if found else self._broken()

    def _leave_page(self, token: str) -> Response:
        found = self._membership.view(token, Purpose.LEAVE)
        if found is not None and found.left_at is None:
            return HTMLResponse(self._pages.leave(token))
        return self._left(token, found)

    def _leave(self, token: str, fields: Fields) -> Response:
        """At once, whatever the body says: RFC 8058 sends "List-Unsubscribe=One-Click", our own page nothing."""
        self._membership.leave(token)
        return self._left(token, self._membership.view(token, Purpose.LEAVE))

    def _left(self, token: str, found: Subscriber | None) -> Response:
        """Also for a link of somebody whose address is erased: what the link is for is done."""
        if found is None and self._membership.tokens.read(token, Purpose.LEAVE) is None:
            return self._broken()
        left_at = found.left_at if found else None
        return HTMLResponse(self._pages.left(self._stamps().stamp(self._clock()), left_at + MEMORY if left_at else None))

    def _change_page(self, token: str) -> Response:
        found = self._membership.view(token, Purpose.CHANGE)
        return HTMLResponse(self._pages.change(token, _chosen(found))) if found else self._broken()

    def _change(self, token: str, fields: Fields) -> Response:
        found = self._membership.view(token, Purpose.CHANGE)
        choice, problems = choice_of(fields, self._settings)
        if found is None:
            return self._broken()
        if problems:
            return HTMLResponse(self._pages.change(token, _chosen(found), problems), 422)
        if not self._membership.change(token, rhythm=choice.rhythm, topics=choice.topics):
            return self._broken()
        return HTMLResponse(self._pages.change(token, choice, saved=True))

    def _behind(self, show: Callable[[str], Response], do: Callable[[str, Fields], Response]) -> _Endpoint:
        """A page with a button, and what the button does."""

        async def endpoint(request: Request) -> Response:
            token = request.path_params["token"]
            if request.method != "POST":
                return await run_in_threadpool(show, token)
            return await run_in_threadpool(do, token, await form_of(request) or {})

        return endpoint

    # What goes wrong

    def astray(self, request: Request, error: Exception) -> Response:
        """No such address, or no such method there."""
        assert isinstance(error, HTTPException)
        if error.status_code != 405:
            return self._refused("lost", error.status_code)
        allowed = sorted((error.headers or {}).get("Allow", "").split(", "))
        return self._refused("method", 405, {"Allow": ", ".join(allowed)})

    def failing(self, request: Request, error: Exception) -> Response:
        """The database does not answer."""
        log.error("%s", error)
        return self._refused("broken", 503, {"Retry-After": str(_BUSY_SECONDS)})

    def broken_down(self, request: Request, error: Exception) -> Response:
        """A bug; `Guard` tells of it."""
        return self._refused("broken", 500, {"Connection": "close"})

    def long(self, request: Request, error: Exception) -> Response:
        """The rest of the body is not read: the connection ends."""
        return self._refused("long", 413, {"Connection": "close"})

    def hung_up(self, request: Request, error: Exception) -> Response:
        """Nobody hears this."""
        return self._refused("form", 400, {"Connection": "close"})

    def _broken(self) -> Response:
        """The same for a link that is bad, for something else, or too old."""
        return HTMLResponse(self._pages.broken(), 404)

    def _refused(self, why: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
        return HTMLResponse(self._pages.refused(why), status, headers)

    def _stamps(self) -> Stamps:
        return Stamps(self._private.keys.signing())

    def _client(self, request: Request) -> str:
        peer, forwarded = request.client.host if request.client else None, request.headers.getlist("x-forwarded-for")
        if not self._warned and unnamed_proxy(peer, forwarded, self._proxies):
            self._warned = True
            log.warning(
                "a proxy says for whom it asks, and is not believed: all readers count as one. Add its network to digest.serve.proxies"
            )
        return client_of(peer, forwarded, self._proxies)


def _chosen(subscriber: Subscriber) -> Choice:
    return Choice(rhythm=subscriber.rhythm, topics=subscriber.topics)
