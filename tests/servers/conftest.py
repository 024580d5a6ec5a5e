"""A client that may ask this machine, and waits for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from aggregator import clock
from aggregator.collectors.base import Collector
from aggregator.fetch import Pace
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp
from aggregator.fetch.client import Client
from aggregator.settings import Fetch

Bind = Callable[[Collector], BoundHttp]


@pytest.fixture
def bind() -> Iterator[Bind]:
    """Gives the client as a source sees it."""
    settings = Fetch(contact="https://example.org/about", allow_networks=("127.0.0.0/8",), read_timeout=timedelta(seconds=10))
    client = Client(settings=settings, version="1", clock=clock.now, sessions=Sessions(None))
    yield lambda collector: client.bound(host=collector.host, pace=Pace(gap=timedelta(0)))
    client.close()
