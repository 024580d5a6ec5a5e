"""A source that is not what it was is found out; one that only has a busy week, a guest or a new address is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Author, Decision, DecisionKind, Entry, Kind, Page, SourceState
from aggregator.pipeline.nature import accepted, homes, observe, released

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
ENGLISH = "This is what we have learned about the crews that meet every week, and what they can do for one another when it is hard."
RUSSIAN = "Лучшие предложения этой недели для всех наших читателей и покупателей, а также новости о скидках и подарках."
GERMAN = "Das ist, was wir über die Gruppen gelernt haben, die sich jede Woche treffen, und was sie für einander sind."


def entry(number: int, *, on: datetime | None = None, **changes: object) -> Entry:
    made = Entry(
        native_id=f"id {number}",
        url=f"https://blog.example/{number}",
        kind=Kind.ARTICLE,
        title=f"Essay number {number}",
        text=ENGLISH,
        site="A blog",
        published=on or BEGAN - timedelta(days=2 * number),
        author=Author(name="Ada"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field


def page(entries: Sequence[Entry]) -> Page:
    return Page(entries=tuple(entries), cursor="")


BLOG = tuple(entry(number) for number in range(12))


def seen(*documents: Sequence[Entry], apart: timedelta = timedelta(days=1)) -> tuple[str, list[str]]:
    """The nature after these documents, one a day, and the reasons that were given."""
    nature, at, reasons = "", BEGAN, []
    for document in documents:
        nature, reason = observe(nature, page(document), at)
        reasons += [reason] if reason else []
        at += apart
    return nature, reasons


def new(count: int, *, first: int = 100, on: datetime = BEGAN + timedelta(hours=20), **changes: object) -> list[Entry]:
    return [entry(first + number, on=on, **changes) for number in range(count)]


# -- what is found out


def test_another_language_is() -> None:
    _, reasons = seen(BLOG, [*new(6, text=RUSSIAN, title="Предложение недели"), *BLOG[:6]])
    assert reasons == ["its entries are in Russian now, and were in English"]


def test_a_language_that_only_the_words_show_is() -> None:
    _, reasons = seen([replace(one, language="en") for one in BLOG], new(6, text=GERMAN, language="en"))
    assert reasons == ["its entries are in German now, and were in English"]


def test_addresses_elsewhere_are() -> None:
    casino = [replace(one, url=f"https://casino.example/{n}") for n, one in enumerate(new(6))]
    assert seen(BLOG, [*casino, *BLOG[:6]])[1] == ["its entries lead to casino.example now, and led to blog.example"]


def test_links_to_one_site_from_nearly_everything_new_are() -> None:
    spam = [replace(one, html=f"<p>{ENGLISH} <a href='https://casino.example/{n}'>more</a></p>") for n, one in enumerate(new(6))]
    assert seen(BLOG, [*spam, *BLOG[:6]])[1] == ["nearly all of its new entries link to casino.example"]


def test_ten_times_its_rate_is() -> None:
    assert seen(BLOG, [*new(30), *BLOG])[1] == ["it listed 30 new entries in a day, 55 times as many as it used to"]


def test_another_site_behind_the_domain_is() -> None:
    assert seen(BLOG, new(6, site="Best casinos"))[1] == [
        "another site seems to answer at its address: it called itself 'A blog', and now calls itself 'Best casinos'"
    ]


def test_a_trickle_is_after_a_few() -> None:
    documents = [[*(entry(100 + n, text=RUSSIAN, on=BEGAN + timedelta(days=n)) for n in range(count)), *BLOG[:8]] for count in range(1, 9)]
    assert seen(BLOG, *documents)[1] == ["its entries are in Russian now, and were in English"]


# -- what is not


def test_a_young_source_is_not_judged() -> None:
    assert seen(BLOG[:8], new(20, text=RUSSIAN, site="Other"))[1] == []


def test_a_guest_in_another_language_is_welcome() -> None:
    assert seen(BLOG, [*new(3, text=GERMAN), *BLOG[:9]])[1] == []


def test_a_source_in_two_languages_stays_in_two() -> None:
    both = [replace(one, text=GERMAN) if number % 3 == 0 else one for number, one in enumerate(BLOG)]
    assert seen(both, [*new(6, text=GERMAN), *both[:6]])[1] == []


def test_a_house_that_moves_with_its_entries_is_the_same() -> None:
    moved = [replace(one, url=one.url.replace("blog.example", "new.example"), native_id=f"new {one.native_id}") for one in BLOG]
    nature, reasons = seen(BLOG, moved, [*new(6, url="https://new.example/x"), *moved[:6]])
    assert reasons == []
    assert homes(nature) == ("new.example",)


def test_a_blog_that_is_renamed_is_the_same() -> None:
    renamed = [replace(one, site="Another name") for one in BLOG]
    assert seen(BLOG, [*new(3, site="Another name"), *renamed[:9]], [*new(6, first=200, site="Another name"), *renamed[:3]])[1] == []


def test_a_document_of_nothing_but_new_entries_under_the_old_name_is_the_same() -> None:
    assert seen(BLOG, new(10, on=BEGAN - timedelta(days=5)))[1] == []


def test_an_archive_that_is_listed_late_is_no_flood() -> None:
    old = [entry(500 + number, on=BEGAN - timedelta(days=400 + number)) for number in range(300)]
    assert seen(BLOG, [*BLOG, *old])[1] == []


@pytest.mark.parametrize("count", [5, 14])
def test_a_busy_day_is_no_flood(count: int) -> None:
    assert seen(BLOG, [*new(count), *BLOG])[1] == []


def test_a_source_that_has_busy_days_may_have_a_busier_one() -> None:
    gathering = [entry(50 + number, on=BEGAN - timedelta(days=40)) for number in range(10)]
    assert seen([*BLOG, *gathering], [*new(20), *BLOG])[1] == []


def test_a_column_under_another_name_beside_the_old_entries_is_no_change() -> None:
    assert seen(BLOG, [*new(6, site="A column"), *BLOG[:6]])[1] == []


def test_what_gathered_while_we_were_away_is_no_flood() -> None:
    gathered = [entry(600 + number, on=BEGAN + timedelta(days=number)) for number in range(30)]
    assert seen(BLOG, [*gathered, *BLOG], apart=timedelta(days=30))[1] == []


def test_old_entries_dated_anew_under_new_ids_are_no_flood() -> None:
    many = [entry(number) for number in range(40)]
    anew = [replace(one, native_id=f"new {one.native_id}", published=BEGAN + timedelta(hours=20)) for one in many]
    assert seen(many, anew)[1] == []


def test_a_footer_on_old_and_new_entries_is_no_change() -> None:
    footer = f"<p>{ENGLISH}</p><a href='https://sponsor.example/'>sponsor</a>"
    assert seen(BLOG, [*new(6, html=footer), *(replace(one, html=footer) for one in BLOG[:6])])[1] == []


def test_a_new_place_to_follow_is_no_change() -> None:
    assert seen(BLOG, [*new(6, html=f"<p>{ENGLISH}</p><a href='https://ablog.substack.com/'>follow</a>"), *BLOG[:6]])[1] == []


def test_places_where_many_speak_change_by_nature() -> None:
    crowd = [
        replace(one, author=Author(handle=f"h{number}"), url=f"https://site{number}.example/", site=None) for number, one in enumerate(BLOG)
    ]
    russian = [replace(one, author=Author(handle=f"r{n}"), url=f"https://ru{n}.example/") for n, one in enumerate(new(30, text=RUSSIAN))]
    assert seen(crowd, [*russian, *crowd])[1] == []


def test_posts_are_not_looked_at() -> None:
    posts = [replace(one, kind=Kind.POST) for one in (*BLOG, *new(30, text=RUSSIAN))]
    assert seen(posts[:12], posts[12:]) == ("", [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), max_size=30, unique=True), max_size=8))
def test_whatever_a_blog_lists_of_its_own_gives_no_alarm(documents: list[list[int]]) -> None:
    """Any part of one blog's essays, in any order, listed and dropped at any time."""
    assert seen(*([entry(number) for number in document] for document in documents))[1] == []


