"""The commands by which the steward decides: hide, pin, note, retitle, kind, lead, split, merge, approve, block, order; undo and log.

Each changes curation.yaml, lets the database follow, writes the page, and says in a sentence or two what became different.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.commands.blocking import blocked, last_day
from aggregator.commands.common import application, columns, complain_lines, day, say, show, talk
from aggregator.commands.decided import sentence
from aggregator.commands.naming import Named, known, named, source_known, who_decides
from aggregator.curation.naming import AUTHOR, BLOCKED, folded
from aggregator.errors import ConfigError
from aggregator.model import Decision, DecisionKind, Kind
from aggregator.text.urls import canonical

if TYPE_CHECKING:
    from aggregator.run.deciding import Decided

_Make = Callable[[App], Sequence[Decision]]


def hide(options: argparse.Namespace) -> int:
    """Take stories off the page; an address that is not known yet is hidden in advance."""
    return _decide(options, lambda app: [_about(DecisionKind.HIDE, named(app, one)) for one in options.story])


def pin(options: argparse.Namespace) -> int:
    """Put stories first."""
    return _decide(options, lambda app: [_about(DecisionKind.PIN, known(app, one)) for one in options.story])


def retitle(options: argparse.Namespace) -> int:
    """Call a story otherwise."""
    return _decide(options, lambda app: [_about(DecisionKind.RETITLE, known(app, options.story), value=_text(options.title, "TITLE"))])


def note(options: argparse.Namespace) -> int:
    """Say something about a story in the community's own words."""
    return _decide(options, lambda app: [_about(DecisionKind.NOTE, known(app, options.story), value=_text(options.text, "TEXT"))])


def kind(options: argparse.Namespace) -> int:
    """Say what a reader finds there."""
    if options.kind not in list(Kind):
        from aggregator.shape import nearest

        raise ConfigError(f"{options.kind!r} is no kind. {nearest(options.kind, map(str, Kind))}")
    return _decide(options, lambda app: [_about(DecisionKind.KIND, known(app, options.story), value=options.kind)])


def lead(options: argparse.Namespace) -> int:
    """Show a story by one of its addresses."""
    return _decide(options, lambda app: [_lead(app, options.url)])


def split(options: argparse.Namespace) -> int:
    """Say that two addresses are not one story."""
    return _decide(options, lambda app: [_split(app, options.story, options.other)])


def merge(options: argparse.Namespace) -> int:
    """Say that addresses are one story."""

    def made(app: App) -> Sequence[Decision]:
        keys = tuple(dict.fromkeys(known(app, one).key for one in options.story))
        if len(keys) < 2:
            raise ConfigError("to merge takes two different addresses. Name another one.")
        return [Decision(kind=DecisionKind.MERGE, subject=keys[0], others=keys[1:])]

    return _decide(options, made)


def approve(options: argparse.Namespace) -> int:
    """Show what waits: stories, posts, or everything of a source."""
    if not options.story and not options.source:
        raise ConfigError("say what to approve: an address, or --source ID. `aggregator review` lists what waits.")

    def made(app: App) -> Sequence[Decision]:
        of_source = [Decision(kind=DecisionKind.APPROVE, subject=source_known(app, options.source))] if options.source else []
        return [*(_about(DecisionKind.APPROVE, known(app, one)) for one in options.story), *of_source]

    return _decide(options, made)


def block(options: argparse.Namespace) -> int:
    """Take nothing more from an author, a domain or a source."""
    until = last_day(options.until)

    def made(app: App) -> Sequence[Decision]:
        if until is not None and until < app.clock():
            raise ConfigError(f"--until: {options.until} has passed, so nothing would be blocked. Write a day to come.")
        return [Decision(kind=DecisionKind.BLOCK, subject=blocked(app, options), until=until)]

    return _decide(options, made)


def order(options: argparse.Namespace) -> int:
    """Put the chosen stories in order, or say which order they have."""
    if options.story:
        return _decide(options, lambda app: [_ordered(app, options.story)])
    from aggregator.run.deciding import curated

    with application(options) as app:
        # As readers meet them: those that were put in order, then the others in the order of their list.
        chosen = [(story.curation.order, story.chosen, story.lead) for story in curated(app).shown if story.chosen]
        given = {one.links[0].key: at for at, one in enumerate(app.store.chosen())}
        chosen.sort(key=lambda one: (one[0] is None, one[0] or 0, given.get(one[1].links[0].key, 0)))
        keys = [lead for _order, _chosen, lead in chosen]
        if options.json:
            show(keys)
        for at, key in enumerate(() if options.json else keys, start=1):
            say(f"{at:3}  {key}")
    return 0


