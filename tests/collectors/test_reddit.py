"""Reddit: the same post by feed and by key, what is no more, what is asked, addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.collectors._feeds import read_feed
from aggregator.collectors._reddit_rows import of_feed, of_listing
from aggregator.collectors.base import build
from aggregator.collectors.reddit import Reddit
from aggregator.errors import BadOption, RateLimited, Unreadable
from aggregator.fetch import AuthScheme
from aggregator.fetch.status import error_for
from aggregator.model import Entry, Kind, Source, Visibility
from aggregator.pipeline.consent import may_be_shown
from aggregator.pipeline.identify import identify
from tests.support.exchanges import Exchange, RecordedHttp, cases, replayed

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "reddit"
SOURCE = Source(id="reddit", platform="reddit", options={"search": "crews"}, topics=("crews",))

with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples do not lie beside this checkout")


def entries_of(name: str) -> dict[str, Entry]:
    (case,) = (one for one in cases("reddit") if one.name == name)
    pages = replayed(case, RecordedHttp(case.exchanges, authorised=case.authorised))
    return {entry.native_id: entry for page in pages for entry in page.entries}


def post(**fields: Any) -> Entry | None:
    row = {"name": "t3_1p2abcd", "permalink": "/r/x/comments/1p2abcd/crews/", "title": "Crews", "author": "ada", "is_self": True}
    return of_listing({"kind": "t3", "data": {**row, **fields}})


def test_a_post_is_the_same_by_feed_and_by_key() -> None:
    by_feed, by_key = entries_of("ordinary"), entries_of("key")
    common = by_feed.keys() & by_key.keys()
    assert common == {"t3_1p2abcd", "t3_1p2abcb", "t3_1p2abca"}
    for id in common:
        one, other = by_feed[id], by_key[id]
        assert (one.url, one.kind, one.title, one.author, one.published, one.links, one.site) == (
            other.url, other.kind, other.title, other.author, other.published, other.links, other.site,
        )  # fmt: skip


def test_a_post_is_about_what_it_shares_and_a_text_about_itself() -> None:
    found = entries_of("ordinary")
    shared, text = found["t3_1p2abcd"], found["t3_1p2abcb"]
    assert identify(shared, links=shared.links).subject == "https://garden.example.org/crews?a=1&b=2"
    assert identify(text, links=()).subject == "https://reddit.com/comments/1p2abcb"
    assert [identify(one, links=one.links).subject for id, one in found.items() if id == "t3_1p2abca"] == [
        "https://reddit.com/comments/1p1zzzz"
    ]


def test_a_comment_is_about_its_post() -> None:
    comment = entries_of("comments")["t1_lx1y2z3"]
    found = identify(comment, links=())
    assert (found.subject, found.aliases) == ("https://reddit.com/comments/1p2abcd", ("https://reddit.com/comments/1p2abcd/_/lx1y2z3",))


@pytest.mark.parametrize("case", ["subreddits", "key-removed"])
def test_what_was_removed_or_is_not_for_every_age_may_not_be_shown_and_says_nothing(case: str) -> None:
    for entry in entries_of(case).values():
        if entry.title == "By somebody who left":
            assert may_be_shown(entry, SOURCE)
            assert entry.author is None
        else:
            assert not may_be_shown(entry, SOURCE)
            assert (entry.title, entry.html, entry.author, entry.links) == (None, None, None, ())


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "[deleted by user]"}, {"title": "[ Removed by Reddit on account of violating the content policy ]"},
        {"selftext_html": '<div class="md"><p>[removed]</p>\n</div>'}, {"removed_by_category": "deleted"}, {"over_18": True},
        {"subreddit_type": "private"}, {"title": "Crews [NSFW]"},
    ],
)  # fmt: skip
def test_each_way_of_being_no_more_is_known(fields: Mapping[str, Any]) -> None:
    found = post(**fields)
    assert found is not None
    assert found.visibility is Visibility.PRIVATE


def test_a_title_that_speaks_of_removal_stays() -> None:
    for title in ("[removed] is not a title", "Why posts are [deleted]", "How we removed hierarchy"):
        found = post(title=title)
        assert found is not None
        assert found.visibility is Visibility.PUBLIC


ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{}</feed>'
STRANGE = (
    '<entry><id>{id}</id><link href="https://www.reddit.com/{path}"/><title>Crews</title><updated>2026-11-20T09:15:02Z</updated></entry>'
)


def test_a_subreddit_that_a_search_finds_is_no_post_and_nothing_odd() -> None:
    body = ATOM.format(STRANGE.format(id="t5_2qh1i", path="r/crews/") * 6).encode()
    (page,) = Reddit(search="crews").poll(
        RecordedHttp([Exchange(url="https://www.reddit.com/search.rss?q=crews&sort=new&limit=100", body=body)]), ""
    )
    assert (page.entries, [one for one in page.remarks if "left out" in one]) == ((), [])


def test_a_feed_whose_posts_have_other_addresses_than_ever_before_is_not_taken_for_silence() -> None:
    rows = "".join(STRANGE.format(id=f"post-{number}", path=f"post/{number}") for number in range(10))
    http = RecordedHttp([Exchange(url="https://www.reddit.com/search.rss?q=crews&sort=new&limit=100", body=ATOM.format(rows).encode())])
    with pytest.raises(Unreadable, match="neither a post nor a comment"):
        list(Reddit(search="crews").poll(http, ""))


def test_visitors_can_ask_how_nothing_stands() -> None:
    http = RecordedHttp([])
    assert (
        list(Reddit(search="crews").recheck(http, [Entry(native_id="t3_1", url="https://www.reddit.com/comments/1", kind=Kind.POST)])) == []
    )
    assert http.asked == []


@pytest.mark.parametrize(
    ("url", "links", "kind"),
    [
        ("https://garden.example.org/a", ("https://garden.example.org/a",), Kind.POST),
        ("https://i.redd.it/x.png", (), Kind.THREAD),
        ("https://v.redd.it/x", (), Kind.THREAD),
        ("https://www.reddit.com/gallery/1p2abcd", (), Kind.THREAD),
        ("https://old.reddit.com/r/x/comments/1p2abcd/other_slug/", (), Kind.THREAD),
        ("/r/y/comments/1zzzzzz/first/", ("https://www.reddit.com/r/y/comments/1zzzzzz/first/",), Kind.POST),
        ("http://[broken", (), Kind.THREAD),
        (None, (), Kind.THREAD),
    ],
)
def test_what_a_post_shares(url: str | None, links: tuple[str, ...], kind: Kind) -> None:
    found = post(is_self=False, url=url)
    assert found is not None
    assert (found.links, found.kind) == (links, kind)


def test_names_of_reddit_are_handles_of_no_other_place() -> None:
    found = post()
    assert found is not None
    assert found.author is not None
    assert (found.author.name, found.author.handle) == ("u/ada", None)


def test_nobody_is_asked_more_than_once_in_seventy_seconds_and_a_refusal_rests_for_an_hour() -> None:
    manifest = Reddit.manifest
    assert manifest.pace.gap >= timedelta(seconds=70)
    assert manifest.pace.rest is not None
    assert manifest.pace.rest >= timedelta(hours=1)
    assert manifest.every >= timedelta(hours=2)
    for status in (403, 429):
        assert type(error_for("https://www.reddit.com/.rss", status, {}, transient=manifest.transient, now=None)) is RateLimited


def test_a_key_is_a_programs_own() -> None:
    auth = Reddit.manifest.auth
    assert auth is not None
    assert (auth.scheme, auth.variable, auth.optional) == (AuthScheme.CLIENT, "REDDIT_CLIENT", True)


def test_a_reply_that_is_no_listing_is_unreadable() -> None:
    (case,) = (one for one in cases("reddit") if one.name == "key")
    from dataclasses import replace

    for body in (b'{"error":403}', b'{"data":{"children":[],"after":7}}', b"[]"):
        http = RecordedHttp([replace(one, body=body) for one in case.exchanges], authorised=True)
        with pytest.raises(Unreadable):
            list(Reddit(search="microsolidarity").poll(http, ""))


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://www.reddit.com/r/Cohousing/", {"subreddit": "cohousing"}),
        ("https://old.reddit.com/r/cohousing+Communes/new/", {"subreddit": "cohousing+communes"}),
        ("https://www.reddit.com/r/cohousing/.rss", {"subreddit": "cohousing"}),
        ("https://www.reddit.com/r/cohousing.rss", {"subreddit": "cohousing"}),
        ("https://www.reddit.com/r/cohousing/comments/.rss", {"subreddit": "cohousing", "what": "comments"}),
        ("https://www.reddit.com/search/?q=crew%20of%20five&sort=new", {"search": "crew of five"}),
        ("https://www.reddit.com/search.rss?q=crews", {"search": "crews"}),
        ("https://www.reddit.com/r/cohousing/search/?q=crews&restrict_sr=1", {"subreddit": "cohousing", "search": "crews"}),
        ("https://www.reddit.com/domain/example.org/", {"domain": "example.org"}),
        ("https://www.reddit.com/user/ada_example/submitted/", {"user": "ada_example"}),
        ("https://www.reddit.com/u/ada_example.rss", {"user": "ada_example"}),
        ("https://www.reddit.com/r/cohousing/comments/1p2abcd/crews/", None),
        ("https://redd.it/1p2abcd", None),
        ("https://www.reddit.com/search/", None),
        ("https://www.reddit.com/", None),
        ("https://reddit.example.org/r/cohousing", None),
    ],
)
def test_pasted_addresses(address: str, options: Mapping[str, str] | None) -> None:
    assert Reddit.recognise(address) == options
    assert (Reddit.declined(address) is None) == ("reddit.example" in address)


def test_what_is_wanted_must_fit_together() -> None:
    wrong: tuple[Mapping[str, str], ...] = (
        {}, {"search": "a", "user": "ada"}, {"subreddit": "ab", "domain": "example.org"}, {"search": "a", "what": "comments"},
        {"subreddit": "ab", "search": "a", "what": "comments"}, {"subreddit": "a b"}, {"user": "x y"}, {"subreddit": "ab", "what": "all"},
    )  # fmt: skip
    for options in wrong:
        with pytest.raises(BadOption):
            build(Reddit, options)
    assert build(Reddit, {"subreddit": "r/B1, r/a1"}) == Reddit(subreddit="a1+b1")


@pytest.mark.samples
@with_samples
@pytest.mark.parametrize("name", ["subreddit-2026.atom", "subreddit-media.atom", "home.atom", "old-rss.rss", "subreddit-rbren.rss"])
def test_recorded_feeds_of_all_times_are_read_whole(name: str) -> None:
    feed = read_feed((SAMPLES / name).read_bytes(), url="https://www.reddit.com/r/x/.rss", content_type="", doing="reading")
    found = [of_feed(entry) for entry in feed.entries]
    assert found
    assert all(found), "a post was taken for none"
    for entry in filter(None, found):
        assert re.fullmatch(r"t3_[0-9a-z]+", entry.native_id)
        assert entry.native_id.removeprefix("t3_") in entry.url
        assert "submitted by" not in (entry.html or "")
        assert entry.links or entry.kind is Kind.THREAD


@pytest.mark.samples
@with_samples
@pytest.mark.parametrize("name", ["api-domain-new.json", "api-subreddit-search.json"])
def test_recorded_replies_of_the_interface_are_read_whole(name: str) -> None:
    recorded = json.loads((SAMPLES / name).read_bytes())["interactions"]
    listings = [json.loads(one["response"]["body"]["string"]) for one in recorded if "oauth" in one["request"]["uri"]]
    assert listings
    for row in (row for listing in listings for row in listing["data"]["children"]):
        entry = of_listing(row)
        assert entry is not None
        assert entry.native_id == row["data"]["name"]
        assert (entry.visibility is Visibility.PRIVATE) == row["data"]["over_18"]
        if entry.visibility is Visibility.PUBLIC and not row["data"]["is_self"] and "redd" not in row["data"]["url"]:
            assert entry.links == (row["data"]["url"],)
