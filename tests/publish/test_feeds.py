import io
import json
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime

import feedparser
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Story
from aggregator.publish import feeds, opml
from aggregator.publish.views import PageView, Shown, Updated, arrange, page_view
from tests.support.site import site_of, some_sources, some_stories, source_view
from tests.support.stories import NOON, found

UPDATED = Updated(iso="2026-11-22T08:00:00Z", day="22 November 2026")
ATOM = "{http://www.w3.org/2005/Atom}"


def shown(stories: Sequence[Story], **site: object) -> tuple[PageView, Shown]:
    arranged = arrange(stories, site=site_of(**site), sources=some_sources())
    return page_view(arranged, site=site_of(**site), sources=some_sources(), updated=UPDATED), arranged


def atom_of(stories: Sequence[Story], **site: object) -> bytes:
    page, arranged = shown(stories, **site)
    return feeds.atom(page, arranged.news, topics=["microsolidarity"]).encode()


def parsed(content: bytes) -> feedparser.FeedParserDict:
    with warnings.catch_warnings():
        # feedparser 6 looks for a module that Python has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        feed = feedparser.parse(io.BytesIO(content))
    assert not feed.bozo
    return feed


def test_the_atom_feed_carries_what_is_new() -> None:
    feed = parsed(atom_of([found(), found("https://old.example.org/", published=datetime(2020, 1, 2, 3, tzinfo=UTC), quiet=True)]))
    entry = feed.entries[0]
    assert (feed.feed.title, feed.version, len(feed.entries)) == ("Discussing #microsolidarity", "atom10", 1)
    assert (entry.title, entry.link, entry.author) == ("A quiet practice", "https://blog.example.org/post", "Ada Example")
    assert (entry.updated, entry.published) == ("2026-11-21T12:00:05Z", "2026-11-19T12:00:05Z")
    assert entry.summary == "Small groups make large things possible, and here is how they do it."


def test_the_atom_feed_has_all_that_the_specification_asks_for() -> None:
    root = etree.fromstring(atom_of(some_stories()))
    for element in (root, *root.iter(f"{ATOM}entry")):
        assert [len(element.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
        assert len(element.findall(f"{ATOM}author")) >= 1 or element is not root
        alternates = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert alternates or element.find(f"{ATOM}content") is not None
    ids = [one.text for one in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) > 5
    assert root.find(f"{ATOM}link[@rel='self']").get("href") == "https://example.org/discussing/feed.xml"  # type: ignore[union-attr]  # it must be there


def test_a_feed_without_entries_says_when_the_site_changed_last() -> None:
    assert parsed(atom_of([], url="")).feed.updated == UPDATED.iso


def test_the_feed_stays_the_same_until_there_is_news() -> None:
    page, arranged = shown(some_stories())
    later = page_view(arranged, site=site_of(), sources=[source_view()], updated=Updated(iso="2027-01-01T00:00:00Z", day="1 January 2027"))
    assert feeds.atom(page, arranged.news, topics=["t"]) == feeds.atom(later, arranged.news, topics=["t"])


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_text_breaks_the_feeds(title: str, text: str, name: str) -> None:
    page, arranged = shown([found(title=title, text=text, site=name)], title=name or "x", intro=text)
    root = etree.fromstring(feeds.atom(page, arranged.news, topics=["t"]).encode())
    feed = json.loads(feeds.json_feed(page, arranged.news).encode())
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == feed["items"][0]["title"] == arranged.news[0].title
    etree.fromstring(opml.opml(page.title, [source_view(label=page.title)]).encode())


def test_the_json_feed_is_what_its_specification_asks_for() -> None:
    page, arranged = shown(some_stories())
    feed = json.loads(feeds.json_feed(page, arranged.news))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://example.org/discussing/feed.json"
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids)) == len(arranged.news)
    for item in feed["items"]:
        assert isinstance(item["content_text"], str)
        assert item["content_text"]
        for name in ("date_published", "date_modified"):
            assert name not in item or datetime.fromisoformat(item[name]).tzinfo is not None


def test_a_talked_about_story_says_where_in_the_feed() -> None:
    page, arranged = shown(some_stories())
    item = next(one for one in json.loads(feeds.json_feed(page, arranged.news))["items"] if one["title"] == "Crews that last")
    assert item["content_text"].endswith("Talked about on Mastodon (2).")


def test_a_day_without_an_hour_begins_at_midnight_in_a_feed() -> None:
    entry = parsed(atom_of([found(published=datetime(2026, 11, 20, tzinfo=UTC), at=NOON)])).entries[0]
    assert entry.published == "2026-11-20T00:00:00Z"


def test_opml_lists_every_feed_once() -> None:
    sources = [
        *some_sources(),
        source_view("again", label="The same feed"),
        source_view("odd", label='"<&>"', feed="https://x.example/?a&b"),
    ]
    outlines = etree.fromstring(opml.opml("Title & more", sources).encode()).findall("body/outline")
    assert [(one.get("text"), one.get("type"), one.get("xmlUrl")) for one in outlines] == [
        ("A lone blog", "rss", "https://blog.example.org/feed.xml"),
        ("Mastodon, #microsolidarity on social.example", "rss", "https://social.example/tags/microsolidarity.rss"),
        ('"<&>"', "rss", "https://x.example/?a&b"),
    ]
