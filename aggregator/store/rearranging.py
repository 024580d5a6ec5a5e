"""All stories from nothing: what the rows say together, compared with what is written. Should find nothing to do."""

from __future__ import annotations

from aggregator.model import Evidence
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.partition import Partition, Voice
from aggregator.store.placing import Name, Owner, arranging, chosen_places, partition_of, write
from aggregator.store.rows import aliases_from_text
from aggregator.store.work_rows import bond_from_row


def rearrange(desk: Desk) -> int:
    """Cluster all rows again; gives how many mentions changed their story."""
    voices: dict[Name, Voice] = {}
    stood: dict[Name, str] = {}
    for source, native_id, anchor, subject, aliases in desk.rows(sql.ALL_VOICES):
        voices[source, native_id] = Voice(subject=subject, aliases=aliases_from_text(aliases))
        stood[source, native_id] = anchor
    owners = {key: Owner(anchor, bool(chosen)) for key, anchor, chosen in desk.rows(sql.ALL_KEYS)}
    listed = chosen_places(desk, {key for (key,) in desk.rows(sql.LISTED_KEYS)})
    bonds: set[Evidence] = {bond_from_row(row) for row in desk.rows(sql.JOINING_BONDS)}
    made: Partition[Name] = partition_of(desk, voices, listed, bonds, [decision for _number, decision in arranging(desk)])
    moved = [(made.places[name], *name) for name, anchor in stood.items() if made.places[name] != anchor]
    write(desk, owners, made, {place[-1] for place in listed.values()}, moved)
    return len(moved)
