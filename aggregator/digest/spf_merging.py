"""The SPF record that a domain should have, made from the one it has: never a second one beside it (RFC 7208 §3.2). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from aggregator.digest.records import Term, spf

# What relays ask to be included, by the end of their host names. Each from the relay's own help pages, read 2026-11-22.
RELAYS: tuple[tuple[str, str], ...] = (
    ("gmail.com", "_spf.google.com"),
    ("google.com", "_spf.google.com"),
    ("office365.com", "spf.protection.outlook.com"),
    ("outlook.com", "spf.protection.outlook.com"),
    ("amazonaws.com", "amazonses.com"),
    ("mailgun.org", "mailgun.org"),
    ("sendgrid.net", "sendgrid.net"),
    ("mailjet.com", "spf.mailjet.com"),
    ("brevo.com", "spf.brevo.com"),
    ("fastmail.com", "spf.messagingengine.com"),
    ("gandi.net", "_mailcust.gandi.net"),
    ("migadu.com", "spf.migadu.com"),
    ("ovh.net", "mx.ovh.com"),
)
UNKNOWN = "include:NAME-FROM-YOUR-PROVIDER"
"""Where nobody but the provider knows what belongs there."""


def mechanism(host: str, domain: str) -> str:
    """The term that allows a mail server to send for a domain; `UNKNOWN` when its provider must say."""
    host = host.lower().rstrip(".")
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        pass
    else:
        return f"ip{address.version}:{address}"
    if host == domain or host.endswith(f".{domain}"):
        return f"a:{host}"
    return next((f"include:{name}" for end, name in RELAYS if host == end or host.endswith(f".{end}")), UNKNOWN)


def merged(records: Sequence[str], needed: str = "") -> str:
    """One record that allows what all of them do, and `needed` as well; words that are none are left out.

    It ends as the first does, or in "~all" where that lets everybody in, or says nothing.
    """
    read = [spf(record) for record in records]
    kept = [term for one in read for term in one.terms if term.name != "all"]
    # Behind "redirect" nothing counts (§6.1).
    terms = [f"include:{term.value}" if term.name == "redirect" else _written(term) for term in kept]
    terms = list(dict.fromkeys([*terms, *filter(None, [needed])]))
    end = next((one.end for one in read if one.end in ("-all", "~all")), "~all")
    return " ".join(("v=spf1", *terms, end))


def _written(term: Term) -> str:
    sign = "" if term.sign == "+" else term.sign
    mark = "=" if term.name == "exp" else ":"
    return f"{sign}{term.name}{mark + term.value if term.value else ''}{term.prefix}"
