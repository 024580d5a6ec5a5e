from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.model import Author, ChosenLink, Kind, Link, Restriction, Story, Visibility
from aggregator.publish.notes import Run
from aggregator.publish.stories import LinkView, StoryView, story_view
from aggregator.publish.voices import Scene, who
from aggregator.settings import SeeAlso, Site
from tests.support.site import on_mastodon, site_of, source_view
from tests.support.stories import NOON, chosen_by_hand, found, joined, key_of, mentioned, posted, published_entry

URL = "https://blog.example.org/post"


def seen(story: Story, *, site: Site | None = None) -> StoryView:
    sources = {one.id: one for one in (source_view(), on_mastodon(), on_mastodon("masto-2"))}
    site = site or site_of()
    here = UTC if site.timezone == "UTC" else ZoneInfo(site.timezone)
    return story_view(story, Scene(sources=sources, here=here, language="en"), site)


# -- what it is called


def test_a_chosen_title_wins_over_every_other() -> None:
    story = chosen_by_hand("As we call it", URL, mentions=[mentioned(published_entry(URL, title="As they call it"))])
    assert seen(story).title == "As we call it"


def test_the_entry_itself_names_the_story_before_its_page_does() -> None:
    story = joined(mentioned(published_entry(URL, title="In the feed")), link=Link(key=URL, href=URL, title="On the page"))
    assert seen(story).title == "In the feed"


def test_a_linked_page_is_called_as_it_calls_itself() -> None:
    story = joined(mentioned(posted("Read this!"), about=URL, source="masto"), link=Link(key=URL, href=URL, title="On the page"))
    assert seen(story).title == "On the page"


def test_a_page_nobody_has_read_is_called_by_its_address() -> None:
    assert seen(joined(mentioned(posted("Read this!"), about=URL, source="masto"))).title == "blog.example.org/post"


def test_an_answer_to_what_nobody_has_described_stands_for_it() -> None:
    answer = replace(posted("Our crew tried this."), in_reply_to=URL)
    view = seen(joined(mentioned(answer, about=URL, source="masto")))
    assert (view.title, view.href, view.voices) == ("Our crew tried this.", answer.url, ())
    told = joined(mentioned(answer, about=URL, source="masto"), link=Link(key=URL, href=URL, title="The question"))
    assert (seen(told).title, seen(told).href, len(seen(told).voices)) == ("The question", URL, 1)


def test_a_post_is_called_by_its_first_sentence_and_goes_on_with_the_second() -> None:
    view = seen(
        joined(mentioned(posted("We met in Ghent for four quiet days in spring. Nobody wanted to leave. It rained."), source="masto"))
    )
    assert (view.title, view.summary) == ("We met in Ghent for four quiet days in spring.", "Nobody wanted to leave. It rained.")


def test_a_long_post_goes_on_where_its_title_was_cut() -> None:
    text = "one two three four five six seven eight nine ten " * 6
    view = seen(joined(mentioned(posted(text.strip()), source="masto")))
    assert view.title.endswith("…")
    assert view.summary.startswith("…")
    assert text.startswith(view.title[:-1] + " " + view.summary[1:-1].strip())


def test_a_post_in_markup_is_called_by_its_words() -> None:
    post = replace(posted(""), text=None, html="<p>Words &amp; <b>more</b> words</p><script>x()</script>")
    assert seen(joined(mentioned(post, source="masto"))).title == "Words & more words"


# -- who and where


def test_who_spoke_is_named_as_the_community_named_them() -> None:
    assert (
        seen(chosen_by_hand(who="Nati and John", mentions=[mentioned(published_entry("https://talks.example.org/pods"))])).who
        == "Nati and John"
    )


@pytest.mark.parametrize(
    ("author", "who"),
    [
        (Author(name="Ada"), "Ada"),
        (Author(handle="ada@social.example"), "@ada@social.example"),
        (Author(name="ada@example.org", handle="ada"), "@ada"),
        (Author(name="ada@example.org"), ""),
        (None, ""),
    ],
)
def test_people_are_named_and_their_mailboxes_are_not(author: Author | None, who: str) -> None:
    assert seen(found(author=author)).who == who


def test_a_post_stands_on_its_platform_and_an_article_on_its_site() -> None:
    post = seen(joined(mentioned(posted("Hello there"), source="masto")))
    article = seen(found(site="The Site"))
    linked = seen(joined(mentioned(posted("Read this!"), about="https://www.essays.example/1", source="masto")))
    assert (post.where, article.where, linked.where) == ("Mastodon", "The Site", "essays.example")


