"""How videos stand that were listed once: gone, private, unlisted, or public still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aggregator.collectors._youtube_address import WATCHED
from aggregator.collectors._youtube_api import items_of, text_of
from aggregator.collectors.base import Standing
from aggregator.errors import SourceError
from aggregator.fetch import Http
from aggregator.model import Entry, Visibility


def standings(http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
    """How the videos stand, with a key by the API, fifty at once; without one each by oEmbed."""
    videos = {found[1] or found[2]: entry.native_id for entry in entries if (found := WATCHED.search(entry.url))}
    if not http.authorised:
        for video, native_id in videos.items():
            yield from _embedded(http, video, native_id)
        return
    ids = list(videos)
    for start in range(0, len(ids), 50):
        wanted = ids[start : start + 50]
        known = {one.get("id"): one for one in items_of(http, "videos", {"part": "status", "id": ",".join(wanted)})}
        for video in wanted:
            yield _standing(videos[video], known.get(video))


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
