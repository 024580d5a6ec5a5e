"""What a platform promises: how it is read, what it gives, what it wants. Part of the contract; see `base`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from aggregator.fetch import Auth, Pace
from aggregator.model import Kind, Trust


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
class Price:
    """What a platform charges, in millionths of a US dollar, and what may be spent on it unless sources.yaml says otherwise."""

    # The most that one page of a poll can cost: another is asked for only while so much is left.
    page: int
    # One phrase ("$0.005 a post and $0.010 an author").
    words: str
    # For all sources of the platform together, in a calendar month (UTC).
    monthly: int


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
    # One phrase: what is found ("posts with a hashtag, as one server knows them").
    finds: str
    # One phrase: how far back a first poll sees ("10 newest stories").
    reach: str
    # One phrase: how soon after publishing it is seen, when asked in time ("within minutes").
    delay: str
    delivers: Delivers
    # None: asking costs nothing.
    price: Price | None = None
    # One sentence a line: what cannot be done here.
    limits: tuple[str, ...] = ()
    # HTTP statuses that here mean "later" and not what they usually mean (YouTube's feeds answer 404 for hours).
    transient: frozenset[int] = frozenset()
    # True for the collector that takes an address nobody else recognised.
    fallback: bool = False
    # Words, one per topic spelling, are not looked for in the raw bytes: replies are encoded in a way the look cannot see through.
    opaque: bool = False
    # What becomes of what is found, unless sources.yaml says otherwise: HOLD where anybody can put something into what is read.
    trust: Trust = Trust.PUBLISH
