"""One round of mail: read what readers wrote, act on it, mail the letters that are owed for it, and forget who is to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.app import App
from aggregator.digest.letters import Mailed, mail_letters
from aggregator.digest.mailbox.acting import Acting, Outcome
from aggregator.digest.mailbox.imap import PASSWORD, opened
from aggregator.digest.mailbox.polling import Tally, poll
from aggregator.digest.mailbox.reading import classified
from aggregator.digest.membership import Membership, configured
from aggregator.errors import ConfigError, MailboxError
from aggregator.settings import Mailbox
from aggregator.store.lock import FileLock, ThreadLock, held


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round came to."""

    tally: Tally
    letters: Mailed


def read_mail(app: App) -> Round | None:
    """Do one round; None: another one is at it.

    A mailbox that cannot be read does not keep letters waiting that somebody asked for on the page.

    Raises:
        ConfigError: there is no mailbox, or it does not let us in; a sentence that says what to change.
        MailboxError: it cannot be reached, or broke off.
        DeliveryError: no letter can be handed over; they stay owed.
    """
    mailbox = _mailbox(app)
    # In a dry run nothing is written, so that two at once do no harm, and there may be no folder for the lock.
    with held(ThreadLock() if app.dry_run else FileLock(app.settings.state / "mailbox.lock")) as ours:
        if not ours:
            return None
        membership = Membership(app.private, app.settings, app.clock)
        membership.tidy()
        try:
            tally = _read(app, mailbox, membership)
        except (MailboxError, ConfigError):
            _letters(app)
            raise
        return Round(tally=tally, letters=_letters(app))


def _mailbox(app: App) -> Mailbox:
    mailbox = configured(app.settings).mailbox
    if mailbox is None:
        raise ConfigError(
            f"{app.settings.file} has no digest.mailbox, so that there is nothing to read. Add its address and its server: "
            f"mailbox: {{address: digest@example.org, host: imap.example.org}}; and put its password into {PASSWORD}."
        )
    return mailbox


def _read(app: App, mailbox: Mailbox, membership: Membership) -> Tally:
    digest = configured(app.settings)
    acting = Acting(app.private, membership, membership.tokens, app.clock)

    def act(raw: bytes) -> Outcome:
        return acting.do(classified(raw, digest))

    with opened(mailbox, app.settings.secrets.get(PASSWORD), read_only=app.dry_run) as folder:
        return poll(folder, mailbox, act, app.private, at=app.clock(), look_only=app.dry_run)


def _letters(app: App) -> Mailed:
    if app.dry_run:
        return Mailed()
    # Loads the way to the mail server, which a round without letters does without.
    from aggregator.digest.mailers.opening import mailer_of

    return mail_letters(app.private, app.settings, mailer_of(app.settings), app.clock)
