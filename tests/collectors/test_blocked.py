"""Feeds and episodes that ask to be listed nowhere."""

from __future__ import annotations

import pytest

from aggregator.collectors._feeds import read_feed
from aggregator.model import Restriction

FEED = """<?xml version="1.0"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
xmlns:googleplay="http://www.google.com/schemas/play-podcasts/1.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel>
<title>A show</title>{head}
<item><guid>1</guid><title>One</title><link>https://show.example/1?a=1&amp;b=2</link>{first}</item>
<item><guid>2</guid><title>Two</title><link>https://show.example/2</link></item>
{tail}</channel></rss>"""


def restricted(head: str = "", first: str = "", tail: str = "") -> list[str]:
    body = FEED.format(head=head, first=first, tail=tail).encode()
    feed = read_feed(body, url="https://show.example/feed", content_type="application/rss+xml", doing="reading")
    assert len(feed.entries) == 2
    return [entry.title or "" for entry in feed.entries if entry.restrictions == (Restriction.NOINDEX,)]


@pytest.mark.parametrize(
    "said",
    [
        "<itunes:block>Yes</itunes:block>",
        "<itunes:block>\n yes \n</itunes:block>",
        "<googleplay:block>yes</googleplay:block>",
        "<podcast:block>yes</podcast:block>",
        "<itunes:block><![CDATA[Yes]]></itunes:block>",
    ],
)
def test_a_show_or_an_episode_that_is_to_be_listed_nowhere_is_marked(said: str) -> None:
    assert restricted(head=said) == ["One", "Two"]
    assert restricted(tail=said) == ["One", "Two"]
    assert restricted(first=said) == ["One"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "<itunes:block>no</itunes:block>",
        "<itunes:block></itunes:block>",
        "<itunes:block/>",
        "<podcast:block>no</podcast:block>",
        '<podcast:block id="somewhere">yes</podcast:block>',
        "<description>&lt;itunes:block&gt;Yes</description>",
    ],
)
def test_what_asks_for_nothing_or_asks_another_is_not(said: str) -> None:
    assert restricted(head=said) == []
    assert restricted(first=said) == []


@pytest.mark.parametrize("generator", ["<generator>Substack</generator>", "<generator><![CDATA[Substack]]></generator>"])
def test_what_substack_says_to_directories_of_podcasts_is_no_objection_of_a_newsletter(generator: str) -> None:
    assert restricted(head=f"{generator}<itunes:block><![CDATA[Yes]]></itunes:block>") == []
    assert restricted(first=f"<itunes:block>Yes</itunes:block>{generator}") == ["One"]
