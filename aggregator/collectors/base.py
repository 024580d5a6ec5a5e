"""The collector contract.

A collector is a frozen value: its fields are its options, its docstring its catalogue entry, its manifest its promise, `poll` its work.
Adding a platform is adding one file to this folder and its fixtures to tests/fixtures/, and edits nothing else.

Rules, most important first:

1. `page.cursor` is a resume point, committed with its page; the engine may stop after any page.
2. Ask only through `http`, which paces, names itself, caps, authenticates and turns bad replies into errors. No retry in place, no sleep,
   no clock.
3. Silence is never success: a reply that is not what the specification promises is `Unreadable`; so is a repeated page token.
4. `native_id` is the platform's own stable id.
5. Yield what the platform said, public posts only; clean-up belongs to the pipeline.
6. No other state; no import of the HTTP library, database, os, time or logging. Secrets never reach a collector.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from aggregator.collectors._manifest import Delivers, Manifest, Method, Price
from aggregator.collectors._option import Option, build, options_of
from aggregator.errors import Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Page, Restriction, Visibility

__all__ = [
    "Backfills",
    "Collector",
    "Cursor",
    "Delivers",
    "Manifest",
    "Method",
    "Option",
    "Price",
    "Rechecks",
    "Standing",
    "build",
    "options_of",
    "pack",
    "unpack",
]

Cursor = str
"""Opaque text; "" is the beginning."""


@dataclass(frozen=True, kw_only=True)
class Collector(ABC):
    """One configured way to read one platform. Every option is a `str` field; one that may be left out has the default ""."""

    manifest: ClassVar[Manifest]

    @property
    @abstractmethod
    def host(self) -> str:
        """Whose patience this source spends; its lane. Lower case, with a port only where the address has one."""

    @property
    def hosts(self) -> frozenset[str]:
        """Every host that is asked under an address of ours. One found in a reply (a page's feed, a redirect) need not be named."""
        return frozenset({self.host})

    @property
    @abstractmethod
    def label(self) -> str:
        """What readers see ("Medium, tag microsolidarity")."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The page a reader can open to see the same."""

    @property
    def pace(self) -> Pace:
        """How patient the host is; another than the manifest's only where an option asks what has a budget of its own."""
        return self.manifest.pace

    @property
    def wants_key(self) -> bool:
        """True when the secret of the manifest would let this source be read further than without."""
        return self.manifest.auth is not None

    @property
    def feed(self) -> str | None:
        """A feed of the same that a feed reader can subscribe to; None: there is none, or it is a secret."""
        return None

    @abstractmethod
    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        """What is new since `cursor`; lazily, a page at a time.

        Raises:
            SourceError: while iterating; the pages before it have landed.
        """

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The options that read `address` (absolute, http or https), found offline; None when it is not this platform's."""
        return None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        """Options by which this platform can be watched for a word or hashtag, without a key, best first; none where it cannot.

        Args:
            word: one word in lower case, without "#".
        """
        return ()

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """Options that watch the site of a web page, best first, by what stands in the page (its generator, an API it declares); none where
        the page shows no sign of this platform. Options that name the place alone, where something must be looked for, are completed by
        whoever asks, with a `tag` or a `search`."""
        return ()

    @classmethod
    def declined(cls, address: str) -> str | None:
        """What to write instead of an address that is this platform's and cannot be watched (one video, a log-in page); None for any other.

        It is asked only about an address that no platform recognised. A fragment that follows "the address".
        """
        return None


@runtime_checkable
class Backfills(Protocol):
    """Present only where the platform can look back further than a first poll does."""

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older entries, newest first, until `since` (None: the beginning) or the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a platform says of an entry that is looked at again."""

    native_id: str
    # False: the platform knows no such entry, or shows it to nobody.
    found: bool
    visibility: Visibility = Visibility.PUBLIC
    restrictions: tuple[Restriction, ...] = ()


@runtime_checkable
class Rechecks(Protocol):
    """Present only where the platform can be asked whether what it once listed is public still."""

    # True: being looked at again tells what a poll cannot (what an account says of itself), so new entries are looked at before they are
    # first shown.
    looks_closer: ClassVar[bool]

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """How things stand with `entries`, lazily, in any order. An entry of which nothing is given could not be judged: that it was not
        found is told by a standing, and never by silence.

        Raises:
            SourceError: while iterating; the standings before it hold.
        """


def pack(**position: Any) -> Cursor:
    """A cursor from JSON values; the same values give the same text."""
    return json.dumps(position, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def unpack(cursor: Cursor) -> dict[str, Any]:
    """What `pack` was given; {} for the beginning.

    Raises:
        Unreadable: it is not a cursor of ours.
    """
    if not cursor:
        return {}
    try:
        position = json.loads(cursor)
    except ValueError:
        position = None
    if not isinstance(position, dict):
        raise Unreadable(f"resuming: expected a cursor, got {cursor[:40]!r}")
    return position
