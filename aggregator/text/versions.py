"""The versions of the rules by which stored works are made: light, so that a run without news can ask whether they are still the same."""

from __future__ import annotations

from typing import Final

from aggregator.text.urls import RULES

# What rensa calls the version of its own hashing (2 in rensa 0.5), and ours: the seed, the words and their runs (`text/similarity.py`).
SKETCHES: Final = 201
# What `pipeline/works.py` and those it asks do; it grows when works must be made anew.
_WORKS: Final = 1


def rules_of_works() -> int:
    """The version of all the rules that works are made by; a work with another is due."""
    return (_WORKS * 1000 + SKETCHES) * 1000 + RULES
