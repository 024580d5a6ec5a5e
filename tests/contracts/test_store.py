"""What every store promises, run over each implementation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from aggregator.model import (
    Author,
    Backfill,
    Chosen,
    Coverage,
    Enclosure,
    Kind,
    Link,
    Match,
    Mention,
    Outcome,
    Preview,
    Restriction,
    Source,
    SourceState,
    Trust,
    Validators,
    Visibility,
)
from aggregator.model import Field as Place
from aggregator.store import Landed, Store
from aggregator.store.engine import open_store
from tests.support.databases import DATABASES, database
from tests.support.mentions import NOW, chosen, landing, mention

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE, OTHER, POST = "https://page.example.org/a", "https://page.example.org/b", "https://social.example.org/@ada/1"


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(database(request.param, tmp_path / "state" / "aggregator.db"))
    yield opened
    opened.close()


def source(id: str = "feed-a", *, trust: Trust = Trust.PUBLISH) -> Source:
    return Source(id=id, platform="feed", options={"url": "https://blog.example.org/feed"}, topics=("microsolidarity",), trust=trust)


def shown(store: Store) -> dict[str, list[tuple[str, str]]]:
    """Leads of stories with the names of their mentions."""
    return {story.lead: [(one.source, one.entry.native_id) for one in story.mentions] for story in store.stories()}


def first(store: Store) -> Mention:
    return store.stories()[0].mentions[0]


# -- landing


def test_a_page_lands_with_its_cursor_and_validators(store: Store) -> None:
    validators = {"https://blog.example.org/feed": Validators(etag='"1"', last_modified="Sun, 1 Mar 2026 12:00:00 GMT", body_digest="ab")}
    assert store.land(landing(mention("1"), mention("2"), cursor="after-2", validators=validators)) == Landed(new=2)
    state = store.state("feed-a")
    assert (state.cursor, state.validators) == ("after-2", validators)


def test_a_landing_that_fails_leaves_neither_entries_nor_cursor_nor_validators(store: Store) -> None:
    store.land(landing(mention("1"), cursor="before"))
    broken = replace(mention("3"), first_seen_at=datetime(2026, 1, 1))  # noqa: DTZ001 - naive, which the last row is refused for
    with pytest.raises(ValueError, match="aware"):
        store.land(landing(mention("2"), broken, cursor="after", validators={"https://x.example.org/": Validators(etag="1")}))
    assert (store.state("feed-a").cursor, store.state("feed-a").validators) == ("before", {})
    assert shown(store) == {"https://blog.example.org/1": [("feed-a", "1")]}


def test_the_second_landing_of_a_page_knows_everything_and_shows_nothing_new(store: Store) -> None:
    store.land(landing(mention("1"), mention("2")))
    revision = store.revision()
    assert store.land(landing(mention("1", at=NOW + DAY), mention("2", at=NOW + DAY))) == Landed(known=2)
    assert store.revision() == revision


def test_an_edited_entry_is_changed_and_keeps_when_and_how_it_was_first_seen(store: Store) -> None:
    store.land(landing(mention("1", quiet=True)))
    assert store.land(landing(mention("1", title="Edited", at=NOW + DAY))) == Landed(changed=1)
    now = first(store)
    assert (now.entry.title, now.first_seen_at, now.quiet) == ("Edited", NOW, True)


def test_an_entry_that_no_longer_concerns_a_topic_is_withdrawn_once(store: Store) -> None:
    store.land(landing(mention("1"), mention("2")))
    assert store.land(landing(unmatched=("1", "never-seen"))) == Landed(withdrawn=1)
    assert store.land(landing(unmatched=("1",))) == Landed()
    assert shown(store) == {"https://blog.example.org/2": [("feed-a", "2")]}


def test_a_withdrawn_entry_that_comes_back_is_shown_with_its_first_date(store: Store) -> None:
    store.land(landing(mention("1")))
    store.land(landing(unmatched=("1",)))
    assert store.land(landing(mention("1", at=NOW + DAY))) == Landed(changed=1)
    assert first(store).first_seen_at == NOW


def test_of_one_id_twice_on_a_page_the_last_stands(store: Store) -> None:
    assert store.land(landing(mention("1", title="Early"), mention("1", title="Late"), unmatched=("1",))) == Landed(new=1)
    assert first(store).entry.title == "Late"


def test_the_same_id_in_two_sources_is_two_mentions(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE)))
    store.land(landing(mention("1", subject=PAGE, source="feed-b"), source="feed-b"))
    assert shown(store) == {PAGE: [("feed-a", "1"), ("feed-b", "1")]}


def test_an_entry_comes_back_as_it_landed(store: Store) -> None:
    whole = mention(
        "tag:example.org,2026:1",
        url="http://WWW.Blog.example.org/a?utm_source=x#top",
        subject=PAGE,
        href=PAGE + "?sk=1",
        aliases=(OTHER, POST),
        quiet=True,
        kind=Kind.POST,
        title=None,
        text="Grüße 🌱 \x1b",
        html="<p>Grüße</p>",
        author=Author(name="Ada", url="https://example.org/ada", handle="ada@social.example.org"),
        published=datetime(2026, 2, 1, 3, 4, 5, 678901, tzinfo=UTC),
        updated=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        language="de",
        tags=("Microsolidarity", "b"),
        links=("https://page.example.org/a?utm_source=y",),
        alternatives=("a garden",),
        previews=(Preview(url=PAGE, title="Title", description="About", author="Bo", site="Page"),),
        enclosures=(Enclosure(url="https://cdn.example.org/1.mp3", media_type="audio/mpeg", length_bytes=2**40, duration=HOUR),),
        in_reply_to="https://social.example.org/@bo/9",
        site="Blog",
        visibility=Visibility.UNLISTED,
        restrictions=(Restriction.NOINDEX,),
    )
    whole = replace(
        whole,
        matches=(*whole.matches, Match(topic="other", field=Place.LINK, rule="#x", excerpt="…")),
    )
    store.land(landing(whole))
    story = store.stories()[0]
    assert story.mentions == (replace(whole, story=story.id),)
    assert story.mentions[0].entry.content_hash == whole.entry.content_hash


@pytest.mark.parametrize("author", [None, Author(), Author(handle="ada")])
def test_an_author_comes_back_as_far_as_known(store: Store, author: Author | None) -> None:
    store.land(landing(mention("1", author=author)))
    assert first(store).entry.author == author


def test_the_raw_address_stays_beside_the_canonical_one(store: Store) -> None:
    raw = "HTTP://www.page.example.org:80/a/?utm_medium=feed"
    store.land(landing(mention("1", url=raw, subject=PAGE)))
    assert (first(store).entry.url, first(store).identity.subject) == (raw, PAGE)


def test_text_that_no_database_takes_is_stored_with_replacements_and_still_known(store: Store) -> None:
    broken = mention("1\ud800", title="a\x00b\udfff", text="fine", tags=("\ud83d",))
    assert store.land(landing(broken)) == Landed(new=1)
    assert store.land(landing(broken)) == Landed(known=1)
    assert first(store).entry.title == "a\ufffdb\ufffd"


def test_times_go_out_aware_in_utc(store: Store) -> None:
    east = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    store.land(landing(mention("1", at=east, published=east)))
    store.settle(SourceState(source="feed-a", next_poll_at=east), None)
    times = [first(store).first_seen_at, first(store).entry.published, store.stories()[0].first_seen_at, store.state("feed-a").next_poll_at]
    assert [(time, time and time.tzinfo) for time in times] == [(NOW, UTC)] * 4


def test_new_rules_move_a_known_entry_without_calling_it_news(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE)))
    revision = store.revision()
    assert store.land(landing(mention("1", subject=OTHER, rules=2, at=NOW + DAY))) == Landed(known=1)
    assert shown(store) == {OTHER: [("feed-a", "1")]}
    assert (first(store).identity.rules, first(store).first_seen_at) == (2, NOW)
    assert store.revision() > revision


def test_the_back_fill_has_a_cursor_of_its_own(store: Store) -> None:
    store.land(landing(cursor="newest"))
    store.land(landing(mention("0"), cursor="oldest", backfill=Backfill(source="feed-a", begun_at=NOW)))
    assert (store.state("feed-a").cursor, store.state("feed-a").backfill_cursor) == ("newest", "oldest")


def test_validators_of_ever_new_addresses_do_not_pile_up(store: Store) -> None:
    for number in range(70):
        url = f"https://social.example.org/tag?min_id={number}"
        store.land(landing(validators={url: Validators(etag=str(number))}, at=NOW + number * HOUR))
    kept = store.state("feed-a").validators
    assert len(kept) == 64
    assert "https://social.example.org/tag?min_id=69" in kept


# -- sources


def test_an_unknown_source_has_a_fresh_state(store: Store) -> None:
    assert store.state("nowhere") == SourceState(source="nowhere")


def test_a_settled_state_comes_back_with_cursor_and_validators_as_landed(store: Store) -> None:
    store.register([source()], NOW)
    validators = {"https://blog.example.org/feed": Validators(etag='"1"')}
    store.land(landing(cursor="c9", validators=validators, remarks=("odd",)))
    after = SourceState(
        source="feed-a",
        cursor="not written",
        next_poll_at=NOW + HOUR,
        failures=3,
        failing_since=NOW - DAY,
        last_ok_at=NOW - 2 * DAY,
        last_new_at=NOW - 3 * DAY,
        paused=True,
        last_error="asking: time-out",
        remarks=("2 entries have neither id nor link", "odd"),
    )
    store.settle(after, None)
    assert store.state("feed-a") == replace(after, cursor="c9", validators=validators)
    assert store.states() == {"feed-a": replace(after, cursor="c9")}
    assert store.states(validators=True) == {"feed-a": replace(after, cursor="c9", validators=validators)}


def test_many_polls_are_settled_together_as_one_by_one(store: Store) -> None:
    store.register([source("feed-a"), source("feed-b")], NOW)
    well, ill = SourceState(source="feed-a", last_ok_at=NOW), SourceState(source="feed-b", failures=1, last_error="asking: time-out")
    read = Coverage(source="feed-a", since=None, until=NOW, outcome=Outcome.COMPLETE, entries=2)
    revision = store.revision()
    store.settle_all([(well, read), (ill, None)])
    assert store.states() == {"feed-a": well, "feed-b": ill}
    assert (store.coverage("feed-a"), store.coverage("feed-b")) == ((read,), ())
    assert store.revision() > revision


def test_a_source_that_is_no_longer_configured_keeps_its_history_and_its_mentions(store: Store) -> None:
    store.register([source("feed-a"), source("feed-b")], NOW)
    store.land(landing(mention("1"), cursor="kept"))
    store.register([source("feed-b")], NOW + DAY)
    assert list(store.states()) == ["feed-b"]
    assert store.state("feed-a").cursor == "kept"
    assert shown(store) == {"https://blog.example.org/1": [("feed-a", "1")]}
    store.register([source("feed-a"), source("feed-b")], NOW + 2 * DAY)
    assert store.states()["feed-a"].cursor == "kept"


def test_registering_the_same_sources_again_changes_nothing(store: Store) -> None:
    store.register([source("feed-a")], NOW)
    revision = store.revision()
    store.register([source("feed-a")], NOW + DAY)
    assert store.revision() == revision


def test_what_waits_for_the_steward_is_among_the_stories_with_the_reason(store: Store) -> None:
    store.register([source(trust=Trust.HOLD)], NOW)
    store.land(landing(mention("1"), replace(mention("2"), held="the source is now in Russian")))
    assert {one.entry.native_id: one.held for story in store.stories() for one in story.mentions} == {
        "1": None,
        "2": "the source is now in Russian",
    }


def test_polls_are_remembered_newest_first(store: Store) -> None:
    polls = [
        Coverage(source="feed-a", since=NOW - DAY if hour else None, until=NOW + hour * HOUR, outcome=Outcome.COMPLETE, entries=hour)
        for hour in range(3)
    ]
    for poll in polls:
        store.settle(SourceState(source="feed-a"), poll)
    assert store.coverage("feed-a") == tuple(reversed(polls))
    assert store.coverage("feed-a", 1) == (polls[2],)


def test_a_source_going_down_is_news_for_the_page_and_a_good_poll_is_not(store: Store) -> None:
    store.settle(SourceState(source="feed-a", last_ok_at=NOW), None)
    revision = store.revision()
    store.settle(SourceState(source="feed-a", last_ok_at=NOW + HOUR), None)
    assert store.revision() == revision
    store.settle(SourceState(source="feed-a", last_error="asking: time-out"), None)
    assert store.revision() > revision


# -- stories


def test_mentions_of_one_subject_are_one_story(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE), mention("2", subject=PAGE, at=NOW - DAY), mention("3")))
    assert shown(store) == {PAGE: [("feed-a", "2"), ("feed-a", "1")], "https://blog.example.org/3": [("feed-a", "3")]}
    story = store.story(str(store.story_of(PAGE)))
    assert story in store.stories()
    assert story is not None
    assert (story.first_seen_at, story.last_seen_at, story.topics) == (NOW - DAY, NOW, ("microsolidarity",))


def test_a_reply_goes_with_the_post_and_the_post_with_its_page(store: Store) -> None:
    reply = mention("reply", subject=POST, aliases=("https://social.example.org/@bo/2",), kind=Kind.COMMENT)
    store.land(landing(reply))
    assert shown(store) == {POST: [("feed-a", "reply")]}
    store.land(landing(mention("post", subject=PAGE, aliases=(POST,), kind=Kind.POST)))
    assert list(shown(store)) == [PAGE]
    assert store.story_of(POST) == store.story_of(PAGE) == store.story_of("https://social.example.org/@bo/2")


def test_a_post_and_its_reply_on_one_page_join_a_page_that_is_known(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE)))
    store.land(landing(mention("2", subject=PAGE, aliases=(POST,)), mention("3", subject=POST)))
    assert shown(store) == {PAGE: [("feed-a", "1"), ("feed-a", "2"), ("feed-a", "3")]}


def test_a_withdrawn_mention_no_longer_joins_what_it_joined(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE), mention("2", subject=OTHER), mention("3", subject=PAGE, aliases=(OTHER,))))
    assert list(shown(store)) == [PAGE]
    assert store.remove_mentions([("feed-a", "3"), ("feed-a", "never-seen")]) == 1
    assert shown(store) == {PAGE: [("feed-a", "1")], OTHER: [("feed-a", "2")]}
    assert store.remove_mentions([("feed-a", "3")]) == 0


def test_an_edited_post_takes_its_replies_to_the_other_page(store: Store) -> None:
    store.land(landing(mention("post", subject=PAGE, aliases=(POST,)), mention("reply", subject=POST), mention("1", subject=PAGE)))
    store.land(landing(mention("post", subject=OTHER, aliases=(POST,), title="Edited")))
    assert shown(store) == {PAGE: [("feed-a", "1")], OTHER: [("feed-a", "post"), ("feed-a", "reply")]}


def test_the_page_can_be_shown_as_it_was(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE), mention("2", subject=PAGE, at=NOW + DAY), mention("3", at=NOW + DAY)))
    store.choose([chosen(OTHER)], "sources.yaml", NOW + 2 * DAY)
    then = store.stories(as_of=NOW + HOUR)
    assert [(story.lead, len(story.mentions)) for story in then] == [(PAGE, 1)]
    assert len(store.stories()) == 3


def test_a_story_has_the_links_its_mentions_are_about_lead_first(store: Store) -> None:
    store.land(landing(mention("post", subject=PAGE, aliases=(POST,)), mention("reply", subject=POST, href=POST + "#c")))
    assert [(link.key, link.href) for link in store.stories()[0].links] == [(PAGE, PAGE), (POST, POST + "#c")]


def test_what_is_followed_does_not_depend_on_who_came_first(store: Store) -> None:
    hrefs = ["http://page.example.org/a", "https://page.example.org/a", "https://page.example.org/a?sk=open"]
    for number, href in enumerate(hrefs):
        store.land(
            landing(mention(f"up-{number}", subject=PAGE, href=href), mention(f"down-{number}", subject=OTHER, href=hrefs[2 - number]))
        )
    assert [story.links[0].href for story in store.stories()] == [hrefs[2], hrefs[2]]


# -- chosen links


def test_choosing_twice_changes_nothing(store: Store) -> None:
    picked = [chosen(PAGE, OTHER), chosen("relative/page.md", position=1, who=None, published=NOW)]
    assert store.choose(picked, "sources.yaml", NOW)
    revision = store.revision()
    assert not store.choose(picked, "sources.yaml", NOW + DAY)
    assert (store.chosen(), store.revision()) == (tuple(picked), revision)
    assert store.choose(picked[:1], "sources.yaml", NOW + DAY)


def test_lists_keep_their_order_and_the_configured_one_is_first(store: Store) -> None:
    lists: dict[str, list[Chosen]] = {
        origin: [chosen(f"https://{origin}/{position}", position=position, origin=origin) for position in range(2)]
        for origin in ("z.md", "a.md", "sources.yaml")
    }
    for origin, picked in lists.items():
        store.choose(picked, origin, NOW)
    assert store.chosen() == (*lists["sources.yaml"], *lists["z.md"], *lists["a.md"])


def test_a_chosen_entry_is_a_story_before_anybody_mentions_it(store: Store) -> None:
    one = chosen(PAGE, OTHER)
    store.choose([one], "sources.yaml", NOW)
    story = store.stories()[0]
    assert (story.lead, story.mentions, story.chosen, story.first_seen_at) == (PAGE, (), one, NOW)
    assert [link.key for link in story.links] == [PAGE, OTHER]
    assert store.story(story.id) == story


@pytest.mark.parametrize("early", [True, False])
def test_mentions_of_any_chosen_link_are_voices_in_its_story(store: Store, early: bool) -> None:
    steps: list[Callable[[], object]] = [
        lambda: store.land(landing(mention("1", subject=OTHER), mention("2", subject=PAGE))),
        lambda: store.choose([chosen(PAGE, OTHER)], "sources.yaml", NOW),
    ]
    for step in steps if early else reversed(steps):
        step()
    assert shown(store) == {PAGE: [("feed-a", "1"), ("feed-a", "2")]}


def test_a_link_taken_off_the_list_gives_its_mentions_their_own_story_back(store: Store) -> None:
    store.choose([chosen(PAGE, OTHER)], "sources.yaml", NOW)
    store.land(landing(mention("1", subject=OTHER), mention("2", subject=PAGE)))
    store.choose([chosen(PAGE)], "sources.yaml", NOW + DAY)
    assert shown(store) == {PAGE: [("feed-a", "2")], OTHER: [("feed-a", "1")]}
    store.choose([], "sources.yaml", NOW + DAY)
    assert [story.chosen for story in store.stories()] == [None, None]


def test_two_chosen_entries_stay_two_stories_whatever_joins_them(store: Store) -> None:
    store.choose([chosen(PAGE, OTHER, position=0), chosen(OTHER, position=1)], "sources.yaml", NOW)
    store.land(landing(mention("1", subject=OTHER, aliases=(PAGE,)), mention("2", subject=PAGE)))
    assert shown(store) == {PAGE: [("feed-a", "2")], OTHER: [("feed-a", "1")]}


def test_what_no_longer_hangs_on_one_chosen_entry_goes_to_the_other(store: Store) -> None:
    store.choose([chosen(PAGE), chosen(OTHER, position=1)], "sources.yaml", NOW)
    store.land(landing(mention("1", subject=POST, aliases=(PAGE,)), mention("2", subject=POST, aliases=(OTHER,))))
    assert shown(store) == {PAGE: [("feed-a", "1"), ("feed-a", "2")], OTHER: []}
    store.remove_mentions([("feed-a", "1")])
    assert shown(store) == {PAGE: [], OTHER: [("feed-a", "2")]}


def test_a_story_that_is_no_longer_chosen_can_be_led_by_another_page_again(store: Store) -> None:
    store.choose([chosen(PAGE)], "sources.yaml", NOW)
    store.land(landing(mention("1", subject=PAGE)))
    store.choose([], "sources.yaml", NOW)
    store.land(landing(mention("2", subject=OTHER, aliases=(PAGE,))))
    assert shown(store) == {OTHER: [("feed-a", "1"), ("feed-a", "2")]}


def test_a_chosen_entry_keeps_the_day_it_was_first_chosen(store: Store) -> None:
    store.choose([chosen(PAGE)], "sources.yaml", NOW)
    store.choose([chosen(OTHER), chosen(PAGE, position=1, note="reworded")], "sources.yaml", NOW + DAY)
    assert {story.lead: story.first_seen_at for story in store.stories()} == {PAGE: NOW, OTHER: NOW + DAY}


# -- links


def due(store: Store, at: datetime = NOW) -> list[str]:
    return [link.key for link in store.links_due(at, 10)]


def test_a_shared_page_is_read_unless_the_page_spoke_for_itself(store: Store) -> None:
    store.land(landing(mention("post", subject=PAGE, aliases=(POST,), kind=Kind.POST, title=None), mention("own")))
    assert due(store) == [PAGE]
    store.land(landing(mention("a", url=PAGE, subject=PAGE)))
    assert due(store) == []


def test_chosen_and_withdrawn_pages_are_not_read(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE, kind=Kind.POST), mention("2", subject=OTHER, kind=Kind.POST)))
    store.choose([chosen(PAGE)], "sources.yaml", NOW)
    store.remove_mentions([("feed-a", "2")])
    assert due(store) == []


def test_links_are_due_newest_first_until_read_and_after_a_failure_when_their_time_comes(store: Store) -> None:
    store.land(landing(mention("1", subject=PAGE, kind=Kind.POST)))
    store.land(landing(mention("2", subject=OTHER, kind=Kind.POST), at=NOW + DAY))
    assert due(store) == [OTHER, PAGE]
    assert [link.key for link in store.links_due(NOW, 1)] == [OTHER]
    read = Link(
        key=OTHER,
        href=OTHER + "?sk=1",
        title="B",
        description="About",
        author="Bo",
        site="Page",
        published=NOW,
        published_day_only=True,
        language="en",
        image="https://page.example.org/b.png",
        kind=Kind.ARTICLE,
        status=200,
        enriched_at=NOW,
        attempts=1,
    )
    store.enrich(read)
    store.enrich(Link(key=PAGE, href=PAGE, status=500, attempts=1, next_try_at=NOW + HOUR))
    assert store.link(OTHER) == read
    assert (due(store), due(store, NOW + HOUR)) == ([], [PAGE])
    assert store.link("https://nowhere.example.org/") is None


def test_a_card_that_comes_after_its_post_describes_the_page_too(store: Store) -> None:
    post = mention("1", subject=PAGE, kind=Kind.POST)
    store.land(landing(post))
    revision = store.revision()
    store.land(landing(post, previews=(Preview(url=PAGE, title="From the card"),)))
    assert (store.link(PAGE) or Link(key="", href="")).title == "From the card"
    assert store.revision() > revision


def test_a_preview_describes_a_page_until_it_is_read(store: Store) -> None:
    card = Preview(url=PAGE + "?utm_source=card", title="From the card", site="Page")
    store.land(landing(mention("1", subject=PAGE, kind=Kind.POST, previews=(card,)), previews=(card,)))
    link = store.link(PAGE)
    assert link is not None
    assert (link.title, link.site, link.enriched_at) == ("From the card", "Page", None)
    store.enrich(replace(link, title="Its own", enriched_at=NOW))
    store.land(landing(mention("2", subject=PAGE, kind=Kind.POST, previews=(card,)), previews=(card,)))
    assert (store.link(PAGE) or link).title == "Its own"


def test_a_thread_that_was_not_read_is_called_as_its_comments_say(store: Store) -> None:
    thread = Preview(url=PAGE, title="Crews and care", site="Forum")
    store.land(landing(mention("1", subject=PAGE, kind=Kind.COMMENT, in_reply_to=PAGE, previews=(thread,)), previews=(thread,)))
    assert (store.link(PAGE) or Link(key="", href="")).title == "Crews and care"


def test_a_page_that_a_comment_shares_is_not_called_like_the_thread(store: Store) -> None:
    thread = Preview(url="https://forum.example.org/t/crews/7", title="Crews and care")
    comment = mention("1", subject=PAGE, kind=Kind.COMMENT, in_reply_to=thread.url, previews=(thread,))
    store.land(landing(comment, previews=(thread,)))
    assert (store.link(PAGE) or Link(key="", href="", title="none")).title is None


# -- small things


def test_hosts_redirects_and_notes_are_remembered(store: Store) -> None:
    store.rest("a.example.org", NOW)
    store.rest("a.example.org", NOW + HOUR)
    store.move({"http://a.example.org/": "https://a.example.org/"}, NOW)
    store.move({"http://a.example.org/": "https://b.example.org/"}, NOW)
    store.remember("published", "1")
    store.remember("published", "2")
    assert (store.rests(), store.moved()) == ({"a.example.org": NOW + HOUR}, {"http://a.example.org/": "https://b.example.org/"})
    assert (store.note("published"), store.note("nothing")) == ("2", None)


def test_the_run_lock_is_held_once(store: Store) -> None:
    with store.exclusive() as mine:
        with store.exclusive() as second:
            assert (mine, second) == (True, False)
        with store.exclusive() as third:
            assert not third
    with store.exclusive() as again:
        assert again


def test_many_threads_land_at_once_and_nothing_is_lost(store: Store) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for page in range(8):
                name = f"feed-{number}"
                store.land(
                    landing(mention(str(page), subject=f"https://page.example.org/{page}", source=name), source=name, cursor=str(page))
                )
                store.state(name)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [len(story.mentions) for story in store.stories()] == [8] * 8
