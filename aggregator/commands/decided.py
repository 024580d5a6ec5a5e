"""Decisions in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from aggregator.commands.common import day
from aggregator.curation.naming import BLOCKED
from aggregator.curation.writing import until
from aggregator.model import Decision, DecisionKind

Tense = Literal["did", "would", "undid", "would undo", "log"]

# The verb as a command, and as what was done.
_VERBS = {
    DecisionKind.HIDE: ("hide", "hid"),
    DecisionKind.PIN: ("pin", "pinned"),
    DecisionKind.RETITLE: ("retitle", "retitled"),
    DecisionKind.NOTE: ("write about", "wrote about"),
    DecisionKind.KIND: ("mark", "marked"),
    DecisionKind.LEAD: ("lead with", "led with"),
    DecisionKind.SPLIT: ("split", "split"),
    DecisionKind.MERGE: ("merge", "merged"),
    DecisionKind.APPROVE: ("approve", "approved"),
    DecisionKind.BLOCK: ("block", "blocked"),
    DecisionKind.ORDER: ("put in order", "put in order"),
}


def sentence(decision: Decision, name: Callable[[str], str], *, tense: Tense) -> str:
    """A decision as a sentence; for the log, as the words of a command.

    Args:
        name: what an address is called.
    """
    command, done = _VERBS[decision.kind]
    what = _what(decision, name)
    if tense == "log":
        return f"{command} {what}"
    if tense in ("did", "would"):
        begun = done.capitalize() if tense == "did" else f"Would {command}"
        return f"{begun} {what}."
    signed = f", decided{f' by {decision.by}' if decision.by else ''}{f' on {day(decision.at)}' if decision.at else ''}"
    return f"{'Took back' if tense == 'undid' else 'Would take back'}: {command} {what}{signed}."


def _what(decision: Decision, name: Callable[[str], str]) -> str:
    kind = decision.kind
    if kind is DecisionKind.ORDER:
        return f"{len(decision.others)} chosen {'stories' if len(decision.others) != 1 else 'story'}, {name(decision.others[0])} first"
    subject = thing(decision.subject) or name(decision.subject)
    if kind is DecisionKind.MERGE:
        return f"{subject} with {' and '.join(map(name, decision.others))}"
    if kind is DecisionKind.SPLIT:
        return f"{subject} from {name(decision.others[0])}"
    if kind is DecisionKind.KIND:
        return f"{subject} as {decision.value}"
    if kind in (DecisionKind.RETITLE, DecisionKind.NOTE):
        return f"{subject}: “{decision.value}”"
    return f"{subject} until {until(decision.until)}" if decision.until else subject


def thing(subject: str) -> str | None:
    """The author, domain or source that a decision is about; None: it is about an address."""
    what, colon, value = subject.partition(":")
    if not colon or what not in BLOCKED:
        return None
    return {"author": f"everything by {value}", "domain": f"everything on {value}", "source": f"everything from the source {value}"}[what]
