"""Lobsters, by its feeds. Its robots.txt asks programs to leave the pages alone; the feeds are for readers of feeds."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, unquote

from aggregator.collectors import _options
from aggregator.collectors._feeds import ACCEPT, read_feed
from aggregator.collectors._json import Odd, read_each
from aggregator.collectors._sweep import Listing, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.fetch import Http, Pace
from aggregator.model import Author, Entry, GapReason, Kind, Page, Preview

DOING = "reading Lobsters"
SITE = "https://lobste.rs"
USUAL = 25
"""Entries of a feed."""
MISSED = "more came than one feed shows; poll more often"
_OWN = re.compile(r"https?://lobste\.rs/(?P<kind>[sc])/(?P<id>[0-9a-z]+)", re.IGNORECASE)
# "garden.example by ada": ada wrote the page, "via" ada found it (lobsters/lobsters app/views/home/stories.rss.builder, read 2026-11-22).
_FROM = re.compile(r"(?:(?P<site>\S+)\s+)?(?P<way>by|via)\s+(?P<user>[A-Za-z0-9_-]+)")
_TO_COMMENTS = re.compile(r"\s*<p>\s*<a [^<>]*>\s*Comments\s*</a>\s*</p>\s*\Z")


def _tags(value: str) -> str:
    names = [one.strip().lower() for one in value.split(",") if one.strip()]
    if not names or not all(re.fullmatch(r"[a-z0-9][a-z0-9_+-]{0,24}", one) for one in names):
        raise ValueError(f"{value!r} is not a tag; write one of https://lobste.rs/tags, several with commas: 'practices,culture'")
    return ",".join(sorted(dict.fromkeys(names)))


def _user(value: str) -> str:
    name = value.strip().removeprefix("~")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,24}", name):
        raise ValueError(f"{value!r} is not a name on Lobsters; write what stands after ~ in the profile's address")
    return name


def _what(value: str) -> str:
    if value.strip().lower() not in ("stories", "comments"):
        raise ValueError(f"{value!r} is not what can be read; write 'stories' or 'comments'")
    return value.strip().lower()


@dataclass(frozen=True, kw_only=True)
class Lobsters(Collector):
    """Stories on Lobsters with a tag, from a site, or by a person; or all the newest stories, or all the newest comments, of which those
    that use the topic's words are kept. Lobsters has no feed of a search, and its tags are a fixed list, so for most topics the site of the
    topic and the newest comments are what to watch.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="lobsters",
        title="Lobsters",
        homepage=SITE,
        spec="lobsters/lobsters app/views/home/stories.rss.builder and comments/index.rss.builder, read 2026-11-22",
        method=Method.FEED,
        kinds=(Kind.POST, Kind.THREAD, Kind.COMMENT),
        # What its feeds ask for (ttl 120).
        every=timedelta(minutes=120),
        quiet_after=timedelta(days=365),
        # 30 a minute, 100 in 10 minutes and 400 an hour are allowed, and who asks more often is shut out.
        pace=Pace(gap=timedelta(seconds=9), daily=400),
        finds="stories with a tag, from a site or by a person; newest stories and comments",
        reach="the 25 newest",
        delay="within two hours",
        delivers=Delivers.COMPLETE,
        limits=(
            "There is no search, and tags are a fixed list of Lobsters' own.",
            "Of all stories and all comments only 25 are shown at once: on busy days some pass unseen, which is said.",
            "A comment does not say which story it stands under.",
        ),
    )

    tag: Annotated[str, Option("tag of Lobsters, or several with commas", example="practices", check=_tags)] = ""
    domain: Annotated[str, Option("site that stories link to", example="microsolidarity.cc", check=_options.domain)] = ""
    user: Annotated[str, Option("name of a person, without the ~", example="ada", check=_user)] = ""
    what: Annotated[str, Option("one of 'stories' and 'comments': all the newest of them", example="comments", check=_what)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "tag", "domain", "user", "what")

    @property
    def host(self) -> str:
        return "lobste.rs"

    @property
    def label(self) -> str:
        if self.what:
            return f"Lobsters, newest {self.what}"
        if self.user:
            return f"Lobsters, ~{self.user}"
        return f"Lobsters, tag {self.tag}" if self.tag else f"Lobsters, stories from {self.domain}"

    @property
    def address(self) -> str:
        if self.what:
            return f"{SITE}/{'newest' if self.what == 'stories' else 'comments'}"
        if self.user:
            return f"{SITE}/~{self.user}/stories"
        return f"{SITE}/t/{quote(self.tag, safe=',+')}" if self.tag else f"{SITE}/domains/{self.domain}"

    @property
    def feed(self) -> str:
        return f"{self.address}.rss"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """A tag, a site, a person, the newest stories or comments: their pages and their feeds."""
        parts = _options.split(address)
        if parts.hostname not in ("lobste.rs", "www.lobste.rs"):
            return None
        path = unquote(parts.path).rstrip("/").removesuffix(".rss").removesuffix(".json")
        plain = {"/newest": "stories", "/comments": "comments", "/rss": "stories"}
        if path in plain:
            return {"what": plain[path]}
        forms = {
            "tag": (r"/t/([^/]+)", _tags),
            "domain": (r"/domains?/([^/]+)", _options.domain),
            "user": (r"/[~u]/?([^/]+)(?:/stories)?", _user),
        }
        for name, (form, check) in forms.items():
            if found := re.fullmatch(form, path):
                try:
                    return {name: check(found[1])}
                except ValueError:
                    return None
        return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if _options.split(address).hostname not in ("lobste.rs", "www.lobste.rs"):
            return None
        return "names no tag, site or person on Lobsters; write one of those. A story is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http), head=1, doing=DOING, missed=MISSED, coarse=True)

    def _listing(self, http: Http) -> Listing | None:
        reply = http.get(self.feed, accept=ACCEPT)
        if reply.unchanged:
            return None
        feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type", ""), doing=DOING)
        entries, remarks = read_each(feed.entries, _told, noun="post", of=Entry, doing=DOING)
        return Listing(
            entries=entries,
            remarks=(*feed.remarks, *remarks),
            times=tuple(entry.published for entry in feed.entries if entry.published),
            withheld=len(feed.entries) >= USUAL,
            reason=GapReason.TURNED_OVER,
        )


