"""A change of curation.yaml leaves every byte that is not part of it as the steward wrote it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.curation import CurationFile, parse
from aggregator.curation.writing import lines
from aggregator.errors import ConfigError
from aggregator.model import Decision, DecisionKind
from tests.curation.decisions import AT, any_decision, any_decisions, decision

FILE = CurationFile(path=Path("curation.yaml"))
NEW = decision(DecisionKind.HIDE, "https://example.org/new")
ITEM = "- hide: https://example.org/new\n  by: ada\n  at: 2026-11-22T10:00:00Z\n"


def indented(text: str, by: int) -> str:
    return "".join(" " * by + line for line in text.splitlines(keepends=True))


# -- by example

LAYOUTS = {
    "nothing": ("", None),
    "comments alone": ("# ours\n", "# ours\ndecisions:\n" + indented(ITEM, 2)),
    "an empty list": ("decisions: []  # none yet\n# end\n", "decisions:  # none yet\n" + indented(ITEM, 2) + "# end\n"),
    "no list": ("decisions:\n\n# end\n", "decisions:\n" + indented(ITEM, 2) + "\n# end\n"),
    "items that are not indented": (
        "decisions:\n- pin: https://a.example/  # first\n\n# end\n",
        "decisions:\n- pin: https://a.example/  # first\n" + ITEM + "\n# end\n",
    ),
    "items that are far in": (
        "decisions:\n      -   pin: https://a.example/\n          by: bo\n",
        "decisions:\n      -   pin: https://a.example/\n          by: bo\n" + indented(ITEM, 6),
    ),
    "braces over two lines": (
        "decisions:\n  - {pin: https://a.example/, # hm\n     by: bo}  # end\n",
        "decisions:\n  - {pin: https://a.example/, # hm\n     by: bo}  # end\n" + indented(ITEM, 2),
    ),
    "a text in a block": (
        "decisions:\n  - note: https://a.example/\n    text: >-\n      one\n      line\n\n\n# end\n",
        "decisions:\n  - note: https://a.example/\n    text: >-\n      one\n      line\n" + indented(ITEM, 2) + "\n\n# end\n",
    ),
    "a text in a block that keeps its blank lines": (
        "decisions:\n  - note: https://a.example/\n    text: |+  # kept\n      one\n\n# end\n",
        "decisions:\n  - note: https://a.example/\n    text: |+  # kept\n      one\n\n" + indented(ITEM, 2) + "# end\n",
    ),
    "no end of the last line": (
        "decisions:\n  - pin: https://a.example/",
        "decisions:\n  - pin: https://a.example/\n" + indented(ITEM, 2)[:-1],
    ),
    "the line ends of another system": (
        "\ufeffdecisions:\r\n  - pin: https://a.example/ # x\r\n",
        "\ufeffdecisions:\r\n  - pin: https://a.example/ # x\r\n" + indented(ITEM, 2).replace("\n", "\r\n"),
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_decision_is_added_in_the_manner_of_the_file_and_taken_out_again(name: str) -> None:
    before, wanted = LAYOUTS[name]
    after = FILE.appended(before, NEW)
    assert wanted is None or after == wanted
    assert parse(after) == (*parse(before), NEW)
    left = FILE.without(after, len(parse(before)))
    assert parse(left) == parse(before)
    if parse(before):
        assert left == before


def test_a_file_that_is_begun_says_what_it_is() -> None:
    assert FILE.appended("", NEW).startswith("# What the steward decided, oldest first")


def test_comments_inside_what_is_taken_out_stay_on_lines_of_their_own() -> None:
    before = """\
decisions:
  # why we do this
  - hide: https://a.example/#!/x  # not that one
    # Bo asked for it
    reason: "no # comment"
  - pin: https://b.example/
