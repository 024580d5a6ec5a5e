"""RSS 0.9x to 2.0 and RDF (RSS 1.0), by a field map.

Sources: RSS 2.0.11 (rssboard.org), RSS 1.0 (web.resource.org), Apple's podcast tags, the Podcasting 2.0 namespace. Read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from aggregator.collectors._authors import authors, person
from aggregator.collectors._elements import LANGUAGE, Element, Found, first, grouped, markup_of, text_of
from aggregator.collectors._enclosures import duration, kind_by, length, with_duration
from aggregator.collectors._media_rss import media_of
from aggregator.collectors._parts import Feed, absolute, bodies, is_web, minutes, tags_of, title_text
from aggregator.collectors._reading import Reading, aliases, categories
from aggregator.model import Author, Enclosure, Entry

_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
# In the order of trust.
_PUBLISHED = ("pubdate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published", "date")
_UPDATED = ("atom:updated", "dcterms:modified")
_BODIES = (
    *("content:encoded", "atom:content", "xhtml:body", "xhtml:div", "description", "itunes:summary", "atom:summary"),
    *("dc:description", "itunes:subtitle"),
)


class Rss(Reading):
    """Reads one document in RSS or RDF."""

    def feed(self, root: Element) -> Feed | None:
        top = grouped(root)
        channels = top.get("channel", [])
        if len(channels) != 1:
            return None
        channel = grouped(channels[0])
        links = self.links(channel)
        feed = Feed(
            title=title_text(first(channel, "title", "dc:title")) or "",
            home=self._home(channel) or links.get("alternate", ""),
            itself=links.get("self", ""),
            hubs=self.hubs(channel),
            generator=first(channel, "generator"),
            ttl=minutes(first(channel, "ttl")),
            moved_to=self.web(channels[0], first(channel, "itunes:new-feed-url")),
            next=links.get("next", ""),
            language=first(channel, "language", "dc:language") or root.get(LANGUAGE) or None,
            author=authors((person(text_of(one)), None) for one in channel.get("itunes:author", channel.get("dc:creator", ()))),
        )
        entries = []
        for item in (*channel.get("item", ()), *top.get("item", ())):
            found = grouped(item)
            if "item" in found or "channel" in found:
                return None
            entries.append(self._entry(item, found, feed))
        return replace(feed, entries=tuple(entries))

    def _home(self, channel: Found) -> str:
        for one in channel.get("link", ()):
            if address := self.web(one, text_of(one)):
                return address
        return ""

    def _entry(self, item: Element, found: Found, feed: Feed) -> Entry:
        guids = found.get("guid", [])
        guid = text_of(guids[0]).strip() if guids else first(found, "atom:id", "dc:identifier") or (item.get(_ABOUT) or "").strip()
        url, other = self._link(item, found, guid)
        media = media_of(self, found)
        text, html = bodies([*_bodies(found), *media.descriptions])
        enclosures = with_duration([*self._enclosures(found), *media.enclosures], duration(first(found, "itunes:duration")))
        updated = self.date(found, _UPDATED)
        return Entry(
            native_id=guid,
            url=url,
            kind=kind_by(enclosures),
            title=title_text(first(found, "title", "dc:title", "itunes:title", "media:title", "atom:title")),
            text=text,
            html=html,
            author=_author(found),
            published=self.date(found, _PUBLISHED) or updated,
            updated=updated,
            language=first(found, "dc:language", "language") or item.get(LANGUAGE) or feed.language,
            tags=tags_of(categories(found)),
            alternatives=media.alternatives,
            enclosures=enclosures,
            in_reply_to=self.in_reply_to(found),
            aliases=aliases(url, guid, other),
            site=title_text(first(found, "source")) or feed.title or None,
        )

    def _link(self, item: Element, found: Found, guid: str) -> tuple[str, str]:
        """(permalink, another address of the same)."""
        link = self._home(found) or self.links(found).get("alternate", "")
        if original := first(found, "feedburner:origlink"):
            return self.web(item, original), link
        if link:
            return link, ""
        # Plain ids are often declared permalinks; what is no path and no address is none. An address that is said to be no permalink is
        # the best there is.
        return (self.web(item, guid), "") if guid.startswith("/") or is_web(guid) else ("", "")

    def _enclosures(self, found: Found) -> Iterator[Enclosure]:
        for one in found.get("enclosure", ()):
            if address := self.web(one, one.get("url") or one.get("href")):
                yield Enclosure(url=address, media_type=one.get("type") or None, length_bytes=length(one.get("length")))
        yield from self.enclosed_links(found)


def _bodies(found: Found) -> list[str]:
    """All bodies: content:encoded beats the description, which beats itunes:summary (seen in Anchor's feeds, 2026)."""
    return [text for name in _BODIES if name in found for one in found[name] if (text := markup_of(one)).strip()]


def _author(found: Found) -> Author | None:
    for name in ("dc:creator", "author", "itunes:author", "dc:contributor"):
        if name in found and (author := authors([(person(text_of(one)), None) for one in found[name]])):
            return author
    if "atom:author" not in found:
        return None
    people = [grouped(one) for one in found["atom:author"]]
    return authors((person(first(one, "atom:name")), absolute("", first(one, "atom:uri")) or None) for one in people)
