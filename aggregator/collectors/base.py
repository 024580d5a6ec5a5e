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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Protocol, get_args, get_origin, get_type_hints, runtime_checkable

from aggregator.errors import BadOption, Unreadable
from aggregator.fetch import Auth, Http, Pace
from aggregator.model import Entry, Kind, Page, Restriction, Visibility

Cursor = str
"""Opaque text; "" is the beginning."""


class Method(StrEnum):
    """How a platform is read."""

    FEED = "feed"
    API = "api"
    PAGE = "page"


class Delivers(StrEnum):
    """How much of an entry the platform gives."""

    COMPLETE = "complete text"
    EXCERPT = "excerpt"
    TITLE = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a platform promises, for people, the scheduler and the generated docs."""

    # Name in sources.yaml: lower case, one word.
    name: str
    # Name for people.
    title: str
    homepage: str
    # The page or file the collector was written from, with the date it was read.
    spec: str
    method: Method
    kinds: tuple[Kind, ...]
    # None: nothing is ever asked for.
    auth: Auth | None = None
    # Least time between polls, unless sources.yaml says otherwise.
    every: timedelta = timedelta(hours=1)
    # Silent longer than this is worth a line in `status`.
    quiet_after: timedelta = timedelta(days=90)
    pace: Pace = Pace()
    # One phrase: how far back a first poll sees ("10 newest stories").
    reach: str
    delivers: Delivers
    # One sentence a line: what cannot be done here.
    limits: tuple[str, ...] = ()
    # HTTP statuses that here mean "later" and not what they usually mean (YouTube's feeds answer 404 for hours).
    transient: frozenset[int] = frozenset()
    # True for the collector that takes an address nobody else recognised.
    fallback: bool = False
    # Words, one per topic spelling, are not looked for in the raw bytes: replies are encoded in a way the look cannot see through.
    opaque: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Describes one field of a collector: `tag: Annotated[str, Option("hashtag without the #", example="microsolidarity")]`."""

    # A fragment for people, lower case, no final period. Positional use: Option("…").
    help: str
    example: str
    # Gives the cleaned value, or raises ValueError with a sentence that says what is allowed. None: any non-empty text.
    check: Callable[[str], str] | None = None

    def __init__(self, help: str, *, example: str, check: Callable[[str], str] | None = None) -> None:
        object.__setattr__(self, "help", help)
        object.__setattr__(self, "example", example)
        object.__setattr__(self, "check", check)


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


@cache
def options_of(collector: type[Collector]) -> Mapping[str, tuple[Option, bool]]:
    """The options of a collector in their order: name to (description, required)."""
    hints = get_type_hints(collector, include_extras=True)
    found: dict[str, tuple[Option, bool]] = {}
    for field in fields(collector):
        annotation = hints[field.name]
        marks = [mark for mark in get_args(annotation)[1:] if isinstance(mark, Option)] if get_origin(annotation) is Annotated else []
        if len(marks) != 1:
            raise TypeError(f"{collector.__name__}.{field.name}: an option wants exactly one Option(…)")
        found[field.name] = (marks[0], field.default is MISSING)
    return found


def build(collector: type[Collector], options: Mapping[str, str]) -> Collector:
    """A collector from configured options, each cleaned by its own check.

    Raises:
        BadOption: an option is unknown, missing or not allowed; every one of them is in the message.
    """
    known = options_of(collector)
    wrong = [f"unknown option {name!r}" for name in options if name not in known]
    clean: dict[str, str] = {}
    for name, (option, required) in known.items():
        value = options.get(name, "")
        if not value:
            if required:
                wrong.append(f"option {name!r} is missing ({option.help}, for example {option.example!r})")
            continue
        try:
            clean[name] = option.check(value) if option.check else value
        except ValueError as error:
            wrong.append(f"option {name!r}: {error}")
    if wrong:
        raise BadOption("; ".join(wrong))
    return collector(**clean)


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
