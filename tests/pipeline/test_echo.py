"""What comes back from our own page is no news, and what nobody can open is not shown."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.fetch import Learned
from aggregator.model import Entry, Identity, Kind, Page, Source, Topic
from aggregator.pipeline.echo import LOCAL, OURS, Echo, urn_of
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.poll import landing_of
from aggregator.publish.feeds import urn
from aggregator.store import Landing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE = "https://community.example/discussing/"
STORY = "abcdefghij"
LEAD = "https://blog.example/what-crews-are"
SOURCE = Source(id="s", platform="mastodon", options={}, topics=("crews",))
MATCHER = Matcher((Topic(id="crews", title="Crews", any_of=("crews",)),))
ECHO = Echo(
    site=SITE,
    shown_by=lambda story: LEAD if story == STORY else None,
    ids=lambda: {urn_of(STORY), urn_of("gonegonego")},
)


def post(*links: str, text: str = "crews!") -> Entry:
    shown = "".join(f"<a href='{link}'>{link}</a>" for link in links)
    return Entry(native_id="1", url="https://social.example/@ada/1", kind=Kind.POST, html=f"<p>{text}</p>{shown}")


def _fields(entry: Entry) -> dict[str, Any]:
    return {field.name: getattr(entry, field.name) for field in fields(entry)}


def article(url: str, **changes: Any) -> Entry:
    return Entry(**{"native_id": "1", "url": url, "kind": Kind.ARTICLE, "title": "About crews", **changes})


def landed(*entries: Entry, echo: Echo = ECHO) -> Landing:
    page = Page(entries=entries, cursor="")
    return landing_of(page, SOURCE, Learned(), matcher=MATCHER, at=NOW, quiet=False, echo=echo)


@pytest.mark.parametrize(
    "link",
    [
        SITE,
        "http://www.community.example/discussing",
        f"{SITE}index.html?utm_source=x",
        f"{SITE}feed.xml",
        f"{SITE}year/2025.html",
        f"{SITE}sources.html#top",
        f"{SITE}story/zzzzzzzzzz/",
    ],
)
def test_a_post_that_shares_our_page_alone_is_no_mention(link: str) -> None:
    assert landed(post(link)).mentions == ()


@pytest.mark.parametrize(
    "link", [f"{SITE}story/{STORY}/", f"{SITE}story/{STORY}.html", f"{SITE}#story-{STORY}", f"{SITE}?x=1#story-{STORY}"]
)
def test_a_post_that_shares_the_page_of_a_story_is_a_voice_in_it(link: str) -> None:
    (mention,) = landed(post(link)).mentions
    assert mention.identity.subject == LEAD


def test_a_post_that_shares_something_else_beside_our_page_is_about_that() -> None:
    (mention,) = landed(post(SITE, "https://other.example/essay")).mentions
    assert mention.identity.subject == "https://other.example/essay"
    assert mention.identity.shares == ()


def test_a_post_without_links_is_about_itself() -> None:
    (mention,) = landed(post()).mentions
    assert mention.identity.subject == "https://social.example/@ada/1"


@pytest.mark.parametrize("link", ["https://community.example/", "https://community.example/essays/crews", f"{SITE.rstrip('/')}-more/x"])
def test_the_rest_of_our_host_is_like_any_other_place(link: str) -> None:
    assert [mention.identity.href for mention in landed(article(link)).mentions] == [link]


def test_where_the_page_is_served_need_not_be_known() -> None:
    (mention,) = landed(post(SITE), echo=Echo()).mentions
    assert mention.identity.subject == SITE.rstrip("/")


@pytest.mark.parametrize("story", [STORY, "gonegonego"])
@pytest.mark.parametrize("link", [LEAD, "https://planet.example/items/1"])
def test_an_entry_of_our_feed_is_known_by_its_id_wherever_it_leads(story: str, link: str) -> None:
    assert urn_of(story) == urn(f"story {story}")
    landing = landed(article(link, native_id=urn_of(story)))
    assert (landing.mentions, landing.unmatched, landing.remarks) == ((), (), (f"1 entry {OURS}: left out",))


@pytest.mark.parametrize("id", ["urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", urn_of("of another page")])
def test_an_id_of_the_same_kind_that_is_not_ours_is_anyones(id: str) -> None:
    assert len(landed(article(LEAD, native_id=id)).mentions) == 1


def test_ids_are_not_asked_for_where_no_entry_has_one_of_that_kind() -> None:
    asked: list[int] = []
    landed(article(LEAD), article(LEAD, native_id="2"), echo=Echo(site=SITE, ids=lambda: asked.append(1) or ()))  # type: ignore[func-returns-value]  # counts
    assert asked == []


def test_an_answer_to_something_on_one_machine_is_about_itself() -> None:
    (mention,) = landed(Entry(**{**_fields(post()), "in_reply_to": "http://localhost:3000/@ada/1"})).mentions
    assert mention.identity.subject == "https://social.example/@ada/1"


# -- addresses of one machine


@pytest.mark.parametrize(
    "url", ["http://localhost:4000/a", "http://127.0.0.1/a", "http://10.1.2.3/a", "http://printer.local/a", "http://wiki/a"]
)
def test_what_only_their_own_machine_can_reach_is_left_out_and_not_withdrawn(url: str) -> None:
    landing = landed(article(url))
    assert (landing.mentions, landing.unmatched, landing.remarks) == ((), (), (f"1 entry {LOCAL}: left out",))


@pytest.mark.parametrize(
    ("url", "shown"), [("http://wiki/a", 1), ("http://10.1.2.3/a", 1), ("http://192.168.0.1/a", 0), ("http://localhost/a", 0)]
)
def test_on_an_intranet_its_own_addresses_are_shown(url: str, shown: int) -> None:
    assert len(landed(article(url), echo=Echo(allow_networks=("10.0.0.0/8",))).mentions) == shown


def test_a_post_that_links_to_one_machine_is_about_itself() -> None:
    (mention,) = landed(post("http://localhost:8000/draft")).mentions
    assert mention.identity.subject == "https://social.example/@ada/1"


def test_an_id_that_names_one_machine_is_no_name() -> None:
    identity = Identity(subject=LEAD, href=LEAD, aliases=("https://localhost/?p=1", "https://old.example/1"))
    assert ECHO.cleaned(identity).aliases == ("https://old.example/1",)


def test_a_post_known_by_an_address_that_is_no_web_address_is_reachable() -> None:
    assert ECHO.left_out(Entry(native_id="1", url="at://did:plc:ada/app.bsky.feed.post/1", kind=Kind.POST)) is None
