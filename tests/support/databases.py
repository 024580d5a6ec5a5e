"""The databases that a store is tried on: a file, memory, and a PostgreSQL server where AGGREGATOR_TEST_POSTGRES names one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine

DATABASES = ("file", "memory", "server")


def database(kind: str, file: Path) -> str:
    """Path or URL of an empty database; skips where there is no server.

    Args:
        kind: one of `DATABASES`.
        file: where a file would be.
    """
    if kind == "file":
        return str(file)
    if kind == "memory":
        return ":memory:"
    url = os.environ.get("AGGREGATOR_TEST_POSTGRES")
    if not url:
        pytest.skip("AGGREGATOR_TEST_POSTGRES does not name a PostgreSQL server to test against")
    _empty(url)
    return url


def _empty(url: str) -> None:
    engine, metadata = create_engine(url), MetaData()
    metadata.reflect(engine)
    metadata.drop_all(engine)
    engine.dispose()
