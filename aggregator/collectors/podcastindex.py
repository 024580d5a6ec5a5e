"""Podcast Index, the open directory: with a free key its episodes are searched too, without one its shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, urlencode

from aggregator.collectors._blogs import word_of
from aggregator.collectors._json import LAST_YEAR, Odd, a_list, an_object, member, number, text, web_address
from aggregator.collectors._options import split
from aggregator.collectors._parts import bodies
from aggregator.collectors._podcast_finds import Hit, episode_id, feed_address, follow, hits_in, shows_in, speaking, words_of
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Author, Enclosure, Entry, Kind, Page

HOST, SHOWN = "api.podcastindex.org", "podcastindex.org"
API = f"https://{HOST}/api/1.0"
MOST, MOST_BACK = "100", "1000"
"""Results of a search, and of the episodes of one show."""


@dataclass(frozen=True, kw_only=True)
class Podcastindex(Collector):
    """Searches Podcast Index once a day and reads the feeds of the shows that it leads to: at most 25 of them, each at every poll. With a
    key, which costs nothing, titles and notes of all episodes are searched, and the people named in them; without it only names and authors
    of shows are. With the key a show's episodes can also be read back further than its feed goes.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="podcastindex",
        title="Podcast Index",
        homepage="https://podcastindex.org",
        spec="https://podcastindex-org.github.io/docs-api/, search and episodes, read 2026-11-22",
        # The feeds that it leads to are most of what is asked.
        method=Method.FEED,
        kinds=(Kind.EPISODE, Kind.VIDEO),
        auth=Auth(
            scheme=AuthScheme.SIGNED,
            variable="PODCASTINDEX_KEY",
            how="Sign up at https://api.podcastindex.org/signup, free of charge, and set key:secret.",
            without="Shows are found by their names and authors, and episodes only in the feeds of these.",
        ),
        every=timedelta(days=1),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=2), daily=2000),
        finds="shows and episodes that speak of something, and what their feeds hold",
        reach="100 shows and 100 episodes, and the whole feeds of 25 shows",
        delay="within a day",
        delivers=Delivers.COMPLETE,
        limits=(
            "Hashtags are not searched; the bare word is.",
            "What is said in an episode is not read, only its title and notes.",
            "Recordings are never asked for.",
        ),
    )

    search: Annotated[str, Option("word to search for", example="microsolidarity", check=word_of)]

    @property
    def host(self) -> str:
        return HOST

    @property
    def label(self) -> str:
        return f"Podcast Index, search {self.search}"

    @property
    def address(self) -> str:
        return f"https://{SHOWN}/search?{urlencode({'q': self.search})}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        parts = split(address)
        words = parse_qs(parts.query).get("q") if parts.hostname == SHOWN and parts.path == "/search" else None
        return {"search": " ".join(words[0].split())} if words and words[0].strip() else None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"search": word},)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        hits, remarks = self._found(http)
        yield from follow(http, cursor, hits, remarks, word=self.search)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Every episode that the index has of the shows it finds, a show a page; wants the key."""
        left = unpack(cursor).get("left")
        odd: tuple[str, ...] = ()
        if isinstance(left, list):
            shows = [(number(member(one).get("show")) or 0, feed_address(member(one).get("feed"))) for one in left]
        else:
            hits, odd = self._searched(http)
            numbers = {hit.feed: hit.show for hit in hits if hit.show}
            shows = [(numbers[feed], feed) for feed in speaking(hits, self.search) if feed in numbers]
            if not shows:
                yield Page(entries=(), cursor=pack(left=[]), remarks=(*odd, "no show was found"))
        while shows:
            (show, feed), shows = shows[0], shows[1:]
            asked = {"id": str(show), "max": MOST_BACK, "fulltext": ""} | ({"since": str(int(since.timestamp()))} if since else {})
            rows = self._rows(http, "episodes/byfeedid", asked, "items")
            found, remarks = hits_in(rows or (), partial(_episode, of=Hit(feed=feed, show=show)), noun="episode", most=MOST_BACK)
            rest = [{"show": one, "feed": address} for one, address in shows]
            none = ("the index has no episodes of a show that it found",) if rows == [] else ()
            entries = tuple(hit.entry for hit in found if hit.entry)
            yield Page(entries=entries, cursor=pack(left=rest), remarks=(*odd, *remarks, *none))
            odd = ()

    def _found(self, http: Http) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
        if http.authorised:
            return self._searched(http)
        doing = "searching Podcast Index for shows"
        reply = http.get(f"https://{HOST}/search", params={"term": self.search}, accept="application/json")
        if reply.unchanged and not reply.body:
            return (), ()
        return shows_in(a_list(an_object(reply.json(doing), doing).get("results"), doing))

    def _searched(self, http: Http) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
        """Episodes and shows, by the searches that want the key."""
        asked = {"q": self.search, "max": MOST, "fulltext": ""}
        shows, odd = hits_in(self._rows(http, "search/byterm", asked, "feeds") or (), _show, noun="show", most=MOST)
        episodes, remarks = hits_in(self._rows(http, "search/byperson", asked, "items") or (), _episode, noun="episode", most=MOST)
        return (*episodes, *shows), (*odd, *remarks)

    def _rows(self, http: Http, path: str, asked: Mapping[str, str], name: str) -> list[Any] | None:
        """What a call of the API gives; None when it is the same as before. Its `status` is a text."""
        doing = f"asking Podcast Index ({path})"
        reply = http.get(f"{API}/{path}", params=asked, accept="application/json", auth=True)
        if reply.unchanged and not reply.body:
            return None
        found = an_object(reply.json(doing), doing)
        if str(found.get("status")).lower() != "true":
            raise Unreadable(f"{doing}: expected the status 'true', got {str(found.get('status'))[:20]!r}")
        return a_list(found.get(name), doing)


def _show(row: dict[str, Any]) -> Hit | None:
    feed = feed_address(row.get("url"))
    words = words_of(row, "title", "author", "ownerName", "description")
    return Hit(feed=feed, show=number(row.get("id")) or 0, words=words) if feed else None


def _episode(row: dict[str, Any], of: Hit | None = None) -> Hit:
    """An episode of any show, or of the one that was asked for."""
    id, show = number(row.get("id")), number(row.get("feedId"))
    if of and show != of.show:
        raise Odd("of another show")
    feed, guid = of.feed if of else feed_address(row.get("feedUrl")), text(row.get("guid")) or ""
    page = f"https://{SHOWN}/podcast/{show}?episode={id}" if id and show else None
    url = web_address(row.get("link")) or page
    if url is None or id is None:
        raise Odd("no link or id")
    plain, html = bodies([text(row.get("description")) or ""])
    sound, length = web_address(row.get("enclosureUrl")), number(row.get("duration"))
    spent = timedelta(seconds=length) if length is not None and 0 < length < 10**6 else None
    author = text(row.get("feedAuthor"))
    entry = Entry(
        native_id=episode_id(feed, guid) if feed and guid else f"podcastindex {id}",
        url=url,
        kind=Kind.VIDEO if (text(row.get("enclosureType")) or "").startswith("video") else Kind.EPISODE,
        title=text(row.get("title")),
        text=plain,
        html=html,
        author=Author(name=author) if author else None,
        published=_moment(row.get("datePublished")),
        language=text(row.get("feedLanguage")),
        enclosures=(Enclosure(url=sound, media_type=text(row.get("enclosureType")), duration=spent),) if sound else (),
        site=text(row.get("feedTitle")),
    )
    return Hit(feed=feed, guid=guid, entry=entry, show=show or 0, words=words_of(row, "title", "description", "feedTitle", "feedAuthor"))


def _moment(value: Any) -> datetime | None:
    """Unix seconds; None for none, and for what is out of the calendar."""
    seconds = number(value)
    if seconds is None or not 0 < seconds < (LAST_YEAR - 1970) * 365 * 86400:
        return None
    return datetime.fromtimestamp(seconds, UTC)
