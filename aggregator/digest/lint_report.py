"""What the linter is given, and what it says: `Draft`, `Finding`, `Report`, and the names of its rules."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from aggregator.digest.domain import Domain
from aggregator.model import Edition, Issued, Rendered
from aggregator.settings import Settings


class Severity(StrEnum):
    """Whether anything is sent in spite of it."""

    ERROR = "error"
    WARNING = "warning"


# The rules that `digest send --accept` takes, by name, with what each looks for. What they find may be meant.
ACCEPTABLE: Mapping[str, str] = {
    "html-size": "the HTML has 90 kB or more, so that Gmail cuts it off",
    "mail-size": "the whole mail is larger than 500 kB",
    "texts-differ": "the plain text does not say what the HTML says, in the same order",
    "image-without-alt": "an image has no text that stands for it",
    "remote-content": "an image, a style or a font would be loaded from a server when the mail is opened",
    "placeholder": "something was left in that should have been filled in",
    "dead-link": "a link leads nowhere",
    "told-before": "a story is called new that an earlier edition has told",
    "period": "the period is not the one that is due",
    "recipients": "the number of recipients has changed by more than half",
    "spf": "no server is allowed by SPF to send for the domain in From",
    "dkim": "the key that signatures are checked with is not in the DNS",
    "dmarc": "the domain in From has no DMARC policy, or nothing that is proved about the mail belongs to it",
}
# Those that nobody accepts: a mail that breaks one is refused, cannot be left, or can do harm.
STRUCTURAL: Mapping[str, str] = {
    "header": "a header is missing, wrong, or there twice",
    "line-length": "a line is longer than 998 bytes, or is not ended as lines of mail are",
    "script": "the HTML holds a script, a form or a frame",
    "link-scheme": "a link is not http, https or mailto",
    "token-mark": "the place of a reader's own link was not filled",
    "no-leave": "there is no way to leave",
    "empty": "there is nothing in it",
}
RULES: Mapping[str, str] = {**STRUCTURAL, **ACCEPTABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that is broken."""

    # One of `RULES`.
    rule: str
    severity: Severity
    # A whole sentence that ends with what to do; without any address of a person.
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found, errors first, in the order of the rules."""

    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity is Severity.WARNING)

    def blocking(self, accept: Collection[str] = ()) -> tuple[Finding, ...]:
        """Errors that keep the edition back, although the rules named are accepted; of `STRUCTURAL` none can be."""
        return tuple(one for one in self.errors if one.rule not in accept or one.rule in STRUCTURAL)

    def text(self) -> str:
        """One line for each finding: "error   dead-link: …"; "" when nothing was found."""
        return "\n".join(f"{one.severity:<7} {one.rule}: {one.sentence}" for one in self.findings)

    def to_json(self) -> str:
        """As the ledger keeps it."""
        return json.dumps([[one.rule, one.severity, one.sentence] for one in self.findings], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """What `to_json` wrote; "" gives an empty report.

        Raises:
            ValueError: it is something else.
        """
        try:
            rows: Any = json.loads(text) if text else []
            found = tuple(Finding(rule=str(rule), severity=Severity(severity), sentence=str(said)) for rule, severity, said in rows)
        except (TypeError, RecursionError) as error:
            raise ValueError("expected a list of findings") from error
        return cls(findings=found)


class LinkState(StrEnum):
    """What became of a link that was looked at."""

    GOOD = "good"
    # 404, 410, or there is no such host.
    DEAD = "dead"
    # Something is there that does not show itself to programs.
    CLOSED = "closed"
    # Nobody knows: no answer, or an error of the server.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """What a server said of a link."""

    state: LinkState
    # HTTP status; None: there was no reply.
    status: int | None = None
    # A phrase: "there is nothing at this address (status 404)"; "" for a good one.
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition that might be sent, and all that the rules look at. What was not looked up is left out, and nothing is said of it."""

    settings: Settings
    edition: Edition
    # With the marks of `digest.doors` where each recipient's links go.
    rendered: Rendered
    # A mail as it would be handed over, filled for a recipient that does not exist; None: a service makes the mails.
    sample: bytes | None = None
    # The last edition of its topic and rhythm that was sent; None: this is the first.
    last: Issued | None = None
    # Names of stories that earlier editions have told.
    told: frozenset[str] = frozenset()
    # How many get it; None: a service knows.
    recipients: int | None = None
    now: datetime
    # By address; those that are not in it were not looked at.
    links: Mapping[str, LinkStatus] = field(default_factory=dict)
    # What the DNS says of the domain in From; None: it was not asked.
    domain: Domain | None = None


def error(rule: str, sentence: str) -> Finding:
    """A finding that blocks."""
    return _finding(rule, Severity.ERROR, sentence)


def warning(rule: str, sentence: str) -> Finding:
    """A finding that is told and blocks nothing."""
    return _finding(rule, Severity.WARNING, sentence)


def _finding(rule: str, severity: Severity, sentence: str) -> Finding:
    assert rule in RULES, rule
    return Finding(rule=rule, severity=severity, sentence=sentence)
