"""The weekly mail: what an edition says, how far each copy of it has come, and who gets one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Group(StrEnum):
    """Under which heading a story stands in an edition, in the order of the edition."""

    RECORDINGS = "Recordings"
    ARTICLES = "Articles"
    DISCUSSIONS = "Discussions"
    POSTS = "Posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What one edition is about: from the end of the period before to its own end, UTC."""

    # "2026-W47" (ISO 8601 week date), "2026-11", "2026-11-22" or "2026-11-22T0800".
    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story as it stands in an edition: everything said of it, nothing left to the templates."""

    # Id of the story.
    story: str
    title: str
    # Absolute; None: there is no address that may be followed.
    href: str | None
    # Its own page, relative to the site.
    page: str
    group: Group
    # "Video", "Discussion".
    kind_text: str
    # BCP 47; "" when it is the site's.
    language: str = ""
    # "" when nobody is named.
    who: str = ""
    # Site, show or platform.
    where: str = ""
    # The steward's note, or else one sentence; "" when nothing is known.
    sentence: str = ""
    # BCP 47; "" when it is the site's, as the steward's note is.
    sentence_language: str = ""
    # How many people talk about it: "12 voices"; "" for nobody.
    voices: str = ""
    # Where: "Mastodon (3) and Loomio"; "" when nobody does.
    talk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of the digest, as it is frozen: the same value gives the same mail and the same page, byte for byte."""

    # "TOPIC/RHYTHM/PERIOD", unique for ever.
    id: str
    topic: str
    rhythm: str
    period: Period
    # Of the web copy, relative to the output folder: "digest/2026-W47.html".
    path: str
    # The heading, and the mail's subject.
    title: str
    subject: str
    # BCP 47, of the operator's own words.
    language: str
    # "16 to 22 November 2026": the days it is about, in the digest's zone.
    days: str
    # New, by group.
    items: tuple[Item, ...] = ()
    # New as well, and told by their titles alone.
    also: tuple[Item, ...] = ()
    # New ones that are only counted.
    more: int = 0
    # Told before, and still being talked about.
    talked: tuple[Item, ...] = ()
    pinned: tuple[Item, ...] = ()
    # What could not be read, whole sentences; "": all was read.
    coverage: str = ""

    @property
    def new(self) -> int:
        """How many stories it brings."""
        return len(self.items) + len(self.also) + self.more


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An edition as HTML and as plain text, with marks where each recipient has their own addresses."""

    html: str
    text: str


class EditionState(StrEnum):
    """How far an edition has come."""

    # The linter found what must be put right; nothing was sent, and the next attempt composes it anew.
    HELD = "held back"
    # Too little was new; its stories stand in the next edition.
    SKIPPED = "skipped"
    # Frozen: a row per recipient is there, and some are not settled.
    SENDING = "sending"
    SENT = "sent"
    # The steward stopped it; who has it has it, nobody else gets it.
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An edition as the ledger has it."""

    edition: Edition
    state: EditionState
    # When the state was reached, UTC.
    at: datetime
    # SHA-256 of what was frozen, hexadecimal; "" when it was not.
    hash: str = ""
    # Recipients at the freezing.
    recipients: int = 0
    # What the linter said, as `digest.lint` writes it; "": it was not asked.
    report: str = ""
    # None: not frozen, or settled and let go.
    rendered: Rendered | None = None


class DeliveryState(StrEnum):
    """How far one copy has come. Only a row that is due is ever claimed, and only what is claimed is handed over."""

    DUE = "due"
    CLAIMED = "claimed"
    HANDED_OVER = "handed over"
    REFUSED = "refused"
    # It may have been handed over: never sent again by itself.
    UNCERTAIN = "uncertain"


class Bounce(StrEnum):
    """Why a copy did not arrive."""

    # The address does not exist or takes nothing, for good.
    HARD = "hard"
    # For now, or for a reason that is not the address.
    SOFT = "soft"
    # Its reader called it spam.
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One edition to one recipient."""

    # Id of the edition.
    edition: str
    # Id of the subscriber, or of the list at a service that sends.
    recipient: str
    # Without angle brackets; the same at every attempt.
    message_id: str
    state: DeliveryState = DeliveryState.DUE
    attempts: int = 0
    # UTC; None: now, if due.
    next_try_at: datetime | None = None
    # When it came to its state.
    at: datetime
    # What the server said last, one line without any address; "" when nothing was said.
    reply: str = ""
    bounce: Bounce | None = None


class SubscriberState(StrEnum):
    """Whether somebody gets mail."""

    # Asked, and has not confirmed.
    PENDING = "pending"
    ACTIVE = "active"
    LEFT = "left"
    # Bounced, or complained.
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Somebody who asked for the digest."""

    # Sixteen characters of [a-z2-7], random: tells nothing of the address, and is another one after leaving and coming back.
    id: str
    # As it was written. Never logged, printed, or written outside of private.db but by `subscribers export`; not in its
    # `repr` either.
    address: str = field(repr=False)
    state: SubscriberState
    # Name of a configured rhythm.
    rhythm: str
    # Ids of topics, sorted; empty: every topic.
    topics: tuple[str, ...] = ()
    # Where the consent comes from: "form", "mail", or what an import said.
    source: str
    # Of the request, or the consent date of an import, UTC.
    asked_at: datetime
    # When the confirmation mail was claimed; None: still to be mailed.
    mailed_at: datetime | None = None
    # None: not confirmed.
    confirmed_at: datetime | None = None
    # When it came to its state `left` or `suppressed`.
    left_at: datetime | None = None
    # Why it is suppressed; None: it is not.
    bounce: Bounce | None = None
