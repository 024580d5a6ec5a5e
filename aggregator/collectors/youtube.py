"""YouTube: keyless feeds of channels and playlists, and the Data API v3 where a key is set."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, quote, quote_plus, unquote, urlsplit

from aggregator.collectors._authors import authors
from aggregator.collectors._feeds import ACCEPT, Feed, cut_off, description, feed_of, host_of, with_remarks
from aggregator.collectors._options import exactly_one, split
from aggregator.collectors._parts import storable, tags_of
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import SourceError, Unavailable, Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace, Params
from aggregator.model import Entry, Kind, Page, Visibility
from aggregator.text.dates import parse_date
from aggregator.text.decode import decode

DOING = "reading YouTube"
API = "https://www.googleapis.com/youtube/v3"
FEEDS = "https://www.youtube.com/feeds/videos.xml"

# The feeds answer these for hours on most days (miniflux issue 4261, FreshRSS issue 8808, 2026).
_OUTAGES = frozenset((404, 500))
_HOSTS = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "gaming.youtube.com"))
# These show videos and nothing else.
_PLAYERS = frozenset(("youtu.be", "youtube-nocookie.com", "www.youtube-nocookie.com"))
_CHANNEL = re.compile(r"UC[0-9A-Za-z_-]{22}")
_VIDEO = re.compile(r"[0-9A-Za-z_-]{11}")
_WATCHED = re.compile(r"[?&]v=([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])|/shorts/([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])")
_PLAYLIST = re.compile(r"[0-9A-Za-z_-]{12,64}")
_HANDLE = re.compile(r"(?:@|c/|user/)[^\s/?#@]+")
# A page says its channel in its declared feed, or in the JSON it is made from.
_ON_PAGE = (
    re.compile(r"feeds/videos\.xml\?channel_id=(UC[0-9A-Za-z_-]{22})\""),
    re.compile(r"\"externalId\":\s*\"(UC[0-9A-Za-z_-]{22})\""),
)
# Videos appear in search results up to a day after they were published.
_INDEXING = timedelta(days=1)
# Search gives about 500 results in all, 50 a page; each page costs one of 100 calls a day.
_MOST_PAGES = 10


def _channel(value: str) -> str:
    if not _CHANNEL.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a channel id; it begins with UC and has 24 characters (for a name use the option 'handle')")
    return value.strip()


def _playlist(value: str) -> str:
    if not _PLAYLIST.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not the id of a public playlist; write what stands after list= in its address")
    return value.strip()


def _handle(value: str) -> str:
    clean = unquote(value.strip().strip("/"))
    clean = clean if clean.startswith(("@", "c/", "user/")) else f"@{clean}"
    if not _HANDLE.fullmatch(clean):
        raise ValueError(f"{value!r} is not a handle; write the @name of a channel as its address has it")
    return clean.lower() if clean.startswith("@") else clean


@dataclass(frozen=True, kw_only=True)
class YouTube(Collector):
    """Reads the videos of a channel or a playlist on YouTube, or searches all of YouTube for words.

    Channels and playlists need no key: their feeds give the 15 newest videos with the whole description. The feeds fail for hours on many
    days, which is reported and outlasted; with a key the API is asked instead. A search needs the key, and finds videos whose title,
    description or tags hold the words, up to a day late.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="youtube",
        title="YouTube",
        homepage="https://www.youtube.com",
        spec="https://developers.google.com/youtube/v3/docs, read 2026-11-20",
        method=Method.FEED,
        kinds=(Kind.VIDEO,),
        auth=Auth(
            scheme=AuthScheme.HEADER,
            variable="YOUTUBE_API_KEY",
            name="X-Goog-Api-Key",
            how="Make a project at https://console.cloud.google.com, enable YouTube Data API v3 there and create an API key.",
            without="Channels and playlists are read from their feeds; searches are not possible.",
        ),
        every=timedelta(hours=1),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="videos of a channel or playlist; with a key what a search finds",
        reach="the 15 newest videos of a channel or playlist; about 500 results of a search",
        delay="within the hour",
        delivers=Delivers.COMPLETE,
        limits=(
            "A channel that publishes more than 15 videos between two polls loses some.",
            "What is said in a video and its comments are not read.",
            "A search leaves out known videos now and then; what was found once is kept.",
            "Google allows 100 pages of search results a day for one key.",
        ),
        transient=_OUTAGES,
    )

    channel: Annotated[str, Option("id of a channel", example="UC6hicteAM1PrzfeWN5VT5dg", check=_channel)] = ""
    playlist: Annotated[str, Option("id of a playlist", example="PLOjcWjpjOqzbV9T3tSR6O7z_eic-Puqaa", check=_playlist)] = ""
    handle: Annotated[str, Option("name of a channel, with its @", example="@microsolidarity", check=_handle)] = ""
    search: Annotated[str, Option("words to search for; needs a key", example="microsolidarity")] = ""

    def __post_init__(self) -> None:
        exactly_one(self, "channel", "playlist", "handle", "search")

    @property
    def host(self) -> str:
        return "www.googleapis.com" if self.search else "www.youtube.com"

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(("www.googleapis.com", "www.youtube.com"))

    @property
    def label(self) -> str:
        if self.search:
            return f"YouTube, search for {self.search}"
        return f"YouTube, {self.handle or (self.channel and f'channel {self.channel}') or f'playlist {self.playlist}'}"

    @property
    def address(self) -> str:
        if self.search:
            return f"https://www.youtube.com/results?search_query={quote_plus(self.search)}"
        if self.playlist:
            return f"https://www.youtube.com/playlist?list={self.playlist}"
        return f"https://www.youtube.com/{quote(self.handle, safe='@/') or f'channel/{self.channel}'}"

    @property
    def feed(self) -> str | None:
        if self.channel:
            return f"{FEEDS}?channel_id={self.channel}"
        return f"{FEEDS}?playlist_id={self.playlist}" if self.playlist else None

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        try:
            parts = urlsplit(address)
            known = host_of(address) in _HOSTS
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            options = _of_path([one for one in parts.path.split("/") if one], asked) if known else None
            return {name: _CHECKS[name](value) for name, value in options.items()} if options else None
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if (split(address).hostname or "") not in _HOSTS | _PLAYERS:
            return None
        return (
            "names no public channel, playlist or search of YouTube; write one of those. A video is put on the page with `aggregator add`"
        )

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        if self.search:
            yield from self._found(http, position)
            return
        channel, remarks = self._named(http, position) if self.handle else (self.channel, ())
        resume = pack(channel=channel) if self.handle else ""
        address = {"playlist_id": self.playlist} if self.playlist else {"channel_id": channel}
        try:
            feed = feed_of(http.get(FEEDS, params=address, accept=ACCEPT), DOING)
        except Unavailable as error:
            if error.status not in _OUTAGES or not http.authorised:
                raise
            # The uploads of a channel are a playlist of the same 22 characters.
            yield Page(entries=_listed(http, self.playlist or f"UU{channel[2:]}"), cursor=resume, remarks=remarks)
            return
        feed = with_remarks(feed, remarks) or Feed()
        yield Page(
            entries=tuple(replace(one, kind=Kind.VIDEO, site="YouTube") for one in feed.entries), cursor=resume, remarks=feed.remarks
        )

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Videos by their ids: with a key fifty at once, with what their owners say; without one each through oEmbed, which knows whether a
        video can be opened, and not whether it is listed.
        """
        videos = {found[1] or found[2]: entry.native_id for entry in entries if (found := _WATCHED.search(entry.url))}
        if not http.authorised:
            for video, native_id in videos.items():
                yield from _embedded(http, video, native_id)
            return
        ids = list(videos)
        for start in range(0, len(ids), 50):
            wanted = ids[start : start + 50]
            known = {one.get("id"): one for one in _items(http, "videos", {"part": "status", "id": ",".join(wanted)})}
            for video in wanted:
                yield _standing(videos[video], known.get(video))

    def _named(self, http: Http, position: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        """(id of the channel that has the handle, remarks); asked for once."""
        if known := position.get("channel"):
            return str(known), ()
        if http.authorised and not self.handle.startswith("c/"):
            by = {"forHandle": self.handle} if self.handle.startswith("@") else {"forUsername": self.handle.partition("/")[2]}
            found = [one.get("id") for one in _items(http, "channels", {"part": "id"} | by)]
            if not found or not _CHANNEL.fullmatch(str(found[0])):
                raise Unreadable(f"{DOING}: the API knows no channel {self.handle!r}; check its address")
            return str(found[0]), ()
        reply = http.get(f"https://www.youtube.com/{quote(self.handle, safe='@/')}")
        text = decode(reply.body, reply.headers.get("content-type", ""))
        for pattern in _ON_PAGE:
            if on_page := pattern.search(text):
                return on_page[1], cut_off(text)
        raise Unreadable(f"{DOING}: expected the page of a channel, got {description(text)} that names none; use the option 'channel'")

    def _found(self, http: Http, position: Mapping[str, Any]) -> Iterator[Page]:
        """Search results, newest first, a page at a time.

        The cursor holds the newest date seen by a finished search, and while one is going on also its floor and the next page's token.
        """
        newest = str(position.get("newest", ""))
        floor = str(position.get("floor") or _day_before(newest))
        token, top = str(position.get("token", "")), str(position.get("top") or newest)
        seen = {token}
        for _ in range(_MOST_PAGES):
            asked = {"part": "snippet", "q": self.search, "type": "video", "order": "date", "maxResults": "50"}
            asked |= {"publishedAfter": floor} if floor else {}
            reply = http.get(f"{API}/search", params=asked | ({"pageToken": token} if token else {}), auth=True)
            if reply.unchanged:
                break
            answer = _answer(reply.json(DOING), "search")
            entries, remarks = _confirmed(http, answer["items"])
            top = max([top, *(one.published.isoformat() for one in entries if one.published)])
            token = _text(answer, "nextPageToken")
            if token in seen - {""}:
                raise Unreadable(f"{DOING}: got the same page token twice")
            seen.add(token)
            if not token:
                yield Page(entries=entries, cursor=_settled(top), remarks=remarks)
                return
            yield Page(entries=entries, cursor=pack(newest=newest, floor=floor, token=token, top=top), remarks=remarks)
        yield Page(entries=(), cursor=_settled(top))


def _of_path(segments: list[str], asked: Mapping[str, str]) -> Mapping[str, str] | None:
    """The options that a path on YouTube names; None for videos and the site's own pages."""
    match segments:
        case ["feeds", "videos.xml"] | ["xml", "feeds", "videos.xml"]:
            names = {"channel_id": "channel", "playlist_id": "playlist", "user": "handle"}
            found = {names[name]: f"user/{value}" if name == "user" else value for name, value in asked.items() if name in names}
            return found if len(found) == 1 else None
        case ["channel", channel, *_]:
            return {"channel": channel}
        case ["playlist"] | ["embed", "videoseries"] if "list" in asked:
            return {"playlist": asked["list"]}
        case ["c" | "user" as kind, name, *_]:
            return {"handle": f"{kind}/{name}"}
        case [name, *_] if name.startswith("@"):
            return {"handle": name}
        case ["results"] if "search_query" in asked:
            return {"search": asked["search_query"]}
        case ["hashtag", tag]:
            return {"search": f"#{unquote(tag)}"}
    return None


