"""Forums that run Discourse: topics with a tag, what a search finds, a category, the posts of one topic.

Lists of topics and searches are newest first and read by `_sweep`. A category is read as RSS, the only list that carries the first posts'
text. A topic names the ids of all its posts, so its new posts are asked for by id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode

from aggregator.collectors import _options
from aggregator.collectors._discourse_rows import Forum, entry_of_post, entry_of_topic, standings, without_boilerplate
from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._json import a_list, an_object, instant, member, members, number, read_each
from aggregator.collectors._sweep import Listing, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import Gone, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import Http, Pace
from aggregator.model import Entry, Kind, Page

READING_TAG, SEARCHING, READING_TOPIC = "reading topics with a tag", "searching a forum", "reading a topic"
CHECKING = "looking at a topic again"
HEAD_PAGES = 10
"""Pages of 30 topics that a first poll of a tag reads."""
SEARCH_HEAD_PAGES = 3
SEARCH_PAGES = 10
"""A search gives no page after this one (app/controllers/search_controller.rb: 400)."""
CHUNK = 20
"""Posts of a topic that are asked for at once, as many as its first page holds."""
_FORUM_HOST = re.compile(r"(?:forums?|discuss|discourse|community|meta|talk|commons|edgeryders)\..+")
_TAG = re.compile(r"(?P<prefix>(?:/[^/]+)?)/(?P<word>tags?)/(?P<tag>[^/]+?)(?P<sure>/[0-9]+|/l/[a-z]+|\.rss|\.json|)")
_CATEGORY = re.compile(r"(?P<prefix>(?:/[^/]+)??)/c/(?P<category>(?:[^/]+/){1,3}[0-9]+)(?:/l/[a-z]+)?(?:\.rss|\.json)?")
_IN_TOPIC = re.compile(r"/t/(?:[^/]*[^/0-9][^/]*/)?(?P<topic>[0-9]+)(?:/[0-9]+)?/?\Z")
_TOPIC = re.compile(r"(?P<prefix>(?:/[^/]+)?)/t/(?P<slug>[^/]+/)?(?P<topic>[0-9]+)(?:/[0-9]+)?(?:\.rss|\.json|/print|/last)?")


def _site(value: str) -> str:
    """A forum as its host, with the folder it lies in where it lies in one ("example.org/forum")."""
    scheme, mark, rest = value.strip().rpartition("://")
    place, _, folder = rest.partition("/")
    folder = folder.strip("/")
    if folder and not re.fullmatch(r"[A-Za-z0-9._~-]+", folder):
        raise ValueError(f"{value!r} is not a forum; write its host, like 'forum.example.org', and the folder it lies in, if any")
    server = _options.server(f"{scheme}{mark}{place}")
    return f"{server}/{folder}" if folder else server


def _category(value: str) -> str:
    found = re.fullmatch(r"(?:.*/c/)?/?((?:[^/\s?#]+/){0,3}[0-9]+)/?(?:\.rss|\.json)?", value.strip())
    if not found:
        raise ValueError(f"{value!r} is not a category; write what stands after /c/ in its address, like 'organising/7'")
    return found[1]


def _topic(value: str) -> str:
    found = re.fullmatch(r"(?:(?:.*/t/)?[^/\s]*/)?([0-9]{1,12})", value.strip())
    if not found:
        raise ValueError(f"{value!r} is not a topic; write the number in its address, like '6647'")
    return found[1]


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

    site: Annotated[str, Option("host of the forum", example="forum.example.org", check=_site)]
    tag: Annotated[str, Option("tag of topics", example="microsolidarity", check=_options.hashtag)] = ""
    search: Annotated[str, Option("words to search for, as in the forum's own search", example="microsolidarity")] = ""
    category: Annotated[str, Option("category, as it stands after /c/ in its address", example="organising/7", check=_category)] = ""
    topic: Annotated[str, Option("number of a topic, from its address", example="6647", check=_topic)] = ""

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
        parts = _options.split(address)
        forum = _FORUM_HOST.fullmatch(parts.hostname or "") is not None
        path = parts.path.rstrip("/")
        query = parse_qs(parts.query)
        found: re.Match[str] | None
        # Other software has /tags/NAME too, with and without .rss; older forums had it.
        if (found := _TAG.fullmatch(path)) and (forum or (found["sure"] and found["word"] == "tag")):
            options = {"tag": unquote(found["tag"])}
        elif found := _CATEGORY.fullmatch(path):
            options = {"category": unquote(found["category"])}
        elif (found := _TOPIC.fullmatch(path)) and (found["slug"] or forum):
            options = {"topic": found["topic"]}
        elif (found := re.fullmatch(r"(?P<prefix>(?:/[^/]+)?)/search", path)) and query.get("q") and (forum or "expanded" in query):
            options = {"search": query["q"][0]}
        else:
            return None
        try:
            site = _site(f"{parts.scheme}://{parts.netloc}{found['prefix']}")
            return {"site": site} | ({"tag": _options.hashtag(options["tag"])} if "tag" in options else options)
        except ValueError:
            return None

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        if self.tag:
            yield from sweep(cursor, lambda at: self._topics(http, at), head=HEAD_PAGES, doing=READING_TAG)
        elif self.search:
            missed = "more posts came than a search shows; a narrower search sees them"
            began: dict[int, str] = {}
            yield from sweep(cursor, lambda at: self._found(http, at, began), head=SEARCH_HEAD_PAGES, doing=SEARCHING, missed=missed)
        elif self.category:
            yield from self._newest(http, cursor)
        else:
            yield from self._posts(http, cursor)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts by the topics that they stand in: a topic names the ids of all posts that visitors may see."""
        topics: dict[str, list[Entry]] = {}
        for entry in entries:
            if found := _IN_TOPIC.search(_options.split(entry.url).path):
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

    def _topics(self, http: Http, at: str) -> Listing | None:
        """One page of the topics with the tag, by latest activity. `at` is a page number; pinned topics stand first, out of order."""
        doing = READING_TAG
        number_at = int(at) if re.fullmatch(r"[0-9]{1,9}", at) else 0
        params = {"page": str(number_at)} if number_at else {}
        reply = http.get(f"{self._base}/tag/{quote(self.tag)}.json", params=params, accept="application/json")
        if reply.unchanged:
            return None
        found = an_object(reply.json(doing), doing)
        listed = an_object(found.get("topic_list"), doing)
        rows = a_list(listed.get("topics"), doing)
        users = {number(user.get("id")): user for user in members(found.get("users"))}
        entries, remarks = read_each(rows, lambda row: entry_of_topic(row, self._forum, users=users, tag=self.tag), noun="topic")
        loose = [row for row in members(rows) if not (row.get("pinned") is True or row.get("pinned_globally") is True)]
        times = tuple(time for row in loose if (time := instant(row.get("bumped_at")) or instant(row.get("created_at"))))
        return Listing(entries=entries, remarks=remarks, times=times, after=_next_page(listed.get("more_topics_url"), number_at, doing))

    def _found(self, http: Http, at: str, began: dict[int, str]) -> Listing | None:
        """One page of a search, newest post first.

        Args:
            at: the page number.
            began: by number, with which post the pages of this poll began; those of an earlier poll may have moved by whole pages since.
        """
        doing = SEARCHING
        page = at.partition(" ")[0]
        number_at = int(page) if re.fullmatch(r"[0-9]{1,9}", page) else 1
        words = self.search if "order:" in self.search else f"{self.search} order:latest"
        params = {"q": words, "page": str(number_at)}
        reply = http.get(f"{self._base}/search.json", params=params, accept="application/json")
        if reply.unchanged:
            return None
        found = an_object(reply.json(doing), doing)
        summary = an_object(found.get("grouped_search_result"), doing)
        if summary.get("error"):
            raise Unavailable(f"{doing}: {self.host} is overloaded and gave no results")
        rows = a_list(found.get("posts", [] if not summary.get("post_ids") else None), doing)
        topics = {number(topic.get("id")): topic for topic in members(found.get("topics"))}
        entries, remarks = read_each(
            rows, lambda row: entry_of_post(row, self._forum, topics.get(number(row.get("topic_id")))), noun="post"
        )
        first = str(next((number(row.get("id")) for row in members(rows)), ""))
        if first and first == began.get(number_at - 1):
            raise Unreadable(f"{doing}: page {number_at} is the page before it again")
        began[number_at] = first
        more = summary.get("more_full_page_results") is True and bool(rows)
        after = str(number_at + 1) if more and number_at < SEARCH_PAGES else ""
        times = tuple(time for row in members(rows) if (time := instant(row.get("created_at"))))
        return Listing(entries=entries, remarks=remarks, times=times, after=after, withheld=more)

    def _newest(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        """The newest topics of the category with the text of their first posts, as RSS."""
        unpack(cursor)
        reply = http.get(f"{self._base}/c/{quote(self.category)}.rss", accept=ACCEPT)
        feed = feed_of(reply, "reading the feed of a category")
        if feed is None:
            yield Page(entries=(), cursor=pack(read=True))
            return
        entries = tuple(
            replace(
                entry,
                kind=Kind.THREAD,
                # The category comes as a tag; it is not one.
                tags=(),
                html=without_boilerplate(entry.html, entry.url) if entry.html else None,
                site=self.host,
            )
            for entry in feed.entries
        )
        yield Page(entries=entries, cursor=pack(read=True), remarks=feed.remarks)

    def _posts(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        """Every post of the topic.

        What its first page does not hold is asked for by id; the ids still to be asked for are in the cursor.
        """
        position = unpack(cursor)
        last, waiting = number(position.get("last")), _numbers(position.get("waiting"))
        if not waiting:
            reply = http.get(f"{self._base}/t/{self.topic}.json", accept="application/json")
            if reply.unchanged:
                yield Page(entries=(), cursor=cursor)
                return
            topic = an_object(reply.json(READING_TOPIC), READING_TOPIC)
            stream = an_object(topic.get("post_stream"), READING_TOPIC)
            rows, listed = a_list(stream.get("posts"), READING_TOPIC), a_list(stream.get("stream"), READING_TOPIC)
            ids = _numbers(listed)
            if not rows or not ids:
                raise Unreadable(f"{READING_TOPIC}: expected posts, got none")
            # The first posts come with every poll, so that an edit of them is seen.
            shown = {number(row.get("id")) for row in members(rows)}
            waiting, last = [id for id in _after(ids, last) if id not in shown], ids[-1]
            page = self._page(rows, topic, last=last, waiting=waiting)
            odd = (f"{len(listed) - len(ids)} of {len(listed)} ids of posts are no numbers",) if len(ids) < len(listed) else ()
            yield replace(page, remarks=page.remarks + odd)
        while waiting:
            chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
            yield self._chunk(http, chunk, last=last, waiting=waiting)

    def _chunk(self, http: Http, chunk: Sequence[int], *, last: int | None, waiting: Sequence[int]) -> Page:
        """The posts with the ids of `chunk`; a remark when some of them did not come."""
        url = f"{self._base}/t/{self.topic}/posts.json"
        reply = http.get(url, params={"post_ids[]": [str(id) for id in chunk]}, accept="application/json")
        if reply.unchanged:
            return self._page([], {}, last=last, waiting=waiting)
        stream = an_object(an_object(reply.json(READING_TOPIC), READING_TOPIC).get("post_stream"), READING_TOPIC)
        rows = a_list(stream.get("posts"), READING_TOPIC)
        came = {number(member(row).get("id")) for row in rows}
        if rows and not came & set(chunk):
            raise Unreadable(f"{READING_TOPIC}: asked for {len(chunk)} posts by id, got {len(rows)} others")
        page = self._page(rows, {"id": int(self.topic)}, last=last, waiting=waiting)
        missing = len(set(chunk) - came)
        doubt = (f"{missing} of {len(chunk)} posts asked for by id did not come",) if missing else ()
        return replace(page, remarks=page.remarks + doubt)

    def _page(self, rows: Sequence[Any], topic: dict[str, Any], *, last: int | None, waiting: Sequence[int]) -> Page:
        entries, remarks = read_each(rows, lambda row: entry_of_post(row, self._forum, topic), noun="post")
        rest = {"waiting": list(waiting)} if waiting else {}
        return Page(entries=entries, cursor=pack(last=last, **rest), remarks=remarks)


def _numbers(value: Any) -> list[int]:
    return [one for row in value if (one := number(row)) is not None] if isinstance(value, list) else []


def _after(ids: list[int], last: int | None) -> list[int]:
    """The posts after the last one that was there; where that was deleted or moved away, those with a greater id."""
    if last is None:
        return ids
    return ids[ids.index(last) + 1 :] if last in ids else [id for id in ids if id > last]


def _next_page(more: Any, page: int, doing: str) -> str:
    """The number of the next page, from the address the forum gives for it; "" at the end."""
    if more is None:
        return ""
    found = parse_qs(_options.split(f"https://forum.invalid{more}").query).get("page", [""])[0] if isinstance(more, str) else ""
    if not re.fullmatch(r"[0-9]{1,9}", found) or int(found) <= page:
        raise Unreadable(f"{doing}: expected the address of page {page + 1}, got another")
    return found
