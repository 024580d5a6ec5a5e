"""What the search of X gives (API v2, OpenAPI 2.167), read leniently: what was called "tweet" may be called "post"."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.collectors._json import (
    Odd,
    a_list,
    an_object,
    instant,
    member,
    members,
    needed,
    number,
    read_each,
    tag_names,
    text,
    texts,
    web_address,
)
from aggregator.collectors._passed import clock
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.model import Author, Entry, Kind, Missed, Page, Restriction

DOING = "searching X"
POST_PRICE, AUTHOR_PRICE = 5_000, 10_000
"""In millionths of a dollar (getting-started/pricing, read 2026-08-22)."""
SITES = frozenset(f"{front}{name}" for name in ("x.com", "twitter.com") for front in ("", "www.", "mobile.", "m."))
# Ids count milliseconds from here, above their 22 lowest bits (Twitter, "Announcing Snowflake", 2010).
_EPOCH = datetime.fromtimestamp(1288834974.657, UTC)
# Since November 2010, in more digits than the running numbers before.
_FIRST_TIMED = 10**14
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{2,4})?")


def entry_of(post: dict[str, Any], authors: Mapping[str | None, Mapping[str, Any]]) -> Entry | None:
    """A post as an entry; None for a retweet, and for a post of a protected account.

    Args:
        authors: what came with the page, by id.

    Raises:
        Odd: it has no id, no text or no author.
    """
    id, author = _id(needed(post, "id")), authors.get(text(post.get("author_id")))
    if author is None:
        # Without it nobody knows whether the account is protected.
        raise Odd("no author")
    referred = {text(one.get("type")): _id(text(one.get("id")) or "") for one in members(_called(post, "referenced_tweets"))}
    if author.get("protected") is True or "retweeted" in referred:
        return None
    long = member(_called(post, "note_tweet"))
    words = text(long.get("text")) or needed(post, "text")
    entities = [member(long.get("entities")), member(post.get("entities"))]
    links = _links(entities)
    versions = [one for one in map(_id, texts(_listed(_called(post, "edit_history_tweet_ids")))) if one] or [id]
    written = instant(post.get("created_at"))
    edited = len(versions) > 1
    answered = referred.get("replied_to") or referred.get("quoted")
    language = text(post.get("lang")) or ""
    return Entry(
        native_id=versions[0],
        url=_address(id, author),
        kind=Kind.POST,
        text=html.unescape(_written_out(words, links)),
        author=Author(name=text(author.get("name")), url=_profile(author), handle=text(author.get("username"))),
        published=written_at(versions[0]) or written if edited else written,
        updated=written if edited else None,
        language=language if _LANGUAGE.fullmatch(language) else None,
        tags=tag_names(one.get("tag") for each in entities for one in members(each.get("hashtags"))),
        links=tuple(dict.fromkeys(links.values())),
        in_reply_to=f"https://x.com/i/status/{answered}" if answered else None,
        aliases=tuple(f"https://x.com/i/status/{one}" for one in versions if one != id),
        restrictions=(Restriction.WORDLESS,),
    )


def written_at(id: str) -> datetime | None:
    """When a post with an id was written; None for an id that holds no time."""
    if not id.isdigit() or int(id) < _FIRST_TIMED or int(id) >= 2**63:
        return None
    return _EPOCH + timedelta(milliseconds=int(id) >> 22)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of a search."""

    posts: Sequence[Any] = ()
    authors: Sequence[Mapping[str, Any]] = ()
    # Things that X names and does not give.
    withheld: int = 0
    newest: str = ""
    # Token of the next page; "": this is the last.
    after: str = ""
    # When X said so, by its own clock; None: it gave no date.
    said_at: datetime | None = None

    def page(self, cursor: str, missed: Missed | None) -> Page:
        """The page with its price."""
        known = {text(one.get("id")): one for one in self.authors}
        entries, remarks = read_each(self.posts, lambda post: entry_of(post, known), noun="post")
        told = (f"X did not give {self.withheld} of the things that it found",) if self.withheld else ()
        cost = len(self.posts) * POST_PRICE + len(self.authors) * AUTHOR_PRICE
        return Page(entries=entries, cursor=cursor, remarks=remarks + told, missed=missed, cost=cost)


def found_in(reply: Reply, at: str) -> Found:
    """A reply of the search; one that found nothing has no `data`.

    Args:
        at: the token by which it was asked for.

    Raises:
        Unreadable: it is none, or names itself as the next.
    """
    if reply.unchanged:
        return Found(said_at=clock(reply))
    said = an_object(reply.json(DOING), DOING)
    meta = an_object(said.get("meta"), DOING)
    count, after = number(meta.get("result_count")), meta.get("next_token")
    if count is None or not (after is None or isinstance(after, str)):
        raise Unreadable(f"{DOING}: expected how many posts were found")
    posts = a_list(said.get("data"), DOING) if count or "data" in said else []
    if after and after == at:
        raise Unreadable(f"{DOING}: the position of the next page came a second time")
    authors, withheld = members(member(said.get("includes")).get("users")), len(members(said.get("errors")))
    newest = text(meta.get("newest_id")) or ""
    return Found(posts=posts, authors=authors, withheld=withheld, newest=newest, after=after or "", said_at=clock(reply))


def _called(post: Mapping[str, Any], name: str) -> Any:
    """A field by its name of before August 2026, or by the one since."""
    return post[name] if name in post else post.get(name.replace("tweet", "post"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _id(value: str) -> str:
    if value and not (value.isascii() and value.isdigit()):
        raise Odd("an id that is no number")
    return value


def _links(entities: list[dict[str, Any]]) -> dict[str, str]:
    """By the short form that stands in the text: where it leads. Pictures and films of the post itself are left out."""
    found: dict[str, str] = {}
    for one in (url for each in entities for url in members(each.get("urls")) if not url.get("media_key")):
        address = web_address(one.get("unwound_url")) or web_address(one.get("expanded_url")) or web_address(one.get("url"))
        if address:
            found.setdefault(text(one.get("url")) or address, address)
    return found


def _written_out(words: str, links: Mapping[str, str]) -> str:
    """The text with addresses in place of their short forms; not by their places, since X may count emoji otherwise."""
    for short in sorted(links, key=len, reverse=True):
        words = words.replace(short, links[short])
    return words


def _address(id: str, author: Mapping[str, Any]) -> str:
    name = text(author.get("username")) or ""
    return f"https://x.com/{name if re.fullmatch(r'[A-Za-z0-9_]{1,20}', name) else 'i'}/status/{id}"


def _profile(author: Mapping[str, Any]) -> str | None:
    name = text(author.get("username")) or ""
    return f"https://x.com/{name}" if re.fullmatch(r"[A-Za-z0-9_]{1,20}", name) else None
