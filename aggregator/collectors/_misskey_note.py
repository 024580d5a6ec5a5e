"""One note as Misskey shows it (models/json-schema/note.ts and user.ts of misskey-dev/misskey, read 2026-11-22)."""

from __future__ import annotations

import unicodedata
from typing import Any

from aggregator.collectors import _options
from aggregator.collectors._json import Odd, instant, member, members, needed, tag_names, text, texts, web_address
from aggregator.collectors.base import Standing
from aggregator.model import Author, Enclosure, Entry, Kind, Restriction, Visibility
from aggregator.text.opt_out import opts_out

_VISIBILITIES = {
    "public": Visibility.PUBLIC,
    "home": Visibility.UNLISTED,
    "followers": Visibility.PRIVATE,
    "specified": Visibility.PRIVATE,
}


def entry_of(note: dict[str, Any], *, server: str, tag: str) -> Entry | None:
    """A note as an entry; None when it is not for everybody or does not carry the tag.

    Args:
        server: the one that was asked; its own notes have no other address than there.

    Raises:
        Odd: it has no id, visibility or author, or says nothing.
    """
    id, user = needed(note, "id"), note.get("user")
    # `isHidden`: the server has taken the text away, because its author wants readers to log in or let it pass away.
    if needed(note, "visibility") != "public" or note.get("localOnly") is True or note.get("isHidden") is True:
        return None
    if not isinstance(user, dict):
        # Without it nobody knows whether the author wants to be shown.
        raise Odd("no author")
    tags, said = _tags(note), text(note.get("text"))
    files = members(note.get("files"))
    if _folded(tag) not in map(_folded, tags):
        return None
    if said is None and not files:
        raise Odd("no text")
    uri, page = web_address(note.get("uri")), f"{_options.base(server)}/notes/{id}"
    url = web_address(note.get("url")) or uri or page
    quoted = _address(note.get("renote"), note.get("renoteId"), server)
    return Entry(
        native_id=id,
        url=url,
        kind=Kind.POST,
        title=text(note.get("cw")),
        text=said,
        author=_author(user, server),
        published=instant(note.get("createdAt")),
        updated=instant(note.get("updatedAt")),
        tags=tags,
        links=(quoted,) if quoted else (),
        alternatives=texts(one.get("comment") for one in files),
        enclosures=tuple(
            Enclosure(url=found, media_type=text(one.get("type")))
            for one in files
            if str(one.get("type")).startswith(("audio/", "video/")) and (found := web_address(one.get("url")))
        ),
        in_reply_to=_address(note.get("reply"), note.get("replyId"), server) or quoted,
        aliases=(uri,) if uri and uri != url else (),
        restrictions=_restrictions(user),
    )


def standing_of(id: str, note: dict[str, Any] | None, account: dict[str, Any] | None) -> Standing | None:
    """How a note stands; None for one that does not say who sees it. A note that is None was not found.

    Args:
        account: what the author's page says; None when it says nothing.
    """
    if note is None:
        return Standing(native_id=id, found=False)
    visibility, user = _VISIBILITIES.get(text(note.get("visibility")) or ""), note.get("user")
    if visibility is None or not isinstance(user, dict):
        return None
    hidden = note.get("localOnly") is True or note.get("isHidden") is True or (account or {}).get("isSuspended") is True
    said = _restrictions({**user, **(account or {})})
    return Standing(native_id=id, found=True, visibility=Visibility.PRIVATE if hidden else visibility, restrictions=said)


def _restrictions(user: dict[str, Any]) -> tuple[Restriction, ...]:
    """What an account says against being shown: beside a note only that readers must log in, on its own page all of it."""
    rows = [one.get(name) for one in members(user.get("fields")) for name in ("name", "value")]
    said = {
        Restriction.NOINDEX: user.get("noCrawle") is True,
        Restriction.NOT_DISCOVERABLE: user.get("isExplorable") is False,
        Restriction.NO_UNAUTHENTICATED: user.get("requireSigninToViewContents") is True,
        Restriction.NO_BOT: any(map(opts_out, texts([user.get("description"), *rows]))),
    }
    return tuple(restriction for restriction, is_said in said.items() if is_said)


def _tags(note: dict[str, Any]) -> tuple[str, ...]:
    """The hashtags, which the server gives in lower case; a note without any has no list."""
    listed = note.get("tags", [])
    if not isinstance(listed, list):
        raise Odd("no tags")
    return tag_names(listed)


def _author(user: dict[str, Any], server: str) -> Author | None:
    """The account, with the server it lives on; `host` is null for the members of the server that was asked."""
    username, other = text(user.get("username")), text(user.get("host"))
    if username is None:
        return Author(name=text(user.get("name"))) if text(user.get("name")) else None
    own = f"@{username}@{other}" if other else f"@{username}"
    url = web_address(f"{_options.base(server)}/{own}")
    return Author(name=text(user.get("name")) or username, url=url, handle=f"{username}@{other or _options.host(server)}")


def _address(shown: Any, id: Any, server: str) -> str | None:
    """The address of a note that another one answers or quotes; None when there is none."""
    note = member(shown)
    given = text(id)
    return web_address(note.get("url")) or web_address(note.get("uri")) or (f"{_options.base(server)}/notes/{given}" if given else None)


def _folded(tag: str) -> str:
    """A hashtag as Misskey compares them: without case and width (misc/normalize-for-search.ts)."""
    return unicodedata.normalize("NFKC", tag).casefold()
