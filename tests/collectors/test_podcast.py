"""Podcasts: how the address of a show leads to its feed, and what an episode is."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from aggregator.collectors._podcast_places import handle_of, show_of
from aggregator.collectors.base import pack
from aggregator.collectors.podcast import Podcast
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.model import Author, Kind, Page
from tests.support.exchanges import Exchange, RecordedHttp

SHOW = "https://anchor.fm/five-chairs"
FEED = "https://anchor.fm/s/8d36aaaa/podcast/rss"
APPLE = "https://itunes.apple.com/search?term=five-chairs&media=podcast&entity=podcast&limit=25"
PAGE = b"<!DOCTYPE html><html><head><title>Five Chairs</title></head><body></body></html>"


def feed(channel: str = "", item: str = "", show: str = "five-chairs") -> bytes:
    spaces = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    link = f"https://podcasters.spotify.com/pod/show/{show}/episodes/x-e186q95"
    episode = f"<item><title>Crewing</title><link>{link}</link><guid isPermaLink='false'>1</guid>{item}</item>"
    return f'<rss version="2.0" {spaces}><channel><title>Five Chairs</title>{channel}{episode}</channel></rss>'.encode()


def listed(*feeds: str) -> bytes:
    return json.dumps({"resultCount": len(feeds), "results": [{"kind": "podcast", "feedUrl": one} for one in feeds]}).encode()


def http(answers: Mapping[str, bytes | int]) -> RecordedHttp:
    return RecordedHttp(
        [
            Exchange(url=url, body=answer) if isinstance(answer, bytes) else Exchange(url=url, status=answer)
            for url, answer in answers.items()
        ]
    )


def poll(client: RecordedHttp, url: str = SHOW, cursor: str = "") -> Page:
    [page] = Podcast(url=url).poll(client, cursor)
    return page


@pytest.mark.parametrize(
    ("address", "handle"),
    [
        ("https://anchor.fm/five-chairs", "five-chairs"),
        ("https://www.anchor.fm/Five-Chairs/", "Five-Chairs"),
        ("https://podcasters.spotify.com/pod/show/five-chairs", "five-chairs"),
        ("https://creators.spotify.com/pod/profile/five-chairs/", "five-chairs"),
        ("https://anchor.fm/five-chairs/episodes/x-e186q95", ""),
        ("https://anchor.fm/dashboard", ""),
        (FEED, ""),
        ("https://open.spotify.com/show/0abcdefghijklmnopqrstu", ""),
    ],
)
def test_a_show_is_known_by_the_address_of_its_page(address: str, handle: str) -> None:
    assert handle_of(address) == handle


def test_an_episode_names_its_show() -> None:
    assert show_of("https://anchor.fm/five-chairs/episodes/x-e186q95") == "five-chairs"
    assert show_of("https://example.org/episodes/x") == ""


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        (SHOW, True),
        (FEED, True),
        ("https://feeds.buzzsprout.com/1.rss", True),
        ("https://feeds.simplecast.com/xl36XBC2", True),
        ("https://feeds.megaphone.fm/ABC", True),
        ("https://example.org/podcast/rss", True),
        ("https://feeds.megaphone.fm/", False),
        ("https://example.org/feed", False),
        ("https://anchor.fm/five-chairs/episodes/x-e186q95", False),
    ],
)
def test_shows_and_feeds_of_podcasts_are_recognised(address: str, taken: bool) -> None:
    assert Podcast.recognise(address) == ({"url": address} if taken else None)


# -- from a show to its feed


def test_a_show_whose_page_names_no_feed_is_looked_up_and_must_be_named_by_the_feed_itself() -> None:
    other = "https://anchor.fm/s/11111111/podcast/rss"
    client = http(
        {SHOW: PAGE, APPLE: listed("https://feeds.example.org/x", other, FEED), other: feed(show="other"), FEED: feed(show="Five-Chairs")}
    )
    page = poll(client)
    assert page.cursor == pack(feed=FEED)
    assert [entry.title for entry in page.entries] == ["Crewing"]


def test_a_page_that_names_several_feeds_proves_nothing() -> None:
    several = PAGE.replace(b"<body>", f"<body>{FEED} https://anchor.fm/s/22222222/podcast/rss".encode())
    client = http({SHOW: several, APPLE: listed()})
    with pytest.raises(Unreadable, match="an HTML page titled 'Five Chairs' that names no feed"):
        poll(client)


@pytest.mark.parametrize(("status", "error"), [(403, Unauthorized), (404, Gone)])
def test_a_page_that_is_refused_is_the_error_when_the_directory_does_not_help(status: int, error: type[Exception]) -> None:
    for answer in (listed(), 500, b"[]"):
        with pytest.raises(error):
            poll(http({SHOW: status, APPLE: answer}))


def test_a_page_that_is_refused_does_no_harm_when_the_directory_knows_the_show() -> None:
    assert len(poll(http({SHOW: 403, APPLE: listed(FEED), FEED: feed()})).entries) == 1


def test_the_feed_is_looked_for_once() -> None:
    client = http({FEED: feed()})
    assert poll(client, cursor=pack(feed=FEED)).cursor == pack(feed=FEED)
    assert client.asked == [FEED]


def test_a_feed_that_is_gone_is_looked_for_again() -> None:
    client = http({"https://anchor.fm/s/00000000/podcast/rss": 410, SHOW: PAGE.replace(b"<body>", f"<body>{FEED}".encode()), FEED: feed()})
    assert poll(client, cursor=pack(feed="https://anchor.fm/s/00000000/podcast/rss")).cursor == pack(feed=FEED)


def test_any_page_that_declares_a_feed_is_a_show() -> None:
    declared = b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head></html>'
    client = http({"https://show.example.org/": declared, "https://show.example.org/feed.xml": feed()})
    assert poll(client, "https://show.example.org/").cursor == pack(feed="https://show.example.org/feed.xml")


# -- shows that move


MOVED = "<itunes:new-feed-url>https://new.example.org/rss</itunes:new-feed-url>"
OLD = "https://old.example.org/rss"


def test_a_show_that_moved_is_followed() -> None:
    page = poll(http({OLD: feed(MOVED), "https://new.example.org/rss": feed(MOVED, "<description>new</description>")}), OLD)
    assert page.cursor == pack(feed="https://new.example.org/rss")
    assert page.entries[0].text == "new"
    assert page.remarks == ("the show says that it moved to https://new.example.org/rss",)


@pytest.mark.parametrize("answer", [404, 403, PAGE])
def test_a_show_that_moved_to_nowhere_is_read_where_it_was(answer: bytes | int) -> None:
    page = poll(http({OLD: feed(MOVED), "https://new.example.org/rss": answer}), OLD)
    assert (page.cursor, len(page.entries)) == ("", 1)
    assert page.remarks == ("the show says that it moved to https://new.example.org/rss, where no feed can be read: the old one is kept",)


def test_two_feeds_that_name_each_other_are_no_circle() -> None:
    back = f"<itunes:new-feed-url>{OLD}</itunes:new-feed-url>"
    client = http({OLD: feed(MOVED), "https://new.example.org/rss": feed(back)})
    cursor = poll(client, OLD).cursor
    assert poll(client, OLD, cursor).cursor == cursor
    assert len(client.asked) == 3


# -- episodes


def test_an_episode_belongs_to_its_show_and_is_by_its_makers() -> None:
    sound = '<enclosure url="https://anchor.fm/s/8d36aaaa/podcast/play/41166565/x" type="audio/mpeg" length="0"/>'
    [entry] = poll(http({FEED: feed("<itunes:author>Ana Example</itunes:author>", sound)}), FEED).entries
    assert (entry.kind, entry.site, entry.author) == (Kind.EPISODE, "Five Chairs", Author(name="Ana Example"))
    assert entry.aliases == ("https://anchor.fm/s/8d36aaaa/podcast/play/41166565/x",)


def test_the_sound_is_never_asked_for() -> None:
    client = http({FEED: feed("", '<enclosure url="https://example.org/a.mp3" type="audio/mpeg"/>')})
    poll(client, FEED)
    assert client.asked == [FEED]
