"""What became different is said in a sentence for each story."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.model import Decision, DecisionKind, Link, Source, Story, Trust
from aggregator.pipeline.changes import called, changes
from aggregator.pipeline.curate import curate
from tests.support.stories import NOON, chosen_by_hand, found, joined, mentioned, posted, published_entry

PAGE, OTHER, TALK = "https://blog.example.org/post", "https://essays.example.net/a", "https://talks.example.org/pods"
HELD = Source(id="loud", platform="feed", options={}, topics=("microsolidarity",), trust=Trust.HOLD, label="The loud one")


def stories() -> tuple[Story, ...]:
    two = joined(
        mentioned(published_entry(PAGE, title="A page", published=NOON - timedelta(days=30))),
        mentioned(published_entry(OTHER, title="A copy")),
        link=Link(key=PAGE, href=PAGE),
        others=[Link(key=OTHER, href=OTHER)],
    )
    return two, found("https://loud.example/1", title="Loud", source="loud"), chosen_by_hand("A talk", TALK)


def said(kind: DecisionKind, subject: str = PAGE, *others: str, value: str = "") -> Decision:
    return Decision(kind=kind, subject=subject, others=others, value=value)


def told(*decisions: Decision, back: bool = False) -> list[str]:
    """What is said when decisions are made, or taken back."""
    without, made = (curate(stories(), every, sources=[HELD], now=NOON) for every in ((), decisions))
    return [str(change) for change in (changes(made, without) if back else changes(without, made))]


@pytest.mark.parametrize(
    ("decision", "made", "taken_back"),
    [
        (said(DecisionKind.HIDE), "“A page” leaves the page.", "“A page” comes onto the page."),
        (said(DecisionKind.PIN), "“A page” stands first on the page.", "“A page” is pinned no longer."),
        (said(DecisionKind.RETITLE, value="T"), "“A page” is called “T”.", "“T” is called “A page”."),
        (said(DecisionKind.NOTE, value="*Read* it"), "“A page” has the note “*Read* it”.", "“A page” has no note."),
        (said(DecisionKind.KIND, value="video"), "“A page” is shown as video.", "“A page” is shown as the kind that it was found to be."),
        (said(DecisionKind.LEAD, OTHER), f"“A page” is shown by {OTHER}.", f"“A copy” is shown by {PAGE}."),
        (
            said(DecisionKind.APPROVE, "https://loud.example/1"),
            "“Loud” is shown and waits no longer.",
            "“Loud” leaves the page and waits for review.",
        ),
        (
            said(DecisionKind.ORDER, "", TALK),
            "“A talk” stands at place 1 of the chosen ones.",
            "“A talk” stands in the order of its list.",
        ),
        (said(DecisionKind.BLOCK, "domain:essays.example.net"), "“A page” loses 1 mention.", "“A page” gains 1 mention."),
    ],
)
def test_each_decision_says_what_it_changes_and_what_it_takes_to_undo_it(decision: Decision, made: str, taken_back: str) -> None:
    assert made in told(decision)
    assert taken_back in told(decision, back=True)


def test_what_changes_nothing_says_nothing() -> None:
    assert told() == []
    assert told(said(DecisionKind.HIDE, "https://nowhere.example/")) == []


def test_a_story_is_called_as_the_steward_the_community_or_it_itself_says() -> None:
    post = joined(mentioned(posted("A long  first\nline of a post. " + "And more. " * 20)))
    assert called(post).startswith("A long first line of a post. And more.")
    assert len(called(post)) <= 80
    assert called(post).endswith("…")
    assert called(chosen_by_hand("A talk", TALK)) == "A talk"
    assert called(joined(mentioned(posted("Yes."), about=PAGE))) == PAGE
    assert called(stories()[0], OTHER) == "A copy"
