"""A period that has ended: its edition is composed, looked at by the linter, agreed to, frozen and sent; or it says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from aggregator.app import App
from aggregator.digest.compose import Composed
from aggregator.digest.deliver import Delivered, freeze
from aggregator.digest.membership import configured
from aggregator.digest.period import following_at, zone_of
from aggregator.digest.quiet import Send, Skip, Wait, what_now
from aggregator.errors import AggregatorError
from aggregator.model import Issued, Period, Topic
from aggregator.publish.dates import minute
from aggregator.publish.words import counted
from aggregator.run.composing import WAITING, composed, due_period, is_overdue, wanted
from aggregator.run.drafting import Drafted, drafted
from aggregator.run.outbox import Outbox
from aggregator.run.outcomes import Outcome, held_back, with_delivered
from aggregator.text import cron

# Asked before anything is sent, in the last line, with what speaks against it before: yes, no, or None where nobody can be asked.
Agree = Callable[[str], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the steward allowed, and what is done with an edition that is frozen."""

    agree: Agree
    # Asked about what --yes does not answer.
    ask: Agree
    # An edition that is late is sent all the same.
    late: bool
    # Rules of the linter that may be broken.
    accept: frozenset[str]
    deliver: Callable[[Issued], Delivered]
    # The linter may ask about links and domains.
    online: bool = True


def issue_due(outbox: Outbox, topic: Topic, rhythm: str, how: How) -> Outcome:
    """Send the edition of a topic and rhythm that is due, if one is and nothing keeps it back."""
    app, outcome = outbox.app, Outcome(topic=topic.id, rhythm=rhythm)
    period = due_period(app, topic, rhythm)
    if period is None:
        return replace(outcome, said=_clock_set_back(app, topic, rhythm))
    outcome = replace(outcome, edition=f"{topic.id}/{rhythm}/{period.name}")
    kept = _too_late(app, topic, rhythm, period, how)
    if kept is None:
        return replace(outcome, edition="", said=_first_at(app, rhythm))
    if kept:
        return held_back(outcome, *kept)
    made = composed(app, topic, rhythm, period)
    choice = what_now(made, configured(app.settings), zone=zone_of(app.settings))
    if not isinstance(choice, Send):
        return _quiet(outbox, outcome, made, choice)
    draft = drafted(app, made, online=how.online, way=outbox.post.doors())
    if blocking := draft.report.blocking(how.accept):
        if not app.dry_run:
            app.private.ledger.hold(draft.composed.edition, draft.report.to_json(), app.clock())
        said = [f"{period.name} is held back; nothing was sent.", *(f"{one.rule}: {one.sentence}" for one in blocking)]
        return held_back(outcome, *said, "Mend it, or name a rule that may be broken with --accept; then `aggregator digest send` again.")
    remarks = tuple(filter(None, (choice.sentence, *(f"{one.rule}: {one.sentence}" for one in draft.report.warnings))))
    return _agreed(outbox, replace(outcome, said=remarks), draft, how)


def _agreed(outbox: Outbox, outcome: Outcome, draft: Drafted, how: How) -> Outcome:
    app, edition = outbox.app, draft.composed.edition
    if app.stop.is_set():
        return replace(outcome, what="declined", said=("Stopped before anything was sent.",))
    recipients = outbox.post.recipients(edition.topic, edition.rhythm)
    whom = outbox.post.service.name if outbox.post.service else counted(len(recipients), "subscriber") if recipients else "nobody yet"
    name = edition.id if len(wanted(app.settings)) > 1 else edition.period.name
    what = f"{name} with {counted(edition.new, 'story', 'stories')} to {whom}"
    if app.dry_run:
        return replace(outcome, what="would send", said=(*outcome.said, f"Would send {what}."))
    answer = how.agree("\n".join((*outcome.said, f"Send {what}?")))
    if not answer:
        said = "Nothing was sent." if answer is False else f"Nobody is here to agree to sending {what}: add --yes, also in cron."
        return replace(outcome, what="declined", said=(*outcome.said, said), exit_code=2)
    issued = freeze(
        app.private,
        outbox.journal,
        edition,
        draft.rendered,
        report=draft.report.to_json(),
        message_ids=outbox.post.message_ids(edition.id, recipients),
        told=draft.composed.told,
        clock=app.clock,
    )
    if issued is None:
        raise AggregatorError(f"{edition.id} was frozen before, although it was due: run `aggregator digest status`")
    # The web copy is there before the first mail that leads to it.
    published = _published(app)
    delivered = how.deliver(issued)
    told = with_delivered(outcome, edition, delivered, again_at=app.private.ledger.due_at(edition.id), zone=zone_of(app.settings))
    return replace(told, said=(*told.said, *published))


