"""Who may be shown. Pure, and asked about every entry that comes and about every one that is looked at again.

What people said against being shown is respected without being asked for it: unlisted and followers-only posts, accounts that are not to be
found or indexed, `!no-unauthenticated`, "nobot". A source whose writers all agreed (`agreed: true`) is shown all the same, but for what is
private: that nobody can open.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model import Entry, Restriction, Source, Visibility

_SAID = {
    Restriction.NOINDEX: "its author asks not to be indexed",
    Restriction.NOT_DISCOVERABLE: "its author does not want to be found",
    Restriction.NO_UNAUTHENTICATED: "its author shows it only to people who are logged in",
    Restriction.NO_BOT: "its author asks programs to leave them alone",
}


def objection(visibility: Visibility, restrictions: Sequence[Restriction], *, agreed: bool = False) -> str | None:
    """Why an entry may not be shown, as a fragment for people; None when it may.

    Args:
        agreed: everyone who writes there agreed to be shown (`Source.agreed`).
    """
    if visibility is Visibility.PRIVATE:
        return "it is private"
    if agreed:
        return None
    if visibility is Visibility.UNLISTED:
        return "it is unlisted"
    return next((_SAID[one] for one in restrictions), None)


def may_be_shown(entry: Entry, source: Source) -> bool:
    """Whether an entry of a source may be kept and shown."""
    return objection(entry.visibility, entry.restrictions, agreed=source.agreed) is None
