"""Medium, by its RSS feeds. Its JSON and GraphQL interfaces are closed to programs and not used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, unquote, urlsplit

from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._medium_address import SERVICES, options_of_path, person_of, publication_of, tag_of
from aggregator.collectors._options import exactly_one, host, server, split
from aggregator.collectors._parts import title_text
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, unpack
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Author, Entry, Kind, Page

DOING = "reading the Medium feed"

# How its pages name themselves to telephones, on whatever domain (seen 2026-11).
_APP = re.compile(rb'property="al:ios:url" content="medium:/')
_HANDLE = re.compile(r"/@([A-Za-z0-9._-]+)/")
_SITE_TAIL = re.compile(r"(?: [-–—] | on )Medium\Z")
# A response has no tags and is a remark, not an essay; stories without tags exist too, but they are longer.
_RESPONSE_CHARACTERS = 1000


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

    tag: Annotated[str, Option("tag without the #", example="microsolidarity", check=tag_of)] = ""
    publication: Annotated[str, Option("name of a publication in its address", example="enspiral-tales", check=publication_of)] = ""
    user: Annotated[str, Option("name of a person, without the @", example="richdecibels", check=person_of)] = ""
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
            return options_of_path(segments[1:] if segments[:1] == ["feed"] else segments)
        subdomain = name.removesuffix(".medium.com")
        if subdomain == name or "." in subdomain or subdomain in SERVICES or segments not in ([], ["feed"], ["about"], ["latest"]):
            return None
        return {"domain": name}

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"tag": word},)

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """Who wrote a story on medium.com, or the domain of its own that a page of Medium's is on."""
        parts = split(page.url)
        if parts.hostname in ("medium.com", "www.medium.com"):
            found = options_of_path([unquote(one) for one in parts.path.split("/") if one][:1])
            return (found,) if found else ()
        return ({"domain": parts.hostname},) if parts.hostname and _APP.search(page.body[:65536]) else ()

    @classmethod
    def declined(cls, address: str) -> str | None:
        name = split(address).hostname or ""
        if not f".{name}".endswith(".medium.com") or name.removesuffix(".medium.com") in SERVICES - {"www", "link"}:
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
