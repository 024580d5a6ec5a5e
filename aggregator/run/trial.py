"""The next edition as a trial to one address: nothing is written down, and its links are nobody's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aggregator.app import App
from aggregator.digest.deliver import hash_of
from aggregator.digest.lint import Report
from aggregator.digest.mailable import mailable
from aggregator.digest.mailers import Reply
from aggregator.digest.membership import configured
from aggregator.digest.mime import blank, message_id
from aggregator.digest.tokens import Tokens, new_id
from aggregator.errors import ConfigError
from aggregator.model import Edition
from aggregator.run.composing import composed, next_period, wanted
from aggregator.run.drafting import drafted


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One edition that went to one address."""

    edition: Edition
    report: Report
    # What the mailer said; None: a dry run.
    reply: Reply | None


def try_out(app: App, address: str, *, topic: str | None = None, rhythm: str | None = None, online: bool = True) -> tuple[Trial, ...]:
    """Mail the next edition of each topic and rhythm, as it would be now, to one address.

    Its Message-ID is another one each time, and its tokens are those of a subscriber who does not exist: they open nothing.

    Raises:
        ConfigError: this is no address, there is no digest, or nothing of that name.
        DeliveryError: no mail can be handed over.
    """
    from aggregator.digest.mailers.opening import mailer_of

    try:
        whom = mailable(address)
    except ValueError as error:
        raise ConfigError(f"--to: {error}") from None
    pairs = wanted(app.settings, topic=topic, rhythm=rhythm)
    mailer, settings, salt = mailer_of(app.settings), app.settings, app.private.keys.salt()
    tokens, sent = Tokens(app.private.keys.signing()), []
    with mailer.line() as line:
        for one, name in pairs:
            draft = drafted(app, composed(app, one, name, next_period(app, one, name)), online=online)
            edition = replace(draft.composed.edition, subject=f"[Trial] {draft.composed.edition.subject}")
            nobody = new_id()
            id = message_id(edition.id, nobody, salt=salt, sender=configured(settings).sender)
            form = blank(edition, draft.rendered, settings, hash=hash_of(edition, draft.rendered), at=app.clock())
            reply = None if app.dry_run else line.hand_over(form.mail(nobody, whom, id, tokens), lambda: None)
            sent.append(Trial(edition=edition, report=draft.report, reply=reply))
    return tuple(sent)
