"""What a mention is about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.model import Author, Enclosure, Entry, EvidenceKind, Kind, Mention
from aggregator.pipeline.identify import identify, identify_line, kind_of_alias
from aggregator.text.urls import RULES

PAGE = "https://garden.example/crews"
OWN = "https://social.example/@ada/117648005660672001"
OWN_KEY = "https://social.example/web/statuses/117648005660672001"


def post(**fields: object) -> Entry:
    return Entry(**{"native_id": "1", "url": OWN, "kind": Kind.POST, **fields})  # type: ignore[arg-type]  # a builder takes any field


def subject(*links: str, **fields: object) -> str:
    return identify(post(**fields), links=links).subject


def test_a_post_that_shares_one_page_is_about_the_page() -> None:
    identity = identify(post(text="Crews"), links=["http://www.garden.example/crews/?utm_source=x"])
    assert identity.subject == PAGE
    assert identity.href == "http://www.garden.example/crews/"
    assert identity.aliases == (OWN_KEY,)
    assert identity.rules == RULES


def test_a_post_that_shares_nothing_is_about_itself() -> None:
    assert identify(post(), links=[]).subject == OWN_KEY
    assert identify(post(), links=[]).href == OWN
    assert identify(post(), links=[]).aliases == ()


def test_a_post_with_two_pages_is_a_voice_of_its_own() -> None:
    assert subject(PAGE, "https://garden.example/pods") == OWN_KEY


def test_one_page_twice_is_one_page() -> None:
    assert subject(PAGE, f"{PAGE}?utm_source=x", "https://web.archive.org/web/2020/https://garden.example/crews") == PAGE


@pytest.mark.parametrize(
    "link",
    [
        "https://social.example/tags/microsolidarity",
        "https://other.example/tags/Microsolidarity",
        "https://social.example/@bob",
        "https://other.example/@bob",
        "https://social.example/users/bob",
        "https://x.com/bob",
        "https://x.com/hashtag/microsolidarity",
        "https://x.com/search?q=%23microsolidarity",
        "https://bsky.app/profile/bob.example",
        "https://bsky.app/hashtag/microsolidarity",
        "https://files.social.example/media/a.jpg",
        "https://www.google.com/search?q=crews",
        "https://duckduckgo.com/?q=crews",
        f"{OWN}/embed",
        "https://social.example/users/ada/statuses/117648005660672001",
        "mailto:ada@example.org",
        "http://localhost:8000/a",
        "javascript:alert(1)",
    ],
)
def test_tags_people_media_searches_and_itself_are_not_shared_pages(link: str) -> None:
    assert subject(link) == OWN_KEY
    assert subject(link, PAGE) == PAGE


@pytest.mark.parametrize("kind", [Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.THREAD])
def test_an_article_episode_video_or_thread_is_about_itself(kind: Kind) -> None:
    assert subject(PAGE, kind=kind) == OWN_KEY


def test_a_reply_without_a_link_goes_with_what_it_answers() -> None:
    assert subject(in_reply_to="https://medium.com/@ada/how-we-crew-7c6e7ce63eda", kind=Kind.COMMENT) == "https://medium.com/p/7c6e7ce63eda"


def test_a_reply_with_a_link_of_its_own_is_about_the_link() -> None:
    assert subject(PAGE, in_reply_to="https://social.example/@bob/117648005660672000") == PAGE


def test_an_answer_to_something_that_has_no_address_is_about_itself() -> None:
    assert subject(in_reply_to="117648005660672000") == OWN_KEY


def test_a_reply_that_links_to_what_it_answers_goes_with_it() -> None:
    answered = "https://social.example/@bob/117648005660672000"
    assert subject(answered, in_reply_to=answered) == "https://social.example/web/statuses/117648005660672000"


def test_other_addresses_of_the_entry_are_aliases_once_and_in_order() -> None:
    identity = identify(
        post(aliases=("https://social.example/users/ada/statuses/117648005660672001", "https://b.example/2", "not an address")),
        links=[PAGE],
    )
    assert identity.aliases == ("https://b.example/2", OWN_KEY)


def test_an_episode_joins_its_page_and_its_enclosure() -> None:
    entry = Entry(
        native_id="g",
        url="https://example.org/shows/crews",
        kind=Kind.EPISODE,
        enclosures=(Enclosure(url="https://anchor.fm/s/8d364524/podcast/play/41166565/https%3A%2F%2Fa.example%2Fx.mp3"),),
    )
    assert identify(entry, links=[]).aliases == (identify(post(url="https://anchor.fm/ada/episodes/x-e186q95"), links=[]).subject,)


def test_the_order_of_links_does_not_matter() -> None:
    links = [PAGE, "https://social.example/@bob", "https://social.example/tags/a"]
    assert subject(*links) == subject(*reversed(links))


def test_a_line_gives_key_href_and_the_names_of_the_rules() -> None:
    assert identify_line({"url": "http://www.example.org/a/?utm_source=x"}) == {
        "url": "http://www.example.org/a/?utm_source=x",
        "key": "https://example.org/a",
        "href": "http://www.example.org/a/",
        "rules": ["tracking", "http and https", "host", "folder page"],
    }


@pytest.mark.parametrize("request_", [{}, {"url": None}, {"url": 3}, {"URL": "https://example.org"}])
def test_a_line_without_an_address_says_what_was_expected(request_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"expected .*url.*write one JSON object a line"):
        identify_line(request_)


def test_the_pages_that_a_post_shares_are_kept_when_they_are_several() -> None:
    assert identify(post(), links=[PAGE, f"{PAGE}?utm_source=x", "https://garden.example/pods"]).shares == (
        PAGE,
        "https://garden.example/pods",
    )
    assert identify(post(), links=[PAGE]).shares == ()
    assert identify(post(kind=Kind.ARTICLE), links=[PAGE, "https://garden.example/pods"]).shares == ()


def test_the_front_page_of_a_site_beside_another_of_its_pages_is_a_credit() -> None:
    assert subject(PAGE, "https://garden.example/") == PAGE
    assert subject("https://garden.example/") == "https://garden.example/"
    assert subject(PAGE, "https://pods.example/") == OWN_KEY


def test_a_short_address_that_a_network_writes_beside_the_whole_one_is_not_another_page() -> None:
    assert subject("https://t.co/aZ9", PAGE) == PAGE
    assert subject("https://t.co/aZ9") == "https://t.co/aZ9"


def test_a_comment_whose_address_says_where_it_stands_goes_there() -> None:
    comment = post(url="https://www.reddit.com/r/x/comments/1p2abcd/crews/kx12345/", kind=Kind.COMMENT)
    assert identify(comment, links=[]).subject == "https://reddit.com/comments/1p2abcd"
    assert identify(comment, links=[PAGE]).subject == PAGE


@pytest.mark.parametrize(
    ("comment", "thread"),
    [
        ("https://forum.example/t/crews/123/14", "https://forum.example/t/123"),
        ("https://github.com/o/r/issues/7#issuecomment-99", "https://github.com/o/r/issues/7"),
        ("https://youtube.com/watch?v=aDWuHsyznf4&lc=Ugx1", "https://youtube.com/watch?v=aDWuHsyznf4"),
    ],
)
def test_who_shares_a_comment_shares_what_it_stands_in(comment: str, thread: str) -> None:
    assert subject(comment) == thread
    assert subject(comment, thread) == thread


def test_a_comment_that_links_to_its_neighbours_and_a_page_is_about_the_page() -> None:
    neighbours = ("https://forum.example/t/crews/123/2", "https://forum.example/t/crews/123")
    own = "https://forum.example/t/crews/123/5"
    assert subject(*neighbours, url=own, kind=Kind.COMMENT) == "https://forum.example/t/123"
    assert subject(*neighbours, PAGE, url=own, kind=Kind.COMMENT) == PAGE


SPOTIFY = "https://open.spotify.com/episode/3WvHZ0Dl1Ldk3jEKO6Lrop"
APPLE = "https://podcasts.apple.com/us/podcast/pods/id1500000077?i=1000600000000"
VIDEO = "https://youtube.com/watch?v=aDWuHsyznf4"


def test_who_names_an_episode_in_several_directories_shares_one_thing() -> None:
    apple = "https://podcasts.apple.com/podcast/id1500000077?i=1000600000000"
    assert subject(SPOTIFY, APPLE) == apple
    assert subject(VIDEO, APPLE, SPOTIFY) == apple
    assert subject(APPLE, SPOTIFY, "https://anchor.fm/show/episodes/Pods-e186q95") == "https://anchor.fm/episodes/e186q95"


@pytest.mark.parametrize(
    "links",
    [
        (VIDEO, SPOTIFY),
        (SPOTIFY, f"{SPOTIFY[:-1]}q"),
        (SPOTIFY, APPLE, PAGE),
        (SPOTIFY, APPLE, VIDEO, "https://youtu.be/bDWuHsyznf4"),
        (SPOTIFY, APPLE, f"{SPOTIFY[:-1]}q"),
    ],
)
def test_what_may_be_two_recordings_is_two(links: tuple[str, ...]) -> None:
    assert subject(*links) == OWN_KEY


def test_an_alias_is_a_recording_or_an_address_of_the_same_thing() -> None:
    enclosure = "https://op3.dev/e/media.example/crews.mp3"
    entry = Entry(
        native_id="g", url=PAGE, kind=Kind.EPISODE, aliases=("https://garden.example/?p=7",), enclosures=(Enclosure(url=enclosure),)
    )
    mention = Mention(
        source="s", entry=entry, matches=(), identity=identify(entry, links=[]), first_seen_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert {alias: kind_of_alias(mention, alias) for alias in mention.identity.aliases} == {
        "https://garden.example/?p=7": EvidenceKind.SAME_PLATFORM_ID,
        "https://media.example/crews.mp3": EvidenceKind.SAME_ENCLOSURE,
    }


def test_a_thread_that_only_points_to_a_page_is_about_the_page() -> None:
    said = f"This is a companion discussion topic for the original entry at {PAGE}"
    assert subject(PAGE, kind=Kind.THREAD, text=said) == PAGE
    assert subject(PAGE, kind=Kind.THREAD, html=f'<p><a href="{PAGE}">The guest list</a></p>') == PAGE
    assert (
        subject(PAGE, kind=Kind.THREAD, text=f"{said}. " + "Here is what I think of it, and why it matters to us in this house. " * 2)
        == OWN_KEY
    )
    assert subject(PAGE, "https://garden.example/pods", kind=Kind.THREAD, text=said) == OWN_KEY


def test_a_copy_that_names_the_post_it_was_made_from_is_about_the_page_of_both() -> None:
    original = "https://social.example/@ada/117648005660672001"
    copy = {"url": "https://bsky.app/profile/ada.example/post/3n2", "author": Author(name="Ada", handle="ada.example")}
    assert subject(PAGE, original, **copy) == PAGE
    assert subject(original, **copy) == OWN_KEY
    assert subject(PAGE, "https://social.example/@bo/117648005660672009", **copy) == "https://bsky.app/profile/ada.example/post/3n2"


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("https://garden.example/cover.jpg", "image/jpeg"),
        # WordPress.com encloses the portrait of whoever wrote, with a medium in place of a type.
        ("https://1.gravatar.example/avatar/0123456789abcdef?s=96", "image"),
        ("https://garden.example/cover.png?w=640", None),
    ],
)
def test_two_entries_under_one_picture_are_not_joined_by_it(url: str, media_type: str | None) -> None:
    picture = Enclosure(url=url, media_type=media_type)
    assert identify(post(url=PAGE, kind=Kind.ARTICLE, enclosures=(picture,)), links=[]).aliases == ()


def test_two_entries_with_one_recording_are_joined_by_it_whatever_it_is_called() -> None:
    for media_type in ("audio/mpeg", "audio", None):
        sound = Enclosure(url="https://garden.example/1.mp3", media_type=media_type)
        assert identify(post(url=PAGE, kind=Kind.EPISODE, enclosures=(sound,)), links=[]).aliases == ("https://garden.example/1.mp3",)
