"""The linter about the domain in From: what the DNS says against it, and what it does not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.digest.domain import Domain
from aggregator.digest.lint import Severity, lint
from tests.support.drafts import GOOD_DOMAIN, GOOD_KEY, draft, found, the_only, whole_digest

BAD_DOMAINS: dict[str, tuple[Domain, str]] = {
    "no SPF": (replace(GOOD_DOMAIN, spf=()), "spf"),
    "two SPF": (replace(GOOD_DOMAIN, spf=("v=spf1 -all", "v=spf1 ~all")), "spf"),
    "everybody": (replace(GOOD_DOMAIN, spf=("v=spf1 +all",)), "spf"),
    "broken SPF": (replace(GOOD_DOMAIN, spf=("v=spf1 ipv4:192.0.2.1 -all",)), "spf"),
    "eleven look-ups": (replace(GOOD_DOMAIN, spf_lookups=11), "spf"),
    "a missing include": (replace(GOOD_DOMAIN, spf_missing=("gone.example",)), "spf"),
    "no key": (replace(GOOD_DOMAIN, dkim=()), "dkim"),
    "a revoked key": (replace(GOOD_DOMAIN, dkim=("v=DKIM1; p=",)), "dkim"),
    "a short key": (replace(GOOD_DOMAIN, dkim=("v=DKIM1; p=" + "A" * 120,)), "dkim"),
    "no DMARC": (replace(GOOD_DOMAIN, dmarc=(), dmarc_of=""), "dmarc"),
    "two DMARC": (replace(GOOD_DOMAIN, dmarc=("v=DMARC1; p=none", "v=DMARC1; p=reject")), "dmarc"),
}


@pytest.mark.parametrize(("domain", "rule"), BAD_DOMAINS.values(), ids=BAD_DOMAINS)
def test_a_domain_that_proves_nothing_is_found(domain: Domain, rule: str) -> None:
    the_only(lint(draft(domain=domain)), rule)


@pytest.mark.parametrize(("domain", "rule"), BAD_DOMAINS.values(), ids=BAD_DOMAINS)
def test_files_that_nobody_sends_are_only_warned_about(domain: Domain, rule: str) -> None:
    the_only(lint(draft(digest=whole_digest(through="folder"), domain=domain)), rule, Severity.WARNING)


@pytest.mark.parametrize(("field", "rule"), [("spf", "spf"), ("dkim", "dkim"), ("dmarc", "dmarc")])
def test_a_dns_that_does_not_answer_is_a_warning(field: str, rule: str) -> None:
    the_only(lint(draft(domain=replace(GOOD_DOMAIN, **{field: None}))), rule, Severity.WARNING)  # type: ignore[arg-type]  # a field that may be None


def test_mail_that_comes_back_elsewhere_and_is_not_signed_is_not_aligned() -> None:
    mailbox = replace(whole_digest().mailbox, address="digest@elsewhere.example")  # type: ignore[type-var]  # a whole digest has one
    report = lint(draft(digest=whole_digest(mailbox=mailbox, dkim_selector=""), domain=replace(GOOD_DOMAIN, dkim=None)))
    assert found(report) == [("dmarc", Severity.ERROR), ("dkim", Severity.WARNING)]


@pytest.mark.parametrize(("record", "rules"), [("v=DMARC1; p=none", ["dkim"]), ("v=DMARC1; p=none; aspf=s", ["dmarc", "dkim"])])
def test_a_strict_policy_wants_the_same_domain(record: str, rules: list[str]) -> None:
    mailbox = replace(whole_digest().mailbox, address="digest@bounces.example.org")  # type: ignore[type-var]  # a whole digest has one
    report = lint(draft(digest=whole_digest(mailbox=mailbox, dkim_selector=""), domain=replace(GOOD_DOMAIN, dkim=None, dmarc=(record,))))
    assert [one.rule for one in report.findings] == rules


@pytest.mark.parametrize(("records", "words"), [((), "no DMARC policy"), (("v=DMARC1; p=none",) * 2, "several DMARC records")])
def test_it_is_said_what_is_wrong_with_a_policy(records: tuple[str, ...], words: str) -> None:
    assert words in the_only(lint(draft(domain=replace(GOOD_DOMAIN, dmarc=records))), "dmarc")


def test_a_key_that_is_good_is_good() -> None:
    assert lint(draft(domain=replace(GOOD_DOMAIN, dkim=("junk", GOOD_KEY)))).text() == ""
