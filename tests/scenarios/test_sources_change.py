"""Sources change under us, and no false news comes of it: each case through a real server, a real store, several runs and the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.app import App
from aggregator.model import Decision, DecisionKind
from tests.support.days import BEGAN, Days, Item, rss
from tests.support.server import Asked, Script, Server

WORDS = (
    "crews are small groups of people who meet every week and help one another to grow",
    "how a winter gathering in the mountains became the crews that still share a house",
    "notes about money in crews, who pays the rent and what happens when somebody leaves",
    "an interview about conflict, repair and apology among friends who work in crews",
    "what three years of weekly calls taught our crews about attention and silence",
    "a letter for newcomers: bring soup, ask questions, and find crews of your own",
)
TITLES = ("What crews are", "A winter gathering", "Money in common", "Repairing trust", "Three years of calls", "A letter")


def items(count: int = 6, *, site: str = "https://blog.example", guid: str = "id-{}") -> list[Item]:
    """Entries of the last weeks, newest first, a few days apart."""
    return [
        Item(title=TITLES[n], link=f"{site}/{n}", guid=guid.format(n), text=WORDS[n], date=BEGAN - timedelta(days=4 * n + 1))
        for n in range(count)
    ]


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    with Server() as server:
        yield Days(folder=tmp_path, server=server)


@pytest.fixture
def settled(days: Days) -> Days:
    """A blog that was read for two days: five entries at first contact, one that was news on the second day."""
    days.serves(rss(items()[1:]))
    days.run()
    days.serves(rss(items()))
    days.run()
    assert len(days.stories()) == 6
    return days


def assert_nothing_happened(days: Days, after: Sequence[Item], *, home: str = "https://blog.example/") -> None:
    """The feed as it is now brings no story, moves none and loses none, today and tomorrow."""
    seen, news = days.seen(), days.news()
    days.serves(rss(after, home=home))
    for _ in range(2):
        ran = days.run()
        assert ran.landed.new == 0
        assert (days.seen(), days.news()) == (seen, news)


# -- a feed that moves house


def test_new_ids_for_all_entries(settled: Days) -> None:
    assert_nothing_happened(settled, items(guid="urn:new:{}"))


def test_a_new_domain_with_the_old_ids(settled: Days) -> None:
    assert_nothing_happened(settled, items(site="https://new.example"), home="https://new.example/")
    assert settled.stories()[0]["url"] == "https://new.example/0"


def test_a_new_domain_and_new_ids(settled: Days) -> None:
    assert_nothing_happened(settled, items(site="https://new.example", guid="urn:new:{}"), home="https://new.example/")


def test_a_redirect_for_ever_to_another_server(settled: Days) -> None:
    with Server() as other:
        other.on("/new", Script(body=rss(items(site="https://new.example", guid="https://new.example/?p={}"))))
        seen, news = settled.seen(), settled.news()
        settled.serves(Script.redirect(other.url("/new"), status=301))
        for _ in range(2):
            assert settled.run().landed.new == 0
            assert (settled.seen(), settled.news()) == (seen, news)


def test_a_move_twice_over(settled: Days) -> None:
    assert_nothing_happened(settled, items(site="https://new.example", guid="b-{}"), home="https://new.example/")
    assert_nothing_happened(settled, items(site="https://third.example/blog", guid="c-{}"), home="https://third.example/")


def test_a_link_to_where_an_entry_was_is_still_that_story(settled: Days) -> None:
    settled.serves(rss(items(site="https://new.example", guid="urn:new:{}")))
    settled.run()
    settled.feeds["planet"] = "/planet"
    settled.serves(rss(items(), title="A planet", home="https://planet.example/"), "/planet")
    settled.run()
    assert len(settled.stories()) == 6


def test_one_link_for_all_entries(settled: Days) -> None:
    assert_nothing_happened(settled, [replace(item, link="https://blog.example/") for item in items()])


def test_one_link_for_all_entries_and_new_ids(settled: Days) -> None:
    assert_nothing_happened(settled, [replace(item, link="https://blog.example/", guid=f"n{n}") for n, item in enumerate(items())])


@pytest.mark.parametrize("link", ["https://blog.example/", "https://blog.example/all"])
@pytest.mark.parametrize("together", [True, False])
def test_entries_that_share_one_link_are_stories_of_their_own(days: Days, link: str, together: bool) -> None:
    listed = [replace(item, link=link) for item in items()]
    for one in [listed] if together else [[item] for item in reversed(listed)]:
        days.serves(rss(one))
        days.run()
    assert sorted(days.titles()) == sorted(TITLES)
    assert_nothing_happened(days, listed)
    assert all(story["url"].rstrip("/") == link.rstrip("/") for story in days.stories())


def test_entries_that_share_one_link_are_the_same_stories_however_they_come(tmp_path: Path) -> None:
    found = []
    listed = [replace(item, link="https://blog.example/") for item in items()]
    for name, documents in (("together", [listed]), ("apart", [[item] for item in listed])):
        with Server() as server:
            (tmp_path / name).mkdir()
            days = Days(folder=tmp_path / name, server=server)
            for document in documents:
                days.serves(rss(document))
                days.run()
            found.append({story["id"] for story in days.stories()})
    assert found[0] == found[1]


# -- dates


def test_old_entries_that_are_dated_anew(settled: Days) -> None:
    assert_nothing_happened(settled, [replace(item, date=settled.today + timedelta(hours=1)) for item in items()])


def test_old_entries_that_are_dated_anew_with_new_ids(settled: Days) -> None:
    assert_nothing_happened(settled, [replace(item, guid=f"n{n}", date=settled.today) for n, item in enumerate(items())])


def test_entries_that_lose_their_dates(settled: Days) -> None:
    assert_nothing_happened(settled, [replace(item, date=None) for item in items()])


def test_entries_that_vanish_and_return(settled: Days) -> None:
    seen, news = settled.seen(), settled.news()
    for listed in (items()[:1], [], items()[3:], items()):
        settled.serves(rss(listed))
        settled.run()
        assert (settled.seen(), settled.news()) == (seen, news)


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(days=3), timedelta(days=4000)])
def test_an_entry_from_the_future_stands_where_it_was_found(settled: Days, ahead: timedelta) -> None:
    early = Item(
        title="From the future", link="https://blog.example/f", guid="f", text="crews", date=settled.today + timedelta(days=1) + ahead
    )
    settled.serves(rss([early, *items()]))
    settled.run()
    found_at = settled.today
    seen = settled.seen()
    assert seen[0][1] == "From the future"
    later = Item(title="Found later", link="https://blog.example/l", guid="l", text="crews", date=found_at + timedelta(days=1))
    settled.serves(rss([early, later, *items()]))
    settled.run(days=2)
    assert [title for _, title, _ in settled.seen()[:2]] == ["Found later", "From the future"]
    settled.run(days=10)
    assert [title for _, title, _ in settled.seen()[:2]] == ["Found later", "From the future"]


def test_entries_without_dates_stand_where_they_were_found(settled: Days) -> None:
    undated = Item(title="Without a date", link="https://blog.example/u", guid="u", text="crews")
    settled.serves(rss([undated, *items()]))
    settled.run()
    assert settled.titles()[0] == "Without a date"
    assert_nothing_happened(settled, [*items(), undated])


# -- ids


def test_one_id_for_two_entries_of_one_document(days: Days) -> None:
    twice = [replace(item, guid="the-same") for item in items()]
    days.serves(rss(twice))
    days.run()
    assert sorted(days.titles()) == sorted(TITLES)
    assert_nothing_happened(days, twice)


def test_one_id_for_one_entry_after_the_other(days: Days) -> None:
    for item in reversed(items()):
        days.serves(rss([replace(item, guid="the-same")]))
        days.run()
    assert sorted(days.titles()) == sorted(TITLES)
    assert_nothing_happened(days, [replace(item, guid="the-same") for item in items()])


def test_one_id_and_one_link_for_one_entry_after_the_other(days: Days) -> None:
    for item in reversed(items()):
        days.serves(rss([replace(item, guid="the-same", link="https://blog.example/")]))
        days.run()
    assert sorted(days.titles()) == sorted(TITLES)


def test_an_entry_whose_title_and_address_are_edited_is_still_that_entry(settled: Days) -> None:
    seen = settled.seen()
    settled.serves(rss([replace(items()[0], title="What crews really are", link="https://blog.example/really"), *items()[1:]]))
    settled.run()
    assert [id for id, _, _ in settled.seen()] == [id for id, _, _ in seen]
    assert settled.titles()[0] == "What crews really are"


# -- what is no feed


WALL = b"<!doctype html><html><head><title>Just a moment...</title></head><body>Checking your browser. crews</body></html>"


@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_bot_wall_in_place_of_the_feed(settled: Days, status: int) -> None:
    seen, news = settled.seen(), settled.news()
    settled.serves(Script(status=status, body=WALL, headers={"Content-Type": "text/html"}))
    for _ in range(2):
        assert settled.run().exit_code == 4
        assert (settled.seen(), settled.news()) == (seen, news)
    assert settled.state().failures == 2
    assert "failing" in (settled.folder / "output" / "sources.html").read_text(encoding="utf-8") or settled.state().last_error
    assert_nothing_happened(settled, items())
    assert settled.state().failures == 0


def test_a_redirect_for_ever_to_a_wall_is_not_for_ever(settled: Days) -> None:
    settled.server.on("/wall", Script(body=WALL, headers={"Content-Type": "text/html"}))
    settled.serves(Script.redirect(settled.server.url("/wall"), status=301))
    assert settled.run().exit_code == 4
    assert_nothing_happened(settled, items())
    assert settled.state().failures == 0


def test_a_wall_where_a_feed_has_moved_to_leads_back_to_where_it_was(settled: Days) -> None:
    settled.server.on("/new", Script(body=rss(items())), Script(body=WALL, headers={"Content-Type": "text/html"}))
    settled.serves(Script.redirect(settled.server.url("/new"), status=301))
    assert settled.run().exit_code == 0
    assert_nothing_happened(settled, items())
    assert settled.state().failures == 0


ERROR = Item(
    title="Bridge returned error 404! (20345)",
    link="https://bridge.example/?action=display&bridge=Crews",
    guid="x_20345",
    text="Query string: action=display&bridge=Crews&q=crews",
)


def test_an_error_written_down_as_news_is_left_out_and_said(settled: Days) -> None:
    seen = settled.seen()
    settled.serves(rss([ERROR, *items()]))
    assert settled.run().landed.new == 0
    assert settled.seen() == seen
    assert settled.state().remarks == ("1 entry is an error and left out: 'Bridge returned error 404! (20345)'",)


def test_an_error_in_place_of_all_entries_is_a_failure(settled: Days) -> None:
    seen = settled.seen()
    settled.serves(rss([ERROR]))
    assert settled.run().exit_code == 4
    assert settled.seen() == seen
    assert "nothing but an error: 'Bridge returned error 404! (20345)'" in (settled.state().last_error or "")


def test_an_error_that_names_no_topic_is_a_failure_as_well(settled: Days) -> None:
    settled.serves(rss([replace(ERROR, link="https://bridge.example/", text="Not found")]))
    assert settled.run().exit_code == 4


# -- addresses that lead nowhere, and our own page


def test_addresses_on_the_machine_of_whoever_built_the_feed(settled: Days) -> None:
    assert_nothing_happened(settled, items(site="http://localhost:4000"), home="http://localhost:4000/")
    settled.serves(rss([Item(title="New crews", link="http://localhost:4000/new", guid="new"), *items()]))
    assert settled.run().landed.new == 0
    assert settled.state().remarks == ("1 entry with an address that only their own machine can reach: left out",)
    settled.serves(rss([Item(title="New crews", link="https://blog.example/new", guid="new"), *items()]))
    settled.run()
    assert settled.titles()[0] == "New crews"


def test_ids_made_on_one_machine_join_nothing(settled: Days) -> None:
    settled.feeds["other"] = "/other"
    settled.serves(rss([replace(item, guid=f"http://localhost/wordpress/?p={n}") for n, item in enumerate(items())]))
    other = Item(
        title="Another site's crews", link="https://other.example/a", guid="http://localhost/wordpress/?p=0", text="crews elsewhere"
    )
    settled.serves(rss([other], title="Other", home="https://other.example/"), "/other")
    settled.run()
    assert len(settled.stories()) == 7


def test_an_aggregator_that_lists_our_sources_adds_no_story(settled: Days) -> None:
    settled.feeds["planet"] = "/planet"
    copies = [replace(item, guid=f"planet-{n}", link=f"{item.link}?utm_source=planet") for n, item in enumerate(items())]
    settled.serves(rss(copies, title="A planet", home="https://planet.example/"), "/planet")
    seen = settled.seen()
    settled.run()
    assert settled.seen() == seen


def test_our_own_feed_that_another_aggregator_lists_brings_nothing(settled: Days) -> None:
    settled.feeds["planet"] = "/planet"
    own = (settled.folder / "output" / "feed.xml").read_bytes()
    assert b"<entry" in own
    settled.serves(own, "/planet")
    seen, news = settled.seen(), settled.news()
    assert settled.run().landed.new == 0
    assert (settled.seen(), settled.news()) == (seen, news)


def test_our_own_pages_are_no_stories(settled: Days) -> None:
    settled.feeds["planet"] = "/planet"
    links = ("", "index.html", "feed.xml", "year/2025.html", f"story/{settled.stories()[0]['id']}.html")
    listed = [Item(title=f"crews {n}", link=f"https://page.example/discussing/{link}", guid=str(n)) for n, link in enumerate(links)]
    elsewhere = Item(title="crews of the same host", link="https://page.example/article", guid="e")
    settled.serves(rss([*listed, elsewhere], title="A planet", home="https://planet.example/"), "/planet")
    seen = settled.seen()
    settled.run()
    assert [title for _, title, _ in settled.seen() if title not in TITLES] == ["crews of the same host"]
    assert len(settled.seen()) == len(seen) + 1
    assert settled.state("planet").remarks == (f"{len(links)} entries our own page echoed back: left out",)


# -- a source that is not what it was

RUSSIAN = "Новости о crews: лучшие предложения этой недели для всех наших читателей и покупателей и о скидках"


def essays(count: int, *, first: int = 0, **changes: object) -> list[Item]:
    made = [
        Item(
            title=f"Essay {n} on a matter of its own",
            link=f"https://blog.example/e{n}",
            guid=f"e{n}",
            text=f"{WORDS[n % 6]}, and this is essay {n}",
            date=BEGAN - timedelta(days=2 * n + 1),
        )
        for n in range(first, first + count)
    ]
    return [replace(one, **changes) for one in made]  # type: ignore[arg-type]  # any field


@pytest.fixture
def blog(days: Days) -> Days:
    """A blog with twelve essays, read for two days."""
    days.serves(rss(essays(12)))
    days.run()
    days.run()
    return days


def decide(days: Days, kind: DecisionKind, subject: str) -> None:
    app: App
    with days.app() as app:
        app.store.decisions.replace([Decision(kind=kind, subject=subject, at=days.today)], days.today)


def taken_over(days: Days) -> list[Item]:
    at = days.today + timedelta(hours=20)
    return [
        Item(title=f"Новости {n}", link=f"https://blog.example/r{n}", guid=f"r{n}", text=f"{RUSSIAN} номер {n}", date=at) for n in range(7)
    ]


def test_a_source_that_changes_is_held_and_said(blog: Days, caplog: pytest.LogCaptureFixture) -> None:
    seen, news = blog.seen(), blog.news()
    blog.serves(rss([*taken_over(blog), *essays(5)]))
    blog.run()
    assert (blog.seen(), blog.news()) == (seen, news)
    reason = "its entries are in Russian now, and were in English"
    assert blog.state().held == reason
    assert f"blog is held: {reason}. What is new there waits: look at it with `aggregator review`." in caplog.text
    assert f"waits until the steward has looked at it: {reason}." in (blog.folder / "output" / "sources.html").read_text(encoding="utf-8")
    with blog.app() as app:
        waiting = [mention for story in app.store.stories() for mention in story.mentions if mention.held]
    assert {mention.entry.native_id for mention in waiting} == {f"r{n}" for n in range(7)}
    assert {mention.held for mention in waiting} == {reason}


def test_what_a_held_source_lists_later_waits_as_well(blog: Days) -> None:
    blog.serves(rss([*taken_over(blog), *essays(5)]))
    blog.run()
    seen = blog.seen()
    later = Item(title="Another essay", link="https://blog.example/later", guid="later", text="crews", date=blog.today)
    edited = replace(essays(1)[0], text=f"{essays(1)[0].text}. And one more sentence about crews.")
    blog.serves(rss([later, *taken_over(blog), edited, *essays(4, first=1)]))
    blog.run()
    assert blog.seen() == seen


def test_a_held_source_that_is_approved_is_shown_and_is_what_it_is_now(blog: Days) -> None:
    blog.serves(rss([*taken_over(blog), *essays(5)]))
    blog.run()
    blog.today += timedelta(hours=1)
    decide(blog, DecisionKind.APPROVE, "source:blog")
    blog.run()
    assert blog.state().held is None
    assert len(blog.stories()) == 12 + 7
    more = [replace(item, guid=f"n{item.guid}", link=f"{item.link}n", title=f"{item.title} снова") for item in taken_over(blog)]
    blog.serves(rss([*more, *taken_over(blog)]))
    blog.run()
    assert blog.state().held is None
    assert len(blog.stories()) == 12 + 7 + 7


def test_a_word_for_the_source_from_before_does_not_let_it_go(blog: Days) -> None:
    decide(blog, DecisionKind.APPROVE, "source:blog")
    seen = blog.seen()
    blog.serves(rss([*taken_over(blog), *essays(5)]))
    blog.run()
    blog.run()
    assert blog.state().held is not None
    assert blog.seen() == seen


def test_another_site_behind_the_domain_is_held(blog: Days) -> None:
    seen = blog.seen()
    at = blog.today + timedelta(hours=12)
    casino = [
        Item(title=f"Win {n}", link=f"https://blog.example/w{n}", guid=f"w{n}", text="crews at the casino", date=at) for n in range(6)
    ]
    blog.serves(rss(casino, title="Best casinos"))
    blog.run()
    assert (blog.state().held or "").startswith("another site seems to answer at its address")
    assert blog.seen() == seen


def test_ten_times_the_rate_is_held(blog: Days) -> None:
    seen = blog.seen()
    flood = essays(40, first=100, date=blog.today + timedelta(hours=12))
    blog.serves(rss([*flood, *essays(12)]))
    blog.run()
    assert (blog.state().held or "").startswith("it listed 40 new entries in 2 days, ")
    assert blog.seen() == seen


def test_a_house_that_moves_is_not_held(blog: Days) -> None:
    moved = [replace(item, link=str(item.link).replace("blog.example", "new.example"), guid=f"n{item.guid}") for item in essays(12)]
    assert_nothing_happened(blog, moved, home="https://new.example/")
    fresh = [replace(item, link=str(item.link).replace("blog.example", "new.example")) for item in essays(6, first=200, date=blog.today)]
    blog.serves(rss([*fresh, *moved[:6]], home="https://new.example/", title="A blog, renamed"))
    blog.run()
    assert blog.state().held is None
    assert len(blog.stories()) == 18


# -- other words are looked for


def test_a_feed_that_has_not_changed_is_read_again_for_new_words(days: Days) -> None:
    body = rss(
        [*items(), Item(title="Old bread", link="https://blog.example/b", guid="b", text="sourdough", date=BEGAN - timedelta(days=90))]
    )

    def answered(asked: Asked) -> Script:
        fresh = asked.headers.get("if-none-match") != '"1"'
        return Script(body=body, headers={"ETag": '"1"'}) if fresh else Script(status=304, headers={"ETag": '"1"'})

    days.server.answer("/feed", answered)
    days.run()
    days.run()
    assert "Old bread" not in days.titles()
    news = days.news()
    days.any_of = "crews, sourdough"
    days.run()
    assert "Old bread" in days.titles()
    assert days.news() == news
    days.run()
    assert days.server.last("/feed").headers.get("if-none-match") == '"1"'
