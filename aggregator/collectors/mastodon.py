"""Hashtag timelines of Mastodon and of the servers that speak its API.

The newest page is always asked for first, under one address that never changes: a server answers 304 when nothing is new, and a post that
federated late, whose id is older than one seen before, is still found there. Only when that page does not reach what is known is the gap
read forward with `min_id`, oldest first, so that a cut loses nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from aggregator.collectors import _options
from aggregator.collectors._json import (
    Odd,
    a_list,
    an_object,
    instant,
    member,
    members,
    needed,
    read_each,
    tag_names,
    text,
    texts,
    web_address,
)
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.fetch import Http, Pace
from aggregator.model import Author, Enclosure, Entry, Kind, Page, Preview, Restriction, Visibility
from aggregator.text.opt_out import opts_out

DOING, CHECKING = "reading hashtag timeline", "looking at posts again"
LIMIT = 40
"""The most that a page holds (API documentation, timelines/tag)."""
AT_ONCE = 20
"""Posts that are asked for by id at once: a modest address of 500 characters."""
HEAD_PAGES = 5
"""How many pages a first poll reads."""
_TAG_PAGE = re.compile(r"(?:(?:/web|/deck)?/tags/|/web/timelines/tag/|/api/v1/timelines/tag/)([^/]+?)(?:\.rss)?")
# Ids of Mastodon are numbers that begin with the time; no other software has such long ones behind a name.
_STATUS = re.compile(r"(?:/web|/deck)?/(?:@[^/]+|users/[^/]+/statuses)/[0-9]{15,}(?:/.*)?")


@dataclass(frozen=True, kw_only=True)
class Mastodon(Collector):
    """The public posts with a hashtag, as one Mastodon server has heard of them. No server sees the whole network, so name two or three: a
    large one and those where the community lives; the same post seen from several servers is one mention. Other software that speaks
    Mastodon's API (Pleroma, Akkoma, snac) is read the same way. Posts of people who ask not to be found, by their account's settings or
    by a word like #nobot in their biography, are not shown. A server that closed its timelines to visitors says so; choose another.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="mastodon",
        title="Mastodon",
        homepage="https://joinmastodon.org",
        spec="https://docs.joinmastodon.org/methods/timelines/#tag, read 2026-07-30",
        method=Method.API,
        kinds=(Kind.POST,),
        every=timedelta(minutes=15),
        pace=Pace(gap=timedelta(seconds=1), daily=20_000),
        finds="posts with a hashtag, as one server knows them",
        reach="the newest 200 posts with the tag",
        delay="within minutes, as far as the server hears of them",
        delivers=Delivers.COMPLETE,
        limits=(
            "Only posts that the chosen server has received are seen.",
            "A word without the hashtag cannot be searched for.",
            "Some servers show their timelines to members only.",
        ),
    )

    server: Annotated[str, Option("server that is asked", example="mastodon.social", check=_options.server)]
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

    @property
    def feed(self) -> str:
        return f"{self.address}.rss"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """`https://SERVER/tags/TAG`, also with `.rss` and as apps write it. With a final slash it is a page of a blog, not a server's."""
        parts = _options.split(address)
        found = _TAG_PAGE.fullmatch(parts.path)
        if not found or not parts.hostname:
            return None
        try:
            server = _options.server(f"{parts.scheme}://{parts.netloc}")
            return {"server": server, "tag": _options.hashtag(unquote(found[1]))}
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if not _STATUS.fullmatch(_options.split(address).path):
            return None
        return "names a single post; write that of a hashtag (/tags/…) or of its author. The post is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        newest = _id(position.get("newest"))
        if newest is None:
            yield from self._head(http, pages=HEAD_PAGES, newest=None, before=None)
        elif "before" in position:
            yield from self._head(http, pages=_count(position.get("pages")), newest=newest, before=_id(position["before"]))
        elif position.get("behind"):
            yield from self._catch_up(http, newest)
        else:
            yield from self._news(http, newest)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the server has no more or a whole page is older than `since`."""
        position = unpack(cursor)
        before, reached = _id(position.get("before")), instant(position.get("reached"))
        while not (since and reached and reached < since) and (rows := self._ask(http, before=before)):
            before = _progress(before, _last(rows))
            times = [moment for row in rows if (moment := instant(member(row).get("created_at")))]
            reached = max(times, default=reached)
            yield self._page(rows, pack(before=before, reached=reached.isoformat() if reached else ""))

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts by their ids, several at once where the server can (Mastodon 4.3, methods/statuses/#index), else one by one."""
        url = f"{_options.base(self.server)}/api/v1/statuses"
        for start in range(0, len(entries), AT_ONCE):
            wanted = [entry.native_id for entry in entries[start : start + AT_ONCE]]
            rows = self._several(http, url, wanted)
            for id in wanted:
                row = rows.get(id) if rows else self._single(http, f"{url}/{quote(id, safe='')}")
                if standing := _standing(id, row):
                    yield standing

    def _several(self, http: Http, url: str, ids: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        """Statuses by id; none where the server cannot give several: it answers 404, 405 or 422, or a list that takes no notice of ids."""
        try:
            reply = http.get(url, params={"id[]": ids}, accept="application/json")
        except (Gone, Unreadable):
            return {}
        rows = {_row_id(row): row for row in members(a_list(reply.json(CHECKING), CHECKING))}
        return {id: rows[id] for id in ids if id in rows}

    def _single(self, http: Http, url: str) -> dict[str, Any] | None:
        """One status; None when it is not there, or not for visitors (the API says 404 for both)."""
        try:
            return an_object(http.get(url, accept="application/json").json(CHECKING), CHECKING)
        except Gone:
            return None

    def _head(self, http: Http, *, pages: int, newest: str | None, before: str | None) -> Iterator[Page]:
        """The newest pages, back to a modest depth. What is new meanwhile is the next poll's."""
        while rows := self._ask(http, before=before):
            newest = newest or _first(rows)
            before, pages = _progress(before, _last(rows)), pages - 1
            rest = {"before": before, "pages": pages} if pages > 0 else {}
            yield self._page(rows, pack(newest=newest, **rest))
            if not rest:
                return
        yield Page(entries=(), cursor=pack(newest=newest) if newest else "")

    def _news(self, http: Http, newest: str) -> Iterator[Page]:
        """The newest page; then, where it does not reach back to `newest`, everything in between."""
        rows = self._ask(http)
        if not rows or any(_order(one) <= _order(newest) for one in map(_row_id, rows) if one):
            yield self._page(rows, pack(newest=_first(rows) if rows else newest))
            return
        yield self._page(rows, pack(newest=newest, behind=True))
        yield from self._catch_up(http, newest, top=_first(rows))

    def _catch_up(self, http: Http, newest: str, top: str | None = None) -> Iterator[Page]:
        """What came after `newest`, oldest page first, until there is no more.

        A first page that is the one on `top` again is right when exactly one page came; a server that ignores `min_id` gives it too.
        """
        while rows := self._ask(http, after=newest):
            reached = max(_first(rows), _last(rows), key=_order)
            doubt = (f"the page after post {newest} is the newest page: posts between may be missing",) if reached == top else ()
            top, newest = None, _progress(newest, reached)
            page = self._page(rows, pack(newest=newest, behind=True))
            yield replace(page, remarks=page.remarks + doubt)
        yield Page(entries=(), cursor=pack(newest=newest))

    def _ask(self, http: Http, *, before: str | None = None, after: str | None = None) -> list[Any]:
        """The posts of one page, newest first; [] when there are none, or none that were not read before.

        A tag nobody used is 404 on some servers and an empty list on others (API documentation; Mastodon 4 answers []).
        """
        params = {"limit": str(LIMIT)} | ({"max_id": before} if before else {}) | ({"min_id": after} if after else {})
        url = f"{_options.base(self.server)}/api/v1/timelines/tag/{quote(self.tag, safe='')}"
        try:
            reply = http.get(url, params=params, accept="application/json")
        except Gone as error:
            if error.status == 404:
                return []
            raise
        except Unauthorized as error:
            message = f"{DOING}: {self.host} shows it to its members only; choose another server that this hashtag reaches"
            raise Unauthorized(message, status=error.status) from error
        if reply.unchanged:
            return []
        rows = a_list(reply.json(DOING), DOING)
        if rows and not any(_row_id(row) for row in rows):
            raise Unreadable(f"{DOING}: expected posts with ids, got {len(rows)} without")
        return rows

    def _page(self, rows: Sequence[Any], cursor: Cursor) -> Page:
        entries, remarks = read_each(rows, self._entry, noun="post")
        return Page(entries=entries, cursor=cursor, remarks=remarks)

    def _entry(self, row: dict[str, Any]) -> Entry | None:
        """A status as an entry; None when it is not public, does not carry the tag or its account is limited here."""
        if needed(row, "visibility") != "public":
            return None
        account = row.get("account")
        if not isinstance(account, dict):
            # Without it nobody knows whether the author wants to be shown.
            raise Odd("no account")
        if account.get("suspended") is True or account.get("limited") is True:
            return None
        content = _content(row)
        tags = _tags(row)
        if not _carries(self.tag, tags, content):
            return None
        uri = web_address(row.get("uri"))
        url = web_address(row.get("url")) or uri
        if url is None:
            raise Odd("no url")
        media = members(row.get("media_attachments"))
        return Entry(
            native_id=needed(row, "id"),
            url=url,
            kind=Kind.POST,
            title=text(row.get("spoiler_text")),
            html=content,
            author=self._author(account),
            published=instant(row.get("created_at")),
            updated=instant(row.get("edited_at")),
            language=text(row.get("language")),
            tags=tags,
            alternatives=texts(one.get("description") for one in media),
            previews=_previews(member(row.get("card"))),
            enclosures=tuple(
                Enclosure(url=found) for one in media if one.get("type") in ("audio", "video") and (found := web_address(one.get("url")))
            ),
            in_reply_to=text(row.get("in_reply_to_id")),
            aliases=(uri,) if uri and uri != url else (),
            restrictions=_restrictions(account),
        )

    def _author(self, account: dict[str, Any]) -> Author | None:
        """The account; a local one's handle is completed with the host of its page, which is not always the one that is asked."""
        handle, url = text(account.get("acct")), web_address(account.get("url"))
        if handle and "@" not in handle:
            handle = f"{handle}@{(urlsplit(url).netloc if url else self.host).lower()}"
        name = text(account.get("display_name")) or text(account.get("username"))
        return Author(name=name, url=url, handle=handle) if name or handle else None


def _standing(id: str, row: dict[str, Any] | None) -> Standing | None:
    """How a status stands; None for one that does not say who sees it."""
    if row is None:
        return Standing(native_id=id, found=False)
    account, visibility = row.get("account"), _VISIBILITIES.get(text(row.get("visibility")) or "")
    if not isinstance(account, dict) or visibility is None:
        return None
    if account.get("suspended") is True or account.get("limited") is True:
        visibility = Visibility.PRIVATE
    return Standing(native_id=id, found=True, visibility=visibility, restrictions=_restrictions(account))


_VISIBILITIES = {
    "public": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "private": Visibility.PRIVATE,
    "direct": Visibility.PRIVATE,
}


def _content(row: dict[str, Any]) -> str:
    """The markup of a status; "" for a post of pictures alone."""
    content = row.get("content")
    if not isinstance(content, str):
        raise Odd("no content")
    return text(content) or ""


def _tags(row: dict[str, Any]) -> tuple[str, ...]:
    listed = row.get("tags")
    if not isinstance(listed, list):
        raise Odd("no tags")
    return tag_names(one.get("name") for one in members(listed))


def _previews(card: dict[str, Any]) -> tuple[Preview, ...]:
    url = web_address(card.get("url"))
    if url is None:
        return ()
    named = [text(one.get("name")) for one in members(card.get("authors"))]
    author = next(filter(None, named), None) or text(card.get("author_name"))
    title, site = text(card.get("title")), text(card.get("provider_name"))
    return (Preview(url=url, title=title, description=text(card.get("description")), author=author, site=site),)


def _restrictions(account: dict[str, Any]) -> tuple[Restriction, ...]:
    """What the account says against being shown; `null`, as older servers send, is no objection."""
    # The rows of a profile's table are part of what it says.
    rows = [one.get(name) for one in members(account.get("fields")) for name in ("name", "value")]
    said = {
        Restriction.NOINDEX: account.get("noindex") is True,
        Restriction.NOT_DISCOVERABLE: account.get("discoverable") is False,
        Restriction.NO_BOT: any(map(opts_out, texts([account.get("note"), *rows]))),
    }
    return tuple(restriction for restriction, is_said in said.items() if is_said)


def _carries(tag: str, tags: Sequence[str], content: str) -> bool:
    """Whether a post carries the hashtag; servers with other software have ignored what was asked."""
    wanted = _folded(tag)
    words = re.findall(r"#\s*([\w·]+)", _folded(html.unescape(re.sub(r"<[^>]*>", "", content))))
    return wanted in map(_folded, tags) or wanted in words


def _folded(tag: str) -> str:
    """A hashtag as Mastodon compares them: without case, width and accents (app/lib/hashtag_normalizer.rb)."""
    apart = unicodedata.normalize("NFKD", tag.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _order(id: str) -> tuple[int, str]:
    """Ids of one server in the order they were given: numbers that have grown longer, or texts of one length."""
    return (len(id), id)


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value <= HEAD_PAGES else 1


def _row_id(row: Any) -> str:
    """The id of a status; "" when it has none."""
    return text(member(row).get("id")) or ""


def _first(rows: Sequence[Any]) -> str:
    return next(filter(None, map(_row_id, rows)))


def _last(rows: Sequence[Any]) -> str:
    return next(filter(None, map(_row_id, reversed(rows))))


def _progress(before: str | None, after: str) -> str:
    """`after`, which must be another position than before: a server that ignores the position would be asked for ever."""
    if after == before:
        raise Unreadable(f"{DOING}: the server gave the page at {after[:40]!r} a second time")
    return after
