"""Medium, by its RSS feeds. Its JSON and GraphQL interfaces are closed to programs and not used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, unquote, urlsplit

from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._options import exactly_one, hashtag, host, server, split
from aggregator.collectors._parts import title_text
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, unpack
from aggregator.fetch import Http, Pace
from aggregator.model import Author, Entry, Kind, Page

DOING = "reading the Medium feed"

# First segments of a path that name neither a person nor a publication.
_RESERVED = frozenset(
    (
        *("_", "about", "creators", "earn", "explore-topics", "feed", "gift", "jobs-at-medium", "library", "list", "lists", "m", "me"),
        *("membership", "new-story", "notifications", "p", "partner-program", "plans", "policy", "r", "s", "search", "settings", "signin"),
        *("stats", "stories", "tag", "tags", "topic", "topics", "upgrade", "verified-authors"),
    )
)
_SERVICES = frozenset(("www", "api", "cdn-client", "cdn-images-1", "glyph", "help", "link", "miro", "policy"))
# Ten or eleven digits occur beside the usual twelve.
_STORY = re.compile(r"(?:.*-)?[0-9a-f]{8,12}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HANDLE = re.compile(r"/@([A-Za-z0-9._-]+)/")
_SITE_TAIL = re.compile(r"(?: [-–—] | on )Medium\Z")
# A response has no tags and is a remark, not an essay; stories without tags exist too, but they are longer.
_RESPONSE_CHARACTERS = 1000


def _person(value: str) -> str:
    name = value.strip().removeprefix("@").lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{value!r} is not a Medium user; write the name after the @ in the profile's address")
    return name


def _publication(value: str) -> str:
    name = value.strip().strip("/").lower()
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise ValueError(f"{value!r} is not a Medium publication; write the word after medium.com/, like 'enspiral-tales'")
    return name


def _tag(value: str) -> str:
    return hashtag("-".join(value.split())).lower()


@dataclass(frozen=True, kw_only=True)
class Medium(Collector):
    """Reads what is published on Medium under a tag, in a publication, or by one person.

    Give one of the options; a publication can be narrowed to a tag. A feed holds the ten newest stories, so a rare tag is never missed and
    a busy one may be. Tag feeds give an excerpt and the story's own tags; the feeds of people and publications give the whole text, unless
    the story is for members. Remarks that a person left under other stories come along in their feed, as comments.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="medium",
        title="Medium",
        homepage="https://medium.com",
        spec="https://help.medium.com/hc/en-us/articles/214874118, read 2026-11-20",
        method=Method.FEED,
        kinds=(Kind.ARTICLE, Kind.COMMENT),
        every=timedelta(hours=6),
        quiet_after=timedelta(days=180),
        # 429 is common, and domains hosted by Medium share one limit with medium.com.
        pace=Pace(gap=timedelta(seconds=3)),
        finds="stories with a tag, by an author or in a publication",
        reach="the 10 newest stories",
        delay="within the hour",
        delivers=Delivers.EXCERPT,
        limits=(
            "There is no search for words; a story without the tag is found through its author or publication only.",
            "Stories for members come as an excerpt.",
            "Responses are told from stories by a rule of thumb: no tags and a short text.",
        ),
    )

    tag: Annotated[str, Option("tag without the #", example="microsolidarity", check=_tag)] = ""
    publication: Annotated[str, Option("name of a publication in its address", example="enspiral-tales", check=_publication)] = ""
    user: Annotated[str, Option("name of a person, without the @", example="richdecibels", check=_person)] = ""
    domain: Annotated[str, Option("own domain of a publication or person on Medium", example="ana.medium.com", check=server)] = ""

    def __post_init__(self) -> None:
        exactly_one(self, *(("publication",) if self.publication and self.tag else ("tag", "publication")), "user", "domain")

    @property
    def host(self) -> str:
        return "medium.com"

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset({host(self.domain) if self.domain else "medium.com"})

    @property
    def label(self) -> str:
        if self.publication:
            return f"Medium, {self.publication}" + (f", tag {self.tag}" if self.tag else "")
        return f"Medium, tag {self.tag}" if self.tag else f"Medium, @{self.user}" if self.user else f"Medium, {host(self.domain)}"

    @property
    def address(self) -> str:
        if self.domain:
            return f"https://{host(self.domain)}/"
        if self.user:
            return f"https://medium.com/@{self.user}"
        if self.publication:
            return f"https://medium.com/{self.publication}" + (f"/tagged/{quote(self.tag)}" if self.tag else "")
        return f"https://medium.com/tag/{quote(self.tag)}"

    @property
    def feed(self) -> str:
        if self.domain:
            return f"https://{host(self.domain)}/feed"
        return self.address.replace("https://medium.com/", "https://medium.com/feed/", 1)

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        try:
            parts = urlsplit(address)
            name = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            return None
        segments = [unquote(one) for one in parts.path.split("/") if one]
        if name == "medium.com":
            return _of_path(segments[1:] if segments[:1] == ["feed"] else segments)
        subdomain = name.removesuffix(".medium.com")
        if subdomain == name or "." in subdomain or subdomain in _SERVICES or segments not in ([], ["feed"], ["about"], ["latest"]):
            return None
        return {"domain": name}

    @classmethod
    def declined(cls, address: str) -> str | None:
        name = split(address).hostname or ""
        if not f".{name}".endswith(".medium.com") or name.removesuffix(".medium.com") in _SERVICES - {"www", "link"}:
            return None
        if split(address).path.startswith("/feed/"):
            return None
        return "names no person, publication or tag on Medium; write one of theirs. A single story is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        unpack(cursor)
        reply = http.get(self.feed, accept=ACCEPT)
        # What a tag feed holds matches by its tag, which need not stand in the text.
        feed = feed_of(replace(reply, silent=False) if self.tag else reply, DOING)
        entries = tuple(self._entry(one, feed.title) for one in feed.entries) if feed else ()
        yield Page(entries=entries, cursor="", remarks=feed.remarks if feed else ())

    def _entry(self, entry: Entry, title: str) -> Entry:
        # The feed names people by what they call themselves; their handle stands in the address, unless that is a publication's.
        named = _HANDLE.match(urlsplit(entry.url).path)
        handle = self.user or (named[1] if named else "")
        author = replace(entry.author or Author(), handle=handle, url=f"https://medium.com/@{handle}") if handle else entry.author
        tags = entry.tags if not self.tag or self.tag in map(str.lower, entry.tags) else (*entry.tags, self.tag)
        of_a_person = bool(self.user) or title.startswith("Stories by ")
        kind = Kind.COMMENT if of_a_person and _is_response(entry) else entry.kind
        site = _SITE_TAIL.sub("", title.rpartition(" in ")[2] if self.tag else title)
        site = site if site and not of_a_person and (self.publication or self.domain) else "Medium"
        return replace(entry, kind=kind, author=author, tags=tags, site=site)


