"""Drafts for the linter: an edition, rendered by the real templates and made into a real mail, for a digest that has everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.digest.domain import Domain
from aggregator.digest.doors import doors
from aggregator.digest.lint import Draft, Report, Severity
from aggregator.digest.mime import blank, message_id
from aggregator.digest.rendering import render
from aggregator.digest.tokens import Tokens
from aggregator.model import Edition, EditionState, Issued, Rendered
from aggregator.publish.render import Templates
from aggregator.settings import Digest, Mailbox, Serve, Settings, Site, Smtp
from aggregator.store.private import SigningKey
from tests.support.editions import WEEK, digest_of, edition, item

NOW = WEEK.until + timedelta(minutes=5)
TEMPLATES = Templates([Path(__file__).parents[2] / "templates"])
KEYS = Tokens([SigningKey(number=1, secret=b"k" * 32, made_at=datetime(2026, 1, 1, tzinfo=UTC))])
BEFORE = replace(WEEK, name="2026-W46", since=WEEK.since - timedelta(days=7), until=WEEK.since)
# A public key of 2048 bits has 294 bytes.
GOOD_KEY = "v=DKIM1; k=rsa; p=" + "A" * 392
GOOD_DOMAIN = Domain(
    name="example.org",
    spf=("v=spf1 include:_spf.relay.example -all",),
    spf_lookups=1,
    dmarc=("v=DMARC1; p=none; rua=mailto:dmarc@example.org",),
    dmarc_of="example.org",
    dkim=(GOOD_KEY,),
)


def whole_digest(**fields: object) -> Digest:
    """A digest by a mail server, with pages and a mailbox to leave by."""
    given: dict[str, object] = {
        "through": "smtp",
        "smtp": Smtp(host="mail.example.org"),
        "serve": Serve(url="https://news.example.org/"),
        "mailbox": Mailbox(address="digest@example.org", host="imap.example.org"),
        "dkim_selector": "key",
    }
    return digest_of(**(given | fields))


def settings_for(digest: Digest) -> Settings:
    site = Site(title="Discussing", url="https://example.org/discussing/")
    return Settings(file=Path("sources.yaml"), site=site, topics=(), sources=(), digest=digest)


def last_week(**fields: object) -> Issued:
    """The edition of the week before, sent to a hundred."""
    given: dict[str, object] = {
        "edition": edition([item("Told last week", "https://blog.example.org/last-week")], period=BEFORE),
        "state": EditionState.SENT,
        "at": WEEK.since,
        "recipients": 100,
    }
    return Issued(**(given | fields))  # type: ignore[arg-type]  # the fields of Issued, as a test names them


def mail_of(given: Edition, rendered: Rendered, settings: Settings) -> bytes:
    """The mail as it would be handed over for a recipient."""
    assert settings.digest is not None
    id = message_id(given.id, "abcdefghijklmnop", salt=b"salt", sender=settings.digest.sender)
    whole = blank(given, rendered, settings, hash="5eed" * 16, at=NOW)
    return whole.mail("abcdefghijklmnop", "reader@example.org", id, KEYS).content


def draft(given: Edition | None = None, *, digest: Digest | None = None, **fields: object) -> Draft:
    """A draft in which nothing is wrong; fields replace what follows from the rest."""
    given = given or edition()
    settings = settings_for(digest or whole_digest())
    assert settings.digest is not None
    rendered = render(given, settings, doors(settings.digest), TEMPLATES)
    made: dict[str, object] = {
        "settings": settings,
        "edition": given,
        "rendered": rendered,
        "sample": mail_of(given, rendered, settings) if settings.digest.through in ("smtp", "folder") else None,
        "last": last_week(),
        "recipients": 100,
        "now": NOW,
        "domain": GOOD_DOMAIN,
    }
    return Draft(**(made | fields))  # type: ignore[arg-type]  # the fields of Draft, as a test names them


def found(report: Report) -> list[tuple[str, Severity]]:
    return [(one.rule, one.severity) for one in report.findings]


def the_only(report: Report, rule: str, severity: Severity = Severity.ERROR) -> str:
    """The sentence of the one finding there is."""
    assert found(report) == [(rule, severity)], report.text()
    return report.findings[0].sentence
