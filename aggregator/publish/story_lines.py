"""Stories of an edition as a reader meets them, in the mail and on the site. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from aggregator.model import Item
from aggregator.publish.words import address, counted, one_line

# Characters of a title, a name and a sentence. Views are cut before they come here; an edition that was kept is trusted no more.
_TITLE, _NAME, _SENTENCE = 300, 120, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """A story of an edition, ready to be shown."""

    title: str
    # None: there is no address that may be followed.
    href: str | None
    # BCP 47, of the title; "" when it is the site's.
    language: str
    # What it is, who made it, where it stands; what the heading says is left out.
    credit: tuple[str, ...]
    sentence: str
    # BCP 47; "" when it is the site's.
    sentence_language: str
    # "12 voices"; "" for nobody.
    voices: str
    # Where they talk.
    talk: str
    # Its own page; "" when it cannot be told where that is.
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Stories under one heading."""

    title: str
    stories: tuple[StoryLine, ...]


def story_line(item: Item, heading: str, base: str | None) -> StoryLine:
    """A story of an edition.

    Args:
        heading: of the section where it stands.
        base: what the address of its own page begins with; None: not known.
    """
    kind = "" if f"{item.kind_text}s" == heading else item.kind_text
    credit = (one_line(part, _NAME) for part in (kind, item.who, item.where))
    return StoryLine(
        title=one_line(item.title, _TITLE),
        href=address(item.href),
        language=item.language,
        credit=tuple(dict.fromkeys(part for part in credit if part)),
        sentence=one_line(item.sentence, _SENTENCE),
        sentence_language=item.sentence_language,
        voices=one_line(item.voices, _NAME),
        talk=one_line(item.talk, _SENTENCE),
        page="" if base is None else base + item.page,
    )


def sections(items: Iterable[Item], base: str | None) -> tuple[Section, ...]:
    """Stories in the order of an edition, by group."""
    grouped = groupby(items, key=lambda one: one.group)
    return tuple(Section(title=group.value, stories=tuple(story_line(one, group.value, base) for one in some)) for group, some in grouped)


def new_stories(new: int) -> str:
    """How many stories are new: "12 new stories"."""
    return counted(new, "new story", "new stories") if new else "nothing new"
