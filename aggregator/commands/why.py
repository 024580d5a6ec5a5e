"""Why something is on the page or not, and why two things are one story or not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.commands.common import application, day, say, show
from aggregator.commands.decided import sentence
from aggregator.commands.naming import Named, named
from aggregator.curation.naming import story_named
from aggregator.model import Decision, Evidence, EvidenceKind, Mention, Story
from aggregator.text.urls import canonical, trace

if TYPE_CHECKING:
    from aggregator.pipeline.curate import Curated
    from aggregator.pipeline.explain import Explained


def why(options: argparse.Namespace) -> int:
    """Say how an address was read, and why it is on the page or not; of two, why they are one story or not."""
    with application(options) as app:
        return _of_two(options, app) if options.other else _of_one(options, app)


# -- one address


def _of_one(options: argparse.Namespace, app: App) -> int:
    from aggregator.pipeline.curate import curate

    steps, read = trace(options.url), canonical(options.url)
    key, story = read.key, _story(app, read.key)
    if story is None and story_named(options.url, app.settings.site.url) is not None:
        found = named(app, options.url)
        key, story = found.key, found.story
    decisions = app.store.decisions.standing()
    about = _about(key, story, decisions)
    outcome = curate([story] if story else [], decisions, sources=app.settings.sources, now=app.clock())
    if options.json:
        show(_plain(options.url, key, story, about, outcome) | {"rules": [asdict(step) for step in steps]})
        return 0
    say(f"address  {options.url}")
    for step in steps:
        say(f"  rule {step.rule}, {step.name}: {step.after}")
    say(f"key      {key}")
    if key == read.key:
        say(f"follow   {read.href}")
    for line in (*_told(story), *_decided(about), *_outcome(outcome, _heard_in(app, story))):
        say(line)
    return 0


def _story(app: App, key: str) -> Story | None:
    id = app.store.story_of(key)
    return app.store.story(id) if id is not None else None


def _plain(url: str, key: str, story: Story | None, about: Sequence[Decision], outcome: Curated) -> dict[str, object]:
    return {
        "url": url,
        "key": key,
        "href": canonical(key).href,
        "story": story,
        "decisions": [asdict(one) for one in about],
        "shown": bool(outcome.shown),
        "lead": outcome.shown[0].lead if outcome.shown else None,
        "held": [reason for held in outcome.held for reason in held.reasons],
    }


def _about(key: str, story: Story | None, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions that name the address or another one of its story, oldest first."""
    from aggregator.pipeline.curate import names_of

    names = {key}
    if story is not None:
        names |= names_of(story)
        names.update(alias for mention in story.mentions for alias in mention.identity.aliases)
    return tuple(one for one in decisions if not names.isdisjoint((one.subject, *one.others)))


def _told(story: Story | None) -> Iterator[str]:
    if story is None:
        yield "It is on no page: nothing that mentions a topic is about it or is it."
        return
    yield f"story    {story.id}, first seen {day(story.first_seen_at)}"
    if story.chosen:
        yield f"  chosen by hand in {story.chosen.origin}, place {story.chosen.position + 1}: {story.chosen.title}"
    for mention in story.mentions:
        yield f"  {mention.source}: {mention.entry.url}"
        yield f"    {_about_what(mention)}"
        yield from (f"    {match.field} matches {match.rule!r}{f': {match.excerpt}' if match.excerpt else ''}" for match in mention.matches)
    if story.evidence:
        yield "evidence"
        yield from (f"  {line(one)}" for one in story.evidence)


def _about_what(mention: Mention) -> str:
    """What a mention is about; one that shares several pages is a voice in the story of each."""
    if mention.identity.shares:
        return f"is about all that it shares: {', '.join(mention.identity.shares)}"
    subject = mention.identity.subject
    return "is about itself" if canonical(mention.entry.url).key == subject else f"is about {subject}"


def _decided(about: Sequence[Decision]) -> Iterator[str]:
    if about:
        yield "decisions"
    for one in about:
        signed = f"{one.by or 'somebody'}, {day(one.at)}" if one.at else one.by or "somebody"
        yield f"  {sentence(one, str, tense='log')} ({signed}){f': {one.reason}' if one.reason else ''}"


def _heard_in(app: App, story: Story | None) -> tuple[str, ...]:
    """The pages in whose stories a post is heard that shares them all; none where it is an entry of its own."""
    shares = {key: None for mention in story.mentions for key in mention.identity.shares} if story else {}
    if story is None or not all(mention.identity.shares for mention in story.mentions):
        return ()
    return tuple(key for key in shares if app.store.story_of(key) is not None)


def _outcome(outcome: Curated, heard_in: Sequence[str]) -> Iterator[str]:
    for story in outcome.shown:
        yield f"shown    as a voice in the stories of {', '.join(heard_in)}" if heard_in else f"shown    by {story.lead}"
    for held in outcome.held:
        yield f"held     {'; '.join(held.reasons)}. `aggregator review` decides."
    for removed in outcome.removed:
        what = "it off" if removed.whole else f"{len(removed.story.mentions)} of its mentions off"
        yield f"removed  {sentence(removed.decision, str, tense='log')} keeps {what} the page"


def line(one: Evidence) -> str:
    """A piece of evidence as a line of text."""
    if one.kind is EvidenceKind.SAME_URL:
        return f"a post and the page that it shares or answers: {one.left} = {one.right}"
    score = f", {one.score:.2f}" if one.score < 1 else ""
    return f"{one.kind}{score}: {one.left} = {one.right}" if one.kind.joins else f"{one.kind}{score}: {one.left}, {one.right}"


# -- two addresses


def _of_two(options: argparse.Namespace, app: App) -> int:
    left, right = named(app, options.url), named(app, options.other)
    explained = _explained(app, left, right)
    if options.json:
        plain = asdict(explained) if explained else {"together": False, "evidence": (), "because": _unknown(left, right)}
        show({"left": left.key, "right": right.key, "stories": [one.story.id if one.story else None for one in (left, right)], **plain})
        return 0
    for one in (left, right):
        say(f"{one.key}: {f'story {one.story.id}' if one.story else 'unknown'}")
    if explained is None:
        say(_unknown(left, right))
        return 0
    say(explained.because)
    if explained.evidence and not explained.together:
        say("What speaks for it:")
    for piece in explained.evidence:
        say(f"  {line(piece)}")
    return 0


def _unknown(left: Named, right: Named) -> str:
    keys = [one.key for one in (left, right) if one.story is None]
    if left.key == right.key:
        return "They are one address, however they are written, and nothing that mentions a topic is about it or is it."
    return f"Nothing that mentions a topic is about {' or '.join(keys)}, so there is no story to compare."


def _explained(app: App, left: Named, right: Named) -> Explained | None:
    """What can be said of two addresses; None: one is not known."""
    from aggregator.pipeline.curate import names_of
    from aggregator.pipeline.explain import apart, together

    if left.story is None or right.story is None:
        return None
    if left.story.id == right.story.id:
        return together(left.story, left.key, right.key)
    names = sorted(names_of(left.story) | names_of(right.story))
    return apart(
        (left.key, left.story),
        (right.key, right.story),
        bonds=app.store.works.bonds(names),
        works=app.store.works.known(names),
        decisions=app.store.decisions.standing(),
    )
