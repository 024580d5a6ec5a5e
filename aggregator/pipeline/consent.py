"""Who may be shown, and how much of it. Pure, and asked about every entry that comes and about every one that is looked at again.

What people said against being shown is respected without being asked for it: unlisted and followers-only posts, accounts that are not to be
found or indexed, `!no-unauthenticated`, "nobot". A source whose writers all agreed (`agreed: true`) is shown all the same, but for what is
private: that nobody can open.

Terms of a platform that forbid to pass on what was said (`Restriction.WORDLESS`) are no objection to saying that it was said: the words
serve the matching alone, and are let go before anything is stored. So they cannot come to light by the page, a feed, the digest or the
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregator.model import Entry, Identity, Match, Restriction, Source, Visibility
from aggregator.text.urls import canonical

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
    return next((_SAID[one] for one in restrictions if one in _SAID), None)


def may_be_shown(entry: Entry, source: Source) -> bool:
    """Whether an entry of a source may be kept and shown."""
    return objection(entry.visibility, entry.restrictions, agreed=source.agreed) is None


def opens_for_nobody(entry: Entry, identity: Identity) -> bool:
    """True for an entry that is about itself and stands where readers cannot go: nothing of it could be shown but a door that is shut."""
    return Restriction.MEMBERS_ONLY in entry.restrictions and identity.subject == canonical(entry.url).key


def without_words(entry: Entry, matches: tuple[Match, ...]) -> tuple[Entry, tuple[Match, ...]]:
    """What may be stored of an entry and of why it counts: all of it, or who, where and when alone, with what it links to."""
    if Restriction.WORDLESS not in entry.restrictions:
        return entry, matches
    bare = replace(entry, title=None, text=None, html=None, alternatives=(), previews=())
    return bare, tuple(replace(match, excerpt="") for match in matches)
