"""The steward's word on what is shown: stories as the rows make them, and as readers may see them. Pure.

A decision names a story by any one of its addresses, and holds for the whole story, whatever else is found to belong to it later: a story
that was hidden stays hidden when it comes back by another address or is joined with another, until the steward splits it off or approves
it. The one exception is the permalink of a post that only talks about something: to hide or approve that is to hide or approve the post, in
every story in which it is heard.

Of hiding and approving, the later one stands. Approving outranks an earlier block, and a later block takes away what was approved. All of
them outrank rules and trust, and hiding and blocking outrank chosen entries as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.curation.naming import SOURCE
from aggregator.model import Curation, Decision, DecisionKind, Kind, Link, Mention, Source, Story, Trust
from aggregator.pipeline.blocks import NONE, Blocks
from aggregator.pipeline.lead import lead_of
from aggregator.text.urls import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What waits for the steward: a story, or some mentions of one that is shown."""

    # With the mentions that wait alone.
    story: Story
    # Why, each once, in the order of the mentions: clauses without a period.
    reasons: tuple[str, ...]
    # The story stands on the page with its other mentions.
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a decision keeps off the page: a story, or some mentions of one."""

    # With the mentions that were taken away alone.
    story: Story
    decision: Decision
    # Nothing of the story is shown, and nothing waits.
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """Stories as the steward wants them, each list in the order of the stories given."""

    shown: tuple[Story, ...]
    held: tuple[Held, ...]
    removed: tuple[Removed, ...]


def curate(stories: Iterable[Story], decisions: Sequence[Decision], *, sources: Iterable[Source], now: datetime) -> Curated:
    """Apply decisions, trust and holds: what is shown, with `Story.curation` filled and the lead first among its links.

    The work grows with the mentions and with the decisions, not with their product.

    Args:
        stories: as `store.stories()` gives them.
        decisions: oldest first.
        sources: as configured; one that is no longer configured is trusted.
        now: a block that ended before is none.
    """
    word = _Word(decisions, sources, now)
    shown: list[Story] = []
    held: list[Held] = []
    removed: list[Removed] = []
    for story in stories:
        sorted_out = _sort(story, word)
        if sorted_out.kept is not None:
            shown.append(_dressed(sorted_out.kept, sorted_out.last, word))
        held += sorted_out.held
        removed += sorted_out.removed
    return Curated(shown=_pins_counted(shown), held=tuple(held), removed=tuple(removed))


def in_force(decisions: Iterable[Decision], now: datetime) -> tuple[Decision, ...]:
    """The decisions without the blocks that have ended: with the stories and the sources' trust, all that `curate` depends on."""
    return tuple(one for one in decisions if one.until is None or now <= one.until)


class _Word:
    """A list of decisions, so that what it says of a story is found without going through it."""

    def __init__(self, decisions: Sequence[Decision], sources: Iterable[Source], now: datetime) -> None:
        self.decisions = decisions
        self.blocks = Blocks(decisions, now)
        # Places of the decisions that name an address or an id, by what they name.
        self.named: dict[str, list[int]] = defaultdict(list)
        # The last approval of each source.
        self.approved: dict[str, Decision] = {}
        self.order: dict[str, int] = {}
        self._holding = {source.id: source.label or source.id for source in sources if source.trust is Trust.HOLD}
        for place, decision in enumerate(decisions):
            if decision.kind is DecisionKind.ORDER:
                self.order = {key: at for at, key in enumerate(decision.others)}
            elif decision.subject.startswith(SOURCE):
                if decision.kind is DecisionKind.APPROVE:
                    self.approved[decision.subject.removeprefix(SOURCE)] = decision
            elif decision.kind in _ABOUT_SHOWING:
                self.named[decision.subject].append(place)

    def waits(self, mention: Mention) -> str | None:
        """Why a mention waits, if nothing approves it; None: it does not.

        To approve a source is to trust it, whatever the configuration says; but what was found after it had changed once more waits again.
        """
        approval = self.approved.get(mention.source)
        if mention.held is not None and (approval is None or (approval.at is not None and approval.at < mention.first_seen_at)):
            return mention.held
        if mention.source in self._holding and approval is None:
            return f"everything from {self._holding[mention.source]} waits for review"
        return None


_ABOUT_SHOWING = frozenset(
    (
        DecisionKind.HIDE,
        DecisionKind.APPROVE,
        DecisionKind.PIN,
        DecisionKind.RETITLE,
        DecisionKind.NOTE,
        DecisionKind.KIND,
        DecisionKind.LEAD,
    )
)
# The other kinds are about themselves whatever they link to.
_TALK = frozenset((Kind.POST, Kind.COMMENT))
# What is said of a post that only talks about a story is said of the post.
_OF_A_VOICE = frozenset((DecisionKind.HIDE, DecisionKind.APPROVE))

