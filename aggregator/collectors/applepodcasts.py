"""Apple's directory of podcasts, by the search that it offers to everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, urlencode

from aggregator.collectors._blogs import word_of
from aggregator.collectors._json import Odd, a_list, an_object, instant, needed, number, text, web_address
from aggregator.collectors._options import split
from aggregator.collectors._podcast_finds import Hit, episode_id, feed_address, follow, hits_in, shows_in, words_of
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.fetch import Http, Pace
from aggregator.model import Author, Enclosure, Entry, Kind, Page

HOST, SHOWN = "itunes.apple.com", "podcasts.apple.com"
MOST = "100"
"""Results of a search; more are not given, and no further page (measured 2026-08-29)."""


def _country(value: str) -> str:
    code = value.strip().upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise ValueError(f"{value!r} is not a country; write its two letters, like 'GB'")
    return code


@dataclass(frozen=True, kw_only=True)
class Applepodcasts(Collector):
    """Searches Apple's directory for shows and episodes that speak of something, once a day, and reads the feeds of the shows that it
    leads to: at most 25 of them, each at every poll. An episode is shown as its show's feed has it; the directory's own words stand only
    for what a feed no longer holds. The search is loose, and every find is looked through again here. Each country has its own shop window:
    name a second source with another country to see more.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="applepodcasts",
        title="Apple Podcasts",
        homepage="https://podcasts.apple.com",
        spec="https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/, read 2026-11-22",
        # The feeds that it leads to are most of what is asked.
        method=Method.FEED,
        kinds=(Kind.EPISODE, Kind.VIDEO),
        every=timedelta(days=1),
        quiet_after=timedelta(days=365),
        # About 20 requests a minute are allowed, and more are answered with 403.
        pace=Pace(gap=timedelta(seconds=4), daily=500),
        finds="shows and episodes that speak of something, and what their feeds hold",
        reach="100 shows and 100 episodes, and the whole feeds of 25 shows",
        delay="within a day",
        delivers=Delivers.COMPLETE,
        limits=(
            "Hashtags are not searched; the bare word is.",
            "What is said in an episode is not read, only its title and notes.",
            "Recordings are never asked for.",
        ),
        transient=frozenset({403}),
    )

    search: Annotated[str, Option("word to search for", example="microsolidarity", check=word_of)]
    country: Annotated[str, Option("two letters of the country whose shop is searched; US if left out", example="GB", check=_country)] = ""

    @property
    def host(self) -> str:
        return HOST

    @property
    def label(self) -> str:
        return f"Apple Podcasts{f' {self.country}' if self.country else ''}, search {self.search}"

    @property
    def address(self) -> str:
        return f"https://{SHOWN}/{f'{self.country.lower()}/' if self.country else ''}search?{urlencode({'term': self.search})}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        parts = split(address)
        country, _, rest = parts.path.strip("/").rpartition("/")
        term = parse_qs(parts.query).get("term")
        if parts.hostname != SHOWN or rest != "search" or not term:
            return None
        try:
            return {"search": word_of(term[0])} | ({"country": _country(country)} if country else {})
        except ValueError:
            return None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"search": word},)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        shows, odd = self._found(http, "podcast")
        episodes, remarks = self._found(http, "podcastEpisode")
        yield from follow(http, cursor, (*episodes, *shows), (*odd, *remarks), word=self.search)

    def _found(self, http: Http, entity: str) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
        doing = f"searching Apple's directory ({entity})"
        asked = {"term": self.search, "media": "podcast", "entity": entity, "country": self.country or "US", "limit": MOST}
        reply = http.get(f"https://{HOST}/search", params=asked, accept="application/json")
        if reply.unchanged and not reply.body:
            return (), ()
        rows = a_list(an_object(reply.json(doing), doing).get("results"), doing)
        return shows_in(rows, most=MOST) if entity == "podcast" else hits_in(rows, _episode, noun="episode", most=MOST)


def _episode(row: dict[str, Any]) -> Hit:
    if row.get("wrapperType") != "podcastEpisode" and row.get("kind") != "podcast-episode":
        raise Odd("not an episode")
    url, id = web_address(row.get("trackViewUrl")), number(row.get("trackId"))
    if url is None or id is None:
        raise Odd("no trackViewUrl or trackId")
    feed, guid = feed_address(row.get("feedUrl")), text(row.get("episodeGuid")) or ""
    sound, length = web_address(row.get("episodeUrl")), number(row.get("trackTimeMillis"))
    spent = timedelta(milliseconds=length) if length is not None and 0 < length < 10**9 else None
    artist = text(row.get("artistName"))
    entry = Entry(
        native_id=episode_id(feed, guid) if feed and guid else f"apple {id}",
        url=url,
        kind=Kind.EPISODE,
        title=needed(row, "trackName"),
        text=text(row.get("description")) or text(row.get("shortDescription")),
        author=Author(name=artist) if artist else None,
        published=instant(row.get("releaseDate")),
        enclosures=(Enclosure(url=sound, duration=spent),) if sound else (),
        site=text(row.get("collectionName")),
    )
    return Hit(feed=feed, guid=guid, entry=entry, words=words_of(row, "trackName", "description", "shortDescription", "collectionName"))
