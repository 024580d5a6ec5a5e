"""What sending needs while it is done: the lock, the journal that was compared with private.db, and the way by which mail leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from aggregator.app import App
from aggregator.digest.journal import FILE, Journal, Mark
from aggregator.digest.membership import Membership
from aggregator.digest.reconciling import reconcile
from aggregator.model import Bounce, Delivery, DeliveryState
from aggregator.run.forgetting import catch_up
from aggregator.run.post import Post, post_of

log = logging.getLogger("aggregator.run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """Everything at hand; the lock is held."""

    app: App
    journal: Journal
    post: Post
    # What comparing database and journal had to say.
    remarks: tuple[str, ...] = ()


@contextmanager
def open_outbox(app: App) -> Iterator[Outbox | None]:
    """The outbox of the one process that may send; None: another one is at it.

    Raises:
        ConfigError: there is no digest, or a password or key is not set.
        StoreError: the journal belongs to another database, or cannot be opened.
    """
    post = post_of(app)
    with app.private.exclusive() as held:
        if not held:
            yield None
            return
        # Before anything is taken over from a journal, or the other way round.
        forgotten = catch_up(app)
        mark = Mark.read(app.private.ledger.mark())
        journal = Journal(app.settings.state / FILE, salt=app.private.keys.salt(), mark=mark, at=app.clock(), write=not app.dry_run)
        with closing(journal):
            remarks = reconcile(app.private, journal, app.clock(), came_back=hearing(app))
            made = Outbox(app=app, journal=journal, post=post)
            yield replace(made, remarks=(*forgotten, *remarks, *_sought(made)))
        # What an edition had to keep until it was ended.
        for line in catch_up(app):
            log.warning("%s", line)


def hearing(app: App) -> Callable[[Delivery, Bounce], None]:
    """Hears of copies that were refused, and decides about their readers."""
    membership = Membership(app.private, app.settings, app.clock)

    def came_back(row: Delivery, bounce: Bounce) -> None:
        membership.came_back(row.recipient, bounce, message_id=row.message_id)

    return came_back


def settle(outbox: Outbox, edition: str, rows: Collection[Delivery], state: DeliveryState, reply: str) -> None:
    """Write what was found out about uncertain copies, in the journal first."""
    at = outbox.app.clock()
    outbox.journal.resolved(edition, dict.fromkeys((row.recipient for row in rows), state), at)
    settled = [replace(row, state=state, at=at, next_try_at=None, reply=reply) for row in rows]
    outbox.app.private.ledger.settle(settled, mark=str(outbox.journal.last()))


def uncertain(outbox: Outbox, edition: str) -> tuple[Delivery, ...]:
    """The copies of an edition whose fate is not known."""
    return outbox.app.private.ledger.deliveries(edition, (DeliveryState.UNCERTAIN,))


def _sought(outbox: Outbox) -> Iterator[str]:
    """Ask a service about an edition whose end was not seen, and say what it answered."""
    service = outbox.post.service
    if service is None or outbox.app.dry_run:
        return
    for issued in outbox.app.private.ledger.sending():
        rows = [row for row in uncertain(outbox, issued.edition.id) if row.recipient == service.recipient]
        found = service.seek(issued.edition.id) if rows else None
        if found is not None:
            settle(outbox, issued.edition.id, rows, DeliveryState.HANDED_OVER if found else DeliveryState.DUE, "as the service says")
            yield f"{service.name} says that it {'has' if found else 'does not have'} {issued.edition.period.name}."
