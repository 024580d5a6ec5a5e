"""One status as servers with Mastodon's API show it (API documentation, entities/Status and entities/Account, read 2026-07-30).

Nothing here asks a server; `_timeline` does.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from aggregator.collectors._json import Odd, instant, member, members, needed, tag_names, text, texts, web_address
from aggregator.collectors.base import Standing
from aggregator.model import Author, Enclosure, Entry, Kind, Preview, Restriction, Visibility
from aggregator.text.opt_out import opts_out

_VISIBILITIES = {
    "public": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "private": Visibility.PRIVATE,
    "direct": Visibility.PRIVATE,
    # Pleroma and Akkoma: for the members of one server, and for the members of a list (differences_in_mastoapi_responses, read 2026-07-30).
    "local": Visibility.PRIVATE,
    "list": Visibility.PRIVATE,
}


def entry_of(row: dict[str, Any], *, tag: str, host: str) -> Entry | None:
    """A status as an entry; None when it is not for everybody, does not carry the tag or its account is limited here.

    Args:
        host: the server that was asked; a handle without a server is one of its own.

    Raises:
        Odd: it has no id, visibility, account, content, tags or address.
    """
    if needed(row, "visibility") != "public" or _passing(row):
        return None
    account = row.get("account")
    if not isinstance(account, dict):
        # Without it nobody knows whether the author wants to be shown.
        raise Odd("no account")
    if account.get("suspended") is True or account.get("limited") is True:
        return None
    content = _content(row)
    tags = _tags(row)
    if not _carries(tag, tags, content):
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
        author=_author(account, host),
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


def standing_of(id: str, row: dict[str, Any] | None) -> Standing | None:
    """How a status stands; None for one that does not say who sees it. A status that is None was not found."""
    if row is None:
        return Standing(native_id=id, found=False)
    account, visibility = row.get("account"), _VISIBILITIES.get(text(row.get("visibility")) or "")
    if not isinstance(account, dict) or visibility is None:
        return None
    if account.get("suspended") is True or account.get("limited") is True:
        visibility = Visibility.PRIVATE
    return Standing(native_id=id, found=True, visibility=visibility, restrictions=_restrictions(account))


def row_id(row: Any) -> str:
    """The id of a status; "" when it has none."""
    return text(member(row).get("id")) or ""


def times_of(rows: Sequence[Any]) -> tuple[datetime, ...]:
    """When the posts were written, as far as they say so."""
    return tuple(moment for row in rows if (moment := instant(member(row).get("created_at"))))


def last_id(rows: Sequence[Any]) -> str:
    """The id of the last post that has one: the position that the next page begins after."""
    return next(filter(None, map(row_id, reversed(rows))))


def first_id(rows: Sequence[Any]) -> str:
    """The id of the first post that has one."""
    return next(filter(None, map(row_id, rows)))


def order(id: str) -> tuple[int, str]:
    """Ids of one server in the order they were given: numbers that have grown longer, or texts of one length."""
    return (len(id), id)


def _passing(row: dict[str, Any]) -> bool:
    """True for a post that its author lets vanish at a set time (`pleroma.expires_at`): it is not for an archive."""
    return text(member(row.get("pleroma")).get("expires_at")) is not None


def _author(account: dict[str, Any], host: str) -> Author | None:
    """The account; a local one's handle is completed with the host of its page, which is not always the one that is asked."""
    handle, url = text(account.get("acct")), web_address(account.get("url"))
    if handle and "@" not in handle:
        handle = f"{handle}@{(urlsplit(url).netloc if url else host).lower()}"
    name = text(account.get("display_name")) or text(account.get("username"))
    return Author(name=name, url=url, handle=handle) if name or handle else None


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
