"""The commands that try the rules: match --explain, rules eval. They ask no server and write nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from aggregator.commands.common import application, columns, say, show
from aggregator.errors import ConfigError
from aggregator.model import Entry, Match, Takes
from aggregator.pipeline.labels import labels
from aggregator.pipeline.rating import ENOUGH_LABELS, Rated, Rating, rate
from aggregator.pipeline.trying import Gain, Loss, Tried
from aggregator.publish.words import counted
from aggregator.run.judging import rules_of, try_rules
from aggregator.shape import parse_duration

if TYPE_CHECKING:
    from aggregator.app import App


def explain(options: argparse.Namespace) -> int:
    """What the topics as they are would add and drop, beside what stands in the database."""
    try:
        span = parse_duration(options.since)
    except ValueError as error:
        raise ConfigError(f"--since: expected a duration such as 90d or 2w, found {options.since!r}. {error}") from None
    # On a copy: another configuration must not change which sources the database takes for configured.
    options.dry_run = True
    with application(options) as app:
        since = app.clock() - span
        found = try_rules(app, rules_of(app), since=since)
        unread = only_looked_at(app, found, since)
        if options.json:
            show(_as_json(found, since, unread))
        else:
            for line in _told(app, found, since, options.since, unread):
                say(line)
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """How good the rules are, by the steward's decisions."""
    options.dry_run = True
    with application(options) as app:
        rules, stories = rules_of(app), app.store.stories()
        topics = [topic.id for topic in app.settings.topics]
        rating = rate(
            stories,
            labels(stories, app.store.decisions.standing(), sources=app.settings.sources, now=app.clock()),
            topics,
            judge=lambda mention: mention.matches if (now := rules.matches(mention.source, mention.entry)) is None else now,
            try_entry=rules.matcher.match,
        )
        if options.json:
            show(_rating_as_json(rating))
        else:
            for line in _rated(rating, topics):
                say(line)
    return 0


def only_looked_at(app: App, found: Tried, since: datetime) -> tuple[str, ...]:
    """Ids of sources that were read, and of which nothing is known that could be judged: their replies held no letters of the topics."""
    states = app.store.states()
    known = {source for source, _entry in app.store.passed.since(since)}
    known |= {mention.source for story in app.store.stories() for mention in story.mentions}
    return tuple(
        source.id
        for source, _collector in app.sources
        if source.takes is Takes.MENTIONS and source.id not in known and source.id in states and states[source.id].last_ok_at
    )


# -- explain


def _told(app: App, found: Tried, since: datetime, span: str, unread: tuple[str, ...]) -> Iterator[str]:
    lost = [one for one in found.lost if one.mention.first_seen_at >= since]
    for topic in sorted({*(one.topic for one in found.gained), *(one.topic for one in lost)}):
        gained_here = [one for one in found.gained if one.topic == topic]
        lost_here = [one for one in lost if one.topic == topic]
        gone = [one for one in lost_here if one.kept is None]
        yield f"Topic {topic} would gain {len(gained_here)} and lose {len(gone)}."
        yield from _gained(gained_here)
        yield from _lost(gone, "-", "would go")
        yield from _lost([one for one in lost_here if one.kept], "=", "no longer match, and stay as you decided")
        yield ""
    if not found.gained and not lost:
        yield f"The rules of {app.settings.file} would add nothing and drop nothing."
    yield f"Judged {counted(found.mentions, 'mention')}, and {counted(found.passed, 'entry', 'entries')} that passed in the last {span}."
    if older := len(found.lost) - len(lost):
        yield f"{counted(older, 'older mention')} would go, too; a longer --since shows them."
    if unread:
        named = ", ".join(unread[:5]) + (" …" if len(unread) > 5 else "")
        yield (
            f"Only looked at, not read: {counted(len(unread), 'source')} ({named}). Nothing listed there holds the letters of the topics "
            "as they were, so no entry is known that could be judged. The run after a change reads them whole; --json names them all."
        )


def _gained(gains: Iterable[Gain]) -> Iterator[str]:
    ordered = sorted(gains, key=lambda one: (one.matches[0].rule, *_age(one.entry)))
    for rule, group in groupby(ordered, lambda one: one.matches[0].rule):
        listed = list(group)
        yield f"  + {rule!r} would add {len(listed)}:"
        for one in listed:
            yield from _entry_lines(one.source, one.entry, one.matches[0])


def _lost(losses: Iterable[Loss], mark: str, what: str) -> Iterator[str]:
    ordered = sorted(losses, key=lambda one: (one.matches[0].rule, *_age(one.mention.entry)))
    for rule, group in groupby(ordered, lambda one: one.matches[0].rule):
        listed = list(group)
        yield f"  {mark} found by {rule!r}, {len(listed)} {what}:"
        for one in listed:
            yield from _entry_lines(one.mention.source, one.mention.entry, one.matches[0], one.kept)


