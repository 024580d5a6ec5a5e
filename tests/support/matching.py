"""The topics of labelled texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggregator.model import Near, Topic, Weight


def topic_of_case(case: Mapping[str, Any]) -> Topic:
    """The topic that a case of tests/corpus/matches.json is judged by."""
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
