"""The rows come to the same stories as `aggregator cluster`: mentions land in a real store, in any order and in pages of any size."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model import Field, Match, Mention, Source
from aggregator.pipeline.cluster import cluster, settle
from aggregator.pipeline.mention_lines import mention_of
from aggregator.store import Landing, Store
from aggregator.store.engine import open_store
from tests.eval.corpora import bundles

THEN = datetime(2026, 3, 1, tzinfo=UTC)
TOPIC = "crews"


def everything(name: str) -> tuple[Mention, ...]:
    """The mentions of all bundles of a file, as if one source had brought them, each first seen at a time of its own."""
    lines = [(f"{number}-{line['id']}", line) for number, bundle in enumerate(bundles(name)) for line in bundle.mentions]
    return tuple(
        replace(
            mention_of({**line, "id": id}),
            source="all",
            matches=(Match(topic=TOPIC, field=Field.SOURCE, rule="takes everything", excerpt=""),),
            first_seen_at=THEN + timedelta(minutes=minutes),
        )
        for minutes, (id, line) in enumerate(lines)
    )


def together(stories: Mapping[str, str]) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for name, story in stories.items():
        groups[story].add(name)
    return {frozenset(group) for group in groups.values()}


@contextmanager
def store_in(folder: Path) -> Iterator[Store]:
    store = open_store(folder / "aggregator.db")
    try:
        store.register([Source(id="all", platform="feed", options={}, topics=(TOPIC,))], THEN)
        yield store
    finally:
        store.close()


def pages_of(mentions: Sequence[Mention], chance: random.Random) -> Iterator[tuple[Mention, ...]]:
    rest = chance.sample(mentions, len(mentions))
    while rest:
        size = chance.choice((1, 2, 7, 40, 200))
        yield tuple(rest[:size])
        rest = rest[size:]


def stories_in(store: Store) -> dict[str, str]:
    """From mentions to their stories, without the posts that share several pages: those are voices in the stories of others."""
    return {mention.entry.native_id: story.id for story in store.stories() for mention in story.mentions if not mention.identity.shares}


@pytest.mark.parametrize("name", ["bundles.jsonl", "bundles_held.jsonl"])
@pytest.mark.parametrize("seed", [1, 2])
def test_mentions_that_land_in_any_order_come_to_the_stories_of_the_command(name: str, seed: int, tmp_path: Path) -> None:
    mentions = everything(name)
    chance = random.Random(seed)
    stories = zip(mentions, cluster(mentions).stories, strict=True)
    wanted = {mention.entry.native_id: story for mention, story in stories if not mention.identity.shares}
    with store_in(tmp_path) as store:
        for number, page in enumerate(pages_of(mentions, chance)):
            store.land(Landing(source="all", mentions=page, cursor=str(number), at=THEN))
            if chance.random() < 0.5:
                settle(store.works, limit=chance.choice((1, 10, 1000)))
        settle(store.works)
        found = stories_in(store)
        assert together(found) == together(wanted)
        assert store.works.rearrange() == 0
        assert stories_in(store) == found


def test_a_post_that_shares_several_pages_is_a_voice_in_the_story_of_each(tmp_path: Path) -> None:
    mentions = everything("bundles.jsonl")
    with store_in(tmp_path) as store:
        store.land(Landing(source="all", mentions=mentions, cursor="1", at=THEN))
        settle(store.works)
        heard = {story.id: {mention.entry.native_id for mention in story.mentions} for story in store.stories()}
        sharing = [(mention.entry.native_id, page) for mention in mentions for page in mention.identity.shares]
        in_stories = [(name, story) for name, page in sharing if (story := store.story_of(page)) is not None]
    assert len(in_stories) > 5
    assert [(name, story) for name, story in in_stories if name not in heard.get(story, ())] == []
