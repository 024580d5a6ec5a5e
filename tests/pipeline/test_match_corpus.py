"""The labelled corpus of mentions: texts in many scripts, each with the reason why it is one or is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Near, Topic, Weight
from aggregator.pipeline.match import match_line

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "corpus" / "matches.json").read_text(encoding="utf-8"))


def topic(case: dict[str, Any]) -> Topic:
    return Topic(
        id="t",
        title="t",
        any_of=tuple(case["any_of"]),
        none_of=tuple(case.get("none_of", ())),
        languages=tuple(case.get("languages", ())),
        spaced=case.get("spaced", False),
        near=tuple(Near(left=left, right=right) for left, right in case.get("near", ())),
        people=tuple(Weight(name=name, worth=worth) for name, worth in case.get("people", {}).items()),
        sites=tuple(Weight(name=name, worth=worth) for name, worth in case.get("sites", {}).items()),
        about=tuple(case.get("about", ())),
    )


@pytest.mark.parametrize("case", CASES, ids=[f"{number}: {case['why']}" for number, case in enumerate(CASES)])
def test_the_label_is_found(case: dict[str, Any]) -> None:
    assert match_line(case, [topic(case)])["matched"] is case["matched"]


def test_the_corpus_has_enough_of_both() -> None:
    assert sum(case["matched"] for case in CASES) >= 100
    assert sum(not case["matched"] for case in CASES) >= 75
