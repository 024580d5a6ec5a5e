"""What a block keeps out: everything by an author, on a domain or from a source. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aggregator.curation.naming import AUTHOR, DOMAIN, SOURCE, folded
from aggregator.model import Author, Chosen, Decision, DecisionKind, Mention
from aggregator.text.urls import host_of

NONE: Final = -1
"""The place of no decision: every decision stands later."""


class Blocks:
    """The blocks of a list of decisions, each with its place in the list; of those about one thing the last."""

    def __init__(self, decisions: Sequence[Decision], now: datetime) -> None:
        self._authors: dict[str, int] = {}
        self._domains: dict[str, int] = {}
        self._sources: dict[str, int] = {}
        for place, decision in enumerate(decisions):
            if decision.kind is DecisionKind.APPROVE and decision.subject.startswith(SOURCE):
                # A later word about the same source.
                self._sources.pop(decision.subject.removeprefix(SOURCE), None)
            elif decision.kind is DecisionKind.BLOCK and (decision.until is None or now <= decision.until):
                self._keep(decision.subject, place)

    def _keep(self, subject: str, place: int) -> None:
        if subject.startswith(AUTHOR):
            self._authors[folded(subject.removeprefix(AUTHOR))] = place
        elif subject.startswith(DOMAIN):
            self._domains[subject.removeprefix(DOMAIN)] = place
        else:
            self._sources[subject.removeprefix(SOURCE)] = place

    def __bool__(self) -> bool:
        return bool(self._authors or self._domains or self._sources)

    def on_mention(self, mention: Mention) -> int:
        """The place of the last block that keeps a mention out: by its author, its source, where it stands or what it is about."""
        found = self._sources.get(mention.source, NONE)
        if self._authors and mention.entry.author is not None:
            found = max(found, *(self._authors.get(name, NONE) for name in names_of(mention.entry.author)), NONE)
        if self._domains:
            found = max(found, self._on_host(mention.entry.url), self._on_host(mention.identity.subject))
        return found

    def on_chosen(self, chosen: Chosen) -> int:
        """The place of the last block that keeps a chosen entry out: where its first link leads, or who made it."""
        author = self._authors.get(folded(chosen.who), NONE) if chosen.who and self._authors else NONE
        return max(author, self._on_host(chosen.links[0].key) if self._domains else NONE)

    def _on_host(self, url: str) -> int:
        found, host = NONE, host_of(url)
        while host:
            found = max(found, self._domains.get(host, NONE))
            host = host.partition(".")[2]
        return found


def names_of(author: Author) -> tuple[str, ...]:
    """What an author goes by, folded: handle, name, address of the profile."""
    return tuple(folded(name) for name in (author.handle, author.name, author.url) if name)
