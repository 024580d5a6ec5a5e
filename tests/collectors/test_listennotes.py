"""Listen Notes: what the contract suite cannot know."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aggregator.collectors.listennotes import MOST, Listennotes
from aggregator.errors import MissingSecret
from aggregator.model import Restriction
from tests.support.exchanges import RecordedHttp, cases, replayed


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://www.listennotes.com/search/?q=microsolidarity&sort_by_date=1", {"search": "microsolidarity"}),
        ("https://www.listennotes.com/podcasts/a-show-p1/", None),
        ("https://example.org/search/?q=microsolidarity", None),
    ],
)
def test_a_search_is_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Listennotes.recognise(address) == options


def test_without_the_key_nothing_is_asked() -> None:
    with pytest.raises(MissingSecret):
        list(Listennotes(search="microsolidarity").poll(RecordedHttp([]), ""))


def test_what_the_directory_says_of_an_episode_is_not_kept_and_what_the_feed_says_is() -> None:
    [case] = [case for case in cases("listennotes") if case.name == "episodes"]
    entries = [entry for page in replayed(case, RecordedHttp(case.exchanges, authorised=True)) for entry in page.entries]
    kept = {entry.url.partition("?")[0]: entry.restrictions for entry in entries}
    assert {(entry.author, entry.site) for entry in entries if entry.restrictions} == {(None, None)}
    assert kept == {"https://show.example.org/e/1": (), "https://show.example.org/e/2": (Restriction.WORDLESS,)}


def test_no_more_is_asked_for_than_the_free_plan_gives_and_no_recording() -> None:
    [case] = [case for case in cases("listennotes") if case.name == "paging"]
    http = RecordedHttp(case.exchanges, authorised=True)
    entries = [entry for page in replayed(case, http) for entry in page.entries]
    assert (len(entries), len(http.asked)) == (MOST, 3)
    assert not any(entry.enclosures for entry in entries)
