"""What goes with a recording: its transcript and its slides, where whoever tells of the recording links them beside it. Pure.

A link is one by what is written at it ("Transcript: https://…", "here are the slides"), or by its place, where only slides are kept. Alone
it is a page like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from aggregator.model import Entry, Kind
from aggregator.text.html import plain
from aggregator.text.page_address import kind_at
from aggregator.text.urls import canonical, host_of, is_public_web

RECORDED: Final = frozenset((Kind.VIDEO, Kind.EPISODE))

_TRANSCRIPT: Final = r"transcripts?|transcription|transkript|transcripci[oó]n|transcri[çc][aã]o|trascrizione"
_SLIDES: Final = r"slides?|slide[- ]?(?:deck|set|show)s?|folien|diapositiv\w*|diapos"
_WORDS: Final = re.compile(rf"\b(?:(?P<transcript>{_TRANSCRIPT})|(?P<slides>{_SLIDES}))\b", re.IGNORECASE)
# Before an address, with a few words between ("the slides are at", "Transcript here:"); behind it, in brackets or after a dash.
_BEFORE: Final = re.compile(rf"\b(?:{_TRANSCRIPT}|{_SLIDES})\b[^.!?\n]{{0,25}}\Z", re.IGNORECASE)
_BEHIND: Final = re.compile(rf"\A\s*[(\[–—-]\s*(?:\w+\s+){{0,2}}(?:{_TRANSCRIPT}|{_SLIDES})\b", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'()\[\]{}|]+", re.IGNORECASE)
_ANCHOR: Final = re.compile(r"<a\s[^<>]{0,500}?href\s*=\s*[\"']([^\"'<>]+)[\"'][^<>]{0,500}>(.{0,400}?)</a\s*>", re.IGNORECASE | re.DOTALL)
_SLIDE_PLACES: Final = re.compile(r"https?://(?:docs\.google\.com/(?:.*/)?presentation/|(?:www\.)?slideshare\.net/.|speakerdeck\.com/.+/.)")
# Formats of a transcript that a reader can open, the best first (Podcasting 2.0, `podcast:transcript`).
_READABLE: Final = ("text/html", "text/plain", "text/vtt", "application/x-subrip", "application/srt")
# What is said of a link stands near it.
_NEAR: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A link that goes with a recording."""

    key: str
    href: str
    # "Transcript" or "Slides".
    label: str


def companions(entry: Entry) -> tuple[Companion, ...]:
    """What an entry links as going with a recording, each once, in its order. Whether the entry has a recording the caller knows."""
    found: dict[str, Companion] = {}
    for href, label in _labelled(entry):
        page = canonical(href)
        if is_public_web(page.key) and kind_at(page.href) not in RECORDED:
            found.setdefault(page.key, Companion(key=page.key, href=page.href, label=label))
    return tuple(found.values())


def beside_recording(entry: Entry, pages: Iterable[str]) -> frozenset[str]:
    """Of the pages that an entry shares, the keys of those that only go with the one recording among them.

    Args:
        pages: canonical URLs.
    """
    shared = tuple(pages)
    if sum(kind_at(one) in RECORDED for one in shared) != 1:
        return frozenset()
    return frozenset(one.key for one in companions(entry)).intersection(shared)


def _labelled(entry: Entry) -> Iterator[tuple[str, str]]:
    text, html = entry.text or "", entry.html or ""
    if _WORDS.search(text):
        yield from _in_text(text)
    if _WORDS.search(html):
        yield from _in_markup(html)
    yield from ((link, "Slides") for link in (*entry.links, *_ADDRESS.findall(text)) if _SLIDE_PLACES.match(link))
    yield from ((link, "Slides") for link, _ in _ANCHOR.findall(html) if _SLIDE_PLACES.match(link))
    transcripts = [one for one in entry.enclosures if (one.media_type or "").lower() in _READABLE]
    if transcripts:
        yield min(transcripts, key=lambda one: _READABLE.index((one.media_type or "").lower())).url, "Transcript"


def _in_text(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        end = 0
        for found in _ADDRESS.finditer(line):
            before, behind = line[max(end, found.start() - _NEAR) : found.start()], line[found.end() : found.end() + _NEAR]
            end = found.end()
            if said := _BEFORE.search(before) or _BEHIND.match(behind):
                yield found[0].rstrip(".,;:!?"), _label(said[0])


def _in_markup(html: str) -> Iterator[tuple[str, str]]:
    end = 0
    for found in _ANCHOR.finditer(html):
        before = plain(html[max(end, found.start() - _NEAR) : found.start()].rpartition("<br")[2])
        end = found.end()
        if said := _WORDS.search(plain(found[2])) or _BEFORE.search(before):
            yield found[1], _label(said[0])


def _label(words: str) -> str:
    said = _WORDS.search(words)
    return "Slides" if said is not None and said["slides"] else "Transcript"


def links_beside(entries: Iterable[Entry], known: frozenset[str]) -> tuple[Companion, ...]:
    """What goes with a recording, by all that is said of it: each once, transcripts first.

    Args:
        known: keys of the recording's own addresses, which are no companions of it.
    """
    found: dict[str, Companion] = {}
    for entry in entries:
        for one in companions(entry):
            if one.key not in known:
                found.setdefault(one.key, one)
    return tuple(sorted(found.values(), key=lambda one: (one.label != "Transcript", host_of(one.key), one.key)))
