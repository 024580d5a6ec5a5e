"""GitHub, by the search of its REST API: issues and pull requests that use a word, repositories with a topic.

The search of issues gives the first thousand results of a question and no more, so it is walked down by time (`_windows`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._github_rows import repository, thread
from aggregator.collectors._json import a_list, an_object, instant, member, number, read_each
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors._windows import Window
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.errors import Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import GapReason, Kind, Missed, Page

DOING = "searching GitHub"
LIMIT, REACHABLE = 100, 1000
"""Results of a page, and of a question."""
HEAD_PAGES = 3
"""How many pages a first poll reads."""
OUT_OF_REACH = "more repositories were changed than GitHub lists of a topic"
CUT_SHORT = "GitHub ran out of time and gave what it had found: results may be missing"


def _topic(value: str) -> str:
    topic = value.strip().lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,49}", topic):
        raise ValueError(f"{value!r} is not a topic; write what stands after github.com/topics/, like 'microsolidarity'")
    return topic


@dataclass(frozen=True, kw_only=True)
class GitHub(Collector):
    """Issues and pull requests on GitHub whose title or text uses a word, or the repositories that carry a topic. Only public ones are
    asked for, whatever a token may open. What programs write is left out: without that, they are most of what a search finds. A token needs
    no permission at all; it only lets the search be asked more often.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="github",
        title="GitHub",
        homepage="https://github.com",
        spec="https://docs.github.com/en/rest/search/search, read 2026-11-22",
        method=Method.API,
        kinds=(Kind.THREAD, Kind.ARTICLE),
        auth=Auth(
            scheme=AuthScheme.BEARER,
            variable="GITHUB_TOKEN",
            how="Make a fine-grained token without any permission at https://github.com/settings/personal-access-tokens.",
            without="Everything is read without it, at 10 questions a minute in place of 30.",
        ),
        every=timedelta(hours=2),
        quiet_after=timedelta(days=365),
        # 10 searches a minute are allowed without a token.
        pace=Pace(gap=timedelta(seconds=7), daily=2_000),
        finds="issues and pull requests with a word, repositories with a topic",
        reach="the newest 300 issues, the 300 repositories of latest change",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=(
            "A word that stands in a comment alone is not found.",
            "The search compares words: it takes no notice of hyphens and of #.",
            "Of a topic the 1000 repositories of latest change are given.",
        ),
    )

    search: Annotated[str, Option("word or phrase in issues and pull requests", example="microsolidarity")] = ""
    topic: Annotated[str, Option("topic of repositories", example="microsolidarity", check=_topic)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "search", "topic")

    @property
    def host(self) -> str:
        return "api.github.com"

    @property
    def label(self) -> str:
        return f"GitHub, topic {self.topic}" if self.topic else f"GitHub, search {self.search}"

    @property
    def address(self) -> str:
        if self.topic:
            return f"https://github.com/topics/{self.topic}"
        return f"https://github.com/search?{urlencode({'q': self.search, 'type': 'issues', 's': 'created', 'o': 'desc'})}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The page of a topic, a search of issues or pull requests."""
        parts = _options.split(address)
        if parts.hostname not in ("github.com", "www.github.com"):
            return None
        asked = parse_qs(parts.query)
        words, kind = asked.get("q", [""])[0].strip(), asked.get("type", [""])[0].lower()
        if parts.path == "/search":
            return {"search": words} if words and kind in ("", "issues", "pullrequests") else None
        found = re.fullmatch(r"/topics/([^/]+)/?", parts.path)
        try:
            return {"topic": _topic(unquote(found[1]))} if found else None
        except ValueError:
            return None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        try:
            return ({"search": word}, {"topic": _topic(word)})
        except ValueError:
            return ({"search": word},)

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = _options.split(address)
        single = re.fullmatch(r"/[^/]+/[^/]+/(?:issues|pull|discussions)/\d+", parts.path)
        if parts.hostname not in ("github.com", "www.github.com") or not single:
            return None
        return "names a single thread on GitHub; write that of a search or a topic. The thread is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING, missed=OUT_OF_REACH, coarse=True)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Everything, newest first, until the end or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    def _listing(self, http: Http, at: str) -> Listing | None:
        asked, read = (self._repositories(at), repository) if self.topic else (self._issues(at), thread)
        url = f"https://api.github.com/search/{'repositories' if self.topic else 'issues'}"
        params = {**asked, "order": "desc", "per_page": str(LIMIT)}
        reply = http.get(url, params=params, accept="application/vnd.github+json", auth=http.authorised)
        if reply.unchanged:
            return None
        found = an_object(reply.json(DOING), DOING)
        rows, total = a_list(found.get("items"), DOING), number(found.get("total_count"))
        if total is None:
            raise Unreadable(f"{DOING}: expected a number of results")
        if self.topic and at and at.partition("/")[2] == _first(rows):
            raise Unreadable(f"{DOING}: the page came a second time")
        entries, remarks = read_each(rows, read, noun="result", doing=DOING)
        name = "updated_at" if self.topic else "created_at"
        times = tuple(time for row in rows if (time := instant(member(row).get(name))))
        number_of_page = int(asked.get("page", "1"))
        full = bool(rows) and total > number_of_page * LIMIT
        after, doubt = self._after(at, rows, times) if full else ("", ())
        cut = found.get("incomplete_results") is True
        return Listing(
            entries=entries,
            remarks=(*remarks, *doubt, *((CUT_SHORT,) if cut else ())),
            times=times,
            after=after,
            withheld=full and not after,
            missed=Missed(reason=GapReason.WITHHELD, until=max(times, default=None)) if cut else None,
        )

    def _issues(self, at: str) -> dict[str, str]:
        window = Window.at(at, DOING)
        until = f" created:<={window.until:%Y-%m-%dT%H:%M:%SZ}" if window.until else ""
        words = self.search.replace('"', " ").strip()
        page = {"page": str(window.number + 1)} if window.number else {}
        # Without the advanced search, or without being told which of the two is wanted, GitHub answers 422 (seen since July 2026).
        wanted = f'"{words}" (in:title OR in:body) is:public (is:issue OR is:pull-request){until}'
        return {"q": wanted, "advanced_search": "true", "sort": "created", **page}

    def _repositories(self, at: str) -> dict[str, str]:
        """A page by its number: repositories can be sorted by their latest change, but not asked for from one on."""
        page = at.partition("/")[0]
        if at and not (page.isascii() and page.isdigit() and len(page) < 3):
            raise Unreadable(f"{DOING}: expected the number of a page, got {at[:40]!r}")
        return {"q": f"topic:{self.topic} is:public", "sort": "updated", **({"page": page} if at else {})}

    def _after(self, at: str, rows: Sequence[Any], times: Sequence[datetime]) -> tuple[str, tuple[str, ...]]:
        if not self.topic:
            return Window.at(at, DOING).after(times, most=REACHABLE // LIMIT, doing=DOING)
        following = int(at.partition("/")[0] or 1) + 1
        return (f"{following}/{_first(rows)}", ()) if following <= REACHABLE // LIMIT else ("", ())


def _first(rows: Sequence[Any]) -> str:
    """What a page is known by: a server that ignores the number of a page gives the same one again."""
    return str(member(rows[0]).get("id"))[:20] if rows else ""
