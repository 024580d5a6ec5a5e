"""What is remembered. The rest of the program sees this protocol; `engine.open_store` gives the one implementation, on SQLAlchemy Core.

Every method is one transaction and can be called from any thread. Times come in as arguments and go out aware, in UTC. Raises `StoreError`
when the database cannot be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from aggregator.model import (
    Backfill,
    Chosen,
    Coverage,
    Entry,
    Gap,
    Link,
    Mention,
    Preview,
    Source,
    SourceState,
    Story,
    Trouble,
    Validators,
)
from aggregator.store.topics import Changed, Checks, Decisions, Erased, Gaps, Passed, Spending, Takedowns, TakenDown, Works

__all__ = [
    "Changed",
    "Checks",
    "Decisions",
    "Erased",
    "Gaps",
    "Landed",
    "Landing",
    "Passed",
    "Spending",
    "Store",
    "Takedowns",
    "TakenDown",
    "Works",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """One page of a source, ready to be written: everything here is committed together or not at all."""

    source: str
    # Their `story` is not looked at: which story they belong to is a matter of all rows, and settled inside the transaction.
    mentions: tuple[Mention, ...]
    # Ids of entries on the page that concern no topic; those known as mentions are withdrawn.
    unmatched: tuple[str, ...] = ()
    # Entries that concern no topic, kept for a while so that changed rules can be tried on them.
    passed: tuple[Entry, ...] = ()
    # Canonical URLs that the steward wants on the page: a known mention that is about one is not withdrawn because it passed.
    keeps: frozenset[str] = frozenset()
    cursor: str
    # Learned since the last landing, by URL asked.
    validators: Mapping[str, Validators] = field(default_factory=dict)
    # What platforms said of the pages that the mentions are about.
    previews: tuple[Preview, ...] = ()
    remarks: tuple[str, ...] = ()
    # How far the source is read back with this page, whose cursor is then that of the back-fill; None: the page is of none.
    backfill: Backfill | None = None
    # When the poll began that the page belongs to; None: it belongs to none.
    began_at: datetime | None = None
    # Gaps that the page shows, or closes.
    gaps: tuple[Gap, ...] = ()
    at: datetime

    @property
    def says_something(self) -> bool:
        """False when only its cursor could make a difference."""
        return bool(self.mentions or self.unmatched or self.validators or self.previews or self.remarks or self.passed or self.gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What a landing changed."""

    # Not known before.
    new: int = 0
    # Known, with another content hash: updated, `first_seen_at` kept.
    changed: int = 0
    known: int = 0
    # Known, and no longer concerning a topic.
    withdrawn: int = 0

    def __add__(self, other: Landed) -> Landed:
        return Landed(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            known=self.known + other.known,
            withdrawn=self.withdrawn + other.withdrawn,
        )


