"""The linter: what must not go out. Pure; links are looked at by `links.check_links` before, the DNS is asked by `domain.look_up`.

lint_report.py is what goes in and what comes out · lint_mail.py looks at the bytes of a mail · lint_content.py at what it says ·
lint_links.py at where it leads · lint_course.py at what was sent before · lint_domain.py at the domain it comes from.
"""

from __future__ import annotations

from aggregator.digest.links import check_links, links_of
from aggregator.digest.lint_content import content_rules
from aggregator.digest.lint_course import course_rules
from aggregator.digest.lint_domain import domain_rules
from aggregator.digest.lint_links import link_rules
from aggregator.digest.lint_mail import mail_rules
from aggregator.digest.lint_report import ACCEPTABLE, RULES, STRUCTURAL, Draft, Finding, LinkState, LinkStatus, Report, Severity


def lint(draft: Draft) -> Report:
    """What is wrong with an edition that might be sent; errors first, then warnings, each in the order of the rules."""
    found = (*mail_rules(draft), *content_rules(draft), *link_rules(draft), *course_rules(draft), *domain_rules(draft))
    order = {name: at for at, name in enumerate(RULES)}
    return Report(findings=tuple(sorted(found, key=lambda one: (one.severity is Severity.WARNING, order[one.rule]))))


__all__ = [
    "ACCEPTABLE",
    "RULES",
    "STRUCTURAL",
    "Draft",
    "Finding",
    "LinkState",
    "LinkStatus",
    "Report",
    "Severity",
    "check_links",
    "links_of",
    "lint",
]
