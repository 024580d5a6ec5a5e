"""What stands in a page's markup: the values that `page_walk` gathers and `page` judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A first-level heading."""

    text: str
    # Inside article or main.
    inner: bool
    # In the banner of the site, or a link to its home page.
    banner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A date in the text of the page."""

    text: str
    # Its markup says it is the time of publication.
    marked: bool
    inner: bool
    # In the banner of the site, where some show the day it is.
    banner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Everything a page says of itself, in the order it stands there."""

    # Names in lower case; of `name`, `property` and, in the head, `itemprop`.
    metas: Mapping[str, tuple[str, ...]]
    title: str = ""
    language: str = ""
    # The address that relative ones are resolved against; "" when the page names none.
    base: str = ""
    # Of the head alone.
    canonicals: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    moments: tuple[Moment, ...] = ()
    # By property, of the one thing of microdata or microformats that the page is about.
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Types in lower case of the microdata things that stand in nothing else.
    item_types: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()
    # Words that link to the home page, and titles of the page's feeds.
    site_names: tuple[str, ...] = ()
    entries: int = 0
    paragraph: str = ""
    # Where forms are sent to, lower case.
    marks: frozenset[str] = frozenset()
    # The markup holds the script of a check for bots.
    challenge: bool = False

    def meta(self, *names: str) -> Iterator[str]:
        """Values of the named metas in the order of the names."""
        for name in names:
            yield from self.metas.get(name, ())
