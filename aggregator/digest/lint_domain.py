"""Rules about the domain in From: whether mail in its name can be proved to come from it (SPF, DKIM, DMARC). Pure.

Who sends through Buttondown sends from a domain that is set there, so that nothing is said of it here. Files that nobody sends are only
warned about.
"""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.digest import encoding
from aggregator.digest.domain import Domain
from aggregator.digest.lint_report import Draft, Finding, Severity, error, warning
from aggregator.digest.records import MOST_LOOKUPS, DkimKey, dkim, spf
from aggregator.settings import Digest

_HOW = "`aggregator doctor mail` says what to set."


def domain_rules(draft: Draft) -> Iterator[Finding]:
    """What the DNS says against the domain in From; nothing when it was not asked."""
    digest = draft.settings.digest
    if draft.domain is None or digest is None or digest.through == "buttondown":
        return
    found = (*_spf(draft.domain), *_dkim(draft.domain, digest), *_dmarc(draft.domain, digest))
    mild = digest.through == "folder"
    for one in found:
        yield warning(one.rule, one.sentence) if mild and one.severity is Severity.ERROR else one


def envelope_domain(digest: Digest) -> str:
    """The domain that mail comes back to, whose SPF record counts."""
    return encoding.domain(digest.mailbox.address if digest.mailbox else digest.sender).lower()


def _spf(domain: Domain) -> Iterator[Finding]:
    if domain.spf is None:
        yield warning("spf", f"The DNS did not answer about the SPF record of {domain.name}. Look again later.")
    elif not domain.spf:
        yield error("spf", f"{domain.name} has no SPF record. {_HOW}")
    elif len(domain.spf) > 1:
        yield error("spf", f"{domain.name} has {len(domain.spf)} SPF records; with more than one none counts. {_HOW}")
    else:
        yield from _only(domain, domain.spf[0])


def _only(domain: Domain, record: str) -> Iterator[Finding]:
    read = spf(record)
    if read.broken:
        yield error("spf", f"The SPF record of {domain.name} has words that are none: {', '.join(read.broken)}. {_HOW}")
    if read.end == "+all":
        yield error("spf", f"The SPF record of {domain.name} lets everybody send in its name (+all). {_HOW}")
    if domain.spf_lookups > MOST_LOOKUPS:
        yield error("spf", f"The SPF record of {domain.name} asks the DNS {domain.spf_lookups} times; {MOST_LOOKUPS} is the most. {_HOW}")
    if domain.spf_missing:
        yield error("spf", f"The SPF record of {domain.name} includes what has none: {', '.join(domain.spf_missing)}. {_HOW}")


def _dkim(domain: Domain, digest: Digest) -> Iterator[Finding]:
    if not digest.dkim_selector:
        yield warning("dkim", "Whether mail is signed cannot be looked up: digest.dkim_selector is not set. Write your provider's there.")
    elif domain.dkim is None:
        yield warning("dkim", f"The DNS did not answer about the DKIM key of {domain.name}. Look again later.")
    elif not any(map(usable, map(dkim, domain.dkim))):
        yield error("dkim", f"There is no DKIM key that is good at {digest.dkim_selector}._domainkey.{domain.name}. {_HOW}")


def usable(key: DkimKey | None) -> bool:
    """True for a key that signatures are checked with. Large providers take no RSA key below 1024 bits (RFC 8301 §3.2)."""
    return key is not None and not key.revoked and not key.broken and not (key.kind == "rsa" and key.bits < 1024)


def _dmarc(domain: Domain, digest: Digest) -> Iterator[Finding]:
    if domain.dmarc is None:
        yield warning("dmarc", f"The DNS did not answer about the DMARC policy of {domain.name}. Look again later.")
    elif domain.policy is None:
        what = "several DMARC records, so that none counts" if len(domain.dmarc) > 1 else "no DMARC policy"
        yield error("dmarc", f"{domain.name} has {what}. {_HOW}")
    elif not digest.dkim_selector and not spf_aligned(domain, digest):
        returns = envelope_domain(digest)
        yield error("dmarc", f"Mail of {domain.name} comes back to {returns}, which is another domain, and no DKIM key is known. {_HOW}")


def spf_aligned(domain: Domain, digest: Digest) -> bool:
    """True when what SPF proves belongs to the domain in From."""
    returns = envelope_domain(digest)
    strict = domain.policy is not None and domain.policy.strict_spf
    return returns == domain.name if strict else domain.related(returns)
