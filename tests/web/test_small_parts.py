"""Bodies, stamps, networks and the turnstile, by themselves."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.private import SigningKey
from aggregator.web import turnstile
from aggregator.web.bodies import FORM, MOST_BYTES, TooLong, body_of, fields_of
from aggregator.web.networks import client_of, network_of, networks, unnamed_proxy
from aggregator.web.signup import Choice, Signup, Wish
from aggregator.web.stamps import Stamps
from aggregator.web.turnstile import Turnstile

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD, NEW = (SigningKey(number=number, secret=bytes([number]) * 32, made_at=NOON) for number in (1, 2))
INNER = networks(("10.0.0.0/8", "fd00::/8", "127.0.0.1"))


def read(pieces: list[bytes], declared: str | None = None) -> tuple[bytes, int]:
    """The body, and how many pieces were taken."""
    taken = 0

    async def arriving() -> AsyncIterator[bytes]:
        nonlocal taken
        for piece in pieces:
            taken += 1
            yield piece

    return asyncio.run(body_of(arriving(), declared=declared)), taken


def test_a_body_is_read_whole() -> None:
    assert read([b"a=1", b"", b"&b=2"], "7") == (b"a=1&b=2", 3)
    assert read([b"x" * MOST_BYTES], str(MOST_BYTES))[0] == b"x" * MOST_BYTES


@pytest.mark.parametrize("declared", [str(MOST_BYTES + 1), "9" * 400])
def test_a_body_that_says_it_is_too_long_is_not_begun(declared: str) -> None:
    with pytest.raises(TooLong):
        read([b"x"], declared)


@pytest.mark.parametrize("declared", [None, "1", "-1", "²", "1e9", ""])
def test_a_body_that_is_longer_than_it_says_is_left_off(declared: str | None) -> None:
    pieces = [b"x" * 5000] * 100
    with pytest.raises(TooLong):
        read(pieces, declared)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", {}),
        (b"address=ada%40example.org&topic=a&topic=b", {"address": ("ada@example.org",), "topic": ("a", "b")}),
        (b"a=%ff%fe&b=\xff", {"a": ("\ufffd\ufffd",), "b": ("\ufffd",)}),
        (b"a=&&=b&c", {"a": ("",), "": ("b",), "c": ("",)}),
        (b"a=1+2%2b", {"a": ("1 2+",)}),
    ],
)
def test_a_form_is_taken_apart(body: bytes, fields: dict[str, tuple[str, ...]]) -> None:
    assert fields_of(body, FORM + "; charset=ISO-8859-1") == fields


@pytest.mark.parametrize(("body", "content_type"), [(b"a=1", "application/json"), (b"a=1", ""), (b"&".join([b"a=1"] * 109), FORM)])
def test_what_is_no_form_of_ours_is_none(body: bytes, content_type: str) -> None:
    assert fields_of(body, content_type) is None


@given(st.binary(max_size=MOST_BYTES))
def test_any_bytes_are_a_form_or_none(body: bytes) -> None:
    fields = fields_of(body, FORM)
    assert fields is None or all(isinstance(value, str) for values in fields.values() for value in values)


@given(st.integers(0, 4_000_000_000_999_999).map(lambda number: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=number)))
def test_a_stamp_says_when_to_the_second(at: datetime) -> None:
    stamps = Stamps([NEW, OLD])
    assert stamps.shown_at(stamps.stamp(at)) == at.replace(microsecond=0)


def test_a_stamp_of_an_older_key_counts_until_that_is_retired() -> None:
    stamp = Stamps([OLD]).stamp(NOON)
    assert Stamps([NEW, OLD]).shown_at(stamp) == NOON
    assert Stamps([NEW]).shown_at(stamp) is None


def test_what_the_same_key_signs_for_something_else_is_no_stamp() -> None:
    shown, _, mac = Stamps([NEW]).stamp(NOON).partition(".")
    other = hmac.digest(NEW.secret, shown.encode(), hashlib.sha256).hex()[: len(mac)]
    assert Stamps([NEW]).shown_at(f"{shown}.{other}") is None


@given(st.text(max_size=60), st.integers(0, 40), st.characters())
def test_nothing_made_up_is_a_stamp(text: str, place: int, sign: str) -> None:
    stamps = Stamps([NEW])
    good = stamps.stamp(NOON)
    assert stamps.shown_at(text) is None
    changed = good[:place] + sign + good[place + 1 :]
    assert changed == good or stamps.shown_at(changed) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        # A stranger may say what it likes.
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        # What the client wrote itself stands on the left.
        ("10.0.0.1", ("192.0.2.99, 198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.99, 198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.99", "198.51.100.1, 10.0.0.2"), "198.51.100.1"),
        ("10.0.0.1", ("10.0.0.9, 10.0.0.2",), "10.0.0.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1, nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("127.0.0.1", ("198.51.100.1:4711",), "198.51.100.1"),
        ("fd00::1", ("[2001:db8::7]:443",), "2001:db8::7"),
        ("fd00::1", ("2001:db8::7",), "2001:db8::7"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("fe80::1%eth0", (), "fe80::1"),
        ("10.0.0.1", (", ".join(["192.0.2.1"] * 5000 + ["198.51.100.1"]),), "198.51.100.1"),
        (None, ("198.51.100.1",), ""),
        ("testclient", ("198.51.100.1",), ""),
    ],
)
def test_the_client_is_the_last_that_no_proxy_of_ours_is(peer: str | None, forwarded: tuple[str, ...], client: str) -> None:
    assert client_of(peer, forwarded, INNER) == client


@pytest.mark.parametrize(
    ("peer", "forwarded", "unnamed"),
    [
        ("192.168.1.1", ["198.51.100.1"], True), ("::1", ["198.51.100.1"], True), ("192.168.1.1", [], False),
        ("10.0.0.1", ["198.51.100.1"], False), ("8.8.8.8", ["198.51.100.1"], False), (None, ["198.51.100.1"], False),
    ],
)  # fmt: skip
def test_a_proxy_beside_us_that_nobody_named_is_noticed(peer: str | None, forwarded: list[str], unnamed: bool) -> None:
    assert unnamed_proxy(peer, forwarded, INNER) is unnamed


def test_no_more_of_a_way_is_followed_than_any_real_one_has() -> None:
    inner = str(INNER[0][1])
    assert client_of(inner, ["198.51.100.1", *[inner] * 19], INNER) == "198.51.100.1"
    assert client_of(inner, ["198.51.100.1", *[inner] * 20], INNER) == inner


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=3))
def test_any_header_gives_an_address_or_nothing(peer: str, forwarded: list[str]) -> None:
    client = client_of(peer, forwarded, INNER)
    assert (network_of(client) != "") == (client != "")


@pytest.mark.parametrize(
    ("client", "network"),
    [("198.51.100.77", "198.51.100.0/24"), ("2001:db8:1:2ff::7", "2001:db8:1::/48"), ("", ""), ("nonsense", "")],
)
def test_a_network_stands_for_its_addresses(client: str, network: str) -> None:
    assert network_of(client) == network


def test_the_turnstile_lets_so_many_through_in_a_window() -> None:
    gate = Turnstile(most=2, window=timedelta(hours=1))
    minutes = [timedelta(minutes=number) for number in (0, 10, 20, 60, 61, 70)]
    waits = [gate.wait("a", NOON + minute) for minute in minutes]
    assert waits == [None, None, timedelta(minutes=40), None, timedelta(minutes=9), None]
    assert gate.wait("b", NOON) is None


def test_nobody_is_counted_whose_network_is_not_known() -> None:
    gate = Turnstile(most=1, window=timedelta(hours=1))
    assert [gate.wait("", NOON) for _ in range(3)] == [None] * 3


def test_the_turnstile_forgets_who_was_not_seen_for_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "_MOST_NETWORKS", 2)
    gate = Turnstile(most=1, window=timedelta(hours=1))
    assert [gate.wait(name, NOON) is None for name in ("a", "b", "a", "c", "a", "b")] == [True, True, False, True, False, True]


def test_neither_who_asks_nor_from_where_stands_in_what_is_printed_of_a_wish() -> None:
    choice = Choice(rhythm="weekly")
    shown = repr(Wish(address="ada@example.org", choice=choice, network="192.0.2.0/24")) + repr(
        Signup(address="ada@example.org", choice=choice)
    )
    assert "ada" not in shown
    assert "192" not in shown
