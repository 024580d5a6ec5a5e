"""What platforms list, as they say it, and what that is about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a reader will find behind a link."""

    ARTICLE = "article"
    EPISODE = "episode"
    VIDEO = "video"
    THREAD = "thread"
    POST = "post"
    COMMENT = "comment"


class Visibility(StrEnum):
    """Who can read an entry where it stands."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class Restriction(StrEnum):
    """What an author, or the terms of a platform, have said against being shown elsewhere."""

    NOINDEX = "noindex"
    NOT_DISCOVERABLE = "not-discoverable"
    NO_UNAUTHENTICATED = "no-unauthenticated"
    NO_BOT = "no-bot"
    # Who said it and where may be told, and not what was said: its words are matched and then let go, before anything is stored.
    WORDLESS = "wordless"
    # Its permalink opens for members alone: readers are shown what it shares, and no door that is shut to them.
    MEMBERS_ONLY = "members-only"


class Field(StrEnum):
    """Where in an entry a rule matched."""

    TITLE = "title"
    TEXT = "text"
    TAG = "tag"
    LINK = "link"
    IMAGE = "image"
    AUTHOR = "author"
    # The text of a page that the entry links to, which was read anyway.
    PAGE = "page"
    # The source takes everything, so no rule was asked.
    SOURCE = "source"


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


class GapReason(StrEnum):
    """Why an interval of a source was not read."""

    # The listing shows nothing any more of what it showed at the last poll: what came and went in between was not seen.
    TURNED_OVER = "turned over"
    # The platform gives no page further down, or knows the place no more at which reading stopped.
    WITHHELD = "withheld"
    # Reading stopped on the way down, by a failure or because it was asked to, and goes on from there.
    CUT = "cut"
    # The source could not be read at all.
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What a collector sees that it cannot read: entries published between two times."""

    reason: GapReason
    # None: since the last complete poll.
    since: datetime | None = None
    # None: until the oldest entry of the page, or now.
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One reply of a platform."""

    # In the order the platform gave them.
    entries: tuple[Entry, ...]
    # A safe point to resume from once this page has landed.
    cursor: str
    # What was odd about the page, a line each ("2 entries have neither id nor link").
    remarks: tuple[str, ...] = ()
    # What could not be read between this page and what was read before; None: nothing is known to be missing.
    missed: Missed | None = None
    # What the page cost, in millionths of a US dollar; None: nobody knows, and where a platform charges it counts as the most.
    cost: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why an entry concerns a topic."""

    topic: str
    field: Field
    # The rule as configured ("#microsolidarity"); of a pair "crew near circle"; of names that count together "Ada + Bo"; of a page that is
    # about the topic its canonical URL; for `Field.PAGE` the words "a page it links to", for `Field.SOURCE` "takes everything".
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
    # Canonical URLs of the pages that a post shares when they are several: it is a voice in the story of each, and joins none of them.
    shares: tuple[str, ...] = ()
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
    # Why it waits for the steward although its source is trusted ("the source is now in Russian"); None: it does not.
    held: str | None = None
