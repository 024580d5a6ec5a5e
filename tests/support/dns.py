"""A real DNS server on loopback (dnslib), over UDP and TCP, with a zone that tests write.

    with Dns({"example.org": {"TXT": ["v=spf1 -all"]}}) as dns:
        Resolver(dns.server).txt("example.org")

What is not in the zone does not exist (NXDOMAIN); a name that is there without the kind that is asked for has no such record.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

from dnslib import AAAA, MX, PTR, QTYPE, RCODE, RD, RR, TXT, A, DNSRecord
from dnslib.server import DNSHandler, DNSLogger, DNSServer

# What does not fit is asked for again over TCP (RFC 1035 §4.2.1).
_DATAGRAM = 512
Zone = Mapping[str, Mapping[str, Sequence[str]]]


class Dns:
    """The server; use it as a context manager."""

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone: dict[str, Mapping[str, Sequence[str]]] = {name.lower(): kinds for name, kinds in (zone or {}).items()}
        # Names that get no answer, and names that get SERVFAIL.
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        # What was asked: name, kind and "udp" or "tcp".
        self.asked: list[tuple[str, str, str]] = []
        self._lock = threading.Lock()
        self._tcp, self._udp = self._opened()
        self._threads = [
            threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True) for one in (self._udp, self._tcp)
        ]

    def _opened(self) -> tuple[DNSServer, DNSServer]:
        """Servers for TCP and UDP on one port, which the system chooses for TCP; somebody else may have it for UDP."""
        logger = DNSLogger("-request,-reply,-truncated,-error,-recv,-send,-data")
        while True:
            tcp = DNSServer(self, address="127.0.0.1", port=0, tcp=True, logger=logger)
            try:
                return tcp, DNSServer(self, address="127.0.0.1", port=tcp.server.server_address[1], logger=logger)
            except OSError:
                tcp.server.server_close()

    @property
    def port(self) -> int:
        return int(self._udp.server.server_address[1])

    @property
    def server(self) -> str:
        """As `digest.resolver` names it."""
        return f"127.0.0.1:{self.port}"

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        """What dnslib asks for each question."""
        name, kind = str(request.q.qname).rstrip(".").lower(), str(QTYPE[request.q.qtype])
        with self._lock:
            self.asked.append((name, kind, str(handler.protocol)))
        if name in self.silent:
            raise TimeoutError("the test wants no answer")
        reply = request.reply()
        if name in self.broken:
            reply.header.rcode = RCODE.SERVFAIL
        elif name not in self.zone:
            reply.header.rcode = RCODE.NXDOMAIN
        for text in self.zone.get(name, {}).get(kind, ()) if name not in self.broken else ():
            reply.add_answer(RR(request.q.qname, request.q.qtype, rdata=_data(kind, text), ttl=60))
        if handler.protocol == "udp" and len(reply.pack()) > _DATAGRAM:
            reply = request.reply()
            reply.header.tc = 1
        return reply

    def __enter__(self) -> Dns:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for one, thread in zip((self._udp, self._tcp), self._threads, strict=True):
            one.server.shutdown()
            one.server.server_close()
            thread.join(timeout=5)


def _data(kind: str, text: str) -> RD:
    match kind:
        case "TXT":
            # Strings of at most 255 bytes, as a name server keeps a long one.
            raw = text.encode()
            return TXT([raw[at : at + 255] for at in range(0, len(raw), 255)] or [b""])
        case "MX":
            preference, host = text.split()
            return MX(host, int(preference))
        case "A":
            return A(text)
        case "AAAA":
            return AAAA(text)
        case _:
            return PTR(text)
