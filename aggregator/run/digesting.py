"""Sends what is due: the digest's part of what cron does.

    reconcile     database and journal say the same, and no copy is claimed
    letters       confirmation mails that are owed
    unfinished    editions that are being sent come first
    due           periods that have ended (issuing.py)

One process at a time; who comes second does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import timedelta

from aggregator.app import App
from aggregator.digest.deliver import Delivered, deliver
from aggregator.digest.letters import mail_letters
from aggregator.digest.membership import Membership, configured
from aggregator.digest.outcomes import WAITS
from aggregator.digest.period import zone_of
from aggregator.digest.reconciling import STOPPED
from aggregator.errors import AggregatorError, DeliveryError
from aggregator.model import DeliveryState, Issued, SubscriberState
from aggregator.publish.dates import minute
from aggregator.publish.words import counted
from aggregator.run.composing import follow, wanted
from aggregator.run.issuing import Agree, How, issue_due
from aggregator.run.outbox import Outbox, hearing, open_outbox
from aggregator.run.outcomes import Outcome, Sent, copies, held_back, with_delivered

# How long copies that are put off are tried.
_TRIED = sum(WAITS, timedelta())

Tell = Callable[[int], None]


def _silent(count: int) -> None:
    """Nobody listens."""


def send_due(
    app: App,
    *,
    agree: Agree,
    ask: Agree,
    topic: str | None = None,
    rhythm: str | None = None,
    late: bool = False,
    accept: Collection[str] = (),
    online: bool = True,
    tell: Tell = _silent,
) -> Sent:
    """Go on with what was cut short, and send what is due.

    Args:
        agree: asked before an edition is frozen.
        ask: asked about one that is late; answered by a person alone.
        topic, rhythm: of these alone.
        late: also what has been due for so long that it is held back otherwise.
        accept: rules of the linter that may be broken.
        online: the linter may ask about links and domains.
        tell: hears after each batch how many copies it settled.

    Raises:
        ConfigError: there is no digest, or nothing of that name.
        StoreError: the journal belongs to another database.
    """
    pairs = wanted(app.settings, topic=topic, rhythm=rhythm)
    with open_outbox(app) as here:
        if here is None:
            return Sent(locked=True)
        remarks = (*here.remarks, *_followed(app))
        letters, broken = _letters(here)
        outcomes = [
            go_on(here, issued, tell=tell, late=late)
            for issued in app.private.ledger.sending()
            # Also of a topic or rhythm that was taken out of the settings meanwhile: it is frozen, and its readers wait for it.
            if topic in (None, issued.edition.topic) and rhythm in (None, issued.edition.rhythm) and not app.stop.is_set()
        ]
        how = How(
            agree=agree,
            ask=ask,
            late=late,
            accept=frozenset(accept),
            deliver=lambda issued: deliver_here(here, issued, tell=tell),
            online=online,
        )
        outcomes += [issue_due(here, one, name, how) for one, name in pairs if not app.stop.is_set()]
        # Asked when an edition goes out, and not by each run of cron: every reader is looked at.
        missed = tuple(_missed(app)) if any(one.delivered is not None for one in outcomes) else ()
        return Sent(remarks=(*remarks, *missed), letters=letters, broken=broken, editions=tuple(outcomes), uncertain=uncertain_of(app))


def resume(app: App, editions: Collection[str] | None = None, *, tell: Tell = _silent) -> Sent:
    """Go on with editions that were cut short, also with those that were stopped, however late it is.

    Args:
        editions: ids; None: all.
    """
    with open_outbox(app) as here:
        if here is None:
            return Sent(locked=True)
        sending = [one for one in app.private.ledger.sending() if editions is None or one.edition.id in editions]
        outcomes = tuple(go_on(here, issued, tell=tell, late=True, asked_for=True) for issued in sending if not app.stop.is_set())
        return Sent(remarks=here.remarks, editions=outcomes, uncertain=uncertain_of(app))


def go_on(outbox: Outbox, issued: Issued, *, tell: Tell, late: bool, asked_for: bool = False) -> Outcome:
    """Send what is due of an edition that was frozen before.

    Args:
        late: however long ago that was.
        asked_for: the steward asked for this edition; what stopped it is seen to.
    """
    app, edition, ledger = outbox.app, issued.edition, outbox.app.private.ledger
    outcome, name = Outcome(topic=edition.topic, rhythm=edition.rhythm, edition=edition.id, what="sending"), edition.period.name
    due = ledger.counts(edition.id)[DeliveryState.DUE]
    why = app.private.note(STOPPED.format(edition.id))
    if why and not asked_for:
        return held_back(
            outcome, f"Sending {name} is stopped: {why} See to that; then `aggregator digest resume {name}` goes on, or `cancel` ends it."
        )
    if due and not late and app.clock() - issued.at > configured(app.settings).grace + _TRIED:
        day = minute(issued.at, zone_of(app.settings))
        return held_back(
            outcome,
            f"{name} was begun on {day} and cut short, too long ago to go on by itself: `aggregator digest resume {name}` goes on, or "
            f"`aggregator digest cancel {name}` ends it.",
        )
    if app.dry_run:
        return replace(outcome, what="would send", said=(f"Would go on with {name}: {copies(due)} due.",))
    whole = ledger.one(edition.id)
    assert whole is not None
    delivered = deliver_here(outbox, whole, tell=tell, wary=not asked_for)
    return with_delivered(outcome, edition, delivered, again_at=ledger.due_at(edition.id), zone=zone_of(app.settings))


def deliver_here(outbox: Outbox, issued: Issued, *, tell: Tell = _silent, wary: bool = True) -> Delivered:
    """Hand over what is due of a frozen edition, by the configured way."""
    app, edition = outbox.app, issued.edition.id
    delivered = deliver(
        app.private,
        issued,
        outbox.post.mailer_of(issued),
        outbox.journal,
        write=outbox.post.writer_of(issued),
        came_back=hearing(app),
        stop=app.stop,
        clock=app.clock,
        wary=wary and outbox.post.service is None,
        tell=tell,
    )
    stopped = f"most copies were refused ({delivered.refusing})." if delivered.refusing else ""
    if stopped or app.private.note(STOPPED.format(edition)):
        app.private.remember(STOPPED.format(edition), stopped)
    return delivered


def uncertain_of(app: App) -> int:
    """How many copies are uncertain, of all editions that are being sent."""
    ledger = app.private.ledger
    return sum(ledger.counts(one.edition.id)[DeliveryState.UNCERTAIN] for one in ledger.sending())


def _followed(app: App) -> tuple[str, ...]:
    """Follow curation.yaml, so that what was hidden a moment ago stands in no edition; one that is wrong stops nothing."""
    try:
        return follow(app)
    except AggregatorError as error:
        return (f"{error} The decisions in force stay as they are until this is mended.",)


def _missed(app: App) -> Iterator[str]:
    """Who gets nothing since what they chose was taken out of the settings: they would never hear of it, and the steward neither."""
    if app.settings.digest is None or app.settings.digest.by_service:
        return
    topics, rhythms = {one.id for one in app.settings.topics}, app.settings.digest.rhythms
    readers = app.private.subscribers.all((SubscriberState.ACTIVE,))
    for name, count in sorted(Counter(one.rhythm for one in readers if one.rhythm not in rhythms).items()):
        who = counted(count, "subscriber")
        yield f"No edition reaches {who} who chose the rhythm {name!r}: put it into digest.rhythms again, or tell them."
    if count := sum(bool(one.topics) and topics.isdisjoint(one.topics) for one in readers if one.rhythm in rhythms):
        yield f"No edition reaches {counted(count, 'subscriber')} whose topics are no more: put those into topics again, or tell them."


def _letters(outbox: Outbox) -> tuple[int, str]:
    """Forget who is to be forgotten and mail what is owed to those who asked; how many, and what stood in the way."""
    app = outbox.app
    if app.dry_run:
        return 0, ""
    Membership(app.private, app.settings, app.clock).tidy()
    try:
        return mail_letters(app.private, app.settings, outbox.post.mailer, app.clock).count, ""
    except DeliveryError as error:
        return 0, str(error)
