"""Writes the page from the rows: the last step of a run, and all that `build` does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.model import Decision, Edition, Item, Story, Trust
from aggregator.publish.gaps import known_gaps
from aggregator.publish.site import Digests, Published, publish
from aggregator.publish.sources import source_views

if TYPE_CHECKING:
    from aggregator.publish.stories import StoryView

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
    now, decisions = app.clock(), app.store.decisions.standing()
    revision = f"{app.store.revision()} {_beside_rows(app, decisions, now)}" if as_of is None else f"as of {as_of.isoformat()}"
    published = publish(
        lambda: _shown(app, decisions, as_of, now),
        app.settings,
        source_views(app.settings, app.store.states(), known_gaps(app.store)),
        revision=revision,
        now=now,
        previous=app.store.note(_NOTE) if as_of is None else None,
        dry_run=dry_run,
        taken_down=app.store.takedowns.tombstones,
        digests=_digests(app, as_of),
    )
    if remember and as_of is None and not dry_run and published.note != app.store.note(_NOTE):
        app.store.remember(_NOTE, published.note)
    return published


def _digests(app: App, as_of: datetime | None) -> Digests | None:
    """What the site tells of its digest; nothing is opened as long as no edition can have been sent."""
    digest = app.settings.digest
    if digest is None:
        return None
    from aggregator.digest.doors import subscribe

    name, way = f"{next(iter(digest.rhythms))} digest".capitalize(), subscribe(digest)
    if not (app.settings.state / "private.db").exists():
        return Digests(name=name, item=_item, subscribe=way)
    frozen = app.private.ledger.frozen()
    editions = partial(_editions, app, frozenset(id for id, _ in frozen), as_of)
    return Digests(name=name, item=_item, subscribe=way, revision=repr(frozen), editions=editions)


def _item(view: StoryView) -> Item:
    # What makes editions is slow to load, and a build without news needs none of it.
    from aggregator.digest.items import item_of

    return item_of(view)


def _editions(app: App, frozen: frozenset[str], as_of: datetime | None) -> tuple[Edition, ...]:
    """Those that were frozen, newest first; as of a day those whose period had ended."""
    editions = (issued.edition for issued in app.private.ledger.issued() if issued.edition.id in frozen)
    return tuple(one for one in editions if as_of is None or one.period.until <= as_of)


def _shown(app: App, decisions: Sequence[Decision], as_of: datetime | None, now: datetime) -> tuple[Story, ...]:
    # What puts stories together is slow to load, and a build without news needs none of it.
    from aggregator.pipeline.curate import curate

    return curate(app.store.stories(as_of=as_of), decisions, sources=app.settings.sources, now=now).shown


def _beside_rows(app: App, decisions: Sequence[Decision], now: datetime) -> str:
    """What is shown and is no matter of rows: which sources are held, and how many blocks have ended."""
    held = sorted(source.id for source in app.settings.sources if source.trust is Trust.HOLD)
    ended = sum(one.until is not None and one.until < now for one in decisions)
    return f"{ended} {held}"
