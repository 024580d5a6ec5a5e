"""What an edition says of what was taken down, and the edition without it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.forgetting import Gone, covered, emptied, folded, items_of, report_without, without
from aggregator.digest.lint_report import Finding, Report, Severity
from aggregator.model import Edition, Item
from aggregator.pipeline.takedown import Refusals, Scope, Subject, subject_named, told_name
from aggregator.store.private.editions import edition_to_text
from tests.support.editions import edition, full_edition, item, some_items

SALT = b"salt"
ADDRESS = "https://blog.example.org/3"
NOBODY = Gone()


def gone(*names: str, **fields: frozenset[str]) -> Gone:
    """These were taken down."""
    return Gone(refusals=Refusals(salt=SALT, hashes=frozenset(subject_named(name).hashed(SALT) for name in names)), **fields)


def left(one: Edition) -> list[str]:
    return [item.title for item in items_of(one) if item.title]


def test_an_item_is_known_by_its_address_however_that_is_written() -> None:
    one = edition([item("One", "https://www.blog.example.org/3/?utm_source=rss"), item("Two", "https://blog.example.org/4")])
    assert left(without(one, gone(ADDRESS))) == ["Two"]
    assert left(without(one, gone("blog.example.org"))) == []


@pytest.mark.parametrize(
    "field",
    [{"who": "Ada Lovelace"}, {"sentence": "As Ada Lovelace said."}, {"title": "Ada Lovelace on crews"}, {"talk": "by Ada Lovelace"}],
)
def test_an_item_is_known_by_a_name_wherever_it_stands(field: dict[str, str]) -> None:
    one = edition([item(**{"title": "One", "who": "", **field}), item("Two", who="Bo Berg")])
    assert left(without(one, gone("Ada Lovelace"))) == ["Two"]


def test_an_item_is_known_by_the_id_of_its_story_and_by_its_title() -> None:
    one = edition([item("One", story="aaaa"), item("Two", story="bbbb"), item("  Three  is \n a crew", story="cccc")])
    assert left(without(one, gone(stories=frozenset({"aaaa"})))) == ["Two", "  Three  is \n a crew"]
    assert left(without(one, gone(touched=frozenset({"bbbb"})))) == ["One", "  Three  is \n a crew"]
    assert left(without(one, gone(titles=frozenset({folded("three is a CREW")})))) == ["One", "Two"]


def test_an_item_is_known_by_the_hash_of_what_one_edition_said() -> None:
    one = edition([item("One", story="aaaa"), item("Two", story="bbbb")])
    told = Subject(scope=Scope.TOLD, value=told_name(one.id, "aaaa")).hashed(SALT)
    taken = Gone(refusals=Refusals(salt=SALT, hashes=frozenset({told})))
    assert left(without(one, taken)) == ["Two"]
    assert without(replace(one, id="another/weekly/2026-W47"), taken).items == one.items


def test_every_list_of_an_edition_loses_it() -> None:
    one = full_edition()
    for chosen in items_of(one):
        cut = without(one, gone(str(chosen.href)))
        assert sorted(left(cut)) == sorted(item.title for item in items_of(one) if item.href != chosen.href)
        assert (cut.new, len(list(items_of(cut)))) == (one.new, len(list(items_of(one))))


def test_what_is_left_of_an_item_is_its_place_and_the_id_of_its_story() -> None:
    one = item("One")
    assert emptied(one) == Item(story=one.story, title="", href=None, page="", group=one.group, kind_text=one.kind_text, voices="3 voices")


def test_a_line_about_coverage_that_names_it_goes() -> None:
    one = edition(coverage="blog.example.org could not be read on Tuesday.")
    assert without(one, gone("other.example.org")) is one
    assert without(replace(one, items=()), gone("blog.example.org")).coverage == ""


@given(st.sets(st.integers(1, 5)))
def test_what_was_taken_out_once_is_taken_out_for_good(numbers: set[int]) -> None:
    one, taken = edition(some_items()), gone(*(f"https://blog.example.org/{number}" for number in numbers))
    cut = without(one, taken)
    assert without(cut, taken) is cut
    assert covered(cut, taken) == ()
    assert (cut is one) == (not numbers)
    assert all(f"blog.example.org/{number}" not in edition_to_text(cut) for number in numbers)


def test_a_name_is_forgotten_when_it_is_of_what_is_gone() -> None:
    taken = gone(ADDRESS, stories=frozenset({"aaaa"}), touched=frozenset({"bbbb"}))
    names = ("aaaa", "bbbb", ADDRESS, "https://blog.example.org/4")
    assert [name for name in names if taken.covers_name(name)] == ["aaaa", ADDRESS]


def report(*findings: tuple[str, str]) -> str:
    return Report(findings=tuple(Finding(rule=rule, severity=Severity.WARNING, sentence=said) for rule, said in findings)).to_json()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("dead-link", f"{ADDRESS} leads nowhere. Hide the story."),
        ("told-before", r"'A crew\xa0of two' stood in the last edition."),
        ("texts-differ", "Where the HTML says “of two”, the plain text says “of three”."),
        ("dead-link", f"{('https://blog.example.org/' + 'long' * 30)[:60]}… leads nowhere."),
    ],
)
def test_a_finding_that_says_a_word_of_it_goes(rule: str, said: str) -> None:
    going = (item("A crew\xa0of two", ADDRESS), item("Long", "https://blog.example.org/" + "long" * 30))
    spf = ("spf", "No server is allowed to send.")
    assert report_without(report((rule, said), spf), going, gone(ADDRESS)) == report(spf)


def test_a_report_of_which_nothing_is_to_be_taken_out_is_as_it_was() -> None:
    written = report(("texts-differ", "Where the HTML says “of two”."), ("spf", "No server."))
    assert report_without(written, (), NOBODY) is written
    assert report_without("", (item("One"),), NOBODY) == ""
