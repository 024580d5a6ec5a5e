"""What the steward says of editions that were begun: which copies arrived after all, and which edition is stopped."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from aggregator.app import App
from aggregator.digest.deliver import end, finish
from aggregator.digest.resolving import Trace, traced
from aggregator.errors import ConfigError
from aggregator.model import Delivery, DeliveryState, EditionState, Issued
from aggregator.run.outbox import Outbox, settle, uncertain
from aggregator.shape import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a log said of uncertain copies."""

    arrived: tuple[Delivery, ...] = ()
    # Begun, and not taken, by the log.
    cut_off: tuple[Delivery, ...] = ()
    # Not in the log at all.
    absent: tuple[Delivery, ...] = ()


def named(app: App, name: str, issued: Collection[Issued]) -> tuple[Issued, ...]:
    """The editions that the steward means: by id, or by the name of their period.

    Raises:
        ConfigError: there is none of that name.
    """
    found = tuple(one for one in issued if name in (one.edition.id, one.edition.period.name))
    if not found:
        names = [one.edition.period.name for one in app.private.ledger.issued(20)]
        raise ConfigError(f"There is no such edition: {name!r}. {nearest(name, names) if names else 'None was made yet.'}")
    return found


def open_copies(outbox: Outbox, edition: str | None, recipients: Collection[str]) -> tuple[Delivery, ...]:
    """Copies whose fate is uncertain.

    Args:
        edition: of this one alone.
        recipients: of these alone; empty: all.

    Raises:
        ConfigError: there is no such edition, or no uncertain copy to one of these.
    """
    sending = outbox.app.private.ledger.sending()
    which = sending if edition is None else named(outbox.app, edition, outbox.app.private.ledger.issued())
    rows = tuple(row for issued in which for row in uncertain(outbox, issued.edition.id))
    if unknown := sorted(set(recipients) - {row.recipient for row in rows}):
        raise ConfigError(f"no copy to {unknown[0]} is uncertain; `aggregator digest resolve` lists those that are.")
    return tuple(row for row in rows if not recipients or row.recipient in recipients)


def resolve(outbox: Outbox, rows: Iterable[Delivery], state: DeliveryState, reply: str) -> None:
    """Settle uncertain copies: handed over, or due again; an edition of which nothing is left to do is sent."""
    by_edition: dict[str, list[Delivery]] = {}
    for row in rows:
        by_edition.setdefault(row.edition, []).append(row)
    for edition, some in by_edition.items():
        settle(outbox, edition, some, state, reply)
        finish(outbox.app.private, outbox.journal, edition, outbox.app.clock)


def look_up(outbox: Outbox, rows: Collection[Delivery], lines: Iterable[str]) -> Looked:
    """Look copies up in a mail server's log, and settle those that it took."""
    found = traced(lines, [row.message_id for row in rows])
    taken = (Trace.TAKEN, Trace.SENT, Trace.BOUNCED)
    arrived = tuple(row for row in rows if found.get(row.message_id) in taken)
    resolve(outbox, arrived, DeliveryState.HANDED_OVER, "by the mail server's log")
    return Looked(
        arrived=arrived,
        cut_off=tuple(row for row in rows if found.get(row.message_id) is Trace.SEEN),
        absent=tuple(row for row in rows if row.message_id not in found),
    )


def cancel(outbox: Outbox, issued: Issued) -> None:
    """Stop an edition: nobody else gets it, and its stories are told."""
    end(outbox.app.private, outbox.journal, issued.edition.id, EditionState.CANCELLED, outbox.app.clock)
