"""Which story a mention belongs to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import EvidenceKind, Identity
from aggregator.pipeline.cluster import assign, cluster, evidence, story_id

PAGE, OTHER, POST = "https://page.example.org/a", "https://page.example.org/b", "https://social.example.org/@ada/1"


def about(subject: str, *aliases: str) -> Identity:
    return Identity(subject=subject, href=subject, aliases=aliases)


def test_what_nobody_knows_begins_a_story_named_after_its_subject() -> None:
    assert assign(about(PAGE, POST), {}) == story_id(PAGE)


def test_the_owner_of_the_subject_comes_before_the_owner_of_an_alias() -> None:
    assert assign(about(PAGE, POST), {PAGE: "page", POST: "post"}) == "page"
    assert assign(about(PAGE, OTHER, POST), {POST: "post"}) == "post"


def test_owners_can_be_asked_one_at_a_time() -> None:
    assert assign(about(PAGE, POST), lambda key: "post" if key == POST else None) == "post"


def test_a_post_that_shares_a_page_and_the_reply_to_it_are_one_story() -> None:
    made = cluster({"post": about(PAGE, POST), "reply": about(POST), "another": about(PAGE), "apart": about(OTHER)})
    assert made == {"post": story_id(PAGE), "reply": story_id(PAGE), "another": story_id(PAGE), "apart": story_id(OTHER)}


keys = st.sampled_from([PAGE, OTHER, POST, "https://page.example.org/c"])
identities = st.builds(about, keys, keys) | st.builds(about, keys)


@given(st.dictionaries(st.text(max_size=2), identities, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_mentions_does_not_change_stories(named: dict[str, Identity], random: object) -> None:
    names = list(named)
    random.shuffle(names)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert cluster({name: named[name] for name in names}) == cluster(named)


@given(st.lists(identities, max_size=6))
def test_two_mentions_with_evidence_are_one_story(found: list[Identity]) -> None:
    made = cluster({str(number): one for number, one in enumerate(found)})
    for number, left in enumerate(found):
        for other, right in enumerate(found):
            assert evidence(left, right) is None or made[str(number)] == made[str(other)]


def test_evidence_names_the_strongest_reason() -> None:
    same, alias = evidence(about(PAGE, POST), about(PAGE)), evidence(about(PAGE, POST), about(POST))
    assert same is not None
    assert alias is not None
    assert (same.kind, alias.kind) == (EvidenceKind.SAME_URL, EvidenceKind.SAME_PLATFORM_ID)
    assert evidence(about(PAGE), about(OTHER)) is None
