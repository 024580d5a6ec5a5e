"""The subscriptions of a feed reader as sources: which can be watched, and which are watched already. Offline, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.collectors import collector_for, platforms, recognise
from aggregator.collectors.base import build
from aggregator.config import identifier
from aggregator.errors import BadOption, UnknownPlatform
from aggregator.model import Source
from aggregator.text.opml import Subscription
from aggregator.text.secret_address import is_secret, masked
from aggregator.text.urls import is_public_web


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What became of the subscriptions of a file, each in the file's order."""

    # To be watched from now on.
    new: tuple[Subscription, ...]
    # How many are watched already.
    known: int
    # A line for each that cannot be watched, without what in its address is a secret.
    left_out: tuple[str, ...]


def proposed(subscriptions: Iterable[Subscription], sources: Iterable[Source], *, intranet: bool = False) -> Proposed:
    """Sort them out.

    Args:
        sources: those of the configuration.
        intranet: the operator has opened private networks.
    """
    given = tuple(sources)
    watched, ids = {collector_for(source) for source in given}, {source.id for source in given}
    new: list[Subscription] = []
    known, left_out = 0, []
    for one in subscriptions:
        shown = masked(one.address, "…")
        try:
            if is_secret(one.address):
                raise BadOption("its address is a secret; put it into the environment, and name the variable in address_from")
            if not intranet and not is_public_web(one.address):
                raise BadOption("it is no address that others can open")
            name, options = recognise(one.address)
            collector = build(platforms()[name], options)
        except (UnknownPlatform, BadOption) as error:
            left_out.append(f"{shown}: {error}")
            continue
        if collector in watched:
            known += 1
            continue
        id = identifier(name, options)
        if id in ids:
            left_out.append(f"{shown}: another source is called {id!r}; write it into the list with an id of its own")
            continue
        watched.add(collector)
        ids.add(id)
        new.append(one)
    return Proposed(new=tuple(new), known=known, left_out=tuple(left_out))
