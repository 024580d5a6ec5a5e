"""Which story a mention belongs to: pure. The store asks the same question of its rows, inside the transaction that lands a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aggregator.model import Evidence, EvidenceKind, Identity
from aggregator.store.partition import Voice, partition, story_id

__all__ = ["assign", "cluster", "evidence", "story_id"]


def assign(identity: Identity, owner_of: Callable[[str], str | None] | Mapping[str, str]) -> str:
    """The id of the story that a mention joins, or would begin: the owner of its subject, else of the first alias that has one.

    Args:
        owner_of: from a canonical URL to the story that it belongs to.
    """
    owner = owner_of.get if isinstance(owner_of, Mapping) else owner_of
    owners = (owner(key) for key in (identity.subject, *identity.aliases))
    return next((story for story in owners if story is not None), None) or story_id(identity.subject)


def cluster(identities: Mapping[str, Identity]) -> Mapping[str, str]:
    """The story ids of mentions, by whatever names them, from nothing but each other; their order does not matter."""
    voices = {name: Voice(subject=identity.subject, aliases=identity.aliases) for name, identity in identities.items()}
    return {name: story_id(lead) for name, lead in partition(voices, {}).places.items()}


def evidence(left: Identity, right: Identity) -> Evidence | None:
    """Why two mentions are one story by their addresses alone; None when nothing they name is the same."""
    if left.subject == right.subject:
        return Evidence(kind=EvidenceKind.SAME_URL, left=left.subject, right=right.subject)
    if {left.subject, *left.aliases} & {right.subject, *right.aliases}:
        return Evidence(kind=EvidenceKind.SAME_PLATFORM_ID, left=left.subject, right=right.subject)
    return None
