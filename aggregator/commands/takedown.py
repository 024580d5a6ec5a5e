"""The command that takes something down for good: an address, everything of a person, or a whole site."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from aggregator.commands.common import agreed, application, complain, say, settings_of, show, talk
from aggregator.commands.takedown_mail import mail_beyond, mail_told
from aggregator.errors import AggregatorError, ConfigError
from aggregator.publish.words import counted

if TYPE_CHECKING:
    from aggregator.pipeline.takedown import Subject
    from aggregator.run.taking_down import Plan, Receipt

# Of what would go, so many are named.
_NAMED = 10


def takedown(options: argparse.Namespace) -> int:
    """Remove something from everywhere, and remember only a salted hash of it."""
    from aggregator.run.taking_down import carried_out, planned

    subject = _subject(options)
    settings = settings_of(options)
    reason = f"{options.reason.strip()} ({options.by})" if options.by else options.reason.strip()
    with application(options, settings) as app, app.store.exclusive() as held:
        if not held:
            raise AggregatorError("another run is under way: try again when it has ended")
        plan = planned(app, subject)
        if plan.refusals(app.store.takedowns.salt()).named_in(reason):
            raise ConfigError(
                "--reason: it names what is to be taken down, and the log keeps the reason; say it without names and addresses"
            )
        if not options.yes and not options.dry_run and not _agreed(options, plan):
            return 2
        receipt = carried_out(app, plan, reason=reason, dry_run=options.dry_run)
    if options.json:
        show({**asdict(receipt), "dry_run": options.dry_run})
        return 0
    if options.dry_run:
        for line in _would_go(plan):
            say(line)
    for line in told(receipt, dry_run=options.dry_run):
        say(line)
    return 0


def _subject(options: argparse.Namespace) -> Subject:
    from aggregator.pipeline.takedown import subject_named

    if not options.reason.strip():
        raise ConfigError("--reason: say in a few words why it is taken down; the log keeps that, and nothing else of it")
    try:
        return subject_named(options.subject)
    except ValueError as error:
        raise ConfigError(f"{options.subject!r} is no address, author or site. {error}") from None


def _agreed(options: argparse.Namespace, plan: Plan) -> bool:
    answer = agreed("It cannot be undone. Take it down?", before=_would_go(plan))
    if answer is None:
        complain("aggregator: nothing was taken down, because there is no terminal to ask at; add --yes, or look first with --dry-run")
    elif not answer:
        talk(options, "Nothing was taken down.")
    return bool(answer)


def _would_go(plan: Plan) -> Iterator[str]:
    yield f"This is {_ARTICLE[plan.subject.scope]}: {plan.subject.value}"
    yield counted(len(plan.entries), "entry", "entries") + " would go."
    for permalink in plan.permalinks[:_NAMED]:
        yield f"  {permalink}"
    if len(plan.permalinks) > _NAMED:
        yield f"  and {len(plan.permalinks) - _NAMED} more"
    if plan.staying:
        yield "Other addresses of the same stories stay; take them down by themselves if they are meant, too:"
        yield from (f"  {key}" for key in plan.staying[:_NAMED])


_ARTICLE = {"url": "an address", "author": "an author", "domain": "a site", "name": "a name"}


def told(receipt: Receipt, *, dry_run: bool) -> Iterator[str]:
    """The receipt in lines: what was removed where, what is kept, and what cannot be reached from here."""
    would = "Would remove" if dry_run else "Removed"
    erased = receipt.erased
    yield f"{would} from the database:"
    yield f"  {counted(erased.mentions, 'mention', 'mentions')} with their texts, {counted(len(erased.stories), 'story', 'stories')}"
    yield f"  {counted(erased.links, 'page', 'pages')} and {counted(erased.works, 'text', 'texts')} kept for comparing"
    yield f"  {counted(erased.passed, 'entry', 'entries')} kept for trying rules"
    yield f"  {counted(erased.chosen, 'chosen entry', 'chosen entries')}, {counted(erased.decisions, 'decision', 'decisions')}"
    if erased.rewritten:
        yield f"  its address or name from {counted(erased.rewritten, 'entry that stays', 'entries that stay')}"
    if erased.stories:
        yield f"Stories that are gone, told to feed readers as deleted: {', '.join(erased.stories)}"
    yield from _files(receipt, dry_run=dry_run)
    yield from mail_told(receipt.mail, dry_run=dry_run)
    kept = counted(receipt.hashes, "salted hash", "salted hashes")
    yield f"{'Would keep' if dry_run else 'Kept'}: {kept}, so that it does not come back."
    yield from _beyond(receipt)
    yield from mail_beyond(receipt.mail)


def _files(receipt: Receipt, *, dry_run: bool) -> Iterator[str]:
    verb = "Would write anew" if dry_run else "Wrote anew"
    yield f"{verb}: {', '.join(receipt.written) or 'no file'}"
    if receipt.removed:
        yield f"{'Would delete' if dry_run else 'Deleted'}: {', '.join(receipt.removed)}"
    if receipt.copies and not dry_run and receipt.wiped:
        yield f"Deleted copies of the database from before a migration: {', '.join(receipt.copies)}"
    if not receipt.wiped and not dry_run:
        yield (
            "The database's files hold bytes of it still, because another program reads them or a server keeps them; the next run writes "
            "them over. On a PostgreSQL server run VACUUM FULL."
        )


def _beyond(receipt: Receipt) -> Iterator[str]:
    yield "Cannot be reached from here:"
    for place in receipt.unreached:
        if place.path.endswith(".git"):
            yield f"  {place.path}: the history of a repository keeps earlier versions of the page"
        else:
            yield f"  {place.path}{f':{place.line}' if place.line else ''} names it; take it out by hand"
    yield "  recordings (--record), backups, copies in web archives and search engines, and what feed readers have fetched"
