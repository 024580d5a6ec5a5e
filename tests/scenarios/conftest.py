"""A steward with an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.steward import Steward


@pytest.fixture
def steward(tmp_path: Path) -> Steward:
    return Steward(folder=tmp_path)
