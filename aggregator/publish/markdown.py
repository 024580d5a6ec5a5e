"""The list in the GitBook form of the community's own page, as a file or between two marks of one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from aggregator.errors import ConfigError
from aggregator.model import Kind
from aggregator.publish.notes import links_somewhere
from aggregator.publish.stories import MoreView, StoryView
from aggregator.publish.views import PageView, Shown, months
from aggregator.publish.words import printable

DISCUSSING = "discussing.md"
BEGIN, END = "<!-- aggregator:begin -->", "<!-- aggregator:end -->"
# The community's own page has the first three and the parrot.
ICONS = {
    Kind.EPISODE: "🔈",
    Kind.ARTICLE: "📄",
    Kind.VIDEO: "🎥",
    Kind.THREAD: "💬",
    Kind.POST: "🗨️",
    Kind.COMMENT: "🗨️",
}
_SEE_ALSO = "🦜"
# Everything that CommonMark or GitBook's own blocks ("{% … %}") could take for a mark; "&" only where an entity could begin.
_MARKS = re.compile(r"([\\`*_\[\]<>#|~{}$]|&(?=[#\w]))")
_HREF = re.compile(r"[()<>\\\"`|{}\s*_\[\]]")
# What begins HTML in Markdown (CommonMark 0.31.2, §6.6), and is no address in angle brackets; after what is escaped already.
_TAG = re.compile(r"(\\[^\w\s])|<(?=[A-Za-z/!?])(?!https?://|mailto:)", re.IGNORECASE)


def document(page: PageView, shown: Shown) -> str:
    """The whole page."""
    lines = [f"# {escaped(page.title)}", ""]
    if page.intro:
        lines += [escaped(page.intro), ""]
    if page.home:
        lines += [f"To join the conversation, go to {linked(page.home.title, page.home.url)}.", ""]
    return "\n".join(_trimmed(chain(lines, _lines(page, shown)))) + "\n"


def block(page: PageView, shown: Shown) -> str:
    """The list alone: chosen links in their own order, what was found by month, then "See also". No newline at the end."""
    return "\n".join(_trimmed(_lines(page, shown)))


def spliced(existing: bytes, block_text: str, path: Path) -> bytes:
    """A file with what stands between its two marks replaced; every other byte stays, and so does the form of its line ends.

    Raises:
        ConfigError: a mark is missing, stands there twice, or the two are in the wrong order.
    """
    begin, end = BEGIN.encode(), END.encode()
    if existing.count(begin) != 1 or existing.count(end) != 1 or existing.index(begin) > existing.index(end):
        raise ConfigError(
            f"{path} must hold each of these two lines once, in this order, and the list is put between them: "
            f"{BEGIN!r} and {END!r}; it holds them {existing.count(begin)} and {existing.count(end)} times"
            + (", the wrong way round" if existing.count(begin) == existing.count(end) == 1 else "")
            + "; add, take out or move them"
        )
    before, _, rest = existing.partition(begin)
    after = rest.partition(end)[2]
    newline = "\r\n" if rest.startswith(b"\r\n") else "\n"
    inside = newline + block_text.replace("\n", newline) + newline
    return before + begin + inside.encode() + end + after


def escaped(text: str) -> str:
    """Plain text as Markdown that shows exactly it."""
    return _MARKS.sub(r"\\\1", text)


def linked(label: str, href: str | None) -> str:
    """A link, or its label alone where it leads nowhere."""
    if href is None:
        return escaped(label)
    return f"[{escaped(label)}]({_HREF.sub(lambda found: f'%{ord(found[0]):02X}', href)})"


def _lines(page: PageView, shown: Shown) -> Iterator[str]:
    yield from map(_found_line, shown.pinned)
    yield from map(_chosen_line, shown.chosen)
    yield ""
    for month in months(shown.listed):
        yield from (f"## {month.title}", "")
        for view in month.stories:
            yield _found_line(view)
            yield from (f"* {ICONS[view.kind]}and {_more(more, view, page.url)}" for more in view.more)
        yield ""
    if page.see_also:
        yield f"* {_SEE_ALSO}See also: " + " · ".join(linked(one.title, one.url) for one in page.see_also)


def _more(more: MoreView, view: StoryView, site: str) -> str:
    """What is folded on the page stands there; here a count leads to it."""
    return linked(more.text, f"{site}#{view.anchor}" if site else None)


def _chosen_line(view: StoryView) -> str:
    """The note as it was written, Markdown but no HTML; the title before it where the note links to nothing."""
    note = _TAG.sub(lambda found: found[1] or "&lt;", printable(view.note_text))
    lead = "" if links_somewhere(note) else linked(view.title, view.href)
    return f"* {ICONS[view.kind]}" + " — ".join(part for part in (lead, note) if part)


def _found_line(view: StoryView) -> str:
    if view.note_text:
        return _chosen_line(view)
    credit = ", ".join(escaped(part) for part in (view.who, view.where) if part and part != view.title)
    return f"* {ICONS[view.kind]}{linked(view.title, view.href)}" + (f" — {credit}" if credit else "")


def _trimmed(lines: Iterable[str]) -> list[str]:
    """Without empty lines at either end or in a row."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept
