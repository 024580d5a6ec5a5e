"""The steward's word outranks everything else about what is shown."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import (
    Author,
    Curation,
    Decision,
    DecisionKind,
    Evidence,
    EvidenceKind,
    Identity,
    Kind,
    Link,
    Mention,
    Source,
    Story,
    Trust,
)
from aggregator.pipeline.curate import Curated, curate, in_force, leads
from tests.support.stories import NOON, chosen_by_hand, found, joined, key_of, mentioned, posted, published_entry

PAGE, OTHER, POST = "https://blog.example.org/post", "https://essays.example.net/a", "https://social.example/@bo/1"
DAY = timedelta(days=1)


def said(kind: DecisionKind, subject: str = PAGE, *others: str, **rest: object) -> Decision:
    return Decision(kind=kind, subject=subject, others=others, **rest)  # type: ignore[arg-type]  # the fields of Decision, as a test names them


HIDE, APPROVE, PIN = (said(kind) for kind in (DecisionKind.HIDE, DecisionKind.APPROVE, DecisionKind.PIN))


def blocked(subject: str, **rest: object) -> Decision:
    return said(DecisionKind.BLOCK, subject, **rest)


def source(id: str = "feed-1", *, trust: Trust = Trust.HOLD) -> Source:
    return Source(id=id, platform="feed", options={}, topics=("microsolidarity",), trust=trust, label="A lone blog")


def curated(*stories: Story, by: tuple[Decision, ...] = (), sources: tuple[Source, ...] = ()) -> Curated:
    return curate(stories, by, sources=sources, now=NOON)


def shown(*stories: Story, by: tuple[Decision, ...] = (), sources: tuple[Source, ...] = ()) -> tuple[Story, ...]:
    return curated(*stories, by=by, sources=sources).shown


def page(**fields: object) -> Mention:
    return mentioned(published_entry(PAGE, **fields))


def voice(url: str = POST, *, about: str = PAGE, **fields: object) -> Mention:
    return mentioned(posted("Worth reading.", url, **fields), about=about, source="masto")  # type: ignore[arg-type]  # the fields of Entry


def of_two(*mentions: Mention) -> Story:
    """A story with two addresses that are one by their texts."""
    one, other = Link(key=PAGE, href=PAGE), Link(key=OTHER, href=OTHER)
    together = Evidence(kind=EvidenceKind.SIMILAR_TEXT, left=PAGE, right=OTHER, score=0.9)
    made = joined(*(mentions or (page(), mentioned(published_entry(OTHER), source="feed-2"))), link=one, others=[other])
    return replace(made, evidence=(together,))


# -- nothing decided


def test_without_a_decision_everything_is_shown_as_it_is() -> None:
    stories = (found(PAGE), joined(page(), voice()), chosen_by_hand())
    assert curated(*stories) == Curated(shown=stories, held=(), removed=())


# -- hide


def test_a_hidden_story_is_gone_with_all_its_mentions() -> None:
    story = joined(page(), voice())
    outcome = curated(story, by=(HIDE,))
    assert outcome.shown == ()
    (removed,) = outcome.removed
    assert (removed.story, removed.decision, removed.whole) == (story, HIDE, True)


@pytest.mark.parametrize("name", [PAGE, OTHER, "former6666", ""])
def test_a_story_is_hidden_by_any_of_its_names(name: str) -> None:
    story = replace(of_two(), former=("former6666",))
    assert shown(story, by=(said(DecisionKind.HIDE, name or story.id),)) == ()


def test_what_was_hidden_stays_hidden_when_it_is_joined_with_something_else() -> None:
    assert shown(found(PAGE), by=(HIDE,)) == ()
    assert shown(of_two(), by=(HIDE,)) == ()


def test_a_name_that_only_evidence_has_is_a_name_of_the_story() -> None:
    led = Evidence(kind=EvidenceKind.REDIRECT, left=PAGE, right="https://short.example/x")
    story = replace(found(PAGE), evidence=(led,))
    assert shown(story, by=(said(DecisionKind.HIDE, "https://short.example/x"),)) == ()


def test_a_translation_is_another_story() -> None:
    related = Evidence(kind=EvidenceKind.TRANSLATION, left=PAGE, right=OTHER)
    assert shown(replace(found(PAGE), evidence=(related,)), by=(said(DecisionKind.HIDE, OTHER),)) != ()


def test_a_chosen_story_can_be_hidden_as_well() -> None:
    assert shown(chosen_by_hand(href=PAGE), by=(HIDE,)) == ()


def test_an_alias_of_the_thing_itself_names_the_story() -> None:
    itself = page()
    itself = replace(itself, identity=replace(itself.identity, aliases=(OTHER,)))
    assert shown(joined(itself), by=(said(DecisionKind.HIDE, OTHER),)) == ()


def test_to_hide_a_post_about_a_story_leaves_the_story() -> None:
    story = joined(page(), voice(), voice("https://social.example/@mei/2"))
    outcome = curated(story, by=(said(DecisionKind.HIDE, key_of(POST)),))
    (left,) = outcome.shown
    assert [one.entry.url for one in left.mentions] == [PAGE, "https://social.example/@mei/2"]
    (removed,) = outcome.removed
    assert ([one.entry.url for one in removed.story.mentions], removed.whole) == ([POST], False)


def test_to_hide_a_post_that_shares_several_pages_silences_it_in_each_story_and_hides_its_own() -> None:
    post = voice(about=POST)
    shares = replace(post, identity=Identity(subject=key_of(POST), href=POST, shares=(PAGE, OTHER)))
    stories = (joined(shares), joined(page(), shares, link=Link(key=PAGE, href=PAGE)))
    hidden = shown(*stories, by=(said(DecisionKind.HIDE, key_of(POST)),))
    assert [[one.entry.url for one in story.mentions] for story in hidden] == [[PAGE]]
    # And to hide one of the pages leaves the post its own story.
    assert [story.lead for story in shown(*stories, by=(HIDE,))] == [key_of(POST)]


def test_a_post_is_not_the_story_although_evidence_says_that_it_is_about_it() -> None:
    about = Evidence(kind=EvidenceKind.SAME_URL, left=PAGE, right=key_of(POST))
    story = replace(joined(page(), voice()), evidence=(about,))
    (left,) = shown(story, by=(said(DecisionKind.HIDE, key_of(POST)),))
    assert [one.entry.url for one in left.mentions] == [PAGE]


def test_what_is_said_of_a_post_that_shares_several_pages_is_not_said_of_them() -> None:
    post = voice(about=POST)
    shares = replace(post, identity=Identity(subject=key_of(POST), href=POST, shares=(PAGE, OTHER)))
    stories = (joined(shares), joined(page(), shares, link=Link(key=PAGE, href=PAGE)))
    own, guest = shown(*stories, by=(said(DecisionKind.PIN, key_of(POST)),))
    assert (own.curation.pinned, guest.curation.pinned) == (0, None)
    held = curated(*stories, sources=(source("masto"),)).held
    assert [one.story.lead for one in held] == [key_of(POST)]


def test_the_later_of_hiding_and_approving_stands() -> None:
    assert shown(found(PAGE), by=(HIDE, APPROVE)) != ()
    assert shown(found(PAGE), by=(APPROVE, HIDE)) == ()
    assert shown(of_two(), by=(said(DecisionKind.HIDE, OTHER), APPROVE)) != ()


# -- how a story is shown


def test_title_note_and_kind_are_what_was_said_last() -> None:
    decisions = (
        said(DecisionKind.RETITLE, value="Old"),
        said(DecisionKind.NOTE, OTHER, value="Worth *reading*."),
        said(DecisionKind.KIND, value="video"),
        said(DecisionKind.RETITLE, OTHER, value="New"),
    )
    (story,) = shown(of_two(), by=decisions)
    assert story.curation == Curation(title="New", note="Worth *reading*.", kind=Kind.VIDEO)


def test_what_is_said_of_a_post_that_talks_about_a_story_is_said_of_the_story() -> None:
    (story,) = shown(joined(page(), voice()), by=(said(DecisionKind.RETITLE, key_of(POST), value="New"),))
    assert story.curation.title == "New"


def test_the_pinned_stand_in_the_order_of_the_file() -> None:
    stories = (found(PAGE), found(OTHER), found("https://blog.example.org/third"))
    pinned = shown(*stories, by=(said(DecisionKind.PIN, "https://gone.example/"), said(DecisionKind.PIN, OTHER), PIN))
    assert [story.curation.pinned for story in pinned] == [1, 0, None]


def test_the_chosen_stand_in_the_last_order_that_was_given() -> None:
    stories = tuple(chosen_by_hand(href=f"https://talks.example.org/{at}", position=at) for at in range(3))
    orders = tuple(said(DecisionKind.ORDER, "", *(f"https://talks.example.org/{at}" for at in order)) for order in ((1, 2, 0), (2, 0)))
    assert [story.curation.order for story in shown(*stories, by=orders)] == [1, None, 0]


def test_only_what_is_chosen_has_a_place_in_the_order() -> None:
    (story,) = shown(found(PAGE), by=(said(DecisionKind.ORDER, "", PAGE),))
    assert story.curation == Curation()


def test_the_lead_is_the_address_that_the_steward_names() -> None:
    (story,) = shown(of_two(), by=(said(DecisionKind.LEAD, OTHER),))
    assert (story.lead, [link.key for link in story.links]) == (OTHER, [OTHER, PAGE])
    (again,) = shown(of_two(), by=(said(DecisionKind.LEAD, OTHER), said(DecisionKind.LEAD, PAGE)))
    assert (again.lead, [link.key for link in again.links]) == (PAGE, [PAGE, OTHER])


def test_the_lead_may_be_another_name_of_the_thing_itself() -> None:
    itself = page()
    itself = replace(itself, identity=replace(itself.identity, aliases=(OTHER,)))
    (story,) = shown(joined(itself), by=(said(DecisionKind.LEAD, OTHER),))
    assert [link.href for link in story.links] == [OTHER, PAGE]


def test_an_id_names_no_address_to_lead() -> None:
    story = of_two()
    assert shown(story, by=(said(DecisionKind.LEAD, story.id),)) == shown(story)


def test_a_post_about_a_story_does_not_lead_it() -> None:
    assert shown(joined(page(), voice()), by=(said(DecisionKind.LEAD, key_of(POST)),))[0].lead == PAGE


def test_only_its_own_addresses_can_lead_a_story() -> None:
    itself = page()
    itself = replace(itself, identity=replace(itself.identity, aliases=(OTHER,)))
    story = joined(itself, voice())
    assert [leads(story, key) for key in (PAGE, OTHER, key_of(POST), story.id)] == [True, True, False, False]


# -- block


@pytest.mark.parametrize(
    "name", ["@bo@social.example", "BO@social.example", "bo@Social.Example", "Bo", "  bo ", "https://www.social.example/@bo/"]
)
def test_an_author_is_blocked_by_handle_name_or_profile(name: str) -> None:
    bo = Author(name="Bo", handle="bo@social.example", url="https://social.example/@bo")
    story = joined(page(), voice(author=bo))
    (left,) = shown(story, by=(blocked(f"author:{name}"),))
    assert [one.entry.url for one in left.mentions] == [PAGE]


def test_nobody_else_is_blocked_with_an_author() -> None:
    story = joined(page(), voice())
    assert shown(story, by=(blocked("author:@bo@elsewhere.example"), blocked("author:b"), blocked("author:@Ada"))) == (story,)


@pytest.mark.parametrize("domain", ["example.org", "blog.example.org"])
def test_a_domain_is_blocked_with_its_sub_domains_and_with_all_talk_about_it(domain: str) -> None:
    assert shown(joined(page(), voice()), by=(blocked(f"domain:{domain}"),)) == ()


def test_posts_that_stand_on_a_blocked_domain_go_wherever_they_are_about() -> None:
    (left,) = shown(joined(page(), voice()), by=(blocked("domain:social.example"),))
    assert [one.source for one in left.mentions] == ["feed-1"]


@pytest.mark.parametrize("domain", ["ple.org", "a.blog.example.org", "example"])
def test_another_domain_is_another_domain(domain: str) -> None:
    assert len(shown(found(PAGE), by=(blocked(f"domain:{domain}"),))) == 1


def test_of_two_addresses_the_blocked_one_goes() -> None:
    (left,) = shown(of_two(), by=(blocked("domain:example.org"),))
    assert (left.lead, [link.key for link in left.links], [one.source for one in left.mentions]) == (OTHER, [OTHER], ["feed-2"])


def test_a_source_is_blocked() -> None:
    assert shown(found(PAGE), by=(blocked("source:feed-1"),)) == ()
    assert len(shown(found(PAGE), by=(blocked("source:feed-1"), said(DecisionKind.APPROVE, "source:feed-1")))) == 1
    assert shown(found(PAGE), by=(said(DecisionKind.APPROVE, "source:feed-1"), blocked("source:feed-1"))) == ()


def test_a_chosen_story_goes_with_its_blocked_domain_or_author_and_comes_back_when_it_is_approved() -> None:
    chosen = chosen_by_hand(href=PAGE, who="Ana Example")
    for block in (blocked("domain:example.org"), blocked("author:ana example")):
        outcome = curated(chosen, by=(block,))
        assert (outcome.shown, [one.decision for one in outcome.removed]) == ((), [block])
        assert shown(chosen, by=(block, APPROVE)) == (chosen,)
    assert shown(chosen, by=(APPROVE, blocked("domain:example.org"))) == ()


def test_a_block_holds_until_its_last_moment() -> None:
    block = blocked("source:feed-1", until=NOON)
    assert shown(found(PAGE), by=(block,)) == ()
    assert len(curate([found(PAGE)], [block], sources=(), now=NOON + timedelta(seconds=1)).shown) == 1
    assert in_force([block, HIDE], NOON + timedelta(seconds=1)) == (HIDE,)


# -- hold and approve


def test_everything_from_a_held_source_waits_with_the_reason() -> None:
    outcome = curated(found(PAGE), sources=(source(),))
    assert outcome.shown == ()
    (held,) = outcome.held
    assert (held.reasons, held.shown) == (("everything from A lone blog waits for review",), False)


def test_of_a_story_that_others_mention_only_the_held_mention_waits() -> None:
    outcome = curated(joined(page(), voice()), sources=(source("masto"),))
    (left,), (held,) = outcome.shown, outcome.held
    assert [one.source for one in left.mentions] == ["feed-1"]
    assert ([one.source for one in held.story.mentions], held.shown) == (["masto"], True)


def test_a_mention_waits_although_its_source_is_trusted_when_it_landed_so() -> None:
    held = replace(page(), held="the source is now in Russian")
    assert curated(joined(held)).held[0].reasons == ("the source is now in Russian",)


def test_what_is_approved_is_shown_for_ever() -> None:
    held = replace(page(), held="the source is now in Russian")
    assert len(shown(joined(held), by=(APPROVE,), sources=(source(),))) == 1
    story = joined(page(), voice())
    approved = said(DecisionKind.APPROVE, key_of(POST))
    assert len(shown(story, by=(approved,), sources=(source("masto"),))[0].mentions) == 2


def test_to_approve_a_source_trusts_it_until_it_changes_once_more() -> None:
    approved = said(DecisionKind.APPROVE, "source:feed-1", at=NOON)
    early, late = (joined(replace(mentioned(published_entry(PAGE), at=at), held="changed")) for at in (NOON - DAY, NOON + DAY))
    assert len(shown(found(PAGE), by=(approved,), sources=(source(),))) == 1
    assert len(shown(early, by=(approved,))) == 1
    assert curated(late, by=(approved,)).held[0].reasons == ("changed",)


def test_what_is_hidden_or_blocked_waits_no_longer() -> None:
    for decision in (HIDE, blocked("author:Ada Example")):
        outcome = curated(found(PAGE), by=(decision,), sources=(source(),))
        assert (outcome.shown, outcome.held, len(outcome.removed)) == ((), (), 1)


def test_what_else_is_said_of_a_post_does_not_approve_it() -> None:
    story = joined(page(), voice())
    assert len(curated(story, by=(said(DecisionKind.PIN, key_of(POST)),), sources=(source("masto"),)).held) == 1


def test_nothing_is_wholly_removed_while_some_of_it_waits() -> None:
    outcome = curated(joined(page(), voice()), by=(blocked("author:Bo"),), sources=(source(),))
    assert (outcome.shown, len(outcome.held), [one.whole for one in outcome.removed]) == ((), 1, [False])


def test_a_chosen_story_is_shown_without_the_mentions_that_wait() -> None:
    chosen = chosen_by_hand(href=PAGE, mentions=[voice()])
    (left,) = shown(chosen, sources=(source("masto"),))
    assert left.mentions == ()
    assert left.chosen == chosen.chosen


def test_a_story_without_some_of_its_mentions_is_as_if_they_had_never_been_found() -> None:
    later = mentioned(posted("Yes.", POST), about=PAGE, source="masto", at=NOON + DAY)
    (left,) = shown(joined(page(), later), sources=(source("feed-1"),))
    assert left == replace(joined(later), id=left.id, lead=PAGE, links=left.links)
    assert (left.first_seen_at, left.last_seen_at) == (NOON + DAY, NOON + DAY)


# -- laws

decisions = st.lists(
    st.builds(
        said,
        st.sampled_from([DecisionKind.HIDE, DecisionKind.APPROVE, DecisionKind.PIN, DecisionKind.LEAD]),
        st.sampled_from([PAGE, OTHER, key_of(POST)]),
    )
    | st.sampled_from(
        [blocked("domain:example.org"), blocked("author:Bo"), blocked("source:masto"), said(DecisionKind.APPROVE, "source:masto")]
    ),
    max_size=6,
).map(tuple)
held_sources = st.sets(st.sampled_from(["feed-1", "feed-2", "masto"])).map(lambda ids: tuple(source(id) for id in sorted(ids)))


@settings(deadline=None)
@given(decisions, held_sources)
def test_every_mention_is_shown_or_waits_or_is_removed_and_once(by: tuple[Decision, ...], sources: tuple[Source, ...]) -> None:
    story = of_two(page(), mentioned(published_entry(OTHER), source="feed-2"), voice())
    outcome = curated(story, by=by, sources=sources)
    parts = [*outcome.shown, *(held.story for held in outcome.held), *(removed.story for removed in outcome.removed)]
    urls = [one.entry.url for part in parts for one in part.mentions]
    assert sorted(urls) == sorted(one.entry.url for one in story.mentions)
    assert all(part.links[0].key == part.lead for part in outcome.shown)


@settings(deadline=None)
@given(decisions, held_sources)
def test_the_last_hide_stands_whatever_was_said_before(by: tuple[Decision, ...], sources: tuple[Source, ...]) -> None:
    assert shown(of_two(), by=(*by, HIDE), sources=sources) == ()


@settings(deadline=None)
@given(decisions, held_sources)
def test_the_last_approval_stands_whatever_was_said_before(by: tuple[Decision, ...], sources: tuple[Source, ...]) -> None:
    (story,) = shown(of_two(), by=(*by, APPROVE), sources=sources)
    assert len(story.mentions) == 2


@settings(deadline=None)
@given(decisions)
def test_a_decision_that_names_nothing_changes_nothing(by: tuple[Decision, ...]) -> None:
    elsewhere = tuple(said(kind, "https://nowhere.example/") for kind in (DecisionKind.HIDE, DecisionKind.APPROVE, DecisionKind.LEAD))
    assert shown(of_two(), by=(*elsewhere, *by)) == shown(of_two(), by=by)


def test_the_work_does_not_grow_with_decisions_times_mentions() -> None:
    stories = [found(f"https://blog.example.org/{at}") for at in range(500)]

    def seconds(count: int) -> float:
        every = [said(DecisionKind.HIDE, f"https://elsewhere.example/{at}") for at in range(count)]
        every += [blocked(f"author:nobody {at}") for at in range(count)] + [blocked(f"domain:d{at}.example") for at in range(count)]
        return min(_timed(stories, every) for _ in range(3))

    assert seconds(4000) < 40 * seconds(40)


def _timed(stories: list[Story], decisions: list[Decision]) -> float:
    began = time.perf_counter()
    curate(stories, decisions, sources=(), now=NOON)
    return time.perf_counter() - began
