"""What the steward decided. A decision outranks every rule, for ever; later ones outrank earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DecisionKind(StrEnum):
    """What a decision does."""

    # Off the page, whatever speaks for it.
    HIDE = "hide"
    # First on the page.
    PIN = "pin"
    RETITLE = "retitle"
    NOTE = "note"
    # Article, episode, video …
    KIND = "kind"
    # The address that the story is shown by.
    LEAD = "lead"
    # The subject is not one story with the first of the others.
    SPLIT = "split"
    # The subject and the others are one story.
    MERGE = "merge"
    # Shown, although its source is held.
    APPROVE = "approve"
    # Nothing from an author, domain or source.
    BLOCK = "block"
    # The chosen stories in the order of the others.
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One word of the steward."""

    kind: DecisionKind
    # Canonical URL. For `BLOCK`, and for an `APPROVE` of a whole source: "author:@ada@social.example", "domain:example.org",
    # "source:ID". For `ORDER`: "".
    subject: str
    # Further canonical URLs, where the kind has them.
    others: tuple[str, ...] = ()
    # Title, note or kind; "" where the kind has none.
    value: str = ""
    # "" when none was given.
    reason: str = ""
    # Who decided; "" when the file does not say.
    by: str = ""
    # None: the file does not say.
    at: datetime | None = None
    # Of a block: the last moment it holds; None: for ever.
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A line of the history of decisions."""

    # When it was written down here; UTC.
    at: datetime
    # False: it was taken back.
    made: bool
    decision: Decision
