"""What the large mail providers ask of who sends to them, and whether the chosen way of sending meets it. Pure, but for asking the DNS.

Sources, all read 2026-11-22:
    Google     "Email sender guidelines" (support.google.com/mail/answer/81126) and its FAQ (…/a/answer/14229414), in force since
               1 February 2024, one-click unsubscribe since June 2024.
    Yahoo      "Sender Best Practices" (senders.yahooinc.com/best-practices), in force since February 2024.
    Microsoft  "Strengthening Email Ecosystem: Outlook's New Requirements for High-Volume Senders" (techcommunity.microsoft.com,
               2 April 2025, changed on 29 April), in force since 5 May 2025: what fails is rejected with 550 5.7.515.

Google and Microsoft call a bulk sender who sends close to 5,000 mails a day to their own addresses, counted by the domain in From with all
below it; Yahoo names no number. Who was one once stays one with Google.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aggregator.publish.words import counted

BULK = 5_000
"""Mails a day to one provider."""


class Standing(StrEnum):
    """Whether a rule is met."""

    MET = "met"
    MISSING = "missing"
    # The DNS did not answer, or what would tell is not configured.
    UNKNOWN = "not known"
    # It is with whoever sends for us.
    ELSEWHERE = "elsewhere"


class Provider(StrEnum):
    """Who asks for it."""

    GOOGLE = "Google"
    YAHOO = "Yahoo"
    MICROSOFT = "Microsoft"


EVERYBODY = tuple(Provider)
GOOGLE_AND_YAHOO = (Provider.GOOGLE, Provider.YAHOO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A DNS record to set, letter for letter."""

    # Without a final dot.
    name: str
    kind: str
    value: str
    # The records that it takes the place of.
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule, and how it stands."""

    # For programs: "spf".
    rule: str
    # For people: "SPF".
    title: str
    standing: Standing
    # What was found, a whole sentence or two; ends with what to do where something is missing.
    sentence: str
    providers: tuple[Provider, ...] = EVERYBODY
    # True: asked only of who sends `BULK` mails a day.
    bulk_only: bool = False
    # True: the linter holds every edition back without it, however few get it.
    holds: bool = False
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All of it."""

    # "smtp", "folder", "listmonk" or "buttondown".
    through: str
    # Of the From header.
    domain: str
    # Active subscribers; None: the service knows.
    readers: int | None
    checks: tuple[Check, ...]
    # What the configuration lacks, whole sentences.
    lacks: tuple[str, ...] = ()

    @property
    def bulk(self) -> bool:
        """True when the rules for bulk senders hold, were all readers with one provider."""
        return self.readers is not None and self.readers >= BULK

    @property
    def missing(self) -> tuple[Check, ...]:
        """What is missing for so many readers, or keeps editions from being sent."""
        wanted = (one for one in self.checks if self.bulk or one.holds or not one.bulk_only)
        return tuple(one for one in wanted if one.standing is Standing.MISSING)

    def text(self) -> str:
        """For a person who has never seen a DNS record."""
        return "\n".join(_lines(self))

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "through": self.through,
            "domain": self.domain,
            "readers": self.readers,
            "bulk": self.bulk,
            "met": not self.missing,
            "checks": [
                {
                    "rule": one.rule,
                    "standing": one.standing.value,
                    "sentence": one.sentence,
                    "providers": [provider.value for provider in one.providers],
                    "bulk_only": one.bulk_only,
                    "holds_back": one.holds,
                    "records": [
                        {"name": record.name, "type": record.kind, "value": record.value, "instead_of": list(record.instead_of)}
                        for record in one.records
                    ],
                }
                for one in self.checks
            ],
            "configuration": list(self.lacks),
        }


def _lines(found: Diagnosis) -> Iterator[str]:
    yield f"Mail of the digest comes from {found.domain} and goes {_WAYS[found.through]}."
    if found.readers is not None:
        yield f"{found.readers:,} readers. Rules with * are asked only of who sends {BULK:,} mails a day to one provider."
    else:
        yield f"Rules with * are asked only of who sends {BULK:,} mails a day to one provider."
    yield ""
    width = max(len(one.title) for one in found.checks)
    for one in found.checks:
        star = "*" if one.bulk_only else " "
        who = "" if one.providers == EVERYBODY else f" (asked by {' and '.join(one.providers)})"
        yield f"{one.standing.value:<9}{star} {one.title:<{width}}  {one.sentence}{who}"
    yield from _to_set(found)
    if found.lacks:
        yield from ("", "What the configuration lacks:", "")
        yield from (f"- {sentence}" for sentence in found.lacks)
    yield ""
    yield _end(found)


def _to_set(found: Diagnosis) -> Iterator[str]:
    records = [record for one in found.checks for record in one.records]
    if records:
        yield from ("", "What to set in the DNS, where the names of your domain are managed:")
    for record in records:
        yield from ("", f"  Name   {record.name}", f"  Type   {record.kind}", f"  Value  {record.value}")
        yield from (f'         in the place of "{old}"' for old in record.instead_of)


def _end(found: Diagnosis) -> str:
    if found.missing:
        return f"{counted(len(found.missing), 'rule is', 'rules are')} not met. Set what is said above, wait an hour, and ask again."
    if any(one.standing is Standing.UNKNOWN for one in found.checks):
        return "Nothing that could be looked up is missing."
    return "All rules that can be seen from here are met."


_WAYS = {
    "smtp": "through a mail server",
    "folder": "into a folder, for somebody else to send",
    "listmonk": "through listmonk",
    "buttondown": "through Buttondown",
}
