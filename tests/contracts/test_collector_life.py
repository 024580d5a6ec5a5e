"""Reading a platform while posts arrive and runs are cut: there is no gap behind the oldest post that was seen."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.collectors import platforms
from aggregator.collectors.base import Backfills, Collector, build
from aggregator.errors import SourceError
from tests.contracts.simulated import LIVING, Living

each_life = pytest.mark.parametrize("name", LIVING)
briefly = settings(max_examples=40, deadline=None)


def begin(name: str) -> tuple[Collector, Living]:
    platform, make = LIVING[name]
    here = make()
    return build(platforms()[platform], here.options), here


def polled(collector: Collector, here: Living, cursor: str, *, pages: int = 1000) -> tuple[set[str], str, bool]:
    """Ids of one poll that is cut after `pages`, the cursor that was committed last, and whether the poll came to its end."""
    found: set[str] = set()
    reader = collector.poll(here, cursor)
    for _ in range(pages):
        try:
            page = next(reader)
        except StopIteration:
            return found, cursor, True
        except SourceError:
            return found, cursor, False
        found |= {entry.native_id for entry in page.entries}
        cursor = page.cursor
    return found, cursor, False


def assert_no_gap(found: set[str], here: Living, *, since: int) -> None:
    """Every post after number `since` was seen, and before it every one that is newer than the oldest seen."""
    seen = [number for number in here.posts if here.named(number) in found]
    assert seen == [number for number in here.posts if number >= seen[0]]
    assert seen[0] <= since + 1


@each_life
@briefly
@given(steps=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 3)), min_size=1, max_size=12))
# Exactly a page of Discourse's search, so that the second page is what the first was.
@example(steps=[(50, 1), (50, 1)])
def test_posts_that_arrive_between_cut_polls_are_all_seen(name: str, steps: list[tuple[int, int]]) -> None:
    collector, here = begin(name)
    here.publish(25)
    found, cursor, _ = polled(collector, here, "", pages=1)
    for arrived, pages in steps:
        here.publish(arrived)
        more, cursor, _ = polled(collector, here, cursor, pages=pages)
        found |= more
    for _ in range(3):
        more, cursor, over = polled(collector, here, cursor)
        found |= more
        assert over
    assert_no_gap(found, here, since=25)


@each_life
@briefly
@given(failing=st.integers(1, 12), arrived=st.integers(0, 130))
def test_a_failure_at_any_request_loses_nothing(name: str, failing: int, arrived: int) -> None:
    collector, here = begin(name)
    here.publish(130)
    found, cursor, _ = polled(collector, here, "")
    here.publish(arrived)
    here.asked, here.fails_at = 0, failing
    for _ in range(3):
        more, cursor, _ = polled(collector, here, cursor)
        found |= more
        here.publish(1)
    here.fails_at = None
    found |= polled(collector, here, cursor)[0]
    assert_no_gap(found, here, since=130)


@each_life
def test_a_quiet_platform_is_asked_once(name: str) -> None:
    collector, here = begin(name)
    here.publish(10)
    _, cursor, _ = polled(collector, here, "")
    before = here.asked
    found, after, over = polled(collector, here, cursor)
    assert over
    assert here.asked == before + 1
    assert after == cursor
    assert found <= {here.named(number) for number in here.posts}


@pytest.mark.parametrize("name", [name for name, (platform, _) in LIVING.items() if hasattr(platforms()[platform], "backfill")])
@briefly
@given(cut=st.lists(st.integers(1, 2), max_size=8))
def test_looking_back_reaches_the_beginning_wherever_it_is_cut(name: str, cut: list[int]) -> None:
    collector, here = begin(name)
    here.publish(150)
    assert isinstance(collector, Backfills)
    found: set[str] = set()
    cursor = ""
    for pages in [*cut, 1000]:
        for _, page in zip(range(pages), collector.backfill(here, None, cursor), strict=False):
            found |= {entry.native_id for entry in page.entries}
            cursor = page.cursor
    assert found == {here.named(number) for number in here.posts}
