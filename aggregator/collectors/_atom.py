"""Atom 0.3 and 1.0, by a field map.

Sources: RFC 4287, the draft of Atom 0.3, RFC 4685 (threads), RFC 5005 (paging). Read 2026-11-20.
"""

from __future__ import annotations

from dataclasses import replace

from aggregator.collectors._authors import authors, person
from aggregator.collectors._elements import HTML_TYPES, LANGUAGE, Element, Found, first, grouped, markup_of, text_of
from aggregator.collectors._enclosures import duration, kind_by, with_duration
from aggregator.collectors._media_rss import media_of
from aggregator.collectors._parts import Feed, bodies, is_web, tags_of, title_text
from aggregator.collectors._reading import Reading, aliases, categories
from aggregator.model import Author, Entry

# In the order of trust.
_PUBLISHED = ("atom:published", "atom:issued", "dcterms:issued", "atom:created", "dc:date")
_UPDATED = ("atom:updated", "atom:modified", "dcterms:modified")


class Atom(Reading):
    """Reads one document in Atom."""

    def feed(self, root: Element) -> Feed | None:
        top = grouped(root)
        links = self.links(top)
        feed = Feed(
            title=_title(top, "atom:title") or "",
            home=links.get("alternate", ""),
            itself=links.get("self", ""),
            hubs=self.hubs(top),
            generator=first(top, "atom:generator"),
            next=links.get("next", ""),
            language=root.get(LANGUAGE) or first(top, "dc:language") or None,
            author=self._author(top),
        )
        entries = []
        for one in top.get("atom:entry", ()):
            found = grouped(one)
            if "atom:entry" in found:
                return None
            entries.append(self._entry(one, found, feed))
        return replace(feed, entries=tuple(entries))

    def _entry(self, entry: Element, found: Found, feed: Feed) -> Entry:
        identifier = first(found, "atom:id")
        links = self.links(found)
        link = links.get("alternate", "")
        url = self.web(entry, first(found, "feedburner:origlink")) or link or (identifier if is_web(identifier) else "")
        media = media_of(self, found)
        given = (_body(found, "atom:content"), _body(found, "atom:summary"), *media.descriptions)
        text, html = bodies([one for one in given if one.strip()])
        enclosures = with_duration([*self.enclosed_links(found), *media.enclosures], duration(first(found, "itunes:duration")))
        source = grouped(found["atom:source"][0]) if "atom:source" in found else {}
        updated = self.date(found, _UPDATED)
        return Entry(
            native_id=identifier,
            url=url,
            kind=kind_by(enclosures),
            title=_title(found, "atom:title") or title_text(first(found, "media:title")),
            text=text,
            html=html,
            author=self._author(found) or self._author(source) or feed.author,
            published=self.date(found, _PUBLISHED) or updated,
            updated=updated,
            language=entry.get(LANGUAGE) or _body_language(found) or feed.language,
            tags=tags_of(categories(found)),
            alternatives=media.alternatives,
            enclosures=enclosures,
            in_reply_to=self.in_reply_to(found),
            aliases=aliases(url, identifier, link),
            site=_title(source, "atom:title") or feed.title or None,
        )

    def _author(self, found: Found) -> Author | None:
        people = [grouped(one) for one in found.get("atom:author", ())]
        return authors(
            [
                (person(first(one, "atom:name")), self.address(first(one, "atom:uri", "atom:url")))
                for one in people
            ]
            + [(person(text_of(one)), None) for one in found.get("dc:creator", ())]
        )  # fmt: skip


def _title(found: Found, name: str) -> str | None:
    for one in found.get(name, ()):
        return title_text(markup_of(one), markup=(one.get("type") or "text") in HTML_TYPES)
    return None


def _body(found: Found, name: str) -> str:
    """The first body in HTML, else the first in text; bodies that are files (RFC 4287 §4.1.3.2) are none."""
    bodies_found = [one for one in found.get(name, ()) if one.get("mode") != "base64" and (len(one) or (one.text or "").strip())]
    best = next((one for one in bodies_found if one.get("type") in HTML_TYPES), bodies_found[0] if bodies_found else None)
    return "" if best is None else markup_of(best)


def _body_language(found: Found) -> str | None:
    return next((one.get(LANGUAGE) for one in found.get("atom:content", ()) if one.get(LANGUAGE)), None)
