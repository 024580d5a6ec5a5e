"""Why two addresses are one story, or the strongest that spoke for it and why it was not enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Decision, DecisionKind, Evidence, EvidenceKind, Identity, Kind, Link, Story, Work
from aggregator.pipeline.explain import Explained, apart, chain, together
from tests.support.stories import chosen_by_hand, found, joined, key_of, mentioned, posted, published_entry

A, B, C, D = (f"https://{name}.example.org/talk" for name in "abcd")


def evidence(kind: EvidenceKind, left: str, right: str, score: float = 1.0) -> Evidence:
    return Evidence(kind=kind, left=min(left, right), right=max(left, right), score=score)


def of(*pieces: Evidence, keys: tuple[str, ...] = (A, B, C)) -> Story:
    mentions = [mentioned(published_entry(key), source=f"feed-{at}") for at, key in enumerate(keys)]
    links = [Link(key=key, href=key) for key in keys]
    return replace(joined(*mentions, link=links[0], others=links[1:]), evidence=pieces)


def work(key: str, title: str = "A quiet practice", author: str = "ada example", **rest: object) -> Work:
    given_ = {"kind": Kind.ARTICLE, "place": key.partition("://")[2].partition("/")[0], "title": title, "authors": (author,)}
    return Work(key=key, **(given_ | rest))  # type: ignore[arg-type]  # the fields of Work, as a test names them


def asked(
    left: Story,
    right: Story,
    *,
    bonds: tuple[Evidence, ...] = (),
    works: Mapping[str, Work] | None = None,
    decisions: tuple[Decision, ...] = (),
) -> Explained:
    return apart((left.lead, left), (right.lead, right), bonds=bonds, works=works or {}, decisions=decisions)


REDIRECT = evidence(EvidenceKind.REDIRECT, A, B)
SIMILAR = evidence(EvidenceKind.SIMILAR_TEXT, B, C, 0.8)
WEAK = evidence(EvidenceKind.SIMILAR_TEXT, A, B, 0.6)


def test_the_chain_leads_from_one_address_to_the_other() -> None:
    story = of(REDIRECT, SIMILAR)
    assert chain(story, A, C) == (REDIRECT, SIMILAR)
    assert chain(story, C, A) == (SIMILAR, REDIRECT)
    assert together(story, A, C).because == "They are one story: redirect, and similar text."


def test_a_post_is_said_to_belong_to_the_page_that_it_shares() -> None:
    post = mentioned(posted("Read this.", "https://social.example.org/@ada/113456789012345678"), about=A)
    story = joined(mentioned(published_entry(A)), post, link=Link(key=A, href=A))
    told = together(story, A, key_of(post.entry.url))
    assert told.because == "They are one story: a post belongs to the page that it shares or answers."
    assert [one.kind for one in told.evidence] == [EvidenceKind.SAME_URL]


def test_of_equally_long_ways_the_stronger_is_told() -> None:
    assert chain(of(WEAK, REDIRECT), A, B) == (REDIRECT,)


def test_a_short_way_is_told_before_a_long_one() -> None:
    direct = evidence(EvidenceKind.SIMILAR_TEXT, A, C, 0.6)
    assert chain(of(REDIRECT, SIMILAR, direct), A, C) == (direct,)


def test_what_joins_nothing_is_no_piece_of_the_chain() -> None:
    assert chain(of(evidence(EvidenceKind.TRANSLATION, A, B)), A, B) == ()


def test_a_post_is_part_of_the_story_by_what_it_shares() -> None:
    post = "https://social.example/@bo/1"
    story = joined(mentioned(published_entry(A)), mentioned(posted("Yes.", post), about=A, source="masto"))
    (piece,) = chain(story, key_of(post), A)
    assert {piece.left, piece.right} == {key_of(post), A}


def test_one_address_needs_no_evidence() -> None:
    assert together(found(A), A, A) == Explained(together=True, because="They are one address, however they are written.")


@settings(deadline=None)
@given(st.permutations([REDIRECT, SIMILAR, WEAK, evidence(EvidenceKind.SAME_GUID, C, D), evidence(EvidenceKind.CROSS_POST, A, D, 0.9)]))
def test_the_order_in_which_evidence_is_kept_does_not_matter(pieces: list[Evidence]) -> None:
    told = chain(of(*pieces, keys=(A, B, C, D)), B, D)
    assert told == (REDIRECT, evidence(EvidenceKind.CROSS_POST, A, D, 0.9))


# -- two stories


def test_a_split_outranks_whatever_speaks_for_one_story() -> None:
    decisions = (
        Decision(kind=DecisionKind.SPLIT, subject=B, others=(A,), by="Ada", reason="two talks."),
        Decision(kind=DecisionKind.SPLIT, subject=C, others=(A,)),
    )
    told = asked(found(A), found(B), bonds=(REDIRECT, SIMILAR), works={A: work(A), B: work(B)}, decisions=decisions)
    assert told.because == f"Ada split {B} from {A}: two talks. That outranks every rule; `aggregator undo {B}` takes it back."
    assert told.evidence == (REDIRECT,)


def test_two_chosen_stories_stay_apart() -> None:
    assert "Both were chosen by hand" in asked(chosen_by_hand(href=A), chosen_by_hand(href=B)).because


def test_a_post_that_shares_several_pages_joins_none_of_them() -> None:
    post = mentioned(posted("Two.", "https://social.example/@bo/1"), source="masto")
    post = replace(post, identity=Identity(subject=post.identity.subject, href=post.entry.url, shares=(A, B)))
    own, page = joined(post), joined(mentioned(published_entry(A)), post, link=Link(key=A, href=A))
    for told in (asked(own, page), asked(page, own)):
        assert told.because == f"{post.identity.subject} shares 2 pages: it is a voice in the story of each, and joins none of them."


def test_what_nobody_has_read_cannot_be_compared() -> None:
    told = asked(found(A), found(B), works={A: work(A)})
    assert told.because.startswith(f"Nothing is known of what stands at {B} that could be compared")


def test_what_was_compared_and_was_not_enough_is_told_as_the_comparison_told_it() -> None:
    told = asked(found(A), found(B), works={A: work(A), B: work(B, "Bread", "bo other")})
    assert not told.together
    assert told.evidence == ()
    assert told.because.endswith(".")


def test_translations_are_linked_and_not_joined() -> None:
    english = work(A, language="en", claims=None, links=(B,), words=400)
    german = work(B, "Eine stille Praxis", language="de", links=(A,), words=400)
    told = asked(found(A), found(B), works={A: english, B: german})
    assert [one.kind for one in told.evidence] == [EvidenceKind.TRANSLATION]
    assert told.because.endswith("They are linked to each other and not joined.")


def test_works_that_are_one_in_stories_that_are_not_are_told_with_what_keeps_them_apart() -> None:
    claims = work(B, claims=A)
    part_one, part_two = work(C, "Pods, part 1", marks=("part:1",)), work(B, "Pods, part 2", marks=("part:2",))
    left, right = of(keys=(A, C)), found(B)
    told = asked(left, right, works={A: work(A), B: claims})
    assert [one.kind for one in told.evidence] == [EvidenceKind.CANONICAL_LINK]
    assert told.because.endswith("It was not enough, because other parts of the two stories are kept apart.")
    told = asked(left, right, works={C: part_one, B: part_two})
    assert told.evidence == ()
