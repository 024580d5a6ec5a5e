"""An entry that was here before is known again, and another one is not taken for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Entry, Field, Kind, Match, Mention
from aggregator.pipeline.identify import identify
from aggregator.pipeline.returning import settled
from aggregator.text.marks import marked

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOST = "blog.example"
FIRST = "crews are small groups of people who meet every week and help one another to grow and to rest"
SECOND = "a winter gathering far from the city, with snow, soup and long silences between old friends who came by train"


def mention(id: str, *, url: str | None = None, title: str = "Crews", text: str = FIRST, day: int = 1, **changes: Any) -> Mention:
    made: dict[str, Any] = {
        "native_id": id, "url": url or f"https://{HOST}/{id}", "kind": Kind.ARTICLE, "title": title, "text": text,
        "published": NOW - timedelta(days=day),
    }  # fmt: skip
    entry = Entry(**{**made, **changes})
    match = Match(topic="crews", field=Field.TITLE, rule="crews", excerpt="crews")
    return Mention(source="s", entry=entry, matches=(match,), identity=identify(entry, links=()), first_seen_at=NOW)


def found(mentions: Sequence[Mention], known: Sequence[Mention]) -> tuple[Mention, ...]:
    listed = {one.entry.native_id for one in mentions}
    return settled(mentions, known, listed=listed, hosts=(HOST,))


def ids(mentions: Sequence[Mention]) -> list[str]:
    return [one.entry.native_id for one in mentions]


def test_what_is_known_stays_as_it_comes() -> None:
    known = (mention("a"), mention("b", title="Other", text=SECOND))
    assert found(known, known) == known


def test_a_new_id_at_the_same_address_is_the_old_entry() -> None:
    (one,) = found([mention("new", url=f"https://{HOST}/a")], [mention("a")])
    assert one.entry.native_id == "a"
    assert one.identity.aliases == ()


def test_a_new_id_at_a_new_address_is_the_old_entry_and_keeps_the_old_address() -> None:
    (one,) = found([mention("new", url="https://new.example/a")], [mention("a")])
    assert (one.entry.native_id, one.identity.subject) == ("a", "https://new.example/a")
    assert one.identity.aliases == (f"https://{HOST}/a",)


def test_addresses_are_kept_over_several_moves() -> None:
    before = mention("a")
    for host in ("two.example", "three.example"):
        (before,) = found([mention("a", url=f"https://{host}/a")], [before])
    assert before.identity.aliases == (f"https://{HOST}/a", "https://two.example/a")
    assert found([mention("a", url="https://three.example/a")], [before]) == (before,)


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Weekly notes", "text": SECOND, "day": 8},
        {"title": "Another title", "day": 1, "text": SECOND},
        {"title": "Weekly notes", "text": "", "day": 8},
    ],
)
def test_another_entry_under_a_new_id_is_another(other: dict[str, Any]) -> None:
    assert ids(found([mention("new", **other)], [mention("a", title="Weekly notes")])) == ["new"]


def test_an_entry_that_is_still_listed_is_nobody_elses() -> None:
    twin = [mention("a"), mention("new", url="https://new.example/a")]
    assert ids(found(twin, [mention("a")])) == ["a", "new"]


def test_where_it_cannot_be_said_which_it_is_both_are_new() -> None:
    twins = [mention("x", url="https://new.example/x"), mention("y", url="https://new.example/y")]
    assert ids(found(twins, [mention("a")])) == ["x", "y"]
    assert ids(found(twins[:1], [mention("a"), mention("b")])) == ["x"]


def test_posts_are_known_by_their_ids_alone() -> None:
    assert ids(found([mention("new", kind=Kind.POST)], [mention("a", kind=Kind.POST)])) == ["new"]


def test_an_id_that_now_names_another_thing_is_not_its_id() -> None:
    (one,) = found([mention("a", url=f"https://{HOST}/second", title="Winter", text=SECOND)], [mention("a")])
    assert one.entry.native_id == f"https://{HOST}/second"
    assert one.identity.aliases == ()


def test_an_id_and_address_that_now_name_another_thing_are_marked() -> None:
    home = f"https://{HOST}/"
    before = mention("a", url=marked(home, "a"))
    (one,) = found([mention("a", url=marked(home, "a"), title="Winter", text=SECOND)], [before])
    assert one.entry.native_id != "a"
    assert one.identity.subject not in (before.identity.subject, home)
    assert one.identity.href == home


def test_an_edited_title_and_address_are_an_edit_where_the_text_stays() -> None:
    (one,) = found([mention("a", url=f"https://{HOST}/crews-revised", title="Crews, revised")], [mention("a")])
    assert (one.entry.native_id, one.identity.aliases) == ("a", (f"https://{HOST}/a",))


def test_an_address_that_another_entry_of_the_site_has_is_marked() -> None:
    (one,) = found([mention("b", url=f"https://{HOST}/a", title="Winter", text=SECOND)], [mention("a")])
    assert one.entry.native_id == "b"
    assert one.identity.subject != f"https://{HOST}/a"
    assert one.identity.href == f"https://{HOST}/a"


def test_a_foreign_page_may_be_found_twice() -> None:
    page = "https://other.example/essay"
    (one,) = found([mention("b", url=page, title="Winter", text=SECOND)], [mention("a", url=page)])
    assert one.identity.subject == page


def test_an_entry_whose_address_was_good_before_others_came_to_share_it_keeps_it() -> None:
    page = f"https://{HOST}/all"
    before = mention("a", url=page)
    (one,) = found([mention("a", url=marked(page, "a"))], [before])
    assert one.identity.subject == page


def test_an_address_that_many_had_is_kept_by_none() -> None:
    home = f"https://{HOST}/"
    known = [mention("a", url=home), mention("b", url=home, title="Winter", text=SECOND)]
    now = [mention("a", url=marked(home, "a")), mention("b", url=marked(home, "b"), title="Winter", text=SECOND)]
    first, second = found(now, known)
    assert first.identity.aliases == second.identity.aliases == ()
    assert first.identity.subject != second.identity.subject


@settings(deadline=None)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_whatever_part_moves_in_whatever_order_each_is_known_again(order: list[int], moved: set[int]) -> None:
    titles = ("Crews", "Winter", "Money", "Trust", "Calls", "Letters")
    known = [
        mention(f"k{n}", title=title, text=f"{title} " + " ".join(f"{title}{word}" for word in range(20))) for n, title in enumerate(titles)
    ]
    now = [
        replace(known[n], entry=replace(known[n].entry, native_id=f"new{n}", url=f"https://new.example/{n}")) if n in moved else known[n]
        for n in order
    ]
    now = [replace(one, identity=identify(one.entry, links=())) for one in now]
    assert ids(found(now, known)) == [f"k{n}" for n in order]
