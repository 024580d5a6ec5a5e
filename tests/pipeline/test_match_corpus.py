"""The labelled corpus of mentions: texts in many scripts, each with the reason why it is one or is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aggregator.pipeline.match import match_line
from tests.support.matching import topic_of_case

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "corpus" / "matches.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[f"{number}: {case['why']}" for number, case in enumerate(CASES)])
def test_the_label_is_found(case: dict[str, Any]) -> None:
    assert match_line(case, [topic_of_case(case)])["matched"] is case["matched"]


def test_the_corpus_has_enough_of_both() -> None:
    assert sum(case["matched"] for case in CASES) >= 100
    assert sum(not case["matched"] for case in CASES) >= 75