def _quiet(outbox: Outbox, outcome: Outcome, made: Composed, choice: Skip | Wait) -> Outcome:
    app, edition = outbox.app, made.edition
    if isinstance(choice, Wait):
        if not app.dry_run:
            app.private.remember(WAITING.format(outcome.topic, outcome.rhythm), edition.period.name)
        return replace(outcome, what="waiting", said=(choice.sentence,))
    if _nothing_was_read(app):
        return replace(outcome, what="waiting", said=("No source was read yet, so nothing can be new. Run `aggregator run` first.",))
    at = app.clock()
    app.private.ledger.skip(edition, at, mark=str(outbox.journal.mark()))
    outbox.journal.skipped(edition, at)
    return replace(outcome, what="skipped", said=(choice.sentence,))


def _nothing_was_read(app: App) -> bool:
    """True before the first run: nothing is known of any period, and none is skipped for it."""
    return bool(app.sources) and not any(state.last_ok_at for state in app.store.states().values())


def _clock_set_back(app: App, topic: Topic, rhythm: str) -> tuple[str, ...]:
    last = app.private.ledger.last(topic.id, rhythm)
    if last is None or last.edition.period.until <= app.clock():
        return ()
    return (
        f"The clock says {app.clock():%Y-%m-%d %H:%M} UTC, and {last.edition.period.name} was sent for a time after that: nothing is due "
        "until then. Set the clock if it is wrong.",
    )


def _too_late(app: App, topic: Topic, rhythm: str, period: Period, how: How) -> tuple[str, ...] | None:
    """Why an edition is not sent by itself; empty: it is. None: it is of the time before there was a digest."""
    if how.late:
        return ()
    day = minute(period.until, zone_of(app.settings))
    if doubt := _clock_doubted(app, rhythm, period):
        return (doubt,)
    if not is_overdue(app, topic, rhythm, period):
        return ()
    if app.private.ledger.last(topic.id, rhythm) is None:
        return None
    late = f"{period.name} was due on {day}, too long ago to be sent by itself"
    if how.ask(f"{late}. Go on with it?"):
        return ()
    return (f"{late}: `aggregator digest send --late` sends it; else its stories stand in the next edition.",)


def _clock_doubted(app: App, rhythm: str, period: Period) -> str:
    """What is wrong with the clock, when nothing that the program knows is of the two periods before; "" when all is well."""
    polled = [state.last_ok_at for state in app.store.states().values() if state.last_ok_at is not None]
    expression, zone = configured(app.settings).rhythms[rhythm], zone_of(app.settings)
    before = cron.earlier(expression, cron.earlier(expression, period.until, zone), zone)
    if not polled or max(polled) >= before:
        return ""
    return (
        f"The clock says {app.clock():%Y-%m-%d %H:%M} UTC, and no source was read since {max(polled):%Y-%m-%d}: {period.name} is held "
        "back. Set the clock if it is wrong; else run `aggregator run`, or `aggregator digest send --late`."
    )


def _first_at(app: App, rhythm: str) -> tuple[str, ...]:
    zone = zone_of(app.settings)
    at = following_at(configured(app.settings).rhythms[rhythm], now=app.clock(), zone=zone)
    return (f"Nothing was sent before: the first {rhythm} edition is due on {minute(at, zone)}. `--late` sends the last period's now.",)


def _published(app: App) -> tuple[str, ...]:
    """Write the page with the edition's web copy, where there is a page already; what went wrong, which stops no mail."""
    if not (app.settings.output / "index.html").exists():
        return ("The page was never built, so there is no web copy of it; `aggregator build` writes one.",)
    from aggregator.run.publishing import publish_site

    try:
        with app.store.exclusive() as held:
            if held:
                publish_site(app)
            return () if held else ("Another run is under way; the web copy comes with the next one.",)
    except AggregatorError as error:
        return (f"The web copy could not be written: {error}.",)
