"""Media RSS: files and descriptions that stand in an entry itself or in its groups.

Source: Media RSS 1.5.1 (rssboard.org), read 2026-11-20.
"""

from __future__ import annotations

from aggregator.collectors._elements import Element, Found, grouped, text_of
from aggregator.collectors._enclosures import duration, length
from aggregator.collectors._reading import Reading
from aggregator.model import Enclosure

_NAMES = frozenset(("media:group", "media:content", "media:description"))


class Media:
    """What Media RSS says of one entry, from the entry itself and from its groups."""

    def __init__(self, reading: Reading | None, found: Found) -> None:
        described: list[Element] = [*found.get("media:description", ())]
        contents: list[Element] = [*found.get("media:content", ())]
        for group in found.get("media:group", ()):
            inside = grouped(group)
            described += inside.get("media:description", ())
            contents += inside.get("media:content", ())
        self.descriptions = tuple(text for one in described if (text := text_of(one).strip()))
        alternatives: list[str] = []
        self.enclosures: list[Enclosure] = []
        for one in contents:
            address = reading.web(one, one.get("url")) if reading else ""
            # Flash players stand in old Media RSS as if they were files.
            if address and one.get("type") != "application/x-shockwave-flash":
                media_type = one.get("type") or one.get("medium") or None
                spent = duration(one.get("duration"))
                self.enclosures.append(
                    Enclosure(url=address, media_type=media_type, length_bytes=length(one.get("fileSize")), duration=spent)
                )
            alternatives += (text_of(child).strip() for child in grouped(one).get("media:description", ()))
        self.alternatives = tuple(dict.fromkeys(filter(None, alternatives)))


NO_MEDIA = Media(None, {})


def media_of(reading: Reading, found: Found) -> Media:
    """What Media RSS says of an entry; most entries hold none of it."""
    return NO_MEDIA if _NAMES.isdisjoint(found) else Media(reading, found)
