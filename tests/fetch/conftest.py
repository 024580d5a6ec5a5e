"""A server on loopback and clients that may ask it, with caps short enough for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.fetch import Pace
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp
from aggregator.fetch.client import Client
from aggregator.settings import Fetch
from tests.support.server import Server

AT_ONCE = Pace(gap=timedelta(0))
SETTINGS = Fetch(
    contact="https://example.org/about",
    allow_networks=("127.0.0.0/8",),
    connect_timeout=timedelta(seconds=2),
    read_timeout=timedelta(seconds=2),
    total_timeout=timedelta(seconds=4),
)


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


Open = Callable[..., Client]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def open_client(time: Time, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Makes clients; settings of `Fetch` and arguments of `Client` by name."""
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    opened: list[Client] = []

    def open_one(**wanted: Any) -> Client:
        fields = {name: wanted.pop(name) for name in list(wanted) if name in Fetch.__dataclass_fields__}
        arguments: dict[str, Any] = {"clock": time, "sleep": time.sleep, "sessions": Sessions(None), "version": "1.2"} | wanted
        opened.append(Client(settings=replace(SETTINGS, **fields), **arguments))
        return opened[-1]

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture
def client(open_client: Open) -> Client:
    return open_client()


@pytest.fixture
def http(client: Client, server: Server) -> BoundHttp:
    return client.bound(host=server.host, pace=AT_ONCE)
