"""What was taken down, where work meets it again."""

from __future__ import annotations

from aggregator.app import App
from aggregator.pipeline.takedown import Refusals, Scope, Subject

# Why an address goes that nobody asked to take down.
_LEADS_THERE = "an address that leads to what was taken down"


def forget_link(app: App, key: str, known: Refusals) -> None:
    """Take down an address that turned out to lead to what was taken down, with the mentions that are about it."""
    id = app.store.story_of(key)
    story = app.store.story(id) if id is not None else None
    about = [one for one in story.mentions if key in (one.identity.subject, *one.identity.aliases, *one.identity.shares)] if story else []
    app.store.takedowns.erase(
        [(one.source, one.entry.native_id) for one in about],
        keys=(key,),
        hashes={Subject(scope=Scope.URL, value=key).hashed(known.salt): Scope.URL.value},
        reason=_LEADS_THERE,
        at=app.clock(),
    )
