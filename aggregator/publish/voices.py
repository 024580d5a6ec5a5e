"""Who talks about a story, and where: mentions made ready to be shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from aggregator.model import Author, Kind, Mention, Restriction, Visibility
from aggregator.pipeline.consent import objection
from aggregator.publish.dates import When, when
from aggregator.publish.people import people
from aggregator.publish.sources import SourceView
from aggregator.publish.words import HIDDEN, address, clean, host, language, listed, one_line
from aggregator.text.excerpts import sentence, unmarked
from aggregator.text.html import visible
from aggregator.text.urls import canonical

# Of a voice's own words no more than this is shown: credit and a link, not a copy.
_EXCERPT = 200
# As much of a text as an excerpt can come from.
_READ = 2000
_SOCIAL = frozenset({Kind.POST, Kind.COMMENT})
# As mail writes it beside a name ("Ada <…@…>", RFC 5322 §3.4), and as RSS does ("…@… (Ada)").
_AROUND_MAILBOX = re.compile(rf"[<(\[]?(?:mailto:)?{HIDDEN}[>)\]]?")


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
    # It is by who made the thing.
    by_author: bool = False
    # What else the same person said about it, in any place, oldest first.
    more: tuple[VoiceView, ...] = ()
    # What others said to it, one voice each; theirs are folded here.
    answers: tuple[VoiceView, ...] = ()

    @property
    def folded(self) -> int:
        """How many posts stand under this one."""
        return len(self.more) + sum(1 + answer.folded for answer in self.answers)


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
    # Descriptions that several pages have, folded: they are the site's and none of theirs.
    common: frozenset[str] = frozenset()


def shown(mentions: Iterable[Mention], sources: Mapping[str, SourceView]) -> tuple[Mention, ...]:
    """The mentions that may be shown. The pipeline keeps nothing else; what is private must not depend on one guard."""
    return tuple(one for one in mentions if _may_be_shown(one, sources))


def _may_be_shown(mention: Mention, sources: Mapping[str, SourceView]) -> bool:
    entry = mention.entry
    if entry.visibility is Visibility.PUBLIC and not entry.restrictions:
        return True
    source = sources.get(mention.source)
    return objection(entry.visibility, entry.restrictions, agreed=source is not None and source.agreed) is None


def voice_view(mention: Mention, scene: Scene, *, first_hand: bool) -> VoiceView:
    """A mention as a voice."""
    entry, source = mention.entry, scene.sources.get(mention.source)
    author = entry.author or Author()
    dated = entry.published is not None and entry.published <= mention.first_seen_at
    return VoiceView(
        platform=source.platform if source else "",
        source=mention.source,
        href=None if Restriction.MEMBERS_ONLY in entry.restrictions else address(entry.url),
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
    if HIDDEN in name:
        name = clean(_AROUND_MAILBOX.sub(" ", name).strip(" ()\"'"), 80)
    if not name or ("@" in name and "." in name.rpartition("@")[2] and " " not in name):
        return handle(author)
    return name


def handle(author: Author) -> str:
    """The handle as people write it, with its "@"."""
    return "@" + one_line(author.handle, 80).removeprefix("@") if author.handle else ""


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


def heard(talking: Sequence[Mention], views: Sequence[VoiceView]) -> tuple[VoiceView, ...]:
    """One voice for each person, in the order given: what else they said stands under it, and so do the answers and quotes of others.

    Args:
        talking: the mentions that are talk about one thing.
        views: the same, ready to be shown.
    """
    if len(talking) < 2:
        return tuple(views)
    under = _answered(talking)
    first = _persons(talking, views, under)
    more: dict[int, list[VoiceView]] = {}
    answers: dict[int, list[int]] = {}
    for at, view in enumerate(views):
        if first[at] != at:
            more.setdefault(first[at], []).append(view)
        elif (top := under[at]) is not None:
            answers.setdefault(first[top], []).append(at)
    return tuple(_voice(at, views, more, answers) for at in range(len(views)) if first[at] == at and under[at] is None)


def places(voices: Sequence[VoiceView]) -> tuple[PlaceView, ...]:
    """Where people were heard, the fullest place first, then by name: everyone once in each place where they spoke."""
    if not voices:
        return ()
    counted = Counter(place for voice in voices for place in {voice.place, *(one.place for one in voice.more)} if place)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0].casefold(), item[0]))
    return tuple(PlaceView(name=name, voices=count) for name, count in ordered)


def talk(where: Sequence[PlaceView]) -> str:
    """The places as one phrase: "Mastodon (3), Bluesky and Loomio"."""
    return listed([str(place) for place in where])


def _voice(at: int, views: Sequence[VoiceView], more: Mapping[int, list[VoiceView]], answers: Mapping[int, list[int]]) -> VoiceView:
    if at not in more and at not in answers:
        return views[at]
    told = tuple(_voice(answer, views, more, answers) for answer in answers.get(at, ()))
    return replace(views[at], more=tuple(more.get(at, ())), answers=told)


def _persons(talking: Sequence[Mention], views: Sequence[VoiceView], under: Sequence[int | None]) -> list[int]:
    """For each mention the one that it is folded under because the same person said it.

    A person who also answers others is heard once: where they first spoke for themselves, or else answered first. Who made the thing is one
    person, by whatever each of the posts was known for theirs.
    """
    same = list(people(talking))
    makers = {same[at] for at, view in enumerate(views) if view.by_author}
    same = [min(makers) if person in makers else person for person in same]
    head: dict[int, int] = {}
    for at in sorted(range(len(talking)), key=lambda at: (under[at] is not None, at)):
        head.setdefault(same[at], at)
    return [head[person] for person in same]


def _answered(talking: Sequence[Mention]) -> list[int | None]:
    """For each mention the talk that it answers or quotes; None: it is said about the thing itself.

    Of answers to answers each stands under the one at the beginning; of posts that answer one another in a circle one is taken to begin.
    """
    places_of: dict[str, int] = {}
    for at, mention in enumerate(talking):
        for key in {canonical(mention.entry.url).key, *mention.identity.aliases}:
            places_of.setdefault(key, at)
    under: list[int | None] = [None] * len(talking)
    for at, mention in enumerate(talking):
        answered = [mention.identity.subject] + ([canonical(mention.entry.in_reply_to).key] if mention.entry.in_reply_to else [])
        root = next((places_of[key] for key in answered if key in places_of and places_of[key] != at), None)
        seen = {at}
        while root is not None and under[root] is not None and root not in seen:
            seen.add(root)
            root = under[root]
        under[at] = None if root in seen else root
    return [_top(under, at) for at in range(len(under))]


def _top(under: Sequence[int | None], at: int) -> int | None:
    """Where a chain of answers begins; it has no circle."""
    top = under[at]
    while top is not None and under[top] is not None:
        top = under[top]
    return top
