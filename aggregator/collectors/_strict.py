"""Well-formed RSS 0.9x to 2.0, RDF (RSS 1.0) and Atom 0.3 and 1.0, by a field map on lxml.

What is not well formed, or stands where no specification puts it, is left to `_lenient`: this parser gives None rather than guess. It
resolves no entity and reads no DTD; `read_feed` has taken the DOCTYPE away before.

Sources: RSS 2.0.11 (rssboard.org), RSS 1.0 (web.resource.org), RFC 4287 (Atom), Atom 0.3 draft, Media RSS 1.5.1 (rssboard.org), Apple's
podcast tags, the Podcasting 2.0 namespace, RFC 4685 (threads), RFC 5005 (paging). Read 2026-11-20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from html import escape

from lxml import etree

from aggregator.collectors._namespaces import key_of
from aggregator.collectors._parts import (
    Feed,
    Oddities,
    absolute,
    authors,
    bodies,
    duration,
    is_web,
    kind_by,
    length,
    minutes,
    person,
    tags_of,
    title_text,
    when,
    with_duration,
)
from aggregator.model import Author, Enclosure, Entry

_Element = etree._Element
_Found = Mapping[str, list[_Element]]

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_DECLARATION = re.compile(r'\sxmlns(?::\w+)?="[^"]*"')
_HTML_TYPES = ("html", "xhtml", "text/html", "application/xhtml+xml")

# In the order of trust.
_RSS_PUBLISHED = ("pubdate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published", "date")
_RSS_UPDATED = ("atom:updated", "dcterms:modified")
_ATOM_PUBLISHED = ("atom:published", "atom:issued", "dcterms:issued", "atom:created", "dc:date")
_RSS_BODIES = (
    *("content:encoded", "atom:content", "xhtml:body", "xhtml:div", "description", "itunes:summary", "atom:summary"),
    *("dc:description", "itunes:subtitle"),
)
_MEDIA = frozenset(("media:group", "media:content", "media:description"))
_ATOM_UPDATED = ("atom:updated", "atom:modified", "dcterms:modified")


def strict_feed(document: bytes, *, url: str, odd: Oddities) -> Feed | None:
    """The feed in a document in UTF-8, whatever its declaration says; None when it is not well formed or not laid out as promised."""
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(document, parser, base_url=url)
    except etree.XMLSyntaxError:
        return None
    # Asking lxml for an element's base costs more than the rest of a link; most documents set none.
    reader = _Reader(url, b"xml:base" in document, odd)
    name = key_of(root.tag)
    if name == "atom:feed":
        return reader.atom(root)
    if name in ("rss", "rdf:rdf"):
        return reader.rss(root)
    return None


class _Reader:
    """Reads the elements of one document."""

    def __init__(self, url: str, based: bool, odd: Oddities) -> None:
        self._url = url
        self._based = based
        self._odd = odd

    # -- RSS and RDF

    def rss(self, root: _Element) -> Feed | None:
        top = _grouped(root)
        channels = top.get("channel", [])
        if len(channels) != 1:
            return None
        channel = _grouped(channels[0])
        links = self._links(channel)
        feed = Feed(
            title=title_text(_first(channel, "title", "dc:title")) or "",
            home=self._rss_home(channel) or links.get("alternate", ""),
            itself=links.get("self", ""),
            hubs=self._hubs(channel),
            generator=_first(channel, "generator"),
            ttl=minutes(_first(channel, "ttl")),
            moved_to=self.web(channels[0], _first(channel, "itunes:new-feed-url")),
            next=links.get("next", ""),
            language=_first(channel, "language", "dc:language") or root.get(_LANGUAGE) or None,
            author=authors((person(_text(one)), None) for one in channel.get("itunes:author", channel.get("dc:creator", ()))),
        )
        entries = []
        for item in (*channel.get("item", ()), *top.get("item", ())):
            found = _grouped(item)
            if "item" in found or "channel" in found:
                return None
            entries.append(self._rss_entry(item, found, feed))
        return replace(feed, entries=tuple(entries))

    def _rss_home(self, channel: _Found) -> str:
        for one in channel.get("link", ()):
            if address := self.web(one, _text(one)):
                return address
        return ""

    def _rss_entry(self, item: _Element, found: _Found, feed: Feed) -> Entry:
        guids = found.get("guid", [])
        guid = _text(guids[0]).strip() if guids else _first(found, "atom:id", "dc:identifier") or (item.get(_ABOUT) or "").strip()
        url, other = self._rss_link(item, found, guid)
        media = _Media(self, found) if not _MEDIA.isdisjoint(found) else _NO_MEDIA
        text, html = bodies([*_rss_bodies(found), *media.descriptions])
        enclosures = with_duration([*self._rss_enclosures(found), *media.enclosures], duration(_first(found, "itunes:duration")))
        updated = self._date(found, _RSS_UPDATED)
        return Entry(
            native_id=guid,
            url=url,
            kind=kind_by(enclosures),
            title=title_text(_first(found, "title", "dc:title", "itunes:title", "media:title", "atom:title")),
            text=text,
            html=html,
            author=_rss_author(found),
            published=self._date(found, _RSS_PUBLISHED) or updated,
            updated=updated,
            language=_first(found, "dc:language", "language") or item.get(_LANGUAGE) or feed.language,
            tags=tags_of(_categories(found)),
            alternatives=media.alternatives,
            enclosures=enclosures,
            in_reply_to=self._in_reply_to(found),
            aliases=_aliases(url, guid, other),
            site=title_text(_first(found, "source")) or feed.title or None,
        )

    def _rss_link(self, item: _Element, found: _Found, guid: str) -> tuple[str, str]:
        """(permalink, another address of the same)."""
        link = self._rss_home(found) or self._links(found).get("alternate", "")
        if original := _first(found, "feedburner:origlink"):
            return self.web(item, original), link
        if link:
            return link, ""
        # Plain ids are often declared permalinks; what is no path and no address is none. An address that is said to be no permalink is
        # the best there is.
        return (self.web(item, guid), "") if guid.startswith("/") or is_web(guid) else ("", "")

    def _rss_enclosures(self, found: _Found) -> Iterator[Enclosure]:
        for one in found.get("enclosure", ()):
            if address := self.web(one, one.get("url") or one.get("href")):
                yield Enclosure(url=address, media_type=one.get("type") or None, length_bytes=length(one.get("length")))
        yield from self._enclosed_links(found)

    # -- Atom

    def atom(self, root: _Element) -> Feed | None:
        top = _grouped(root)
        links = self._links(top)
        feed = Feed(
            title=_atom_title(top, "atom:title") or "",
            home=links.get("alternate", ""),
            itself=links.get("self", ""),
            hubs=self._hubs(top),
            generator=_first(top, "atom:generator"),
            next=links.get("next", ""),
            language=root.get(_LANGUAGE) or _first(top, "dc:language") or None,
            author=self._atom_author(top),
        )
        entries = []
        for one in top.get("atom:entry", ()):
            found = _grouped(one)
            if "atom:entry" in found:
                return None
            entries.append(self._atom_entry(one, found, feed))
        return replace(feed, entries=tuple(entries))

    def _atom_entry(self, entry: _Element, found: _Found, feed: Feed) -> Entry:
        identifier = _first(found, "atom:id")
        links = self._links(found)
        link = links.get("alternate", "")
        url = self.web(entry, _first(found, "feedburner:origlink")) or link or (identifier if is_web(identifier) else "")
        media = _Media(self, found) if not _MEDIA.isdisjoint(found) else _NO_MEDIA
        given = (_atom_body(found, "atom:content"), _atom_body(found, "atom:summary"), *media.descriptions)
        text, html = bodies([one for one in given if one.strip()])
        enclosures = with_duration([*self._enclosed_links(found), *media.enclosures], duration(_first(found, "itunes:duration")))
        source = _grouped(found["atom:source"][0]) if "atom:source" in found else {}
        updated = self._date(found, _ATOM_UPDATED)
        return Entry(
            native_id=identifier,
            url=url,
            kind=kind_by(enclosures),
            title=_atom_title(found, "atom:title") or title_text(_first(found, "media:title")),
            text=text,
            html=html,
            author=self._atom_author(found) or self._atom_author(source) or feed.author,
            published=self._date(found, _ATOM_PUBLISHED) or updated,
            updated=updated,
            language=entry.get(_LANGUAGE) or _body_language(found) or feed.language,
            tags=tags_of(_categories(found)),
            alternatives=media.alternatives,
            enclosures=enclosures,
            in_reply_to=self._in_reply_to(found),
            aliases=_aliases(url, identifier, link),
            site=_atom_title(source, "atom:title") or feed.title or None,
        )

    def _atom_author(self, found: _Found) -> Author | None:
        people = [_grouped(one) for one in found.get("atom:author", ())]
        return authors(
            [
                (person(_first(one, "atom:name")), self._address(_first(one, "atom:uri", "atom:url")))
                for one in people
            ]
            + [(person(_text(one)), None) for one in found.get("dc:creator", ())]
        )  # fmt: skip

    # -- both

    def _links(self, found: _Found) -> dict[str, str]:
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

    def _hubs(self, found: _Found) -> tuple[str, ...]:
        return tuple(self.web(one, one.get("href")) for one in found.get("atom:link", ()) if one.get("rel") == "hub" and one.get("href"))

    def _enclosed_links(self, found: _Found) -> Iterator[Enclosure]:
        for one in found.get("atom:link", ()):
            if one.get("rel") == "enclosure" and (address := self.web(one, one.get("href"))):
                yield Enclosure(url=address, media_type=one.get("type") or None, length_bytes=length(one.get("length")))
        # A transcript is a file that comes with the episode (Podcasting 2.0, `podcast:transcript`).
        for one in found.get("podcast:transcript", ()):
            if address := self.web(one, one.get("url")):
                yield Enclosure(url=address, media_type=one.get("type") or None)

    def _in_reply_to(self, found: _Found) -> str | None:
        for one in found.get("thr:in-reply-to", ()):
            return self._address(one.get("href")) or one.get("ref") or None
        return None

    def _date(self, found: _Found, names: tuple[str, ...]) -> datetime | None:
        for name in names:
            if name in found:
                for one in found[name]:
                    if date := when(one.text, self._odd):
                        return date
        return None

    def _address(self, address: str | None) -> str | None:
        return absolute(self._url, address) or None

    def web(self, element: _Element, address: str | None) -> str:
        if self._based and address and not is_web(address):
            return absolute(absolute(self._url, element.base), address)
        return absolute(self._url, address)


class _Media:
    """What Media RSS says of one entry, from the entry itself and from its groups."""

    def __init__(self, reader: _Reader | None, found: _Found) -> None:
        described: list[_Element] = [*found.get("media:description", ())]
        contents: list[_Element] = [*found.get("media:content", ())]
        for group in found.get("media:group", ()):
            inside = _grouped(group)
            described += inside.get("media:description", ())
            contents += inside.get("media:content", ())
        self.descriptions = tuple(text for one in described if (text := _text(one).strip()))
        alternatives: list[str] = []
        self.enclosures: list[Enclosure] = []
        for one in contents:
            address = reader.web(one, one.get("url")) if reader else ""
            # Flash players stand in old Media RSS as if they were files.
            if address and one.get("type") != "application/x-shockwave-flash":
                media_type = one.get("type") or one.get("medium") or None
                spent = duration(one.get("duration"))
                self.enclosures.append(
                    Enclosure(url=address, media_type=media_type, length_bytes=length(one.get("fileSize")), duration=spent)
                )
            alternatives += (_text(child).strip() for child in _grouped(one).get("media:description", ()))
        self.alternatives = tuple(dict.fromkeys(filter(None, alternatives)))


_NO_MEDIA = _Media(None, {})


def _grouped(element: _Element) -> dict[str, list[_Element]]:
    found: dict[str, list[_Element]] = {}
    for child in element:
        key = key_of(child.tag)
        if key in found:
            found[key].append(child)
        else:
            found[key] = [child]
    return found


def _text(element: _Element) -> str:
    return (element.text or "") if not len(element) else "".join(str(one) for one in element.itertext())


def _first(found: _Found, *names: str) -> str:
    """The first text that is not blank, by name and then by position; "" when there is none."""
    for name in names:
        if name in found:
            for one in found[name]:
                if text := _text(one).strip():
                    return text
    return ""


def _markup(element: _Element) -> str:
    """The inside of an element as markup: its text, which holds escaped HTML, or the XHTML it is made of."""
    if not len(element):
        return element.text or ""
    inner = element[0] if len(element) == 1 and key_of(element[0].tag) == "xhtml:div" and not (element.text or "").strip() else element
    whole = escape(inner.text or "", quote=False) + "".join(etree.tostring(child, encoding="unicode") for child in inner)
    return _DECLARATION.sub("", whole)


def _rss_bodies(found: _Found) -> list[str]:
    """All bodies: content:encoded beats the description, which beats itunes:summary (seen in Anchor's feeds, 2026)."""
    return [text for name in _RSS_BODIES if name in found for one in found[name] if (text := _markup(one)).strip()]


def _atom_title(found: _Found, name: str) -> str | None:
    for one in found.get(name, ()):
        return title_text(_markup(one), markup=(one.get("type") or "text") in _HTML_TYPES)
    return None


def _atom_body(found: _Found, name: str) -> str:
    """The first body in HTML, else the first in text; bodies that are files (RFC 4287 §4.1.3.2) are none."""
    bodies_found = [one for one in found.get(name, ()) if one.get("mode") != "base64" and (len(one) or (one.text or "").strip())]
    best = next((one for one in bodies_found if one.get("type") in _HTML_TYPES), bodies_found[0] if bodies_found else None)
    return "" if best is None else _markup(best)


def _body_language(found: _Found) -> str | None:
    return next((one.get(_LANGUAGE) for one in found.get("atom:content", ()) if one.get(_LANGUAGE)), None)


def _rss_author(found: _Found) -> Author | None:
    for name in ("dc:creator", "author", "itunes:author", "dc:contributor"):
        if name in found and (author := authors([(person(_text(one)), None) for one in found[name]])):
            return author
    if "atom:author" not in found:
        return None
    people = [_grouped(one) for one in found["atom:author"]]
    return authors((person(_first(one, "atom:name")), absolute("", _first(one, "atom:uri")) or None) for one in people)


def _categories(found: _Found) -> Iterator[str]:
    for name in ("category", "dc:subject", "media:category"):
        if name in found:
            yield from map(_text, found[name])
    for one in found.get("atom:category", ()):
        yield one.get("term") or _text(one)
        yield one.get("label") or ""
    for name in ("itunes:keywords", "media:keywords"):
        for one in found.get(name, ()):
            yield from _text(one).split(",")


def _aliases(url: str, identifier: str, other: str) -> tuple[str, ...]:
    """Other addresses of the entry: an id that is an address, and the wrapper around the original link."""
    if not other and (identifier == url or not is_web(identifier)):
        return ()
    return tuple(dict.fromkeys(one for one in (identifier, other) if one and one != url and is_web(one) and " " not in one))
