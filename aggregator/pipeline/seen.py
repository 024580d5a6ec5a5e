"""What a reader sees of an entry, field by field, and every way to read it. Pure: what counts as seen is written in docs/design.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape

from aggregator.model import Author, Entry, Kind, Preview
from aggregator.text.html import Visible, visible
from aggregator.text.words import fold, unswollen, without_notes

_WORD = re.compile(r"\w+")
_TRAILERS = ("trailer", "teaser")

# Most characters of an excerpt.
EXCERPT = 120

Spelling = tuple[str, str]
"""A text as it is written, and folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is seen of an entry, field by field, as it was written."""

    title: str = ""
    # Each is a text of its own: a phrase does not run from one to the next.
    texts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    # What the platform says of the pages that are linked to.
    cards: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    # Names and handles.
    author: tuple[str, ...] = ()
    # The entry's own addresses, which only sites and pages are compared with.
    own: tuple[str, ...] = ()


def see(entry: Entry) -> Seen:
    """What a reader sees of an entry."""
    shown = visible(entry.html) if entry.html else Visible(text="")
    author = entry.author or Author()
    handle = author.handle.lstrip("@") if author.handle else ""
    pages = cards_of(entry)
    cards = (text for preview in pages for text in (preview.title, preview.description))
    return Seen(
        title="" if _is_called_as_its_show(entry) else entry.title or "",
        texts=tuple(text for text in (entry.text, shown.text) if text),
        tags=entry.tags,
        links=(*entry.links, *shown.links, *(preview.url for preview in pages)),
        cards=tuple(text for text in cards if text),
        alternatives=(*entry.alternatives, *shown.alternatives),
        author=tuple(name for name in (author.name, "@" + handle if handle else None) if name),
        own=(entry.url, *entry.aliases),
    )


def _is_called_as_its_show(entry: Entry) -> bool:
    """True for an episode with the title of its show, which trailers have: it says what the show is called, and not what is spoken of."""
    return entry.kind is Kind.EPISODE and bool(entry.title and entry.site) and _called(entry.title or "") == _called(entry.site or "")


def _called(title: str) -> list[str]:
    return [word for word in _WORD.findall(fold(title)) if word not in _TRAILERS]


def cards_of(entry: Entry) -> tuple[Preview, ...]:
    """The pages that an entry shows a card of. What it answers is not of its own saying: its title makes no mention of every answer."""
    return tuple(preview for preview in entry.previews if preview.url != entry.in_reply_to)


def readings(text: str) -> Iterator[str]:
    """Plain text as it stands, and decoded where a platform has escaped it once or twice ("R&amp;amp;D") or left tags in."""
    yield (text := unswollen(text))
    for _ in range(2):
        if "&" in text and (decoded := unescape(text)) != text:
            yield (text := unswollen(decoded))
    if "</" in text:
        yield unswollen(visible(text).text)


def spellings(texts: Iterable[str], *, dotless: bool = False) -> tuple[Spelling, ...]:
    """Every way to read these texts, each as it is written and folded.

    Args:
        dotless: a rule has the Turkish dotless i, which a text in capitals writes as "I".
    """
    found = []
    for text in texts:
        for reading in readings(text):
            found.append(reading)
            if (unmarked := without_notes(reading)) is not None:
                found.append(unmarked)
            if dotless and "I" in reading:
                found.append(reading.replace("I", "ı"))
    return tuple((reading, fold(reading)) for reading in found if reading)


def excerpt(text: str, start: int, end: int, limit: int = EXCERPT) -> str:
    """Up to `limit` characters around a place, on one line, cut between words; "…" stands where something was cut."""
    room = max(limit - (end - start) - 2, 0)
    first, last = max(0, start - room // 2), min(len(text), end + room - room // 2)
    last = min(len(text), max(last, first + limit - 2)) if first == 0 else last
    before, middle, after = text[first:start], text[start:end], text[end:last]
    if first > 0 and (border := re.search(r"\s", before)):
        before = before[border.end() :]
    if last < len(text) and (border := re.search(r"\s\S*\Z", after[-60:])):
        after = after[: len(after) - len(after[-60:]) + border.start()]
    line = " ".join((before + middle + after).split())
    line = ("…" if first > 0 else "") + line + ("…" if last < len(text) else "")
    return line if len(line) <= limit else line[: limit - 1] + "…"
