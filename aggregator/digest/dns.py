"""Who asks the DNS. The only importer of dnspython, which is slow to load: import this module late.

What is not there is told apart from what was not answered: a mail that is held back since a resolver was down would be held back for
nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from aggregator.digest.domain import Silent

if TYPE_CHECKING:
    import dns.rdata

# Seconds for one question to one server, and for all tries of it together.
_ONE, _ALL = 2.0, 5.0
# What no name can be is not there either.
_NO_NAME = (UnicodeError, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.BadEscape, dns.name.IDNAException)


class Resolver:
    """Asks a server, each question once; what it said is kept. Every method raises `Silent` when no answer came."""

    def __init__(self, server: str = "") -> None:
        """`server`: host and port; "": those that the system asks."""
        self._server = server
        self._known: dict[tuple[str, str], tuple[str, ...] | None] = {}
        self._resolver: dns.resolver.Resolver | None = None

    def txt(self, name: str) -> tuple[str, ...]:
        """TXT records, each with its strings joined as SPF and DKIM want it (RFC 7208 §3.3); none when there are none."""
        return self._asked(name, "TXT", lambda row: b"".join(row.strings).decode("utf-8", "replace"))

    def mx(self, name: str) -> tuple[str, ...]:
        """Hosts that take a domain's mail, the preferred first; without a final dot, "" for "none at all" (RFC 7505)."""
        rows = self._asked(name, "MX", lambda row: f"{row.preference:05} {row.exchange.to_text(omit_final_dot=True).lower()}")
        return tuple(row.partition(" ")[2].rstrip(".") for row in sorted(rows))

    def addresses(self, name: str) -> tuple[str, ...]:
        """Addresses of a host, of both kinds."""
        return (*self._asked(name, "A", lambda row: str(row.address)), *self._asked(name, "AAAA", lambda row: str(row.address)))

    def names(self, address: str) -> tuple[str, ...]:
        """Names that an address has (PTR), without a final dot.

        Raises:
            ValueError: this is no address.
        """
        reverse = dns.reversename.from_address(str(ip_address(address))).to_text(omit_final_dot=True)
        return self._asked(reverse, "PTR", lambda row: str(row.target.to_text(omit_final_dot=True).lower()))

    def _asked(self, name: str, kind: str, written: Callable[[Any], str]) -> tuple[str, ...]:
        key = name.lower(), kind
        if key not in self._known:
            try:
                self._known[key] = self._answer(name, kind, written)
            except Silent:
                self._known[key] = None
        found = self._known[key]
        if found is None:
            raise Silent(f"asking the DNS for {kind} of {name!r}: no answer")
        return found

    def _answer(self, name: str, kind: str, written: Callable[[Any], str]) -> tuple[str, ...]:
        try:
            # The system's search list is not for names that we were told.
            rows = self._open().resolve(dns.name.from_text(name), kind, search=False, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, *_NO_NAME):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise Silent(f"asking the DNS for {kind} of {name!r}: no answer") from error
        return tuple(written(row) for row in rows.rrset or ())

    def _open(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            self._resolver = dns.resolver.Resolver(configure=not self._server)
            if self._server:
                host, _, port = self._server.rpartition(":")
                self._resolver.nameservers = [str(socket.getaddrinfo(host.strip("[]"), None)[0][4][0])]
                self._resolver.port = int(port)
            self._resolver.timeout, self._resolver.lifetime = _ONE, _ALL
        return self._resolver