def undo(options: argparse.Namespace) -> int:
    """Take back the last decision, or the last about something."""
    from aggregator.run.deciding import take_back, turn

    with application(options) as app, turn(app):
        about = _names(app, options.about) if options.about else None

        def choose(decisions: Sequence[Decision]) -> int | None:
            places = (at for at, one in enumerate(decisions) if about is None or _concerns(one, about))
            return max(places, default=None)

        done = take_back(app, choose, dry_run=options.dry_run)
        if not done.taken_back:
            talk(options, f"Nothing was decided{f' about {options.about}' if options.about else ''}, so there is nothing to take back.")
        return _end(options, app, done)


def log(options: argparse.Namespace) -> int:
    """Say who decided what and when, newest first."""
    from aggregator.run.deciding import sync

    code = 0
    with application(options) as app:
        with app.store.exclusive() as held:
            try:
                _ = sync(app, write=not options.dry_run) if held else None
            except ConfigError as error:
                complain_lines(str(error))
                code = 3
        lines = app.store.decisions.log(options.limit)
        taken_down = app.store.takedowns.history(options.limit)
        if options.json:
            decided = [{"at": one.at, "made": one.made, "decision": asdict(one.decision)} for one in lines]
            show([*decided, *({"at": one.at, "takedown": one.scope, "reason": one.reason} for one in taken_down)])
            return code
        rows = []
        for one in lines:
            decision, at = one.decision, one.decision.at if one.made else one.at
            what = sentence(decision, str, tense="log")
            rows.append((one.at, day(at), decision.by or "-", what if one.made else f"took back: {what}", decision.reason))
        # What it was is not kept.
        rows += [(one.at, day(one.at), "-", f"took down: {_TAKEN_DOWN[one.scope]}", one.reason) for one in taken_down]
        newest = sorted(rows, key=lambda row: row[0], reverse=True)[: options.limit]
        for line in columns([row[1:] for row in newest]) if newest else ():
            say(line)
        if not rows:
            talk(options, "Nothing has been decided yet. `aggregator hide URL` takes a story off the page.")
    return code


_TAKEN_DOWN = {"url": "an address", "author": "an author", "domain": "a site", "name": "a name"}


# -- what they share


def _decide(options: argparse.Namespace, make: _Make) -> int:
    from aggregator.run.deciding import decide, sync, turn

    with application(options) as app, turn(app):
        # By now, so that a story is looked up as the file has it.
        remarks = sync(app, write=not options.dry_run).remarks
        signed = signer(options, app)
        done = decide(app, [signed(decision) for decision in make(app)], dry_run=options.dry_run)
        done = replace(done, remarks=tuple(dict.fromkeys((*remarks, *done.remarks))))
        if not done.made:
            talk(options, "That is decided already; nothing was changed.")
        return _end(options, app, done)


def signer(options: argparse.Namespace, app: App) -> Callable[[Decision], Decision]:
    """Puts who decides, when and why to a decision."""
    by, reason = who_decides(options.by, app.settings.curation.parent), " ".join((options.reason or "").split())
    return lambda decision: replace(decision, by=by, at=_to_the_second(app.clock()), reason=reason)


def _to_the_second(at: datetime) -> datetime:
    """The end of its second: people read the file, and what was found before the decision must not seem to come after it."""
    return (at + timedelta(microseconds=999_999)).replace(microsecond=0)


def _end(options: argparse.Namespace, app: App, done: Decided) -> int:
    """Say what was changed, and write the page."""
    from aggregator.run.publishing import publish_site

    for remark in done.remarks:
        talk(options, remark)
    if options.json:
        plain = {
            "made": [asdict(one) for one in done.made],
            "taken_back": [asdict(one) for one in done.taken_back],
            "changes": [asdict(one) for one in done.changes],
            "dry_run": options.dry_run,
        }
        show(plain)
    else:
        for line in told(app, done, dry_run=options.dry_run):
            talk(options, line)
    if (done.made or done.taken_back) and not options.dry_run:
        publish_site(app)
    return 0


# More would scroll what was decided off the screen.
_MOST_CHANGES = 12


