"""Posts of Tumblr with a tag. The listing is newest first and its position a second, so a page begins with what the last one ended with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, unquote

from aggregator.collectors import _options
from aggregator.collectors._json import (
    Odd,
    a_list,
    an_object,
    member,
    members,
    needed,
    number,
    read_each,
    tag_names,
    text,
    web_address,
)
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.errors import Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Author, Entry, GapReason, Kind, Missed, Page, Preview

DOING = "reading a tag of Tumblr"
LIMIT = 20
HEAD_PAGES = 3
# What a post says, by its type ("Legacy post types" of the API).
_MARKUP = ("body", "caption", "description", "text", "source", "question", "answer")
_LAST = int(datetime(9998, 1, 1, tzinfo=UTC).timestamp())


def _tag(value: str) -> str:
    tag = value.strip().removeprefix("#").strip()
    if not tag or re.search(r"[#,/]", tag):
        raise ValueError(f"{value!r} is not a tag; write it without the #, like 'microsolidarity' or 'micro solidarity'")
    return tag


@dataclass(frozen=True, kw_only=True)
class Tumblr(Collector):
    """Posts with a tag on all of Tumblr. It wants a key, which is free and made at once. A tag may hold spaces and is compared as a whole:
    "micro solidarity" and "microsolidarity" are two tags, and want two sources. A reblog counts as an answer to the post at its root. The
    posts of one blog need no key: write the blog's address, and its feed is read.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="tumblr",
        title="Tumblr",
        homepage="https://www.tumblr.com",
        spec="tumblr/docs, api.md, /tagged and legacy post types, of October 2024, read 2026-08-22",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.QUERY,
            variable="TUMBLR_API_KEY",
            how="Register an application at https://www.tumblr.com/oauth/apps and copy its OAuth consumer key.",
            without="",
            name="api_key",
        ),
        every=timedelta(hours=1),
        pace=Pace(gap=timedelta(seconds=4), daily=4_000),
        finds="posts with a tag, on all blogs",
        reach="the newest 60 posts with the tag",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=("Only the tags of a post are searched, and not its words.", "The tag must be the same, with its spaces."),
    )

    tag: Annotated[str, Option("tag without the #, spaces allowed", example="microsolidarity", check=_tag)]

    @property
    def host(self) -> str:
        return "api.tumblr.com"

    @property
    def label(self) -> str:
        return f"#{self.tag} on Tumblr"

    @property
    def address(self) -> str:
        return f"https://www.tumblr.com/tagged/{quote(self.tag, safe='')}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """`https://www.tumblr.com/tagged/TAG`; a blog's own tag is its feed's."""
        parts = _options.split(address)
        found = re.fullmatch(r"/tagged/([^/]+)(?:/recent)?/?", parts.path)
        if parts.hostname not in ("www.tumblr.com", "tumblr.com") or not found:
            return None
        try:
            return {"tag": _tag(unquote(found[1].replace("+", " ")))}
        except ValueError:
            return None

    @classmethod
    def declined(cls, address: str) -> str | None:
        if _options.split(address).hostname not in ("www.tumblr.com", "tumblr.com"):
            return None
        how = "write https://www.tumblr.com/tagged/TAG, or the blog's own address, like https://ada.tumblr.com/"
        return f"names no tag on Tumblr; {how}. A post is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING, coarse=True)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, until the end or until a whole page is older than `since`."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    def _listing(self, http: Http, at: str) -> Listing | None:
        """One page; the next begins with the last second of this one, since several posts may share it."""
        # As plain text (`filter=text`) it would come without the addresses of its links.
        params = {"tag": self.tag, "limit": str(LIMIT)} | ({"before": at} if at else {})
        reply = http.get("https://api.tumblr.com/v2/tagged", params=params, accept="application/json", auth=True)
        if reply.unchanged:
            return None
        rows = a_list(an_object(reply.json(DOING), DOING).get("response"), DOING)
        times = [moment for row in members(rows) if (moment := _instant(row.get("timestamp")))]
        if rows and not times:
            raise Unreadable(f"{DOING}: expected posts with times, got {len(rows)} without")
        if at and times and max(times).timestamp() >= int(at):
            raise Unreadable(f"{DOING}: the page before {at} holds what is newer")
        after = str(int(min(times).timestamp()) + 1) if times else ""
        missed = None
        if after == at and len(rows) >= LIMIT:
            # One second holds more than a page: its rest cannot be asked for, what is below it can.
            second = min(times)
            missed, after = Missed(reason=GapReason.WITHHELD, since=second, until=second), str(int(second.timestamp()))
        entries, remarks = read_each(rows, _entry, noun="post")
        return Listing(entries=entries, remarks=remarks, times=tuple(times), after="" if after == at else after, missed=missed)


def _entry(post: dict[str, Any]) -> Entry:
    id = text(post.get("id_string")) or str(number(post.get("id")) or "")
    url = web_address(post.get("post_url"))
    if not id or url is None:
        raise Odd("no id" if not id else "no url")
    blog, shared = needed(post, "blog_name"), web_address(post.get("url")) if post.get("type") == "link" else None
    preview = Preview(url=shared, title=text(post.get("title")), description=text(post.get("excerpt"))) if shared else None
    return Entry(
        native_id=id,
        url=url,
        kind=Kind.POST,
        title=text(post.get("title")) if shared is None else None,
        html="\n".join(_said(post)),
        author=Author(name=blog, handle=blog, url=_blog(post, blog)),
        published=_instant(post.get("timestamp")),
        tags=tag_names(post["tags"] if isinstance(post.get("tags"), list) else ()),
        links=(shared,) if shared else (),
        alternatives=tuple(words for photo in members(post.get("photos")) if (words := text(photo.get("caption")))),
        previews=(preview,) if preview else (),
        in_reply_to=web_address(post.get("reblogged_root_url")) or web_address(post.get("reblogged_from_url")),
    )


def _said(post: Mapping[str, Any]) -> Iterator[str]:
    """What a post says, as markup, in the order in which it is read."""
    yield from (words for name in _MARKUP if (words := text(post.get(name))))
    yield from (f"<p>{escape(words)}</p>" for line in members(post.get("dialogue")) if (words := text(line.get("phrase"))))


def _blog(post: Mapping[str, Any], name: str) -> str | None:
    told = web_address(member(post.get("blog")).get("url"))
    return told or (f"https://{name}.tumblr.com/" if re.fullmatch(r"[a-z0-9][a-z0-9-]*", name, re.IGNORECASE) else None)


def _instant(value: Any) -> datetime | None:
    seconds = number(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < _LAST else None
