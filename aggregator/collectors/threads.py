"""Posts of Threads, by Meta's keyword search, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, urlencode

from aggregator.collectors import _options
from aggregator.collectors._json import Odd, instant, needed, tag_names, text, web_address
from aggregator.collectors._meta import listing
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Author, Entry, Kind, Page

DOING = "searching Threads"
LIMIT = 100
HEAD_PAGES = 2
FIELDS = "id,text,media_type,permalink,timestamp,username,has_replies,is_quote_post,is_reply,topic_tag,link_attachment_url"
_SITES = frozenset(f"{front}threads.{end}" for front in ("", "www.") for end in ("com", "net"))


@dataclass(frozen=True, kw_only=True)
class Threads(Collector):
    """Posts on Threads with a topic, or posts in which a word stands. It wants an app that Meta has reviewed for the permissions
    threads_basic and threads_keyword_search: before the review only your own posts are found, and after it all but those. A post has one
    topic at most, so a search for the word finds more. An answer to a post counts as a comment; what it answers is not said. For words
    that Meta holds to be sensitive it finds nothing.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="threads",
        title="Threads",
        homepage="https://www.threads.com",
        spec="Threads API, keyword search (developers.facebook.com/docs/threads/keyword-search), read 2026-01-21",
        method=Method.API,
        kinds=(Kind.POST, Kind.COMMENT),
        auth=Auth(
            scheme=AuthScheme.QUERY,
            variable="THREADS_ACCESS_TOKEN",
            how="Make an app with the Threads use case at https://developers.facebook.com/apps and copy a long-lived token of its user.",
            without="",
            name="access_token",
        ),
        every=timedelta(hours=1),
        pace=Pace(gap=timedelta(seconds=2), daily=2_000),
        finds="posts with a topic or a word",
        reach="the newest 200 posts",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=(
            "Before Meta has reviewed the app only posts of its own user are found; afterwards all others.",
            "A token must be renewed every 60 days.",
        ),
    )

    tag: Annotated[str, Option("topic without the #", example="microsolidarity", check=_options.hashtag)] = ""
    search: Annotated[str, Option("a word or phrase to search for", example="crew of five")] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "tag", "search")

    @property
    def host(self) -> str:
        return "graph.threads.net"

    @property
    def label(self) -> str:
        return f"#{self.tag} on Threads" if self.tag else f"Threads, search {self.search}"

    @property
    def address(self) -> str:
        kind = {"serp_type": "tags"} if self.tag else {}
        return f"https://www.threads.com/search?{urlencode({'q': self.tag or self.search, **kind})}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """The page of a search, for a topic or a word; neither an account nor a post is a source."""
        parts = _options.split(address)
        asked = parse_qs(parts.query)
        words = asked.get("q", [""])[0].strip()
        if parts.hostname not in _SITES or parts.path.rstrip("/") != "/search" or not words:
            return None
        try:
            return {"tag": _options.hashtag(words)} if asked.get("serp_type") == ["tags"] else {"search": words}
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if _options.split(address).hostname not in _SITES:
            return None
        return "names no search on Threads; write one, like https://www.threads.com/search?q=crews. A post is added with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING, coarse=True)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the end or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    def _listing(self, http: Http, at: str) -> Listing | None:
        mode = "TAG" if self.tag else "KEYWORD"
        params = {"q": self.tag or self.search, "search_type": "RECENT", "search_mode": mode, "limit": str(LIMIT), "fields": FIELDS}
        return listing(http, f"https://{self.host}/v1.0/keyword_search", params, at, _entry, doing=DOING)


def _entry(post: dict[str, Any]) -> Entry | None:
    """A post; None for what only passes on another's."""
    if text(post.get("media_type")) == "REPOST_FACADE":
        return None
    url, name, shared = web_address(post.get("permalink")), text(post.get("username")), web_address(post.get("link_attachment_url"))
    if url is None:
        raise Odd("no permalink")
    return Entry(
        native_id=needed(post, "id"),
        url=url,
        # What it answers is not said.
        kind=Kind.COMMENT if post.get("is_reply") is True else Kind.POST,
        # A post may be a picture alone.
        text=text(post.get("text")) or "",
        author=Author(name=name, handle=name, url=f"https://www.threads.com/@{name}") if name else None,
        published=instant(post.get("timestamp")),
        tags=tag_names([post.get("topic_tag")]),
        links=(shared,) if shared else (),
    )