"""
    assert FILE.without(before, 0) == (
        "decisions:\n  # why we do this\n  # not that one\n  # Bo asked for it\n  - pin: https://b.example/\n"
    )


def test_the_comment_beside_the_sign_of_a_block_stays_too() -> None:
    before = "decisions:\n  - note: https://a.example/\n    text: >  # in our own words\n      one # two\n  - pin: https://b.example/\n"
    assert FILE.without(before, 0) == "decisions:\n  # in our own words\n  - pin: https://b.example/\n"


@pytest.mark.parametrize(
    "text",
    [
        "decisions: [{hide: 'https://a.example/'}]\n",
        "{decisions: [{hide: 'https://a.example/'}]}\n",
        "decisions:\n  - &one {hide: https://a.example/}\n  - *one\n",
        "---\ndecisions:\n  - hide: https://a.example/\n...\n# end\n",
    ],
)
def test_what_cannot_be_changed_safely_says_what_to_write_and_is_left_alone(text: str) -> None:
    try:
        after = FILE.appended(text, NEW)
    except ConfigError as error:
        assert "hide: https://example.org/new" in str(error)  # noqa: PT017  # either is right, but never a damaged file
    else:
        assert parse(after) == (*parse(text), NEW)
        assert FILE.without(after, len(parse(text))) == text


def test_a_list_in_brackets_is_an_error_that_says_how_to_write_it() -> None:
    with pytest.raises(ConfigError, match=r"one item a line, or write this into it:\n  - hide: https://example\.org/new"):
        FILE.appended("decisions: [{hide: 'https://a.example/'}]\n", NEW)


def test_a_file_that_is_wrong_is_not_changed() -> None:
    with pytest.raises(ConfigError, match="hid"):
        FILE.appended("decisions:\n  - hid: https://a.example/\n", NEW)


# -- by law

comments = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff\x85"), max_size=12
).map(lambda text: f"# {text}".rstrip())


@st.composite
def by_hand(draw: st.DrawFn) -> str:
    """A file as somebody writes it: comments and blank lines anywhere, any indentation, any line ends."""
    decisions = draw(any_decisions.filter(bool))
    indent = " " * draw(st.integers(0, 6))
    made = draw(st.lists(comments, max_size=2))
    made.append("decisions:" + draw(st.just("") | comments.map(lambda text: f"  {text}")))
    for one in decisions:
        made += draw(st.lists(st.just("") | comments.map(lambda text: f"{indent}{text}"), max_size=2))
        for line in lines(one):
            made.append(indent + line + draw(st.just("") | comments.map(lambda text: f" {text}")))
            made += draw(st.lists(st.just("") | comments.map(lambda text: f"{indent}    {text}"), max_size=1))
    made += draw(st.lists(st.just("") | comments, max_size=2))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return draw(st.sampled_from(["", "\ufeff"])) + newline.join(made) + draw(st.sampled_from(["", newline]))


def written(text: str) -> list[str]:
    """The comments of a file as `by_hand` made it; none of its texts has a "#" after white space."""
    return re.findall(r"(?<!\S)(# ?[^\r\n]*?) *(?=[\r\n]|\Z)", text.removeprefix("\ufeff"))


plain_decision = any_decision().filter(lambda one: not any("#" in text for text in (one.value, one.reason, one.by, one.subject)))


@settings(deadline=None)
@given(by_hand(), any_decision())
def test_what_is_added_and_taken_back_leaves_the_file_as_it_was(text: str, new: Decision) -> None:
    before = parse(text)
    after = FILE.appended(text, new)
    assert parse(after) == (*before, new)
    assert FILE.without(after, len(before)) == text


@settings(deadline=None)
@given(by_hand(), any_decision())
def test_adding_only_adds(text: str, new: Decision) -> None:
    after = FILE.appended(text, new)
    kept = iter(after)
    assert all(letter in kept for letter in text), "a letter of the file is gone"


@settings(deadline=None)
@given(by_hand(), st.data())
def test_what_is_taken_out_takes_nothing_else_along(text: str, data: st.DataObject) -> None:
    before = parse(text)
    place = data.draw(st.integers(0, len(before) - 1))
    after = FILE.without(text, place)
    assert parse(after) == before[:place] + before[place + 1 :]


@settings(deadline=None)
@given(st.lists(comments, min_size=4, max_size=4), st.integers(0, 1))
def test_every_comment_survives_what_is_taken_out(made: list[str], place: int) -> None:
    top, beside, between, end = (f"# {at}{comment[1:]}" for at, comment in enumerate(made))
    text = (
        f"{top}\ndecisions:\n  - hide: https://a.example/ {beside}\n    {between}\n    by: ada\n"
        f"  {end}\n  - pin: https://b.example/ {beside}\n    {between}\n    at: {AT:%Y-%m-%d}\n"
    )
    after = FILE.without(text, place)
    assert written(after) == written(text)