_Last = dict[DecisionKind, int]
"""The place of the last decision of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """A story taken apart."""

    # What is shown of it; None: nothing.
    kept: Story | None
    last: _Last = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    removed: tuple[Removed, ...] = ()


def _sort(story: Story, word: _Word) -> _Sorted:
    last, voices = _said_of(story, word) if word.named else ({}, {})
    hidden, approved = last.get(DecisionKind.HIDE, NONE), last.get(DecisionKind.APPROVE, NONE)
    if hidden > approved:
        return _Sorted(kept=None, removed=(Removed(story=story, decision=word.decisions[hidden], whole=True),))
    kept: list[Mention] = []
    waiting: dict[int, str] = {}
    removed: dict[int, list[Mention]] = defaultdict(list)
    for at, mention in enumerate(story.mentions):
        place, reason = _judged(mention, approved, voices.get(at), word)
        if place != NONE:
            removed[place].append(mention)
        elif reason is not None:
            waiting[at] = reason
        else:
            kept.append(mention)
    blocked = word.blocks.on_chosen(story.chosen) if story.chosen is not None and word.blocks else NONE
    if blocked > approved:
        removed.setdefault(blocked, [])
    chosen = story.chosen if blocked <= approved else None
    if len(kept) == len(story.mentions) and chosen is story.chosen:
        return _Sorted(kept=story, last=last)
    left = _with(story, kept, keep_chosen=chosen is not None) if kept or chosen else None
    held = _held(story, waiting, shown=left is not None)
    whole = left is None and not held
    gone = tuple(_removed(story, mentions, word.decisions[place], whole=whole) for place, mentions in sorted(removed.items()))
    return _Sorted(kept=left, last=last, held=held, removed=gone)


def _judged(mention: Mention, approved: int, voice: _Last | None, word: _Word) -> tuple[int, str | None]:
    """The place of the decision that takes a mention away, or why it waits."""
    if voice is not None:
        hidden, spoken_for = voice.get(DecisionKind.HIDE, NONE), voice.get(DecisionKind.APPROVE, NONE)
        if hidden > spoken_for:
            return hidden, None
        approved = max(approved, spoken_for)
    blocked = word.blocks.on_mention(mention) if word.blocks else NONE
    if blocked > approved:
        return blocked, None
    return NONE, word.waits(mention) if approved == NONE else None


def _said_of(story: Story, word: _Word) -> tuple[_Last, dict[int, _Last]]:
    """The last decisions about a whole story, and those about posts that talk about it, by their place among the mentions."""
    own = names_of(story)
    keys = [key for key in own if key in word.named]
    voices: dict[int, list[str]] = {}
    for at, mention in enumerate(story.mentions):
        if hit := [key for key in _other_names(mention, own) if key in word.named]:
            if is_first_hand(mention) and not is_guest(mention, own):
                keys += hit
            else:
                voices[at] = hit
    spoken = {key for hit in voices.values() for key in hit}
    joined = {key for one in story.evidence if one.kind.joins for key in (one.left, one.right)}
    keys += [key for key in joined if key in word.named and key not in own and key not in spoken]
    last = _last(keys, word)
    of_voices = {at: {kind: place for kind, place in _last(hit, word).items() if kind in _OF_A_VOICE} for at, hit in voices.items()}
    for at, hit in voices.items():
        if not is_guest(story.mentions[at], own):
            for kind, place in _last(hit, word).items():
                if kind not in _OF_A_VOICE and kind is not DecisionKind.LEAD:
                    last[kind] = max(place, last.get(kind, NONE))
    return last, of_voices


def _last(keys: Iterable[str], word: _Word) -> _Last:
    places = sorted(place for key in keys for place in word.named[key])
    return {word.decisions[place].kind: place for place in places}


def names_of(story: Story) -> frozenset[str]:
    """What certainly names a whole story: its ids, its links, and what its mentions are about."""
    names = {story.id, *story.former, story.lead, *(link.key for link in story.links)}
    if story.chosen is not None:
        names.update(link.key for link in story.chosen.links)
    return frozenset(names).union(mention.identity.subject for mention in story.mentions if not is_guest(mention, names))


def leads(story: Story, key: str) -> bool:
    """Whether a story can be shown by an address: a post that only talks about it cannot lead it."""
    own = names_of(story)
    if key in own:
        return key not in (story.id, *story.former)
    naming = [mention for mention in story.mentions if key in _other_names(mention, own)]
    return all(is_first_hand(mention) and not is_guest(mention, own) for mention in naming)


def _other_names(mention: Mention, own: frozenset[str]) -> Iterable[str]:
    names = (mention.identity.subject, *mention.identity.aliases)
    return (name for name in names if name not in own)


def is_guest(mention: Mention, names: Iterable[str]) -> bool:
    """True when a mention is heard in a story that it only shares among others: it has a story of its own."""
    shares = mention.identity.shares
    return bool(shares) and not set(shares).isdisjoint(names)


def is_first_hand(mention: Mention) -> bool:
    """True when the entry is the thing itself and not talk about it."""
    if mention.entry.kind not in _TALK:
        return True
    subject = mention.identity.subject
    return mention.entry.url == subject or canonical(mention.entry.url).key == subject


def _held(story: Story, waiting: dict[int, str], *, shown: bool) -> tuple[Held, ...]:
    """What waits of a story; a guest waits in its own."""
    names = names_of(story)
    here = {at: reason for at, reason in waiting.items() if not is_guest(story.mentions[at], names)}
    if not here:
        return ()
    mentions = tuple(story.mentions[at] for at in here)
    return (Held(story=replace(story, mentions=mentions), reasons=tuple(dict.fromkeys(here.values())), shown=shown),)


def _removed(story: Story, mentions: Sequence[Mention], decision: Decision, *, whole: bool) -> Removed:
    return Removed(story=replace(story, mentions=tuple(mentions)), decision=decision, whole=whole)


def _with(story: Story, kept: Sequence[Mention], *, keep_chosen: bool) -> Story:
    """A story with some of its mentions, as if the others had never been found."""
    chosen = story.chosen if keep_chosen else None
    gone = {mention.identity.subject for mention in story.mentions} - {mention.identity.subject for mention in kept}
    if story.chosen is not None:
        written = {link.key for link in story.chosen.links}
        gone = gone - written if chosen else gone | written - {mention.identity.subject for mention in kept}
    links = tuple(link for link in story.links if link.key not in gone)
    links = links or tuple(Link(key=one.identity.subject, href=one.identity.href) for one in kept[:1])
    times = [mention.first_seen_at for mention in kept]
    return replace(
        story,
        links=links,
        lead=links[0].key if links else story.lead,
        mentions=tuple(kept),
        topics=tuple(sorted({match.topic for mention in kept for match in mention.matches})),
        first_seen_at=story.first_seen_at if chosen or not times else min(times),
        last_seen_at=max(times, default=story.first_seen_at),
        chosen=chosen,
    )


def _dressed(story: Story, last: _Last, word: _Word) -> Story:
    """A story with its lead first, and with what the steward said of how it is shown."""
    story = _led(story, word.decisions[last[DecisionKind.LEAD]].subject if DecisionKind.LEAD in last else None)
    order = min((word.order[name] for name in names_of(story) if name in word.order), default=None) if word.order and story.chosen else None
    if not last and order is None:
        return story
    title, note, kind = (_value(last, one, word) for one in (DecisionKind.RETITLE, DecisionKind.NOTE, DecisionKind.KIND))
    pinned = last.get(DecisionKind.PIN)
    return replace(story, curation=Curation(title=title, note=note, kind=Kind(kind) if kind else None, pinned=pinned, order=order))


def _value(last: _Last, kind: DecisionKind, word: _Word) -> str | None:
    return word.decisions[last[kind]].value if kind in last else None


def _led(story: Story, wanted: str | None) -> Story:
    known = {link.key: link for link in story.links}
    # An id names the story and none of its addresses.
    lead = wanted if wanted is not None and wanted not in (story.id, *story.former) else lead_of(story)
    if story.links and story.links[0].key == lead:
        return story if story.lead == lead else replace(story, lead=lead)
    first = known.get(lead) or Link(key=lead, href=lead)
    return replace(story, lead=lead, links=(first, *(link for link in story.links if link.key != lead)))


def _pins_counted(stories: Sequence[Story]) -> tuple[Story, ...]:
    """The places of pins in the list of decisions as places among the pinned, in the order of the list."""
    places = sorted({story.curation.pinned for story in stories if story.curation.pinned is not None})
    counted = {place: at for at, place in enumerate(places)}
    return tuple(
        story if story.curation.pinned is None else replace(story, curation=replace(story.curation, pinned=counted[story.curation.pinned]))
        for story in stories
    )
