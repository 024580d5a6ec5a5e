"""What the DNS says of the domain that a mail comes from, as values, and who asks it (`look_up`).

Alignment (RFC 7489 §3.1): the domain that SPF or DKIM proved must be the one in From, or be related to it. Which domains are related is
found by walking up the names to the one with a DMARC record, as the successor of RFC 7489 does, and not by a list of public suffixes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from aggregator.digest.records import Dmarc, dmarc, dmarc_records, spf, spf_records
from aggregator.errors import AggregatorError

# Names above the domain that are asked for a DMARC record; the successor of RFC 7489 walks as far.
_STEPS = 8
# Records that are followed from an SPF record; more than `MOST_LOOKUPS` are never needed to see that there are too many.
_FOLLOWED = 20


class Silent(AggregatorError):
    """The DNS did not answer: nothing is known."""


class Resolver(Protocol):
    """Who asks the DNS; `dns.Resolver` is it. What is not there gives an empty tuple."""

    def txt(self, name: str) -> tuple[str, ...]:
        """TXT records, each with its strings joined.

        Raises:
            Silent: no answer came.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What the DNS says of a domain."""

    # In lower case.
    name: str
    # SPF records of the domain that mail comes back to; None: no answer.
    spf: tuple[str, ...] | None
    # How many look-ups the only one costs, with those it leads to; 0 where there is none, or several.
    spf_lookups: int = 0
    # Domains it includes that have no record: with one of them every mail fails.
    spf_missing: tuple[str, ...] = ()
    # DMARC records that hold for it; None: no answer.
    dmarc: tuple[str, ...] | None
    # Whose they are: it itself, or a domain above; "": there is none.
    dmarc_of: str = ""
    # TXT records of the DKIM key that is configured; None: no answer, or no key is configured.
    dkim: tuple[str, ...] | None = None

    @property
    def policy(self) -> Dmarc | None:
        """The DMARC policy that holds; None: there is none (several are none, RFC 7489 §6.6.3)."""
        found = dmarc(self.dmarc[0]) if self.dmarc is not None and len(self.dmarc) == 1 else None
        return found if found and found.policy else None

    def related(self, other: str) -> bool:
        """True when a proof for another domain counts for this one, unless the policy is strict."""
        one, two = self.name, other.lower()
        above = self.dmarc_of or self.name
        return one == two or (_under(one, above) and _under(two, above))


def look_up(resolver: Resolver, name: str, *, returns: str = "", selector: str = "") -> Domain:
    """What the DNS says of a domain.

    Args:
        returns: the domain that mail comes back to (of MAIL FROM), whose SPF record counts; "": the same.
        selector: name of the DKIM key; "": none is known.
    """
    name, returns = name.lower(), (returns or name).lower()
    records = _asked(resolver, returns, spf_records)
    lookups, missing = _followed(resolver, returns, records[0]) if records is not None and len(records) == 1 else (0, ())
    owner, policies = _policies(resolver, name)
    return Domain(
        name=name,
        spf=records,
        spf_lookups=lookups,
        spf_missing=missing,
        dmarc=policies,
        dmarc_of=owner,
        dkim=_asked(resolver, f"{selector}._domainkey.{name}", tuple) if selector else None,
    )


def _policies(resolver: Resolver, name: str) -> tuple[str, tuple[str, ...] | None]:
    """Whose DMARC records hold for a domain, and what they are."""
    labels = name.split(".")
    for at in range(max(1, min(len(labels) - 1, _STEPS))):
        owner = ".".join(labels[at:])
        found = _asked(resolver, f"_dmarc.{owner}", dmarc_records)
        if found is None or found:
            return (owner if found else ""), found
    return "", ()


def _followed(resolver: Resolver, name: str, record: str) -> tuple[int, tuple[str, ...]]:
    """How many look-ups an SPF record costs with those that it leads to, and which of these are not there.

    Names with macros ("%{i}._spf.example.org") are counted and not followed: they depend on the mail.
    """
    count, waiting, seen = 0, [record], {name}
    missing: list[str] = []
    while waiting and len(seen) <= _FOLLOWED:
        read = spf(waiting.pop())
        count += sum(term.asks for term in read.terms if not (term.name == "redirect" and read.end != "redirect"))
        for other in read.following:
            if other.lower() in seen or "%" in other:
                continue
            seen.add(other.lower())
            found = _asked(resolver, other, spf_records)
            if found:
                waiting.append(found[0])
            elif found is not None:
                missing.append(other)
    return count, tuple(missing)


def _asked(resolver: Resolver, name: str, which: Callable[[Iterable[str]], tuple[str, ...]]) -> tuple[str, ...] | None:
    """Records of a name; None when no answer came."""
    try:
        return which(resolver.txt(name))
    except Silent:
        return None


def _under(name: str, above: str) -> bool:
    return name == above or name.endswith(f".{above}")
