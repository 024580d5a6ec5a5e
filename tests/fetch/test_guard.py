"""No private address is connected to, however it is spelled, resolved or reached."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import Unavailable
from aggregator.fetch.guard import literal, networks, refusal
from tests.fetch.conftest import AT_ONCE, Open
from tests.support.server import Script, Server

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1",
    "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::1", "3fff::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "4000::1", "5f00::1",
]  # fmt: skip
OPEN = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "172.15.255.255",
    "172.32.0.0", "192.0.1.1", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_special_addresses_are_refused(address: str) -> None:
    assert refusal(ip_address(address)) is not None


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_open(address: str) -> None:
    assert refusal(ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_not_global_is_refused(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert refusal(address) is not None


@given(st.ip_addresses(v=6))
def test_no_local_v6_address_is_open(address: IPv6Address) -> None:
    if refusal(address) is None and address.ipv4_mapped is None:
        assert address.is_global or address in networks(["64:ff9b::/96"])[0]
        local = (address.is_multicast, address.is_loopback, address.is_link_local, address.is_site_local)
        assert not any(local)


@given(st.ip_addresses(v=4))
def test_an_address_mapped_into_v6_is_judged_as_itself(address: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{address}")
    assert refusal(mapped) == refusal(address)
    assert (refusal(IPv6Address(f"64:ff9b::{address}")) is None) == (refusal(address) is None)


def test_allowed_networks_are_open_and_no_more() -> None:
    allowed = networks(["10.1.2.3/16", "fd00:1::/32"])
    assert refusal(ip_address("10.1.9.9"), allowed) is None
    assert refusal(ip_address("::ffff:10.1.9.9"), allowed) is None
    assert refusal(ip_address("fd00:1::5"), allowed) is None
    assert refusal(ip_address("10.2.0.1"), allowed) is not None
    assert refusal(ip_address("fd00:2::5"), allowed) is not None


LOOPBACK = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
            "１２７.0.0.1", "localhost", "LOCALHOST.", "a.localhost"]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_every_spelling_of_an_address_is_an_address(host: str) -> None:
    assert literal(host) == IPv4Address("127.0.0.1")


@pytest.mark.parametrize(("host", "address"), [("[::1]", "::1"), ("::ffff:127.0.0.1", "::ffff:127.0.0.1"), ("fe80::1%lo", "fe80::1%lo")])
def test_v6_literals_are_addresses(host: str, address: str) -> None:
    assert literal(host) == IPv6Address(address)


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "0x7g.1", "256.1.1.1.1", "", "a b", "127.0.0.1 x"])
def test_names_are_not_addresses(host: str) -> None:
    assert literal(host) is None


@given(st.text(max_size=40))
def test_any_host_can_be_looked_at(host: str) -> None:
    literal(host)


SPELLINGS = ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]", "0"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_loopback_is_asked(open_client: Open, server: Server, host: str) -> None:
    http = open_client(allow_networks=()).bound(host=host, pace=AT_ONCE)
    with pytest.raises(Unavailable, match=r"allow_networks|no such host|looked up"):
        http.get(f"http://{host}:{server.port}/")
    assert server.connections == 0


def test_a_redirect_to_a_private_address_is_refused(open_client: Open, server: Server) -> None:
    with Server(host="127.0.0.2") as inside:
        inside.on("/secret", Script(body=b"inside"))
        server.on("/", Script.redirect(inside.url("/secret")))
        http = open_client(allow_networks=("127.0.0.1/32",)).bound(host=server.host, pace=AT_ONCE)
        with pytest.raises(Unavailable, match="a loopback address"):
            http.get(server.url("/"))
        assert inside.connections == 0
        assert server.count("/") == 1


def test_a_name_is_resolved_once_and_refused_when_any_of_its_addresses_is_private(
    open_client: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"rebind.example": [["8.8.8.8", "127.0.0.1"]], "good.example": [["127.0.0.1"], ["127.0.0.2"]]}

    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers[host].pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    server.on("/", Script(body=b"once"))
    http = open_client(allow_networks=("127.0.0.1/32",)).bound(host="", pace=AT_ONCE)
    assert http.get(f"http://good.example:{server.port}/").body == b"once"
    assert answers["good.example"] == [["127.0.0.2"]]
    answers["rebind.example"] = [["8.8.8.8", "127.0.0.2"]]
    with pytest.raises(Unavailable, match="a loopback address"):
        http.get(f"http://rebind.example:{server.port}/")


def test_the_address_really_connected_to_is_checked_too(open_client: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "getpeername", lambda self: ("10.0.0.1", 80))
    server.on("/", Script(body=b"x"))
    with pytest.raises(Unavailable, match="a private address"):
        open_client().bound(host="", pace=AT_ONCE).get(server.url("/"))


def test_the_operators_proxy_is_used_and_may_be_private(open_client: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = open_client()  # made first: the fixture clears the environment
    client.close()
    monkeypatch.setenv("http_proxy", server.url("/"))
    server.on("http://news.example/feed", Script(body=b"through the proxy"))
    http = open_client(allow_networks=()).bound(host="news.example", pace=AT_ONCE)
    assert http.get("http://news.example/feed").body == b"through the proxy"


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "localhost", "169.254.169.254", "[::1]"])
def test_a_proxy_is_not_asked_for_private_addresses(open_client: Open, server: Server, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("http_proxy", server.url("/"))
    http = open_client(allow_networks=()).bound(host=host, pace=AT_ONCE)
    with pytest.raises(Unavailable, match="allow_networks"):
        http.get(f"http://{host}/latest/meta-data")
    assert server.connections == 0


def test_no_proxy_is_respected(open_client: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.on("/", Script(body=b"direct"))
    assert open_client().bound(host=server.host, pace=AT_ONCE).get(server.url("/")).body == b"direct"


def test_a_proxy_that_refuses_a_tunnel_is_named(open_client: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", server.url(""))
    server.on("news.example:443", Script(status=403))
    with pytest.raises(Unavailable, match="the proxy failed"):
        open_client().bound(host="", pace=AT_ONCE).get("https://news.example/feed")
    assert server.asked[0].method == "CONNECT"


def test_a_proxy_that_is_not_there_is_named(open_client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    with pytest.raises(Unavailable, match="the proxy failed: connection refused"):
        open_client().bound(host="", pace=AT_ONCE).get("http://news.example/feed")
