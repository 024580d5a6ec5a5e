"""The nouns of the program: values only, no behaviour that needs a clock, a network or a database.

Every type is frozen, slotted and keyword-only. Times are aware and in UTC; durations are `timedelta`; URLs are absolute;
sequences are tuples. `None` always means "the platform did not say", unless the field's comment says otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a reader will find behind a link."""

    ARTICLE = "article"
    EPISODE = "episode"
    VIDEO = "video"
    THREAD = "thread"
    POST = "post"
    COMMENT = "comment"


class Takes(StrEnum):
    """Which entries of a source count."""

    MENTIONS = "mentions"
    EVERYTHING = "everything"


class Trust(StrEnum):
    """Whether a source's mentions are shown at once or wait for the steward."""

    PUBLISH = "publish"
    HOLD = "hold"


class Visibility(StrEnum):
    """Who can read an entry where it stands."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class Restriction(StrEnum):
    """What an author has said against being shown elsewhere."""

    NOINDEX = "noindex"
    NOT_DISCOVERABLE = "not-discoverable"
    NO_UNAUTHENTICATED = "no-unauthenticated"
    NO_BOT = "no-bot"


class Field(StrEnum):
    """Where in an entry a rule matched."""

    TITLE = "title"
    TEXT = "text"
    TAG = "tag"
    LINK = "link"
    IMAGE = "image"
    AUTHOR = "author"
    # The source takes everything, so no rule was asked.
    SOURCE = "source"


class Outcome(StrEnum):
    """How a poll of a source ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave us to ask "has it changed?" with (RFC 9110 §8.8), and a digest of the body for servers that give nothing."""

    etag: str | None = None
    # The header's text, byte for byte: some servers compare it as a string.
    last_modified: str | None = None
    # SHA-256 of the decoded body, hexadecimal.
    body_digest: str | None = None


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
    # True: not polled until the operator resumes it.
    paused: bool = False
    # One line for people; None: the last poll was good.
    last_error: str | None = None
    # Entries that could not be used and other oddities of the last poll, a line each.
    remarks: tuple[str, ...] = ()
    # By URL asked.
    validators: Mapping[str, Validators] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who made an entry."""

    name: str | None = None
    url: str | None = None
    # As the platform writes it, without a leading "@"; with the host where the platform is federated ("ada@social.example").
    handle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A media file that comes with an entry (RFC 4287 §4.2.7.2). It is never requested."""

    url: str
    media_type: str | None = None
    length_bytes: int | None = None
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the platform itself says of a page that an entry links to (a card, an external embed), or of what it answers."""

    url: str
    title: str | None = None
    description: str | None = None
    author: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing a platform listed, as the platform said it. Clean-up belongs to the pipeline."""

    # The platform's own stable id, unique within the source.
    native_id: str
    # The permalink, raw.
    url: str
    kind: Kind
    # Plain text, entities decoded once; None where the platform has no titles.
    title: str | None = None
    # Plain text; None where only html is given.
    text: str | None = None
    # Markup from outside, never trusted; None where the platform gives plain text.
    html: str | None = None
    author: Author | None = None
    # The author's claim, UTC. None: not said or not a date.
    published: datetime | None = None
    updated: datetime | None = None
    # BCP 47.
    language: str | None = None
    # Without "#".
    tags: tuple[str, ...] = ()
    # Raw addresses the entry shares, apart from those inside `html`.
    links: tuple[str, ...] = ()
    # Alternative texts of images that are not inside `html`.
    alternatives: tuple[str, ...] = ()
    previews: tuple[Preview, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    # Raw address or platform id of what this answers.
    in_reply_to: str | None = None
    # Other addresses that the platform itself says are this entry (an ActivityPub `uri`, a feed's guid that is a URL).
    aliases: tuple[str, ...] = ()
    # Name of the site or show the entry belongs to.
    site: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    restrictions: tuple[Restriction, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 in hexadecimal of what a reader would call the content; `updated` and counters are not part of it."""
        author = self.author or Author()
        parts = (
            self.url, self.kind, self.title, self.text, self.html, author.name, author.handle,
            self.published.isoformat() if self.published else None, self.language,
            *self.tags, "\x1e", *self.links, "\x1e", *self.alternatives, "\x1e", *self.restrictions, self.visibility,
        )  # fmt: skip
        return hashlib.sha256("\x1f".join(part or "\x00" for part in parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One reply of a platform."""

    # In the order the platform gave them.
    entries: tuple[Entry, ...]
    # A safe point to resume from once this page has landed.
    cursor: str
    # What was odd about the page, a line each ("2 entries have neither id nor link").
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why an entry concerns a topic."""

    topic: str
    field: Field
    # The rule as configured ("#microsolidarity"); for `Field.SOURCE` the words "takes everything".
    rule: str
    # Up to 120 characters around the match, plain text.
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a mention is about, in a form that can be compared."""

    # Canonical URL.
    subject: str
    # The best address to follow for the subject.
    href: str
    # Canonical URLs that name the same thing as the subject, and the entry's own where it is another.
    aliases: tuple[str, ...] = ()
    # 64 bits over the words.
    fingerprint: int = 0
    # Number of words the fingerprint was made from.
    words: int = 0
    # Version of the URL rules.
    rules: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """An entry that concerns a topic."""

    source: str
    entry: Entry
    # Never empty.
    matches: tuple[Match, ...]
    identity: Identity
    first_seen_at: datetime
    # Id of the story; None: not assigned yet.
    story: str | None = None
    # Found when the source was first read: part of the archive, not news.
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page that mentions are about, and what it says of itself."""

    # Canonical URL.
    key: str
    # Best address to follow.
    href: str
    title: str | None = None
    description: str | None = None
    author: str | None = None
    site: str | None = None
    # A day (midnight UTC, `published_day_only`) or an instant.
    published: datetime | None = None
    published_day_only: bool = False
    language: str | None = None
    image: str | None = None
    kind: Kind | None = None
    # HTTP status of the last attempt; None: never asked, or no answer.
    status: int | None = None
    # None: not read yet.
    enriched_at: datetime | None = None
    attempts: int = 0
    # None: due now, if not enriched.
    next_try_at: datetime | None = None


class EvidenceKind(StrEnum):
    """Why two mentions were joined, strongest first."""

    SAME_URL = "same URL"
    SAME_PLATFORM_ID = "same platform id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why two things are one story."""

    kind: EvidenceKind
    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenLink:
    """One address inside a chosen entry."""

    key: str
    # As it was written, after repair.
    href: str
    # The words that were linked.
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A link that the community chose by hand. Chosen links are shown in their own order, before everything that was found."""

    # Where it stands in its list, from 0.
    position: int
    kind: Kind
    # What the story is called.
    title: str
    # Who made it or speaks in it; None: not said.
    who: str | None
    # One line of Markdown with the links in place, as a page in GitBook form has it (without the list mark and the icon).
    note: str
    # At least one; the first is the lead. An address that is relative to the community's own page stays relative.
    links: tuple[ChosenLink, ...]
    # None: not said.
    published: datetime | None = None
    # "sources.yaml", or the name of the file it was imported from.
    origin: str = "sources.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The mentions of one thing."""

    # Ten characters of [a-z2-7], made from the lead's key: the same rows give the same id.
    id: str
    # Key of the link it is shown by.
    lead: str
    # The lead link first.
    links: tuple[Link, ...]
    # Oldest first by `first_seen_at`, then source and native id. Empty only for a chosen story nobody else mentioned.
    mentions: tuple[Mention, ...]
    # Ids of topics, sorted.
    topics: tuple[str, ...]
    first_seen_at: datetime
    last_seen_at: datetime
    chosen: Chosen | None = None


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
