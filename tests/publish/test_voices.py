"""Who talks about a story: one voice for each person, and what stands under it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Author, Kind, Mention, Restriction, Story, Visibility
from aggregator.publish.stories import StoryView, story_view
from aggregator.publish.voices import Scene, VoiceView
from tests.support.site import on_mastodon, site_of, source_view
from tests.support.stories import NOON, joined, key_of, mentioned, posted, published_entry

URL = "https://blog.example.org/post"


def seen(story: Story, *, agreed: bool = False) -> StoryView:
    by_id = {one.id: one for one in (source_view(), on_mastodon(agreed=agreed), source_view("bsky", place="Bluesky"))}
    return story_view(story, Scene(sources=by_id, here=UTC, language="en"), site_of())


def said(
    who: str, number: int = 1, *, about: str = URL, source: str = "masto", to: str | None = None, name: str | None = None, minutes: int = 0
) -> Mention:
    """A post by an account on one server, about a page or in answer to a post."""
    author = Author(name=name or who.title(), handle=f"{who}@social.example")
    post = posted(f"{who} says {number}", f"https://social.example/@{who}/{number}", author=author)
    post = replace(post, in_reply_to=to)
    return mentioned(post, about=to or about, source=source, at=NOON + timedelta(minutes=minutes))


def told(voices: tuple[VoiceView, ...]) -> list[tuple[str, list[str], list[str]]]:
    """Each voice with what stands under it."""
    return [(voice.excerpt, [one.excerpt for one in voice.more], [one.excerpt for one in voice.answers]) for voice in voices]


def test_what_else_a_person_said_stands_under_their_first_word() -> None:
    view = seen(joined(mentioned(published_entry(URL)), said("bo"), said("bo", 2, minutes=1), said("cy", minutes=2)))
    assert told(view.voices) == [("bo says 1", ["bo says 2"], []), ("cy says 1", [], [])]
    assert (view.voices_text, view.folded, view.talk) == ("2 voices", 1, "Mastodon (2)")


def test_an_answer_to_somebody_who_talks_is_folded_under_them() -> None:
    first = said("bo")
    answer = said("cy", to=first.entry.url, minutes=1)
    view = seen(joined(mentioned(published_entry(URL)), first, answer))
    assert told(view.voices) == [("bo says 1", [], ["cy says 1"])]
    assert (view.voices_text, view.folded) == ("1 voice", 1)


def test_an_answer_to_the_thing_itself_is_a_voice() -> None:
    thread = published_entry("https://forum.example.net/t/9", kind=Kind.THREAD)
    view = seen(joined(mentioned(thread), said("bo", to=thread.url), said("cy", to=thread.url, minutes=1)))
    assert [one.excerpt for one in view.voices] == ["bo says 1", "cy says 1"]


def test_an_answer_to_an_answer_stands_under_the_beginning_whichever_came_first() -> None:
    first = said("bo", minutes=9)
    second = said("cy", to=first.entry.url, minutes=5)
    third = said("dora", to=second.entry.url, minutes=1)
    view = seen(joined(mentioned(published_entry(URL)), first, second, third))
    assert told(view.voices) == [("bo says 1", [], ["dora says 1", "cy says 1"])]


def test_who_answers_their_own_words_goes_on_speaking() -> None:
    first = said("bo")
    view = seen(joined(mentioned(published_entry(URL)), first, said("bo", 2, to=first.entry.url, minutes=1)))
    assert told(view.voices) == [("bo says 1", ["bo says 2"], [])]


def test_who_speaks_and_answers_is_heard_where_they_speak() -> None:
    first = said("bo")
    answer, own = said("cy", to=first.entry.url, minutes=1), said("cy", 2, minutes=2)
    view = seen(joined(mentioned(published_entry(URL)), first, answer, own))
    assert told(view.voices) == [("bo says 1", [], []), ("cy says 2", ["cy says 1"], [])]


def test_posts_that_answer_one_another_in_a_circle_are_still_heard() -> None:
    one = said("bo", to="https://social.example/@cy/1")
    other = said("cy", to="https://social.example/@bo/1", minutes=1)
    view = seen(joined(mentioned(published_entry(URL)), replace(one, identity=replace(one.identity, subject=key_of(URL))), other))
    assert len(view.voices) == 1
    assert view.folded == 1


def test_one_person_on_two_platforms_is_one_voice_and_counts_in_both() -> None:
    toot = said("bo", name="Bo Example")
    skeet = posted("bo says it again", "https://bsky.app/profile/bo.example/post/3k", author=Author(url="https://social.example/@bo"))
    view = seen(joined(mentioned(published_entry(URL)), toot, mentioned(skeet, about=URL, source="bsky", at=NOON + timedelta(hours=1))))
    assert (view.voices_text, view.talk) == ("1 voice", "Bluesky and Mastodon")
    assert [(room.name, len(room.voices)) for room in view.by_place] == [("Mastodon", 1)]


def test_who_made_the_thing_talks_about_it_once() -> None:
    made = mentioned(published_entry(URL, author=Author(name="Ada Lovelace")))
    shares = [said("ada", name="Ada Lovelace", minutes=1), said("countess", name="Ada Lovelace", minutes=2), said("bo", minutes=3)]
    view = seen(joined(made, *shares))
    assert [(one.who, one.by_author, len(one.more)) for one in view.voices] == [("Ada Lovelace", True, 1), ("Bo", False, 0)]


def test_a_post_that_shares_several_pages_is_a_voice_in_the_story_of_each() -> None:
    guest = said("bo")
    own = key_of(guest.entry.url)
    guest = replace(guest, identity=replace(guest.identity, subject=own, aliases=(), shares=(key_of(URL), "https://other.example/x")))
    view = seen(joined(mentioned(published_entry(URL)), guest))
    assert [one.excerpt for one in view.voices] == ["bo says 1"]


def test_who_agreed_to_be_shown_is_shown_but_for_what_is_private() -> None:
    asked = posted("Do not index me", "https://social.example/@cy/1", restrictions=(Restriction.NOINDEX,))
    unlisted = posted("Unlisted", "https://social.example/@dora/1", handle="dora@social.example", visibility=Visibility.UNLISTED)
    private = posted("Private", "https://social.example/@efe/1", handle="efe@social.example", visibility=Visibility.PRIVATE)
    story = joined(mentioned(published_entry(URL)), *(mentioned(one, about=URL, source="masto") for one in (asked, unlisted, private)))
    assert seen(story).voices == ()
    assert {one.excerpt for one in seen(story, agreed=True).voices} == {"Do not index me", "Unlisted"}


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 5)), min_size=1, max_size=12))
def test_nobody_is_lost_and_nobody_is_heard_twice(posts: list[tuple[str, int]]) -> None:
    """Whoever answers whom: every post is a voice or stands under one, once."""
    mentions = [mentioned(published_entry(URL))]
    for number, (who, to) in enumerate(posts):
        answered = f"https://social.example/@{posts[to][0]}/{to}" if to < len(posts) and to != number else None
        mentions.append(said(who * 7, number, minutes=number))
        if answered:
            url = f"https://social.example/@{posts[to][0] * 7}/{to}"
            mentions[-1] = said(who * 7, number, to=url, minutes=number)
    view = seen(joined(*mentions, link=None))
    under = [one for voice in view.voices for one in (voice, *voice.more, *voice.answers, *(b for a in voice.answers for b in a.more))]
    assert sorted(one.href or "" for one in under) == sorted(one.href or "" for one in view.mentions if not one.first_hand)
    heads = [one.handle for voice in view.voices for one in (voice, *voice.answers)]
    assert len(heads) == len(set(heads))


def test_a_door_that_opens_for_members_alone_is_not_shown() -> None:
    inside = posted("", "https://discord.com/channels/1/2/3", restrictions=(Restriction.MEMBERS_ONLY,), author=None)
    (voice,) = seen(joined(mentioned(published_entry(URL)), mentioned(inside, about=URL))).voices
    assert (voice.href, voice.who, voice.excerpt) == (None, "", "")


def test_a_post_whose_words_may_not_be_passed_on_is_called_by_who_wrote_it() -> None:
    post = posted("", "https://x.com/ada/status/2123706672739254273", author=Author(name="Ada", handle="ada"))
    view = seen(joined(mentioned(replace(post, text=None), source="bsky")))
    assert (view.title, view.summary) == ("Post by Ada on Bluesky", "")
