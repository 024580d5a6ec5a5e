"""Listen Notes, a directory of podcasts that searches the notes of all episodes; it wants a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, urlencode

from aggregator.collectors._blogs import word_of
from aggregator.collectors._json import LAST_YEAR, Odd, a_list, an_object, member, number, text, web_address
from aggregator.collectors._options import split
from aggregator.collectors._parts import bodies
from aggregator.collectors._podcast_finds import Hit, episode_id, feed_address, follow, hits_in, words_of
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.errors import Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page, Restriction

DOING = "searching Listen Notes"
HOST = "listen-api.listennotes.com"
MOST = 30
"""Results that the free plan gives of one question."""


@dataclass(frozen=True, kw_only=True)
class Listennotes(Collector):
    """Searches Listen Notes for episodes that speak of something, once a day, and reads the feeds of the shows that it leads to: at most 25
    of them, each at every poll. It wants a key; the free plan gives 30 results of a question and some 300 questions a month, of which a
    source asks up to three a day. Its terms forbid to keep what it says: an episode that no feed holds is shown by its link alone, with
    what its own page says of it.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="listennotes",
        title="Listen Notes",
        homepage="https://www.listennotes.com",
        spec="https://www.listennotes.com/api/docs/, /search of version 2, read 2026-08-22",
        # The feeds that it leads to are most of what is asked.
        method=Method.FEED,
        kinds=(Kind.EPISODE, Kind.VIDEO),
        auth=Auth(
            scheme=AuthScheme.HEADER,
            variable="LISTENNOTES_KEY",
            how="Sign up at https://www.listennotes.com/api/, where a free plan is offered, and copy the API key.",
            without="",
            name="X-ListenAPI-Key",
        ),
        every=timedelta(days=1),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=2), daily=200),
        finds="episodes that speak of something, and what the feeds of their shows hold",
        reach="the 30 newest episodes, and the whole feeds of 25 shows",
        delay="within a day",
        delivers=Delivers.COMPLETE,
        limits=(
            "Nothing can be searched without a key.",
            "The free plan does not say where the feed of a show is.",
            "Hashtags are not searched; the bare word is.",
            "Recordings are never asked for.",
        ),
    )

    search: Annotated[str, Option("word to search for", example="microsolidarity", check=word_of)]

    @property
    def host(self) -> str:
        return HOST

    @property
    def label(self) -> str:
        return f"Listen Notes, search {self.search}"

    @property
    def address(self) -> str:
        return f"https://www.listennotes.com/search/?{urlencode({'q': self.search, 'sort_by_date': '1'})}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        parts = split(address)
        ours = parts.hostname in ("www.listennotes.com", "listennotes.com") and parts.path.rstrip("/") == "/search"
        words = parse_qs(parts.query).get("q", [""])[0] if ours else ""
        try:
            return {"search": word_of(words)} if words.strip() else None
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if split(address).hostname not in ("www.listennotes.com", "listennotes.com"):
            return None
        return "names no search on Listen Notes; write one, like https://www.listennotes.com/search/?q=crews, or the feed of the show"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        rows: list[Any] = []
        while (page := self._asked(http, offset=len(rows))) and len(rows) < MOST:
            rows += page
            if len(page) < MOST // 3:
                break
        hits, remarks = hits_in(rows, _episode, noun="episode")
        yield from follow(http, cursor, hits, remarks, word=self.search)

    def _asked(self, http: Http, *, offset: int) -> list[Any]:
        """Ten results, newest first; none behind the last that is given, and where they are the same as before."""
        if offset >= MOST:
            return []
        params = {"q": self.search, "type": "episode", "sort_by_date": "1", "only_in": "title,description", "offset": str(offset)}
        reply = http.get(f"https://{HOST}/api/v2/search", params=params, accept="application/json", auth=True)
        if reply.unchanged and not reply.body:
            return []
        found = an_object(reply.json(DOING), DOING)
        rows, after = a_list(found.get("results"), DOING), number(found.get("next_offset"))
        if after is None or (rows and after <= offset):
            raise Unreadable(f"{DOING}: expected where the next results begin behind {offset}, got {after}")
        return rows


def _episode(row: dict[str, Any]) -> Hit:
    """An episode, as its link. What is said of it and of its show serves the search; the feed, or the page, says it again."""
    id, show = text(row.get("id")), member(row.get("podcast"))
    # The free plan writes a sentence in place of the feed's address.
    feed, guid = feed_address(row.get("rss")), text(row.get("guid_from_rss")) or ""
    url = web_address(row.get("link")) or web_address(row.get("listennotes_url"))
    if url is None or id is None:
        raise Odd("no link or id")
    plain, html = bodies([text(row.get("description_original")) or ""])
    page = web_address(row.get("listennotes_url"))
    entry = Entry(
        native_id=episode_id(feed, guid) if feed and guid else f"listennotes {id}",
        url=url,
        kind=Kind.EPISODE,
        title=text(row.get("title_original")),
        text=plain,
        html=html,
        published=_moment(row.get("pub_date_ms")),
        aliases=(page,) if page and page != url else (),
        restrictions=(Restriction.WORDLESS,),
    )
    words = "\n\n".join((words_of(row, "title_original", "description_original"), words_of(show, "title_original", "publisher_original")))
    return Hit(feed=feed, guid=guid, entry=entry, words=words)


def _moment(value: Any) -> datetime | None:
    """Milliseconds since 1970; None for none, and for what is out of the calendar."""
    milliseconds = number(value)
    if milliseconds is None or not 0 < milliseconds < (LAST_YEAR - 1970) * 365 * 86_400_000:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
