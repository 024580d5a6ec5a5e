"""What is watched: topics, sources, and what is remembered of a source between polls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from aggregator.model.entries import GapReason


class Takes(StrEnum):
    """Which entries of a source count."""

    MENTIONS = "mentions"
    EVERYTHING = "everything"


class Trust(StrEnum):
    """Whether a source's mentions are shown at once or wait for the steward."""

    PUBLISH = "publish"
    HOLD = "hold"


class Outcome(StrEnum):
    """How a poll of a source ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Two words or phrases that concern a topic when they stand near each other, in either order, in one field of an entry."""

    left: str
    right: str
    # Most words between them.
    words: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A name, and how much it says that an entry concerns a topic."""

    name: str
    # Above 0, at most 1. What different names are worth is added up, and 1 is a match; a word of `any_of` is worth 1 by itself.
    worth: float
    # Other ways to write the same name ("Rich Bartlett", "@rich"): all of them together count once.
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is looked for."""

    id: str
    title: str
    # Words, phrases and hashtags as configured; one is enough. Never regular expressions.
    any_of: tuple[str, ...]
    # One of these in title, text or tags, and the entry does not concern the topic.
    none_of: tuple[str, ...] = ()
    # BCP 47 primary subtags; empty means every language.
    languages: tuple[str, ...] = ()
    # Also take the spaced form of a hyphenated or coined word ("micro solidarity").
    spaced: bool = False
    # Words that count only near each other; one pair is enough, as one of `any_of` is.
    near: tuple[Near, ...] = ()
    # Names of people whom the topic is about or who speak of it: what naming or being one of them is worth.
    people: tuple[Weight, ...] = ()
    # Hosts ("microsolidarity.cc", also its sub-domains): what a link to one of them, or an entry on it, is worth.
    sites: tuple[Weight, ...] = ()
    # Canonical URLs of pages that are about the topic: an entry that is one, or links to one, concerns it.
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured subscription."""

    id: str
    # Name of the collector.
    platform: str
    # Options of the collector, as configured and checked.
    options: Mapping[str, str]
    # Ids of topics; never empty.
    topics: tuple[str, ...]
    takes: Takes = Takes.MENTIONS
    trust: Trust = Trust.PUBLISH
    # Least time between polls; None: what the platform's manifest says.
    every: timedelta | None = None
    # Entries published before are left out; None: no limit.
    since: datetime | None = None
    # What readers see; never empty after configuration.
    label: str = ""
    enabled: bool = True
    # What may be spent on the platform in a calendar month (UTC), all its sources together, in millionths of a US dollar; None: what its
    # manifest says.
    budget: int | None = None
    # True: everyone who writes there has agreed to be shown, so unlisted, noindex and the like do not keep their posts off the page.
    agreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave us to ask "has it changed?" with (RFC 9110 §8.8), and a digest of the body for servers that give nothing."""

    etag: str | None = None
    # The header's text, byte for byte: some servers compare it as a string.
    last_modified: str | None = None
    # SHA-256 of the decoded body, hexadecimal.
    body_digest: str | None = None
    # Of a feed: what it listed, as `pipeline.listing` tells it; None: not known.
    listed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is remembered of a source between polls."""

    source: str
    # Opaque to everyone but the collector; "" is the beginning.
    cursor: str = ""
    backfill_cursor: str = ""
    # None: never polled, due now.
    next_poll_at: datetime | None = None
    # Failed polls since the last good one.
    failures: int = 0
    # When the present run of failures began; None: the last poll was good.
    failing_since: datetime | None = None
    # None: never read.
    last_ok_at: datetime | None = None
    # When an entry last matched that was not known; None: never.
    last_new_at: datetime | None = None
    # From when to when what was published was read, but for the gaps; None: no poll has come to its end yet.
    read_since: datetime | None = None
    read_until: datetime | None = None
    # When the poll began that has not come to its end yet, by a failure, a signal or the death of the process; None: the last one has.
    walking_since: datetime | None = None
    # True: not polled until the operator resumes it.
    paused: bool = False
    # One line for people; None: the last poll was good.
    last_error: str | None = None
    # Entries that could not be used and other oddities of the last poll, a line each.
    remarks: tuple[str, ...] = ()
    # Why everything found since waits for the steward: the source is not what it was. None: it is.
    held: str | None = None
    # What the source is like, as JSON that only the module which judges it reads; "": not known yet.
    nature: str = ""
    # By URL asked.
    validators: Mapping[str, Validators] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The interval of a source that one poll really read."""

    source: str
    # Publication time of the oldest entry read; None: unknown.
    since: datetime | None
    # When it was asked.
    until: datetime
    outcome: Outcome
    entries: int = 0
    # Gaps that the end of the poll opens, changes or closes; they are kept for themselves.
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An interval of publication times of a source in which entries may have been missed."""

    source: str
    since: datetime
    until: datetime
    reason: GapReason
    # When it was seen.
    found_at: datetime
    # None: it is open.
    closed_at: datetime | None = None
    # What closed it, in words ("the next poll went on"); "" while it is open.
    closed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """How far a source was read back."""

    source: str
    # When it was begun: what was published before is read from there downwards.
    begun_at: datetime
    # Down to which everything was read that the platform gives; None: nothing yet.
    reached: datetime | None = None
    # Down to which it was wanted when it last went on; None: to the beginning.
    wanted: datetime | None = None
    # True: the platform gives nothing older.
    ended: bool = False

    @property
    def done(self) -> bool:
        """All that was wanted is read, or all that there is: before, some of it may stand on a page that is to come."""
        return self.ended or (self.wanted is not None and self.reached is not None and self.reached <= self.wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A time in which a source could not be read."""

    source: str
    # When it was first asked in vain.
    since: datetime
    # When it was first read again; None: it cannot be read yet.
    until: datetime | None = None
