"""Where a request comes from: the address of the client, and the network that a limit counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# Two hundred neighbours count as one, since one of them may hold it all: of IPv4 many a customer has a /24; of IPv6 providers give each a
# /56 or a /48 (RIPE-690 §4.2), and tunnels give a /48 to whoever asks.
_BITS = {4: 24, 6: 48}
# Addresses of one header that are looked at; a client may write as many as it likes before the proxy adds its own.
_LONGEST_WAY = 20


def networks(written: Sequence[str]) -> tuple[Network, ...]:
    """Networks as the configuration writes them."""
    return tuple(ip_network(one, strict=False) for one in written)


def client_of(peer: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """The address of who asks; "" when it is not known.

    Args:
        peer: the other end of the socket.
        forwarded: every X-Forwarded-For of the request, in their order. Believed from right to left, as long as proxies of ours say it.
        proxies: networks of these.
    """
    known = _address(peer or "")
    way = [one for header in forwarded for one in header.split(",")][-_LONGEST_WAY:]
    while known is not None and way and _within(known, proxies):
        said = _address(way.pop())
        if said is None:
            break
        known = said
    return str(known) if known is not None else ""


def unnamed_proxy(peer: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> bool:
    """Whether what asks is a proxy on this machine or beside it that is not configured: all that come through it look like one."""
    known = _address(peer or "")
    return known is not None and known.is_private and bool(forwarded) and not _within(known, proxies)


def network_of(client: str) -> str:
    """The network that stands for a client: "192.0.2.0/24", "2001:db8:1::/48"; "" when the address is not known."""
    known = _address(client)
    return str(ip_network((known, _BITS[known.version]), strict=False)) if known is not None else ""


def _within(address: Address, proxies: Sequence[Network]) -> bool:
    return any(address.version == proxy.version and address in proxy for proxy in proxies)


def _address(text: str) -> Address | None:
    """An address as proxies write it: some add the port, or brackets."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # An IPv4 client of a socket that listens to both.
    return getattr(address, "ipv4_mapped", None) or address
