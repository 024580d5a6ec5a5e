"""What the operator decided, as values. `config.py` makes them from sources.yaml and the environment; nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from aggregator.model import Chosen, Source, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeAlso:
    """A search or place that the program does not read but a reader may."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The published site."""

    title: str
    # One or two sentences, plain text: what this is and for whom.
    intro: str = ""
    # Where output/ is served, with a final slash; "": not known, so feeds carry no absolute address of the site.
    url: str = ""
    # BCP 47; the language of the templates' own words is English.
    language: str = "en"
    # Name in the time-zone database; days and months on the page are this zone's.
    timezone: str = "UTC"
    see_also: tuple[SeeAlso, ...] = ()
    # The community's own place to join, shown in the intro; None: there is none.
    home: SeeAlso | None = None
    # Stories on index.html; older ones are on a page a year.
    stories: int = 150
    # Stories of one person, and from one site, in one day; the rest is folded behind a count.
    per_person: int = 3
    per_site: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """How the network is used."""

    # A page or mailto: that tells a server's operator who we are.
    contact: str = ""
    # Networks in CIDR form that may be connected to although they are private.
    allow_networks: tuple[str, ...] = ()
    # Hosts asked at the same time.
    width: int = 32
    connect_timeout: timedelta = timedelta(seconds=10)
    read_timeout: timedelta = timedelta(seconds=20)
    total_timeout: timedelta = timedelta(seconds=60)
    # Of the decompressed body.
    max_body_bytes: int = 15 * 1024 * 1024
    max_redirects: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Markdown:
    """Where the page in GitBook form goes."""

    # None: output/discussing.md. Otherwise an existing file, in which only what stands between the two markers is replaced.
    into: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the operator decided."""

    # The file it was read from.
    file: Path
    site: Site
    topics: tuple[Topic, ...]
    sources: tuple[Source, ...]
    chosen: tuple[Chosen, ...] = ()
    fetch: Fetch = Fetch()
    markdown: Markdown = Markdown()
    state: Path = Path("state")
    output: Path = Path("output")
    templates: Path = Path("templates")
    # What the steward decided; it need not be there.
    curation: Path = Path("curation.yaml")
    # Secrets that are set, by variable name. Their text is never printed: `Secret` masks itself.
    secrets: Mapping[str, Secret] = field(default_factory=dict)


class Secret:
    """A text that never shows itself: `repr`, `str` and formatting give a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)
