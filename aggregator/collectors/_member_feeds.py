"""What the feeds of single accounts on fediverse servers share: their posts, with the account that the feed is of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors.base import Cursor, unpack
from aggregator.fetch import Http
from aggregator.model import Author, Entry, Kind, Page
from aggregator.text.html import visible

DOING = "reading the feed of an account"
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def member_name(value: str) -> str:
    """An option that wants an account of the server that is asked, cleaned.

    Raises:
        ValueError: it is none.
    """
    name = value.strip().removeprefix("@").partition("@")[0].lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{value!r} is not an account; write its name without the server, like 'ada'")
    return name


def posts_of(http: Http, cursor: Cursor, address: str, *, user: str, host: str, profile: str) -> Iterator[Page]:
    """One page: what the feed at `address` holds.

    Args:
        profile: the account's page.

    Raises:
        Unreadable: it is no feed.
    """
    unpack(cursor)
    feed = feed_of(http.get(address, accept=ACCEPT), DOING)
    author = Author(name=user, url=profile, handle=f"{user}@{host}")
    entries = tuple(_post(entry, author, host) for entry in feed.entries) if feed else ()
    yield Page(entries=entries, cursor="", remarks=feed.remarks if feed else ())


def _post(entry: Entry, author: Author, host: str) -> Entry:
    """An entry as a post of the account.

    Such feeds make a title of a post's first words, and a summary that says the same as the post; both are left out. They name its writer
    by the handle ("@ada@social.example"), by a name, or not at all.
    """
    named = (entry.author.name if entry.author else None) or ""
    said = visible(entry.html).text if entry.html else entry.text
    begins = " ".join((said or "").split()).startswith(" ".join((entry.title or "").rstrip("….").split()))
    return replace(
        entry,
        kind=Kind.POST,
        title=None if begins else entry.title,
        text=None if entry.html else entry.text,
        author=author if named.startswith("@") or not named else replace(author, name=named),
        site=host,
    )