class Store(Protocol):
    """Sources, mentions, links, stories, chosen links and what hosts said of themselves."""

    # -- by topic

    @property
    def works(self) -> Works: ...

    @property
    def decisions(self) -> Decisions: ...

    @property
    def passed(self) -> Passed: ...

    @property
    def takedowns(self) -> Takedowns: ...

    @property
    def checks(self) -> Checks: ...

    @property
    def gaps(self) -> Gaps: ...

    @property
    def spending(self) -> Spending: ...

    # -- sources

    def register(self, sources: Sequence[Source], at: datetime) -> None:
        """Make rows for sources not known yet; a source that is no longer configured keeps its history and is not shown as polled. One
        whose options are others than before is read from its beginning: where it stood belongs to what it read then."""

    def state(self, source: str) -> SourceState:
        """Everything remembered of a source; a fresh state when nothing is."""

    def states(self, *, validators: bool = False) -> Mapping[str, SourceState]:
        """The states of all configured sources by id; their validators, which only a tick needs, where they are asked for."""

    def land(self, landing: Landing) -> Landed:
        """Write a page: mentions, withdrawals, cursor and validators in ONE transaction.

        New, changed and known are told apart by (source, native id) and content hash. The same native id twice in one landing: the last
        one stands. A mention whose story is not known makes the story; a link not known makes the link, filled from `previews`.
        """

    def settle(self, state: SourceState, coverage: Coverage | None) -> None:
        """Write how a poll ended: next_poll_at, failures, last_error and so on, but neither cursor nor validators."""

    def settle_all(self, ended: Sequence[tuple[SourceState, Coverage | None]]) -> None:
        """`settle` for the polls of many sources, each source once, in ONE transaction."""

    def ask_anew(self, sources: Iterable[str]) -> None:
        """Forget what servers gave to ask "has it changed?" with, so that the next poll of these sources gets everything."""

    # -- hosts

    def rests(self) -> Mapping[str, datetime]:
        """Until when each host wants not to be asked."""

    def rest(self, host: str, until: datetime) -> None:
        """Remember that a host wants rest."""

    def moved(self) -> Mapping[str, str]:
        """Permanent redirects: from the URL asked to where it went."""

    def move(self, redirects: Mapping[str, str], at: datetime) -> None:
        """Remember permanent redirects."""

    # -- links

    def links_due(self, now: datetime, limit: int) -> tuple[Link, ...]:
        """Links to enrich, newest first: not read yet, due, and not described already by a first-hand mention or a chosen entry."""

    def link(self, key: str) -> Link | None:
        """One link by its canonical URL."""

    def enrich(self, link: Link) -> None:
        """Write what a page said of itself, or that the attempt failed. Where it led to, and what it names as its own address on its
        own site, joins stories."""

    def pages(self, limit: int = 2000) -> Mapping[str, tuple[str, ...]]:
        """Pages whose own text concerns topics: the ids by canonical URL, those read last first."""

    # -- chosen links

    def choose(self, chosen: Sequence[Chosen], origin: str, at: datetime) -> bool:
        """Make `chosen` the whole list of one origin, and put mentions of their links into their stories. True when anything changed."""

    def chosen(self) -> tuple[Chosen, ...]:
        """All chosen entries: by origin (sources.yaml first, then the others in the order they first came), then position."""

    # -- stories

    def stories(self, *, as_of: datetime | None = None) -> tuple[Story, ...]:
        """Every story with its mentions and links, by id; withdrawn mentions left out. What waits for the steward is among them, and the
        lead is the address that the story is rooted in: who shows stories asks `pipeline.curate` first.

        `as_of`: only what was first seen by then.
        """

    def story_of(self, key: str) -> str | None:
        """The id of the story that a canonical URL belongs to, as lead or alias."""

    def story(self, id: str) -> Story | None:
        """One story, by its id or by one that it had."""

    def story_ids(self) -> frozenset[str]:
        """The ids of all stories, and those that they had."""

    def revision(self) -> int:
        """A number that grows with every change of something shown; cheap to ask."""

    # -- small things

    def note(self, name: str) -> str | None:
        """A text remembered under a name ("published")."""

    def remember(self, name: str, text: str) -> None:
        """Remember a text under a name."""

    def coverage(self, source: str, limit: int = 50) -> tuple[Coverage, ...]:
        """The last polls of a source, newest first."""

    def troubles(self, since: datetime, until: datetime) -> tuple[Trouble, ...]:
        """When configured sources could not be read, or none was asked for long, of what began before `until` and had not ended at
        `since`; by source, oldest first."""

    def remove_mentions(self, mentions: Iterable[tuple[str, str]]) -> int:
        """Withdraw mentions by (source, native id); gives how many were shown until now."""

    def resembling(self, source: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """Mentions of a source, withdrawn ones too, with the id of one of these or, for those whose ids are not known, with their subject
        or title; by id, their stories not looked up."""

    def exclusive(self) -> AbstractContextManager[bool]:
        """Hold the run lock: True inside when this process has it, False when another run does. Freed when the process dies."""

    def close(self) -> None:
        """Let go of the database."""
