"""From what a directory of podcasts finds to the feeds it leads to, which are then read: so many of them, each at every poll.

A directory is asked at every poll. Its own account of an episode is kept only where the show's feed does not hold the episode: the feed
knows more of it, above all its page. Recordings are never asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._json import FEWEST_STRANGE, Odd, member, texts, web_address
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.collectors.podcast import episode_of
from aggregator.errors import Gone, SourceError, Unreadable
from aggregator.fetch import Http
from aggregator.model import Entry, Page
from aggregator.text.secret_address import is_secret, masked

DOING = "reading the feed of a show that was found"
MOST_FEEDS = 25
"""Shows that are read; who wants more of them names them as sources of their own."""
_MOST_IDS = 200
_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A show or an episode that a directory found."""

    # Address of the show's feed; "" when the directory does not say.
    feed: str
    # The directory's own account of an episode, under `episode_id` where the feed is known; None for a show.
    entry: Entry | None = None
    # Of the episode, as the feed has it; "" when the directory does not say.
    guid: str = ""
    # The directory's number of the show; 0 when it is not wanted.
    show: int = 0
    # Everything the directory says of it in words.
    words: str = ""


def episode_id(feed: str, guid: str) -> str:
    """The id of an episode within a directory: the show's feed and the id that it has there (podcast namespace, "guid")."""
    return f"{feed.partition('://')[2].rstrip('/')} {guid}"


def feed_address(value: Any) -> str:
    """The address of a feed as a directory gives it; "" for none, and for one that only a subscriber may know."""
    found = web_address(value) or ""
    return "" if is_secret(found) else found


def words_of(row: Mapping[str, Any], *names: str) -> str:
    """The texts of some fields, a paragraph each."""
    return "\n\n".join(texts(row.get(name) for name in names))


def shows_in(rows: Sequence[Any], *, most: str = "") -> tuple[tuple[Hit, ...], tuple[str, ...]]:
    """The shows among results, as Apple's directory and the search of Podcast Index that answers like it give them."""

    def read(row: dict[str, Any]) -> Hit | None:
        if row.get("kind", "podcast") != "podcast":
            raise Odd("not a show")
        # Shows of a single platform have no feed.
        feed = feed_address(row.get("feedUrl"))
        return Hit(feed=feed, words=words_of(row, "collectionName", "trackName", "artistName", "description")) if feed else None

    return hits_in(rows, read, noun="show", most=most)


def hits_in(
    rows: Sequence[Any], read: Callable[[dict[str, Any]], Hit | None], *, noun: str, most: str = ""
) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
    """What `read` makes of results, each episode once, and a remark for each reason why one could not be used.

    `read` gives None for one that is well formed and leads nowhere, and raises `Odd` for one that is not.

    Args:
        most: as many as the directory gives at all, so that of a full list nobody knows whether it is whole; "" for a list that has an end.

    Raises:
        Unreadable: there are several and none can be used: the directory writes them otherwise than it did.
    """
    hits: dict[object, Hit] = {}
    odd: Counter[str] = Counter()
    for place, row in enumerate(rows):
        try:
            if not isinstance(row, dict):
                raise Odd("not an object")
            if hit := read(row):
                hits.setdefault(hit.entry.native_id if hit.entry else place, hit)
        except Odd as error:
            odd[str(error)] += 1
    if len(rows) >= FEWEST_STRANGE and odd.total() == len(rows):
        raise Unreadable(f"reading {len(rows)} {noun}s: expected some that can be used, got none: {odd.most_common(1)[0][0]}")
    left_out = (f"{count} {noun}{'s' if count > 1 else ''} left out: {reason}" for reason, count in odd.items())
    full = most and len(rows) >= int(most)
    return tuple(hits.values()), (*left_out, *((f"{len(rows)} {noun}s are as many as are given: there may be more",) if full else ()))


def speaking(hits: Iterable[Hit], word: str) -> tuple[str, ...]:
    """Feeds of the shows of which the directory says something that holds the word, each once: directories search loosely."""
    wanted = _LETTERS.sub("", word.casefold())
    return tuple(dict.fromkeys(hit.feed for hit in hits if hit.feed and wanted in _LETTERS.sub("", hit.words.casefold())))


