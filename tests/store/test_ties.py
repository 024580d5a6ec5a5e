"""Bonds, works and decisions: what joins and what keeps apart, as a matter of the rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Decision, DecisionKind, Evidence, EvidenceKind, Kind, Work
from aggregator.store.partition import Voice, apart, by_strength, partition
from tests.support.mentions import NOW

HOUR = timedelta(hours=1)
LETTERS = "abcdef"


def voice(subject: str, *aliases: str) -> Voice:
    return Voice(subject=subject, aliases=aliases)


def alone(*subjects: str) -> dict[str, Voice]:
    """One mention for each subject, named as the subject is."""
    return {subject: voice(subject) for subject in subjects}


def bond(left: str, right: str, kind: EvidenceKind = EvidenceKind.SIMILAR_TEXT, score: float = 1.0) -> Evidence:
    return Evidence(kind=kind, left=left, right=right, score=score)


def work(key: str, *marks: str, language: str | None = None) -> Work:
    return Work(key=key, kind=Kind.ARTICLE, place="example.org", marks=marks, language=language)


def works(*made: Work) -> dict[str, Work]:
    return {one.key: one for one in made}


def merge(subject: str, *others: str) -> Decision:
    return Decision(kind=DecisionKind.MERGE, subject=subject, others=others)


def split(subject: str, other: str) -> Decision:
    return Decision(kind=DecisionKind.SPLIT, subject=subject, others=(other,))


def together(anchor_of: Mapping[str, str]) -> set[str]:
    """Stories as texts of their sorted addresses."""
    found: dict[str, set[str]] = {}
    for key, anchor in anchor_of.items():
        found.setdefault(anchor, set()).add(key)
    return {"".join(sorted(keys)) for keys in found.values()}


# -- bonds


def test_a_bond_joins_two_stories_and_the_address_seen_first_stays() -> None:
    since = {"a": NOW + HOUR, "b": NOW}
    made = partition(alone("a", "b"), {}, bonds=[bond("a", "b")], since=since)
    assert made.anchor_of == {"a": "b", "b": "b"}


def test_two_that_lead_to_one_address_are_one_although_nobody_mentions_it() -> None:
    led = [bond("a", "x", EvidenceKind.REDIRECT), bond("b", "x", EvidenceKind.REDIRECT)]
    assert together(partition(alone("a", "b"), {}, bonds=led).anchor_of) == {"abx"}


def test_addresses_that_no_mention_is_about_are_no_story() -> None:
    made = partition(alone("a"), {}, bonds=[bond("x", "y", EvidenceKind.REDIRECT)])
    assert made.anchor_of == {"a": "a"}


def test_a_translation_joins_nothing() -> None:
    assert together(partition(alone("a", "b"), {}, bonds=[bond("a", "b", EvidenceKind.TRANSLATION)]).anchor_of) == {"a", "b"}


def test_a_page_and_not_the_post_that_shares_it_is_the_anchor_however_old_the_post_is() -> None:
    voices = {1: voice("page", "post"), 2: voice("post")}
    assert set(partition(voices, {}, since={"post": NOW, "page": NOW + HOUR}).places.values()) == {"page"}


def test_evidence_is_asked_in_the_order_of_its_strength() -> None:
    told = [
        bond("b", "c", score=0.9),
        bond("a", "c", score=0.95),
        bond("a", "d", EvidenceKind.SAME_GUID),
        bond("a", "b", EvidenceKind.DECISION),
    ]
    assert [(one.left, one.right) for one in sorted(told, key=by_strength)] == [("a", "b"), ("a", "d"), ("a", "c"), ("b", "c")]


# -- works that cannot be one


@pytest.mark.parametrize(
    ("left", "right", "parted"),
    [
        (work("a", "part:1"), work("b", "part:2"), True),
        (work("a", "part:1"), work("b", "part:1"), False),
        (work("a", "part:1"), work("b", "year:2024"), False),
        (work("a", "part:1", "part:2"), work("b", "part:1"), True),
        (work("a", "part:1"), work("b"), False),
        (work("a", language="en"), work("b", language="de"), True),
        (work("a", language="en"), work("b"), False),
    ],
)
def test_instalments_that_differ_and_two_languages_are_apart(left: Work, right: Work, parted: bool) -> None:
    assert (apart(left, right), apart(right, left)) == (parted, parted)


def test_what_is_like_two_instalments_goes_with_the_one_it_is_more_like() -> None:
    told = [bond("a", "c", score=0.8), bond("b", "c", score=0.9)]
    made = partition(alone("a", "b", "c"), {}, bonds=told, works=works(work("a", "part:1"), work("b", "part:2"), work("c")))
    assert together(made.anchor_of) == {"a", "bc"}


def test_a_third_that_has_no_mark_does_not_bring_two_instalments_together() -> None:
    told = [bond("a", "c", score=0.9), bond("c", "d", score=0.9), bond("b", "d", score=0.9)]
    made = partition(alone("a", "b", "c", "d"), {}, bonds=told, works=works(work("a", "part:1"), work("b", "part:2"), work("c"), work("d")))
    assert all(not {"a", "b"} <= set(story) for story in together(made.anchor_of))


# -- chosen entries


def test_a_bond_does_not_join_two_chosen_entries_and_the_stronger_one_has_what_is_between() -> None:
    told = [bond("a", "x", score=0.8), bond("b", "x", score=0.9)]
    made = partition(alone("a", "b", "x"), {"a": "a", "b": "b"}, bonds=told)
    assert together(made.anchor_of) == {"a", "bx"}


def test_merged_chosen_entries_are_one_story_led_by_the_first() -> None:
    made = partition(alone("c"), {"b": "b", "c": "b", "a": "a"}, decided=[merge("c", "a")])
    assert made.anchor_of == {"a": "b", "b": "b", "c": "b"}


def test_an_address_split_off_its_chosen_entry_leaves_and_the_rest_stays() -> None:
    made = partition(alone("a", "b", "c"), {"a": "a", "b": "a", "c": "a"}, decided=[split("c", "b")])
    assert together(made.anchor_of) == {"ab", "c"}


# -- decisions


def test_what_is_split_goes_to_the_nearer_of_the_two() -> None:
    chain = {1: voice("a", "b"), 2: voice("b", "c"), 3: voice("c", "d"), 4: voice("d")}
    assert together(partition(chain, {}, decided=[split("d", "a")]).anchor_of) == {"ab", "cd"}


def test_a_split_holds_whatever_joins_later() -> None:
    told = [bond("a", "b", EvidenceKind.REDIRECT), bond("a", "c"), bond("b", "c")]
    made = partition({**alone("a", "b", "c"), "both": voice("a", "b")}, {}, bonds=told, decided=[split("a", "b")])
    assert made.places["a"] != made.places["b"]


def test_two_splits_do_not_part_what_neither_speaks_of() -> None:
    chain = {1: voice("a", "b"), 2: voice("b", "c"), 3: voice("a", "x"), 4: voice("x")}
    assert together(partition(chain, {}, decided=[split("x", "b"), split("x", "c")]).anchor_of) == {"abc", "x"}


def test_a_merge_joins_works_that_would_be_apart() -> None:
    made = partition(
        alone("a", "b"), {}, bonds=[bond("a", "b")], works=works(work("a", "part:1"), work("b", "part:2")), decided=[merge("a", "b")]
    )
    assert together(made.anchor_of) == {"ab"}


def test_a_merge_waits_for_what_it_names() -> None:
    assert partition(alone("a"), {}, decided=[merge("a", "b")]).anchor_of == {"a": "a", "b": "a"}


def test_the_newer_decision_stands() -> None:
    voices = alone("a", "b")
    assert together(partition(voices, {}, decided=[merge("a", "b"), split("a", "b")]).anchor_of) == {"a", "b"}
    assert together(partition(voices, {}, decided=[split("a", "b"), merge("a", "b")]).anchor_of) == {"ab"}


def test_an_older_merge_that_would_undo_a_split_by_way_of_a_third_is_void() -> None:
    decided = [merge("b", "c"), merge("a", "c"), split("a", "b")]
    assert together(partition(alone("a", "b", "c"), {}, decided=decided).anchor_of) == {"ac", "b"}


# -- laws

keys = st.sampled_from(LETTERS)
pairs = st.tuples(keys, keys).filter(lambda pair: pair[0] != pair[1])
voices = st.dictionaries(st.integers(0, 8), st.builds(voice, keys, keys) | st.builds(voice, keys), max_size=8)
kinds = st.sampled_from([EvidenceKind.REDIRECT, EvidenceKind.SAME_GUID, EvidenceKind.SIMILAR_TEXT, EvidenceKind.TRANSLATION])
bonds = st.lists(
    st.builds(lambda pair, kind, score: bond(pair[0], pair[1], kind, score), pairs, kinds, st.sampled_from([0.5, 1.0])), max_size=8
)
known = st.dictionaries(keys, st.tuples(st.sampled_from(["", "part:1", "part:2"]), st.sampled_from([None, "en", "de"])), max_size=6).map(
    lambda found: {key: work(key, *filter(None, [mark]), language=language) for key, (mark, language) in found.items()}
)
decisions = st.lists(st.builds(lambda pair, kind: kind(*pair), pairs, st.sampled_from([split, merge])), max_size=4)
owners = st.dictionaries(keys, st.sampled_from("ab"), max_size=3).map(lambda found: {**found, **{lead: lead for lead in found.values()}})


@given(voices, owners, bonds, known, decisions, st.integers())
def test_no_order_of_mentions_bonds_and_works_makes_a_difference(
    named: dict[int, Voice], owned: dict[str, str], told: list[Evidence], made: dict[str, Work], decided: list[Decision], seed: int
) -> None:
    luck = Random(seed)
    names, shuffled, others = list(named), list(told), list(made)
    for one in (names, shuffled, others):
        luck.shuffle(one)
    again = partition(
        {name: named[name] for name in names}, owned, bonds=shuffled, works={key: made[key] for key in others}, decided=decided
    )
    assert again == partition(named, owned, bonds=told, works=made, decided=decided)


@given(voices, owners, bonds, known, st.lists(st.tuples(st.booleans(), pairs), min_size=1, max_size=4))
def test_the_newest_decision_holds_whatever_else_there_is(
    named: dict[int, Voice], owned: dict[str, str], told: list[Evidence], made: dict[str, Work], said: list[tuple[bool, tuple[str, str]]]
) -> None:
    decided = [merge(*pair) if joins else split(*pair) for joins, pair in said]
    anchor_of = partition(named, owned, bonds=told, works=made, decided=decided).anchor_of
    joins, (left, right) = said[-1]
    if left in anchor_of or right in anchor_of:
        assert (anchor_of.get(left) == anchor_of.get(right)) is joins


@given(voices, owners, bonds, known)
def test_two_chosen_entries_are_two_stories(
    named: dict[int, Voice], owned: dict[str, str], told: list[Evidence], made: dict[str, Work]
) -> None:
    anchor_of = partition(named, owned, bonds=told, works=made).anchor_of
    assert all(anchor_of[key] == lead for key, lead in owned.items())


@given(st.sets(keys), bonds, known)
def test_no_bond_brings_works_together_that_are_apart(subjects: set[str], told: Sequence[Evidence], made: dict[str, Work]) -> None:
    anchor_of = partition(alone(*sorted(subjects)), {}, bonds=told, works=made).anchor_of
    for left, right in combinations(sorted(made.keys() & anchor_of.keys()), 2):
        assert anchor_of[left] != anchor_of[right] or not apart(made[left], made[right])
