"""An edition as it would go out: rendered, as a sample mail to nobody, with what the linter says of it. The same for the preview and for
the sending itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from aggregator.app import App
from aggregator.digest.compose import Composed
from aggregator.digest.deliver import hash_of
from aggregator.digest.domain import Domain, look_up
from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, Doors, doors
from aggregator.digest.encoding import domain
from aggregator.digest.lint import Draft, LinkStatus, Report, check_links, links_of, lint
from aggregator.digest.lint_domain import envelope_domain
from aggregator.digest.membership import configured
from aggregator.digest.mime import blank, message_id
from aggregator.digest.rendering import fitting, render
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.model import Rendered
from aggregator.publish.render import Templates
from aggregator.publish.templates import folders
from aggregator.settings import Digest

# Who gets the sample: an id that no subscriber has, so that the links in it open nobody's door, and an address that is nobody's (RFC 2606).
NOBODY, NOWHERE = "a" * 16, "reader@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """An edition, ready to be looked at or frozen."""

    # Its edition is small enough for a mail.
    composed: Composed
    rendered: Rendered
    # The mail as nobody would get it.
    sample: bytes
    # What was rendered, with the links that the sample has.
    filled: Rendered
    # How many get it; None: a service knows.
    recipients: int | None
    report: Report


def drafted(app: App, composed: Composed, *, online: bool = True, way: Doors | None = None) -> Drafted:
    """Render an edition and ask the linter.

    Args:
        online: look at its links and ask the DNS about the sender's domain; False: nothing is said of them.
        way: the doors it is rendered with; None: our own.

    Raises:
        AggregatorError: a template cannot be used.
    """
    settings, private = app.settings, app.private
    digest = configured(settings)
    templates = Templates(folders(settings.templates))
    rendering = partial(render, settings=settings, doors=way or doors(digest), templates=templates)
    edition = fitting(composed.edition, rendering)
    rendered, tokens, now = rendering(edition), Tokens(private.keys.signing()), app.clock()
    id = message_id(edition.id, NOBODY, salt=private.keys.salt(), sender=digest.sender)
    sample = blank(edition, rendered, settings, hash=hash_of(edition, rendered), at=now).mail(NOBODY, NOWHERE, id, tokens).content
    recipients = None if digest.by_service else len(private.subscribers.receiving(edition.topic, edition.rhythm))
    draft = Draft(
        settings=settings,
        edition=edition,
        rendered=rendered,
        sample=None if digest.by_service else sample,
        last=private.ledger.last(edition.topic, edition.rhythm),
        told=private.ledger.told(edition.topic, edition.rhythm),
        recipients=recipients,
        now=now,
        links=_links(app, rendered) if online else {},
        domain=_domain(digest) if online and digest.through != "buttondown" else None,
    )
    return Drafted(
        composed=replace(composed, edition=edition),
        rendered=rendered,
        sample=sample,
        filled=_filled(rendered, tokens),
        recipients=recipients,
        report=lint(draft),
    )


def _filled(rendered: Rendered, tokens: Tokens) -> Rendered:
    signed = {LEAVE_MARK: tokens.sign(Purpose.LEAVE, NOBODY), CHANGE_MARK: tokens.sign(Purpose.CHANGE, NOBODY)}
    html, text = rendered.html, rendered.text
    for mark, token in signed.items():
        html, text = html.replace(mark, token), text.replace(mark, token)
    return Rendered(html=html, text=text)


def _links(app: App, rendered: Rendered) -> Mapping[str, LinkStatus]:
    return check_links(app.client, links_of(rendered), intranet=bool(app.settings.fetch.allow_networks))


def _domain(digest: Digest) -> Domain:
    # Slow to load, and asked once for an edition.
    from aggregator.digest.dns import Resolver

    return look_up(Resolver(digest.resolver), domain(digest.sender), returns=envelope_domain(digest), selector=digest.dkim_selector)
