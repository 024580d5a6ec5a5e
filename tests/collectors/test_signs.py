"""What a page shows of the platform that made it, and how platforms can be watched for a word."""

from __future__ import annotations

import pytest

from aggregator.collectors import platforms
from aggregator.collectors.base import build
from aggregator.errors import BadOption
from aggregator.fetch import Reply

STATE = '<script id="initial-state" type="application/json">{"meta":{"streaming_api_base_url":"wss://social.example"}}</script>'
FEEDS = (
    '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    '<link rel="alternate" type="application/rss+xml" href="https://feeds.transistor.fm/five-chairs">'
)
DISCOURSE = '<meta name="generator" content="Discourse 3.5.0 - https://github.com/discourse/discourse version 0">'
MEDIUM = '<meta property="al:ios:url" content="medium://p/e52ab9515573">'
NOTHING = "<p>Discourse, Mastodon and Medium are named here, and nothing more.</p>"


def page(url: str, markup: str) -> Reply:
    return Reply(asked=url, url=url, status=200, headers={"content-type": "text/html"}, body=f"<html>{markup}</html>".encode())


@pytest.mark.parametrize(
    ("platform", "url", "markup", "options"),
    [
        ("discourse", "https://commons.example/", DISCOURSE, [{"site": "commons.example"}]),
        ("discourse", "https://crews.example/tag/circles", DISCOURSE, [{"site": "crews.example", "tag": "circles"}]),
        ("discourse", "https://crews.example/tag/circles", NOTHING, []),
        ("mastodon", "https://social.example/about", STATE, [{"server": "social.example"}]),
        ("mastodon", "https://social.example/about", NOTHING, []),
        ("medium", "https://tales.example/crewing-e52ab9515573", MEDIUM, [{"domain": "tales.example"}]),
        ("medium", "https://medium.com/@ana/crewing-e52ab9515573", MEDIUM, [{"user": "ana"}]),
        ("medium", "https://medium.com/five-chairs/crewing-e52ab9515573", MEDIUM, [{"publication": "five-chairs"}]),
        ("medium", "https://tales.example/crewing-e52ab9515573", NOTHING, []),
        (
            "feed",
            "https://blog.example/",
            FEEDS,
            [{"url": "https://blog.example/feed.xml"}, {"url": "https://feeds.transistor.fm/five-chairs"}],
        ),
        ("feed", "https://blog.example/", '<a href="/blog/feed/">RSS</a>', [{"url": "https://blog.example/blog/feed/"}]),
        ("feed", "https://blog.example/", NOTHING, []),
        ("podcast", "https://blog.example/", FEEDS, [{"url": "https://feeds.transistor.fm/five-chairs"}]),
        ("podcast", "https://blog.example/", NOTHING, []),
    ],
)
def test_a_page_says_which_platform_made_it(platform: str, url: str, markup: str, options: list[dict[str, str]]) -> None:
    assert [dict(one) for one in platforms()[platform].signs(page(url, markup))] == options


@pytest.mark.parametrize("name", list(platforms()))
def test_no_platform_sees_itself_in_a_page_that_says_nothing(name: str) -> None:
    assert not platforms()[name].signs(page("https://example.org/", NOTHING))
    assert not platforms()[name].signs(page("https://example.org/", ""))


@pytest.mark.parametrize("name", list(platforms()))
@pytest.mark.parametrize("word", ["microsolidarity", "微連帯", "a", "x" * 300])
def test_what_is_proposed_for_a_word_can_be_built_and_needs_no_key(name: str, word: str) -> None:
    collector = platforms()[name]
    for options in collector.proposals(word):
        built = build(collector, options)
        assert built.manifest.auth is None or built.manifest.auth.optional
        assert built.manifest.price is None


def test_a_place_without_a_word_to_look_for_is_not_a_source_yet() -> None:
    (options,) = platforms()["mastodon"].signs(page("https://social.example/about", STATE))
    with pytest.raises(BadOption):
        build(platforms()["mastodon"], options)