# -- the one sentence


def test_the_page_says_what_it_is_about_before_its_text_does() -> None:
    story = joined(mentioned(published_entry(URL)), link=Link(key=URL, href=URL, description="What we learned. And more."))
    assert seen(story).summary == "What we learned. And more."
    assert seen(found(text="Only the text is there.")).summary == "Only the text is there."


def test_a_sentence_that_repeats_the_title_is_left_out() -> None:
    assert seen(found(title="A quiet practice, explained", text="A quiet practice…")).summary == ""


def test_nobody_speaks_for_the_page_but_the_page() -> None:
    assert seen(joined(mentioned(posted("My opinion of it."), about=URL, source="masto"))).summary == ""


# -- when


def test_a_date_in_the_future_is_not_believed() -> None:
    view = seen(found(published=datetime(9999, 1, 1, tzinfo=UTC)))
    assert (view.when.iso, view.dated) == ("2026-11-21T12:00:05Z", False)


def test_a_day_stays_that_day_in_every_zone_and_an_instant_does_not() -> None:
    site = site_of(timezone="America/New_York")
    assert seen(found(published=datetime(2021, 2, 1, tzinfo=UTC)), site=site).when.long == "1 February 2021"
    assert seen(found(published=datetime(2021, 2, 1, 3, tzinfo=UTC)), site=site).when.long == "31 January 2021"


# -- who talks about it


def test_one_person_counts_once_in_one_place_however_often_they_speak() -> None:
    again = [posted(f"Again {n}", f"https://social.example/@bo/{n}") for n in range(3)]
    elsewhere = published_entry("https://other.example.org/1", author=Author(name="Bo"), site="Other")
    story = joined(
        mentioned(published_entry(URL)),
        *(mentioned(one, about=URL, source="masto") for one in again),
        mentioned(posted("Me too", "https://social.example/@cy/1", handle="cy@social.example"), about=URL, source="masto-2"),
        mentioned(elsewhere, about=URL),
    )
    view = seen(story)
    assert view.talk == "Mastodon (2) and Other"
    assert len(view.voices) == 3
    assert len(view.mentions) == 6


def test_the_thing_itself_is_not_talk_about_it() -> None:
    twice = (mentioned(published_entry(URL)), mentioned(published_entry(f"http://www.{URL[8:]}/"), source="masto"))
    assert seen(joined(*twice)).talk == ""


@pytest.mark.parametrize(
    ("listed", "canonical"),
    [
        ("https://medium.com/@ada/crews-87bc81372a09?source=rss----x---4", "https://medium.com/p/87bc81372a09"),
        ("http://www.blog.example.org/post/?utm_source=feed", "https://blog.example.org/post"),
    ],
)
def test_a_feeds_own_spelling_of_an_address_is_the_thing_itself(listed: str, canonical: str) -> None:
    view = seen(joined(mentioned(published_entry(listed)), link=Link(key=canonical, href=canonical, title="On the page")))
    assert (view.title, view.talk) == ("A quiet practice", "")


def test_the_same_recording_elsewhere_is_another_address_and_not_talk() -> None:
    video = published_entry("https://www.youtube.com/watch?v=abcdefghijk", title="As a video")
    at = Link(key=key_of(video.url), href=video.url)
    view = seen(joined(mentioned(published_entry(URL)), mentioned(video), link=Link(key=URL, href=URL), others=(at,)))
    assert (view.title, view.talk, [link.label for link in view.links]) == ("A quiet practice", "", ["youtube.com"])


def test_what_is_not_public_is_never_shown() -> None:
    private = posted("A secret", "https://social.example/@x/1", visibility=Visibility.PRIVATE)
    asked = posted("Please no", "https://social.example/@y/1", restrictions=(Restriction.NO_BOT,))
    view = seen(joined(mentioned(published_entry(URL)), mentioned(private, about=URL), mentioned(asked, about=URL)))
    assert (len(view.mentions), view.voices) == (1, ())


def test_other_addresses_are_named_once_each() -> None:
    others = (
        Link(key="https://a.example/1", href="https://a.example/1", site="Show"),
        Link(key="https://a.example/2", href="https://a.example/1"),
        Link(key="https://b.example/x", href="https://www.b.example/x"),
        Link(key="x", href="javascript:alert(1)"),
    )
    assert [link.label for link in seen(joined(mentioned(published_entry(URL)), others=others)).links] == ["Show", "b.example"]


