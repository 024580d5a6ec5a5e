"""Forums that run Discourse: topics with a tag, what a search finds, a category, the posts of one topic.

Lists of topics and searches are newest first and read by `_sweep`. A category is read as RSS, the only list that carries the first posts'
text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._discourse_address import IN_TOPIC, category_of, recognised, site_of, topic_of
from aggregator.collectors._discourse_lists import READING_TAG, SEARCHING, newest_in, posts_found, topics_with
from aggregator.collectors._discourse_rows import Forum, standings
from aggregator.collectors._discourse_topic import posts_of
from aggregator.collectors._json import an_object
from aggregator.collectors._sweep import sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, unpack
from aggregator.errors import Gone, Unauthorized
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Kind, Page

# The front page of every forum says it (app/helpers/application_helper.rb).
_GENERATOR = re.compile(rb"<meta name=\"generator\" content=\"Discourse ", re.IGNORECASE)
CHECKING = "looking at a topic again"
HEAD_PAGES = 10
"""Pages of 30 topics that a first poll of a tag reads."""
SEARCH_HEAD_PAGES = 3


@dataclass(frozen=True, kw_only=True)
class Discourse(Collector):
    """A forum that runs on Discourse: its topics with a tag, the posts a search finds, the topics of a category, or all posts of one topic.
    A tag is the surest: the forum's members set it themselves. A search also finds posts that only use the word, but forums limit how often
    visitors may search, so it is asked once an hour at most. Forums that want a login are not read. Give a category as it stands in its
    address (organising/7), a topic by its number.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="discourse",
        title="Discourse",
        homepage="https://www.discourse.org",
        spec="https://docs.discourse.org (OpenAPI), read 2026-08-20",
        method=Method.API,
        kinds=(Kind.THREAD, Kind.COMMENT),
        every=timedelta(hours=1),
        pace=Pace(gap=timedelta(seconds=2), daily=2_000),
        finds="topics with a tag or in a category, posts of a topic, what the forum's search finds",
        reach="a tag's 300 topics of latest activity, a search's 150 newest posts, a category's 30 newest topics, a whole topic",
        delay="within minutes",
        delivers=Delivers.EXCERPT,
        limits=(
            "A search shows no more than its 500 newest posts.",
            "Of topics with a tag the title and tags are given, but not the text.",
            "A forum that is under heavy load answers searches with nothing; that is an error and no news.",
        ),
    )

    site: Annotated[str, Option("host of the forum", example="forum.example.org", check=site_of)]
    tag: Annotated[str, Option("tag of topics", example="microsolidarity", check=_options.hashtag)] = ""
    search: Annotated[str, Option("words to search for, as in the forum's own search", example="microsolidarity")] = ""
    category: Annotated[str, Option("category, as it stands after /c/ in its address", example="organising/7", check=category_of)] = ""
    topic: Annotated[str, Option("number of a topic, from its address", example="6647", check=topic_of)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "tag", "search", "category", "topic")

    @property
    def host(self) -> str:
        return _options.host(self.site).partition("/")[0]

    @property
    def label(self) -> str:
        place = _options.host(self.site)
        if self.topic:
            return f"{place}, topic {self.topic}"
        if self.category:
            return f"{place}, category {self.category.rpartition('/')[0] or self.category}"
        return f"{place}, tag {self.tag}" if self.tag else f"{place}, search {self.search}"

    @property
    def address(self) -> str:
        if self.topic:
            return f"{self._base}/t/-/{self.topic}"
        if self.category:
            return f"{self._base}/c/{quote(self.category)}"
        if self.tag:
            return f"{self._base}/tag/{quote(self.tag)}/l/latest"
        return f"{self._base}/search?{urlencode({'expanded': 'true', 'q': self.search})}"

    @property
    def feed(self) -> str | None:
        if self.search:
            return None
        path = f"t/{self.topic}" if self.topic else f"c/{quote(self.category)}" if self.category else f"tag/{quote(self.tag)}"
        return f"{self._base}/{path}.rss"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """Addresses that only Discourse has, and shorter ones on hosts that are named like a forum."""
        return recognised(address)

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """A tag, category or topic, on a page that names its software; else the forum, in which something is to be looked for."""
        if not _GENERATOR.search(page.body[:65536]):
            return ()
        parts = _options.split(page.url)
        try:
            forum = {"site": site_of(f"{parts.scheme}://{parts.netloc}")}
        except ValueError:
            return ()
        return (recognised(page.url, forum=True) or forum,)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        forum = self._forum
        if self.tag:
            yield from sweep(cursor, lambda at: topics_with(self.tag, at, http=http, forum=forum), head=HEAD_PAGES, doing=READING_TAG)
        elif self.search:
            began: dict[int, str] = {}
            yield from sweep(
                cursor,
                lambda at: posts_found(self.search, at, http=http, forum=forum, began=began),
                head=SEARCH_HEAD_PAGES,
                doing=SEARCHING,
                missed="more posts came than a search shows; a narrower search sees them",
            )
        elif self.category:
            unpack(cursor)
            yield newest_in(self.category, http=http, forum=forum)
        else:
            yield from posts_of(self.topic, cursor, http=http, forum=forum)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts by the topics that they stand in: a topic names the ids of all posts that visitors may see."""
        topics: dict[str, list[Entry]] = {}
        for entry in entries:
            if found := IN_TOPIC.search(_options.split(entry.url).path):
                topics.setdefault(found["topic"], []).append(entry)
        for topic, of_it in sorted(topics.items()):
            try:
                reply = http.get(f"{self._base}/t/{topic}.json", accept="application/json")
            except Gone:
                # The same for what is deleted and what is for members only.
                yield from (Standing(native_id=entry.native_id, found=False) for entry in of_it)
                continue
            except Unauthorized:
                continue
            if not reply.unchanged:
                yield from standings(an_object(reply.json(CHECKING), CHECKING), of_it)

    @property
    def _base(self) -> str:
        return _options.base(self.site)

    @property
    def _forum(self) -> Forum:
        return Forum(base=self._base, site=self.host)
