"""Why two addresses are one story, or why they are not: pure, from what the store knows of both."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from aggregator.model import Decision, DecisionKind, Evidence, EvidenceKind, Story, Work
from aggregator.pipeline.alike import verdict
from aggregator.pipeline.curate import is_first_hand, is_guest, names_of
from aggregator.text.alias import kind_of_alias
from aggregator.text.urls import canonical

# Works compared with one another; a story with more has been compared piece by piece when they came.
_MOST_WORKS: Final = 20
_SAID: Final = {
    EvidenceKind.DECISION: "the community's own word",
    EvidenceKind.SAME_URL: "a post belongs to the page that it shares or answers",
}
_STRENGTH: Final = {kind: place for place, kind in enumerate((EvidenceKind.DECISION, *EvidenceKind))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What there is to say of two addresses."""

    together: bool
    # When together: from the one address to the other, each piece beginning where the last ended. Else the strongest between them.
    evidence: tuple[Evidence, ...] = ()
    # A whole sentence.
    because: str


def chain(story: Story, left: str, right: str) -> tuple[Evidence, ...]:
    """The shortest way from one address of a story to another by its evidence, and of equally short ones the strongest; () when there is
    none."""
    steps: dict[str, list[Evidence]] = defaultdict(list)
    for one in sorted({*(one for one in story.evidence if one.kind.joins), *_named(story)}, key=_order):
        steps[one.left].append(one)
        steps[one.right].append(one)
    came: dict[str, tuple[str, Evidence]] = {}
    waiting = deque([left])
    while waiting and right not in came:
        here = waiting.popleft()
        for one in steps[here]:
            there = one.right if one.left == here else one.left
            if there != left and there not in came:
                came[there] = here, one
                waiting.append(there)
    found: list[Evidence] = []
    while right in came:
        right, one = came[right]
        found.append(one)
    return tuple(reversed(found))


def _named(story: Story) -> Iterable[Evidence]:
    """What mentions themselves name: their subject, and their other addresses."""
    for mention in story.mentions:
        own = None if is_first_hand(mention) else canonical(mention.entry.url).key
        for alias in mention.identity.aliases:
            left, right = sorted((mention.identity.subject, alias))
            kind = EvidenceKind.SAME_URL if alias == own else kind_of_alias(mention.entry.enclosures, alias)
            yield Evidence(kind=kind, left=left, right=right)


def _order(one: Evidence) -> tuple[int, float, str, str]:
    return _STRENGTH[one.kind], -one.score, one.left, one.right


def together(story: Story, left: str, right: str) -> Explained:
    """Why two addresses of one story are one."""
    if left == right:
        return Explained(together=True, because="They are one address, however they are written.")
    pieces = chain(story, left, right)
    if not pieces:
        return Explained(together=True, because="They are one story, and the evidence is not kept for each of its many addresses.")
    kinds = ", and ".join(dict.fromkeys(_named_kind(one.kind) for one in pieces))
    return Explained(together=True, evidence=pieces, because=f"They are one story: {kinds}.")


def _named_kind(kind: EvidenceKind) -> str:
    return _SAID.get(kind, kind.value)


def apart(
    left: tuple[str, Story],
    right: tuple[str, Story],
    *,
    bonds: Sequence[Evidence],
    works: Mapping[str, Work],
    decisions: Sequence[Decision],
) -> Explained:
    """The strongest that speaks for one story of two, and why it was not enough.

    Args:
        left: an address with its story.
        right: the other.
        bonds: stored evidence that has an address of either on one side.
        works: of the addresses of both.
        decisions: those in force, oldest first.
    """
    between = _between(bonds, left[1], right[1])
    said = _decided(left[1], right[1], decisions) or _chosen(left[1], right[1]) or _guest(left, right) or _guest(right, left)
    if said:
        return Explained(together=False, evidence=between, because=said)
    return _compared(left, right, between, works)


def _between(bonds: Sequence[Evidence], left: Story, right: Story) -> tuple[Evidence, ...]:
    mine, theirs = names_of(left), names_of(right)
    crossing = (one for one in bonds if (one.left in mine and one.right in theirs) or (one.left in theirs and one.right in mine))
    return tuple(sorted(crossing, key=_order))


def _decided(left: Story, right: Story, decisions: Sequence[Decision]) -> str | None:
    mine, theirs = names_of(left), names_of(right)
    for one in reversed(decisions):
        if one.kind is DecisionKind.SPLIT and one.others:
            ends = one.subject, one.others[0]
            if (ends[0] in mine and ends[1] in theirs) or (ends[0] in theirs and ends[1] in mine):
                why = f": {one.reason}" if one.reason else ""
                split = f"{one.by or 'The steward'} split {ends[0]} from {ends[1]}{why.rstrip('.')}."
                return f"{split} That outranks every rule; `aggregator undo {one.subject}` takes it back."
    return None


def _chosen(left: Story, right: Story) -> str | None:
    if left.chosen is None or right.chosen is None:
        return None
    return "Both were chosen by hand, and chosen ones stay apart unless the steward says `aggregator merge`."


def _guest(left: tuple[str, Story], right: tuple[str, Story]) -> str | None:
    key, _ = left
    names = names_of(right[1])
    mention = next(
        (one for one in right[1].mentions if key in (one.identity.subject, *one.identity.aliases) and is_guest(one, names)), None
    )
    if mention is None:
        return None
    return f"{key} shares {len(mention.identity.shares)} pages: it is a voice in the story of each, and joins none of them."


def _compared(left: tuple[str, Story], right: tuple[str, Story], between: tuple[Evidence, ...], works: Mapping[str, Work]) -> Explained:
    mine, theirs = (_works(key, story, works) for key, story in (left, right))
    for key, found in ((left[0], mine), (right[0], theirs)):
        if not found:
            because = (
                f"Nothing is known of what stands at {key} that could be compared, and the addresses are different. "
                "A run reads linked pages and compares what is new."
            )
            return Explained(together=False, evidence=between, because=because)
    verdicts = [verdict(one, other) for one, other in product(mine, theirs)]
    against = next((one.because for one in verdicts if one.evidence is None), None)
    best = min((one for one in verdicts if one.evidence is not None), key=lambda one: _order(one.evidence), default=None)  # type: ignore[arg-type]  # not None
    if best is None or best.evidence is None:
        return Explained(together=False, evidence=between, because=verdicts[0].because)
    evidence = tuple(sorted({*between, best.evidence}, key=_order))
    if not best.evidence.kind.joins:
        return Explained(together=False, evidence=evidence, because=f"{best.because} They are linked to each other and not joined.")
    because = f"{best.because} It was not enough, because other parts of the two stories are kept apart"
    return Explained(together=False, evidence=evidence, because=f"{because}: {against}" if against else f"{because}.")


def _works(key: str, story: Story, works: Mapping[str, Work]) -> Sequence[Work]:
    """The work at an address itself, then those at the story's other addresses."""
    names = sorted(names_of(story) - {key})
    return [works[name] for name in (key, *names) if name in works][:_MOST_WORKS]
