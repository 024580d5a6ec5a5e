"""Why another address of an entry is one with what it is about."""

from __future__ import annotations

from aggregator.model import Enclosure, EvidenceKind
from aggregator.text.urls import canonical


def kind_of_alias(enclosures: tuple[Enclosure, ...], alias: str) -> EvidenceKind:
    """An alias is the recording that the entry plays, unwrapped, or an address that the platform gives the same thing."""
    if enclosures and alias in {canonical(one.url).key for one in enclosures}:
        return EvidenceKind.SAME_ENCLOSURE
    return EvidenceKind.SAME_PLATFORM_ID
