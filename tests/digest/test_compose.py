"""What stands in an edition: what is new, which are told in full, what is said of them, what is still talked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.digest.compose import Composed, compose
from aggregator.model import Author, Curation, Group, Kind, Link, Mention, Period, Story, Topic
from aggregator.pipeline.curate import names_of
from aggregator.publish.sources import SourceView
from aggregator.settings import Settings
from tests.support.editions import WEEK, digest_of
from tests.support.site import on_mastodon, settings_in, site_of, source_view
from tests.support.stories import chosen_by_hand, found, joined, mentioned, posted, published_entry

SOURCES = (source_view(), on_mastodon())
BEFORE = WEEK.since - timedelta(days=3)
DURING = WEEK.since + timedelta(days=2)
SENTENCES = (
    "Nobody can hold a circle on their own for ever, and nobody should have to. What we do instead is to take turns, each for a season, "
    "and to say in time when we are tired of it. It took us four years and two crews to learn so little."
)
NEXT_WEEK = Period(name="2026-W48", since=WEEK.until, until=WEEK.until + timedelta(days=7))


def settings(*, topics: Sequence[str] = (), site: dict[str, object] | None = None, **digest: object) -> Settings:
    made = replace(settings_in(Path("nowhere"), site=site_of(**(site or {}))), digest=digest_of(**digest))
    more = tuple(Topic(id=name, title=name.title(), any_of=(name,)) for name in topics)
    return replace(made, topics=made.topics + more)


def edition_of(
    *stories: Story,
    told: frozenset[str] = frozenset(),
    first: bool = False,
    period: Period = WEEK,
    rhythm: str = "weekly",
    topic: int = 0,
    sources: Sequence[SourceView] = SOURCES,
    by: Settings | None = None,
) -> Composed:
    by = by or settings()
    return compose(stories, topic=by.topics[topic], rhythm=rhythm, period=period, settings=by, sources=sources, told=told, first=first)


def titles(composed: Composed) -> list[str]:
    return [item.title for item in composed.edition.items]


def voice(name: str, about: str, *, at: datetime = DURING, quiet: bool = False, published: datetime | None = None) -> Mention:
    handle = f"{name.lower()}@social.example"
    said = posted(
        f"{name} has read it.",
        f"https://social.example/@{name}/{at:%m%d%H}",
        author=Author(name=name, handle=handle),
        published=published or at,
    )
    return mentioned(said, source="masto", about=about, at=at, quiet=quiet)


def article(number: int = 1, *voices: str, at: datetime = DURING, who: str = "", title: str = "", **fields: object) -> Story:
    """An article, and who talks about it."""
    url = f"https://blog{number}.example.org/essay"
    author = Author(name=who or f"Author {number}")
    entry = published_entry(url, title=title or f"Essay {number}", author=author, published=at - timedelta(hours=2), **fields)
    return joined(mentioned(entry, at=at), *(voice(name, url, at=at + timedelta(hours=1)) for name in voices))


def post(number: int = 1, text: str = "", *, at: datetime = DURING, who: str = "") -> Story:
    """A post that says something."""
    name = who or f"Poster {number}"
    said = posted(
        text or f"Number {number} of the things that I have learned in a crew is that nobody can hold a circle on their own for ever.",
        f"https://social.example/@p/{number}",
        author=Author(name=name, handle=f"{name.lower().replace(' ', '')}@social.example"),
        published=at - timedelta(hours=1),
    )
    return joined(mentioned(said, source="masto", at=at))


# -- what is new


def test_a_story_that_no_edition_has_told_is_new() -> None:
    made = edition_of(article())
    assert (titles(made), made.new, made.quiet) == (["Essay 1"], 1, True)


def test_a_story_that_was_told_is_not_new() -> None:
    story = article()
    made = edition_of(story, told=edition_of(story).told)
    assert (made.new, made.told) == (0, frozenset())


@pytest.mark.parametrize("name", ["id", "former", "lead", "other link"])
def test_a_story_counts_as_told_by_any_of_its_names(name: str) -> None:
    other = "https://other.example.org/copy"
    story = replace(article(), former=("abcdefghij",))
    story = replace(story, links=(*story.links, Link(key=other, href=other)))
    told = {"id": story.id, "former": "abcdefghij", "lead": story.lead, "other link": other}[name]
    assert edition_of(story, told=frozenset((told,))).new == 0
    assert edition_of(story, told=frozenset(("https://elsewhere.example.org/",))).new == 1


def test_a_late_find_is_new_however_long_ago_it_was_published() -> None:
    late = joined(mentioned(published_entry(published=datetime(2019, 5, 1, tzinfo=UTC)), at=BEFORE))
    assert edition_of(late).new == 1


def test_what_was_old_when_a_source_was_first_read_is_accounted_for_and_not_new() -> None:
    archive = found(published=datetime(2019, 5, 1, tzinfo=UTC), quiet=True, at=DURING)
    made = edition_of(archive)
    assert (made.new, made.told) == (0, names_of(archive))


def test_what_is_found_after_the_period_ended_and_before_it_is_composed_is_new_once() -> None:
    story = article(at=WEEK.until + timedelta(hours=1))
    first = edition_of(story, first=True)
    second = edition_of(story, told=first.told, period=NEXT_WEEK)
    assert (first.new, second.new) == (1, 0)


def test_in_the_first_edition_only_what_was_first_seen_in_the_period_is_new() -> None:
    old, new = article(1, at=BEFORE), article(2)
    made = edition_of(old, new, first=True)
    assert titles(made) == ["Essay 2"]
    assert made.told == names_of(old) | names_of(new)


def test_a_story_of_another_topic_is_neither_told_nor_accounted_for() -> None:
    elsewhere = replace(article(), topics=("crews",))
    by = settings(topics=("crews",))
    assert (edition_of(elsewhere, by=by).new, edition_of(elsewhere, by=by).told) == (0, frozenset())
    assert edition_of(elsewhere, by=by, topic=1).new == 1


def test_what_the_community_chose_and_nobody_mentioned_is_every_topics() -> None:
    chosen = replace(chosen_by_hand(published=DURING, at=DURING), topics=())
    by = settings(topics=("crews",))
    assert [edition_of(chosen, by=by, topic=topic).new for topic in (0, 1)] == [1, 1]


def test_a_post_that_is_only_heard_in_other_stories_is_accounted_for_with_them() -> None:
    page = article()
    sharing = mentioned(posted("Two good ones: see both.", "https://social.example/@two/1"), source="masto", at=DURING)
    other = "https://gone.example.org/1"
    sharing = replace(sharing, identity=replace(sharing.identity, shares=(page.lead, other)))
    heard = replace(page, mentions=(*page.mentions, sharing))
    guest = joined(sharing)
    made = edition_of(heard, guest)
    assert (made.new, titles(made)) == (1, ["Essay 1"])
    assert names_of(guest) <= made.told


def test_what_waited_as_a_part_of_a_story_and_then_parts_from_it_is_new_under_its_own_name() -> None:
    whole = replace(article(), former=("abcdefghij",))
    told = edition_of(whole).told
    assert edition_of(replace(article(2), id="abcdefghij"), told=told).new == 1
    assert edition_of(whole, told=told).new == 0


# -- which are told in full


def test_stories_stand_by_group_and_the_newest_first_in_each() -> None:
    kinds = (Kind.COMMENT, Kind.THREAD, Kind.VIDEO, Kind.ARTICLE, Kind.EPISODE)
    several = [
        article(number, kind=kind, title=f"{kind} {number}", at=DURING + timedelta(hours=number)) for number, kind in enumerate(kinds, 1)
    ]
    made = edition_of(*several, post(9))
    groups = [item.group for item in made.edition.items]
    assert groups == [Group.RECORDINGS, Group.RECORDINGS, Group.ARTICLES, Group.DISCUSSIONS, Group.POSTS, Group.POSTS]
    assert titles(made)[:2] == ["episode 5", "video 3"]


def test_of_many_those_with_more_voices_are_told_in_full() -> None:
    loud = article(7, "Ada", "Bo", "Cy")
    several = [article(number) for number in range(1, 7)]
    made = edition_of(*several, loud, article(8, "Ada"), by=settings(most=2, least=1))
    assert sorted(titles(made)) == ["Essay 7", "Essay 8"]
    assert (len(made.edition.also), made.edition.more, made.new) == (6, 0, 8)


def test_works_come_before_posts_and_posts_that_say_little_come_last() -> None:
    little, said, work = post(1, "Lovely #microsolidarity"), post(2, SENTENCES), article(3, text="", at=DURING - timedelta(days=1))
    by = {most: edition_of(little, said, work, by=settings(most=most, least=1)) for most in (1, 2)}
    assert titles(by[1]) == ["Essay 3"]
    assert [item.story for item in by[2].edition.items] == [work.id, said.id]
    assert [item.story for item in by[2].edition.also] == [little.id]


def test_of_two_that_are_else_alike_the_one_with_a_sentence_comes_first_then_the_one_that_was_found_last() -> None:
    bare, early = article(1, text=""), article(2, at=DURING - timedelta(hours=5))
    late_find = joined(
        mentioned(published_entry("https://old.example.org/1", title="Late", published=datetime(2019, 5, 1, tzinfo=UTC)), at=DURING)
    )
    by = {most: titles(edition_of(bare, early, late_find, by=settings(most=most, least=1))) for most in (1, 2)}
    assert (by[1], sorted(by[2])) == (["Late"], ["Essay 2", "Late"])


def test_what_was_pinned_or_chosen_comes_before_the_loudest() -> None:
    loud = article(1, "Ada", "Bo", "Cy")
    pinned = replace(article(2), curation=Curation(pinned=0))
    chosen = chosen_by_hand(published=DURING, at=DURING)
    assert titles(edition_of(loud, pinned, chosen, by=settings(most=1, least=1))) == ["Essay 2"]
    assert sorted(titles(edition_of(loud, pinned, chosen, by=settings(most=2, least=1)))) == ["A talk about pods", "Essay 2"]


def test_one_person_does_not_fill_the_mail() -> None:
    busy = [article(number, "Ada", who="Busy Writer", at=DURING + timedelta(days=number // 3)) for number in range(1, 7)]
    quiet = [article(number) for number in range(11, 14)]
    made = edition_of(*busy, *quiet, by=settings(most=5, least=1))
    assert sum(item.who == "Busy Writer" for item in made.edition.items) == 3
    assert made.new == 9


def test_where_there_is_room_one_person_fills_it() -> None:
    days = [WEEK.since + timedelta(days=day) for day in range(6)]
    busy = [article(number, who="Busy Writer", at=at) for number, at in enumerate(days)]
    assert len(edition_of(*busy).edition.items) == 6


def test_what_the_page_folds_behind_a_count_is_told_by_its_title_alone() -> None:
    one_day = [article(number, who="Busy Writer", at=DURING + timedelta(minutes=number)) for number in range(6)]
    made = edition_of(*one_day, by=settings(least=1))
    assert (len(made.edition.items), len(made.edition.also), made.edition.more) == (3, 3, 0)


def test_in_a_week_without_much_else_what_is_folded_is_told_in_full_too() -> None:
    one_day = [article(number, who="Busy Writer", at=DURING + timedelta(minutes=number)) for number in range(6)]
    made = edition_of(*one_day, by=settings(least=5))
    assert (len(made.edition.items), len(made.edition.also), made.edition.more) == (5, 1, 0)


def test_after_forty_titles_the_rest_is_counted() -> None:
    made = edition_of(*(article(number) for number in range(100)))
    assert (len(made.edition.items), len(made.edition.also), made.edition.more, made.new) == (15, 40, 45, 100)


def test_the_same_stories_in_another_order_make_the_same_edition() -> None:
    several = [article(number, *("Ada", "Bo")[: number % 3]) for number in range(30)] + [post(number) for number in range(9)]
    assert edition_of(*several) == edition_of(*reversed(several))


def test_in_a_group_the_newest_stands_first_however_loud_another_is() -> None:
    loud, new = article(1, "Ada", "Bo", at=DURING - timedelta(days=1)), article(2)
    assert titles(edition_of(loud, new)) == ["Essay 2", "Essay 1"]


def test_what_the_community_chose_of_one_person_stays_where_it_is() -> None:
    chosen = [
        chosen_by_hand(
            f"Talk {number}", f"https://talks.example.org/{number}", who="Busy Writer", published=DURING, at=DURING, position=number
        )
        for number in range(5)
    ]
    assert titles(edition_of(*chosen, article(1, "Ada"), by=settings(most=5))) == titles(edition_of(*chosen))


# -- what is said of a story


def test_the_mail_says_of_a_story_what_the_page_says() -> None:
    story = article(1, "Ada", "Bo", title="Kleine Gruppen", who="Nadia", language="de", site="Enspiral Tales")
    item = edition_of(story).edition.items[0]
    assert (item.story, item.title, item.href, item.page) == (story.id, "Kleine Gruppen", story.links[0].href, f"story/{story.id}.html")
    assert (item.kind_text, item.language, item.who, item.where) == ("Article", "de", "Nadia", "Enspiral Tales")
    assert (item.voices, item.talk) == ("2 voices", "Mastodon (2)")
    assert (item.sentence, item.sentence_language) == ("Small groups make large things possible, and here is how they do it.", "de")


def test_the_stewards_note_stands_in_place_of_the_sentence() -> None:
    noted = replace(article(language="de"), curation=Curation(note="Read the **second** part, with [Bo's answer](https://example.org/)."))
    item = edition_of(noted).edition.items[0]
    assert (item.sentence, item.sentence_language) == ("Read the second part, with Bo's answer.", "")


def test_a_chosen_entrys_note_does_not_say_the_title_again() -> None:
    url = "https://talks.example.org/pods"
    shared = chosen_by_hand("Pods", url, note=f"[Pods]({url}), sharing what they learned.", published=DURING, at=DURING)
    alone = chosen_by_hand("Crews", "https://talks.example.org/crews", published=DURING, at=DURING)
    assert [item.sentence for item in edition_of(shared, alone).edition.items] in (
        ["sharing what they learned.", ""],
        ["", "sharing what they learned."],
    )


def test_a_note_that_begins_with_a_longer_word_than_the_title_is_said_whole() -> None:
    noted = replace(article(title="Crew"), curation=Curation(note="Crews need time."))
    assert edition_of(noted).edition.items[0].sentence == "Crews need time."


def test_a_long_note_is_cut_at_a_word() -> None:
    noted = replace(article(), curation=Curation(note="so much to say " * 200))
    sentence = edition_of(noted).edition.items[0].sentence
    assert len(sentence) <= 600
    assert sentence.endswith("…")


def test_an_address_that_may_not_be_followed_is_none() -> None:
    strange = replace(article(), links=(Link(key="https://blog1.example.org/essay", href="javascript:alert(1)"),))
    assert edition_of(strange).edition.items[0].href is None


# -- what is still talked about, and what is pinned


def talked_about(*voices: Mention, **fields: object) -> tuple[Story, frozenset[str]]:
    """A story of the week before, and what was told of it."""
    story = article(1, at=BEFORE, **fields)  # type: ignore[arg-type]  # fields of an entry
    with_voices = joined(*story.mentions, *voices)
    return with_voices, names_of(story)


def url_of(story: Story) -> str:
    return story.links[0].href


ESSAY = "https://blog1.example.org/essay"


def test_a_story_that_was_told_and_has_new_voices_is_still_being_talked_about() -> None:
    story, told = talked_about(voice("Old", ESSAY, at=BEFORE + timedelta(hours=1)), voice("Ada", ESSAY), voice("Bo", ESSAY))
    made = edition_of(story, told=told)
    (talked,) = made.edition.talked
    assert (talked.title, talked.voices, talked.talk) == ("Essay 1", "2 new voices", "Mastodon (2)")
    assert made.new == 0


def test_one_new_voice_is_said_in_the_singular() -> None:
    story, told = talked_about(voice("Ada", ESSAY))
    assert edition_of(story, told=told).edition.talked[0].voices == "1 new voice"


@pytest.mark.parametrize(
    "again",
    [
        pytest.param((voice("Old", ESSAY, at=BEFORE + timedelta(hours=1)), voice("Old", ESSAY, at=DURING)), id="who spoke before"),
        pytest.param((voice("Author 1", ESSAY, at=DURING),), id="who made it"),
        pytest.param((voice("Ada", ESSAY, at=WEEK.until),), id="after the period"),
        pytest.param((voice("Ada", ESSAY, at=BEFORE + timedelta(hours=1)),), id="before the period"),
        pytest.param((voice("Ada", ESSAY, quiet=True, published=datetime(2024, 1, 1, tzinfo=UTC)),), id="long ago, found now"),
    ],
)
def test_no_new_voice_is(again: tuple[Mention, ...]) -> None:
    story, told = talked_about(*again)
    assert edition_of(story, told=told).edition.talked == ()


def test_a_voice_without_a_date_is_one() -> None:
    undated = posted(
        "I have read it.", "https://social.example/@ada/9", author=Author(name="Ada", handle="ada@social.example"), published=None
    )
    story, told = talked_about(mentioned(undated, source="masto", about=ESSAY, at=DURING))
    assert edition_of(story, told=told).edition.talked[0].voices == "1 new voice"


def test_the_thing_itself_found_after_the_talk_about_it_is_no_voice() -> None:
    talk = joined(voice("Ada", ESSAY, at=BEFORE))
    found_now = joined(*talk.mentions, mentioned(published_entry(ESSAY, author=Author(name="Nadia"), published=DURING), at=DURING))
    assert edition_of(found_now, told=names_of(talk)).edition.talked == ()


def test_a_voice_is_new_in_one_edition_alone() -> None:
    story, told = talked_about(voice("Ada", ESSAY, at=WEEK.until))
    talked = [edition_of(story, told=told, period=period).edition.talked for period in (WEEK, NEXT_WEEK)]
    assert [len(one) for one in talked] == [0, 1]


def test_what_came_together_with_a_story_is_no_talk_that_goes_on() -> None:
    at = WEEK.until + timedelta(minutes=5)
    entry = published_entry(ESSAY, published=at)
    story = joined(mentioned(entry, at=at), voice("Ada", ESSAY, at=at))
    told = edition_of(story).told
    assert edition_of(story, told=told, period=NEXT_WEEK).edition.talked == ()


def test_at_most_five_are_still_talked_about_those_with_the_most_new_voices_first() -> None:
    names = ("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus")
    stories = [joined(*article(number, at=BEFORE).mentions) for number in range(1, 8)]
    talked = [joined(*story.mentions, *(voice(name, url_of(story)) for name in names[:at])) for at, story in enumerate(stories, 1)]
    told = frozenset[str]().union(*map(names_of, stories))
    made = edition_of(*talked, told=told)
    assert [item.voices for item in made.edition.talked] == [f"{count} new voices" for count in (7, 6, 5, 4, 3)]


def test_a_pinned_story_stands_under_its_heading_unless_it_stands_in_the_edition_already() -> None:
    old, new = (replace(article(number, at=at), curation=Curation(pinned=number)) for number, at in ((0, BEFORE), (1, DURING)))
    made = edition_of(old, new, told=names_of(old))
    assert ([item.title for item in made.edition.pinned], titles(made)) == (["Essay 0"], ["Essay 1"])


def test_a_pinned_story_that_is_talked_about_stands_once() -> None:
    story, told = talked_about(voice("Ada", ESSAY))
    made = edition_of(replace(story, curation=Curation(pinned=0)), told=told)
    assert (len(made.edition.talked), made.edition.pinned) == (1, ())


# -- what the edition is called


def test_an_edition_is_named_by_topic_rhythm_and_period() -> None:
    made = edition_of(article()).edition
    assert (made.id, made.path) == ("microsolidarity/weekly/2026-W47", "digest/2026-W47.html")
    assert (made.title, made.days, made.language) == ("Discussing #microsolidarity", "16 to 22 November 2026", "en")
    assert made.subject == "Discussing #microsolidarity, 16 to 22 November: 1 new"


def test_the_subject_of_a_week_across_two_years_says_both() -> None:
    border = Period(name="2026-W53", since=datetime(2026, 12, 28, 8, tzinfo=UTC), until=datetime(2027, 1, 4, 8, tzinfo=UTC))
    assert edition_of(period=border).edition.subject == "Discussing #microsolidarity, 28 December 2026 to 3 January 2027"


def test_no_words_of_a_story_stand_in_the_subject() -> None:
    assert "CHEAP" not in edition_of(article(title="CHEAP PILLS")).edition.subject


def test_the_digest_may_have_a_title_of_its_own() -> None:
    assert edition_of(by=settings(title="Crew news")).edition.title == "Crew news"


def test_of_several_topics_each_is_named() -> None:
    by = settings(topics=("crews",))
    assert [edition_of(by=by, topic=topic).edition.title for topic in (0, 1)] == [
        "Discussing #microsolidarity",
        "Discussing #microsolidarity: Crews",
    ]


def test_no_two_editions_have_one_path() -> None:
    by = settings(topics=("crews",), rhythms={"weekly": "0 8 * * mon", "late": "0 8 * * thu"})
    paths = [edition_of(by=by, topic=topic, rhythm=rhythm).edition.path for topic in (0, 1) for rhythm in ("weekly", "late")]
    assert paths == [
        "digest/2026-W47.html",
        "digest/late/2026-W47.html",
        "digest/crews/weekly/2026-W47.html",
        "digest/crews/late/2026-W47.html",
    ]
