"""Which address a story is shown by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Author, Kind, Link, Mention, Story
from aggregator.pipeline.lead import Home, home_of, lead_of
from tests.support.stories import NOON, chosen_by_hand, joined, key_of, mentioned, posted, published_entry

ADA = Author(name="Ada Lovelace", handle="ada")
MAY = NOON - timedelta(days=200)
BLOG, MEDIUM, NEWS = "https://adalovelace.example/crews", "https://medium.com/p/5f1c9d2e7a10", "https://magazine.example/crews"


def entry(url: str, *, days: float | None = 0, text: str = "Words of it.", kind: Kind = Kind.ARTICLE, author: Author = ADA) -> Mention:
    published = None if days is None else MAY + timedelta(days=days)
    return mentioned(published_entry(url, published=published, text=text, kind=kind, author=author))


def link(url: str, **fields: object) -> Link:
    return replace(Link(key=key_of(url), href=url), **fields)  # type: ignore[arg-type]  # the fields of Link, as a test names them


def story(*mentions: Mention, links: tuple[Link, ...] | None = None) -> Story:
    first, *others = links or tuple(link(one.entry.url) for one in mentions)
    return joined(*mentions, link=first, others=others)


def test_the_earlier_of_two_is_the_original() -> None:
    assert lead_of(story(entry(NEWS, days=30), entry(MEDIUM))) == key_of(MEDIUM)


def test_of_two_published_together_the_authors_own_site_is_the_original() -> None:
    assert lead_of(story(entry(MEDIUM), entry(BLOG, days=1.5))) == key_of(BLOG)


def test_a_site_that_republished_it_weeks_later_is_a_copy_although_no_platform() -> None:
    assert lead_of(story(entry(NEWS, days=20), entry(MEDIUM))) == key_of(MEDIUM)


def test_an_undated_page_on_the_authors_own_site_is_the_original_and_elsewhere_it_is_not() -> None:
    assert lead_of(story(entry(BLOG, days=None), entry(MEDIUM))) == key_of(BLOG)
    assert lead_of(story(entry(NEWS, days=None), entry(MEDIUM))) == key_of(MEDIUM)


def test_what_only_leads_to_another_address_of_the_story_is_not_shown() -> None:
    short = link("https://short.example/x", landed=key_of(MEDIUM), published=MAY - timedelta(days=9))
    assert lead_of(story(entry(MEDIUM), links=(short, link(MEDIUM)))) == key_of(MEDIUM)


def test_a_page_that_names_another_as_its_own_is_a_copy() -> None:
    copy = link(BLOG, canonical=key_of(MEDIUM))
    assert lead_of(story(entry(BLOG), entry(MEDIUM), links=(copy, link(MEDIUM)))) == key_of(MEDIUM)


def test_a_page_that_names_an_address_outside_of_the_story_loses_nothing() -> None:
    other = link(BLOG, canonical="https://elsewhere.example/")
    assert lead_of(story(entry(BLOG), entry(MEDIUM), links=(other, link(MEDIUM)))) == key_of(BLOG)


def test_a_page_goes_before_the_post_that_was_there_first() -> None:
    post = mentioned(posted("All of it in a post.", "https://social.example/@ada/109999999999999", published=MAY - timedelta(days=3)))
    assert lead_of(story(post, entry(MEDIUM))) == key_of(MEDIUM)


@pytest.mark.parametrize("post", ["https://social.example/@ada/109999999999999", "https://bsky.app/profile/ada.example/post/3k"])
def test_an_address_that_nobody_has_read_is_known_for_a_post_by_its_form(post: str) -> None:
    assert lead_of(story(entry(MEDIUM), links=(link(post, published=MAY - timedelta(days=9)), link(MEDIUM)))) == key_of(MEDIUM)


def test_a_page_that_is_gone_is_shown_only_when_nothing_else_is_there() -> None:
    gone = link(BLOG, status=410)
    assert lead_of(story(entry(MEDIUM), links=(gone, link(MEDIUM)))) == key_of(MEDIUM)
    assert lead_of(story(entry(MEDIUM), links=(gone,))) == key_of(BLOG)


def test_a_directory_of_podcasts_is_no_original_however_early() -> None:
    spotify, anchor = "https://open.spotify.com/episode/4rOoJ6Egrf8K2IrywzwOMk", "https://anchor.fm/ada/episodes/Crews-e9giqj"
    listed = entry(spotify, kind=Kind.EPISODE, days=-30, text="words " * 500)
    assert lead_of(story(listed, entry(anchor, kind=Kind.EPISODE))) == key_of(anchor)


def test_of_two_platforms_the_richer_is_shown() -> None:
    video = entry("https://www.youtube.com/watch?v=abcdefghijk", kind=Kind.VIDEO, text="A talk.")
    transcript = entry("https://ada.substack.com/p/crews", text="Everything that was said. " * 200, days=1)
    assert lead_of(story(video, transcript)) == key_of("https://ada.substack.com/p/crews")


def test_a_few_words_more_make_nothing_richer() -> None:
    first = entry("https://www.youtube.com/watch?v=abcdefghijk", kind=Kind.VIDEO, text="A talk.")
    second = entry("https://vimeo.com/76979871", kind=Kind.VIDEO, text="A talk about crews.", days=1)
    assert lead_of(story(first, second)) == key_of("https://youtube.com/watch?v=abcdefghijk")


def test_a_date_in_the_future_makes_nothing_early_or_late() -> None:
    assert lead_of(story(entry(NEWS, days=5000), entry(MEDIUM))) == key_of(MEDIUM)


def test_the_communitys_own_choice_stands() -> None:
    chosen = chosen_by_hand("Crews", MEDIUM)
    assert lead_of(replace(chosen, links=(link(BLOG), *chosen.links), mentions=(entry(BLOG),))) == key_of(MEDIUM)


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://adalovelace.example/x", Home.AUTHORS),
        ("https://www.theirs.example/x", Home.AUTHORS),
        ("https://magazine.example/x", Home.A_SITE),
        ("https://ada.substack.com/p/x", Home.A_PLATFORM),
        ("https://podcasts.apple.com/x", Home.A_DIRECTORY),
    ],
)
def test_whose_place_an_address_is(url: str, home: Home) -> None:
    assert home_of(url, ["Ada Lovelace"], ["theirs.example"]) is home


@given(st.permutations([BLOG, MEDIUM, NEWS, "https://social.example/@ada/109999999999999", "https://open.spotify.com/episode/x"]))
def test_the_order_of_the_links_decides_nothing(urls: list[str]) -> None:
    assert lead_of(story(*(entry(url) for url in urls))) == key_of(BLOG)


def test_a_story_of_one_address_is_shown_by_it() -> None:
    assert lead_of(story(entry(BLOG))) == key_of(BLOG)
    assert lead_of(replace(story(entry(BLOG)), links=())) == key_of(BLOG)
