"""How good the rules are, measured by what the steward decided: of each how much of what it finds is wanted, and of what is wanted how much
any rule finds. Pure.

Wanted is what was chosen, approved, pinned, retitled, noted or added by hand; not wanted what was hidden or blocked. The other stories have
no label and say nothing. A story counts once for a rule, however many mentions it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from aggregator.model import Author, Entry, Field, Match, Mention, Story
from aggregator.pipeline.labels import ADDED, BY_HAND, Label
from aggregator.pipeline.poll import EVERYTHING

# Fewer labels than this are told, and nothing is concluded from them.
ENOUGH_LABELS = 5
_EXAMPLES = 3
# What stands where a rule stands and is none: the steward said so, of a source or of one link.
NO_RULES = frozenset((EVERYTHING, ADDED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One rule, or all of a topic, beside the labels."""

    topic: str
    # As configured; "" for all rules of the topic.
    rule: str
    # Stories it finds.
    found: int
    # Of them wanted, and not wanted.
    kept: int
    hidden: int
    # Titles of some that are not wanted.
    examples: tuple[str, ...] = ()

    @property
    def labels(self) -> int:
        """Stories that it finds and the steward judged."""
        return self.kept + self.hidden

    @property
    def precision(self) -> float | None:
        """The part of the labels that is wanted; None: there are no labels."""
        return self.kept / self.labels if self.labels else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What the steward wants and no rule finds."""

    title: str
    url: str
    # "chosen", "added by hand" …
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """The rules beside the labels."""

    # Each topic as a whole, in the order of the configuration.
    topics: tuple[Rated, ...]
    # Each rule that finds something, by topic, then the one that finds most first.
    rules: tuple[Rated, ...]
    # Stories that the steward wants, and those of them that a rule finds by itself.
    wanted: int
    found: int
    missed: tuple[Missed, ...]

    @property
    def recall(self) -> float | None:
        """An estimate: what nobody found has no label. None: nothing is wanted yet."""
        return self.found / self.wanted if self.wanted else None

    @property
    def worst(self) -> Rated | None:
        """The rule with the least precision, of those with labels enough to tell; then the one with most that is not wanted."""
        told = [one for one in self.rules if one.hidden and one.labels >= ENOUGH_LABELS]
        told = told or [one for one in self.rules if one.hidden]
        return min(told, key=lambda one: (one.precision or 0.0, -one.hidden, one.topic, one.rule), default=None)


Judge = Callable[[Mention], tuple[Match, ...]]
"""Why a mention counts by the rules as they are."""


TryEntry = Callable[[Entry], tuple[Match, ...]]
"""Why an entry would count that no source listed."""


def rate(stories: Iterable[Story], labels: Sequence[Label], topics: Sequence[str], *, judge: Judge, try_entry: TryEntry) -> Rating:
    """Rate the rules.

    Args:
        topics: ids, in the order in which they are told.
        try_entry: a chosen link that no source listed is judged by what is known of its page.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for story in stories:
        for name in _names(story.mentions, judge):
            found.setdefault(name, set()).add(story.id)
    wanted: dict[tuple[str, str], set[str]] = {}
    hidden: dict[tuple[str, str], dict[str, str]] = {}
    missed: list[Missed] = []
    for label in labels:
        names = set(_names(label.mentions, judge))
        for name in names:
            if label.wanted:
                wanted.setdefault(name, set()).add(label.story.id)
            else:
                hidden.setdefault(name, {})[label.story.id] = title_of(label.story)
        if label.wanted and not _is_found(label.story, names, try_entry):
            missed.append(Missed(title=title_of(label.story), url=label.story.links[0].href, why=label.why))
    rated = [_rated(name, found.get(name, set()), wanted.get(name, set()), hidden.get(name, {})) for name in sorted(found | hidden)]
    count = sum(label.wanted for label in labels)
    rules = [one for one in rated if one.rule and one.topic in topics]
    return Rating(
        topics=tuple(one for topic in topics for one in rated if one.topic == topic and not one.rule),
        rules=tuple(sorted(rules, key=lambda one: (topics.index(one.topic), -one.found, one.rule))),
        wanted=count,
        found=count - len(missed),
        missed=tuple(missed),
    )


def title_of(story: Story) -> str:
    """What a story is called."""
    if story.curation.title:
        return story.curation.title
    if story.chosen is not None:
        return story.chosen.title
    titles = (*(link.title for link in story.links), *(mention.entry.title for mention in story.mentions))
    return next(filter(None, titles), story.links[0].href)


def _names(mentions: Iterable[Mention], judge: Judge) -> Iterator[tuple[str, str]]:
    """Topics and rules by which some mentions count; for each topic "" as well."""
    for mention in mentions:
        for match in judge(mention):
            yield match.topic, match.rule
            yield match.topic, ""


def _rated(name: tuple[str, str], found: set[str], wanted: set[str], hidden: dict[str, str]) -> Rated:
    examples = tuple(title for _story, title in sorted(hidden.items()))[:_EXAMPLES]
    return Rated(
        topic=name[0],
        rule=name[1],
        found=len(found | hidden.keys()),
        kept=len(wanted - hidden.keys()),
        hidden=len(hidden),
        examples=examples,
    )


def _is_found(story: Story, names: set[tuple[str, str]], try_entry: TryEntry) -> bool:
    """Whether a rule finds a story without the steward: by what a source listed, or else by what is known of its pages."""
    if any(rule and rule not in NO_RULES for _topic, rule in names):
        return True
    if any(link.topics for link in story.links):
        return True
    return any(match.field is not Field.SOURCE for match in try_entry(as_entry(story)))


def as_entry(story: Story) -> Entry:
    """What a source that listed the story's pages could have said of them; the steward's own note is not part of it."""
    link = story.links[0]
    chosen = story.chosen
    by_hand = next((one.entry for one in story.mentions if one.source == BY_HAND), None)
    kind = chosen.kind if chosen else story.mentions[0].entry.kind
    who = (chosen.who if chosen else None) or link.author or (by_hand.author.name if by_hand and by_hand.author else None)
    return Entry(
        native_id=link.key,
        url=link.href,
        kind=kind,
        title=title_of(story),
        text=link.description,
        author=Author(name=who) if who else None,
        links=tuple(one.href for one in story.links),
    )
