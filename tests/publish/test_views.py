from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Story
from aggregator.publish.views import PageView, Shown, Updated, arrange, page_view
from tests.support.site import failed_since, site_of, some_sources, some_stories, source_view
from tests.support.stories import NOON, chosen_by_hand, found, mentioned, posted

UPDATED = Updated(iso="2026-11-21T12:00:05Z", day="21 November 2026")


def arranged(*stories: Story, **site: object) -> Shown:
    return arrange(stories, site=site_of(**site), sources=some_sources())


def page(shown: Shown, **site: object) -> PageView:
    return page_view(shown, site=site_of(**site), sources=some_sources(), updated=UPDATED)


def on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 9, 30, tzinfo=UTC)


def dated(*days: datetime) -> list[Story]:
    return [found(f"https://blog.example.org/{day:%Y-%m-%d}", title=f"{day:%Y-%m-%d}", published=day) for day in days]


def test_found_stories_come_newest_first_under_their_month() -> None:
    shown = arranged(*dated(on(2026, 10, 30), on(2026, 11, 2), on(2026, 11, 20)))
    assert [(month.title, [view.title for view in month.stories]) for month in page(shown).months] == [
        ("November 2026", ["2026-11-20", "2026-11-02"]),
        ("October 2026", ["2026-10-30"]),
    ]


def test_months_are_those_of_the_sites_own_zone() -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert page(arranged(*dated(late), timezone="Europe/Brussels")).months[0].title == "November 2026"


def test_chosen_links_keep_their_own_order_and_are_not_shown_twice() -> None:
    talked = mentioned(posted("Listen"), about="https://b.example/", source="masto")
    shown = arranged(
        chosen_by_hand("Imported", "https://c.example/", position=0, origin="discussing.md"),
        chosen_by_hand("Second", "https://b.example/", position=1, mentions=[talked]),
        chosen_by_hand("First", "https://a.example/", position=0),
    )
    assert [view.title for view in shown.chosen] == ["First", "Second", "Imported"]
    assert shown.found == ()


def test_the_first_page_holds_the_newest_and_years_the_rest() -> None:
    days = (on(2026, 11, 2), on(2026, 5, 2), on(2025, 5, 2), on(2025, 1, 2), on(2021, 6, 2))
    view = page(arranged(*dated(*days)), stories=2)
    assert [story.title for month in view.months for story in month.stories] == ["2026-11-02", "2026-05-02"]
    assert [(year.path, [story.title for month in year.months for story in month.stories]) for year in view.years] == [
        ("year/2025.html", ["2025-05-02", "2025-01-02"]),
        ("year/2021.html", ["2021-06-02"]),
    ]


def test_a_story_whose_mentions_may_not_be_shown_is_not_shown() -> None:
    assert arranged(replace(found(), mentions=())).all == ()


def test_news_is_at_most_fifty_by_when_it_was_first_seen() -> None:
    minutes = [found(f"https://blog.example.org/{n}", title=str(n), at=NOON.replace(minute=n)) for n in range(60)]
    assert [view.title for view in arranged(*minutes, per_person=100, per_site=100).news] == [str(n) for n in range(59, 9, -1)]


def test_only_what_failed_is_said_to_have_failed() -> None:
    assert [source.label for source in page(arranged()).failing] == [failed_since().label]
    assert not source_view().failing


@settings(max_examples=25, deadline=None)
@given(st.permutations(some_stories()))
def test_the_order_of_arrival_is_not_seen(stories: list[Story]) -> None:
    assert arranged(*stories) == arranged(*some_stories())


def test_sources_that_fail_for_one_reason_share_a_line() -> None:
    since = failed_since().failing_since
    reasons = {"one": "no such host 'one.example'.", "two": "no such host 'two.example'.", "three": "it answered 500."}
    sources = [source_view(name, label=name, failing_since=since, reason=reason) for name, reason in reasons.items()]
    view = page_view(arranged(), site=site_of(), sources=sources, updated=Updated(iso="", day=""))
    assert [(one.labels, one.reason) for one in view.failures] == [(("one", "two"), "no such host."), (("three",), "it answered 500.")]


def test_a_reason_keeps_every_word_but_the_name_of_a_host() -> None:
    since = failed_since().failing_since
    reasons = ["host 'one.example' could not be looked up.", "reading a timeline: expected a list, got 'dict'."]
    sources = [source_view(reason, failing_since=since, reason=reason) for reason in reasons]
    view = page_view(arranged(), site=site_of(), sources=sources, updated=Updated(iso="", day=""))
    assert [one.reason for one in view.failures] == ["its host could not be looked up.", reasons[1]]
