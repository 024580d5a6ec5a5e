"""Posts and comments of Lemmy as entries, in the shapes of its third and fourth interface.

What was deleted or removed comes out as private, so that it is taken down where it was known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from aggregator.collectors._json import Odd, instant, member, needed, number, text, web_address
from aggregator.collectors._markdown import addresses
from aggregator.model import Author, Entry, Kind, Preview, Restriction, Visibility
from aggregator.text.opt_out import opts_out


def post_of(view: dict[str, Any], server: str) -> Entry | None:
    """A post: a voice on the page that it shares, or a thread of its own; None when a program wrote it.

    Args:
        server: base address of the server that was asked, which has a copy of its own of what comes from others.
    """
    post, who = _inner(view, "post"), _inner(view, "creator")
    url = _address(post)
    if who.get("bot_account") is True:
        return None
    link = web_address(post.get("url"))
    body = text(post.get("body"))
    if _hidden(post, view):
        return Entry(native_id=url, url=url, kind=Kind.POST if link else Kind.THREAD, visibility=Visibility.PRIVATE)
    card = (text(post.get("embed_title")), text(post.get("embed_description")))
    return Entry(
        native_id=url,
        url=url,
        kind=Kind.POST if link else Kind.THREAD,
        title=needed(post, "name"),
        text=body,
        author=_author(who),
        published=_time(post, "published"),
        updated=_time(post, "updated"),
        links=tuple(dict.fromkeys((*((link,) if link else ()), *addresses(body or "")))),
        alternatives=tuple(filter(None, (text(post.get("alt_text")),))),
        previews=(Preview(url=link, title=card[0], description=card[1]),) if link and any(card) else (),
        aliases=_copies(post, server, "post"),
        site=_community(view),
        restrictions=_restrictions(who),
    )


def comment_of(view: dict[str, Any], server: str) -> Entry | None:
    """A comment, which knows its post; None when a program wrote it."""
    comment, post, who = _inner(view, "comment"), member(view.get("post")), _inner(view, "creator")
    url = _address(comment)
    if who.get("bot_account") is True:
        return None
    if _hidden(comment, view) or _hidden(post, view):
        return Entry(native_id=url, url=url, kind=Kind.COMMENT, visibility=Visibility.PRIVATE)
    body = needed(comment, "content")
    about, title = web_address(post.get("ap_id")), text(post.get("name"))
    return Entry(
        native_id=url,
        url=url,
        kind=Kind.COMMENT,
        text=body,
        author=_author(who),
        published=_time(comment, "published"),
        updated=_time(comment, "updated"),
        links=addresses(body),
        previews=(Preview(url=about, title=title, site=_community(view)),) if about and title else (),
        in_reply_to=about,
        aliases=_copies(comment, server, "comment"),
        site=_community(view),
        restrictions=_restrictions(who),
    )


def times_of(*lists: Sequence[Any]) -> tuple[datetime, ...]:
    """When posts and comments were published, down to where all lists have been read: one may reach further back than the others."""
    each = [[time for row in rows if (time := _written(member(row)))] for rows in lists]
    known = [times for times in each if times]
    deepest = max((min(times) for times in known), default=None)
    return tuple(time for times in known for time in times if deepest is None or time >= deepest)


def _written(view: dict[str, Any]) -> datetime | None:
    return _time(member(view.get("comment")) or member(view.get("post")), "published")


def _inner(view: dict[str, Any], name: str) -> dict[str, Any]:
    found = view.get(name)
    if not isinstance(found, dict):
        # Without it nobody knows whether it was removed, or who wrote it.
        raise Odd(f"no {name}")
    return found


def _address(thing: dict[str, Any]) -> str:
    url = web_address(thing.get("ap_id"))
    if url is None:
        raise Odd("no ap_id")
    return url


def _copies(thing: dict[str, Any], server: str, kind: str) -> tuple[str, ...]:
    """The address of the server's own copy, for what comes from another one."""
    id = number(thing.get("id"))
    return (f"{server}/{kind}/{id}",) if id is not None and thing.get("local") is False else ()


def _hidden(thing: dict[str, Any], view: dict[str, Any]) -> bool:
    """True for what was taken back or is not for every age; a community that is gone takes its posts along."""
    community = member(view.get("community"))
    said = (
        thing.get("deleted"),
        thing.get("removed"),
        thing.get("nsfw"),
        member(view.get("creator")).get("banned"),
        view.get("creator_banned"),
    )
    gone = (community.get("deleted"), community.get("removed"), community.get("nsfw"))
    closed = text(community.get("visibility")) not in (
        None,
        "Public",
        "public",
        "LocalOnlyPublic",
        "local_only_public",
        "Unlisted",
        "unlisted",
    )
    return any(one is True for one in (*said, *gone)) or closed


def _author(who: dict[str, Any]) -> Author | None:
    """Whoever wrote it; the handle has the host of their own server."""
    name, url = text(who.get("name")), web_address(who.get("actor_id")) or web_address(who.get("ap_id"))
    if name is None or url is None:
        return None
    return Author(name=text(who.get("display_name")) or name, url=url, handle=f"{name}@{urlsplit(url).netloc.lower()}")


def _restrictions(who: dict[str, Any]) -> tuple[Restriction, ...]:
    """What an account says against being shown."""
    return (Restriction.NO_BOT,) if opts_out(text(who.get("bio")) or "") else ()


def _time(thing: dict[str, Any], name: str) -> datetime | None:
    """A time, in UTC where an old server gives no zone; the fourth interface writes `published_at`."""
    return instant(thing.get(name)) or instant(thing.get(f"{name}_at"))


def _community(view: dict[str, Any]) -> str | None:
    """A community as its members write it: !commons@lemmy.example."""
    community = member(view.get("community"))
    name, url = text(community.get("name")), web_address(community.get("actor_id")) or web_address(community.get("ap_id"))
    return f"!{name}@{urlsplit(url).netloc.lower()}" if name and url else None
