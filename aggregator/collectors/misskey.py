"""Hashtags on Misskey and its forks, newest first and read by `_sweep`; `_misskey_note` reads one note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, unquote

from aggregator.collectors import _options
from aggregator.collectors._json import a_list, an_object, instant, member, members, read_each, text
from aggregator.collectors._misskey_note import entry_of, standing_of
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Kind, Page

DOING, CHECKING = "reading notes with the hashtag", "looking at notes again"
LIMIT = 100
"""The most that a page holds, and the most accounts that are shown at once (endpoints notes/search-by-tag and users/show)."""
HEAD_PAGES = 2
"""How many pages a first poll reads."""
_NAMES = frozenset(("misskey", "sharkey", "firefish", "iceshrimp", "cherrypick", "foundkey", "calckey"))


@dataclass(frozen=True, kw_only=True)
class Misskey(Collector):
    """The public notes with a hashtag, as one server with Misskey (or Sharkey, Firefish, CherryPick …) has heard of them. Its own interface
    is asked, without a key. Many servers show visitors only what their own members write, so choose the server where people write, or add
    one with Mastodon, which hears of the same notes. Notes that are not for everybody, that stay on their server, or whose authors want
    readers to log in or programs to stay away, are not shown.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="misskey",
        title="Misskey",
        homepage="https://misskey-hub.net",
        spec="endpoints notes/search-by-tag, notes/show and users/show of misskey-dev/misskey, read 2026-11-22",
        method=Method.API,
        kinds=(Kind.POST,),
        every=timedelta(minutes=30),
        pace=Pace(gap=timedelta(seconds=1), daily=5_000),
        finds="notes with a hashtag, as one server knows them",
        reach="the newest 200 notes with the hashtag",
        delay="within the hour",
        delivers=Delivers.COMPLETE,
        limits=(
            "Since version 2025.5.1 most servers show visitors only the notes of their own members, and some show none.",
            "A word without the hashtag cannot be searched for.",
        ),
    )

    server: Annotated[str, Option("server that is asked", example="misskey.example", check=_options.server)]
    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_options.hashtag)]

    @property
    def host(self) -> str:
        return _options.host(self.server)

    @property
    def label(self) -> str:
        return f"#{self.tag} on {self.host}"

    @property
    def address(self) -> str:
        return f"{_options.base(self.server)}/tags/{quote(self.tag)}"

    @classmethod
    def signs(cls, page: Reply) -> Sequence[Mapping[str, str]]:
        """A page of a hashtag, which has the address that Mastodon gives to hers: the page's own name of the software tells them apart."""
        parts = _options.split(page.url)
        tag = unquote(parts.path.removeprefix("/tags/")) if parts.path.startswith("/tags/") else ""
        head = page.body[:65536].lower()
        named = any(f'name="application-name" content="{name}"'.encode() in head for name in _NAMES)
        try:
            return ({"server": _options.server(f"{parts.scheme}://{parts.netloc}"), "tag": _options.hashtag(tag)},) if named and tag else ()
        except ValueError:
            return ()

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"server": "misskey.io", "tag": word},)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older notes, newest first, until the server has no more or a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    # What an account says against being found stands on its own page alone, and not beside its notes.
    looks_closer: ClassVar[bool] = True

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Notes one by one, and what their authors' pages say, all authors at once."""
        notes = {entry.native_id: self._note(http, entry.native_id) for entry in entries}
        authors = tuple(dict.fromkeys(id for note in notes.values() if note and (id := text(note.get("userId")))))
        people: dict[str | None, dict[str, Any]] = {}
        for start in range(0, len(authors), LIMIT):
            shown = self._asked(http, "users/show", {"userIds": authors[start : start + LIMIT]}, CHECKING)
            people |= {text(one.get("id")): one for one in members(a_list(shown.json(CHECKING), CHECKING))}
        for id, note in notes.items():
            if standing := standing_of(id, note, people.get(text(member(note).get("userId")))):
                yield standing

    def _note(self, http: Http, id: str) -> dict[str, Any] | None:
        """One note; None when the server has none such, which it says with status 400 (error NO_SUCH_NOTE)."""
        try:
            return an_object(self._asked(http, "notes/show", {"noteId": id}, CHECKING).json(CHECKING), CHECKING)
        except (Gone, Unreadable) as error:
            if error.status in (400, 404):
                return None
            raise

    def _listing(self, http: Http, at: str) -> Listing | None:
        """The notes before the one at `at`, newest first."""
        asked = {"tag": self.tag, "limit": LIMIT} | ({"untilId": at} if at else {})
        reply = self._asked(http, "notes/search-by-tag", asked, DOING)
        if reply.unchanged:
            return None
        rows = a_list(reply.json(DOING), DOING)
        ids = [id for row in rows if (id := text(member(row).get("id")))]
        if rows and not ids:
            raise Unreadable(f"{DOING}: expected notes with ids, got {len(rows)} without")
        entries, remarks = read_each(rows, lambda row: entry_of(row, server=self.server, tag=self.tag), noun="note")
        times = tuple(time for row in rows if (time := instant(member(row).get("createdAt"))))
        if not rows and not at:
            remarks = (f"{self.host} shows visitors no note with this hashtag",)
        # A page comes short when blocked servers' notes are taken out of it, so only an empty one is the end.
        return Listing(entries=entries, remarks=remarks, times=times, after=ids[-1] if ids else "")

    def _asked(self, http: Http, endpoint: str, said: Mapping[str, Any], doing: str) -> Reply:
        try:
            return http.post(f"{_options.base(self.server)}/api/{endpoint}", json=said, accept="application/json")
        except Unauthorized as error:
            message = f"{doing}: {self.host} shows notes to its members only; choose another server that this hashtag reaches"
            raise Unauthorized(message, status=error.status) from error
