"""The corpora are sound, their scores do not fall, and the command line clusters as the function does."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.eval.__main__ import main
from tests.eval.corpora import CORPORA, Bundle, bundles, clustered
from tests.eval.pins import fallen, pinned, risen, scores_of
from tests.support.steward import Steward

FIELDS = {"id", "platform", "url", "title", "text", "author", "handle", "published", "links"}
SEEN = bundles("bundles.jsonl")
HELD = bundles("bundles_held.jsonl")


@cache
def scores(corpus: str) -> Mapping[str, float]:
    return scores_of(CORPORA[corpus]())


def stories(found: Mapping[str, object]) -> set[frozenset[str]]:
    """A partition without the names of its groups."""
    groups: dict[object, set[str]] = defaultdict(set)
    for name, story in found.items():
        groups[story].add(name)
    return {frozenset(group) for group in groups.values()}


# -- the corpora


@pytest.mark.parametrize("bundle", [*SEEN, *HELD], ids=lambda bundle: bundle.name)
def test_every_mention_of_a_bundle_is_in_one_story(bundle: Bundle) -> None:
    named = [str(mention["id"]) for mention in bundle.mentions]
    assert Counter(name for story in bundle.stories for name in story) == Counter(named)
    assert all(mention.keys() <= FIELDS for mention in bundle.mentions)
    assert bundle.why


def test_the_corpora_are_large_enough_to_judge_by() -> None:
    assert len(SEEN) >= 110
    assert len(HELD) >= 110
    assert len({bundle.name for bundle in (*SEEN, *HELD)}) == len(SEEN) + len(HELD)


def test_no_long_text_is_in_both_halves() -> None:
    seen, held = (
        {mention["text"] for bundle in half for mention in bundle.mentions if len(mention.get("text") or "") > 200} for half in (SEEN, HELD)
    )
    assert seen
    assert held
    assert not seen & held


# -- the scores


@pytest.mark.parametrize("corpus", CORPORA)
def test_no_score_falls(corpus: str) -> None:
    assert fallen({corpus: scores(corpus)}, {corpus: pinned()[corpus]}) == []


def test_every_corpus_is_pinned() -> None:
    assert pinned().keys() == CORPORA.keys()


def test_a_lower_score_and_one_that_is_gone_have_fallen() -> None:
    before = {"pages": {"precision": 0.9, "recall": 0.8}, "bundles": {"f1": 0.5}}
    now = {"pages": {"precision": 0.8999, "recall": 0.8}}
    assert fallen(now, before) == ["pages: precision was 0.9000 and is 0.8999.", "bundles: f1 was 0.5000 and is 0.0000."]


def test_a_higher_score_and_a_new_one_have_risen() -> None:
    before = {"pages": {"precision": 0.9, "recall": 0.8}}
    now = {"pages": {"precision": 0.9001, "recall": 0.8, "f1": 0.0}}
    assert risen(now, before) == ["pages: precision is 0.9001, pinned is 0.9000.", "pages: f1 is 0.0000, pinned is 0.0000."]


def test_the_table_names_every_corpus_and_hides_what_is_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--wrong"])
    said = capsys.readouterr().out
    assert all(f"\n{corpus} " in said for corpus in CORPORA)
    assert "bundles held back:" in said
    assert not any(f": {bundle.name}\n" in said for bundle in HELD)


def test_a_fall_is_told_and_is_an_error(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    file.write_text(json.dumps({"addresses": {"precision": 1.5}}), encoding="utf-8")
    monkeypatch.setattr("tests.eval.pins.FILE", file)
    assert main([]) == 1
    assert "addresses: precision was 1.5000 and is" in capsys.readouterr().out


def test_pinned_scores_are_met_the_next_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.eval.pins.FILE", tmp_path / "scores.json")
    assert main(["--pin"]) == 0
    assert main([]) == 0


# -- the command line


LARGEST = sorted(SEEN, key=lambda bundle: (-len(bundle.mentions), bundle.name))[:4]


@pytest.mark.parametrize("bundle", LARGEST, ids=lambda bundle: bundle.name)
def test_the_command_line_gives_the_stories_of_the_function_in_any_order(bundle: Bundle, steward: Steward) -> None:
    lines = [json.dumps(mention) for mention in bundle.mentions]
    random.Random(bundle.name).shuffle(lines)
    said = steward.runs("cluster", given="\n".join(lines))
    assert said.code == 0, said.err
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [answer["id"] for answer in answers] == [json.loads(line)["id"] for line in lines]
    assert stories({answer["id"]: answer["story"] for answer in answers}) == stories(clustered(bundle))


@pytest.mark.parametrize("bundle", [*SEEN, *HELD], ids=lambda bundle: bundle.name)
def test_the_order_of_the_mentions_changes_no_story(bundle: Bundle) -> None:
    """Also their names stay: ids of stories follow from what is in them."""
    backwards = replace(bundle, mentions=bundle.mentions[::-1])
    assert clustered(backwards) == clustered(bundle)
