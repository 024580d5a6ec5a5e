"""Writes the page from the rows: the last step of a run, and all that `build` does."""

from __future__ import annotations

from datetime import datetime

from aggregator.app import App
from aggregator.publish.site import Published, publish
from aggregator.publish.sources import source_views

# Name under which the store remembers what was written last.
_NOTE = "published"


def publish_site(app: App, *, as_of: datetime | None = None, dry_run: bool = False, remember: bool = True) -> Published:
    """Bring the output folder up to date.

    Args:
        as_of: the page as it was then; what is remembered of the present page stays.
        dry_run: say what would be written, and write nothing.
        remember: keep in mind what was written, so that the next build without news is cheap; False for another folder.

    Raises:
        ConfigError: the Markdown page to write into is not there or lacks its marks.
        AggregatorError: a file cannot be written.
    """
    published = publish(
        lambda: app.store.stories(as_of=as_of),
        app.settings,
        source_views(app.settings, app.store.states()),
        revision=app.store.revision() if as_of is None else f"as of {as_of.isoformat()}",
        now=app.clock(),
        previous=app.store.note(_NOTE) if as_of is None else None,
        dry_run=dry_run,
    )
    if remember and as_of is None and not dry_run and published.note != app.store.note(_NOTE):
        app.store.remember(_NOTE, published.note)
    return published
