"""Which mentions are one story, and that nothing but the mentions decides it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.cli import main
from aggregator.model import Evidence, EvidenceKind, Material, Mention, Sketched, Work
from aggregator.pipeline import alike
from aggregator.pipeline import cluster as clustering
from aggregator.pipeline.cluster import cluster, settle, story_id, subjects_of
from aggregator.pipeline.mention_lines import answers_of
from aggregator.store.partition import Voice, partition
from tests.support.lines import CREWS, CREWS_IN_GERMAN, ROOMS, SOUP, day, episode, essay, mentions, post, video

MEDIUM = "https://medium.com/@ada/how-to-grow-a-crew-7c6e7ce63e01"
SHARING = "https://social.example/@bo/117648005660672001"
LINES = [
    essay(),
    essay(MEDIUM, published=day(3)),
    essay("https://bo.example.net/crews", text=ROOMS, author="Bo Sample"),
    essay("https://ada.example.org/de/crews", "Wie man eine Crew wachsen lässt", text=CREWS_IN_GERMAN, links=[MEDIUM]),
    essay("https://ada.example.org/crews-1", "Crews, part 1", text=SOUP),
    essay("https://adaexample.substack.com/p/crews-2", "Crews, part 2", text=SOUP),
    episode(),
    video(),
    episode("https://anchor.fm/crewshow/episodes/Rooms-e186q96", "Ep 13: Rooms with Di"),
    video("https://youtu.be/bDWuHsyznf4", "Rooms with Di | The Crew Show #13"),
    post(SHARING, f"Read {MEDIUM}?source=x", author="Bo"),
    post("https://social.example/@cy/117648005660672002", "Yes!", in_reply_to=SHARING, author="Cy"),
    post("https://social.example/@di/117648005660672003", "https://bo.example.net/crews and https://ada.example.org/crews", author="Di"),
    post("https://social.example/@ada/117648005660672004", "Our crew cooked for forty people last night"),
    post("https://bsky.app/profile/ada.example/post/3n2", "Our crew cooked for forty people last night"),
]
ORDERS = st.permutations(range(len(LINES)))


def told(lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """From the id of each line to its story."""
    return dict(zip((str(line["id"]) for line in lines), cluster(mentions(*map(dict, lines))).stories, strict=True))


def together(stories: Mapping[str, str]) -> set[frozenset[str]]:
    """The stories as what is in them."""
    return {frozenset(name for name in stories if stories[name] == one) for one in stories.values()}


def test_a_story_is_named_after_what_was_seen_first() -> None:
    stories = told(LINES)
    assert stories[MEDIUM] == stories[SHARING] == stories["https://ada.example.org/crews"] == story_id("https://ada.example.org/crews")


def test_the_stories_are_those_that_a_reader_would_make() -> None:
    assert {len(story) for story in together(told(LINES))} == {1, 2, 4}
    assert frozenset((LINES[6]["id"], LINES[7]["id"])) in together(told(LINES))
    assert sum(len(story) == 1 for story in together(told(LINES))) == 5


def test_a_post_that_shares_two_pages_of_one_story_is_in_it() -> None:
    both = post(SHARING, f"{MEDIUM} is https://ada.example.org/crews", author="Bo")
    lines = (essay(), essay(MEDIUM, published=day(3)), both)
    assert len(set(cluster(mentions(*lines)).stories)) == 1
    assert cluster(mentions(*reversed(lines))).stories == tuple(reversed(cluster(mentions(*lines)).stories))
    elsewhere = post(SHARING, f"{MEDIUM} and https://ada.example.org/unknown", author="Bo")
    assert len(set(cluster(mentions(essay(), elsewhere)).stories)) == 2


def test_a_post_that_shares_two_pages_joins_neither() -> None:
    pair = LINES[12]
    assert frozenset((pair["id"],)) in together(told(LINES))
    assert len(mentions(pair)[0].identity.shares) == 2


@given(ORDERS)
@settings(max_examples=25, deadline=None)
def test_the_order_of_mentions_does_not_change_a_story(order: Sequence[int]) -> None:
    assert told([LINES[number] for number in order]) == told(LINES)


@given(st.sets(st.integers(0, len(LINES) - 1)), st.integers(0, len(LINES) - 1))
@settings(max_examples=40, deadline=None)
def test_one_mention_more_moves_nothing_that_it_does_not_join(some: set[int], one: int) -> None:
    before = [LINES[number] for number in sorted(some - {one})]
    after = told([*before, LINES[one]])
    joined = after[str(LINES[one]["id"])]
    assert together(told(before)) >= {story for story in together(after) if str(LINES[one]["id"]) not in story}
    assert all(after[name] in (story, joined) for name, story in told(before).items())


@given(st.lists(st.tuples(st.sampled_from(["part", "#", "Ep", "week", "Folge", "vol."]), st.integers(1, 30)), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_instalments_never_join(found: list[tuple[str, int]]) -> None:
    places = ("https://medium.com/p/7c6e7ce63e{:02}", "https://ada{}.example.org/crews", "https://adaexample.substack.com/p/crews-{}")
    lines = [
        essay(places[place % 3].format(place), f"How to grow a crew, {unit} {number}", published=day(1 + place))
        for place, (unit, number) in enumerate(found)
    ]
    stories = told(lines)
    for left, (unit, number) in zip(lines, found, strict=True):
        for right, (other_unit, other) in zip(lines, found, strict=True):
            if unit == other_unit and number != other:
                assert stories[left["id"]] != stories[right["id"]]


# -- the step over a store


class Shelf:
    """Works in memory, with the promises of `store.Works`: bonds of what is made anew replace the old ones."""

    def __init__(self, materials: Iterable[Material]) -> None:
        self.waiting = {material.key: material for material in materials}
        self.made: dict[str, Sketched] = {}
        self.kept: dict[tuple[str, str], Evidence] = {}

    def due(self, limit: int) -> tuple[Material, ...]:
        return tuple(self.waiting[key] for key in sorted(self.waiting)[:limit])

    def known(self, keys: Iterable[str]) -> Mapping[str, Work]:
        return {key: self.made[key].work for key in keys if key in self.made}

    def found_by(self, probes: Iterable[int], *, most: int) -> Mapping[int, tuple[Work, ...]]:
        found = {probe: tuple(self.made[key].work for key in sorted(self.made) if probe in self.made[key].postings) for probe in probes}
        return {probe: works if len(works) <= most else () for probe, works in found.items() if works}

    def put(self, made: Sequence[Sketched], bonds: Sequence[Evidence], *, gone: Sequence[str] = (), crowds: Iterable[int] = ()) -> int:
        anew = {one.work.key for one in made} | set(gone)
        self.kept = {pair: bond for pair, bond in self.kept.items() if not anew & set(pair)}
        self.kept |= {(bond.left, bond.right): bond for bond in bonds}
        self.made = {key: one for key, one in self.made.items() if key not in gone} | {one.work.key: one for one in made}
        for key in anew:
            self.waiting.pop(key, None)
        return 0

    def bonds(self, keys: Iterable[str]) -> tuple[Evidence, ...]:
        return tuple(bond for bond in self.kept.values() if {bond.left, bond.right} & set(keys))

    def rearrange(self) -> int:
        return 0

    def renew(self, rules: int) -> int:
        return 0


def settled(found: Sequence[Mention], batches: Sequence[int]) -> Shelf:
    """The shelf after mentions came in some order, and the step ran with some limits on the way."""
    shelf = Shelf(())
    waiting = list(subjects_of(found))
    for size in batches:
        for material in waiting[:size]:
            shelf.waiting[material.key] = material
        del waiting[:size]
        settle(shelf, limit=max(1, size // 2))
    shelf.waiting |= {material.key: material for material in waiting}
    settle(shelf)
    return shelf


@given(ORDERS, st.lists(st.integers(1, 6), max_size=6))
@settings(max_examples=25, deadline=None)
def test_batches_and_order_of_arrival_do_not_change_a_bond(order: Sequence[int], batches: list[int]) -> None:
    found = mentions(*(LINES[number] for number in order))
    shelf = settled(found, batches)
    assert not shelf.waiting
    assert set(shelf.kept.values()) == set(cluster(found).bonds)


def test_the_step_and_the_bulk_make_the_same_stories() -> None:
    found = mentions(*LINES)
    shelf = settled(found, (4, 1, 3))
    voices = {number: Voice(subject=one.identity.subject, aliases=one.identity.aliases) for number, one in enumerate(found)}
    since = {one.identity.subject: one.first_seen_at for one in sorted(found, key=lambda one: one.first_seen_at, reverse=True)}
    places = partition(voices, {}, bonds=tuple(shelf.kept.values()), works=shelf.known(shelf.made), since=since).places
    assert tuple(story_id(places[number]) for number in range(len(found))) == cluster(found).stories


def test_making_a_work_anew_changes_nothing() -> None:
    found = mentions(*LINES)
    shelf = settled(found, ())
    before = dict(shelf.kept)
    shelf.waiting = {material.key: material for material in subjects_of(found)}
    assert settle(shelf, limit=5) == 5
    assert settle(shelf) == len(list(subjects_of(found))) - 5
    assert shelf.kept == before


def test_what_is_gone_has_no_work_and_no_bond() -> None:
    shelf = settled(mentions(*LINES[:2]), ())
    assert shelf.kept
    shelf.waiting = {"https://medium.com/p/7c6e7ce63e01": Material(key="https://medium.com/p/7c6e7ce63e01")}
    settle(shelf)
    assert not shelf.waiting
    assert not shelf.kept


def test_a_bot_that_says_one_thing_ten_thousand_times_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def counted(left: Work, right: Work) -> Any:
        nonlocal asked
        asked += 1
        return alike.verdict(left, right)

    monkeypatch.setattr(clustering, "verdict", counted)
    said = [
        post(
            f"https://social.example/@bot/11764800566067{number:05}",
            CREWS[:200],
            author="Bot",
            published=f"2025-03-01T10:{number % 60:02}:00Z",
        )
        for number in range(600)
    ]
    assert len(set(cluster(mentions(*said)).stories)) == 600
    assert asked <= 600 * 33


# -- on standard input


def answered(capsysbinary: Any, monkeypatch: pytest.MonkeyPatch, *lines: str) -> tuple[int, list[dict[str, Any]]]:
    from io import BytesIO, TextIOWrapper

    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO("\n".join(lines).encode())))
    code = main(["cluster"])
    return code, [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]


def test_lines_are_answered_in_order_with_their_evidence(capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, answers = answered(capsysbinary, monkeypatch, *map(json.dumps, LINES))
    assert code == 0
    assert [answer["id"] for answer in answers] == [line["id"] for line in LINES]
    assert {answer["id"]: answer["story"] for answer in answers} == told(LINES)
    assert answers[0]["evidence"] == [
        {
            "kind": EvidenceKind.CROSS_POST,
            "with": MEDIUM,
            "left": "https://ada.example.org/crews",
            "right": "https://medium.com/p/7c6e7ce63e01",
            "score": 0.999,
        },
    ]
    assert {one["with"]: one["kind"] for one in answers[10]["evidence"]} == {
        MEDIUM: EvidenceKind.SAME_URL,
        LINES[11]["id"]: EvidenceKind.SAME_PLATFORM_ID,
    }
    assert answers[3]["evidence"][0]["kind"] == EvidenceKind.TRANSLATION


def test_a_bad_line_says_why_and_stops_no_other(capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, answers = answered(
        capsysbinary,
        monkeypatch,
        '{"id": "a"}',
        "no JSON",
        "[1]",
        '{"url": "https://a.example/"}',
        '{"id": "b", "title": 7}',
        '{"id": "b"}',
    )
    assert code == 2
    assert [answer.get("id") for answer in answers] == ["a", None, None, None, None, "b"]
    assert [answer["error"].partition(":")[0] for answer in answers if "error" in answer] == ["line 2", "line 3", "line 4", "line 5"]


def test_the_order_of_lines_does_not_change_an_answer() -> None:
    shuffled = LINES[:]
    random.Random(7).shuffle(shuffled)
    by_id = {answer["id"]: answer for answer in answers_of(mentions(*LINES))}
    assert {answer["id"]: answer for answer in answers_of(mentions(*shuffled))} == by_id


def test_an_evening_that_is_announced_again_and_again_is_no_one_story() -> None:
    title, said = "Open crew evening, live from the kitchen", f"Every other week we cook with whoever comes. {CREWS}"
    here = [video(f"https://youtu.be/aDWuHsyzn{number:02}", title, text=said, published=day(number)) for number in (1, 8, 15)]
    there = [
        episode(f"https://anchor.fm/crewshow/episodes/x-e186q{number:02}", title, text=said, published=day(number)) for number in (1, 8, 15)
    ]
    stories = together(told([*here, *there]))
    assert stories == {frozenset((left["id"], right["id"])) for left, right in zip(here, there, strict=True)}
