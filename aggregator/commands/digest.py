"""The commands that send the digest, and say and settle what became of it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from aggregator.commands.common import agreed, application, columns, complain, complain_lines, day, say, show, talk
from aggregator.digest.lint_report import Severity
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Delivery, DeliveryState, EditionState, Issued
from aggregator.publish.words import counted

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.run.issuing import Agree
    from aggregator.run.outbox import Outbox
    from aggregator.run.outcomes import Sent
    from aggregator.run.upcoming import Due

# Editions that `status` tells of.
_SHOWN = 8


def send(options: argparse.Namespace) -> int:
    """Send what is due, and go on with what was cut short; for cron."""
    from aggregator.run.digesting import send_due
    from aggregator.run.timer import on_signals

    shown: set[str] = set()
    with application(options) as app:
        if options.to is not None:
            return _trial(options, app)
        on_signals(app.stop.set)
        sent = send_due(
            app,
            agree=_agreeing(options, shown),
            ask=agreed,
            topic=options.topic,
            rhythm=options.rhythm,
            late=options.late,
            accept=_rules(options.accept),
            online=options.replay is None,
        )
    nothing = "Nothing is due; `aggregator digest status` says when the next edition is."
    return _report(options, sent, nothing=nothing, shown=shown)


def resume(options: argparse.Namespace) -> int:
    """Go on with editions that were cut short."""
    from aggregator.run import digesting
    from aggregator.run.resolving import named
    from aggregator.run.timer import on_signals

    with application(options) as app:
        wanted = None
        if options.edition:
            found = named(app, options.edition, app.private.ledger.issued())
            wanted = [one.edition.id for one in found if one.state is EditionState.SENDING]
            if not wanted:
                talk(options, f"{options.edition} is {found[0].state.value}: there is nothing to go on with.")
                return 0
        on_signals(app.stop.set)
        sent = digesting.resume(app, wanted)
    return _report(options, sent, nothing="No edition was cut short: there is nothing to go on with.")


def status(options: argparse.Namespace) -> int:
    """Say how the last editions went, what waits, and when the next is due."""
    from aggregator.digest.period import zone_of
    from aggregator.digest.reconciling import STOPPED
    from aggregator.run.upcoming import next_due

    with application(options) as app:
        ledger, zone = app.private.ledger, zone_of(app.settings)
        due = tuple(next_due(app))
        unfinished = ledger.sending()
        recent = ledger.issued(_SHOWN)
        shown = (*recent, *(one for one in unfinished if one.edition.id not in {other.edition.id for other in recent}))
        told = [_told(app, one, app.private.note(STOPPED.format(one.edition.id)) or "") for one in shown]
    uncertain = sum(one["copies"][DeliveryState.UNCERTAIN.value] for one in told)
    if options.json:
        show({"editions": told, "next": [asdict(one) for one in due], "uncertain": uncertain})
        return 7 if uncertain else 0
    for line in (*_lines(told, zone), *_dues(due, zone)):
        say(line)
    return 7 if uncertain else 0


def resolve(options: argparse.Namespace) -> int:
    """Say what became of copies whose fate is uncertain; without more, list them."""
    from aggregator.run import resolving

    with application(options) as app, _outbox(app) as outbox:
        rows = resolving.open_copies(outbox, options.edition, options.recipient)
        if options.log:
            with _log(options) as lines:
                looked = resolving.look_up(outbox, rows, lines)
            for line in _looked(looked.arrived, looked.cut_off, looked.absent):
                say(line)
        elif rows and (options.arrived or options.again):
            state = DeliveryState.HANDED_OVER if options.arrived else DeliveryState.DUE
            resolving.resolve(outbox, rows, state, "as the steward says")
            say(_resolved(len(rows), again=options.again))
        left = resolving.open_copies(outbox, options.edition, ())
    if options.json:
        show({"uncertain": [_plain(row) for row in left]})
    elif not rows or not (options.arrived or options.again or options.log):
        for line in _listed(left):
            say(line)
    return 7 if left else 0


def cancel(options: argparse.Namespace) -> int:
    """Stop an edition: nobody else gets it."""
    from aggregator.run import resolving

    with application(options) as app, _outbox(app) as outbox:
        found = resolving.named(app, options.edition, app.private.ledger.issued())
        sending = [one for one in found if one.state is EditionState.SENDING]
        if not sending:
            raise ConfigError(f"{options.edition} is {found[0].state.value}: only an edition that is being sent can be stopped.")
        if len(sending) > 1:
            raise ConfigError(f"{options.edition} are several: name one of {', '.join(one.edition.id for one in sending)}.")
        counts = app.private.ledger.counts(sending[0].edition.id)
        has, due = counts[DeliveryState.HANDED_OVER], counts[DeliveryState.DUE]
        said = f"{counted(has, 'copy was', 'copies were')} handed over, {due} would not be"
        if not options.dry_run and not _agreeing(options, set())(f"Stop {sending[0].edition.id}? {said}."):
            complain("Nothing was stopped; --yes does it without asking.")
            return 2
        resolving.cancel(outbox, sending[0])
    say(f"{'Would stop' if options.dry_run else 'Stopped'} {sending[0].edition.id}: {said}.")
    return 0


# -- asking


def _agreeing(options: argparse.Namespace, shown: set[str]) -> Agree:
    """Ask on a terminal; --yes answers. What was said with a question is put into `shown`."""

    def ask(question: str) -> bool | None:
        *before, last = question.splitlines()
        answer = agreed(last, before=before)
        if answer is not None:
            shown.update(before)
        return answer

    return (lambda question: True) if options.yes else ask


def _rules(names: Sequence[str]) -> Sequence[str]:
    from aggregator.digest.lint import ACCEPTABLE, STRUCTURAL
    from aggregator.shape import nearest

    for name in names:
        if name in STRUCTURAL:
            raise ConfigError(f"--accept: {name} cannot be accepted: {STRUCTURAL[name]}. Mend it.")
        if name not in ACCEPTABLE:
            raise ConfigError(f"--accept: there is no rule {name!r}. {nearest(name, list(ACCEPTABLE))}")
    return names


@contextmanager
def _outbox(app: App) -> Iterator[Outbox]:
    from aggregator.run.outbox import open_outbox

    with open_outbox(app) as here:
        if here is None:
            raise AggregatorError("another process is sending: try again when it has ended")
        for remark in here.remarks:
            complain(remark)
        yield here


# -- telling


def _report(options: argparse.Namespace, sent: Sent, *, nothing: str, shown: Container[str] = ()) -> int:
    if options.json:
        show({**asdict(sent), "exit_code": sent.exit_code})
        return sent.exit_code
    if sent.locked:
        talk(options, "Another process is sending; nothing was done.")
        return 0
    for remark in sent.remarks:
        complain(remark)
    if sent.letters:
        talk(options, f"Mailed {counted(sent.letters, 'confirmation letter')}.")
    if sent.broken:
        complain(f"No letter can be mailed: {sent.broken.rstrip('.')}.")
    speaking = [one for one in sent.editions if one.said]
    for one in speaking:
        heading = (f"{one.edition or f'{one.topic}/{one.rhythm}'}:",) if len(speaking) > 1 else ()
        for line in (*heading, *(said for said in one.said if said not in shown)):
            complain(line) if one.exit_code else talk(options, line)
    if not any(one.said for one in sent.editions):
        talk(options, nothing)
    if sent.uncertain and not sent.editions:
        complain(f"{sent.uncertain} copies are uncertain; `aggregator digest resolve` lists them.")
    return sent.exit_code


def _trial(options: argparse.Namespace, app: App) -> int:
    from aggregator.digest.mailers import Fate
    from aggregator.digest.membership import configured
    from aggregator.run.trial import try_out

    code, digest = 0, configured(app.settings)
    way = f"Wrote {{}} as a trial into {digest.folder}, and nobody sends it" if digest.through == "folder" else "Sent {} as a trial"
    for one in try_out(app, options.to, topic=options.topic, rhythm=options.rhythm, online=options.replay is None):
        name = one.edition.id
        complain_lines(one.report.text())
        if one.reply is None:
            talk(options, f"Would send {name} as a trial.")
        elif one.reply.fate is Fate.ACCEPTED:
            talk(options, f"{way.format(name)} ({one.reply.text}). Its links to leave and to change are nobody's, and open nothing.")
        else:
            complain(f"{name} was not taken: {one.reply.text}. Look at the address and at digest.smtp.")
            code = 1
    return code


def _told(app: App, issued: Issued, stopped: str) -> dict[str, Any]:
    from aggregator.digest.lint import Report

    edition, ledger = issued.edition, app.private.ledger
    counts = ledger.counts(edition.id)
    return {
        "id": edition.id,
        "period": edition.period.name,
        "state": issued.state.value,
        "at": issued.at,
        "stories": edition.new,
        "recipients": issued.recipients,
        "copies": {state.value: count for state, count in counts.items()},
        "again_at": ledger.due_at(edition.id),
        "stopped": stopped,
        "report": [f"{one.severity} {one.rule}: {one.sentence}" for one in Report.from_json(issued.report).findings],
    }


def _lines(told: Sequence[dict[str, Any]], zone: tzinfo) -> Iterator[str]:
    if not told:
        yield "No edition was made yet."
        return
    yield from columns([(one["id"], one["state"], day(one["at"], zone), f"{one['stories']} new", _counted(one["copies"])) for one in told])
    periods = Counter(one["period"] for one in told)
    for one in told:
        name = one["period"] if periods[one["period"]] == 1 else one["id"]
        if one["stopped"] and one["state"] == EditionState.SENDING.value:
            yield f"{name} is stopped: {one['stopped']} `aggregator digest resume {name}` goes on."
        elif one["state"] == EditionState.SENDING.value and one["copies"][DeliveryState.DUE.value]:
            yield f"{name}: what is due is tried from {day(one['again_at'], zone)} on, for a day in all, by each `digest send`."
        if one["copies"][DeliveryState.UNCERTAIN.value]:
            yield f"{name}: {one['copies'][DeliveryState.UNCERTAIN.value]} uncertain; `aggregator digest resolve {name}` lists them."
        if one["state"] == EditionState.HELD.value:
            yield from (f"{name}: {line}" for line in one["report"] if line.startswith(Severity.ERROR))


def _dues(dues: Sequence[Due], zone: tzinfo) -> Iterator[str]:
    for one in dues:
        name = f"{one.topic}/{one.rhythm}/{one.now}"
        if one.late:
            yield f"{name} was due on {day(one.since, zone)}, too long ago to be sent by itself: `aggregator digest send --late` sends it."
        elif one.now:
            yield f"{name} is due since {day(one.since, zone)}: `aggregator digest preview` shows it, `aggregator digest send` sends it."
        yield f"The next {one.rhythm} edition of {one.topic} is due on {day(one.at, zone)}."


def _counted(copies: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in copies.items() if count)


def _listed(rows: Sequence[Delivery]) -> Iterator[str]:
    if not rows:
        yield "No copy is uncertain."
        return
    yield from columns([(row.edition, row.recipient, f"<{row.message_id}>", day(row.at), row.reply) for row in rows])
    yield ""
    yield "Look the Message-IDs up in the mail server's log, or let --log FILE do it. If they were handed over: --arrived. If not: --again."


def _looked(arrived: Sequence[Delivery], cut_off: Sequence[Delivery], absent: Sequence[Delivery]) -> Iterator[str]:
    yield f"{len(arrived)} arrived by the log."
    for row in cut_off:
        yield f"{row.recipient}: the log names <{row.message_id}>, and not that it was taken. {_if_so(row)}"
    for row in absent:
        yield f"{row.recipient}: the log does not name <{row.message_id}>. {_if_so(row)}"


def _if_so(row: Delivery) -> str:
    return f"If it is the log of {day(row.at)}, it was not handed over: --again --recipient {row.recipient}"


def _resolved(count: int, *, again: bool) -> str:
    copies = counted(count, "copy", "copies")
    if again:
        return f"{copies} due again; `aggregator digest resume` hands them over."
    return f"{copies} counted as handed over."


def _plain(row: Delivery) -> dict[str, Any]:
    return {"edition": row.edition, "recipient": row.recipient, "message_id": row.message_id, "at": row.at, "known": row.reply}


@contextmanager
def _log(options: argparse.Namespace) -> Iterator[Iterator[str]]:
    """The lines of the log, also of one that is packed."""
    import gzip

    try:
        with gzip.open(options.log, "rt", errors="replace") if options.log.suffix == ".gz" else options.log.open(errors="replace") as file:
            yield iter(file)
    except OSError as error:
        raise ConfigError(f"--log: {options.log} cannot be read ({error.strerror or error}); name the mail server's log.") from None
