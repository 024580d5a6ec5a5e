"""Asking the DNS, against a real server on loopback: what is not there, and what was not answered."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from aggregator.digest import dns as door
from aggregator.digest.dns import Resolver
from aggregator.digest.domain import Domain, Silent, look_up
from tests.support.dns import Dns

LONG = "v=DKIM1; k=rsa; p=" + "A" * 700
ZONE = {
    "example.org": {
        "TXT": ["v=spf1 include:_spf.relay.example -all", "some other text"],
        "MX": ["20 mx2.example.org", "10 MX1.example.org"],
        "A": ["192.0.2.1"],
        "AAAA": ["2001:db8::1"],
    },
    "_spf.relay.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 a mx ~all"]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=none; rua=mailto:dmarc@example.org"]},
    "key._domainkey.example.org": {"TXT": [LONG]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["Mail.example.org."]},
}


@pytest.fixture
def server() -> Iterator[Dns]:
    with Dns(ZONE) as running:
        yield running


@pytest.fixture
def resolver(server: Dns, monkeypatch: pytest.MonkeyPatch) -> Resolver:
    monkeypatch.setattr(door, "_ONE", 0.3)
    monkeypatch.setattr(door, "_ALL", 0.6)
    return Resolver(server.server)


def test_records_are_read(resolver: Resolver) -> None:
    assert set(resolver.txt("Example.org")) == set(ZONE["example.org"]["TXT"])
    assert resolver.mx("example.org") == ("mx1.example.org", "mx2.example.org")
    assert resolver.addresses("example.org") == ("192.0.2.1", "2001:db8::1")
    assert resolver.names("192.0.2.1") == ("mail.example.org",)


def test_a_record_of_several_strings_is_one_text_and_comes_over_tcp(server: Dns, resolver: Resolver) -> None:
    server.zone["key._domainkey.example.org"] = {"TXT": [LONG * 4]}
    assert resolver.txt("key._domainkey.example.org") == (LONG * 4,)
    assert {protocol for name, _, protocol in server.asked if name.startswith("key.")} == {"udp", "tcp"}


@pytest.mark.parametrize("name", ["nothing.example.org", "1.2.0.192.in-addr.arpa", "a" * 64 + ".example.org", "a..b", "x" * 300])
def test_what_is_not_there_is_nothing(resolver: Resolver, name: str) -> None:
    assert resolver.txt(name) == ()


def test_what_was_not_answered_is_told_apart(server: Dns, resolver: Resolver) -> None:
    server.silent.add("example.org")
    server.broken.add("_dmarc.example.org")
    for name in ("example.org", "_dmarc.example.org"):
        with pytest.raises(Silent):
            resolver.txt(name)


def test_nobody_is_asked_twice(server: Dns, resolver: Resolver) -> None:
    server.broken.add("_dmarc.example.org")
    for _ in range(2):
        resolver.txt("example.org")
        with pytest.raises(Silent):
            resolver.txt("_dmarc.example.org")
    assert [name for name, _, _ in server.asked].count("example.org") == 1
    resolver.txt("EXAMPLE.org")
    assert [name for name, _, _ in server.asked].count("example.org") == 1


def test_a_server_that_is_not_there_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_ALL", 0.6)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Silent):
        Resolver(f"127.0.0.1:{port}").txt("example.org")


def test_a_domain_is_looked_up(resolver: Resolver) -> None:
    assert look_up(resolver, "Example.ORG", selector="key") == Domain(
        name="example.org",
        spf=("v=spf1 include:_spf.relay.example -all",),
        spf_lookups=3,
        dmarc=("v=DMARC1; p=none; rua=mailto:dmarc@example.org",),
        dmarc_of="example.org",
        dkim=(LONG,),
    )


def test_a_policy_of_the_domain_above_holds(resolver: Resolver) -> None:
    found = look_up(resolver, "news.example.org")
    assert (found.dmarc_of, found.spf) == ("example.org", ())
    assert found.related("example.org")
    assert found.related("bounces.example.org")
    assert not found.related("relay.example")


def test_silence_about_one_record_says_nothing_of_the_others(server: Dns, resolver: Resolver) -> None:
    server.broken.add("_dmarc.example.org")
    found = look_up(resolver, "example.org", selector="none")
    assert (found.spf is not None, found.dmarc, found.dkim) == (True, None, ())


def test_includes_that_lead_in_a_circle_end(server: Dns, resolver: Resolver) -> None:
    server.zone["a.example"] = {"TXT": ["v=spf1 include:b.example include:gone.example -all"]}
    server.zone["b.example"] = {"TXT": ["v=spf1 include:a.example redirect=a.example"]}
    found = look_up(resolver, "a.example")
    assert (found.spf_lookups, found.spf_missing) == (4, ("gone.example",))


def test_a_name_that_depends_on_the_mail_is_counted_and_not_asked_for(server: Dns, resolver: Resolver) -> None:
    server.zone["a.example"] = {"TXT": ["v=spf1 include:%{ir}._spf.relay.example -all"]}
    found = look_up(resolver, "a.example")
    assert (found.spf_lookups, found.spf_missing) == (1, ())
    assert not any("_spf.relay.example" in name for name, _kind, _way in server.asked)


def test_too_many_look_ups_are_counted(server: Dns, resolver: Resolver) -> None:
    for number in range(12):
        server.zone[f"s{number}.example"] = {"TXT": [f"v=spf1 include:s{number + 1}.example ~all"]}
    assert look_up(resolver, "s0.example").spf_lookups == 12


def test_the_domain_that_mail_comes_back_to_has_the_record_that_counts(server: Dns, resolver: Resolver) -> None:
    server.zone["bounce.example"] = {"TXT": ["v=spf1 ip4:192.0.2.9 -all"]}
    assert look_up(resolver, "example.org", returns="bounce.example").spf == ("v=spf1 ip4:192.0.2.9 -all",)
