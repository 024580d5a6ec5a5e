"""Works that are due made anew and compared, until nothing is due: the step after polls and linked pages."""

from __future__ import annotations

import logging

from aggregator.app import App
from aggregator.store.partition import RULES
from aggregator.text.versions import rules_of_works

log = logging.getLogger("aggregator.run")

# Names under which the store remembers by which rules stories and works were made.
_STORIES, _WORKS = "stories by", "works by"
# Works in one go: so often is asked whether the process is to stop.
_AT_ONCE = 500


def settle_works(app: App) -> int:
    """Compare what is due, until nothing is or the process is asked to stop; gives how many addresses were compared.

    What is not done stays due: a run that is killed at any moment loses nothing.
    """
    works, rules = app.store.works, rules_of_works()
    if app.store.note(_WORKS) != str(rules):
        works.renew(rules)
        app.store.remember(_WORKS, str(rules))
    if not works.due(1):
        return 0
    # What compares is slow to load, and a tick without news needs none of it.
    from aggregator.pipeline.cluster import settle

    done = 0
    while not app.stop.is_set() and (now := settle(works, _AT_ONCE)):
        done += now
    log.info("compared %d address%s with all others", done, "" if done == 1 else "es")
    return done


def rearrange_stories(app: App) -> int:
    """Cluster all rows again where other rules clustered them last; gives how many mentions changed their story."""
    if app.store.note(_STORIES) == str(RULES):
        return 0
    moved = app.store.works.rearrange()
    app.store.remember(_STORIES, str(RULES))
    if moved:
        log.info("new rules gave %d mention%s another story", moved, "" if moved == 1 else "s")
    return moved
