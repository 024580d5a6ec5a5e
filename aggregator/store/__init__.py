"""What is remembered. The rest of the program sees this protocol; `engine.open_store` gives the one implementation, on SQLAlchemy Core.

Every method is one transaction and can be called from any thread. Times come in as arguments and go out aware, in UTC. Raises `StoreError`
when the database cannot be used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from aggregator.model import (
    Chosen,
    Coverage,
    Decision,
    Entry,
    Evidence,
    Kind,
    Link,
    Logged,
    Material,
    Mention,
    Preview,
    Sketched,
    Source,
    SourceState,
    Story,
    Trouble,
    Validators,
    Work,
)


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
    # The cursor is that of the back-fill.
    backfill: bool = False
    at: datetime

    @property
    def says_something(self) -> bool:
        """False when only its cursor could make a difference."""
        return bool(self.mentions or self.unmatched or self.validators or self.previews or self.remarks or self.passed)


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


class Works(Protocol):
    """What can be compared, and the bonds that comparing gave. Which stories follow from them is settled in the same transaction."""

    def due(self, limit: int) -> tuple[Material, ...]:
        """Addresses whose works must be made anew, by key: something was landed, withdrawn or enriched that they are made from."""

    def known(self, keys: Iterable[str]) -> Mapping[str, Work]:
        """Works by key."""

    def found_by(self, probes: Iterable[int], *, most: int) -> Mapping[int, tuple[Work, ...]]:
        """The works that have these postings, by posting; postings that nobody has are left out.

        A posting that more than `most` works have is everybody's and finds nobody: it is there with no works.
        """

    def renew(self, rules: int) -> int:
        """Make due the addresses of all works that were made by other rules; gives how many they are."""

    def put(self, made: Sequence[Sketched], bonds: Sequence[Evidence], *, gone: Sequence[str] = (), crowds: Iterable[int] = ()) -> int:
        """Write works in place of those with their keys, and `bonds` in place of all that a work made or lost had from being compared.

        What a page declares stays: where its address leads, and what it names as its own address on its own site (`Store.enrich`). A
        canonical link that comparing found, of two works on two sites, is one of `bonds` and goes with them.

        In ONE transaction, with the stories that follow; the keys are due no more. Gives how many mentions changed their story.

        Args:
            gone: keys that have no work any more.
            crowds: postings that `found_by` gave as everybody's, to be known as such from now on.
        """

    def bonds(self, keys: Iterable[str]) -> tuple[Evidence, ...]:
        """The evidence that has one of these addresses on either side, strongest first, then by address."""

    def rearrange(self) -> int:
        """Cluster all rows again from nothing, in one transaction; gives how many mentions changed their story, which should be 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a new list of decisions changed, each in order."""

    made: tuple[Decision, ...] = ()
    taken_back: tuple[Decision, ...] = ()


class Decisions(Protocol):
    """The steward's word."""

    def standing(self) -> tuple[Decision, ...]:
        """All decisions in force, oldest first."""

    def replace(self, decisions: Sequence[Decision], at: datetime) -> Changed:
        """Make `decisions` the whole list, in their order; log what is new and what is gone; settle the stories that splits and merges
        change. A decision without `at` keeps the one it had, or gets this one."""

    def log(self, limit: int = 100) -> tuple[Logged, ...]:
        """The history, newest first."""


class Passed(Protocol):
    """Entries that concerned no topic. They are written by `land`."""

    def since(self, at: datetime) -> Iterator[tuple[str, Entry]]:
        """Those seen since, with their sources, by source and native id."""

    def forget(self, before: datetime) -> int:
        """Let go of those seen before; gives how many they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What a takedown removed from the store."""

    mentions: int = 0
    links: int = 0
    works: int = 0
    passed: int = 0
    chosen: int = 0
    decisions: int = 0
    # Mentions that stay, without what they said of it.
    rewritten: int = 0
    # Ids of stories that are gone.
    stories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """That a takedown happened: neither what nor whose it was."""

    at: datetime
    # "url", "author" or "domain".
    scope: str
    reason: str


class Takedowns(Protocol):
    """What must not come back. What it was is not kept, only salted hashes."""

    def salt(self) -> bytes:
        """Made at random once, the same for ever."""

    def hashes(self) -> frozenset[str]:
        """Of everything taken down."""

    def everything(self) -> Iterator[Mention]:
        """Every mention that is stored, also those withdrawn, by source and native id; which story they belong to is not said."""

    def links(self) -> Iterator[Link]:
        """Every link that is stored, by key."""

    def erase(
        self,
        mentions: Iterable[tuple[str, str]],
        *,
        keys: Iterable[str],
        hashes: Mapping[str, str],
        reason: str,
        at: datetime,
        unnamed: Iterable[str] = (),
        rewritten: Iterable[Mention] = (),
    ) -> Erased:
        """Remove rows, not only mark them: mentions and passed entries by (source, native id), and everything about the addresses `keys`.

        Args:
            keys: canonical URLs, and subjects of decisions ("author:ada@social.example").
            hashes: to remember, each with its scope ("url", "author", "domain").
            unnamed: keys of links that stay without their author's name.
            rewritten: mentions that stay, with texts, links and matches that no longer name what goes.
        """

    def wipe(self) -> bool:
        """Leave no byte of what was erased in the database's files, and remove the copies that migrations kept; does nothing when nothing
        was erased since the last time.

        False when bytes are left: another process reads the file, or the database is a server's, whose keeper sees to that.
        """

    def history(self, limit: int = 100) -> tuple[TakenDown, ...]:
        """The takedowns, newest first, one for each thing that was asked for."""

    def tombstones(self) -> Mapping[str, datetime]:
        """Ids of stories that left the page for good, with when."""


class Checks(Protocol):
    """Whether what is shown is public still."""

    def due(
        self,
        before: datetime,
        limit: int,
        *,
        sources: Collection[str] | None = None,
        but: Collection[str] = (),
        kinds: Collection[Kind] = tuple(Kind),
        unchecked: Collection[str] = (),
    ) -> tuple[Mention, ...]:
        """Shown mentions last checked, or else first seen, before; those that wait longest first.

        Args:
            sources: of these alone; None: of all.
            but: of none of these.
            kinds: of these kinds alone.
            unchecked: of these also what was never checked, whenever it was first seen.
        """

    def waiting(self, before: datetime, *, sources: Collection[str] | None = None) -> int:
        """How many wait since then."""

    def checked(self, mentions: Iterable[tuple[str, str]], at: datetime) -> None:
        """They were public then, or could not be judged: either way others come first now."""

    def missed(self, mentions: Iterable[tuple[str, str]], at: datetime) -> tuple[tuple[str, str], ...]:
        """They were not found then: they wait for another look, and those are given that were missed the time before, too."""

    def closed(self, mentions: Iterable[tuple[str, str]], at: datetime) -> int:
        """Withdraw what is public no more; gives how many were shown until now. When the same comes again within a month, that is no news
        of its being public."""


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

    # -- sources

    def register(self, sources: Sequence[Source], at: datetime) -> None:
        """Make rows for sources not known yet; a source that is no longer configured keeps its history and is not shown as polled."""

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
