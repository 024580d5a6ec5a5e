"""What works, bonds and stories joined by them promise, run over each implementation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.model import (
    Author,
    Decision,
    DecisionKind,
    Enclosure,
    Evidence,
    EvidenceKind,
    Kind,
    Link,
    Mention,
    Preview,
    Sketched,
    Story,
    Work,
)
from aggregator.store import Landed, Store
from aggregator.store.engine import open_store
from aggregator.store.partition import story_id
from tests.support.databases import DATABASES, database
from tests.support.mentions import NOW, chosen, landing, mention

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A, B, C = (f"https://blog.example.org/{letter}" for letter in "abc")
POST = "https://social.example.org/@ada/1"


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(database(request.param, tmp_path / "state" / "aggregator.db"))
    yield opened
    opened.close()


def article(name: str, **rest: object) -> Mention:
    return mention(name, **rest)  # type: ignore[arg-type]  # fields of Mention and Entry


def sketched(key: str, *postings: int, marks: tuple[str, ...] = (), rules: int = 1, language: str | None = None) -> Sketched:
    work = Work(key=key, kind=Kind.ARTICLE, place="blog.example.org", title=f"On {key}", marks=marks, language=language, rules=rules)
    return Sketched(work=work, postings=postings, probes=postings)


def like(left: str, right: str, score: float = 0.9, kind: EvidenceKind = EvidenceKind.SIMILAR_TEXT) -> Evidence:
    return Evidence(kind=kind, left=left, right=right, score=score)


def decided(kind: DecisionKind, subject: str, *others: str) -> Decision:
    return Decision(kind=kind, subject=subject, others=others)


def shown(store: Store) -> dict[str, list[str]]:
    """Anchors of stories with the ids of their mentions."""
    return {story.lead: [one.entry.native_id for one in story.mentions] for story in store.stories()}


def of(store: Store, key: str) -> Story:
    story = store.story(store.story_of(key) or "")
    assert story is not None
    assert story in store.stories()
    return story


# -- what is due


def due(store: Store) -> list[str]:
    return [material.key for material in store.works.due(100)]


def test_what_is_about_itself_is_due_when_it_is_new_changed_or_withdrawn(store: Store) -> None:
    store.land(landing(article("a"), article("b"), cursor="1"))
    assert due(store) == [A, B]
    store.works.put([sketched(A), sketched(B)], [])
    assert due(store) == []
    store.land(landing(article("a"), article("b"), cursor="2"))
    assert due(store) == []
    store.land(landing(article("a", title="Edited"), unmatched=("b",)))
    assert due(store) == [A, B]


def test_a_post_that_shares_a_page_makes_no_work_due(store: Store) -> None:
    store.land(landing(mention("1", url=POST, subject=A, aliases=(POST,), kind=Kind.POST, title=None)))
    assert due(store) == []


def test_what_an_entry_was_about_before_is_due_too(store: Store) -> None:
    store.land(landing(mention("1", url=A, subject=A)))
    store.works.put([sketched(A)], [])
    store.land(landing(mention("1", url=B, subject=B)))
    assert due(store) == [A, B]


def test_a_page_that_was_read_is_due(store: Store) -> None:
    store.enrich(Link(key=A, href=A, title="Read", enriched_at=NOW, attempts=1))
    (material,) = store.works.due(10)
    assert (material.key, material.mentions, material.link and material.link.title) == (A, (), "Read")


def test_material_is_what_stands_at_the_address_oldest_first_and_not_who_shares_it(store: Store) -> None:
    store.land(
        landing(
            mention("late", url=A, subject=A, at=NOW + HOUR),
            mention("early", url=A, subject=A),
            mention("post", url=POST, subject=A, aliases=(POST,), kind=Kind.POST, title=None),
        )
    )
    (material,) = store.works.due(10)
    assert [one.entry.native_id for one in material.mentions] == ["early", "late"]
    assert material.mentions[0].story == store.story_of(A)


def test_an_address_that_nothing_stands_at_any_more_is_due_with_neither(store: Store) -> None:
    store.land(landing(article("a")))
    store.works.put([sketched(A)], [])
    store.remove_mentions([("feed-a", "1")])
    store.land(landing(unmatched=("a",)))
    (material,) = store.works.due(10)
    assert material.mentions == ()
    store.works.put([], [], gone=[A])
    assert (due(store), store.works.known([A])) == ([], {})


def test_a_mention_that_is_taken_back_by_hand_makes_its_work_due(store: Store) -> None:
    store.land(landing(article("a")))
    store.works.put([sketched(A)], [])
    store.remove_mentions([("feed-a", "a")])
    assert due(store) == [A]


def test_so_many_are_due_at_once_by_key(store: Store) -> None:
    store.land(landing(article("c"), article("a"), article("b")))
    assert [material.key for material in store.works.due(2)] == [A, B]


def test_works_of_other_rules_are_made_due(store: Store) -> None:
    store.works.put([sketched(A, rules=1), sketched(B, rules=2)], [])
    assert (store.works.renew(2), due(store)) == (1, [A])


# -- works


def test_a_work_comes_back_as_it_was_put(store: Store) -> None:
    whole = Work(
        key=A,
        kind=Kind.EPISODE,
        place="youtube",
        title="Crews: Grüße",
        authors=("ada", "@ada@social.example"),
        marks=("episode:12", "part:2"),
        published=NOW,
        language="de",
        words=812,
        sketch=bytes(range(256)),
        links=(B, C),
        claims="https://elsewhere.example/a",
        guid="tag:example.org,2026:1",
        answers=C,
        rules=1001,
    )
    bare = Work(key=B, kind=Kind.POST, place="example.org")
    store.works.put([Sketched(work=whole, postings=(1,), probes=(1,)), Sketched(work=bare, postings=(), probes=())], [])
    assert store.works.known([A, B, C]) == {A: whole, B: bare}


def found(store: Store, *probes: int, most: int = 9) -> dict[int, list[str]]:
    return {posting: sorted(work.key for work in works) for posting, works in store.works.found_by(probes, most=most).items()}


def test_a_work_is_found_by_each_of_its_postings_and_by_no_older_one(store: Store) -> None:
    store.works.put([sketched(B, 1, 2), sketched(A, 2, -(2**63)), sketched(C, 2**63 - 1)], [])
    assert found(store, 2) == {2: [A, B]}
    assert found(store, -(2**63), 2**63 - 1, 77) == {-(2**63): [A], 2**63 - 1: [C]}
    store.works.put([sketched(A, 5)], [])
    assert found(store, 2, 5) == {2: [B], 5: [A]}
    store.works.put([], [], gone=[A])
    assert found(store, 5) == {}


def test_a_posting_of_too_many_works_finds_nobody(store: Store) -> None:
    store.works.put([sketched(A, 1, 2), sketched(B, 1), sketched(C, 1)], [])
    assert found(store, 1, 2, most=2) == {1: [], 2: [A]}


def test_a_posting_that_is_everybodys_stays_so(store: Store) -> None:
    store.works.put([sketched(A, 1, 2), sketched(B, 1), sketched(C, 1)], [], crowds=[1])
    store.works.put([sketched(A, 1, 2)], [], gone=[B], crowds=[1])
    assert found(store, 1, 2) == {1: [], 2: [A]}


# -- bonds


def test_a_bond_joins_two_stories_in_the_same_step_and_says_how_many_mentions_moved(store: Store) -> None:
    store.land(landing(article("a"), article("b"), article("c")))
    assert store.works.put([sketched(A), sketched(B), sketched(C)], [like(A, B)]) == 1
    assert shown(store) == {A: ["a", "b"], C: ["c"]}
    assert of(store, B).evidence == (like(A, B),)
    assert store.works.bonds([B, C]) == (like(A, B),)


def test_a_work_made_anew_loses_the_bonds_that_comparing_gave_it(store: Store) -> None:
    store.land(landing(article("a"), article("b"), article("c")))
    store.works.put([sketched(A), sketched(B), sketched(C)], [like(A, B), like(B, C)])
    assert store.works.put([sketched(B)], [like(B, C)]) > 0
    assert shown(store) == {A: ["a"], B: ["b", "c"]}


def test_a_bond_of_another_score_replaces_the_one_before(store: Store) -> None:
    store.works.put([sketched(A), sketched(B)], [like(A, B, 0.9)])
    store.works.put([sketched(A)], [like(A, B, 0.8125)])
    assert store.works.bonds([A]) == (like(A, B, 0.8125),)


def test_what_is_put_twice_changes_nothing(store: Store) -> None:
    store.land(landing(article("a"), article("b")))
    store.works.put([sketched(A, 1), sketched(B, 1)], [like(A, B)])
    stories, revision = store.stories(), store.revision()
    assert store.works.put([sketched(A, 1), sketched(B, 1)], [like(A, B)]) == 0
    assert (store.stories(), store.revision()) == (stories, revision)


def test_works_that_turn_out_to_be_instalments_part(store: Store) -> None:
    store.land(landing(article("a"), article("b")))
    store.works.put([sketched(A, marks=("part:1",)), sketched(B)], [like(A, B)])
    assert shown(store) == {A: ["a", "b"]}
    assert store.works.put([sketched(B, marks=("part:2",))], [like(A, B)]) == 1
    assert shown(store) == {A: ["a"], B: ["b"]}


def test_an_instalment_that_is_made_anew_by_itself_parts_what_hangs_on_another_of_its_story(store: Store) -> None:
    store.land(landing(article("a"), article("b"), mention("3", url=C, subject=C, aliases=(B,))))
    store.works.put([sketched(A, marks=("part:1",)), sketched(B), sketched(C)], [like(A, B)])
    assert len(store.stories()) == 1
    store.works.put([sketched(C, marks=("part:2",))], [])
    assert shown(store) == {A: ["a"], C: ["3", "b"]}


def test_a_page_joins_the_one_that_it_leads_to_until_it_leads_elsewhere(store: Store) -> None:
    short = "https://bit.ly/3xYz"
    store.land(landing(article("a"), mention("2", subject=short, url=POST, aliases=(POST,), kind=Kind.POST)))
    store.enrich(Link(key=short, href=short, landed=A, enriched_at=NOW, attempts=1))
    assert shown(store) == {short: ["2", "a"]}
    assert like(short, A, 1.0, EvidenceKind.REDIRECT) in of(store, A).evidence
    store.works.put([sketched(short), sketched(A)], [])
    assert len(store.stories()) == 1
    store.enrich(Link(key=short, href=short, landed=None, enriched_at=NOW, attempts=2))
    assert len(store.stories()) == 2


@pytest.mark.parametrize(
    ("named", "joins"),
    [(B, True), ("https://www.blog.example.org/b", True), ("https://other.example.net/b", False), ("https://blog.example.org/", False)],
)
def test_a_canonical_address_joins_on_the_same_site_and_never_to_its_front_page(store: Store, named: str, joins: bool) -> None:
    store.land(landing(article("a"), mention("2", url=named, subject=named)))
    store.enrich(Link(key=A, href=A, canonical=named, enriched_at=NOW, attempts=1))
    assert (len(store.stories()) == 1) is joins


def test_a_translation_is_named_on_both_sides_and_joins_nothing(store: Store) -> None:
    store.land(landing(article("a"), article("b")))
    store.works.put([sketched(A, language="en"), sketched(B, language="de")], [like(A, B, 0.7, EvidenceKind.TRANSLATION)])
    one, other = of(store, A), of(store, B)
    assert (one.translations, other.translations) == ((other.id,), (one.id,))
    assert (one.evidence, other.evidence) == ((), ())


# -- addresses of stories


def test_a_merged_story_keeps_the_older_address_and_the_newer_one_leads_there(store: Store) -> None:
    store.land(landing(article("b"), at=NOW))
    store.land(landing(article("a"), at=NOW + HOUR))
    newer = of(store, A).id
    store.works.put([sketched(A), sketched(B)], [like(A, B)])
    merged = of(store, A)
    assert (merged.id, merged.former) == (story_id(B), (newer,))
    assert store.story(newer) == merged


def test_a_story_that_parts_again_has_its_own_address_back(store: Store) -> None:
    store.land(landing(article("b"), at=NOW))
    store.land(landing(article("a"), at=NOW + HOUR))
    newer = of(store, A).id
    store.works.put([sketched(A), sketched(B)], [like(A, B)])
    store.decisions.replace([decided(DecisionKind.SPLIT, A, B)], NOW)
    assert (of(store, A).id, of(store, A).former, of(store, B).former) == (newer, (), ())


def test_an_address_leads_on_through_two_merges(store: Store) -> None:
    for number, name in enumerate("cba"):
        store.land(landing(article(name), at=NOW + number * HOUR))
    ids = [of(store, key).id for key in (A, B)]
    store.works.put([sketched(A), sketched(B), sketched(C)], [like(A, B)])
    store.works.put([sketched(C)], [like(B, C)])
    assert of(store, A).id == story_id(C)
    assert of(store, A).former == tuple(sorted(ids))
    assert [store.story(one) for one in ids] == [of(store, A)] * 2


def test_an_address_leads_to_the_story_that_goes_on_without_its_first_mention(store: Store) -> None:
    store.land(landing(article("a"), article("b")))
    store.works.put([sketched(A), sketched(B)], [like(A, B)])
    store.remove_mentions([("feed-a", "a")])
    store.works.put([], [], gone=[A])
    assert shown(store) == {B: ["b"]}
    assert store.story(story_id(A)) == of(store, B)
    assert of(store, B).former == (story_id(A),)


def test_an_id_that_no_story_ever_had_leads_nowhere(store: Store) -> None:
    store.land(landing(article("a")))
    assert (store.story("aaaaaaaaaa"), store.story_of(B)) == (None, None)


# -- decisions


def test_a_merge_is_evidence_and_a_split_undoes_a_bond(store: Store) -> None:
    store.land(landing(article("a"), article("b"), article("c")))
    store.works.put([sketched(A), sketched(B), sketched(C)], [like(A, B)])
    store.decisions.replace([decided(DecisionKind.SPLIT, A, B), decided(DecisionKind.MERGE, C, A)], NOW)
    assert shown(store) == {A: ["a", "c"], B: ["b"]}
    assert of(store, C).evidence == (like(A, C, 1.0, EvidenceKind.DECISION),)
    store.decisions.replace([], NOW)
    assert shown(store) == {A: ["a", "b"], C: ["c"]}


def test_a_decision_waits_for_what_it_names(store: Store) -> None:
    store.decisions.replace([decided(DecisionKind.MERGE, A, B)], NOW)
    store.land(landing(article("b")))
    assert store.story_of(A) == store.story_of(B)
    store.land(landing(article("a")))
    assert shown(store) == {A: ["a", "b"]}


def test_merged_chosen_entries_are_one_story_with_the_links_of_both(store: Store) -> None:
    first, second = chosen(B), chosen(A, C, position=1)
    store.choose([first, second], "sources.yaml", NOW)
    store.decisions.replace([decided(DecisionKind.MERGE, A, B)], NOW)
    (story,) = store.stories()
    assert (story.chosen, [link.key for link in story.links]) == (first, [B, A, C])


def test_clustering_everything_again_undoes_no_decision(store: Store) -> None:
    store.land(landing(article("a"), article("b"), article("c"), mention("2", url=POST, subject=A, aliases=(POST,), kind=Kind.POST)))
    store.works.put([sketched(A), sketched(B), sketched(C)], [like(A, B), like(B, C)])
    store.decisions.replace([decided(DecisionKind.SPLIT, B, A)], NOW)
    before = store.stories()
    assert (store.works.rearrange(), store.stories()) == (0, before)


# -- voices and evidence


def test_a_post_that_shares_two_pages_is_a_voice_in_both_and_joins_neither(store: Store) -> None:
    post = mention("post", url=POST, subject=POST, kind=Kind.POST, title=None)
    post = replace(post, identity=replace(post.identity, shares=(A, B, C)))
    store.land(landing(article("a"), article("b"), post))
    assert shown(store) == {A: ["a", "post"], B: ["b", "post"], POST: ["post"]}
    assert store.story_of(C) is None
    assert {story.lead: {one.story for one in story.mentions} for story in store.stories()} == {
        key: {store.story_of(key)} for key in (A, B, POST)
    }
    assert [link.key for link in of(store, A).links] == [A]


def test_a_post_with_two_pages_counts_when_they_are_known_later_and_no_more_when_it_is_withdrawn(store: Store) -> None:
    post = mention("post", url=POST, subject=POST, kind=Kind.POST, title=None)
    store.land(landing(replace(post, identity=replace(post.identity, shares=(A, B)))))
    assert shown(store) == {POST: ["post"]}
    store.land(landing(article("a")))
    assert shown(store) == {A: ["a", "post"], POST: ["post"]}
    store.remove_mentions([("feed-a", "post")])
    assert shown(store) == {A: ["a"]}


def test_evidence_says_what_mentions_name_once_for_each_address(store: Store) -> None:
    uri, reply = "https://social.example.org/users/ada/statuses/1", "https://social.example.org/@bo/2"
    store.land(
        landing(
            article("a"),
            mention("post", url=POST, subject=A, aliases=(POST, uri), kind=Kind.POST, title=None),
            mention("again", url=POST, subject=A, aliases=(POST,), kind=Kind.POST, title=None),
            mention("reply", url=reply, subject=POST, aliases=(reply,), kind=Kind.COMMENT, title=None),
        )
    )
    assert of(store, A).evidence == (
        Evidence(kind=EvidenceKind.SAME_URL, left=A, right=POST),
        Evidence(kind=EvidenceKind.SAME_URL, left=POST, right=reply),
        Evidence(kind=EvidenceKind.SAME_PLATFORM_ID, left=POST, right=uri),
    )


def test_evidence_calls_a_recording_a_recording(store: Store) -> None:
    mp3 = "https://cdn.example.org/1.mp3"
    store.land(landing(mention("episode", url=A, subject=A, aliases=(mp3,), kind=Kind.EPISODE, enclosures=(Enclosure(url=mp3),))))
    assert of(store, A).evidence == (Evidence(kind=EvidenceKind.SAME_ENCLOSURE, left=A, right=mp3),)


def test_evidence_of_a_page_that_everybody_shares_is_bounded(store: Store) -> None:
    urls = [f"https://social.example.org/@ada/{number}" for number in range(80)]
    store.land(landing(*(mention(url, url=url, subject=A, aliases=(url,), kind=Kind.POST, title=None) for url in urls)))
    assert len(of(store, A).evidence) == 50


def test_links_of_a_chosen_entry_are_one_story_because_the_steward_said_so(store: Store) -> None:
    store.choose([chosen(A, B)], "sources.yaml", NOW)
    assert of(store, B).evidence == (Evidence(kind=EvidenceKind.DECISION, left=A, right=B),)


# -- feeds that change under us


def test_a_feed_that_dates_its_old_entries_anew_makes_no_news_of_them(store: Store) -> None:
    store.land(landing(article("a", published=NOW - DAY)))
    again = landing(article("a", published=NOW + DAY, title="Edited"), cursor="c2")
    assert store.land(again) == Landed(changed=1)
    entry = store.stories()[0].mentions[0].entry
    assert (entry.published, entry.title) == (NOW - DAY, "Edited")
    assert store.land(again) == Landed(known=1)


def test_a_date_that_goes_is_kept_and_an_earlier_one_is_believed(store: Store) -> None:
    store.land(landing(article("a", published=NOW)))
    store.land(landing(article("a", published=None)))
    assert store.stories()[0].mentions[0].entry.published == NOW
    store.land(landing(article("a", published=NOW - DAY)))
    assert store.stories()[0].mentions[0].entry.published == NOW - DAY


def test_what_waits_for_the_steward_goes_on_waiting_when_it_is_edited(store: Store) -> None:
    store.land(landing(replace(article("a"), held="now in Russian")))
    store.land(landing(article("a", title="Edited")))
    assert store.stories()[0].mentions[0].held == "now in Russian"


def test_when_a_mention_was_last_looked_at_survives_its_being_edited(store: Store) -> None:
    store.land(landing(article("a"), article("b")))
    store.checks.checked([("feed-a", "a"), ("feed-a", "b")], NOW + DAY)
    store.land(landing(article("a", title="Edited", author=Author(name="Bo"))))
    assert store.checks.due(NOW + DAY, 10) == ()


def test_a_card_makes_the_work_of_its_page_due(store: Store) -> None:
    card = Preview(url=A, title="From the card")
    store.land(landing(mention("1", url=POST, subject=A, aliases=(POST,), kind=Kind.POST, title=None, previews=(card,)), previews=(card,)))
    assert due(store) == [A]
