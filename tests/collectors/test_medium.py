"""Medium: which addresses are its own, which options go together, and what its feeds leave unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aggregator.collectors.base import build
from aggregator.collectors.medium import Medium
from aggregator.errors import BadOption, Unreadable
from aggregator.fetch import Reply
from aggregator.model import Entry, Kind
from tests.support.exchanges import Exchange, RecordedHttp


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://medium.com/tag/microsolidarity", {"tag": "microsolidarity"}),
        ("https://medium.com/tag/microsolidarity/latest", {"tag": "microsolidarity"}),
        ("https://www.medium.com/feed/tag/Micro-Solidarity", {"tag": "micro-solidarity"}),
        ("https://medium.com/@Ana", {"user": "ana"}),
        ("https://medium.com/@ana/feed", {"user": "ana"}),
        ("https://medium.com/feed/@ana", {"user": "ana"}),
        ("https://medium.com/some-pub", {"publication": "some-pub"}),
        ("https://medium.com/feed/some-pub", {"publication": "some-pub"}),
        ("https://medium.com/some-pub/tagged/crews", {"publication": "some-pub", "tag": "crews"}),
        ("https://medium.com/feed/some-pub/tagged/crews", {"publication": "some-pub", "tag": "crews"}),
        ("https://ana.medium.com/", {"domain": "ana.medium.com"}),
        ("https://ana.medium.com/feed", {"domain": "ana.medium.com"}),
        ("https://medium.com/p/ffe35c65d70", None),
        ("https://medium.com/some-pub/how-we-crew-ffe35c65d70", None),
        ("https://medium.com/how-we-crew-ffe35c65d70", None),
        ("https://medium.com/@ana/how-we-crew-ffe35c65d70", None),
        ("https://medium.com/@ana/list/reading-0a1b2c3d4e5f", None),
        ("https://ana.medium.com/how-we-crew-ffe35c65d70", None),
        ("https://medium.com/search?q=crews", None),
        ("https://medium.com/", None),
        ("https://link.medium.com/abc", None),
        ("https://notmedium.com/@ana", None),
    ],
)
def test_lists_of_stories_are_recognised_and_stories_are_not(address: str, options: Mapping[str, str] | None) -> None:
    assert Medium.recognise(address) == options


@pytest.mark.parametrize(
    ("options", "feed"),
    [
        ({"tag": "#Micro Solidarity"}, "https://medium.com/feed/tag/micro-solidarity"),
        ({"user": "@Ana"}, "https://medium.com/feed/@ana"),
        ({"publication": "some-pub"}, "https://medium.com/feed/some-pub"),
        ({"publication": "some-pub", "tag": "crews"}, "https://medium.com/feed/some-pub/tagged/crews"),
        ({"domain": "https://Tales.example.org/about"}, "https://tales.example.org/feed"),
        ({"tag": "взаимопомощь"}, "https://medium.com/feed/tag/%D0%B2%D0%B7%D0%B0%D0%B8%D0%BC%D0%BE%D0%BF%D0%BE%D0%BC%D0%BE%D1%89%D1%8C"),
    ],
)
def test_each_option_has_its_feed_and_all_share_one_lane(options: Mapping[str, str], feed: str) -> None:
    collector = build(Medium, options)
    assert (collector.feed, collector.host) == (feed, "medium.com")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tag": "crews", "user": "ana"},
        {"publication": "some-pub", "user": "ana"},
        {"publication": "some-pub", "tag": "crews", "domain": "tales.example.org"},
        {"publication": "search"},
        {"user": "ana example"},
        {"tag": "crews/latest"},
    ],
)
def test_options_that_name_nothing_or_too_much_are_refused(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Medium, options)


def feed(item: str, title: str = "Stories by Ana on Medium") -> bytes:
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    link = "https://medium.com/some-pub/x-ffe35c65d70?source=rss"
    one = f"<item><title>X</title><link>{link}</link><guid isPermaLink='false'>https://medium.com/p/ffe35c65d70</guid>{item}</item>"
    return f'<rss version="2.0" {spaces}><channel><title>{title}</title>{one}</channel></rss>'.encode()


def only(collector: Medium, body: bytes) -> Entry:
    assert collector.feed is not None
    [page] = collector.poll(RecordedHttp([Exchange(url=collector.feed, body=body)]), "")
    [entry] = page.entries
    return entry


SHORT = "<content:encoded>&lt;p&gt;Thank you.&lt;/p&gt;</content:encoded>"
LONG = f"<content:encoded>&lt;p&gt;{'Words of an essay. ' * 100}&lt;/p&gt;</content:encoded>"
EXCERPT = "<description>&lt;div class='x medium-feed-item'&gt;Thank you&lt;/div&gt;</description>"


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (SHORT, Kind.COMMENT),
        (SHORT + "<category>crews</category>", Kind.ARTICLE),
        (LONG, Kind.ARTICLE),
        (EXCERPT, Kind.ARTICLE),
    ],
)
def test_a_short_text_without_tags_in_a_persons_feed_is_a_response(item: str, kind: Kind) -> None:
    assert only(Medium(user="ana"), feed(item)).kind is kind
    assert only(Medium(domain="ana.medium.com"), feed(item)).kind is kind
    assert only(Medium(publication="some-pub"), feed(item, "Some Pub - Medium")).kind is Kind.ARTICLE


def test_the_tag_of_a_tag_feed_is_a_tag_of_its_stories() -> None:
    item = LONG + "<category>Crews</category>"
    assert only(Medium(tag="microsolidarity"), feed(item)).tags == ("Crews", "microsolidarity")
    assert only(Medium(tag="crews"), feed(item)).tags == ("Crews",)


def test_a_story_belongs_to_its_publication_or_to_medium() -> None:
    assert only(Medium(publication="some-pub"), feed(LONG, "Some Pub - Medium")).site == "Some Pub"
    assert only(Medium(publication="some-pub", tag="crews"), feed(LONG, "Crews in Some Pub on Medium")).site == "Some Pub"
    assert only(Medium(user="ana"), feed(LONG)).site == "Medium"


def test_the_feed_of_a_person_tells_their_handle() -> None:
    author = only(Medium(user="ana"), feed(LONG)).author
    assert author is not None
    assert (author.handle, author.url) == ("ana", "https://medium.com/@ana")


class Silent(RecordedHttp):
    """Answers as the client does when no spelling of a topic occurs in the body."""

    def get(self, *given: Any, **named: Any) -> Reply:
        return replace(super().get(*given, **named), silent=True)


def test_a_tag_feed_is_read_even_when_no_word_of_the_topic_stands_in_it() -> None:
    body = feed(LONG)
    [page] = Medium(tag="crews").poll(Silent([Exchange(url="https://medium.com/feed/tag/crews", body=body)]), "")
    assert len(page.entries) == 1
    [page] = Medium(user="ana").poll(Silent([Exchange(url="https://medium.com/feed/@ana", body=body)]), "")
    assert page.entries == ()


def test_a_bot_wall_is_never_an_empty_feed() -> None:
    wall = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
    with pytest.raises(Unreadable, match=r"an HTML page titled 'Just a moment\.\.\.'"):
        only(Medium(tag="crews"), wall)
