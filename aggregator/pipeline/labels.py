"""What the steward's decisions say of the rules: which stories are wanted on the page, and which are not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Chosen, Decision, DecisionKind, Mention, Source, Story
from aggregator.pipeline.curate import curate, names_of

# The source of what was added by hand, and the rule of what counts for that alone.
BY_HAND, ADDED = "by-hand", "added by hand"
# Nobody pins, titles or comments what should not be there.
_WANTING = {
    DecisionKind.APPROVE: "approved",
    DecisionKind.PIN: "pinned",
    DecisionKind.RETITLE: "retitled",
    DecisionKind.NOTE: "noted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A story, or some mentions of one, as the steward judged it."""

    story: Story
    mentions: tuple[Mention, ...]
    wanted: bool
    # One word or two: "pinned", "chosen", "hidden".
    why: str


def wanted_keys(decisions: Iterable[Decision], chosen: Iterable[Chosen]) -> Mapping[str, str]:
    """By address or id of a story: why the steward wants it."""
    keys = {link.key: "chosen" for one in chosen for link in one.links}
    for decision in decisions:
        if decision.kind in _WANTING:
            keys[decision.subject] = _WANTING[decision.kind]
        elif decision.kind is DecisionKind.HIDE:
            keys.pop(decision.subject, None)
    return keys


def why_wanted(story: Story, keys: Mapping[str, str]) -> str | None:
    """Why the steward wants a story; None: nothing was said."""
    if story.chosen is not None:
        return "chosen"
    names = names_of(story).union(*((one.identity.subject, *one.identity.aliases) for one in story.mentions))
    said = sorted({keys[name] for name in names & keys.keys()})
    if said:
        return said[0]
    return ADDED if any(one.source == BY_HAND for one in story.mentions) else None


def labels(stories: Iterable[Story], decisions: Sequence[Decision], *, sources: Iterable[Source], now: datetime) -> tuple[Label, ...]:
    """The steward's decisions as labels, in the order of the stories, those that are wanted first."""
    curated = curate(stories, decisions, sources=sources, now=now)
    keys = wanted_keys(decisions, ())
    wanted = (Label(story=one, mentions=one.mentions, wanted=True, why=why) for one in curated.shown if (why := why_wanted(one, keys)))
    dropped = (
        Label(
            story=one.story,
            mentions=one.story.mentions,
            wanted=False,
            why="hidden" if one.decision.kind is DecisionKind.HIDE else "blocked",
        )
        for one in curated.removed
    )
    return (*wanted, *dropped)
