"""What a page said of itself, written: its link, the bonds that it declares, and that its work has to be made anew."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.model import Evidence, EvidenceKind, Link
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.landing import mark_due
from aggregator.store.placing import place
from aggregator.store.rows import link_to_row, link_to_values, storable
from aggregator.store.work_rows import bond_to_row


def enrich(desk: Desk, link: Link, *, at: str) -> None:
    """Write a link, as `Store.enrich` says.

    Args:
        at: when it was first seen, if it is not known.
    """
    key = storable(link.key)
    changed = _declare(desk, link)
    if not desk.run(sql.REWRITE_LINK, *link_to_values(link), key):
        desk.run(sql.add(schema.link), *link_to_row(link, at))
        # How long a link was known decides what its story is called after.
        changed.add(key)
    mark_due(desk, [key])
    place(desk, {}, leaving={}, keys=changed)
    desk.run(sql.GROW)


def _declare(desk: Desk, link: Link) -> set[str]:
    """Write the bonds that a page declares in place of those that it declared; gives the addresses of which one has changed."""
    after = {row[:3]: row for row in (bond_to_row(bond, declared=True) for bond in _declared(link))}
    before = {tuple(row[:3]) for row in desk.rows(sql.DECLARED, storable(link.key))}
    gone, fresh = before - after.keys(), after.keys() - before
    desk.many(sql.DROP_DECLARED, sorted(gone))
    desk.many(sql.add(schema.bond), [after[name] for name in sorted(fresh)])
    return {end for name in gone | fresh for end in name[:2]}


def _declared(link: Link) -> Iterator[Evidence]:
    """Where the address led, and what the page there names as its own on the same site.

    What it names on another site is a claim that the page there has to confirm: comparing works sees to it.
    """
    # Knows what is a site, and is slow to load for all that never read a page.
    from aggregator.text.page_address import is_home, same_site

    if link.landed is not None and link.landed != link.key and not is_home(link.landed):
        yield Evidence(kind=EvidenceKind.REDIRECT, left=link.key, right=link.landed)
    named = link.canonical
    if named is not None and named != link.key and not is_home(named) and same_site(named, link.landed or link.key):
        yield Evidence(kind=EvidenceKind.CANONICAL_LINK, left=link.key, right=named)
