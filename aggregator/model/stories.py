"""One thing that is talked about: its pages, its mentions, why they are one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aggregator.model.entries import Kind, Mention


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
    # Canonical URL that the address led to; None: to itself, or not known.
    landed: str | None = None
    # Canonical URL that the page names as its own, on whichever site; None: itself, or none that can be believed.
    canonical: str | None = None
    # Ids of the topics that the page's own text concerns, sorted.
    topics: tuple[str, ...] = ()
    # HTTP status of the last attempt; None: never asked, or no answer.
    status: int | None = None
    # None: not read yet.
    enriched_at: datetime | None = None
    attempts: int = 0
    # None: due now, if not enriched.
    next_try_at: datetime | None = None


class EvidenceKind(StrEnum):
    """Why two addresses are one story, strongest first; the last kinds join nothing."""

    SAME_URL = "same URL"
    SAME_PLATFORM_ID = "same platform id"
    REDIRECT = "redirect"
    CANONICAL_LINK = "canonical link"
    SAME_ENCLOSURE = "same enclosure"
    SAME_GUID = "same guid"
    CROSS_POST = "same author's cross-post"
    SIMILAR_TEXT = "similar text"
    # The steward said so; outranks everything above.
    DECISION = "decision"
    # Linked as "also in …", not merged.
    TRANSLATION = "translation"

    @property
    def joins(self) -> bool:
        """False for a relation that two stories have."""
        return self is not EvidenceKind.TRANSLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why two addresses are one story."""

    kind: EvidenceKind
    # Canonical URLs; of kinds that have no direction the smaller one is the left.
    left: str
    right: str
    # 0 to 1, of four digits; 1 where the kind knows no degrees.
    score: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A page or post as it can be compared with others: made from a first-hand mention, or else from what its page says of itself."""

    # Canonical URL.
    key: str
    kind: Kind
    # Platform, or host where there is no platform: "youtube", "medium", "example.org".
    place: str
    # As a reader would call it, without the site's name; None: it has none.
    title: str | None = None
    # Names and handles of who made it, folded for comparison, sorted.
    authors: tuple[str, ...] = ()
    # What sets it apart from others of its series, as "unit:number" ("episode:12", "part:2", "year:2024"), sorted.
    marks: tuple[str, ...] = ()
    published: datetime | None = None
    # BCP 47 primary subtag, as declared or as the words show it; None: not known.
    language: str | None = None
    # Number of words of the text that the sketch was made from.
    words: int = 0
    # MinHash of the text, as the library writes it, little-endian; empty: the text is too short to be compared.
    sketch: bytes = b""
    # Canonical URLs that it links to, the first twenty, sorted.
    links: tuple[str, ...] = ()
    # Canonical URL that its page names as its own on another site; None: it names none.
    claims: str | None = None
    # The feed's id of the entry where that can be told from those of other feeds; None: there is none.
    guid: str | None = None
    # Canonical URL of what it answers; None: it answers nothing.
    answers: str | None = None
    # Version of the rules it was made by.
    rules: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketched:
    """A work with what it is found by."""

    work: Work
    # 64-bit signed numbers. Two works are compared when a posting of one is a probe of the other.
    postings: tuple[int, ...]
    probes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """An address that has a work to be made anew, and what it is made from; with neither, there is no work any more."""

    key: str
    # First-hand mentions of the address: the entries that are it. Oldest first.
    mentions: tuple[Mention, ...] = ()
    link: Link | None = None


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
class Curation:
    """What the steward decided about how a story is shown; None: nothing."""

    title: str | None = None
    # One line of Markdown.
    note: str | None = None
    kind: Kind | None = None
    # Place among the pinned ones, from 0.
    pinned: int | None = None
    # Place that the steward gave a chosen story, from 0.
    order: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The mentions of one thing."""

    # Ten characters of [a-z2-7], made from the address that was seen first: the same rows give the same id, and a merged story keeps the
    # older one's.
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
    # Why its addresses are one, strongest first, then by address.
    evidence: tuple[Evidence, ...] = ()
    # Ids that it had, or that stories had which became part of it: their addresses lead here. Sorted.
    former: tuple[str, ...] = ()
    # Ids of the stories that are translations of it, sorted.
    translations: tuple[str, ...] = ()
    curation: Curation = Curation()
