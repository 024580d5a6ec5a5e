"""The promise of the digest over any history of a page: each story is new in one edition at the most, and nothing that is news is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest import compose as composing
from aggregator.digest.compose import Composed
from aggregator.model import Author, Link, Mention, Period, Story
from tests.digest.test_compose import edition_of, settings
from tests.support.editions import WEEK
from tests.support.stories import id_of, mentioned, published_entry

WEEK_LONG = timedelta(days=7)
ADDRESSES = tuple(f"https://blog{number}.example.org/essay" for number in range(6))
# So little that every list of an edition fills.
FULL, TITLES = 2, 2


@dataclass
class Page:
    """A page as its history made it: which addresses are one story, what waits and what is hidden. Changed by the steps below."""

    now: datetime = WEEK.since
    mentions: dict[str, Mention] = field(default_factory=dict)
    # The addresses of each story. As in the store a story's id is made from the first of them, and those of the others lead to it.
    stories: list[list[str]] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    def appear(self, at: int, *, held: bool, archive: bool) -> None:
        url = ADDRESSES[at]
        if url in self.mentions:
            return
        published = self.now - timedelta(days=900 if archive or at % 3 == 0 else 0)
        entry = published_entry(url, title=f"Essay {at}", author=Author(name=f"Author {at % 4}"), published=published)
        self.mentions[url] = mentioned(entry, at=self.now, quiet=archive)
        self.stories.append([url])
        if held:
            self.held.add(url)

    def merge(self, one: int, other: int) -> None:
        kept, gone = self._at(one), self._at(other)
        if kept is None or gone is None or kept is gone:
            return
        self.stories.remove(gone)
        kept.extend(gone)

    def split(self, at: int) -> None:
        story = self._at(at)
        # The steward parts what both are seen; what waits inside of a story is not among what can be parted.
        if story is not None and len(story) > 1 and self.held.isdisjoint(story):
            story.remove(ADDRESSES[at])
            self.stories.append([ADDRESSES[at]])

    def approve(self, at: int) -> None:
        self.held.discard(ADDRESSES[at])

    def hide(self, at: int) -> None:
        self.hidden ^= {ADDRESSES[at]}

    def shown(self) -> tuple[Story, ...]:
        made = map(self._story, self.stories)
        return tuple(story for story in made if story is not None)

    def _story(self, urls: list[str]) -> Story | None:
        seen = [url for url in urls if url not in self.held]
        if not seen or not self.hidden.isdisjoint(urls):
            return None
        mentions = tuple(self.mentions[url] for url in seen)
        return Story(
            id=id_of(urls[0]),
            lead=seen[0],
            links=tuple(Link(key=url, href=url) for url in seen),
            mentions=mentions,
            topics=("microsolidarity",),
            first_seen_at=min(one.first_seen_at for one in mentions),
            last_seen_at=max(one.first_seen_at for one in mentions),
            former=tuple(sorted(map(id_of, urls[1:]))),
        )

    def _at(self, at: int) -> list[str] | None:
        return next((urls for urls in self.stories if ADDRESSES[at] in urls), None)


Step = Callable[[Page], None]
PLACES = st.integers(0, len(ADDRESSES) - 1)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(lambda at, held, archive: lambda page: page.appear(at, held=held, archive=archive), PLACES, st.booleans(), st.booleans()),
    st.builds(lambda at: lambda page: page.appear(at, held=False, archive=False), PLACES),
    st.builds(lambda one, other: lambda page: page.merge(one, other), PLACES, PLACES),
    st.builds(lambda at: lambda page: page.split(at), PLACES),
    st.builds(lambda at: lambda page: page.approve(at), PLACES),
    st.builds(lambda at: lambda page: page.hide(at), PLACES),
)


def is_news(story: Story) -> bool:
    month = story.first_seen_at - timedelta(days=30)
    return any(not one.quiet or (one.entry.published or month) > month for one in story.mentions)


def told_in_full_or_by_title(composed: Composed) -> list[str]:
    return [item.story for item in (*composed.edition.items, *composed.edition.also)]


@given(st.lists(st.tuples(st.lists(STEPS, max_size=6), st.booleans()), min_size=1, max_size=8))
def test_each_story_is_new_in_one_edition_at_the_most_and_none_is_lost(weeks: list[tuple[list[Step], bool]]) -> None:
    page, since, told, first = Page(), WEEK.since, frozenset[str](), True
    # What an edition has accounted for, by address: addresses cannot merge or split, so this is counted without any name of a story.
    accounted: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composing, "ALSO", TITLES)
        for number, (steps, is_sent) in enumerate(weeks):
            for hour, step in enumerate(steps):
                page.now = WEEK.since + number * WEEK_LONG + timedelta(hours=20 * hour)
                step(page)
            period = Period(name=f"2026-W{number:02}", since=since, until=WEEK.since + (number + 1) * WEEK_LONG)
            composed = edition_of(*page.shown(), told=told, first=first, period=period, by=settings(most=FULL, least=1))
            new = {story.id for story in page.shown() if is_news(story) and accounted.isdisjoint(link.key for link in story.links)}
            listed = told_in_full_or_by_title(composed)
            assert len(listed) == len(set(listed))
            assert set(listed) <= new
            assert len(listed) + composed.edition.more == composed.new == len(new)
            assert {item.story for item in composed.edition.talked}.isdisjoint(new)
            if is_sent:
                accounted |= {link.key for story in page.shown() for link in story.links}
                told, first, since = told | composed.told, False, period.until


def test_a_story_that_was_held_when_its_week_was_told_is_new_when_it_is_approved() -> None:
    page = Page()
    page.appear(1, held=True, archive=False)
    first = edition_of(*page.shown(), first=True)
    page.approve(1)
    later = Period(name="2026-W48", since=WEEK.until, until=WEEK.until + WEEK_LONG)
    assert (first.new, edition_of(*page.shown(), told=first.told, period=later).new) == (0, 1)


def test_of_two_told_stories_that_become_one_nothing_is_new_and_nothing_when_they_part() -> None:
    page = Page()
    page.appear(1, held=False, archive=False)
    page.appear(2, held=False, archive=False)
    told = edition_of(*page.shown()).told
    page.merge(1, 2)
    joined = edition_of(*page.shown(), told=told)
    page.split(1)
    parted = edition_of(*page.shown(), told=told | joined.told)
    assert (joined.new, parted.new, len(page.shown())) == (0, 0, 2)


def test_a_link_that_joined_a_told_story_is_no_news_of_its_own_when_it_leaves() -> None:
    page = Page()
    page.appear(1, held=False, archive=False)
    told = edition_of(*page.shown()).told
    page.appear(2, held=False, archive=False)
    page.merge(1, 2)
    together = edition_of(*page.shown(), told=told)
    page.split(2)
    assert (together.new, edition_of(*page.shown(), told=told | together.told).new) == (0, 0)


def test_a_story_that_was_hidden_when_its_week_was_told_is_new_when_it_is_shown_again() -> None:
    page = Page()
    page.appear(1, held=False, archive=False)
    page.hide(1)
    told = edition_of(*page.shown()).told
    page.hide(1)
    assert edition_of(*page.shown(), told=told).new == 1


def test_what_waited_inside_of_a_told_story_and_parts_from_it_is_new() -> None:
    page = Page()
    page.appear(1, held=False, archive=False)
    page.appear(2, held=True, archive=False)
    page.merge(1, 2)
    told = edition_of(*page.shown()).told
    page.approve(2)
    page.split(2)
    assert [item.title for item in edition_of(*page.shown(), told=told).edition.items] == ["Essay 2"]
