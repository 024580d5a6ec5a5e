"""Addresses of forums that run Discourse: which option each names, and how an option is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from aggregator.collectors import _options
from aggregator.text.platform_ids import platform_of

_FORUM_HOST = re.compile(r"(?:forums?|discuss|discourse|community|meta|talk|commons|edgeryders)\..+")
_TAG = re.compile(r"(?P<prefix>(?:/[^/]+)?)/(?P<word>tags?)/(?P<tag>[^/]+?)(?P<sure>/[0-9]+|/l/[a-z]+|\.rss|\.json|)")
_CATEGORY = re.compile(r"(?P<prefix>(?:/[^/]+)??)/c/(?P<category>(?:[^/]+/){1,3}[0-9]+)(?:/l/[a-z]+)?(?:\.rss|\.json)?")
IN_TOPIC = re.compile(r"/t/(?:[^/]*[^/0-9][^/]*/)?(?P<topic>[0-9]+)(?:/[0-9]+)?/?\Z")
_TOPIC = re.compile(r"(?P<prefix>(?:/[^/]+)?)/t/(?P<slug>[^/]+/)?(?P<topic>[0-9]+)(?:/[0-9]+)?(?:\.rss|\.json|/print|/last)?")


def site_of(value: str) -> str:
    """A forum as its host, with the folder it lies in where it lies in one ("example.org/forum")."""
    scheme, mark, rest = value.strip().rpartition("://")
    place, _, folder = rest.partition("/")
    folder = folder.strip("/")
    if folder and not re.fullmatch(r"[A-Za-z0-9._~-]+", folder):
        raise ValueError(f"{value!r} is not a forum; write its host, like 'forum.example.org', and the folder it lies in, if any")
    server = _options.server(f"{scheme}{mark}{place}")
    return f"{server}/{folder}" if folder else server


def category_of(value: str) -> str:
    """A category as it stands after /c/ in its address ("organising/7")."""
    found = re.fullmatch(r"(?:.*/c/)?/?((?:[^/\s?#]+/){0,3}[0-9]+)/?(?:\.rss|\.json)?", value.strip())
    if not found:
        raise ValueError(f"{value!r} is not a category; write what stands after /c/ in its address, like 'organising/7'")
    return found[1]


def topic_of(value: str) -> str:
    """The number of a topic."""
    found = re.fullmatch(r"(?:(?:.*/t/)?[^/\s]*/)?([0-9]{1,12})", value.strip())
    if not found:
        raise ValueError(f"{value!r} is not a topic; write the number in its address, like '6647'")
    return found[1]


def recognised(address: str, *, forum: bool = False) -> Mapping[str, str] | None:
    """The options that an address names, by what only Discourse has, and by shorter ones on hosts that are named like a forum.

    Args:
        forum: it is known that Discourse runs there.
    """
    parts = _options.split(address)
    if not forum and _is_of_others(parts.hostname or ""):
        return None
    forum = forum or _FORUM_HOST.fullmatch(parts.hostname or "") is not None
    path = parts.path.rstrip("/")
    query = parse_qs(parts.query)
    found: re.Match[str] | None
    # Other software has /tags/NAME too, with and without .rss; older forums had it.
    if (found := _TAG.fullmatch(path)) and (forum or (found["sure"] and found["word"] == "tag")):
        options = {"tag": unquote(found["tag"])}
    elif found := _CATEGORY.fullmatch(path):
        options = {"category": unquote(found["category"])}
    elif (found := _TOPIC.fullmatch(path)) and (found["slug"] or forum):
        options = {"topic": found["topic"]}
    elif (found := re.fullmatch(r"(?P<prefix>(?:/[^/]+)?)/search", path)) and query.get("q") and (forum or "expanded" in query):
        options = {"search": query["q"][0]}
    else:
        return None
    try:
        site = site_of(f"{parts.scheme}://{parts.netloc}{found['prefix']}")
        return {"site": site} | ({"tag": _options.hashtag(options["tag"])} if "tag" in options else options)
    except ValueError:
        return None


def _is_of_others(host: str) -> bool:
    """True for a site of another platform (t.me/c/1234/56 is a private chat); some have a forum beside it, on a host named so, which for
    Stack Exchange (meta.stackoverflow.com) is none."""
    known = platform_of(host.removeprefix("www."))
    return known is not None and (known[0] == "Stack Exchange" or not _FORUM_HOST.fullmatch(host))
