"""No private address: checked on the address really connected to, for every connection, so that no name and no redirect leads inside.

A name is resolved once, every address it has is checked, and the connection is made to one of these: a second answer of the name server is
never asked for (DNS rebinding). Sources: IANA special-purpose address registries (RFC 6890 and updates, read 2026-11-22), RFC 6052 (NAT64).
"""

from __future__ import annotations

import socket
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

from aggregator.fetch.faults import PrivateAddress

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_V4 = tuple(
    (IPv4Network(network), words)
    for network, words in (
        ("0.0.0.0/8", "an address of this network"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "an address behind a carrier's NAT"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a protocol's own address"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a relay's address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("255.255.255.255/32", "a broadcast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)
_V6 = tuple(
    (IPv6Network(network), words)
    for network, words in (
        ("::/128", "the unspecified address"),
        ("::1/128", "a loopback address"),
        ("64:ff9b:1::/48", "a local translator's address"),
        ("100::/64", "a discarded address"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "a protocol's own address"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "an address for documentation"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("ff00::/8", "a multicast address"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def networks(allowed: Sequence[str]) -> tuple[Network, ...]:
    """The networks of `fetch.allow_networks`; host bits are let go."""
    return tuple(ip_network(one, strict=False) for one in allowed)


def refusal(address: Address, allowed: Sequence[Network] = ()) -> str | None:
    """Why an address must not be connected to ("a loopback address"), or None when it may."""
    plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
    if any(one in network for network in allowed for one in (address, plain) if one.version == network.version):
        return None
    if isinstance(plain, IPv4Address):
        return next((words for network, words in _V4 if plain in network), None)
    if plain in _NAT64:
        inner = refusal(IPv4Address(int(plain) & 0xFFFFFFFF))
        return f"{inner} behind a translator" if inner else None
    named = next((words for network, words in _V6 if plain in network), None)
    return named or (None if plain in _GLOBAL_V6 else "a reserved address")


def literal(host: str) -> Address | None:
    """The address that a host name spells, in any spelling a resolver takes ("127.1", "0x7f.1", "2130706433"); None: it is a name."""
    plain = unicodedata.normalize("NFKC", host).strip("[]").rstrip(".").lower()
    if plain == "localhost" or plain.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(plain)
    except ValueError:
        pass
    try:
        # White space would be let through, with anything after it.
        return None if any(map(str.isspace, plain)) else IPv4Address(socket.inet_aton(plain))
    except (OSError, ValueError):
        return None


def check(host: str, address: Address, allowed: Sequence[Network]) -> None:
    """Raises `PrivateAddress` when `address` must not be connected to."""
    words = refusal(address, allowed)
    if words is not None:
        raise PrivateAddress(f"{host!r} is {words} ({address}); open its network in fetch.allow_networks if this is meant")


@dataclass(slots=True)
class Exchange:
    """A request under way in one thread."""

    # Of `time.monotonic`.
    deadline: float
    # None: no connection yet.
    connection: HTTPConnection | None = None
    # The connection lets go of it when the reply ends with the connection, and the reply goes on to read from it.
    sock: socket.socket | None = None
    # True: the connection had carried a request before.
    reused: bool = False
    # True: the time for the whole was over.
    expired: bool = False
    # True: the connection was broken off, so an end of the body is none.
    broken: bool = False

    def break_off(self) -> None:
        self.broken = True
        sock = self.sock or (self.connection.sock if self.connection is not None else None)
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it was closed already


@dataclass
class Watch:
    """Breaks off requests whose time is over. Time-outs of a socket are for one read: a server that sends a byte now and then, in its
    headers or between chunks, never meets them."""

    period: float
    _under_way: dict[int, Exchange] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @contextmanager
    def over(self, deadline: float) -> Iterator[Exchange]:
        """Watch over the request that this thread makes inside."""
        me = threading.get_ident()
        exchange = Exchange(deadline)
        with self._lock:
            self._under_way[me] = exchange
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fetch-watch", daemon=True)
                self._thread.start()
        try:
            yield exchange
        finally:
            with self._lock:
                del self._under_way[me]

    def meet(self, connection: HTTPConnection) -> None:
        """A connection takes the request of this thread."""
        exchange = self._under_way.get(threading.get_ident())
        if exchange is not None and exchange.connection is not connection:
            exchange.connection, exchange.reused = connection, connection.sock is not None

    def hold(self, sock: socket.socket | None) -> None:
        """The request of this thread was sent on `sock`."""
        exchange = self._under_way.get(threading.get_ident())
        if exchange is not None:
            exchange.sock = sock

    def break_all(self) -> None:
        with self._lock:
            for exchange in self._under_way.values():
                exchange.break_off()

    def end(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._ended.wait(self.period):
            now = time.monotonic()
            with self._lock:
                for exchange in self._under_way.values():
                    if now >= exchange.deadline:
                        exchange.expired = True
                        exchange.break_off()


@dataclass(frozen=True)
class Gate:
    """Where connections may go, and who watches over them."""

    allowed: tuple[Network, ...]
    watch: Watch
    # False: the connection is to the operator's own proxy.
    guarded: bool = True

    def connect(self, host: str, port: int, timeout: float | None, options: Sequence[tuple[int, int, int | bytes]]) -> socket.socket:
        """A socket connected to a checked address of `host`.

        Raises:
            PrivateAddress: one of its addresses must not be connected to.
            OSError: none of them answers.
        """
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        if self.guarded:
            for *_, where in found:
                check(host, ip_address(where[0]), self.allowed)
        deadline = None if timeout is None else time.monotonic() + timeout
        failure: OSError = OSError(f"no address for {host!r}")
        for left, (family, kind, protocol, _, where) in zip(range(len(found), 0, -1), found, strict=True):
            sock = socket.socket(family, kind, protocol)
            try:
                for option in options:
                    sock.setsockopt(*option)
                sock.settimeout(None if deadline is None else max(0.05, (deadline - time.monotonic()) / left))
                sock.connect(where)
                if self.guarded:
                    check(host, ip_address(sock.getpeername()[0]), self.allowed)
                sock.settimeout(timeout)
                return sock
            except PrivateAddress:
                sock.close()
                raise
            except OSError as error:
                sock.close()
                failure = error
        raise failure


class _Guarded(HTTPConnection):
    """Connections of one gate; every request on them is watched over."""

    gate: ClassVar[Gate]

    def _new_conn(self) -> socket.socket:
        try:
            timeout = self.timeout if isinstance(self.timeout, (int, float)) else None
            return self.gate.connect(self._dns_host, self.port, timeout, self.socket_options or ())
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error

    def connect(self) -> None:
        self.gate.watch.meet(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        self.gate.watch.meet(self)
        super().request(*args, **kwargs)
        self.gate.watch.hold(self.sock)


class _GuardedTls(_Guarded, HTTPSConnection):
    """The same with TLS; its certificate is checked against the name that was asked for."""


def _pools(gate: Gate) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections go through `gate`, by scheme."""
    return {
        "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": type("Guarded", (_Guarded,), {"gate": gate})}),
        "https": type("GuardedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": type("GuardedTls", (_GuardedTls,), {"gate": gate})}),
    }


class GuardedAdapter(HTTPAdapter):
    """requests' adapter over guarded connections."""

    def __init__(self, *, gate: Gate, hosts: int, connections: int) -> None:
        self._gate = gate
        super().__init__(pool_connections=hosts, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._gate)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        fresh = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if fresh and not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _pools(Gate(allowed=(), watch=self._gate.watch, guarded=False))
        return manager

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """The bare reply: we keep no cookies and guess no encoding, which is a third of the cost of a small request."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict()
        response.raw = resp
        response.reason = resp.reason
        response.url = str(req.url)
        return response
