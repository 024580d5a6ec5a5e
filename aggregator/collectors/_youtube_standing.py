"""How videos stand that were listed once: gone, private, unlisted, or public still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aggregator.collectors._youtube_address import WATCHED
from aggregator.collectors._youtube_api import COMMENT, items_of, text_of
from aggregator.collectors.base import Standing
from aggregator.errors import SourceError
from aggregator.fetch import Http
from aggregator.model import Entry, Kind, Visibility


def standings(http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
    """How videos and comments stand: with a key by the API, fifty at once; without one videos each by oEmbed, and comments not at all."""
    watched = [(entry, found[1] or found[2]) for entry in entries if (found := WATCHED.search(entry.url))]
    if not http.authorised:
        for entry, video in watched:
            if entry.kind is not Kind.COMMENT:
                yield from _embedded(http, video, entry.native_id)
        return
    comments = [entry for entry, _ in watched if entry.kind is Kind.COMMENT]
    there = _known(http, "comments", "id", [entry.native_id.removeprefix(COMMENT) for entry in comments])
    gone = {entry.native_id for entry in comments if entry.native_id.removeprefix(COMMENT) not in there}
    yield from (Standing(native_id=one, found=False) for one in sorted(gone))
    rest = [(entry, video) for entry, video in watched if entry.native_id not in gone]
    known = _known(http, "videos", "status", list(dict.fromkeys(video for _, video in rest)))
    # A comment is as public as its video.
    yield from (_standing(entry.native_id, known.get(video)) for entry, video in rest)


def _known(http: Http, method: str, part: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the API knows of ids, fifty at once."""
    chunks = (ids[start : start + 50] for start in range(0, len(ids), 50))
    return {str(one.get("id")): one for chunk in chunks for one in items_of(http, method, {"part": part, "id": ",".join(chunk)})}


def _embedded(http: Http, video: str, native_id: str) -> Iterator[Standing]:
    """How a video stands by oEmbed: 404 is gone, 403 private, 401 only that it may not be embedded (seen 2026-11)."""
    asked = {"url": f"https://www.youtube.com/watch?v={video}", "format": "json"}
    try:
        http.get("https://www.youtube.com/oembed", params=asked, accept="application/json")
    except SourceError as error:
        if error.status == 400:
            return
        if error.status not in (401, 403, 404):
            raise
        yield Standing(native_id=native_id, found=error.status == 401)
    else:
        yield Standing(native_id=native_id, found=True)


def _standing(native_id: str, video: dict[str, Any] | None) -> Standing:
    status = video.get("status") if video else None
    privacy = text_of(status, "privacyStatus") if isinstance(status, dict) else ""
    return Standing(native_id=native_id, found=video is not None, visibility=_VISIBILITIES.get(privacy, Visibility.PUBLIC))


_VISIBILITIES = {"unlisted": Visibility.UNLISTED, "private": Visibility.PRIVATE}
