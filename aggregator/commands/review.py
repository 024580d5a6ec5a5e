"""What waits for the steward: a walk through it at a terminal (`walk.py`), a list elsewhere."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.commands.common import application, complain, day, say, show, talk
from aggregator.commands.deciding import signer
from aggregator.commands.keys import at_terminal, keys
from aggregator.model import Mention
from aggregator.text.excerpts import sentence, unmarked
from aggregator.text.urls import canonical

if TYPE_CHECKING:
    from aggregator.pipeline.curate import Held

_EXCERPT = 300
# As much of a text as an excerpt can come from.
_READ = 4000
# A run that is under way ends in good time; who decides waits for it.
PATIENCE_SECONDS = 900.0


def review(options: argparse.Namespace) -> int:
    """Go through what waits; a list where there is no terminal to be asked at."""
    from aggregator.run.deciding import curated, sync, turn

    with application(options) as app:
        with turn(app, seconds=PATIENCE_SECONDS, waiting=lambda: talk(options, "A run is under way; waiting for it to end …")):
            for remark in sync(app, write=not options.dry_run).remarks:
                talk(options, remark)
        waiting = _oldest_first(curated(app).held)
        if options.json:
            show([plain(held, app) for held in waiting])
        elif not waiting:
            talk(options, "Nothing waits for review.")
        elif not at_terminal() or options.dry_run:
            _list(options, app, waiting)
        else:
            return _walked(options, app, waiting)
    return 0


def _oldest_first(waiting: Sequence[Held]) -> tuple[Held, ...]:
    return tuple(sorted(waiting, key=lambda held: (min(one.first_seen_at for one in held.story.mentions), held.story.id)))


def _list(options: argparse.Namespace, app: App, waiting: Sequence[Held]) -> None:
    for held in waiting:
        for line in lines(held, app):
            say(line)
        say()
    one = held_keys(waiting[0])[0]
    talk(
        options,
        f"{_count(len(waiting))} for review. Decide in a terminal with `aggregator review`, or one by one: `aggregator approve {one}`.",
    )


def _count(waiting: int) -> str:
    return f"{waiting} wait{'s' if waiting == 1 else ''}"


def lines(held: Held, app: App) -> list[str]:
    """What a steward has to know of it."""
    about = plain(held, app)
    first = held.story.mentions[0]
    when = day(first.entry.published or first.first_seen_at)
    shown = "  It belongs to a story that is shown." if held.shown else ""
    return [
        f"“{about['title']}”",
        f"  {first.entry.kind} by {about['who'] or 'nobody named'}, in {about['where']}, {when}",
        f"  {about['url']}",
        *(f"  waits: {reason}" for reason in held.reasons),
        *([shown] if shown else []),
        *(f"  {match.field}: {match.rule!r}{f' in {match.excerpt!r}' if match.excerpt else ''}" for match in first.matches),
        *([f"  {about['excerpt']}"] if about["excerpt"] else []),
    ]


def plain(held: Held, app: App) -> dict[str, object]:
    """The same as values, of the first mention that waits."""
    from aggregator.pipeline.changes import called

    first = held.story.mentions[0]
    author = first.entry.author
    labels = {source.id: source.label for source in app.settings.sources}
    return {
        "story": held.story.id,
        "title": called(held.story),
        "url": held_keys(held)[0],
        "kind": first.entry.kind,
        "who": (author.name or author.handle or "") if author else "",
        "where": first.entry.site or labels.get(first.source) or first.source,
        "source": first.source,
        "published": first.entry.published,
        "first_seen_at": first.first_seen_at,
        "reasons": held.reasons,
        "matches": [{"topic": match.topic, "field": match.field, "rule": match.rule, "excerpt": match.excerpt} for match in first.matches],
        "excerpt": _excerpt(first),
        "mentions": [one.entry.url for one in held.story.mentions],
        "shown": held.shown,
    }


def _excerpt(mention: Mention) -> str:
    from aggregator.text.html import visible

    entry = mention.entry
    text = unmarked(entry.text[:_READ]) if entry.text is not None else visible(entry.html[:_READ]).text if entry.html else ""
    return sentence(text, _EXCERPT)


def held_keys(held: Held) -> tuple[str, ...]:
    """What a decision about it names: the story, or the posts alone where the story is shown without them."""
    if not held.shown:
        return (held.story.mentions[0].identity.subject,)
    return tuple(dict.fromkeys(canonical(one.entry.url).key for one in held.story.mentions))


def _walked(options: argparse.Namespace, app: App, waiting: Sequence[Held]) -> int:
    from aggregator.commands.walk import Walk
    from aggregator.run.publishing import publish_site

    walk = Walk(app=app, waiting=tuple(waiting), signed=signer(options, app))
    try:
        with keys() as read:
            walk.go(read)
    except KeyboardInterrupt:
        complain("Interrupted. What you decided is kept, and the next build shows it.")
        return 130
    if walk.done:
        with walk.turn():
            publish_site(app)
    left = len(walk.waiting_still())
    say(f"You decided {len(walk.done)}; {_count(left) if left else 'nothing waits'} now.")
    return 0
