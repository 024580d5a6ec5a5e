"""Posts and comments of Reddit as entries: those of its feeds and those of its interface come out the same, with the same ids.

What was removed, or is not for every age, comes out as private, so that it is taken down where it was known.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urljoin

from aggregator.collectors._json import LAST_YEAR, Odd, a_list, an_object, member, needed, text, web_address
from aggregator.collectors._parts import title_text
from aggregator.collectors.base import Standing
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.model import Author, Entry, Kind, Preview, Visibility
from aggregator.text.html import visible

SITE = "https://www.reddit.com"
# What stands in place of a title or text that is no more ("[ Removed by moderator ]", "[deleted by user]").
_REMOVED = re.compile(r"\[\s*(?:removed|deleted)\b[^\[\]]{0,120}\]", re.IGNORECASE)
_ADULT = re.compile(r"[\[(]\s*nsf[wl]\s*[\])]", re.IGNORECASE)
_THING = re.compile(r"t[13]_[0-9a-z]{1,13}")
# Accounts, subreddits and what else has an id there (www.reddit.com/dev/api, "fullnames", read 2026-11-22).
_OTHER = re.compile(r"t(?!1_|3_)[0-9a-z]{1,2}_[0-9a-z]{1,13}")
_PLACE = re.compile(r"/(?:r/(?P<sub>[^/]+)|u(?:ser)?/[^/]+)/comments/(?P<post>[0-9a-z]+)(?:/[^/]*/(?P<comment>[0-9a-z]+))?", re.IGNORECASE)
# The words of a post between the marks that Reddit sets; what stands outside ("submitted by …") is not the author's.
_WORDS = re.compile(r"<!-- SC_OFF -->(.*?)<!-- SC_ON -->", re.DOTALL)
_LINK = re.compile(r"<a href=\"([^\"]+)\">\s*\[link\]\s*</a>")
# Pictures and films of the post itself.
_MEDIA = re.compile(
    r"https?://(?:(?:i|v|preview|external-preview)\.redd\.it/|(?:www\.)?reddit\.com/(?:gallery|media|video)\b)", re.IGNORECASE
)
# Of those who write there only some are for everybody.
_OPEN = frozenset((None, "public", "restricted", "archived", "user"))


def of_feed(entry: Entry) -> Entry | None:
    """An entry of one of Reddit's feeds; None for what is neither a post nor a comment: searches find subreddits and people too."""
    place = _PLACE.search(entry.url)
    id = entry.native_id if _THING.fullmatch(entry.native_id) else _id_at(place)
    if id is None or place is None:
        if _OTHER.fullmatch(entry.native_id):
            return None
        raise Odd("neither a post nor a comment by its id and address")
    html = entry.html or ""
    words = _WORDS.search(html)
    shared = _LINK.search(html)
    said, _, about = (entry.title or "").partition(" on ") if id.startswith("t1_") else (entry.title or "", "", "")
    name = ((entry.author and entry.author.name) or "").removeprefix("/u/").removeprefix("u/")
    made = _entry(
        id,
        entry.url,
        title=said if id.startswith("t3_") else about,
        html=words[1].strip() if words else html if id.startswith("t1_") else "",
        link=web_address(title_text(shared[1], markup=True)) if shared else None,
        name=name,
        published=entry.published or entry.updated,
    )
    return replace(made, site=_site(place["sub"]))


def of_listing(row: dict[str, Any]) -> Entry | None:
    """A post or comment of Reddit's interface; None for what is neither."""
    post = member(row.get("data"))
    id = needed(post, "name")
    if not _THING.fullmatch(id):
        return None
    address = urljoin(SITE, needed(post, "permalink"))
    if not _PLACE.search(address):
        raise Odd("no permalink")
    comment = id.startswith("t1_")
    url = post.get("url")
    made = _entry(
        id,
        address,
        title=text(post.get("link_title" if comment else "title")) or "",
        html=_marked(text(post.get("body_html" if comment else "selftext_html")) or ""),
        link=web_address(urljoin(SITE, url)) if isinstance(url, str) and post.get("is_self") is not True and _joinable(url) else None,
        name=text(post.get("author")) or "",
        published=seconds(post.get("created_utc")),
    )
    if post.get("removed_by_category") is not None or post.get("subreddit_type") not in _OPEN or post.get("over_18") is True:
        return _gone(made)
    return replace(made, updated=seconds(post.get("edited")), site=_site(text(post.get("subreddit"))))


