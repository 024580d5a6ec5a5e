"""The nouns of the program: values only, no behaviour that needs a clock, a network or a database.

Every type is frozen, slotted and keyword-only. Times are aware and in UTC; durations are `timedelta`; URLs are absolute;
sequences are tuples. `None` always means "the platform did not say", unless the field's comment says otherwise.
"""

from __future__ import annotations

from aggregator.model.decisions import (
    Decision,
    DecisionKind,
    Logged,
)
from aggregator.model.entries import (
    Author,
    Enclosure,
    Entry,
    Field,
    Identity,
    Kind,
    Match,
    Mention,
    Page,
    Preview,
    Restriction,
    Visibility,
)
from aggregator.model.sources import (
    Coverage,
    Near,
    Outcome,
    Source,
    SourceState,
    Takes,
    Topic,
    Trust,
    Validators,
    Weight,
)
from aggregator.model.stories import (
    Chosen,
    ChosenLink,
    Curation,
    Evidence,
    EvidenceKind,
    Link,
    Material,
    Sketched,
    Story,
    Work,
)

__all__ = [
    "Author",
    "Chosen",
    "ChosenLink",
    "Coverage",
    "Curation",
    "Decision",
    "DecisionKind",
    "Enclosure",
    "Entry",
    "Evidence",
    "EvidenceKind",
    "Field",
    "Identity",
    "Kind",
    "Link",
    "Logged",
    "Match",
    "Material",
    "Mention",
    "Near",
    "Outcome",
    "Page",
    "Preview",
    "Restriction",
    "Sketched",
    "Source",
    "SourceState",
    "Story",
    "Takes",
    "Topic",
    "Trust",
    "Validators",
    "Visibility",
    "Weight",
    "Work",
]
