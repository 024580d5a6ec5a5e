"""Which service the digest goes through, as it is configured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.digest.services import service_of
from aggregator.digest.services.listmonk import tag_of
from aggregator.errors import MissingSecret
from aggregator.settings import Listmonk, Settings, Site
from tests.support.editions import digest_of


def test_a_missing_key_is_told() -> None:
    digest = digest_of(through="listmonk", listmonk=Listmonk(url="https://news.example.org/", user="aggregator", lists=(1,)))
    keyless = Settings(file=Path("x"), site=Site(title="x"), topics=(), sources=(), digest=digest)
    with pytest.raises(MissingSecret, match="LISTMONK_TOKEN"):
        service_of(keyless, lambda: pytest.fail("no client is needed"))


def test_no_service_needs_no_client() -> None:
    settings = Settings(file=Path("x"), site=Site(title="x"), topics=(), sources=(), digest=digest_of())
    assert service_of(settings, lambda: pytest.fail("no client is needed")) is None


def test_a_tag_of_listmonk_fits() -> None:
    tag = tag_of("a topic with spaces/weekly/2026-W47" * 9)
    assert re.fullmatch(r"[a-z0-9-]{1,100}", tag)
