"""Stories and comments of Hacker News, by Algolia's search of it.

The search gives the first thousand hits of a question and no more, so it is walked down by time (`_windows`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, quote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._json import LAST_YEAR, Odd, a_list, an_object, member, needed, number, read_each, text, texts, web_address
from aggregator.collectors._parts import title_text
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors._windows import Window
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.errors import BadOption, Unreadable
from aggregator.fetch import Http, Pace
from aggregator.model import Author, Entry, Kind, Page, Preview, Visibility

DOING = "searching Hacker News"
LIMIT, REACHABLE = 100, 1000
"""Hits of a page, and of a question."""
HEAD_PAGES = 3
"""How many pages a first poll reads."""
_SITE = "https://news.ycombinator.com"
_TAGS = {"": "(story,poll,comment)", "stories": "(story,poll)", "comments": "comment"}
_TYPES = {"all": "", "story": "stories", "comment": "comments"}
# What stands in place of a story or comment that is no more.
_REMOVED = re.compile(r"\[(?:dead|deleted|flagged|removed)\]", re.IGNORECASE)


def _what(value: str) -> str:
    if value.strip().lower() not in _TAGS:
        raise ValueError(f"{value!r} is not what can be searched; write 'stories' or 'comments', or leave it out for both")
    return value.strip().lower()


@dataclass(frozen=True, kw_only=True)
class HackerNews(Collector):
    """Stories and comments on Hacker News that use a word, or the stories that link to one site. Words are searched as they are written,
    without tolerance for typing errors; several words are one phrase. A story that shares a page is a voice on that page, and a comment one
    on its story. For the site of the topic write `domain`, and `takes: everything`, since such a story need not use the word. All of Hacker
    News can be searched back to its beginning in 2006.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="hackernews",
        title="Hacker News",
        homepage=_SITE,
        spec="https://hn.algolia.com/api (algolia/hn-search, app/javascript/views/Api.tsx), read 2026-11-22",
        method=Method.API,
        kinds=(Kind.POST, Kind.THREAD, Kind.COMMENT),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=365),
        # 10 000 requests an hour are allowed to one address.
        pace=Pace(gap=timedelta(seconds=1), daily=5_000),
        finds="stories and comments with a word, stories that link to a site",
        reach="the newest 300 stories and comments",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=(
            "Polls are found by their question, not by their answers.",
            "A title or link that a moderator changes later is seen as long as the story is among the newest 100.",
        ),
    )

    search: Annotated[str, Option("word or phrase to search for", example="microsolidarity")] = ""
    domain: Annotated[str, Option("site that stories link to", example="microsolidarity.cc", check=_options.domain)] = ""
    what: Annotated[str, Option("one of 'stories' and 'comments', to leave out the other", example="comments", check=_what)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "search", "domain")
        if self.domain and self.what == "comments":
            raise BadOption("comments link to no site of their own; leave out 'what' with 'domain'")

    @property
    def host(self) -> str:
        return "hn.algolia.com"

    @property
    def label(self) -> str:
        if self.domain:
            return f"Hacker News, stories from {self.domain}"
        return f"Hacker News, {self.what or 'search'} {self.search}"

    @property
    def address(self) -> str:
        if self.domain:
            return f"{_SITE}/from?{urlencode({'site': self.domain})}"
        kind = {what: name for name, what in _TYPES.items()}[self.what]
        return f"https://hn.algolia.com/?{urlencode({'query': self.search, 'sort': 'byDate', 'type': kind})}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """A search of hn.algolia.com, a feed of hnrss.org, the stories from a site."""
        parts = _options.split(address)
        asked = {name: values[0].strip() for name, values in parse_qs(parts.query).items()}
        words = asked.get("query") or asked.get("q") or ""
        if parts.hostname == "news.ycombinator.com" and parts.path == "/from" and asked.get("site"):
            try:
                return {"domain": _options.domain(asked["site"])}
            except ValueError:
                return None
        if parts.hostname == "hn.algolia.com" and words and not parts.path.startswith("/api"):
            what = _TYPES.get(asked.get("type", "all"), "")
        elif parts.hostname == "hnrss.org" and words and (found := re.match(r"/(newest|newcomments)\b", parts.path)):
            what = "stories" if found[1] == "newest" else "comments"
        else:
            return None
        return {"search": words} | ({"what": what} if what else {})

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"search": word},)

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = _options.split(address)
        if parts.hostname != "hn.algolia.com" and (parts.hostname, parts.path) != ("news.ycombinator.com", "/item"):
            return None
        return "names no search on Hacker News; write that of a search on hn.algolia.com. A story is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING, coarse=True)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Everything, newest first, until the beginning or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    def _listing(self, http: Http, at: str) -> Listing | None:
        window = Window.at(at, DOING)
        asked = {
            # Quoted, the last word is not taken for the beginning of longer ones.
            "query": f'"{(self.domain or self.search).replace(chr(34), " ").strip()}"',
            "tags": _TAGS[self.what or ("stories" if self.domain else "")],
            "hitsPerPage": str(LIMIT),
            "typoTolerance": "false",
            "attributesToHighlight": "",
            "attributesToSnippet": "",
        }
        asked |= {"restrictSearchableAttributes": "url"} if self.domain else {}
        asked |= {"numericFilters": f"created_at_i<={int(window.until.timestamp())}"} if window.until else {}
        asked |= {"page": str(window.number)} if window.number else {}
        reply = http.get("https://hn.algolia.com/api/v1/search_by_date", params=asked, accept="application/json")
        if reply.unchanged:
            return None
        found = an_object(reply.json(DOING), DOING)
        hits = a_list(found.get("hits"), DOING)
        if number(found.get("page")) not in (None, window.number):
            raise Unreadable(f"{DOING}: asked for page {window.number}, got another")
        entries, remarks = read_each(hits, self._entry, noun="hit", doing=DOING)
        times = tuple(time for hit in hits if (time := _time(member(hit))))
        full = len(hits) >= LIMIT or window.number + 1 < (number(found.get("nbPages")) or 0)
        after, doubt = window.after(times, most=REACHABLE // LIMIT, doing=DOING) if full else ("", ())
        return Listing(entries=entries, remarks=(*remarks, *doubt), times=times, after=after)

    def _entry(self, hit: dict[str, Any]) -> Entry | None:
        """A hit as an entry, private where it is dead or deleted; None for a story that links to another site."""
        tags = texts(hit["_tags"]) if isinstance(hit.get("_tags"), list) else ()
        id = needed(hit, "objectID")
        if not (id.isascii() and id.isdigit() and len(id) < 16):
            raise Odd("an objectID that is no number")
        own = f"{_SITE}/item?id={int(id)}"
        said = [text(hit.get(name)) or "" for name in ("title", "comment_text", "story_text")]
        if hit.get("dead") is True or hit.get("deleted") is True or any(_REMOVED.fullmatch(one.strip()) for one in said):
            return Entry(native_id=id, url=own, kind=Kind.COMMENT if "comment" in tags else Kind.THREAD, visibility=Visibility.PRIVATE)
        link = web_address(hit.get("url"))
        if self.domain and not f".{_options.split(link or '').hostname}".endswith(f".{self.domain}"):
            return None
        handle = text(hit.get("author"))
        author = Author(name=handle, handle=handle, url=f"{_SITE}/user?id={quote(handle, safe='')}") if handle else None
        if "comment" in tags:
            about, story = number(hit.get("story_id")), text(hit.get("story_title"))
            place = f"{_SITE}/item?id={about}" if about else None
            previews = (Preview(url=place, title=title_text(story), site="Hacker News"),) if place and story else ()
            html = needed(hit, "comment_text")
            return Entry(
                native_id=id, url=own, kind=Kind.COMMENT, html=html, author=author, published=_time(hit), in_reply_to=place,
                previews=previews,
            )  # fmt: skip
        title = title_text(needed(hit, "title"))
        return Entry(
            native_id=id, url=own, kind=Kind.POST if link else Kind.THREAD, title=title, html=text(hit.get("story_text")),
            author=author, published=_time(hit), links=(link,) if link else (),
        )  # fmt: skip


def _time(hit: Mapping[str, Any]) -> datetime | None:
    seconds = number(hit.get("created_at_i"))
    good = seconds is not None and 0 <= seconds < datetime(LAST_YEAR, 1, 1, tzinfo=UTC).timestamp()
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and good else None
