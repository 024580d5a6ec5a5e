"""Whatever is joined says by what, in both directions."""

from __future__ import annotations

from collections import Counter

import pytest

from aggregator.model import EvidenceKind
from aggregator.pipeline.mention_lines import answers_of, mention_of
from tests.eval.corpora import bundles


@pytest.mark.parametrize("name", ["bundles.jsonl", "bundles_held.jsonl"])
def test_every_mention_of_a_story_of_several_names_another_of_that_story(name: str) -> None:
    silent = []
    for bundle in bundles(name):
        answers = answers_of([mention_of(mention) for mention in bundle.mentions])
        story_of = {answer["id"]: answer["story"] for answer in answers}
        sizes = Counter(story_of.values())
        for answer in answers:
            evidence = answer["evidence"]
            assert isinstance(evidence, list)
            joining = [one for one in evidence if EvidenceKind(one["kind"]).joins]
            within = [one for one in joining if story_of[one["with"]] == answer["story"]]
            if (sizes[answer["story"]] > 1) != bool(within):
                silent.append((bundle.name, answer))
    assert silent == []