def follow(http: Http, cursor: Cursor, hits: Sequence[Hit], remarks: tuple[str, ...], *, word: str) -> Iterator[Page]:
    """What was found: first the episodes whose feeds are not read, then a page for each feed that is.

    Args:
        word: what the directory was asked for; "" takes everything that it found.
    """
    said = unpack(cursor)
    known = {feed: [*texts(ids)] for feed, ids in member(said.get("feeds")).items() if web_address(feed) and isinstance(ids, list)}
    found = speaking(hits, word)
    feeds = tuple(dict.fromkeys((*known, *found)))
    read, over = feeds[:MOST_FEEDS], len(feeds) - MOST_FEEDS
    walk = _Walk(http=http, hits=hits, known={feed: known.get(feed, []) for feed in read}, firsts={})
    waiting = said.get("left")
    left = [feed for feed in texts(waiting) if feed in read] if isinstance(waiting, list) else list(read)
    if not isinstance(waiting, list):
        fresh = len(set(read) - known.keys())
        count = f"{fresh} {'show' if fresh == 1 else 'shows'} found: {'its feed is' if fresh == 1 else 'their feeds are'} read from now on"
        more = f"{over} {'show is' if over == 1 else 'shows are'} more than are read here; add what matters as a source of its own"
        loose = tuple(hit.entry for hit in hits if hit.entry and hit.feed not in read)
        told = (*remarks, *((count,) if fresh else ()), *((more,) if over > 0 else ()))
        yield Page(entries=_once(loose), cursor=walk.packed(left), remarks=told)
    while left:
        feed, left = left[0], left[1:]
        entries, odd = walk.read(feed)
        yield Page(entries=entries, cursor=walk.packed(left), remarks=odd)


@dataclass(kw_only=True)
class _Walk:
    """One walk through the feeds of found shows."""

    http: Http
    hits: Sequence[Hit]
    # By feed, the ids of the episodes found there that were looked for in it.
    known: dict[str, list[str]]
    # By the first episode of a feed, which feed that is.
    firsts: dict[str, str]

    def packed(self, left: Sequence[str]) -> Cursor:
        return pack(feeds=self.known, **({"left": list(left)} if left else {}))

    def read(self, address: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        """The episodes of one show, with those that only the directory has."""
        found = [hit for hit in self.hits if hit.feed == address and hit.entry]
        fresh = [hit for hit in found if hit.entry and hit.entry.native_id not in self.known[address]]
        self.known[address] = [*self.known[address], *(hit.entry.native_id for hit in fresh if hit.entry)][-_MOST_IDS:]
        odd: tuple[str, ...] = ()
        try:
            reply = self.http.get(address, accept=ACCEPT)
            feed = feed_of(replace(reply, silent=reply.silent and not fresh), DOING)
        except SourceError as error:
            feed, odd = None, (f"a show's feed is not read: {masked(str(error), '…')}",)
            if isinstance(error, Gone):
                del self.known[address]
        if feed is None:
            # What was looked for in the feed before is in it, or was told then.
            return _once(hit.entry for hit in fresh if hit.entry), odd
        first = feed.entries[0].native_id if feed.entries else ""
        if first and self.firsts.setdefault(first, address) != address:
            del self.known[address]
            return (), (f"{masked(address, '…')} is the same show as {masked(self.firsts[first], '…')}: read once",)
        entries = [_joined(episode_of(entry, feed), address, found) for entry in feed.entries]
        held = {entry.native_id for entry in entries}
        media = {one.url for entry in entries for one in entry.enclosures}
        missing = (hit.entry for hit in found if hit.entry and not _is_held(hit.entry, held, media))
        return _once((*entries, *missing)), feed.remarks


def _joined(entry: Entry, feed: str, found: Sequence[Hit]) -> Entry:
    """An episode of a feed under the id that it has in the directory, with the directory's page of it as another address."""
    pages = (hit.entry.url for hit in found if hit.entry and hit.guid == entry.native_id)
    aliases = tuple(dict.fromkeys((*entry.aliases, *(page for page in pages if page != entry.url))))
    return replace(entry, native_id=episode_id(feed, entry.native_id), aliases=aliases)


def _is_held(entry: Entry, ids: set[str], media: set[str]) -> bool:
    return entry.native_id in ids or any(one.url in media for one in entry.enclosures)


def _once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple({entry.native_id: entry for entry in entries}.values())
