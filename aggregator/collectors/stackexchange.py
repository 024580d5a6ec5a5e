"""Stack Exchange: questions and answers that use a word or carry a tag, on one site of the network.

A search gives no authors, whom the licence wants to be named, so the posts that it finds are asked for once more, all of a page together.
Replies say how long to wait before the next question (`backoff`); the client hears it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._json import member, read_each
from aggregator.collectors._stackexchange_rows import entry_of, ids_of, owners_of, time_of, wrapped
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors._windows import Window
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.errors import BadOption
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Author, Kind, Page

DOING = "searching Stack Exchange"
API = "https://api.stackexchange.com/2.3"
LIMIT, HEAD_PAGES = 100, 3
"""The most that a page holds, and how many of them a first poll reads."""
MOST_PAGES = 25
"""Further ones are for those who have logged in (api.stackexchange.com/docs/paging, read 2026-11-22)."""
_OWN = {"mathoverflow": "mathoverflow.net"} | {
    name: f"{name}.com" for name in ("askubuntu", "serverfault", "stackapps", "stackoverflow", "superuser")
}
_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:stackexchange|stackoverflow|serverfault|superuser|askubuntu|stackapps)\.com|(?:meta\.)?mathoverflow\.net"
)


def _site(value: str) -> str:
    name = value.strip().lower().rpartition("://")[2].partition("/")[0].removeprefix("www.")
    host = name if "." in name else _OWN.get(name, f"{name}.stackexchange.com")
    if not _HOST.fullmatch(host):
        raise ValueError(f"{value!r} is not a site of Stack Exchange; write its host, like 'workplace.stackexchange.com'")
    return host


def _tag(value: str) -> str:
    tag = value.strip().lower()
    if not re.fullmatch(r"[^\s;,/?&\[\]]{1,35}", tag):
        raise ValueError(f"{value!r} is not a tag; write one as it stands under a question, like 'team-building'")
    return tag


@dataclass(frozen=True, kw_only=True)
class StackExchange(Collector):
    """Questions and answers on one site of Stack Exchange (Stack Overflow, The Workplace and others) that use a word, that carry a tag, or
    both. Give a site by its host, and one source for each. What is written there is under CC BY-SA: it is shown with its author's name and
    with links to both. A free key is not needed for a few sources.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="stackexchange",
        title="Stack Exchange",
        homepage="https://stackexchange.com",
        spec="https://api.stackexchange.com/docs/excerpt-search and /docs/throttle, read 2026-11-22",
        method=Method.API,
        kinds=(Kind.THREAD, Kind.COMMENT),
        auth=Auth(
            scheme=AuthScheme.QUERY,
            variable="STACKEXCHANGE_KEY",
            how="Register an application at https://stackapps.com/apps/oauth/register and take its key.",
            without="Everything is read without it, at 300 questions a day in place of 10 000.",
            name="key",
        ),
        every=timedelta(hours=6),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=2), daily=280),
        finds="questions and answers with a word or a tag, on one site",
        reach="the newest 300 questions and answers",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=("Comments cannot be searched.", "A question that was closed may vanish from the search."),
    )

    site: Annotated[str, Option("host of the site", example="workplace.stackexchange.com", check=_site)]
    search: Annotated[str, Option("word or phrase to search for", example="microsolidarity")] = ""
    tag: Annotated[str, Option("tag of questions", example="team-building", check=_tag)] = ""

    def __post_init__(self) -> None:
        if not (self.search or self.tag):
            raise BadOption("one of the options 'search', 'tag' is wanted, or both: the words are then searched under the tag")

    @property
    def host(self) -> str:
        return "api.stackexchange.com"

    @property
    def label(self) -> str:
        wanted = (f"tag {self.tag}" if self.tag else "", f"search {self.search}" if self.search else "")
        return ", ".join(filter(None, (self.site, *wanted)))

    @property
    def address(self) -> str:
        if not self.search:
            return f"https://{self.site}/questions/tagged/{quote(self.tag, safe='')}"
        words = f"[{self.tag}] {self.search}" if self.tag else self.search
        return f"https://{self.site}/search?{urlencode({'q': words, 'tab': 'newest'})}"

    @property
    def feed(self) -> str | None:
        return None if self.search else f"https://{self.site}/feeds/tag/{quote(self.tag, safe='')}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The page or feed of a tag, or a search, on a site of the network."""
        parts = _options.split(address)
        if not _HOST.fullmatch((parts.hostname or "").removeprefix("www.")):
            return None
        found = re.fullmatch(r"/(?:questions/tagged|tags|feeds/tag)/([^/]+)(?:/(?:info|hot|new))?/?", parts.path)
        asked = {name: values[0].strip() for name, values in parse_qs(parts.query).items()}
        words = re.fullmatch(r"(?:\[(?P<tag>[^\[\]]+)\])?\s*(?P<search>[^\[\]]*)", asked.get("q", "")) if parts.path == "/search" else None
        named = words.groupdict() if words else {"tag": unquote(found[1]) if found else asked.get("tagnames", "")}
        try:
            options = {name: _tag(value) if name == "tag" else value for name, value in named.items() if value}
            return {"site": _site(parts.netloc), **options} if options else None
        except ValueError:
            return None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"site": "stackoverflow.com", "search": word},)

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = _options.split(address)
        if not _HOST.fullmatch((parts.hostname or "").removeprefix("www.")) or parts.path.startswith("/feeds/"):
            return None
        return "names no tag or search of a site; write one of those. A question is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING, coarse=True)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Everything, newest first, until the beginning or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    def _listing(self, http: Http, at: str) -> Listing | None:
        window = Window.at(at, DOING)
        words = self.search.replace('"', " ").strip()
        asked = {"site": self.site, "sort": "creation", "order": "desc", "pagesize": str(LIMIT)}
        asked |= ({"q": f'"{words}"'} if words else {}) | ({"tagged": self.tag} if self.tag else {})
        asked |= {"todate": str(int(window.until.timestamp()))} if window.until else {}
        asked |= {"page": str(window.number + 1)} if window.number else {}
        reply = http.get(f"{API}/search/excerpts", params=asked, accept="application/json", auth=http.authorised)
        if reply.unchanged:
            return None
        rows, more = wrapped(reply, DOING)
        owners = self._owners(http, ids_of(rows))
        entries, remarks = read_each(rows, partial(entry_of, owners=owners, site=self.site), noun="post", doing=DOING)
        times = tuple(time for row in rows if (time := time_of(member(row))))
        after, doubt = window.after(times, most=MOST_PAGES, doing=DOING) if rows and more else ("", ())
        return Listing(entries=entries, remarks=(*remarks, *doubt), times=times, after=after)

    def _owners(self, http: Http, ids: Sequence[int]) -> Mapping[int, Author]:
        if not ids:
            return {}
        # Sorted, so that the same posts are the same question.
        place = f"{API}/posts/{';'.join(map(str, sorted(ids)))}"
        reply = http.get(place, params={"site": self.site, "pagesize": str(LIMIT)}, accept="application/json", auth=http.authorised)
        return owners_of(wrapped(reply, DOING)[0])