def told(app: App, done: Decided, *, dry_run: bool) -> list[str]:
    """What was decided, a line each, and what that changes on the page."""
    from aggregator.pipeline.changes import called
    from aggregator.pipeline.curate import leads

    def name(key: str) -> str:
        owner = app.store.story_of(key)
        story = app.store.story(owner) if owner is not None else None
        if story is None:
            return key
        title = called(story, key)
        if not leads(story, key):
            return f"a post about “{title}” ({key})"
        # What became part of another story is known by what it was called.
        return f"“{done.called.get(key, title) if title == key else title}” ({key})"

    lines = [sentence(one, name, tense="would" if dry_run else "did") for one in done.made]
    lines += [sentence(one, name, tense="would undo" if dry_run else "undid") for one in done.taken_back]
    if not lines:
        return []
    lines += [str(change) for change in done.changes[:_MOST_CHANGES]]
    if more := len(done.changes) - _MOST_CHANGES:
        lines += [f"And {more} more."] if more > 0 else []
    if not done.changes:
        hidden = [one for one in done.made if one.kind is DecisionKind.HIDE and app.store.story_of(one.subject) is None]
        rest = "No story has this address yet; should one come in, it stays off the page." if hidden else "Nothing on the page changes."
        lines.append(rest)
    return lines


def _about(kind: DecisionKind, named: Named, *, value: str = "") -> Decision:
    return Decision(kind=kind, subject=named.key, value=value)


def _lead(app: App, text: str) -> Decision:
    from aggregator.pipeline.curate import leads

    found = known(app, text)
    assert found.story is not None
    if not leads(found.story, found.key):
        from aggregator.pipeline.changes import called

        raise ConfigError(
            f"{found.key} talks about “{called(found.story)}” and is not one of its addresses. "
            f"`aggregator why {found.key}` says which it has."
        )
    return _about(DecisionKind.LEAD, found)


def _text(words: Sequence[str], name: str) -> str:
    text = " ".join(" ".join(words).split())
    if not text:
        raise ConfigError(f"{name} is empty. Write it in quotes.")
    return text


def _split(app: App, text: str, other: str | None) -> Decision:
    from aggregator.pipeline.changes import called
    from aggregator.pipeline.curate import leads

    apart = known(app, text)
    assert apart.story is not None
    if not leads(apart.story, apart.key):
        raise ConfigError(
            f"{apart.key} talks about “{called(apart.story)}”: it is one of its voices and none of its addresses. "
            f"`aggregator hide {apart.key}` takes it away."
        )
    if other is not None:
        rest = known(app, other).key
    else:
        from aggregator.run.deciding import address_of

        anchor = address_of(apart.story, apart.story.id)
        keys = [key for key in (anchor, apart.story.lead, *(link.key for link in apart.story.links)) if key != apart.key]
        if not keys:
            raise ConfigError(
                f"{apart.key} is the only address of its story, so there is nothing to split it from. Name the other address."
            )
        rest = keys[0]
    if rest == apart.key:
        raise ConfigError("to split takes two different addresses. Name another one.")
    return Decision(kind=DecisionKind.SPLIT, subject=apart.key, others=(rest,))


def _ordered(app: App, texts: Sequence[str]) -> Decision:
    keys = []
    for text in texts:
        found = known(app, text)
        if found.story is None or found.story.chosen is None:
            raise ConfigError(f"{found.key} is not one of the chosen ones, and only they are put in order. `aggregator pin` puts it first.")
        keys.append(found.key)
    return Decision(kind=DecisionKind.ORDER, subject="", others=tuple(dict.fromkeys(keys)))


def _names(app: App, text: str) -> frozenset[str]:
    """Every subject of a decision that a text can mean: what is known of the story, or an author, a domain or a source."""
    from aggregator.pipeline.curate import names_of

    names = {text, canonical(text).key, *(f"{name}:{text}" for name in BLOCKED), f"{AUTHOR}{folded(text)}", f"{AUTHOR}@{folded(text)}"}
    try:
        found = named(app, text)
    except ConfigError:
        return frozenset(names)
    names.add(found.key)
    if found.story is not None:
        own = names_of(found.story)
        # A post that talks about a story is meant by itself.
        names |= own if found.key in own else set()
    return frozenset(names)


def _concerns(decision: Decision, names: frozenset[str]) -> bool:
    return not names.isdisjoint((decision.subject, *decision.others))
