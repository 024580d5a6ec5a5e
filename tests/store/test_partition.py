"""Which mentions are one story, as a matter of the rows alone."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.store import Store
from aggregator.store.engine import open_store
from aggregator.store.partition import Voice, partition, story_id
from tests.support.mentions import NOW, chosen, landing, mention

KEYS = [f"https://page.example.org/{letter}" for letter in "abcdef"]
SHUFFLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def voice(subject: str, *aliases: str) -> Voice:
    return Voice(subject=subject, aliases=aliases)


voices = st.builds(voice, st.sampled_from(KEYS), st.sampled_from(KEYS)) | st.builds(voice, st.sampled_from(KEYS))
by_name = st.dictionaries(st.integers(0, 8), voices, max_size=8)
owners = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(KEYS[:2]), max_size=4).map(
    lambda found: {**found, **{lead: lead for lead in found.values()}}
)


def test_an_id_is_ten_letters_and_digits_made_from_the_lead_alone() -> None:
    assert story_id("https://page.example.org/a") == story_id("https://page.example.org/a") == "yezukynsz4"
    assert len({story_id(str(number)) for number in range(2000)}) == 2000
    assert set("".join(story_id(str(number)) for number in range(2000))) == set(string.ascii_lowercase + "234567")


def test_the_page_leads_and_not_the_post_that_shares_it() -> None:
    made = partition({"post": voice("https://z.example/page", "https://a.example/post"), "reply": voice("https://a.example/post")}, {})
    assert set(made.places.values()) == {"https://z.example/page"}


def test_what_names_each_other_is_led_by_the_smaller() -> None:
    assert set(partition({1: voice("b", "a"), 2: voice("a", "b")}, {}).places.values()) == {"a"}


def test_what_hangs_on_two_chosen_entries_goes_to_the_nearer_and_then_to_the_smaller() -> None:
    chain = {1: voice("x", "left"), 2: voice("y", "x"), 3: voice("y", "z"), 4: voice("z", "right"), 5: voice("both", "left", "right")}
    made = partition(chain, {"left": "left", "right": "right"})
    assert made.anchor_of == {"left": "left", "right": "right", "x": "left", "y": "left", "z": "right", "both": "left"}


@given(by_name, owners, st.randoms(use_true_random=False))
def test_the_order_of_mentions_does_not_matter(named: dict[int, Voice], owned: dict[str, str], random: object) -> None:
    names = list(named)
    random.shuffle(names)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert partition({name: named[name] for name in names}, owned) == partition(named, owned)


@given(by_name, owners)
def test_everything_has_a_place_and_what_shares_a_subject_shares_it(named: dict[int, Voice], owned: dict[str, str]) -> None:
    made = partition(named, owned)
    assert made.places.keys() == named.keys()
    assert all(made.places[name] == made.anchor_of[one.subject] for name, one in named.items())
    assert all(made.anchor_of[lead] == lead for lead in made.anchor_of.values())
    assert all(made.anchor_of[key] == lead for key, lead in owned.items())


# -- the same, by way of the store


@dataclass(frozen=True)
class Land:
    """Mentions on one page, by number; withdrawn are those that come as None."""

    page: Mapping[int, Voice | None]
    # Another title makes a known mention a changed one, whatever it is about.
    title: str = "x"


@dataclass(frozen=True)
class Choose:
    """A list of chosen entries, each with its keys."""

    lists: Sequence[Sequence[str]]


lands = st.builds(Land, st.dictionaries(st.integers(0, 6), st.none() | voices | voices, min_size=1, max_size=4), st.sampled_from("xy"))
chooses = st.builds(Choose, st.lists(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True), max_size=3))
histories = st.lists(lands | lands | lands | chooses, max_size=8)


def act(store: Store, step: Land | Choose) -> None:
    if isinstance(step, Choose):
        store.choose([chosen(*keys, position=position) for position, keys in enumerate(step.lists)], "sources.yaml", NOW)
        return
    mentions = [
        mention(str(number), subject=one.subject, aliases=one.aliases, title=step.title) for number, one in step.page.items() if one
    ]
    store.land(landing(*mentions, unmatched=tuple(str(number) for number, one in step.page.items() if one is None)))


def found(store: Store) -> dict[str, tuple[str, set[str]]]:
    return {story.lead: (story.id, {one.entry.native_id for one in story.mentions}) for story in store.stories()}


def outcome(history: Sequence[Land | Choose]) -> tuple[dict[str, Voice], list[Sequence[str]]]:
    """The rows that a history ends with."""
    rows: dict[str, Voice] = {}
    lists: list[Sequence[str]] = []
    for step in history:
        if isinstance(step, Choose):
            lists = list(step.lists)
            continue
        for number, one in step.page.items():
            rows.pop(str(number), None)
            if one is not None:
                rows[str(number)] = one
    return rows, lists


def linked(history: Sequence[Land | Choose]) -> set[str]:
    """The addresses that ever were a subject or chosen: links are kept."""
    keys = {key for step in history if isinstance(step, Choose) for one in step.lists for key in one}
    return keys | {one.subject for step in history if isinstance(step, Land) for one in step.page.values() if one is not None}


@SHUFFLES
@given(histories)
def test_stories_are_what_the_rows_say_whatever_happened_before(history: list[Land | Choose]) -> None:
    rows, lists = outcome(history)
    owned = {keys[0]: keys[0] for keys in lists}
    for keys in lists:
        for key in keys:
            owned.setdefault(key, keys[0])
    made = partition(rows, owned, since=dict.fromkeys(linked(history), NOW))
    wanted: dict[str, tuple[str, set[str]]] = {keys[0]: (story_id(keys[0]), set()) for keys in lists}
    for name, lead in made.places.items():
        wanted.setdefault(lead, (story_id(lead), set()))[1].add(name)
    with closing(open_store(":memory:")) as store:
        for step in history:
            act(store, step)
        assert found(store) == wanted
        assert {key: store.story_of(key) for key in KEYS} == {
            key: story_id(made.anchor_of[key]) if key in made.anchor_of else None for key in KEYS
        }


@SHUFFLES
@given(by_name, st.randoms(use_true_random=False), st.integers(1, 8))
def test_the_order_of_arrival_does_not_change_stories(named: dict[int, Voice], random: object, size: int) -> None:
    names = list(named)
    random.shuffle(names)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    with closing(open_store(":memory:")) as early, closing(open_store(":memory:")) as late:
        for name, one in named.items():
            act(early, Land({name: one}))
        for start in range(0, len(names), size):
            act(late, Land({name: named[name] for name in names[start : start + size]}))
        assert found(early) == found(late)
        # The ids that stories had are history, and the only thing that may differ.
        assert [replace(story, former=()) for story in early.stories()] == [replace(story, former=()) for story in late.stories()]