def _is_response(entry: Entry) -> bool:
    """True for a remark under a story: no tags, short, and whole (people's feeds hold them unmarked, seen 2026)."""
    if entry.tags or "medium-feed-item" in (entry.html or ""):
        return False
    return len(title_text(entry.html or entry.text or "", markup=True) or "") < _RESPONSE_CHARACTERS


def _of_path(segments: Sequence[str]) -> Mapping[str, str] | None:
    """The options that a path on medium.com names; None for stories, lists and the site's own pages."""
    options: Mapping[str, str] | None = None
    match segments:
        case ["tag", tag] | ["tag", tag, "latest" | "recommended" | "archive", *_]:
            options = {"tag": tag}
        case [name] | [name, "feed" | "latest" | "about" | "followers" | "following"] if name.startswith("@"):
            options = {"user": name[1:]}
        case [name] | [name, "feed" | "latest" | "about" | "all" | "archive" | "trending"] if not _STORY.fullmatch(name):
            options = {"publication": name}
        case [name, "tagged", tag] if not name.startswith("@"):
            options = {"publication": name, "tag": tag}
    try:
        return {name: _CHECKS[name](value) for name, value in options.items()} if options else None
    except ValueError:
        return None


_CHECKS: Mapping[str, Callable[[str], str]] = {"tag": _tag, "publication": _publication, "user": _person}