def test_a_page_without_entries_teaches_nothing() -> None:
    nature, _ = seen(BLOG)
    assert observe(nature, page(()), BEGAN) == (nature, None)


# -- after it was found out


def held() -> tuple[str, datetime]:
    nature, at = seen(BLOG)[0], BEGAN + timedelta(days=1)
    nature, reason = observe(nature, page(new(6, text=RUSSIAN)), at)
    assert reason
    return nature, at


def test_a_held_source_is_said_once() -> None:
    nature, at = held()
    assert observe(nature, page(new(12, text=RUSSIAN)), at + timedelta(days=1))[1] is None


def test_what_is_approved_is_what_it_is_like() -> None:
    nature, at = held()
    nature, _ = observe(nature, page(new(12, text=RUSSIAN)), at + timedelta(days=1))
    nature = accepted(nature)
    later = new(8, first=300, text=RUSSIAN, on=at)
    nature, reason = observe(nature, page([*later, *new(12, text=RUSSIAN)]), at + timedelta(days=2))
    assert reason is None
    assert observe(nature, page(new(8, first=400)), at + timedelta(days=3))[1] == "its entries are in English now, and were in Russian"


@pytest.mark.parametrize(
    ("kind", "subject", "after", "free"),
    [
        (DecisionKind.APPROVE, "source:blog", timedelta(hours=1), True),
        (DecisionKind.APPROVE, "source:blog", timedelta(hours=-1), False),
        (DecisionKind.APPROVE, "source:other", timedelta(hours=1), False),
        (DecisionKind.BLOCK, "source:blog", timedelta(hours=1), False),
        (DecisionKind.APPROVE, "https://blog.example/100", timedelta(hours=1), False),
    ],
)
def test_only_a_later_word_for_the_source_lets_it_go(kind: DecisionKind, subject: str, after: timedelta, free: bool) -> None:
    nature, at = held()
    state = SourceState(source="blog", held="changed", nature=nature)
    now = released(state, [Decision(kind=kind, subject=subject, at=at + after)])
    assert (now.held is None) is free
    assert (now.nature == accepted(nature)) is free


def test_a_nature_is_small() -> None:
    many = [entry(number, html=" ".join(f"<a href='https://s{number}x{n}.example/'>x</a>" for n in range(30))) for number in range(500)]
    nature, _ = seen(many, many[::-1], many[100:300])
    assert len(nature) < 20_000
    assert len(json.loads(nature)["usual"]) == 40
