"""The scores that were reached before. They may rise, and then they are pinned anew; they must not fall."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

from tests.eval.corpora import CORPORA, Case
from tests.eval.metrics import Score, Tally, b_cubed, pairwise

FILE: Final = Path(__file__).parents[1] / "corpus" / "scores.json"
# Digits behind the point, as scores are pinned, compared and printed.
_DIGITS: Final = 4

Scores = Mapping[str, Mapping[str, float]]


def scores_of(cases: Iterable[Case]) -> dict[str, float]:
    """Precision, recall and F1 of decisions or pairs, of partitions also by B-cubed; each of four digits."""
    tally = sum((case.tally for case in cases), Tally())
    made = _named("", pairwise(tally))
    if tally.items:
        made = {**_named("pairwise ", pairwise(tally)), **_named("b-cubed ", b_cubed(tally))}
    return {name: float(round(share, _DIGITS)) for name, share in made.items()}


def _named(prefix: str, score: Score) -> dict[str, Fraction]:
    return {f"{prefix}precision": score.precision, f"{prefix}recall": score.recall, f"{prefix}f1": score.f1}


def judged() -> dict[str, tuple[Case, ...]]:
    """Every corpus with its cases, judged now."""
    return {name: tuple(cases()) for name, cases in CORPORA.items()}


def pinned() -> Scores:
    """What `scores.json` holds."""
    made: dict[str, dict[str, float]] = json.loads(FILE.read_text(encoding="utf-8"))
    return made


def pin(scores: Scores) -> None:
    """Make `scores` what must not be fallen below."""
    FILE.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")


def fallen(now: Scores, before: Scores) -> list[str]:
    """A sentence for each score that is lower than it was, or that is not measured any more."""
    return [
        f"{corpus}: {name} was {was:.4f} and is {now.get(corpus, {}).get(name, 0.0):.4f}."
        for corpus, names in before.items()
        for name, was in names.items()
        if now.get(corpus, {}).get(name, 0.0) < was
    ]


def risen(now: Scores, before: Scores) -> list[str]:
    """A sentence for each score that is higher than what is pinned, or that is not pinned yet."""
    return [
        f"{corpus}: {name} is {score:.4f}, pinned is {before.get(corpus, {}).get(name, 0.0):.4f}."
        for corpus, names in now.items()
        for name, score in names.items()
        if score > before.get(corpus, {}).get(name, -1.0)
    ]