def _told(entry: Entry) -> Entry:
    """An entry under its own short address; the page that it shares is its link."""
    own = next(filter(None, map(_OWN.match, (entry.native_id, *entry.aliases, entry.url))), None)
    if own is None:
        raise Odd("no id of Lobsters")
    address = f"{SITE}/{own['kind'].lower()}/{own['id'].lower()}"
    words = _TO_COMMENTS.sub("", entry.html or "") or None
    made = replace(entry, native_id=address.removeprefix(f"{SITE}/"), url=address, html=words, aliases=(), site="Lobsters")
    said = (entry.author and entry.author.name) or ""
    if own["kind"].lower() == "c":
        # The title is that of the story, which says nothing of the comment.
        return replace(made, kind=Kind.COMMENT, title=None, author=_person(said))
    link = None if _OWN.match(entry.url) else entry.url
    found = _FROM.fullmatch(html.unescape(said))
    user = found["user"] if found else said
    wrote = Preview(url=link, title=entry.title, author=user, site=found["site"]) if link and found and found["way"] == "by" else None
    return replace(
        made,
        kind=Kind.POST if link else Kind.THREAD,
        author=_person(user),
        links=(link,) if link else (),
        previews=(wrote,) if wrote else (),
    )


def _person(user: str) -> Author | None:
    name = user.strip()
    return Author(name=name, handle=name, url=f"{SITE}/~{quote(name, safe='')}") if name else None
