"""What changed rules would add and drop, what is kept so that they can be tried, and what pages say for those who lead to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.fetch import Reply
from aggregator.model import Entry, Field, Kind, Match, Mention, Restriction, Source, Story, Takes, Topic, Visibility
from aggregator.pipeline.enrich import account_of, topics_of
from aggregator.pipeline.linked import RULE, Pages
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.passing import MOST_LINKS, MOST_TEXT, may_be_kept, trimmed
from aggregator.pipeline.trying import Rules, Tried, tried
from tests.support.stories import NOON, joined, mentioned, posted, published_entry

SOURCE = Source(id="feed-1", platform="feed", options={}, topics=("crews", "tea"))
CREWS, TEA = Topic(id="crews", title="Crews", any_of=("crews",), none_of=("advert",)), Topic(id="tea", title="Tea", any_of=("tea",))
PAGE = "https://walks.example/a"


def rules(*topics: Topic, source: Source = SOURCE, pages: Pages | None = None) -> Rules:
    return Rules(matcher=Matcher(topics), sources={source.id: source}, pages=pages or Pages({}))


def known(entry: Entry, *topics: str, source: str = "feed-1") -> Mention:
    matches = tuple(Match(topic=topic, field=Field.TITLE, rule=topic, excerpt=entry.title or "") for topic in topics)
    return replace(mentioned(entry, source=source), matches=matches)


def judged(*stories: Story, by: Rules, passed: tuple[tuple[str, Entry], ...] = (), kept: str | None = None) -> Tried:
    return tried(stories, passed, by, wanted=lambda story: kept)


def changes(found: Tried) -> tuple[list[str], list[str]]:
    return [f"{one.topic}: {one.entry.title}" for one in found.gained], [f"{one.topic}: {one.mention.entry.title}" for one in found.lost]


def test_nothing_changes_where_the_rules_are_those_of_before() -> None:
    entry = published_entry(title="crews")
    found = judged(joined(known(entry, "crews")), by=rules(CREWS), passed=(("feed-1", published_entry("https://b.example/2")),))
    assert found == Tried(mentions=1, passed=1)


def test_a_mention_may_lose_one_topic_and_gain_another() -> None:
    found = judged(joined(known(published_entry(title="tea"), "crews")), by=rules(CREWS, TEA))
    assert changes(found) == (["tea: tea"], ["crews: tea"])
    assert [one.matches[0].topic for one in found.rejudged] == ["tea"]


def test_a_topic_that_is_gone_is_lost() -> None:
    assert changes(judged(joined(known(published_entry(title="tea"), "tea")), by=rules(CREWS))) == ([], ["tea: tea"])


def test_what_passed_is_gained_once_and_not_when_it_is_known() -> None:
    mention = known(published_entry(title="crews"), "crews")
    new = published_entry("https://b.example/2", title="crews again")
    found = judged(joined(mention), by=rules(CREWS), passed=(("feed-1", mention.entry), ("feed-1", new)))
    assert changes(found) == (["crews: crews again"], [])


def test_a_mention_that_is_heard_in_two_stories_counts_once() -> None:
    mention = known(published_entry(title="bread"), "crews")
    found = judged(joined(mention), joined(mention), by=rules(CREWS))
    assert (found.mentions, len(found.lost)) == (1, 1)


def test_what_the_steward_wants_is_lost_in_name_alone() -> None:
    [lost] = judged(joined(known(published_entry(title="bread"), "crews")), by=rules(CREWS), kept="pinned").lost
    assert lost.kept == "pinned"


def test_a_source_that_is_not_configured_is_not_judged() -> None:
    bread = published_entry(title="bread")
    found = judged(joined(known(bread, "crews", source="gone")), by=rules(CREWS), passed=(("gone", published_entry(title="crews")),))
    assert changes(found) == ([], [])


def test_a_source_that_takes_everything_loses_nothing() -> None:
    source = replace(SOURCE, topics=("crews",), takes=Takes.EVERYTHING)
    assert changes(judged(joined(known(published_entry(title="bread"), "crews")), by=rules(CREWS, source=source))) == ([], [])


@pytest.mark.parametrize("hidden", [{"visibility": Visibility.UNLISTED}, {"restrictions": (Restriction.NOINDEX,)}])
def test_what_may_not_be_shown_is_neither_kept_nor_gained(hidden: dict[str, Any]) -> None:
    entry = published_entry(title="crews", **hidden)
    assert not may_be_kept(entry, SOURCE)
    assert changes(judged(by=rules(CREWS), passed=(("feed-1", entry),))) == ([], [])


def test_what_is_older_than_its_source_goes_back_is_not_kept() -> None:
    assert not may_be_kept(published_entry(published=NOON - timedelta(days=9)), replace(SOURCE, since=NOON - timedelta(days=1)))


def test_a_kept_entry_is_its_words_without_markup_and_where_they_lead() -> None:
    html = (
        "<script>var crews</script><style>p{}</style><p>Tea &amp; <b>bis</b>cuits<br>now</p><!-- crews --><p>and later"
        " <a class=x href='/b?x=1&amp;y'>there</a></p>"
    )
    kept = trimmed(published_entry("https://blog.example.org/a", text=None, html=html, tags=("t",), links=("https://c.example/",)))
    assert kept.html is None
    assert kept.text is not None
    assert [part.strip() for part in kept.text.split("\n\n") if part.strip()] == ["Tea & biscuits\nnow", "and later there"]
    assert kept.links == ("https://c.example/", "https://blog.example.org/b?x=1&y")
    assert kept.tags == ("t",)


def test_a_kept_entry_is_short() -> None:
    html = "<p>" + "word " * 5_000 + "".join(f"<a href='https://c.example/{number}'>x</a>" for number in range(99))
    kept = trimmed(published_entry(html=html, text="x" * 9_999, links=tuple(f"https://d.example/{number}" for number in range(99))))
    assert len(kept.text or "") == MOST_TEXT
    assert len(kept.links) == MOST_LINKS


def test_rules_find_the_same_in_a_kept_entry() -> None:
    entry = published_entry(title="x", text=None, html="<p>micro<i>soli</i>darity &amp; <b>crews</b></p>")
    assert Matcher([CREWS]).match(trimmed(entry)) == Matcher([CREWS]).match(entry)


@pytest.mark.parametrize(
    ("link", "counts"),
    [
        ("http://www.walks.example/a/?utm_source=x", True),
        ("https://www.google.com/url?url=https%3A%2F%2Fwalks.example%2Fa&sa=t", True),
        ("https://walks.example/b", False),
    ],
)
def test_who_leads_to_a_page_that_concerns_a_topic_counts(link: str, counts: bool) -> None:
    found = Pages({PAGE: ("crews",)}).matches(posted("look", html=f"<a href='{link}'>here</a>"), Matcher([CREWS]))
    assert found == ((Match(topic="crews", field=Field.PAGE, rule=RULE, excerpt=link),) if counts else ())


def test_the_page_itself_counts_where_a_source_lists_it() -> None:
    assert Pages({PAGE: ("crews",)}).matches(published_entry(PAGE, title="A walk"), Matcher([CREWS]))


@pytest.mark.parametrize("change", [{"text": "an advert"}, {"tags": ("advert",)}])
def test_none_of_outranks_a_page(change: dict[str, Any]) -> None:
    entry = published_entry(links=(PAGE,), **change)
    assert not Pages({PAGE: ("crews",)}).matches(entry, Matcher([CREWS]))


def test_languages_outrank_a_page() -> None:
    matcher = Matcher([replace(CREWS, languages=("en",))])
    assert not Pages({PAGE: ("crews",)}).matches(published_entry(links=(PAGE,), language="de"), matcher)


def test_an_entrys_own_words_need_no_page() -> None:
    entry = published_entry(title="crews", links=(PAGE,))
    matcher = Matcher([CREWS, TEA])
    beside = matcher.match(entry)
    assert [one.topic for one in Pages({PAGE: ("crews", "tea")}).matches(entry, matcher, beside=beside)] == ["tea"]


@pytest.mark.parametrize(
    ("body", "topics"),
    [
        ("<p>All about crews and tea.</p>", ("crews", "tea")),
        ("<title>Crews</title><p>x</p>", ("crews",)),
        ("<nav>crews</nav><p>x</p><footer>tea</footer>", ()),
        ("<aside>crews <nav>tea</nav> crews</aside><p>x</p>", ()),
        ("<p>crews, an advert, tea</p>", ("tea",)),
        ("<!-- crews --><script>crews</script><p hidden>crews</p>", ()),
        ("<p>nothing</p>", ()),
    ],
)
def test_a_page_is_searched_in_its_own_words(body: str, topics: tuple[str, ...]) -> None:
    reply = Reply(
        asked=PAGE, url=PAGE, status=200, headers={"content-type": "text/html"}, body=f"<html><body>{body}</body></html>".encode()
    )
    assert topics_of(reply, account_of(reply, NOON), Matcher([CREWS, TEA])) == topics


def test_a_post_may_lead_there_in_words_alone() -> None:
    entry = replace(posted("see https://walks.example/a."), kind=Kind.POST)
    assert Pages({PAGE: ("crews",)}).matches(entry, Matcher([CREWS]))


def test_what_has_no_words_any_more_stands_while_one_of_its_topics_does() -> None:
    mention = known(replace(posted(""), text=None, html=None, restrictions=(Restriction.WORDLESS,)), "crews")
    assert judged(joined(mention), by=rules(CREWS)) == Tried(mentions=1)
    gone = judged(joined(mention), by=rules(TEA, source=replace(SOURCE, topics=("tea",))))
    assert [one.topic for one in gone.lost] == ["crews"]
