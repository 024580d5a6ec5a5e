"""On which list a story stands, and how much of one person or site a day holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Author, Curation, Evidence, EvidenceKind, Kind, Mention, Story
from aggregator.publish.feeds import atom
from aggregator.publish.markdown import document
from aggregator.publish.shelves import LITTLE, words_said
from aggregator.publish.stories import StoryView
from aggregator.publish.views import Shown, Updated, arrange, page_view
from tests.support.site import site_of, some_sources
from tests.support.stories import NOON, chosen_by_hand, found, joined, key_of, mentioned, posted, published_entry

LONG = "We met for four quiet days in a house by the sea and came back with a plan for money."
SHORT = "Looking forward to #microsolidarity camp!"


def arranged(*stories: Story, **site: object) -> Shown:
    return arrange(stories, site=site_of(**site), sources=some_sources())


def post(text: str = SHORT, who: str = "bo", number: int = 1, *, at: datetime = NOON, answers: int = 0) -> Story:
    """A post that shares nothing, and how many people answered it."""
    url = f"https://social.example/@{who}/{number}"
    author = Author(name=who.title(), handle=f"{who}@social.example")
    said = mentioned(posted(text, url, author=author, published=at), source="masto")
    others = [answer(url, f"reader{n}") for n in range(answers)]
    return joined(said, *others)


def answer(url: str, who: str) -> Mention:
    author = Author(name=who, handle=f"{who}@social.example")
    entry = replace(posted("Yes.", f"https://social.example/@{who}/9", author=author, kind=Kind.COMMENT), in_reply_to=url)
    return mentioned(entry, source="masto", about=url, at=NOON + timedelta(hours=1))


def listed(shown: Shown) -> dict[str, int]:
    return {name: len(getattr(shown, name)) for name in ("pinned", "chosen", "found", "posts", "heard")}


# -- noise


def test_a_post_that_says_little_stands_under_posts_and_in_no_feed() -> None:
    shown = arranged(post(), found())
    assert listed(shown) == {"pinned": 0, "chosen": 0, "found": 1, "posts": 1, "heard": 0}
    page = page_view(shown, site=site_of(), sources=some_sources(), updated=Updated(iso="", day=""))
    assert "camp" not in atom(page, shown.news, topics=["t"])
    assert "camp" not in document(page, shown)
    assert page.posts.count == 1


def test_a_post_that_says_something_is_an_entry() -> None:
    assert listed(arranged(post(LONG)))["found"] == 1


@pytest.mark.parametrize(("answers", "list"), [(0, "posts"), (1, "posts"), (2, "found")])
def test_a_few_words_that_two_people_answer_are_an_entry(answers: int, list: str) -> None:
    assert listed(arranged(post(answers=answers)))[list] == 1


@pytest.mark.parametrize("said", [Curation(title="Camp"), Curation(note="Come."), Curation(kind=Kind.POST), Curation(pinned=0)])
def test_a_word_of_the_stewards_makes_it_an_entry(said: Curation) -> None:
    assert arranged(replace(post(), curation=said)).posts == ()


def test_a_chosen_post_stands_among_the_chosen() -> None:
    assert listed(arranged(chosen_by_hand(kind=Kind.POST)))["chosen"] == 1


def test_a_page_is_an_entry_however_little_was_said_of_it() -> None:
    assert listed(arranged(joined(mentioned(posted("This."), about="https://blog.example.org/a", source="masto"))))["found"] == 1


def test_a_post_heard_in_the_stories_of_the_pages_it_shares_stands_on_no_list() -> None:
    pages = ["https://blog.example.org/a", "https://blog.example.org/b"]
    alone = post(LONG)
    guest = replace(alone.mentions[0], identity=replace(alone.mentions[0].identity, shares=tuple(map(key_of, pages))))
    alone = replace(alone, mentions=(guest,))
    heard_in = [joined(mentioned(published_entry(page)), replace(guest, story=None)) for page in pages]
    assert listed(arranged(alone, *heard_in)) == {"pinned": 0, "chosen": 0, "found": 2, "posts": 0, "heard": 1}
    assert listed(arranged(alone))["found"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (SHORT, 4),
        ("#one #two @bo @cy@social.example https://x.example/a-b-c", 0),
        ("co-op, isn't it?", 3),
        ("我们讨论微团结", 3),
        ("один два три", 3),
        (LONG, 20),
    ],
)
def test_words_are_counted_beside_tags_mentions_and_addresses(text: str, words: int) -> None:
    assert words_said(text) == words


def test_one_word_decides() -> None:
    assert listed(arranged(post(" ".join(["word"] * LITTLE))))["found"] == 1
    assert listed(arranged(post(" ".join(["word"] * (LITTLE - 1)))))["posts"] == 1


# -- pinned, chosen, in order


def test_pinned_stories_stand_first_in_the_stewards_order() -> None:
    second = replace(chosen_by_hand("Chosen and pinned"), curation=Curation(pinned=1))
    first = replace(found(title="Pinned"), curation=Curation(pinned=0))
    shown = arranged(found("https://new.example/"), second, first, chosen_by_hand("Chosen", "https://c.example/"))
    assert [view.title for view in shown.all] == ["Pinned", "Chosen and pinned", "Chosen", "A quiet practice"]


def test_chosen_stories_stand_in_the_order_that_the_steward_gave_them() -> None:
    stories = [chosen_by_hand(name, f"https://{name}.example/", position=at) for at, name in enumerate("abc")]
    stories[2] = replace(stories[2], curation=Curation(order=0))
    stories[1] = replace(stories[1], curation=Curation(order=1))
    assert [view.title for view in arranged(*stories).chosen] == ["c", "b", "a"]


def test_a_title_a_kind_and_a_note_of_the_stewards_outrank_what_was_found() -> None:
    view = arranged(replace(found(), curation=Curation(title="As we say", kind=Kind.VIDEO, note="See *this*"))).found[0]
    assert (view.title, view.kind, [run.text for run in view.note]) == ("As we say", Kind.VIDEO, ["See ", "this"])


def test_a_new_title_is_put_into_the_note_of_a_chosen_story() -> None:
    note = "Ada on [crews](https://c.example/) and [care](https://d.example/)"
    view = arranged(replace(chosen_by_hand("crews", "https://c.example/", note=note), curation=Curation(title="Crews [2]"))).chosen[0]
    assert "".join(run.text for run in view.note) == "Ada on Crews [2] and care"
    assert view.note_text == r"Ada on [Crews \[2\]](https://c.example/) and [care](https://d.example/)"


# -- what one person or site has too much of


def flood(count: int, who: str = "Pat", host: str = "flood.example", *, day: int = 0) -> list[Story]:
    """Stories of one day, the first the earliest."""
    return [
        found(
            f"https://{host}/{day}/{n}", title=f"Part {n}", author=Author(name=who), published=NOON - timedelta(days=day, minutes=count - n)
        )
        for n in range(count)
    ]


def told(views: tuple[StoryView, ...]) -> list[str]:
    return [f"{view.title}{''.join(f' (+{len(more.stories)} {more.text})' for more in view.more)}" for view in views]


def test_more_than_three_of_a_person_in_a_day_are_folded_behind_the_first() -> None:
    shown = arranged(*flood(6))
    assert told(shown.listed) == ["Part 2", "Part 1", "Part 0 (+3 3 more by Pat that day)"]
    assert [view.title for view in shown.listed[2].more[0].stories] == ["Part 5", "Part 4", "Part 3"]
    assert len(shown.found) == 6


def test_more_than_five_from_a_site_in_a_day_are_folded_whoever_wrote_them() -> None:
    stories = [replace_author(story, f"Writer {n}") for n, story in enumerate(flood(7))]
    shown = arranged(*stories)
    assert len(shown.listed) == 5
    assert [more.text for view in shown.listed for more in view.more] == ["2 more from A lone blog that day"]


def replace_author(story: Story, name: str) -> Story:
    [mention] = story.mentions
    return replace(story, mentions=(replace(mention, entry=replace(mention.entry, author=Author(name=name))),))


def test_a_platform_is_no_site() -> None:
    stories = [replace_author(story, f"Writer {n}") for n, story in enumerate(flood(9, host="youtube.com"))]
    assert len(arranged(*stories).listed) == 9


def test_another_day_begins_anew_and_the_caps_can_be_set() -> None:
    assert len(arranged(*flood(3), *flood(3, day=1)).listed) == 6
    assert len(arranged(*flood(6), per_person=1).listed) == 1
    assert len(arranged(*flood(6), per_person=0, per_site=0).listed) == 6


def test_pinned_and_chosen_stories_are_never_folded() -> None:
    many = [replace(story, curation=Curation(pinned=n)) for n, story in enumerate(flood(6))]
    chosen = [chosen_by_hand(str(n), f"https://c.example/{n}", who="Pat", published=NOON) for n in range(9)]
    shown = arranged(*many, *chosen)
    assert (len(shown.pinned), len(shown.chosen)) == (6, 9)


def test_what_is_folded_is_in_no_feed_and_a_count_in_markdown() -> None:
    shown = arranged(*flood(6))
    page = page_view(shown, site=site_of(), sources=some_sources(), updated=Updated(iso="", day=""))
    assert len(shown.news) == 3
    anchor = f"https://example.org/discussing/#{shown.listed[2].anchor}"
    assert f"* 📄and [3 more by Pat that day]({anchor})" in document(page, shown).splitlines()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 2)), max_size=30))
def test_nothing_is_lost_by_folding(made: list[tuple[str, str, int]]) -> None:
    stories = [
        found(f"https://{host}.example/{n}", title=str(n), author=Author(name=who), published=NOON - timedelta(days=day, minutes=n))
        for n, (who, host, day) in enumerate(made)
    ]
    shown = arranged(*stories, per_person=2, per_site=3)
    everything = [one.id for view in shown.listed for one in (view, *(folded for more in view.more for folded in more.stories))]
    assert sorted(everything) == sorted(view.id for view in shown.found)
    for who in "abc":
        for day in {view.when.day for view in shown.listed}:
            assert sum(view.who == who and view.when.day == day for view in shown.listed) <= 2


@settings(max_examples=20, deadline=None)
@given(st.permutations(flood(8)))
def test_what_is_folded_is_no_matter_of_arrival(stories: list[Story]) -> None:
    assert arranged(*stories).listed == arranged(*flood(8)).listed


def test_one_more_that_day_folds_none_that_was_shown() -> None:
    before, after = arranged(*flood(4)), arranged(*flood(4), *flood(1, day=0, host="late.example"))
    assert {view.id for view in before.listed} <= {view.id for view in after.listed}


# -- translations


def test_a_translation_is_named_by_its_language() -> None:
    german, english = (
        found("https://a.example/de", title="Klein", language="de"),
        found("https://a.example/en", title="Small", language="en"),
    )
    german, english = replace(german, translations=(english.id,)), replace(english, translations=(german.id, "hiddenaaaa"))
    views = {view.title: view for view in arranged(german, english).found}
    assert [(one.name, one.title, one.href, one.language) for one in views["Small"].translations] == [
        ("German", "Klein", "https://a.example/de", "de")
    ]
    assert [one.name for one in views["Klein"].translations] == ["English"]


def test_a_translation_that_declares_no_language_is_known_by_its_words() -> None:
    words = "Wir haben vier Tage lang über die Arbeit und das Geld gesprochen, und am Ende waren sich alle einig, dass es gut war."
    german, english = (
        found("https://a.example/de", title="Klein", text=words),
        found("https://a.example/en", title="Small", text="Few words."),
    )
    german, english = replace(german, translations=(english.id,)), replace(english, translations=(german.id,))
    views = {view.title: view for view in arranged(german, english).found}
    assert [one.name for one in views["Small"].translations] == ["German"]
    assert [one.name for one in views["Klein"].translations] == ["another language"]


# -- why it is one


def test_evidence_is_told_in_plain_words() -> None:
    url, other = "https://pod.example.org/e/1", "https://youtube.com/watch?v=abcdefghijk"
    story = joined(mentioned(published_entry(url, kind=Kind.EPISODE)))
    evidence = (
        Evidence(kind=EvidenceKind.CROSS_POST, left=url, right=other, score=0.97),
        Evidence(kind=EvidenceKind.TRANSLATION, left=url, right="https://a.example/"),
    )
    [tie] = arranged(replace(story, evidence=evidence)).found[0].ties
    assert (tie.left.text, tie.right.text, tie.words) == (
        "pod.example.org/e/1",
        "youtube.com/watch?v=abcdefghijk",
        "same recording: title and description alike",
    )


def test_that_a_post_shares_the_page_stands_among_the_voices_and_not_among_the_reasons() -> None:
    url = "https://blog.example.org/post"
    post = posted("Read this.", "https://social.example.org/@ada/113456789012345678")
    story = joined(mentioned(published_entry(url)), mentioned(post, about=url, source="masto"))
    shares = Evidence(kind=EvidenceKind.SAME_URL, left=url, right=key_of(post.url))
    [view] = arranged(replace(story, evidence=(shares,))).found
    assert (view.ties, len(view.voices)) == ((), 1)


@pytest.mark.parametrize("kind", [kind for kind in EvidenceKind if kind.joins and kind is not EvidenceKind.SAME_URL])
def test_every_kind_of_evidence_has_words(kind: EvidenceKind) -> None:
    evidence = (Evidence(kind=kind, left="https://a.example/", right="https://b.example/", score=0.83),)
    [tie] = arranged(replace(found(), evidence=evidence)).found[0].ties
    assert tie.words
    assert ("83 parts in 100" in tie.words) is (kind is EvidenceKind.SIMILAR_TEXT)


def test_by_which_words_a_story_was_found_is_said_once() -> None:
    story = joined(mentioned(published_entry()), mentioned(posted("Talk"), about="https://blog.example.org/post", source="masto"))
    assert arranged(story).found[0].matched == ("“microsolidarity” in the title",)


# -- a description of the site's own


def test_a_description_that_many_pages_have_is_none_of_theirs() -> None:
    def described(number: int) -> Story:
        story = found(f"https://blog.example.org/{number}", title=f"Essay {number}", text=f"The text of number {number}.")
        return replace(story, links=(replace(story.links[0], description="Notes on crews, care and money since 2011."),))

    assert {view.summary for view in arranged(*map(described, range(2))).found} == {"Notes on crews, care and money since 2011."}
    assert arranged(*map(described, range(3)), per_person=9).found[0].summary.startswith("The text of number")
