"""What RSS and Atom say in the same way: addresses, links, dates, what is enclosed, what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from aggregator.collectors._elements import Element, Found, text_of
from aggregator.collectors._enclosures import length
from aggregator.collectors._parts import Oddities, absolute, is_web, when
from aggregator.model import Enclosure


class Reading:
    """One document that is being read."""

    def __init__(self, url: str, based: bool, odd: Oddities) -> None:
        """
        Args:
            url: where it came from; relative addresses are joined to it.
            based: some element sets a base of its own (`xml:base`).
            odd: counts what was odd.
        """
        self._url = url
        self._based = based
        self._odd = odd

    def links(self, found: Found) -> dict[str, str]:
        """The first address of each relation; no relation means "alternate" (RFC 4287 §4.2.7.2)."""
        links: dict[str, str] = {}
        pages: dict[str, str] = {}
        for one in (*found.get("atom:link", ()), *found.get("link", ())):
            href = one.get("href")
            if href is None or not (address := self.web(one, href)):
                continue
            relation = one.get("rel") or "alternate"
            links.setdefault(relation, address)
            if "html" in (one.get("type") or ""):
                pages.setdefault(relation, address)
        if "alternate" in pages:
            links["alternate"] = pages["alternate"]
        if "alternate" not in links and "" in links:
            links["alternate"] = links[""]
        return links

    def hubs(self, found: Found) -> tuple[str, ...]:
        """WebSub hubs (W3C Recommendation of 23 January 2018, §4)."""
        return tuple(self.web(one, one.get("href")) for one in found.get("atom:link", ()) if one.get("rel") == "hub" and one.get("href"))

    def enclosed_links(self, found: Found) -> Iterator[Enclosure]:
        """What links of Atom and transcripts enclose."""
        for one in found.get("atom:link", ()):
            if one.get("rel") == "enclosure" and (address := self.web(one, one.get("href"))):
                yield Enclosure(url=address, media_type=one.get("type") or None, length_bytes=length(one.get("length")))
        # A transcript is a file that comes with the episode (Podcasting 2.0, `podcast:transcript`).
        for one in found.get("podcast:transcript", ()):
            if address := self.web(one, one.get("url")):
                yield Enclosure(url=address, media_type=one.get("type") or None)

    def in_reply_to(self, found: Found) -> str | None:
        """The address or the id of what an entry answers (RFC 4685 §3)."""
        for one in found.get("thr:in-reply-to", ()):
            return self.address(one.get("href")) or one.get("ref") or None
        return None

    def date(self, found: Found, names: tuple[str, ...]) -> datetime | None:
        """The first date that can be read, by name and then by position."""
        for name in names:
            if name in found:
                for one in found[name]:
                    if date := when(one.text, self._odd):
                        return date
        return None

    def address(self, address: str | None) -> str | None:
        """An address against the document's; None when there is none."""
        return absolute(self._url, address) or None

    def web(self, element: Element, address: str | None) -> str:
        """An address against the base of its element (W3C XML Base); "" when there is none."""
        if self._based and address and not is_web(address):
            return absolute(absolute(self._url, element.base), address)
        return absolute(self._url, address)


def categories(found: Found) -> Iterator[str]:
    """Words an entry is filed under, raw, in every vocabulary."""
    for name in ("category", "dc:subject", "media:category"):
        if name in found:
            yield from map(text_of, found[name])
    for one in found.get("atom:category", ()):
        yield one.get("term") or text_of(one)
        yield one.get("label") or ""
    for name in ("itunes:keywords", "media:keywords"):
        for one in found.get(name, ()):
            yield from text_of(one).split(",")


def aliases(url: str, identifier: str, other: str) -> tuple[str, ...]:
    """Other addresses of the entry: an id that is an address, and the wrapper around the original link."""
    if not other and (identifier == url or not is_web(identifier)):
        return ()
    return tuple(dict.fromkeys(one for one in (identifier, other) if one and one != url and is_web(one) and " " not in one))
