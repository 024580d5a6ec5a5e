"""The lists that the community chose by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from aggregator.model import Chosen, Link
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.landing import links
from aggregator.store.placing import place
from aggregator.store.rows import Row, chosen_from_rows, chosen_links_to_rows, chosen_to_row, link_to_row, stamp

# The origin whose entries come first.
_FIRST = "sources.yaml"


def chosen(desk: Desk) -> list[tuple[Chosen, str]]:
    """All chosen entries in their order, each with the time it was first chosen, as text."""
    links_of: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in desk.rows(sql.CHOSEN_LINKS):
        links_of[row[0], row[1]].append(row)
    return [(chosen_from_rows(row, links_of[row[0], row[1]]), row[8]) for row in desk.rows(sql.CHOSEN)]


def stands(desk: Desk, entries: Sequence[Chosen], origin: str) -> bool:
    """Whether the list of an origin is this one already."""
    rows = [chosen_to_row(one, origin=origin, rank=0, added_at="") for one in sorted(entries, key=lambda one: one.position)]
    before = [(*row[:2], 0, *row[3:8], "") for row in desk.rows(sql.CHOSEN) if row[0] == origin]
    rows_of_links = [row for one in sorted(entries, key=lambda one: one.position) for row in chosen_links_to_rows(one, origin)]
    return rows == before and rows_of_links == [tuple(row) for row in desk.rows(sql.CHOSEN_LINKS) if row[0] == origin]


def choose(desk: Desk, entries: Sequence[Chosen], origin: str, at: datetime) -> None:
    """Make `entries` the whole list of an origin; a lead that was chosen before keeps the time it was first chosen."""
    before = chosen(desk)
    since = {one.links[0].key: added_at for one, added_at in reversed(before)}
    keys = {link.key for one, _added_at in before if one.origin == origin for link in one.links}
    rank = _rank(desk, origin)
    desk.run(sql.drop(schema.chosen_link.c.origin), origin)
    desk.run(sql.drop(schema.chosen.c.origin), origin)
    desk.many(
        sql.add(schema.chosen),
        [chosen_to_row(one, origin=origin, rank=rank, added_at=since.get(one.links[0].key) or stamp(at)) for one in entries],
    )
    rows = [row for one in entries for row in chosen_links_to_rows(one, origin)]
    desk.many(sql.add(schema.chosen_link), rows)
    wanted = {key: href for _origin, _position, _ordinal, key, href, _label, _lead in reversed(rows)}
    known = {link.key for link in links(desk, wanted)}
    desk.many(sql.add(schema.link), [link_to_row(Link(key=key, href=href), stamp(at)) for key, href in wanted.items() if key not in known])
    place(desk, {}, leaving={}, keys=keys.union(wanted))


def _rank(desk: Desk, origin: str) -> int:
    if origin == _FIRST:
        return 0
    ranks = {row[0]: row[2] for row in desk.rows(sql.CHOSEN)}
    return int(ranks.get(origin) or max(ranks.values(), default=0) + 1)
