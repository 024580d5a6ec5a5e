"""Why no answer came, in plain words. Works on the chain of causes by the standard library's own types, so that no wording of a library
reaches people."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta

from aggregator.settings import Fetch


class PrivateAddress(OSError):
    """A connection that must not be made; its text says why."""


def chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and everything it came from: causes, contexts, and exceptions wrapped as arguments; each once."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        wrapped = (one.__cause__, getattr(one, "reason", None), *one.args, one.__context__)
        waiting += [inner for inner in wrapped if isinstance(inner, BaseException)]


def was_dropped(error: BaseException) -> bool:
    """True when the server closed a connection before a byte of an answer came."""
    kinds = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ConnectionAbortedError)
    return any(isinstance(one, kinds) for one in chain(error))


def reason(error: BaseException, *, host: str, settings: Fetch) -> str:
    """A phrase that follows "asking URL: "."""
    links = tuple(chain(error))
    words = _words(links, host, settings)
    return f"the proxy failed: {words}" if any(type(one).__name__ == "ProxyError" for one in links) else words


def _words(links: tuple[BaseException, ...], host: str, settings: Fetch) -> str:
    for one in links:
        match one:
            case PrivateAddress():
                return str(one)
            case socket.gaierror():
                return _unresolved(one, host)
            case UnicodeError():
                return f"no such host {host!r}"
            case ssl.SSLCertVerificationError():
                return f"its certificate is not valid: {_lower(one.verify_message)}"
            case ssl.SSLError():
                return "a secure connection could not be made"
            case ConnectionRefusedError():
                return "connection refused"
            case http.client.IncompleteRead():
                return "the reply was cut off"
            case http.client.RemoteDisconnected():
                return "the connection was closed without an answer"
            case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
                return "the connection was broken off"
            case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH | errno.EADDRNOTAVAIL):
                return "there is no way to this host from here"
            case _:
                continue
    return _by_name({type(one).__name__ for one in links}, links, settings)


def _by_name(names: set[str], links: tuple[BaseException, ...], settings: Fetch) -> str:
    if names & {"ConnectTimeoutError", "ConnectTimeout"}:
        return f"no connection within {_seconds(settings.connect_timeout)}"
    if names & {"ReadTimeoutError", "ReadTimeout"} or any(isinstance(one, TimeoutError) for one in links):
        return f"no answer within {_seconds(settings.read_timeout)}"
    if any(isinstance(one, http.client.HTTPException) for one in links) or names & {"InvalidChunkLength", "ProtocolError", "InvalidHeader"}:
        return "the reply is not valid HTTP"
    return "the connection failed"


def _unresolved(error: socket.gaierror, host: str) -> str:
    # EAI_AGAIN is what a machine without a network gets.
    return f"host {host!r} could not be looked up" if error.errno == socket.EAI_AGAIN else f"no such host {host!r}"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g} s"


def _lower(text: str) -> str:
    """As the middle of a sentence; an abbreviation in front stays as it is."""
    return (text[:1].lower() if text[1:2].islower() else text[:1]) + text[1:].rstrip(".")
