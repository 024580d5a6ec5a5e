"""What becomes of an edition that brings little: pure. The sentences are for the steward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

from aggregator.digest.compose import Composed
from aggregator.publish.dates import moment
from aggregator.publish.words import counted
from aggregator.settings import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """It is sent."""

    # "": there is nothing to say of it.
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """It is not sent, and its period is not asked about again: its stories stand in the next edition."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """It is not sent now, nothing is written of it, and the next `digest send` composes it anew. When the next firing comes first, the
    period becomes longer. It waits by what is configured, so that it is not late when enough is new at last."""

    sentence: str


Choice: TypeAlias = Send | Skip | Wait


def what_now(composed: Composed, digest: Digest, *, zone: ZoneInfo) -> Choice:
    """Whether an edition goes out, as `quiet` says. One in which there is nothing at all never does.

    Args:
        zone: of the day in the sentence.
    """
    if not composed.quiet:
        return Send()
    edition = composed.edition
    little = _little(composed.new, digest.least, moment(edition.period.since, zone).short)
    if digest.quiet == "short" and (edition.new or edition.talked or edition.pinned):
        return Send(sentence=f"{little}: a short edition is sent.")
    if digest.quiet == "wait":
        return Wait(sentence=f"{little}: nothing is sent yet; it goes out as soon as enough is new.")
    return Skip(sentence=f"{little}: nothing is sent{_kept(composed.new)}.")


def _little(new: int, least: int, since: str) -> str:
    if new == 0:
        return f"No story is new since {since}"
    return f"Only {counted(new, 'story is', 'stories are')} new since {since}, fewer than {least}"


def _kept(new: int) -> str:
    if new == 0:
        return ""
    return f", and {'it stands' if new == 1 else 'they stand'} in the next edition"
