"""From a web page to the feed it has: addresses to ask, the most promising first, and `discover`, which asks them.

Order: Link header (RFC 8288), `<link rel=alternate>` in the page, links in the text that look like feeds,
guesses under the site's root. The feed of a site's comments is taken only where there is no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import urlsplit

from aggregator.collectors._feeds import ACCEPT, Feed, cut_off, description, feed_of, with_remarks
from aggregator.collectors._parts import absolute, is_web, without_unseen
from aggregator.errors import Gone, SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import Http, Reply
from aggregator.text.decode import decode

_GUESSES = ("feed/", "rss.xml", "feed.xml", "atom.xml", "rss", "feed.json")
_MOST_GUESSES = 6
_MOST_TRIES = 3

_TYPES = (
    *("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"),
    *("application/json", "text/xml", "application/xml"),
)
_ELEMENT = re.compile(r"<(link|a|base)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_LINK_VALUE = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))?)*)")
_PATH = re.compile(r"(?:/(?:feed|rss|atom)/?|\.(?:rss|atom)|/(?:feed|index|rss|atom)\.xml|/feed\.json)\Z", re.IGNORECASE)


def discover(http: Http, page: Reply, doing: str, *, guess: bool) -> tuple[str, Feed | None]:
    """The first feed that a page leads to: (its address, the feed, or None for no news).

    Args:
        guess: also ask the usual addresses, when the page names none.

    Raises:
        SourceError: what became of the first feed that the page declares or links, when none can be read.
        Unreadable: the page leads to none.
    """
    text = decode(page.body, page.headers.get("content-type", ""))
    declared = declared_feeds(text, page.url, page.headers.get("link", ""))
    first: SourceError | None = None
    for address in dict.fromkeys((*declared[:_MOST_TRIES], *linked_feeds(text, page.url)[:_MOST_TRIES])):
        try:
            return address, with_remarks(feed_of(http.get(address, accept=ACCEPT), doing), cut_off(text))
        except (Gone, Unauthorized, Unreadable) as error:
            first = first or error
    if first is not None:
        raise first
    # A page where a feed should be is a wall, and no site to search.
    for address in guessed_feeds(page.url) if guess and not _looks_like(page.asked) else ():
        try:
            return address, with_remarks(feed_of(http.get(address, accept=ACCEPT), doing), cut_off(text))
        except (Gone, Unauthorized, Unreadable, Unavailable):
            continue
    raise Unreadable(f"{doing}: expected a feed, got {description(text)} that leads to none; write the address of the feed itself")


def declared_feeds(page: str, url: str, link_header: str = "") -> tuple[str, ...]:
    """Addresses that the page or its header declares to be its feeds."""
    base, elements = _elements(page, url)
    header = ((absolute(url, target), _attributes(rest)) for target, rest in _LINK_VALUE.findall(link_header))
    links = ((absolute(base, found.get("href")), found) for name, found in elements if name == "link")
    return _ordered((address, found.get("title", "")) for address, found in (*header, *links) if _is_feed(address, found))


def declared(page: str, url: str, link_header: str, relation: str) -> tuple[str, ...]:
    """Addresses that the page or its header names by a relation ("https://api.w.org/"), each once."""
    base, elements = _elements(page, url)
    header = ((absolute(url, target), _attributes(rest)) for target, rest in _LINK_VALUE.findall(link_header))
    links = ((absolute(base, found.get("href")), found) for name, found in elements if name == "link")
    named = (address for address, found in (*header, *links) if relation in found.get("rel", "").lower().split())
    return tuple(dict.fromkeys(filter(is_web, named)))


def linked_feeds(page: str, url: str) -> tuple[str, ...]:
    """Addresses on the page's own host that it links to and that look like feeds."""
    base, elements = _elements(page, url)
    found = ((absolute(base, one.get("href")), "") for name, one in elements if name == "a")
    host = urlsplit(url).netloc.lower()
    return _ordered(
        (address, title)
        for address, title in found
        if is_web(address) and urlsplit(address).netloc.lower() == host and _looks_like(address)
    )


def guessed_feeds(url: str) -> tuple[str, ...]:
    """At most six addresses: in the page's own folder, where it is not the root, and under the root of its site."""
    folders = dict.fromkeys((absolute(url, "./"), absolute(url, "/")))
    return tuple(absolute(folder, name) for name in _GUESSES for folder in folders)[:_MOST_GUESSES]


def _elements(page: str, url: str) -> tuple[str, list[tuple[str, dict[str, str]]]]:
    """(base address, links and anchors with their attributes)."""
    found = [(tag.lower(), _attributes(rest)) for tag, rest in _ELEMENT.findall(without_unseen(page))]
    base = next((one["href"] for tag, one in found if tag == "base" and one.get("href")), "")
    return absolute(url, base) or url, found


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), unescape(double or single or bare).strip())
    return found


def _is_feed(address: str, found: Mapping[str, str]) -> bool:
    relations = found.get("rel", "").lower().split()
    media_type = found.get("type", "").partition(";")[0].strip().lower()
    if not is_web(address) or not {"alternate", "feed"}.intersection(relations):
        return False
    # WordPress declares its REST interface like a feed.
    return ("feed" in relations and not media_type) or (
        media_type in _TYPES and not (media_type == "application/json" and "/wp-json/" in address)
    )


def _looks_like(address: str) -> bool:
    return _PATH.search(urlsplit(address).path) is not None


def _ordered(found: Iterator[tuple[str, str]]) -> tuple[str, ...]:
    """Each once. The comments stand for a site only where there is nothing else: its main feed may be away for a day."""
    titles: dict[str, str] = {}
    for address, title in found:
        titles.setdefault(address, title)
    main = tuple(address for address, title in titles.items() if "comment" not in f"{urlsplit(address).path} {title}".lower())
    return main or tuple(titles)
