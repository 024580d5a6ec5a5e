"""The community's own page of links: Markdown in GitBook form, read into chosen stories and written back line for line.

One list entry is one story: `* 📄Ana writes [Crews](https://…): how to.` The icon is the steward's word on the kind; without one the
address decides. The note is kept as it stands, so that what was read can be written byte for byte. An entry with a parrot, or one that
begins with "See also", points to searches and is no story.

A title has to read well on its own. The linked words are the title where they begin with a capital letter and name something
("Microattunement"); where they are part of a sentence ("his religious past") or say nothing ("Video", "1"), the sentence is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from aggregator.model import Chosen, ChosenLink, Kind
from aggregator.pipeline.markdown_entries import definitions, ends_entry, list_entries, table_rows, with_addresses
from aggregator.pipeline.markdown_links import Inline, inlines, plain
from aggregator.text.page_address import kind_at
from aggregator.text.page_phrases import listed
from aggregator.text.page_titles import fold, shortened
from aggregator.text.repair import repair_text
from aggregator.text.urls import Canonical

# The first of each is what `write_item` gives. A variation selector may follow an icon.
_ICONS: tuple[tuple[Kind, str], ...] = (
    (Kind.EPISODE, "🔈🔉🔊🎧🎙🎤📻"),
    (Kind.ARTICLE, "📄📃📝📰📑📖📚📘📜"),
    (Kind.VIDEO, "🎥📹📺🎬🎦📽🎞"),
    (Kind.THREAD, "💬🧵👥"),
    (Kind.POST, "🗨🐦📣📢"),
)
_KIND_OF = {icon: kind for kind, icons in _ICONS for icon in icons}
_ICON_OF = {**{kind: icons[0] for kind, icons in _ICONS}, Kind.POST: "🗨\ufe0f", Kind.COMMENT: "🗨\ufe0f"}
_PARROT = "🦜"
_SELECTOR = "\ufe0f"

_SEE_ALSO = re.compile(r"^\s*see also\b", re.IGNORECASE)

# Bounds for a file that is no page of links, in entries and links together, and in characters of one entry: every link costs a tenth of a
# millisecond. The community's own page, kept for years, has two hundred.
_MOST_READ = 10_000
_LONGEST_ENTRY = 10_000

_LONGEST_TITLE = 120
# Linked words that name nothing.
_NAMELESS = frozenset(
    listed(
        """
        video · audio · here · link · this · article · post · listen · watch · transcript · slides · notes · recording · episode · podcast ·
        thread · discussion · website · page · more · details · source · part · read more · rough transcript · this article · this post ·
        this video · this episode · more here · read it here · listen here · watch here
        """
    )
)
_NAME = r"(?:[^\W\d_a-zß-öø-ÿ][\w'’.-]*)(?: (?:(?:van|von|de|der|den|di|da|la|le|bin|al) )*[^\W\d_a-zß-öø-ÿ][\w'’.-]*)*"
_PEOPLE = rf"{_NAME}(?:(?:, | & | and |, and ){_NAME})*"
_VERBS = (
    r"writes?|wrote|starts?|started|talks?|talked|speaks?|spoke|discuss(?:es|ed)?|explain(?:s|ed)?|present(?:s|ed)?|hosts?|hosted|shares?|"
    r"shared|describes?|described|reflect(?:s|ed)?|asks?|asked|published|posted|gave|respond(?:s|ed)?"
)
_MAKES = re.compile(rf"^(?P<who>{_PEOPLE}) (?:has |have )?(?:(?:interviews?|interviewed) (?P<whom>{_PEOPLE})|(?:{_VERBS})\b)")
_WITH = re.compile(
    r"\b(?i:interview|discussion|conversation|dialogue|talk|chat|podcast|episode|call|session|q&a) (?:with|between|by) "
    rf"(?P<who>{_PEOPLE})(?P<last>(?: and | & )[\w'’-]+)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeAlso:
    """A list entry that points to places to look, not to a story."""

    # One line of Markdown, without list mark and icon.
    note: str
    links: tuple[ChosenLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityPage:
    """A hand-kept page of links."""

    # Markdown before and after the list, as it stands.
    before: str
    after: str
    chosen: tuple[Chosen, ...]
    see_also: tuple[SeeAlso, ...]
    # What could not be read, a line each.
    remarks: tuple[str, ...] = ()

    @property
    def intro(self) -> str:
        """What stands before the list, without headings, as Markdown."""
        return "\n".join(line for line in self.before.splitlines() if not ends_entry(line)).strip()


def read_markdown(text: str, *, origin: str, canonical: Callable[[str], Canonical]) -> CommunityPage:
    """The stories that a Markdown page lists, in its order; never raises, and remarks on what it leaves out.

    Args:
        text: also one that has been through a wrong decoding.
        origin: the file's name, kept with each story.
        canonical: key and href of an absolute address.
    """
    text = repair_text(text.removeprefix("\ufeff")).replace("\r\n", "\n").replace("\r", "\n")
    lines, defined = text.split("\n"), definitions(text)
    chosen: list[Chosen] = []
    see_also: list[SeeAlso] = []
    rows = [f"line {number + 1}: a row of a table is left out; write it as * [words](address)" for number in table_rows(text)]
    remarks: list[str] = []
    first, last, left = len(lines), len(lines), _MOST_READ
    for entry in list_entries(text):
        number = entry.first
        first, last = min(first, number), entry.end
        if left <= 0:
            continue
        rest = with_addresses(entry.text, defined) if len(entry.text) <= _LONGEST_ENTRY else entry.text
        if len(rest) > _LONGEST_ENTRY:
            remarks.append(f"line {number + 1}: the entry is longer than {_LONGEST_ENTRY} characters and is left out; make several of it")
            left -= 1
            continue
        note = rest[_icon_length(rest) :].lstrip(_SELECTOR + " ")
        links, odd = _links(note, canonical)
        remarks.extend(f"line {number + 1}: {remark}" for remark in odd)
        left -= 1 + len(links)
        if left <= 0:
            remarks.append(f"line {entry.end + 1}: from here on nothing is read, the page is too long; make several pages of it")
        if rest.startswith(_PARROT) or _SEE_ALSO.match(note):
            see_also.append(SeeAlso(note=note, links=links))
        elif not links:
            remarks.append(f"line {number + 1}: the entry has no link and is left out; write [words](address)")
        else:
            if entry.nested:
                remarks.append(f"line {number + 1}: an entry of a nested list is read as one of its own")
            chosen.append(_chosen(len(chosen), rest, note, links, origin))
    return CommunityPage(
        before="\n".join(lines[:first]),
        after="\n".join(lines[last:]) if first < len(lines) else "",
        chosen=tuple(chosen),
        see_also=tuple(see_also),
        remarks=(*remarks, *rows),
    )


def write_item(item: Chosen | SeeAlso) -> str:
    """The list entry, without a newline; reading it gives the same story again."""
    icon = _PARROT if isinstance(item, SeeAlso) else _ICON_OF[item.kind]
    return f"* {icon}{item.note}"


def title_of(note: str) -> str:
    """What the story of a note is called, see the module's words on titles."""
    parts = list(inlines(note))
    linked = [part for part in parts if part.href is not None]
    label = linked[0].text.strip() if linked else ""
    if (label[:1].isupper() and not _nameless(label)) or (label.startswith("#") and " " in label):
        return shortened(label, _LONGEST_TITLE)
    sentence = _sentence(parts)
    return shortened(sentence or label or plain(note).strip() or note.strip(), _LONGEST_TITLE)


