"""What stores promise about pages that were searched, and about asking a source anew; run over each implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import Field, Link, Match, Validators
from aggregator.store.sql import SqlStore
from tests.contracts.test_small_stores import store as store  # the same implementations
from tests.support.mentions import NOW, landing, mention

PAGE = "https://pages.example.org/x"


def searched(key: str, *topics: str, minutes: int = 0) -> Link:
    return Link(key=key, href=key, topics=topics, enriched_at=NOW + timedelta(minutes=minutes))


@pytest.fixture
def known(store: SqlStore) -> SqlStore:
    for link in (searched(PAGE, "crews"), searched(PAGE + "y", "a", "b", minutes=5), searched(PAGE + "z")):
        store.enrich(link)
    return store


def test_pages_are_given_with_their_topics_those_read_last_first(known: SqlStore) -> None:
    assert list(known.pages().items()) == [(PAGE + "y", ("a", "b")), (PAGE, ("crews",))]
    assert list(known.pages(limit=1)) == [PAGE + "y"]


def test_a_source_that_is_asked_anew_has_nothing_to_ask_with(store: SqlStore) -> None:
    learned = {"https://blog.example.org/feed": Validators(etag='"1"')}
    store.land(landing(source="feed-a", validators=learned))
    store.land(landing(source="feed-b", validators=learned))
    store.ask_anew(["feed-a"])
    assert not store.state("feed-a").validators
    assert store.state("feed-b").validators


def test_what_counts_because_of_a_page_has_no_further_page_read(store: SqlStore) -> None:
    found = Match(topic="crews", field=Field.PAGE, rule="a page it links to", excerpt=PAGE)
    by_word = mention("1", url="https://social.example/1", subject=PAGE + "/word", title=None)
    by_page = replace(mention("2", url="https://social.example/2", subject=PAGE + "/page", title=None), matches=(found,))
    store.land(landing(by_word, by_page))
    assert [link.key for link in store.links_due(NOW, 10)] == [PAGE + "/word"]


def test_what_the_steward_wants_is_not_withdrawn_because_it_passes(store: SqlStore) -> None:
    store.land(landing(mention("1"), mention("2", subject=PAGE, aliases=("https://blog.example.org/2",)), mention("3")))
    entries = tuple(mention(native_id).entry for native_id in ("1", "2", "3"))
    keeps = frozenset({"https://blog.example.org/1", "https://blog.example.org/2"})
    landed = store.land(landing(passed=entries, keeps=keeps))
    assert landed.withdrawn == 1
    assert {one.entry.native_id for story in store.stories() for one in story.mentions} == {"1", "2"}


def test_what_may_not_be_shown_is_withdrawn_whatever_the_steward_wants(store: SqlStore) -> None:
    store.land(landing(mention("1")))
    assert store.land(landing(unmatched=("1",), keeps=frozenset({"https://blog.example.org/1"}))).withdrawn == 1
