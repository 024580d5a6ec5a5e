"""An edition as it was composed, with what the ledger has to know of it."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """An edition, and what freezing it would account for."""

    edition: Edition
    # Names (ids, former ids and keys of links) of every story that is shown: none of them is new in a later edition.
    told: frozenset[str]
    # How many stories are new.
    new: int
    # True: fewer are new than an edition should bring.
    quiet: bool