def listed(reply: Reply, doing: str) -> tuple[list[Any], str]:
    """The rows of a reply of the interface, and the name after which the next ones come; "" at the end.

    Raises:
        Unreadable: it is no listing.
    """
    said = an_object(an_object(reply.json(doing), doing).get("data"), doing)
    after = said.get("after")
    if after is not None and not isinstance(after, str):
        raise Unreadable(f"{doing}: expected the name of the last post, got {type(after).__name__!r}")
    return a_list(said.get("children"), doing), after or ""


def standings_of(rows: Sequence[Any], wanted: Sequence[str]) -> Iterator[Standing]:
    """How things stand with posts and comments, by the rows that the interface gave for their names."""
    known = {text(member(member(row).get("data")).get("name")): row for row in rows}
    for name in wanted:
        if name not in known:
            yield Standing(native_id=name, found=False)
            continue
        with contextlib.suppress(Odd):
            if found := of_listing(known[name]):
                yield Standing(native_id=name, found=True, visibility=found.visibility)


def seconds(value: Any) -> datetime | None:
    """A time in Unix seconds, whole or with fractions; None for anything else."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < datetime(LAST_YEAR, 1, 1, tzinfo=UTC).timestamp()
    return datetime.fromtimestamp(int(value), UTC) if good else None


def _entry(id: str, address: str, *, title: str, html: str, link: str | None, name: str, published: datetime | None) -> Entry:
    comment = id.startswith("t1_")
    if not comment and not title.strip():
        raise Odd("no title")
    deleted = not name or name.lower() == "[deleted]"
    shares = link if link and not _MEDIA.match(link) and not _same(link, address) else None
    kind = Kind.COMMENT if comment else Kind.POST if shares else Kind.THREAD
    story = _story(address) if comment else None
    entry = Entry(
        native_id=id,
        url=address,
        kind=kind,
        title=None if comment else title_text(title),
        html=html or None,
        # Without a handle: who writes here must not be taken for the same person elsewhere (Reddit's Developer Terms, read 2026-11-22).
        author=None if deleted else Author(name=f"u/{name}", url=f"{SITE}/user/{quote(name, safe='')}"),
        published=published,
        links=(shares,) if shares else (),
        in_reply_to=story,
        previews=(Preview(url=story, title=title_text(title), site="Reddit"),) if story and title.strip() else (),
    )
    removed = _ADULT.search(title) or _REMOVED.fullmatch(title.strip()) or _REMOVED.fullmatch(visible(html).text.strip() if html else "")
    return _gone(entry) if removed else entry


def _site(subreddit: str | None) -> str | None:
    """The name of a subreddit as people write it; None for somebody's own page."""
    return f"r/{subreddit}" if subreddit and not subreddit.startswith("u_") else None


def _gone(entry: Entry) -> Entry:
    return Entry(native_id=entry.native_id, url=entry.url, kind=entry.kind, published=entry.published, visibility=Visibility.PRIVATE)


def _id_at(place: re.Match[str] | None) -> str | None:
    if place is None:
        return None
    return f"t1_{place['comment'].lower()}" if place["comment"] else f"t3_{place['post'].lower()}"


def _same(link: str, address: str) -> bool:
    one, other = _PLACE.search(link), _PLACE.search(address)
    return one is not None and other is not None and _id_at(one) == _id_at(other)


def _story(address: str) -> str:
    """The post that a comment stands under, by the comment's address."""
    head, _, _ = address.partition("?")[0].rstrip("/").rpartition("/")
    return f"{head}/"


def _marked(html: str) -> str:
    words = _WORDS.search(html)
    return words[1].strip() if words else html


def _joinable(url: str) -> bool:
    try:
        urljoin(SITE, url)
    except ValueError:
        return False
    return True
