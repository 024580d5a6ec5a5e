"""What topics as they are now would add and drop, tried on what is known: stored mentions, and entries that passed. Pure.

Both sides are judged as a poll judges them. A page that was read before counts for the topics that it was found to concern then: its text
is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.model import Entry, Match, Mention, Restriction, Source, Story
from aggregator.pipeline.echo import Echo
from aggregator.pipeline.linked import NO_PAGES, Pages
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.poll import NO_ECHO, matches_of, mention_of

# Of what is only tried.
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """An entry that would concern a topic, and does not now."""

    topic: str
    source: str
    entry: Entry
    # Of this topic.
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A mention that would not concern a topic any more."""

    topic: str
    mention: Mention
    # Of this topic, as they are stored.
    matches: tuple[Match, ...]
    # Why the steward wants it all the same ("pinned"); None: nothing was said, so it goes.
    kept: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """A mention that stays, with other reasons than those that are stored."""

    mention: Mention
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What changed rules would change, each by topic, then source and native id."""

    gained: tuple[Gain, ...] = ()
    lost: tuple[Loss, ...] = ()
    rejudged: tuple[Rejudged, ...] = ()
    # Mentions and entries that were judged.
    mentions: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What entries are judged by."""

    matcher: Matcher
    # As configured, by id.
    sources: Mapping[str, Source]
    pages: Pages = NO_PAGES
    echo: Echo = NO_ECHO

    def matches(self, source: str, entry: Entry) -> tuple[Match, ...] | None:
        """Why an entry would count; None: its source is not configured, so it is not judged."""
        known = self.sources.get(source)
        return None if known is None else matches_of(entry, known, self.matcher, self.pages)

    def judged(self, mention: Mention) -> tuple[Match, ...] | None:
        """The same of what is stored. Where its words were let go it cannot be judged again, and stands while one of its topics does."""
        now = self.matches(mention.source, mention.entry)
        if now is None or Restriction.WORDLESS not in mention.entry.restrictions:
            return now
        stands = not {match.topic for match in mention.matches}.isdisjoint(self.sources[mention.source].topics)
        return mention.matches if stands else now

    def lands(self, source: str, entry: Entry) -> bool:
        """Whether an entry that counts would become a mention: it may be shown, and does not echo our own page."""
        if self.echo.left_out(entry):
            return False
        mention = mention_of(entry, self.sources[source], matcher=self.matcher, at=_NEVER, quiet=True, pages=self.pages, echo=self.echo)
        return mention is not None


def tried(stories: Iterable[Story], passed: Iterable[tuple[str, Entry]], rules: Rules, *, wanted: Callable[[Story], str | None]) -> Tried:
    """Judge everything that is known by some rules.

    Args:
        stories: as the store gives them; a mention that is heard in several counts once.
        passed: entries that concerned no topic, with their sources.
        wanted: why the steward wants a story; None: nothing was said.
    """
    gained: list[Gain] = []
    lost: list[Loss] = []
    rejudged: list[Rejudged] = []
    known: set[tuple[str, str]] = set()
    for mention, kept in _each(stories, wanted):
        known.add((mention.source, mention.entry.native_id))
        now = rules.judged(mention)
        if now is None or now == mention.matches:
            continue
        before, after = _by_topic(mention.matches), _by_topic(now)
        gained += (_gain(mention.source, mention.entry, topic, after[topic]) for topic in after.keys() - before.keys())
        lost += (Loss(topic=topic, mention=mention, matches=before[topic], kept=kept) for topic in before.keys() - after.keys())
        if now:
            rejudged.append(Rejudged(mention=mention, matches=now))
    count = 0
    for source, entry in passed:
        count += 1
        gained += _gains(source, entry, rules, known)
    return Tried(
        gained=tuple(sorted(gained, key=lambda one: (one.topic, one.source, one.entry.native_id))),
        lost=tuple(sorted(lost, key=lambda one: (one.topic, one.mention.source, one.mention.entry.native_id))),
        rejudged=tuple(rejudged),
        mentions=len(known),
        passed=count,
    )


def _each(stories: Iterable[Story], wanted: Callable[[Story], str | None]) -> Iterator[tuple[Mention, str | None]]:
    """Every mention once, with why the steward wants a story in which it is heard."""
    found: dict[tuple[str, str], tuple[Mention, str | None]] = {}
    for story in stories:
        kept = wanted(story)
        for mention in story.mentions:
            name = mention.source, mention.entry.native_id
            if name not in found or kept:
                found[name] = mention, kept
    yield from found.values()


def _gains(source: str, entry: Entry, rules: Rules, known: Collection[tuple[str, str]]) -> Iterator[Gain]:
    if (source, entry.native_id) in known:
        return
    matches = rules.matches(source, entry)
    if matches and rules.lands(source, entry):
        yield from (_gain(source, entry, topic, of_topic) for topic, of_topic in _by_topic(matches).items())


def _gain(source: str, entry: Entry, topic: str, matches: tuple[Match, ...]) -> Gain:
    return Gain(topic=topic, source=source, entry=entry, matches=matches)


def _by_topic(matches: Iterable[Match]) -> dict[str, tuple[Match, ...]]:
    found: dict[str, tuple[Match, ...]] = {}
    for match in matches:
        found[match.topic] = (*found.get(match.topic, ()), match)
    return found
