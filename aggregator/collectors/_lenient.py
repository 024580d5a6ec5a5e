"""Feeds that are not well formed, read by feedparser as far as they can be. The one module that imports it.

feedparser's sanitiser is off: it lets hostile forms through, and `publish` sanitises what is shown. Relative addresses inside HTML stay as
they are written, as in the strict parser.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from aggregator.collectors._authors import authors, person
from aggregator.collectors._enclosures import duration, kind_by, length, with_duration
from aggregator.collectors._parts import Feed, Oddities, absolute, bodies, is_web, minutes, storable, tags_of, title_text, when
from aggregator.model import Author, Enclosure, Entry

# A raw value of feedparser's; its own dictionary class answers some missing keys with others, and warns, so it is read as a plain one.
_Raw = Mapping[str, Any]
_REFERENCE = re.compile(rb"&#(x[0-9a-f]{1,12}|[0-9]{1,12});", re.IGNORECASE)


def lenient_feed(document: bytes, *, url: str, odd: Oddities) -> Feed:
    """What can be made out of a document in UTF-8 whose DOCTYPE was taken away; no entries when nothing can."""
    import feedparser

    # A stream, never a string: feedparser opens strings that are addresses or names of files. It is not told where the feed is from,
    # because it would join ids to that as well, and a feed that is broken for a day would have all its entries twice.
    try:
        parsed = feedparser.parse(
            io.BytesIO(_REFERENCE.sub(_possible, document)),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        # Markup so broken that it breaks feedparser: nothing can be made out of it.
        return Feed()
    feed: _Raw = parsed["feed"]
    links = _objects(feed, "links")
    whole = Feed(
        title=title_text(_text(feed, "title")) or "",
        home=absolute(url, _text(feed, "link")),
        itself=_related(links, "self", url),
        hubs=tuple(absolute(url, _text(one, "href")) for one in links if one.get("rel") == "hub"),
        generator=_text(feed, "generator"),
        ttl=minutes(_text(feed, "ttl")),
        moved_to=absolute(url, _text(feed, "itunes_new-feed-url") or _text(feed, "newlocation")),
        next=_related(links, "next", url),
        language=_text(feed, "language") or None,
        author=_author(feed),
    )
    return replace(whole, entries=tuple(_entry(one, url=url, feed=whole, odd=odd) for one in parsed["entries"]))


def _possible(reference: re.Match[bytes]) -> bytes:
    """A character reference that names a character; feedparser stumbles over others."""
    digits = reference[1].lower()
    number = int(digits[1:], 16) if digits.startswith(b"x") else int(digits)
    return reference[0] if 0 < number < 0xD800 or 0xDFFF < number < 0x110000 else "\ufffd".encode()


def _entry(raw: _Raw, *, url: str, feed: Feed, odd: Oddities) -> Entry:
    identifier = _text(raw, "id")
    link = absolute(url, _text(raw, "link"))
    permalink = absolute(url, _text(raw, "feedburner_origlink")) or link or (identifier if is_web(identifier) else "")
    contents = _objects(raw, "content")
    # feedparser files media:description and the description of RSS under one name, and copies the content there where there is none.
    given = (*(_text(one, "value") for one in contents), _text(raw, "summary"), _text(raw, "subtitle"))
    text, html = bodies(tuple(dict.fromkeys(filter(None, given))))
    enclosures = with_duration(list(_enclosures(raw, url)), duration(_text(raw, "itunes_duration")))
    updated = when(_text(raw, "updated"), odd)
    title = raw.get("title_detail")
    marked = isinstance(title, Mapping) and title.get("type") in ("text/html", "application/xhtml+xml")
    return Entry(
        native_id=identifier,
        url=permalink,
        kind=kind_by(enclosures),
        title=title_text(_text(raw, "title"), markup=marked),
        text=text,
        html=html,
        author=_author(raw) or feed.author,
        published=when(_text(raw, "published") or _text(raw, "created"), odd) or updated,
        updated=updated,
        language=_text(raw, "language") or feed.language,
        tags=tags_of(word for one in _objects(raw, "tags") for word in (_text(one, "term"), _text(one, "label"))),
        enclosures=enclosures,
        in_reply_to=_reply(raw),
        aliases=tuple(dict.fromkeys(one for one in (identifier, link) if one and one != permalink and is_web(one) and " " not in one)),
        site=_site(raw) or feed.title or None,
    )


def _enclosures(raw: _Raw, url: str) -> Iterator[Enclosure]:
    for one in _objects(raw, "links"):
        if one.get("rel") == "enclosure" and (address := absolute(url, _text(one, "href") or _text(one, "url"))):
            yield Enclosure(url=address, media_type=_text(one, "type") or None, length_bytes=length(_text(one, "length")))
    for one in _objects(raw, "media_content"):
        if (address := absolute(url, _text(one, "url"))) and one.get("type") != "application/x-shockwave-flash":
            media_type = _text(one, "type") or _text(one, "medium") or None
            spent = duration(_text(one, "duration"))
            yield Enclosure(url=address, media_type=media_type, length_bytes=length(_text(one, "filesize")), duration=spent)


def _author(raw: _Raw) -> Author | None:
    people = [(person(_text(one, "name")), absolute("", _text(one, "href")) or None) for one in _objects(raw, "authors")]
    return authors(people) or authors([(person(_text(raw, "author")), None)])


def _reply(raw: _Raw) -> str | None:
    one = raw.get("in-reply-to")
    return (_text(one, "href") or _text(one, "ref") or None) if isinstance(one, Mapping) else None


def _site(raw: _Raw) -> str | None:
    source = raw.get("source")
    return title_text(_text(source, "title")) if isinstance(source, Mapping) else None


def _related(links: Iterable[_Raw], relation: str, url: str) -> str:
    return next((absolute(url, _text(one, "href")) for one in links if one.get("rel") == relation), "")


def _text(raw: _Raw, name: str) -> str:
    value = dict.get(raw, name) if isinstance(raw, dict) else None
    return storable(value).strip() if isinstance(value, str) else ""


def _objects(raw: _Raw, name: str) -> list[_Raw]:
    value = dict.get(raw, name) if isinstance(raw, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
