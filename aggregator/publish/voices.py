"""Who talks about a story, and where: mentions made ready to be shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from aggregator.model import Author, Kind, Mention, Visibility
from aggregator.publish.dates import When, when
from aggregator.publish.sources import SourceView
from aggregator.publish.words import address, clean, host, language, listed
from aggregator.text.excerpts import sentence, unmarked
from aggregator.text.html import visible

# Of a voice's own words no more than this is shown: credit and a link, not a copy.
_EXCERPT = 200
# As much of a text as an excerpt can come from.
_READ = 2000
_SOCIAL = frozenset({Kind.POST, Kind.COMMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceView:
    """One mention, ready to be shown."""

    # Name of the collector; "" when the source is no longer configured.
    platform: str
    # Id of the source.
    source: str
    # The permalink; None: it may not be followed.
    href: str | None
    # Name for people; "" when nobody is named.
    who: str
    # With a leading "@" where the platform has handles; "" when there is none.
    handle: str
    # Name of the place where it was said.
    place: str
    # When it was said, or else found.
    when: When
    # False: only found then.
    dated: bool
    # A sentence; of the thing itself the words around the match.
    excerpt: str
    # "" when it is the site's.
    language: str
    # The mention is the thing itself, not talk about it.
    first_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A place and how many people talk there."""

    name: str
    voices: int

    def __str__(self) -> str:
        return f"{self.name} ({self.voices})" if self.voices > 1 else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all views of one build share."""

    sources: Mapping[str, SourceView]
    here: tzinfo
    # The site's own language.
    language: str


def shown(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """The mentions that may be shown. The pipeline keeps nothing else; what is private must not depend on one guard."""
    return tuple(one for one in mentions if one.entry.visibility is Visibility.PUBLIC and not one.entry.restrictions)


def voice_view(mention: Mention, scene: Scene, *, first_hand: bool) -> VoiceView:
    """A mention as a voice."""
    entry, source = mention.entry, scene.sources.get(mention.source)
    author = entry.author or Author()
    dated = entry.published is not None and entry.published <= mention.first_seen_at
    return VoiceView(
        platform=source.platform if source else "",
        source=mention.source,
        href=address(entry.url),
        who=who(author),
        handle=handle(author),
        place=place_of(mention, source),
        when=when(entry.published if dated and entry.published else mention.first_seen_at, scene.here),
        dated=dated,
        excerpt=clean(unmarked(mention.matches[0].excerpt) if first_hand else "", _EXCERPT) or excerpt(mention),
        language=language(entry.language, scene.language),
        first_hand=first_hand,
    )


def who(author: Author) -> str:
    """A person's name, or else the handle; "" when neither is known. An address of a mailbox is never shown."""
    name = clean(author.name, 80)
    if not name or ("@" in name and "." in name.rpartition("@")[2] and " " not in name):
        return handle(author)
    return name


def handle(author: Author) -> str:
    """The handle as people write it, with its "@"."""
    return "@" + clean(author.handle, 80).removeprefix("@") if author.handle else ""


def place_of(mention: Mention, source: SourceView | None) -> str:
    """Where a mention stands: the platform for posts, the site for everything that has one."""
    if mention.entry.kind in _SOCIAL and source is not None:
        return source.place
    return clean(mention.entry.site, 60) or (source.place if source else "") or host(mention.entry.url)


def text_of(mention: Mention) -> str:
    """As much of an entry's text as an excerpt can come from, in paragraphs; "" when it has none."""
    entry = mention.entry
    if entry.text is not None:
        return unmarked(entry.text[:_READ])
    return visible(entry.html[:_READ]).text if entry.html else ""


def excerpt(mention: Mention) -> str:
    """A sentence of a mention, or else its title."""
    return clean(sentence(text_of(mention), _EXCERPT), _EXCERPT) or clean(mention.entry.title, _EXCERPT)


def one_each(voices: Sequence[VoiceView]) -> tuple[VoiceView, ...]:
    """The first voice of every person in every place, in the order given; who is not named counts by the permalink."""
    kept: dict[tuple[str, str], VoiceView] = {}
    for voice in voices:
        person = voice.handle or voice.who or voice.href or ""
        kept.setdefault((voice.place.casefold(), person.casefold()), voice)
    return tuple(kept.values())


def places(voices: Sequence[VoiceView]) -> tuple[PlaceView, ...]:
    """Where voices were heard, the fullest place first, then by name."""
    counted = Counter(voice.place for voice in voices if voice.place)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0].casefold(), item[0]))
    return tuple(PlaceView(name=name, voices=count) for name, count in ordered)


def talk(where: Sequence[PlaceView]) -> str:
    """The places as one phrase: "Mastodon (3), Bluesky and Loomio"."""
    return listed([str(place) for place in where])