def _entry_lines(source: str, entry: Entry, match: Match, kept: str | None = None) -> Iterator[str]:
    when = f"{entry.published:%Y-%m-%d}" if entry.published else "undated   "
    title = " ".join((entry.title or entry.text or entry.url).split())
    yield f"      {when}  {source}  {title[:90]}{'…' if len(title) > 90 else ''}{f' ({kept})' if kept else ''}"
    yield f"                  {match.field}: {match.excerpt}"


def _age(entry: Entry) -> tuple[str, str]:
    return (entry.published.isoformat() if entry.published else "", entry.native_id)


def _as_json(found: Tried, since: datetime, unread: tuple[str, ...]) -> dict[str, Any]:
    lost = [one for one in found.lost if one.mention.first_seen_at >= since]
    return {
        "since": since.isoformat(),
        "adds": [_entry_as_json(one.topic, one.source, one.entry, one.matches) for one in found.gained],
        "drops": [_loss_as_json(one) for one in lost if one.kept is None],
        "kept": [{**_loss_as_json(one), "why": one.kept} for one in lost if one.kept],
        "older_drops": len(found.lost) - len(lost),
        "judged": {"mentions": found.mentions, "passed": found.passed},
        "only_looked_at": list(unread),
    }


def _loss_as_json(loss: Loss) -> dict[str, Any]:
    return _entry_as_json(loss.topic, loss.mention.source, loss.mention.entry, loss.matches)


def _entry_as_json(topic: str, source: str, entry: Entry, matches: Iterable[Match]) -> dict[str, Any]:
    return {
        "topic": topic,
        "source": source,
        "id": entry.native_id,
        "url": entry.url,
        "title": entry.title,
        "published": entry.published.isoformat() if entry.published else None,
        "matches": [{"field": one.field.value, "rule": one.rule, "excerpt": one.excerpt} for one in matches],
    }


# -- eval


def _rated(rating: Rating, topics: Iterable[str]) -> Iterator[str]:
    for topic in topics:
        whole = next((one for one in rating.topics if one.topic == topic), None)
        if whole is None:
            yield f"Topic {topic}: no story is found by its rules."
        else:
            judged = f"{whole.kept} kept, {whole.hidden} hidden; {_precision(whole)}"
            yield f"Topic {topic}: {counted(whole.found, 'story', 'stories')} found, {judged}."
        rows = [_row(one) for one in rating.rules if one.topic == topic]
        yield from (f"  {line}" for line in columns([("rule", "found", "kept", "hidden", "precision"), *rows]) if rows)
        yield ""
    yield from _recall(rating)
    yield from _worst(rating.worst)


def _row(one: Rated) -> tuple[str, ...]:
    return one.rule, str(one.found), str(one.kept), str(one.hidden), _precision(one)


def _precision(one: Rated) -> str:
    if one.precision is None:
        return "no labels"
    few = ", too few to tell" if one.labels < ENOUGH_LABELS else ""
    return f"precision {one.precision:.2f} of {counted(one.labels, 'label')}{few}"


def _recall(rating: Rating) -> Iterator[str]:
    if rating.recall is None:
        yield "Recall cannot be estimated: nothing is chosen, approved, pinned, retitled, noted or added by hand yet."
        return
    few = ", too few to tell" if rating.wanted < ENOUGH_LABELS else ""
    yield (
        f"Recall, an estimate: of {counted(rating.wanted, 'story', 'stories')} that you want, the rules find {rating.found} by themselves "
        f"({rating.recall:.2f}{few})."
    )
    for one in rating.missed:
        yield f"  not found, {one.why}: {one.title}"
        yield f"    {one.url}"


def _worst(worst: Rated | None) -> Iterator[str]:
    if worst is None:
        yield "No rule found anything that you hid or blocked."
        return
    yield f"The worst rule is {worst.rule!r} of topic {worst.topic}: {worst.hidden} of {counted(worst.labels, 'label')} not wanted."
    yield from (f"  for example: {title}" for title in worst.examples)


def _rating_as_json(rating: Rating) -> dict[str, Any]:
    return {
        "topics": [_rated_as_json(one) for one in rating.topics],
        "rules": [_rated_as_json(one) for one in rating.rules],
        "recall": {
            "wanted": rating.wanted,
            "found": rating.found,
            "estimate": rating.recall,
            "missed": [{"title": one.title, "url": one.url, "why": one.why} for one in rating.missed],
        },
        "worst": _rated_as_json(rating.worst) if rating.worst else None,
    }


def _rated_as_json(one: Rated) -> dict[str, Any]:
    return {
        "topic": one.topic,
        "rule": one.rule or None,
        "found": one.found,
        "kept": one.kept,
        "hidden": one.hidden,
        "labels": one.labels,
        "precision": one.precision,
        "enough_labels": one.labels >= ENOUGH_LABELS,
        "examples": list(one.examples),
    }