def who_of(note: str) -> str | None:
    """The people a note names as makers or speakers; None where its words do not say so plainly."""
    text = " ".join(plain(note).split())
    if found := _MAKES.match(text):
        return ", ".join(filter(None, (found["who"], found["whom"])))
    if found := _WITH.search(text):
        return found["who"] + (found["last"] or "")
    return None


def _icon_length(rest: str) -> int:
    if rest[:1] not in _KIND_OF and rest[:1] != _PARROT:
        return 0
    length = 2 if rest[1:2] == _SELECTOR else 1
    return length + len(rest[length:]) - len(rest[length:].lstrip(" "))


def _chosen(position: int, rest: str, note: str, links: tuple[ChosenLink, ...], origin: str) -> Chosen:
    told, there = _KIND_OF.get(rest[:1]), next(filter(None, (kind_at(link.href) for link in links[:1])), None)
    # A comment has no icon of its own and is written with a post's.
    kind = there if there is Kind.COMMENT and told is Kind.POST else told or there or Kind.ARTICLE
    return Chosen(position=position, kind=kind, title=title_of(note), who=who_of(note), note=note, links=links, origin=origin)


def _links(note: str, canonical: Callable[[str], Canonical]) -> tuple[tuple[ChosenLink, ...], list[str]]:
    links, odd = [], []
    for part in inlines(note):
        if part.href is None:
            continue
        if not part.href:
            odd.append("a link has no address and is left out")
        elif re.match(r"(?:https?:)?//", part.href, re.IGNORECASE):
            found = canonical(part.href)
            links.append(ChosenLink(key=found.key, href=found.href, label=part.text))
        elif re.match(r"[a-z][a-z0-9+.-]*:", part.href, re.IGNORECASE):
            odd.append("a link that is neither http nor https is left out")
        elif not part.href.startswith("#"):
            links.append(ChosenLink(key=part.href, href=part.href, label=part.text))
    return tuple(links), odd


def _sentence(parts: list[Inline]) -> str:
    """The first sentence, without a tail of links that say nothing (": Video | Transcript")."""
    bare = [part for part in parts if part.href is None or not re.match("https?://", part.text, re.IGNORECASE)]
    parts = bare if any(part.text.strip(" .:;,-–—") for part in bare) else parts
    text = "".join(part.text for part in parts)
    head, colon, _ = text.partition(": ")
    lead = "".join(part.text for part in parts[: next((at for at, part in enumerate(parts) if part.href is not None), len(parts))])
    if colon and (lead.rstrip().endswith(":") or len(head.split()) >= 4):
        text = head
    text = re.split(r"(?<=[\w)\"”’][.!?])\s+(?=\W*[A-Z0-9])", " ".join(text.split()), maxsplit=1)[0]
    return text.strip(" \t:;,|·-–—.")


def _nameless(label: str) -> bool:
    folded = fold(label[:_LONGEST_TITLE])
    return not folded or folded in _NAMELESS or folded.isdigit()
