"""What stands before every answer: strict headers, a cap on requests at a time, one log line, and the last net under a bug. Plain ASGI."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.web.pages import Pages

log = logging.getLogger("aggregator.web")

# Requests in hand; each takes milliseconds, or is waiting for its client.
MOST_AT_ONCE = 128
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
_A_YEAR_SECONDS = 31_536_000


def strict_headers(url: str, styles: Sequence[str]) -> Mapping[str, str]:
    """Headers of every answer (Content Security Policy Level 3; Fetch; RFC 6797; OWASP Secure Headers Project, read 2026-11-22).

    Args:
        url: where readers reach the server.
        styles: source expressions of the style sheets.
    """
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {' '.join(map(repr, styles))}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
        # The subscribe form alone takes it away again.
        "X-Robots-Tag": "noindex, nofollow",
    }
    if url.startswith("https:"):
        # Of this host alone: what lies beside and below it is not ours to decide.
        headers["Strict-Transport-Security"] = f"max-age={_A_YEAR_SECONDS}"
    return headers


def from_elsewhere(headers: Headers, url: str) -> bool:
    """Whether a form of another site was sent here (Fetch Metadata, W3C Working Draft of 2025-04-01; RFC 6454 §7).

    Because of our own Referrer-Policy a browser says "null" for the origin of our own forms (Fetch §3.1), so that Sec-Fetch-Site is asked
    first, which every browser in use sends over https; a mail program sends neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin", "null")
    return origin not in ("null", _origin(url))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


class Guard:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, pages: Pages, headers: Mapping[str, str], templates: Iterable[str]) -> None:
        """`templates`: the paths that may stand in the log, as the routes write them."""
        self._app = app
        self._pages = pages
        # Of every answer.
        self.headers = headers
        self._templates = frozenset(templates)
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"no way to answer {scope['type']!r}")
        began = time.perf_counter()
        answer = _Answer(send, self.headers)
        self._at_once += 1
        try:
            await self._answered(scope, receive, answer)
        finally:
            self._at_once -= 1
            self._tell(scope, answer.status, time.perf_counter() - began)

    async def _answered(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if self._at_once > MOST_AT_ONCE:
            busy = Response(self._pages.refused("busy"), 503, {"Retry-After": "10", "Connection": "close"}, "text/html")
            await busy(scope, receive, answer.send)
            return
        if _two_lengths(scope):
            unclear = Response(self._pages.refused("form"), 400, {"Connection": "close"}, "text/html")
            await unclear(scope, receive, answer.send)
            return
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            _tell_bug(error)
            if not answer.status:
                # Not even the page that says so could be made.
                await Response(None, 500, {"Connection": "close"})(scope, receive, answer.send)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        """One line, with the method and path as our routes write them: neither address, nor token, nor anything that a client made up."""
        method = scope["method"] if scope["method"] in _METHODS else "another method"
        path = getattr(scope.get("route"), "path", None)
        log.info("%s %s: %d in %.0f ms", method, path if path in self._templates else "elsewhere", status, seconds * 1000)


def _two_lengths(scope: Scope) -> bool:
    """Whether a request says in two ways how long it is: a proxy may believe one and we the other, so that what follows is heard as another
    reader's (RFC 9112 §6.1)."""
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}


class _Answer:
    """Sends an answer with the strict headers in front of its own."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        # 0: not begun.
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = MutableHeaders(raw=message["headers"])
            for name, value in self._headers.items():
                own.setdefault(name, value)
            message = {**message, "headers": own.raw}
        await self._send(message)


def _tell_bug(error: Exception) -> None:
    """Where it happened, and not what it said: its words may hold what a person sent."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("a bug in the program: %s\n%s", type(error).__name__, places)