_CHECKS: Mapping[str, Callable[[str], str]] = {"channel": _channel, "playlist": _playlist, "handle": _handle, "search": str.strip}


def _answer(answer: Any, method: str) -> dict[str, Any]:
    """An answer of the Data API that is what it should be: a list of the method's own kind."""
    kinds = {"search": "youtube#searchListResponse", "videos": "youtube#videoListResponse"}
    kinds |= {"playlistItems": "youtube#playlistItemListResponse", "channels": "youtube#channelListResponse"}
    if not isinstance(answer, dict) or answer.get("kind") != kinds[method]:
        raise Unreadable(
            f"{DOING}: expected {kinds[method]!r}, got {answer.get('kind') if isinstance(answer, dict) else answer.__class__!r}"
        )
    items = answer.get("items", [])
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise Unreadable(f"{DOING}: expected a list of items")
    return {**answer, "items": items}


def _items(http: Http, method: str, params: Params) -> list[dict[str, Any]]:
    reply = http.get(f"{API}/{method}", params=params, auth=True)
    items: list[dict[str, Any]] = [] if reply.unchanged else _answer(reply.json(DOING), method)["items"]
    return items


def _confirmed(http: Http, results: list[dict[str, Any]]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The videos that search results name, with whole descriptions and tags, and a remark when some are gone.

    Results hold a shortened description, and channels although videos were asked for (youtube/api-samples issue 141).
    """
    named = [one["id"].get("videoId") for one in results if isinstance(one.get("id"), dict)]
    wanted = list(dict.fromkeys(one for one in named if isinstance(one, str) and _VIDEO.fullmatch(one)))
    if not wanted:
        return (), ()
    videos = _items(http, "videos", {"part": "snippet", "id": ",".join(wanted)})
    entries = tuple(entry for one in videos if (entry := _video(str(one.get("id")), one.get("snippet"))))
    missing = len(wanted) - len(entries)
    return entries, (f"{missing} of {len(wanted)} videos found are gone or private",) if missing and videos else ()


def _embedded(http: Http, video: str, native_id: str) -> Iterator[Standing]:
    """How a video stands by oEmbed: 404 is gone, 403 private, 401 only that it may not be embedded (seen 2026-11)."""
    asked = {"url": f"https://www.youtube.com/watch?v={video}", "format": "json"}
    try:
        http.get("https://www.youtube.com/oembed", params=asked, accept="application/json")
    except SourceError as error:
        if error.status == 400:
            return
        if error.status not in (401, 403, 404):
            raise
        yield Standing(native_id=native_id, found=error.status == 401)
    else:
        yield Standing(native_id=native_id, found=True)


def _standing(native_id: str, video: dict[str, Any] | None) -> Standing:
    status = video.get("status") if video else None
    privacy = _text(status, "privacyStatus") if isinstance(status, dict) else ""
    return Standing(native_id=native_id, found=video is not None, visibility=_VISIBILITIES.get(privacy, Visibility.PUBLIC))


_VISIBILITIES = {"unlisted": Visibility.UNLISTED, "private": Visibility.PRIVATE}


def _listed(http: Http, playlist: str) -> tuple[Entry, ...]:
    """The first 50 videos of a playlist through the API."""
    entries = []
    for one in _items(http, "playlistItems", {"part": "snippet,contentDetails", "playlistId": playlist, "maxResults": "50"}):
        details, snippet = one.get("contentDetails"), one.get("snippet")
        # A video that is private or deleted keeps its place in the list, without a date of its own.
        if not isinstance(details, dict) or not isinstance(snippet, dict) or "videoPublishedAt" not in details:
            continue
        owner = {"channelTitle": snippet.get("videoOwnerChannelTitle"), "channelId": snippet.get("videoOwnerChannelId")}
        entries.append(_video(str(details.get("videoId")), snippet | owner | {"publishedAt": details["videoPublishedAt"]}))
    return tuple(filter(None, entries))


def _video(identifier: str, snippet: Any) -> Entry | None:
    """A video of the API as the feeds give it: the same id, address and text."""
    if not isinstance(snippet, dict) or not _VIDEO.fullmatch(identifier):
        return None
    channel, published, tags = _text(snippet, "channelId"), parse_date(_text(snippet, "publishedAt")), snippet.get("tags")
    return Entry(
        native_id=f"yt:video:{identifier}",
        url=f"https://www.youtube.com/watch?v={identifier}",
        kind=Kind.VIDEO,
        title=html.unescape(_text(snippet, "title")) or None,
        text=_text(snippet, "description") or None,
        author=authors(
            [(_text(snippet, "channelTitle"), f"https://www.youtube.com/channel/{channel}" if _CHANNEL.fullmatch(channel) else "")]
        ),
        published=published[0] if published else None,
        language=_text(snippet, "defaultLanguage") or _text(snippet, "defaultAudioLanguage") or None,
        tags=tags_of(storable(one) for one in tags if isinstance(one, str)) if isinstance(tags, list) else (),
        site="YouTube",
    )


def _text(snippet: Mapping[str, Any], name: str) -> str:
    value = snippet.get(name)
    return storable(value) if isinstance(value, str) else ""


def _day_before(newest: str) -> str:
    found = parse_date(newest) if newest else None
    return (found[0] - _INDEXING).strftime("%Y-%m-%dT%H:%M:%SZ") if found else ""


def _settled(newest: str) -> Cursor:
    """Where a finished search leaves off."""
    return pack(newest=newest) if newest else ""
