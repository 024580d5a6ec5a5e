"""How one enclosure of a feed is read: its length, its duration, and what an entry is that encloses it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from aggregator.model import Enclosure, Kind

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})(?:\.\d+)?")


def duration(text: str | None) -> timedelta | None:
    """`itunes:duration`: seconds, MM:SS or HH:MM:SS; None when it is neither."""
    clean = (text or "").strip()
    if clean.isascii() and clean.isdigit() and len(clean) < 8:
        return timedelta(seconds=int(clean)) or None
    found = _CLOCK.fullmatch(clean)
    if not found:
        return None
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2]), seconds=int(found[3])) or None


def length(text: str | None) -> int | None:
    """The length of an enclosure in bytes; None for the 0 and the words that hosts write when they do not know."""
    clean = (text or "").strip()
    return int(clean) or None if clean.isascii() and clean.isdigit() and len(clean) < 16 else None


def with_duration(enclosures: list[Enclosure], spent: timedelta | None) -> tuple[Enclosure, ...]:
    """The enclosures, each address once, with the entry's duration on the first recording."""
    if len(enclosures) > 1:
        once = {one.url: one for one in reversed(enclosures)}
        enclosures = [once[url] for url in dict.fromkeys(one.url for one in enclosures)]
    if spent is not None:
        for position, one in enumerate(enclosures):
            if one.duration is None and kind_of(one) is not None:
                timed = Enclosure(url=one.url, media_type=one.media_type, length_bytes=one.length_bytes, duration=spent)
                return (*enclosures[:position], timed, *enclosures[position + 1 :])
    return tuple(enclosures)


def kind_of(enclosure: Enclosure) -> Kind | None:
    """EPISODE for a sound, VIDEO for a film, by media type and else by the name of the file; None for anything else."""
    media = (enclosure.media_type or "").lower()
    if media.startswith("audio"):
        return Kind.EPISODE
    if media.startswith("video"):
        return Kind.VIDEO
    if media and media != "application/octet-stream":
        return None
    path = enclosure.url.partition("?")[0].lower()
    if path.endswith((".mp3", ".m4a", ".ogg", ".opus", ".oga", ".wav", ".aac", ".flac")):
        return Kind.EPISODE
    return Kind.VIDEO if path.endswith((".mp4", ".m4v", ".mov", ".webm")) else None


def kind_by(enclosures: Iterable[Enclosure]) -> Kind:
    """What an entry of a feed is: an episode, a video, or else an article."""
    found = Kind.ARTICLE
    for one in enclosures:
        kind = kind_of(one)
        if kind is Kind.EPISODE:
            return kind
        found = kind or found
    return found
