"""fyyd, a directory of podcasts that searches the notes of episodes, and standing searches that it runs itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, urlencode

from aggregator.collectors._blogs import word_of
from aggregator.collectors._json import Odd, a_list, an_object, instant, member, number, text, web_address
from aggregator.collectors._options import exactly_one, split
from aggregator.collectors._parts import bodies
from aggregator.collectors._podcast_finds import Hit, episode_id, feed_address, follow, hits_in, words_of
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Gone, Unreadable
from aggregator.fetch import Http, Pace
from aggregator.model import Enclosure, Entry, Kind, Page

HOST = "api.fyyd.de"
API = f"https://{HOST}/0.2"
MOST = "50"
MOST_SHOWS = 10
"""Shows whose feed is looked up at one poll."""


def _alert(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,12}", value.strip()):
        raise ValueError(f"{value!r} is not an alert; write its number, like '42'")
    return value.strip()


@dataclass(frozen=True, kw_only=True)
class Fyyd(Collector):
    """Searches fyyd for shows and episodes that speak of something, once a day, and reads the feeds of the shows that it leads to: at most
    25 of them, each at every poll. Titles and notes of episodes are searched, best in German-speaking podcasts. A standing search that
    somebody with an account has made there, an alert, is read by its number.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="fyyd",
        title="fyyd",
        homepage="https://fyyd.de",
        spec="https://github.com/eazyliving/fyyd-api, version 0.2, read 2026-11-22",
        # The feeds that it leads to are most of what is asked.
        method=Method.FEED,
        kinds=(Kind.EPISODE, Kind.VIDEO),
        # A small service of volunteers.
        every=timedelta(days=1),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=3), daily=200),
        finds="shows and episodes that speak of something, and what their feeds hold",
        reach="50 shows and 50 episodes, and the whole feeds of 25 shows",
        delay="within a day",
        delivers=Delivers.COMPLETE,
        limits=(
            "Hashtags are not searched; the bare word is.",
            "What is said in an episode is not read, only its title and notes.",
            "Recordings are never asked for.",
        ),
    )

    search: Annotated[str, Option("word to search for", example="microsolidarity", check=word_of)] = ""
    alert: Annotated[str, Option("number of a standing search made there", example="42", check=_alert)] = ""

    def __post_init__(self) -> None:
        exactly_one(self, "search", "alert")

    @property
    def host(self) -> str:
        return HOST

    @property
    def label(self) -> str:
        return f"fyyd, search {self.search}" if self.search else f"fyyd, alert {self.alert}"

    @property
    def address(self) -> str:
        return (
            f"https://fyyd.de/search?{urlencode({'search': self.search})}" if self.search else f"{API}/alert/episodes?alert_id={self.alert}"
        )

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """A search on its site."""
        parts = split(address)
        words = parse_qs(parts.query).get("search", [""])[0].strip()
        found = parts.hostname in ("fyyd.de", "www.fyyd.de") and parts.path.rstrip("/") == "/search" and words
        return {"search": word_of(words)} if found else None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"search": word},)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        known = {show: feed for show, feed in member(unpack(cursor).get("shows")).items() if feed_address(feed)}
        hits, remarks = self._found(http, known)
        for page in follow(http, cursor, hits, remarks, word=self.search):
            yield replace(page, cursor=pack(**unpack(page.cursor), shows=known))

    def _found(self, http: Http, shows: dict[str, str]) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
        """Episodes and shows; `shows` learns the feed of each show by its number."""
        if self.search:
            listed = _listed(http, "search/podcast", {"term": self.search, "count": MOST}) or []
            rows = _listed(http, "search/episode", {"term": self.search, "count": MOST}) or []
        else:
            listed, rows = [], _listed(http, "alert/episodes", {"alert_id": self.alert}) or []
        named, odd = hits_in(listed, _show, noun="show", most=MOST)
        shows |= {str(hit.show): hit.feed for hit in named if hit.show}
        numbers = dict.fromkeys(str(row["podcast_id"]) for row in rows if isinstance(row, dict) and number(row.get("podcast_id")))
        looked_up = {show: _feed_of(http, show) for show in [one for one in numbers if one not in shows][:MOST_SHOWS]}
        shows |= {show: feed for show, feed in looked_up.items() if feed}
        lost = sum(1 for feed in looked_up.values() if not feed)
        doubt = (f"{lost} {'show' if lost == 1 else 'shows'} without a feed that can be read",) if lost else ()
        most = MOST if self.search else ""
        hits, remarks = hits_in(rows, lambda row: _episode(row, shows.get(str(row.get("podcast_id")), "")), noun="episode", most=most)
        return (*hits, *named), (*odd, *remarks, *doubt)


def _listed(http: Http, path: str, asked: Mapping[str, str]) -> list[Any] | None:
    """The rows of an answer; None when it is the same as before. Those of an alert lie one deeper."""
    doing = f"asking fyyd ({path})"
    reply = http.get(f"{API}/{path}", params=asked, accept="application/json")
    if reply.unchanged and not reply.body:
        return None
    answer = an_object(reply.json(doing), doing)
    if number(answer.get("status")) != 1:
        raise Unreadable(f"{doing}: expected the status 1, got {str(answer.get('status'))[:20]!r}")
    found = answer.get("data")
    return a_list(found.get("episodes") if isinstance(found, dict) and path.startswith("alert") else found, doing)


def _feed_of(http: Http, show: str) -> str:
    """The feed of a show by its number; "" for one that is not there any more."""
    doing = "asking fyyd for a show"
    try:
        reply = http.get(f"{API}/podcast", params={"podcast_id": show, "count": "1"}, accept="application/json")
    except Gone:
        return ""
    if reply.unchanged and not reply.body:
        return ""
    return feed_address(an_object(an_object(reply.json(doing), doing).get("data"), doing).get("xmlURL"))


def _show(row: dict[str, Any]) -> Hit | None:
    feed = feed_address(row.get("xmlURL"))
    return Hit(feed=feed, show=number(row.get("id")) or 0, words=words_of(row, "title", "subtitle", "description")) if feed else None


def _episode(row: dict[str, Any], feed: str) -> Hit:
    id, guid = number(row.get("id")), text(row.get("guid")) or ""
    url = web_address(row.get("url")) or web_address(row.get("url_fyyd"))
    if url is None or id is None or number(row.get("podcast_id")) is None:
        raise Odd("no url, id or podcast_id")
    plain, html = bodies([text(row.get("description")) or ""])
    sound, length = web_address(row.get("enclosure")), number(row.get("duration"))
    spent = timedelta(seconds=length) if length is not None and 0 < length < 10**6 else None
    entry = Entry(
        native_id=episode_id(feed, guid) if feed and guid else f"fyyd {id}",
        url=url,
        kind=Kind.EPISODE,
        title=text(row.get("title")),
        text=plain,
        html=html,
        published=instant(row.get("pubdate")),
        enclosures=(Enclosure(url=sound, duration=spent),) if sound else (),
        site=text(row.get("podcast_title")),
    )
    return Hit(feed=feed, guid=guid, entry=entry, words=words_of(row, "title", "description"))
