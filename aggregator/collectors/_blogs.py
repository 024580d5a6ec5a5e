"""What WordPress, Ghost, Substack and Blogger share: how a blog and a tag are named, what a page says of its software, feeds with pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from aggregator.collectors import _options
from aggregator.collectors._discovery import declared
from aggregator.collectors._enclosures import kind_of
from aggregator.collectors._feeds import feed_of
from aggregator.collectors._sweep import Listing
from aggregator.errors import BadOption
from aggregator.fetch import Reply
from aggregator.model import Entry
from aggregator.text.decode import decode

_META = re.compile(r"<meta\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_NAMED = re.compile(r"\bname\s*=\s*[\"']?generator\b", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.IGNORECASE)
_FOLDER = re.compile(r"[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*")


def site_of(value: str) -> str:
    """A blog as its host, with the folder it lies in where it lies in one ("example.org/blog")."""
    scheme, mark, rest = value.strip().rpartition("://")
    place, _, folder = rest.partition("/")
    folder = folder.strip("/")
    if folder and not _FOLDER.fullmatch(folder):
        raise ValueError(f"{value!r} is not a site; write its host, like 'blog.example', and the folder it lies in, if any")
    server = _options.server(f"{scheme}{mark}{place}")
    return f"{server}/{folder}" if folder else server


def host_of_site(site: str) -> str:
    """The host of a checked site, with its port where it has one."""
    return _options.host(site).partition("/")[0]


def slug_of(value: str) -> str:
    """A tag as it stands in addresses: in lower case, its words joined by hyphens, without "#"."""
    slug = "-".join(value.strip().lstrip("#＃").lower().split())
    if not slug or re.search(r"[\s#/?&]", slug):
        raise ValueError(f"{value!r} is not a tag; write it as in its address, like 'mutual-aid'")
    return slug


def word_of(value: str) -> str:
    """Words to search for, on one line."""
    words = " ".join(value.split())
    if not words:
        raise ValueError("there is nothing to search for; write a word, like 'microsolidarity'")
    return words


def at_most_one(collector: Any, *names: str) -> None:
    """Raise `BadOption` when more than one of the options is set."""
    given = [name for name in names if getattr(collector, name)]
    if len(given) > 1:
        raise BadOption(f"at most one of the options {', '.join(map(repr, names))} is wanted; found {' and '.join(map(repr, given))}")


def of_site(site: str, *, search: str = "", tag: str = "") -> str:
    """What readers see: the site, and what is read of it."""
    name = _options.host(site).removeprefix("www.")
    return f"{name}, search {search}" if search else f"{name}, tag {tag}" if tag else name


def generators(page: Reply) -> Iterator[str]:
    """What a page says it was made by, in lower case ("wordpress 6.6")."""
    for attributes in _META.findall(_head(page)):
        if _NAMED.search(attributes) and (found := _CONTENT.search(attributes)):
            yield unescape(next(filter(None, found.groups()), "")).strip().lower()


def linked(page: Reply, relation: str) -> Iterator[str]:
    """Addresses that a page or its header names by a relation, absolute."""
    yield from declared(_head(page), page.url, page.headers.get("link", ""), relation)


def sign_of(place: str) -> tuple[Mapping[str, str], ...]:
    """Options that name the site at an address; none for one that cannot be a site."""
    try:
        return ({"site": site_of(place)},)
    except ValueError:
        return ()


def root_of(page: Reply) -> str:
    """The address of the site that a page belongs to, when it lies in no folder."""
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}"


def listing_of(reply: Reply, doing: str, *, after: str) -> Listing | None:
    """A page of a feed that has pages; None when it is the same as at the last poll.

    A page that names no topic is read all the same: it may be all that stands between the newest posts and what was read before.

    Args:
        after: position of the next page, where this one holds entries.
    """
    feed = feed_of(replace(reply, silent=False), doing)
    if feed is None:
        return None
    times = tuple(entry.published for entry in feed.entries if entry.published)
    return Listing(entries=feed.entries, remarks=feed.remarks, times=times, after=after if feed.entries else "")


def without_pictures(entry: Entry) -> Entry:
    """The entry without the picture at its head, which such feeds give like a recording: one picture may stand above many posts."""
    kept = tuple(one for one in entry.enclosures if kind_of(one) is not None)
    return replace(entry, enclosures=kept) if len(kept) < len(entry.enclosures) else entry


def _head(page: Reply) -> str:
    # Themes put scripts of a hundred kilobytes before the links.
    return decode(page.body[:400_000], page.headers.get("content-type", ""))
