"""Topics that say more than words: pairs, people, sites and pages, and what is said about what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from aggregator.config import load, schema
from aggregator.errors import ConfigError
from aggregator.model import Near, Topic, Weight

LEAST = "site: {title: Discussing crews}\nsources: []\ntopics:\n  crews:\n    any_of: [crews]\n"


Write = Callable[..., Topic]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """The topic with these lines, which the schema for editors allows as well."""

    def write(*lines: str) -> Topic:
        text = LEAST + "".join(f"    {line}\n" for line in lines)
        jsonschema.validate(yaml.safe_load(text), schema())
        return given(tmp_path, text)

    return write


def given(folder: Path, text: str) -> Topic:
    file = folder / "sources.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, environ={}).topics[0]


def test_pairs_are_lists_of_two_or_say_how_near(written: Write) -> None:
    topic = written("near:", "  - [crew, congregation]", "  - {pair: [mutual aid, circle], words: 3}")
    assert topic.near == (Near(left="crew", right="congregation", words=8), Near(left="mutual aid", right="circle", words=3))


def test_one_pair_may_stand_alone(written: Write) -> None:
    assert written("near: [crew, congregation]").near == (Near(left="crew", right="congregation"),)


def test_people_are_worth_what_is_said_and_may_have_several_forms(written: Write) -> None:
    topic = written("people:", "  Ada Example: 0.6", "  Bo: {worth: .4, also: [Bo B., '@bo']}", "  Cy: {also: Cyrus}")
    assert topic.people == (
        Weight(name="Ada Example", worth=0.6),
        Weight(name="Bo", worth=0.4, also=("Bo B.", "@bo")),
        Weight(name="Cy", worth=0.5, also=("Cyrus",)),
    )


def test_a_plain_list_of_people_is_worth_a_half_each(written: Write) -> None:
    assert written("people: [Ada, Bo]").people == (Weight(name="Ada", worth=0.5), Weight(name="Bo", worth=0.5))


def test_sites_are_hosts_however_they_are_written(written: Write) -> None:
    topic = written("sites: {'https://www.Crews.example/': 1, blog.example.org: 0.5}")
    assert topic.sites == (Weight(name="crews.example", worth=1.0), Weight(name="blog.example.org", worth=0.5))


def test_pages_are_kept_by_their_canonical_urls(written: Write) -> None:
    topic = written("about: ['http://www.example.org/essay/?utm_source=x', 'https://youtu.be/j4edrvlVPFA']")
    assert topic.about == ("https://example.org/essay", "https://youtube.com/watch?v=j4edrvlVPFA")


@pytest.mark.parametrize(
    ("line", "key", "says"),
    [
        ("near: [[crew]]", "near[0]", "found a list of 1"),
        ("near: crew", "near", "[[crew, congregation]]"),
        ("near: [{pair: [a, b], word: 3}]", "near[0].word", "'words'"),
        ("near: [{pair: [a, b], words: few}]", "near[0].words", "from 0 to 100"),
        ("near: [{words: 3}]", "near[0].pair", "is missing"),
        ("near: [[crew, '#']]", "near[0][1]", "no letter"),
        ("people: {Ada: 2}", "people.Ada", "above 0 and up to 1"),
        ("people: {Ada: 0}", "people.Ada", "above 0 and up to 1"),
        ("people: {Ada: '0,6'}", "people.Ada", "has a point"),
        ("people: {Ada: {worth: 1, als: [A]}}", "people.Ada.als", "'also'"),
        ("people: {'@': 1}", "people.@", "no letter"),
        ("people: {Ada: 0.6, Bo: 0.3}", "people", "adds up to 0.9"),
        ("sites: {a.example: 0.3}", "sites", "adds up to 0.3"),
        ("people: 3.5", "people", "adds up to 0.5"),
        ("sites: {example.org/essay: 1}", "sites.example.org/essay", "under 'about'"),
        ("sites: {somewhere: 1}", "sites.somewhere", "a host"),
        ("about: [example.org/x]", "about[0]", "with https://"),
        ("peple: [Ada]", "peple", "'people'"),
    ],
)
def test_what_cannot_be_is_said_with_its_line_and_what_to_write(tmp_path: Path, line: str, key: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        given(tmp_path, LEAST + f"    {line}\n")
    [problem] = caught.value.problems
    assert (problem.line, problem.key) == (6, f"topics.crews.{key}")
    assert says in problem.message


def test_all_that_is_wrong_with_a_topic_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        given(tmp_path, LEAST + "    near: [a]\n    people: {Ada: 3}\n    sites: [x]\n    about: [y]\n")
    assert [problem.line for problem in caught.value.problems] == [6, 7, 8, 9]