def test_a_transcript_and_slides_that_are_linked_beside_a_recording_are_shown_with_it() -> None:
    video, transcript = "https://www.youtube.com/watch?v=1_3OxvUkPPo", "https://docs.google.com/document/d/abc_DEF-1/edit"
    talk = replace(published_entry(video, title="A talk"), kind=Kind.VIDEO, text="Slides: https://speakerdeck.com/ada/crews")
    voice = mentioned(posted(f"{video} Transcript: {transcript}"), about=key_of(video), source="masto")
    shown = seen(joined(mentioned(talk), voice)).links
    assert [(link.label, link.href) for link in shown] == [("Transcript", transcript), ("Slides", "https://speakerdeck.com/ada/crews")]
    essay = joined(mentioned(published_entry(URL)), mentioned(posted(f"{URL} Transcript: {transcript}"), about=URL, source="masto"))
    assert seen(essay).links == ()


# -- chosen links


def test_every_address_that_the_community_wrote_is_kept() -> None:
    story = chosen_by_hand("Talk", "https://a.example/")
    assert story.chosen is not None
    written = (*story.chosen.links, ChosenLink(key="https://b.example", href="https://b.example/", label="Transcript"))
    both = replace(story, chosen=replace(story.chosen, links=written), links=(*story.links, Link(key="x", href="https://b.example/")))
    assert seen(both).links == (LinkView(href="https://b.example/", label="Transcript"),)


def test_a_note_without_a_link_gets_the_title_before_it() -> None:
    view = seen(chosen_by_hand("Pods", URL, note="About crews."))
    assert view.note == (Run(text="Pods", href=URL, lead=True), Run(text=" — "), Run(text="About crews."))


def test_a_relative_address_is_followed_only_from_a_home_that_is_a_page() -> None:
    story = chosen_by_hand("Methods", "methods.md", note="On [methods](methods.md)")
    at_the_door = site_of(home=SeeAlso(title="Forum", url="https://forum.example.org/"))
    in_a_book = site_of(home=SeeAlso(title="Book", url="https://book.example.org/microsolidarity/"))
    assert seen(story, site=at_the_door).href is None
    assert seen(story, site=in_a_book).href == "https://book.example.org/microsolidarity/methods.md"


# -- what is news


@pytest.mark.parametrize(
    ("age", "quiet", "news"),
    [
        (timedelta(days=1), True, True),
        (timedelta(days=31), True, False),
        (timedelta(days=31), False, True),
        (None, True, False),
        (None, False, True),
    ],
)
def test_what_was_old_when_a_source_was_first_read_is_not_news(age: timedelta | None, quiet: bool, news: bool) -> None:
    assert seen(found(published=NOON - age if age else None, quiet=quiet)).news is news


def test_a_link_chosen_long_ago_is_not_news_until_somebody_talks_about_it() -> None:
    href = "https://talks.example.org/pods"
    talked = mentioned(posted("Listen to this"), about=href, source="masto")
    assert not seen(chosen_by_hand(href=href)).news
    assert seen(chosen_by_hand(href=href, mentions=[talked])).news


# -- addresses of mailboxes


def test_no_mailbox_named_outside_is_shown_anywhere() -> None:
    mail = "ada.secret@example.org"
    page = Link(
        key=URL,
        href=URL,
        title=f"Title {mail}",
        description=f"Ask {mail} how our crews began.",
        author=f"Ada <{mail}>",
        site=f"Site {mail}",
    )
    post = replace(posted(f"Read it, says {mail}."), author=Author(name=mail, handle="bo@social.example"))
    view = seen(joined(mentioned(post, about=URL, source="masto"), link=page))
    assert "secret" not in repr(view)
    assert (view.who, view.voices[0].who, view.voices[0].handle) == ("Ada", "@bo@social.example", "@bo@social.example")


@pytest.mark.parametrize(
    "name", ["Ada <ada@example.org>", "ada@example.org (Ada)", "Ada ada@example.org", '"Ada" <mailto:ada@example.org>']
)
def test_a_name_beside_a_mailbox_is_the_name(name: str) -> None:
    assert who(Author(name=name)) == "Ada"


def test_a_note_that_came_with_the_list_names_no_mailbox_and_the_stewards_own_may() -> None:
    imported = chosen_by_hand("A talk", URL, note="[A talk](https://blog.example.org/post), ask ada@example.org")
    assert "ada@" not in repr(seen(imported).note) + seen(imported).note_text
    ours = replace(imported, curation=replace(imported.curation, note="Ask crew@example.org."))
    assert seen(ours).note_text == "Ask crew@example.org."
