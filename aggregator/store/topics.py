"""What the store promises by topic. The rest of the program sees these protocols through `aggregator.store`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aggregator.model import (
    Backfill,
    Decision,
    Entry,
    Evidence,
    Gap,
    Kind,
    Link,
    Logged,
    Material,
    Mention,
    Sketched,
    Work,
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


class Gaps(Protocol):
    """What of the sources was not read, and how far they were read back. Gaps are written by `land` and `settle`; of one source a bounded
    number is kept: of the open ones the nearest are joined, of the closed ones the oldest are let go."""

    def open(self) -> Mapping[str, tuple[Gap, ...]]:
        """Those of configured sources that nothing has closed, by source, oldest first."""

    def of(self, source: str, limit: int = 50) -> tuple[Gap, ...]:
        """Those of a source, open and closed, those found last first."""

    def closed(self) -> Mapping[str, tuple[Gap, ...]]:
        """Those of configured sources that were closed, by source, closed last first."""

    def found(self, since: datetime, until: datetime) -> tuple[Gap, ...]:
        """Those of configured sources that were found in a time, by source, oldest first."""

    def backfills(self) -> Mapping[str, Backfill]:
        """How far sources were read back, by source."""

    def look_back(self, backfill: Backfill, *, anew: bool = False, gaps: Sequence[Gap] = ()) -> None:
        """Write how far a source was read back without a page, and the gaps that this closes.

        Args:
            anew: forget the cursor of the back-fill before.
        """


class Spending(Protocol):
    """What platforms that charge have cost, in millionths of a US dollar, by calendar month (UTC)."""

    def of(self, at: datetime) -> Mapping[str, int]:
        """What was spent in the month of a time, by platform; platforms that cost nothing are left out."""

    def add(self, platform: str, amount: int, at: datetime) -> None:
        """Add what was paid; less than nothing for what was claimed and not charged."""

    def claim(self, platform: str, amount: int, at: datetime, *, most: int) -> bool:
        """Add what may be charged before it is asked for; False, and nothing is added, where the month would come to more than `most`."""
