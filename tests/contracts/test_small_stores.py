"""What the stores of decisions, passed entries, takedowns and checks promise, run over each implementation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from aggregator.model import (
    Author,
    Decision,
    DecisionKind,
    Enclosure,
    Entry,
    Kind,
    Link,
    Logged,
    Preview,
    Restriction,
    Visibility,
)
from aggregator.store import Changed, Erased, Landed, TakenDown, engine
from aggregator.store.engine import open_store
from aggregator.store.passed import entry_from_text, entry_to_text
from aggregator.store.sql import SqlStore
from tests.support.databases import DATABASES, database
from tests.support.mentions import NOW, chosen, landing, mention

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A, B, C = "https://blog.example.org/a", "https://blog.example.org/b", "https://blog.example.org/c"


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(database(request.param, tmp_path / "state" / "aggregator.db"))
    yield opened
    opened.close()


def hide(subject: str = A, **rest: object) -> Decision:
    return replace(Decision(kind=DecisionKind.HIDE, subject=subject), **rest)  # type: ignore[arg-type]  # fields of Decision


def entry(native_id: str = "1", **rest: object) -> Entry:
    made = Entry(native_id=native_id, url=f"https://blog.example.org/{native_id}", kind=Kind.ARTICLE, title=f"Essay {native_id}")
    return replace(made, **rest)  # type: ignore[arg-type]  # fields of Entry


# -- decisions


def test_decisions_stand_in_the_order_in_which_they_were_given(store: SqlStore) -> None:
    full = Decision(
        kind=DecisionKind.MERGE, subject=A, others=(B, C), value="v", reason="the same talk", by="ada", at=NOW - DAY, until=NOW + DAY
    )
    store.decisions.replace([hide(B), full], NOW)
    assert store.decisions.standing() == (hide(B, at=NOW), full)


def test_a_decision_keeps_the_time_at_which_it_was_first_made(store: SqlStore) -> None:
    store.decisions.replace([hide()], NOW)
    assert store.decisions.replace([hide(B), hide()], NOW + DAY) == Changed(made=(hide(B, at=NOW + DAY),))
    assert store.decisions.standing() == (hide(B, at=NOW + DAY), hide(at=NOW))


def test_a_decision_dated_otherwise_is_the_same_decision(store: SqlStore) -> None:
    store.decisions.replace([hide()], NOW)
    assert store.decisions.replace([hide(at=NOW - DAY)], NOW + HOUR) == Changed()
    assert store.decisions.standing() == (hide(at=NOW - DAY),)


def test_the_same_decision_twice_is_taken_back_once(store: SqlStore) -> None:
    store.decisions.replace([hide(at=NOW), hide(at=NOW + HOUR)], NOW)
    assert store.decisions.replace([hide(at=NOW)], NOW + DAY) == Changed(taken_back=(hide(at=NOW + HOUR),))


def test_the_log_says_what_was_made_and_what_was_taken_back_newest_first(store: SqlStore) -> None:
    store.decisions.replace([hide(), hide(B)], NOW)
    store.decisions.replace([hide(B)], NOW + HOUR)
    store.decisions.replace([hide(B)], NOW + DAY)
    made = [Logged(at=NOW, made=True, decision=hide(one, at=NOW)) for one in (B, A)]
    assert store.decisions.log() == (Logged(at=NOW + HOUR, made=False, decision=hide(at=NOW)), *made)
    assert store.decisions.log(1) == store.decisions.log()[:1]


def test_a_list_that_changes_something_shown_moves_the_revision_and_no_other_does(store: SqlStore) -> None:
    store.decisions.replace([hide()], NOW)
    before = store.revision()
    store.decisions.replace([hide()], NOW + HOUR)
    assert store.revision() == before
    store.decisions.replace([hide(), hide(B)], NOW + HOUR)
    assert store.revision() > before
    later = store.revision()
    store.decisions.replace([hide(B), hide()], NOW + HOUR)
    assert store.revision() > later


def test_text_that_no_database_takes_is_stored_all_the_same(store: SqlStore) -> None:
    store.decisions.replace([hide(reason="a\0b\ud800")], NOW)
    assert store.decisions.replace([hide(reason="a\0b\ud800")], NOW + DAY) == Changed()
    assert store.decisions.standing() == (hide(reason="a\ufffdb\ufffd", at=NOW),)


_decisions = some.lists(
    some.builds(
        Decision,
        kind=some.sampled_from([DecisionKind.HIDE, DecisionKind.PIN, DecisionKind.SPLIT, DecisionKind.MERGE]),
        subject=some.sampled_from([A, B]),
        others=some.just((C,)),
        at=some.none() | some.sampled_from([NOW, NOW + HOUR]),
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=some.lists(_decisions, max_size=4))
def test_the_log_played_back_gives_the_decisions_that_stand(lists: list[list[Decision]]) -> None:
    store = open_store(":memory:")
    for number, one in enumerate(lists):
        store.decisions.replace(one, NOW + number * DAY)
        standing = store.decisions.standing()
        assert [replace(had, at=None) for had in standing] == [replace(wanted, at=None) for wanted in one]
        assert all(had.at == wanted.at for had, wanted in zip(standing, one, strict=True) if wanted.at)
    played: list[Decision] = []
    for line in reversed(store.decisions.log(1000)):
        bare = replace(line.decision, at=None)
        played.append(bare) if line.made else played.remove(bare)
    assert sorted(map(str, played)) == sorted(str(replace(one, at=None)) for one in store.decisions.standing())
    store.close()


# -- passed


FULL = Entry(
    native_id="f\0ull",
    url="https://blog.example.org/full",
    kind=Kind.EPISODE,
    title="A title",
    text="",
    html="<p>markup</p>",
    author=Author(name="Ada", url="https://ada.example.org/", handle="ada@social.example"),
    published=datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    updated=datetime(2025, 1, 3, tzinfo=UTC),
    language="de",
    tags=("one", "two"),
    links=(A, B),
    alternatives=("a picture",),
    previews=(Preview(url=A, title="t", description="d", author="a", site="s"),),
    enclosures=(Enclosure(url=B, media_type="audio/mpeg", length_bytes=5, duration=timedelta(seconds=9.5)),),
    in_reply_to=C,
    aliases=(C,),
    site="A show",
    visibility=Visibility.UNLISTED,
    restrictions=(Restriction.NOINDEX,),
)


@pytest.mark.parametrize("kept", [FULL, entry(), entry(author=Author()), entry(author=Author(handle="ada")), entry(text="\ud800")])
def test_a_passed_entry_comes_back_as_it_was(kept: Entry) -> None:
    assert entry_from_text(entry_to_text(kept)) == kept


def passed(store: SqlStore, since: datetime = NOW - 365 * DAY) -> list[tuple[str, str]]:
    return [(source, one.native_id) for source, one in store.passed.since(since)]


def test_entries_that_concern_no_topic_are_given_by_source_and_id(store: SqlStore) -> None:
    ids = [f"{number:03}" for number in range(450)]
    store.land(landing(source="feed-b", passed=(entry("Z"), entry("a"))))
    store.land(landing(source="feed-a", passed=tuple(entry(one) for one in reversed(ids))))
    assert passed(store) == [*(("feed-a", one) for one in ids), ("feed-b", "Z"), ("feed-b", "a")]
    assert list(store.passed.since(NOW + HOUR)) == []


def test_a_passed_entry_that_becomes_a_mention_is_passed_no_more(store: SqlStore) -> None:
    store.land(landing(passed=(entry("1"),)))
    store.land(landing(mention("1")))
    assert passed(store) == []


def test_a_mention_that_is_passed_over_is_a_mention_no_more(store: SqlStore) -> None:
    store.land(landing(mention("1")))
    assert store.land(landing(passed=(entry("1"),))).withdrawn == 1
    assert (passed(store), store.stories()) == ([("feed-a", "1")], ())


def test_a_passed_entry_that_may_not_be_kept_any_more_is_let_go(store: SqlStore) -> None:
    store.land(landing(passed=(entry("1"), entry("2"))))
    store.land(landing(unmatched=("1",)))
    assert passed(store) == [("feed-a", "2")]


def test_a_passed_entry_is_kept_in_its_newest_form(store: SqlStore) -> None:
    store.land(landing(passed=(entry("1"),)))
    store.land(landing(passed=(entry("1", title="Edited"),), at=NOW + HOUR))
    assert [one.title for _source, one in store.passed.since(NOW + HOUR)] == ["Edited"]


def test_what_is_listed_still_is_not_forgotten(store: SqlStore) -> None:
    store.land(landing(passed=(entry("1"), entry("2"))))
    store.land(landing(passed=(entry("1"),), at=NOW + HOUR))
    store.land(landing(passed=(entry("1"),), at=NOW + 8 * DAY))
    assert store.passed.forget(NOW + 8 * DAY) == 1
    assert passed(store) == [("feed-a", "1")]


def test_passed_entries_change_nothing_that_is_shown(store: SqlStore) -> None:
    before = store.revision()
    store.land(landing(passed=(entry("1"),)))
    assert store.revision() == before


# -- takedowns


def test_the_salt_is_made_once(store: SqlStore, tmp_path: Path) -> None:
    assert len(store.takedowns.salt()) >= 32
    assert store.takedowns.salt() == store.takedowns.salt()
    other = open_store(":memory:")
    assert other.takedowns.salt() != store.takedowns.salt()
    other.close()


def erase(store: SqlStore, *names: tuple[str, str], keys: tuple[str, ...] = (), unnamed: tuple[str, ...] = ()) -> Erased:
    return store.takedowns.erase(names, keys=keys, hashes={"h1": "url"}, reason="asked for", at=NOW + DAY, unnamed=unnamed)


def test_what_is_taken_down_is_known_by_its_hash_and_by_nothing_else(store: SqlStore) -> None:
    erase(store)
    store.takedowns.erase((), keys=(), hashes={"h1": "url", "h2": "author", "h3": "author"}, reason="once more", at=NOW + 2 * DAY)
    assert store.takedowns.hashes() == {"h1", "h2", "h3"}
    assert store.takedowns.history() == (
        TakenDown(at=NOW + 2 * DAY, scope="author", reason="once more"),
        TakenDown(at=NOW + DAY, scope="url", reason="asked for"),
    )


def test_erasing_removes_rows_of_every_kind(store: SqlStore) -> None:
    store.land(landing(mention("a"), mention("s", subject=A, kind=Kind.POST), mention("b"), passed=(entry("p"), entry("q"))))
    store.choose([chosen(A, C), chosen(B, position=1)], "sources.yaml", NOW)
    store.decisions.replace([hide(A), hide(B, reason="see blog.example.org/a"), hide(C), hide(B)], NOW)
    store.move({"https://blog.example.org/old": A + "?utm_source=x"}, NOW)
    gone = store.story_of(A)
    erased = erase(store, ("feed-a", "a"), ("feed-a", "s"), ("feed-a", "p"), keys=(A,))
    assert erased == Erased(mentions=2, links=1, passed=1, chosen=1, decisions=2, stories=(gone,) if gone else ())
    assert [story.lead for story in store.stories()] == [B]
    assert passed(store) == [("feed-a", "q")]
    assert [one.links[0].key for one in store.chosen()] == [B]
    assert [one.subject for one in store.decisions.standing()] == [C, B]
    assert {line.decision.subject for line in store.decisions.log()} == {C, B}
    assert (store.link(A), store.story_of(A), store.moved()) == (None, None, {})
    assert store.takedowns.tombstones() == {gone: NOW + DAY}


def test_withdrawn_mentions_are_found_and_erased(store: SqlStore) -> None:
    store.land(landing(mention("a"), mention("b")))
    store.land(landing(unmatched=("a",)))
    assert [one.entry.native_id for one in store.takedowns.everything()] == ["a", "b"]
    assert erase(store, ("feed-a", "a"), keys=(A,)).mentions == 1
    assert [one.entry.native_id for one in store.takedowns.everything()] == ["b"]


def test_a_story_that_loses_one_voice_stays(store: SqlStore) -> None:
    store.land(landing(mention("a"), mention("s", subject=A, kind=Kind.POST)))
    assert erase(store, ("feed-a", "s"), keys=("https://blog.example.org/s",)).stories == ()
    assert [[one.entry.native_id for one in story.mentions] for story in store.stories()] == [["a"]]
    assert store.takedowns.tombstones() == {}


def test_a_name_taken_off_a_link_leaves_the_link(store: SqlStore) -> None:
    store.land(landing(mention("a"), mention("s", subject=B, kind=Kind.POST)))
    store.enrich(Link(key=B, href=B, title="A page", author="Ada", enriched_at=NOW))
    erase(store, unnamed=(B, A))
    assert store.link(B) == Link(key=B, href=B, title="A page", enriched_at=NOW)


def test_a_mention_that_stays_is_rewritten_and_known_when_it_comes_again(store: SqlStore) -> None:
    said = mention("a", text="see https://gone.example/", links=("https://gone.example/",), tags=("one",))
    store.land(landing(said))
    left = replace(said, entry=replace(said.entry, text="see ", links=(), author=None))
    erased = store.takedowns.erase((), keys=(), hashes={}, reason="asked for", at=NOW + DAY, rewritten=[left])
    assert erased == Erased(rewritten=1)
    assert [one.entry for one in store.takedowns.everything()] == [left.entry]
    assert store.land(landing(left)) == Landed(known=1)


def test_an_erasure_moves_the_revision(store: SqlStore) -> None:
    before = store.revision()
    erase(store)
    assert store.revision() > before


def test_every_link_is_given_by_key(store: SqlStore) -> None:
    store.land(landing(mention("b"), mention("a")))
    assert [link.key for link in store.takedowns.links()] == [A, B]


def test_no_byte_of_what_was_erased_is_left_in_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As SQLite is built by default; some distributions write over what is deleted.
    monkeypatch.setattr(engine, "_PRAGMAS", (*engine._PRAGMAS, "PRAGMA secure_delete = OFF"))
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    secret = "an unmistakable sentence " * 300
    # An edit leaves what was said before in pages that are free.
    store.land(landing(mention("a", text=secret * 50), mention("b", text="something else"), passed=(entry("p", text=secret),)))
    store.land(landing(mention("a", text="edited")))
    copy = tmp_path / "aggregator.db.version-1"
    copy.write_bytes(path.read_bytes() + secret.encode())
    erase(store, ("feed-a", "a"), ("feed-a", "p"), keys=(A,))
    assert store.takedowns.wipe()
    left = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert [name for name, content in left.items() if b"unmistakable" in content or A.encode() in content] == []
    assert copy.name not in left
    assert any(b"something else" in content for content in left.values())
    store.close()


def test_what_could_not_be_wiped_is_wiped_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ("PRAGMA busy_timeout = 50", "PRAGMA foreign_keys = ON"))
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    store.land(landing(mention("a", text="an unmistakable sentence")))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mention").fetchone()
        erase(store, ("feed-a", "a"), keys=(A,))
        assert not store.takedowns.wipe()
    assert store.takedowns.wipe()
    assert b"unmistakable" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    store.close()


# -- checks


def due(store: SqlStore, before: datetime, limit: int = 100) -> list[str]:
    return [one.entry.native_id for one in store.checks.due(before, limit)]


def test_shown_mentions_are_due_by_when_they_were_last_looked_at(store: SqlStore) -> None:
    store.land(
        landing(
            mention("late", at=NOW + HOUR), mention("early", at=NOW - HOUR), mention("b"), mention("gone"), mention("new", at=NOW + DAY)
        )
    )
    store.land(landing(unmatched=("gone",)))
    assert due(store, NOW + DAY) == ["early", "b", "late"]
    assert due(store, NOW + DAY, limit=2) == ["early", "b"]
    assert store.checks.waiting(NOW + DAY) == 3
    store.checks.checked([("feed-a", "early")], NOW + 2 * HOUR)
    assert due(store, NOW + DAY) == ["b", "late", "early"]
    assert due(store, NOW + 2 * HOUR) == ["b", "late"]


def test_a_mention_to_check_knows_its_story(store: SqlStore) -> None:
    store.land(landing(mention("a", text="a text", tags=("one",))))
    assert store.checks.due(NOW + DAY, 1) == store.stories()[0].mentions


def test_checking_changes_nothing_that_is_shown(store: SqlStore) -> None:
    store.land(landing(mention("a")))
    before = store.revision()
    store.checks.checked([("feed-a", "a")], NOW + DAY)
    store.checks.missed([("feed-a", "a")], NOW + DAY)
    assert store.revision() == before


def test_only_who_is_missed_twice_running_is_given(store: SqlStore) -> None:
    a, b = ("feed-a", "a"), ("feed-a", "b")
    store.land(landing(mention("a"), mention("b")))
    assert store.checks.missed([a], NOW + DAY) == ()
    assert due(store, NOW + HOUR) == ["b"]
    store.checks.checked([a], NOW + 2 * DAY)
    assert store.checks.missed([a, b], NOW + 3 * DAY) == ()
    assert store.checks.missed([a], NOW + 4 * DAY) == (a,)
    # The caller died before it withdrew the mention.
    assert store.checks.missed([a, b], NOW + 5 * DAY) == (a, b)


def test_a_mention_that_was_withdrawn_and_came_back_begins_anew(store: SqlStore) -> None:
    a = ("feed-a", "a")
    store.land(landing(mention("a")))
    store.checks.missed([a], NOW + DAY)
    store.remove_mentions([a])
    store.checks.missed([], NOW + 2 * DAY)
    store.land(landing(mention("a")))
    store.checks.checked([a], NOW + 2 * DAY)
    assert store.checks.missed([a], NOW + 3 * DAY) == ()


def test_only_the_sources_that_are_asked_about_are_given(store: SqlStore) -> None:
    store.land(landing(mention("a")))
    store.land(landing(mention("b", source="feed-b"), source="feed-b"))
    assert [one.source for one in store.checks.due(NOW + DAY, 9, sources={"feed-b"})] == ["feed-b"]
    assert store.checks.waiting(NOW + DAY, sources={"feed-a"}) == 1


def test_what_was_never_checked_can_be_asked_for_at_once(store: SqlStore) -> None:
    store.land(landing(mention("a"), mention("b")))
    store.checks.checked([("feed-a", "a")], NOW)
    assert [one.entry.native_id for one in store.checks.due(NOW - DAY, 9, unchecked={"feed-a"})] == ["b"]
    assert store.checks.due(NOW - DAY, 9, unchecked={"feed-b"}) == ()


def test_what_is_public_no_more_is_withdrawn_and_believed_for_a_month(store: SqlStore) -> None:
    a = ("feed-a", "a")
    store.land(landing(mention("a")))
    before = store.revision()
    assert store.checks.closed([a, ("feed-a", "unknown")], NOW + DAY) == 1
    assert (store.stories(), store.checks.closed([a], NOW + DAY)) == ((), 0)
    assert store.revision() > before
    assert store.land(landing(mention("a"), at=NOW + 2 * DAY)) == Landed(known=1)
    assert store.stories() == ()
    store.land(landing(mention("a"), at=NOW + 40 * DAY))
    assert len(store.stories()) == 1


def test_what_its_author_edits_after_it_was_closed_is_public_again(store: SqlStore) -> None:
    store.land(landing(mention("a")))
    store.checks.closed([("feed-a", "a")], NOW + DAY)
    store.land(landing(mention("a", title="Anew"), at=NOW + 2 * DAY))
    assert len(store.stories()) == 1


# -- spending


def test_what_may_be_charged_is_claimed_while_it_fits_into_the_month(store: SqlStore) -> None:
    claims = [store.spending.claim("x", 20, NOW, most=50) for _ in range(3)]
    assert claims == [True, True, False]
    assert store.spending.of(NOW) == {"x": 40}
    store.spending.add("x", -15, NOW)
    assert store.spending.claim("x", 20, NOW, most=50)
    assert store.spending.of(NOW) == {"x": 45}


def test_every_month_begins_with_nothing_spent_by_the_calendar_of_utc(store: SqlStore) -> None:
    store.spending.add("x", 3, datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    store.spending.add("x", 4, datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    store.spending.add("x", 5, datetime(2026, 12, 1, tzinfo=UTC))
    assert [dict(store.spending.of(datetime(2026, month, 7, tzinfo=UTC))) for month in (10, 11, 12)] == [{}, {"x": 7}, {"x": 5}]
