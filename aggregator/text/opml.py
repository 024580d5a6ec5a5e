"""What a feed reader is subscribed to, as it exports it: OPML 1.0 and 2.0 (opml.org/spec2.opml, read 2026-11-22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

# Feeds of one file; readers who follow more do not read them.
MOST = 2000
_LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One feed."""

    # What its reader calls it, on one line; "" when it has no name.
    title: str
    # Of the feed; where that is missing, of the page.
    address: str


@dataclass(slots=True)
class _Reader:
    """Hears the parser's events; nothing recurses, so depth costs nothing."""

    found: dict[str, Subscription] = field(default_factory=dict)
    is_opml: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.is_opml = self.is_opml or name.lower() == "opml"
        said = {key.lower(): " ".join(value.split()) for key, value in attributes.items()}
        address = said.get("xmlurl") or said.get("url") or said.get("htmlurl") or ""
        if name.lower() == "outline" and address and len(self.found) < MOST:
            title = said.get("title") or said.get("text") or ""
            self.found.setdefault(address, Subscription(title=title[:_LONGEST_TITLE], address=address))

    def entity(self, *_: object) -> None:
        # No reader writes one, and they are how a small file becomes a huge one.
        raise ValueError("it declares entities, which no feed reader does")


def subscriptions(document: bytes) -> tuple[Subscription, ...]:
    """The feeds of a file in its order, each once, folders and all.

    Raises:
        ValueError: it is no OPML; a fragment that says why.
    """
    reader, parser = _Reader(), expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        place = f" in line {error.lineno}" if isinstance(error, expat.ExpatError) else ""
        raise ValueError(f"it is no XML{place}") from error
    if not reader.is_opml:
        raise ValueError("it is no OPML")
    return tuple(reader.found.values())
