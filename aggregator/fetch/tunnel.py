"""A way through the operator's proxy for what is no HTTP: it is asked to connect us (RFC 9110 §9.3.6), and then hands on what is said.

The variables are those that HTTP heeds, by curl's custom: wss goes where https goes, ws where http goes, and NO_PROXY holds for both.
"""

from __future__ import annotations

import base64
import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from requests.utils import should_bypass_proxies

from aggregator.errors import Unavailable
from aggregator.fetch.conversation import Ended, Place

_VARIABLES = {True: ("wss", "https", "all"), False: ("ws", "http", "all")}


class ProxyError(OSError):
    """The proxy did not do what it is for; its cause says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Where the operator's HTTP proxy listens."""

    host: str
    port: int
    # "user:password"; "": it wants none.
    login: str = field(default="", repr=False)


def proxy_for(url: str, place: Place, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy that leads to a ws or wss address; None: nobody stands between.

    Args:
        proxies: by scheme, as the environment names them; under "no" the hosts that are asked directly.

    Raises:
        Ended: a proxy is wanted that a WebSocket cannot be led through.
    """
    named = next((proxies[name] for name in _VARIABLES[place.secure] if proxies.get(name)), "")
    if not named or should_bypass_proxies(url, proxies.get("no")):
        return None
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        parts, host, port = SplitResult("", "", "", "", ""), "", 0
    if parts.scheme != "http" or not host:
        variable = _VARIABLES[place.secure][0]
        how = f"set {variable}_proxy to one that begins with http://, or name the host in no_proxy"
        raise Ended(Unavailable, f"WebSockets cannot be led through this proxy; {how}")
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else ""
    return Proxy(host=host, port=port, login=login)


def dig(sock: socket.socket, place: Place, proxy: Proxy, *, name: str) -> None:
    """Have the proxy at the other end of `sock` connect us with `place`; from then on it is as if that was there.

    Args:
        name: who we are, for the proxy's operator.

    Raises:
        Ended: it refuses.
        ProxyError: it does not answer.
    """
    there = f"[{place.host}]:{place.port}" if ":" in place.host else f"{place.host}:{place.port}"
    lines = [f"CONNECT {there} HTTP/1.1", f"Host: {there}", f"User-Agent: {name}"]
    if proxy.login:
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(proxy.login.encode()).decode('ascii')}")
    # Whoever is connected speaks only after us, so nothing that is meant for later is read along with the reply.
    response = http.client.HTTPResponse(sock, method="CONNECT")
    try:
        sock.sendall("\r\n".join((*lines, "", "")).encode("latin-1", "replace"))
        response.begin()
    except (OSError, http.client.HTTPException) as error:
        raise ProxyError("asking the proxy") from error
    finally:
        response.close()
    if response.status == 407:
        how = "write the right name and password into its variable, as http://NAME:PASSWORD@HOST"
        raise Ended(Unavailable, f"the proxy wants to know who asks (status 407); {how}")
    if not 200 <= response.status < 300:
        how = "have its operator allow this host and port"
        raise Ended(Unavailable, f"the proxy refuses to connect us (status {response.status}); {how}")
