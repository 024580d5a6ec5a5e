"""One video as PeerTube lists it (schemas Video and VideoDetails of the OpenAPI description of PeerTube 8.1, read 2026-11-22)."""

from __future__ import annotations

from typing import Any

from aggregator.collectors._json import Odd, instant, member, needed, number, tag_names, text, web_address
from aggregator.collectors.base import Standing
from aggregator.model import Author, Entry, Kind, Visibility

_PUBLIC, _UNLISTED = 1, 2
"""Numbers of VideoPrivacy; the others are for members, for an account or behind a password."""


def entry_of(video: dict[str, Any], *, host: str, tag: str) -> Entry | None:
    """A video as an entry; None when it is not for everybody.

    Args:
        host: the server that was asked; a video without an address is one of its own.
        tag: the one that was asked for: a server's lists do not name the tags of videos, so it is believed; an index names them.

    Raises:
        Odd: it has no id or title.
    """
    uuid, name = needed(video, "uuid"), needed(video, "name")
    privacy = number(member(video.get("privacy")).get("id"))
    if video.get("nsfw") is True or video.get("blacklisted") is True or privacy not in (None, _PUBLIC):
        return None
    url = web_address(video.get("url")) or web_address(f"https://{_host(video) or host}/videos/watch/{uuid}")
    if url is None:
        raise Odd("no url")
    channel, account = member(video.get("channel")), member(video.get("account"))
    return Entry(
        native_id=uuid,
        url=url,
        kind=Kind.VIDEO,
        title=name,
        text=text(video.get("description")) or text(video.get("truncatedDescription")),
        author=_author(channel if text(channel.get("name")) else account, host),
        published=instant(video.get("publishedAt")),
        updated=instant(video.get("updatedAt")),
        language=_language(video),
        tags=tag_names([*_listed(video.get("tags")), *([tag] if tag else [])]),
    )


def standing_of(id: str, video: dict[str, Any]) -> Standing | None:
    """How a video stands; None for one that does not say who sees it."""
    privacy = number(member(video.get("privacy")).get("id"))
    if privacy is None:
        return None
    visibility = {_PUBLIC: Visibility.PUBLIC, _UNLISTED: Visibility.UNLISTED}.get(privacy, Visibility.PRIVATE)
    taken = video.get("blacklisted") is True or video.get("nsfw") is True
    return Standing(native_id=id, found=True, visibility=Visibility.PRIVATE if taken else visibility)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _author(who: dict[str, Any], host: str) -> Author | None:
    """A channel, or the account of one without."""
    name = text(who.get("name"))
    if name is None:
        return None
    return Author(
        name=text(who.get("displayName")) or name, url=web_address(who.get("url")), handle=f"{name}@{text(who.get('host')) or host}"
    )


def _host(video: dict[str, Any]) -> str | None:
    return text(member(video.get("account")).get("host"))


def _language(video: dict[str, Any]) -> str | None:
    """BCP 47; PeerTube says "Unknown" with an id of null, and "zxx" for none."""
    found = text(member(video.get("language")).get("id"))
    return found if found and found != "zxx" else None
