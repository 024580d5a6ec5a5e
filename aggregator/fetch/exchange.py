"""One question to a server and its answer, as values, and the seam where either a network or a recording answers."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import SplitResult, unquote_plus, urldefrag, urlencode, urljoin, urlsplit

from aggregator.errors import Unreadable
from aggregator.fetch.status import shown

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "imap": 143, "imaps": 993}
# Fetch Standard §2.9, "bad ports" (read 2026-11-22): what listens there may take a web request for commands.
_BAD_PORTS = frozenset(
    map(
        int,
        """0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137 139 143
        161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045
        4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080""".split(),
    )
)
WEB = frozenset({"http", "https"})
# Schemes of what is asked in another way than by HTTP, by the method that stands in the question. A recording names them like this too.
OTHER_WAYS = {
    "CONVERSE": frozenset({"ws", "wss"}),
    "RUN": frozenset({"program"}),
    "MESSAGES": frozenset({"imap", "imaps"}),
}
# What a page is asked for as.
PAGE_ACCEPT = "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request, one hop."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    # Headers that hold a secret: dropped when a redirect leaves the host, never recorded.
    secret_headers: Mapping[str, str] = field(default_factory=dict)
    # Parameters that hold a secret, added to the query as it is sent: dropped and not recorded likewise.
    secret_params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    # Media types whose body is wanted; empty: all of them. A body of another type is not read.
    types: frozenset[str] = frozenset()
    # Seconds that are left for it; None: as many as the settings allow.
    seconds: float | None = None

    def redirected(self, target: str) -> Question:
        """The same question at the address a redirect names, without our secret where the server has written it there."""
        target = _without(target, frozenset(self.secret_params))
        if _same_server(self.url, target):
            return replace(self, url=target)
        return replace(self, url=target, secret_headers={}, secret_params={})

    @property
    def sent_to(self) -> str:
        """The address as it goes over the wire, with the secret in its query."""
        if not self.secret_params:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(self.secret_params)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One reply, whatever its status."""

    status: int
    reason: str = ""
    # Names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    # Decoded; of an error at most its beginning.
    body: bytes = b""


class Transport(Protocol):
    """What answers questions."""

    # False: nobody's patience is spent, so no gap is kept.
    paced: bool

    def send(self, question: Question) -> Answer:
        """Ask once, follow nothing.

        Raises:
            SourceError: no whole answer came.
        """

    def stop(self) -> None:
        """Break off what is under way, in other threads too."""

    def close(self) -> None:
        """Let go of connections and files."""


def checked(url: str, *, method: str = "GET") -> SplitResult:
    """The parts of a URL that may be asked.

    Raises:
        Unreadable: not http or https (or what `method` is for), no host, an impossible port or one that other services have, or
            credentials inside.
    """
    schemes = OTHER_WAYS.get(method, WEB)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Unreadable(f"asking {shown(url)}: this is not an address ({error})") from error
    if parts.scheme not in schemes or not host or port == 0:
        raise Unreadable(f"asking {shown(url)}: expected an {' or '.join(sorted(schemes))} address")
    if "@" in parts.netloc:
        raise Unreadable(f"asking {shown(url)}: an address with a user name or password in it is not asked")
    if parts.scheme in WEB and port in _BAD_PORTS:
        raise Unreadable(f"asking {shown(url)}: what listens at port {port} is no web server")
    return parts


def host_of(url: str, *, method: str = "GET") -> str:
    """Host of a URL that may be asked: lower case, without a final dot, with the port where it is not the scheme's own."""
    parts = checked(url, method=method)
    host = (parts.hostname or "").rstrip(".")
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{bracketed}:{parts.port}"


def redirect_of(question: Question, answer: Answer) -> str | None:
    """Where an answer sends us, absolute and without a fragment; None when it does not.

    Raises:
        Unreadable: the target may not be asked, or what is no GET is sent elsewhere (it is never repeated).
    """
    location = answer.headers.get("location", "").strip()
    if answer.status not in _REDIRECTS or not location:
        return None
    if question.method != "GET":
        what = "a POST was redirected" if question.method == "POST" else "redirected elsewhere, which only pages may be"
        raise Unreadable(f"asking {shown(question.url)}: {what}", status=answer.status)
    with contextlib.suppress(UnicodeError):
        # Header bytes arrive as Latin-1; many servers write UTF-8 in them.
        location = location.encode("latin-1").decode("utf-8")
    try:
        target = urldefrag(urljoin(question.url, location))[0]
        checked(target)
    except ValueError as error:
        raise Unreadable(f"asking {shown(question.url)}: redirected to something that is not an address", status=answer.status) from error
    except Unreadable as error:
        raise Unreadable(f"asking {shown(question.url)}: redirected: {error}", status=answer.status) from error
    return target


def _without(url: str, names: frozenset[str]) -> str:
    """An address without parameters of these names; as it was where it has none."""
    bare, mark, query = url.partition("?")
    kept = [pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) not in names]
    return url if not names or not mark else f"{bare}?{'&'.join(kept)}" if kept else bare


def _same_server(asked: str, target: str) -> bool:
    """True when a secret for `asked` may be shown to `target`: the same host and port, or the same host grown from http to https."""
    one, other = checked(asked), checked(target)
    if one.hostname != other.hostname:
        return False
    ports = tuple(parts.port or _DEFAULT_PORTS[parts.scheme] for parts in (one, other))
    return (one.scheme == other.scheme and ports[0] == ports[1]) or (
        one.scheme == "http" and other.scheme == "https" and ports == (80, 443)
    )
