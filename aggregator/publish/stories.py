"""What readers see of a story: everything decided, nothing left to the templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from aggregator.model import Chosen, Kind, Link, Mention, Story
from aggregator.pipeline.companions import RECORDED, links_beside
from aggregator.publish import notes
from aggregator.publish.dates import When, stamp, when
from aggregator.publish.leads import Lead, is_first_hand, lead_view, spoken
from aggregator.publish.notes import Run
from aggregator.publish.people import is_by
from aggregator.publish.ties import TieView, language_name, matched, ties
from aggregator.publish.voices import PlaceView, Scene, VoiceView, heard, places, shown, talk, voice_view
from aggregator.publish.words import address, clean, host, language, short, without_mailboxes
from aggregator.settings import Site
from aggregator.text.urls import canonical

KIND_TEXT = {
    Kind.ARTICLE: "Article",
    Kind.EPISODE: "Episode",
    Kind.VIDEO: "Video",
    Kind.THREAD: "Discussion",
    Kind.POST: "Post",
    Kind.COMMENT: "Comment",
}
# A story found quietly is news when it is younger than this at first sight.
NEWS = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """Another address of a story."""

    href: str
    label: str

    @property
    def text(self) -> str:
        """Host and path, as far as they fit on a line."""
        return short(self.href)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationView:
    """The same in another language."""

    # "German"; "another language" where it is not known.
    name: str
    title: str
    href: str | None
    # BCP 47; "" when it is not known.
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreView:
    """Stories that stand folded behind a count."""

    # "12 more by Ada that day".
    text: str
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomView:
    """A place and the voices that were first heard there."""

    name: str
    voices: tuple[VoiceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One story, ready to be shown."""

    id: str
    # None: there is no address that may be followed.
    href: str | None
    kind: Kind
    # The kind for people, and the text alternative of its icon.
    kind_text: str
    title: str
    # "" when it is the site's.
    language: str
    # "" when nobody is named.
    who: str
    # Site, show or platform.
    where: str
    # One sentence; "" when nothing is known.
    summary: str
    # When it was published, or else found.
    when: When
    # False: only found then.
    dated: bool
    first_seen: str
    first_seen_on: When
    # Everyone who mentions it, oldest first.
    mentions: tuple[VoiceView, ...]
    # Who talks about it: one voice for each person, with what stands folded under it.
    voices: tuple[VoiceView, ...]
    places: tuple[PlaceView, ...]
    # The places as one phrase; "" when nobody talks about it.
    talk: str
    # Its other addresses.
    links: tuple[LinkView, ...]
    topics: tuple[str, ...]
    # What the community or the steward wrote about it; empty for what was only found.
    note: tuple[Run, ...]
    # As the community chose it.
    chosen: Chosen | None
    # The note as Markdown; "" when there is none.
    note_text: str
    # False: part of the archive, found when a source was first read.
    news: bool
    # Place among the pinned, from 0; None: it is not pinned.
    pinned: int | None
    # Place among the chosen that the steward gave it; None: that of its list.
    order: int | None
    # Why its addresses are one.
    ties: tuple[TieView, ...]
    # By which words it was found.
    matched: tuple[str, ...]
    # Ids that lead here, sorted.
    former: tuple[str, ...]
    # BCP 47, whatever the site's is; "" when it is not known.
    spoken: str
    # Ids of its translations.
    translated: tuple[str, ...]
    # The same, once all stories are known.
    translations: tuple[TranslationView, ...] = ()
    # What stands folded behind this one on a list.
    more: tuple[MoreView, ...] = ()

    @property
    def anchor(self) -> str:
        """Its id on a page."""
        return f"story-{self.id}"

    @property
    def text(self) -> str:
        """Host and path of its address, as far as they fit on a line."""
        return short(self.href or "")

    @property
    def page(self) -> str:
        """Its own page, relative to the output folder."""
        return f"story/{self.id}.html"

    @property
    def voices_text(self) -> str:
        """How many people talk about it: "12 voices"; "" for nobody."""
        return "" if not self.voices else "1 voice" if len(self.voices) == 1 else f"{len(self.voices)} voices"

    @property
    def folded(self) -> int:
        """How many posts stand folded under the voices."""
        return sum(voice.folded for voice in self.voices)

    @property
    def by_place(self) -> tuple[RoomView, ...]:
        """The voices by the place where each was first heard, the fullest place first."""
        names = dict.fromkeys((*(place.name for place in self.places), *(voice.place for voice in self.voices)))
        rooms = (RoomView(name=name or "Elsewhere", voices=tuple(one for one in self.voices if one.place == name)) for name in names)
        return tuple(room for room in rooms if room.voices)

    @property
    def by_hand(self) -> bool:
        """True when the community or the steward said that it is to be seen."""
        return self.chosen is not None or self.pinned is not None


def story_view(story: Story, scene: Scene, site: Site) -> StoryView:
    """A story as readers see it."""
    link = story.links[0] if story.links else Link(key=story.lead, href=story.lead)
    mentions = shown(story.mentions, scene.sources)
    keys = frozenset((story.lead, *(one.key for one in story.links)))
    firsts = [is_first_hand(one, keys) for one in mentions]
    lead = _lead(story, link, mentions, firsts, scene)
    views, voices = _voices(mentions, firsts, lead, scene)
    where_talked = places(voices)
    href = address(lead.own.entry.url) if lead.answer and lead.own else _href(story, link, site)
    note = _note_text(story, href, site)
    return StoryView(
        id=story.id,
        href=href,
        kind=lead.kind,
        kind_text=KIND_TEXT[lead.kind],
        title=lead.title,
        language=language(lead.language, scene.language),
        who=lead.who,
        where=lead.where,
        summary=lead.summary,
        when=when(lead.published or story.first_seen_at, scene.here, day_only=lead.day_only),
        dated=lead.published is not None,
        first_seen=stamp(story.first_seen_at),
        first_seen_on=when(story.first_seen_at, scene.here),
        mentions=views,
        voices=voices,
        places=where_talked,
        talk=talk(where_talked),
        links=_others(story, href, site, mentions if lead.kind in RECORDED else ()),
        topics=story.topics,
        note=_note(story, note, lead.title, href, site) if note or story.chosen else (),
        chosen=story.chosen,
        note_text=note,
        news=_news(story),
        pinned=story.curation.pinned,
        order=story.curation.order,
        ties=ties(story, lead.kind) if story.evidence else (),
        matched=matched(mentions),
        former=story.former,
        spoken=spoken(lead, link) if story.translations else language(lead.language, ""),
        translated=story.translations,
    )


def translated(view: StoryView, by_id: Mapping[str, StoryView]) -> StoryView:
    """The view with its translations that are shown."""
    others = [by_id[id] for id in view.translated if id in by_id]
    if not others:
        return view
    told = (TranslationView(name=language_name(one.spoken), title=one.title, href=one.href, language=one.spoken) for one in others)
    return replace(view, translations=tuple(sorted(told, key=lambda one: (one.name, one.title, one.href or ""))))


def _lead(story: Story, link: Link, mentions: Sequence[Mention], firsts: Sequence[bool], scene: Scene) -> Lead:
    """The thing itself, by the entry that stands at its lead; else by what its page says; else by an entry at another of its addresses."""
    itself = [one for one, first in zip(mentions, firsts, strict=True) if first]
    own = next((one for one in itself if one.identity.subject == story.lead), None)
    answer = None
    if own is None and not link.title and not story.chosen:
        own = next(iter(itself), None)
        answer = next((one for one in mentions if _answers(one, story.lead)), None) if own is None else None
    return lead_view(story, link, own or answer, scene, answer=answer is not None)


def _voices(
    mentions: Sequence[Mention], firsts: Sequence[bool], lead: Lead, scene: Scene
) -> tuple[tuple[VoiceView, ...], tuple[VoiceView, ...]]:
    """Every mention, and those that are talk with one voice for each person."""
    views = []
    for mention, first in zip(mentions, firsts, strict=True):
        views.append(voice_view(mention, scene, first_hand=first or (lead.answer and mention is lead.own)))
    talking = [(mention, view) for mention, view in zip(mentions, views, strict=True) if not view.first_hand]
    if not talking:
        return tuple(views), ()
    maker = lead.own.entry.author if lead.own else None
    url = lead.own.entry.url if lead.own else ""
    said = [replace(view, by_author=True) if is_by(mention, maker, lead.who, url) else view for mention, view in talking]
    return tuple(views), heard([mention for mention, _ in talking], said)


def _answers(mention: Mention, lead: str) -> bool:
    """True when the entry answers the lead. It stands for a story whose lead nobody has described: a reader finds what it answers there."""
    answered = mention.entry.in_reply_to
    return answered is not None and canonical(answered).key == lead


def _others(story: Story, lead: str | None, site: Site, recorded: Sequence[Mention]) -> tuple[LinkView, ...]:
    """The addresses beside the lead, each once: those that the community wrote, those that were found, what goes with the recording.

    Args:
        recorded: all that is said of the story where it is a recording.
    """
    written = [(notes.followed(link.href, base(site)), link.label) for link in story.chosen.links] if story.chosen else []
    known = [(address(link.href), link.site) for link in story.links[1:]]
    own = frozenset((story.lead, *(link.key for link in story.links)))
    beside = [(address(one.href), one.label) for one in links_beside((mention.entry for mention in recorded), own)]
    others: dict[str, LinkView] = {}
    for href, label in (*written, *known, *beside):
        if href is not None and href != lead and href not in others:
            others[href] = LinkView(href=href, label=clean(label, 60) or host(href))
    return tuple(others.values())


def _href(story: Story, link: Link, site: Site) -> str | None:
    """The address to follow: as the community wrote it, else the best that is known."""
    written = notes.followed(story.chosen.links[0].href, base(site)) if story.chosen else None
    return written or address(link.href)


def base(site: Site) -> str | None:
    """What relative addresses of the community's own page are relative to: its home, where that is a page and not the door of a host."""
    return site.home.url if site.home and urlsplit(site.home.url).path.strip("/") else None


def _note_text(story: Story, href: str | None, site: Site) -> str:
    """What the steward or else the community wrote, with the steward's title for what the community's own note links to."""
    if story.curation.note or story.chosen is None:
        return story.curation.note or ""
    title, note = story.curation.title, without_mailboxes(story.chosen.note)
    return notes.relabelled(note, href, title, base=base(site)) if title else note


def _note(story: Story, text: str, title: str, href: str | None, site: Site) -> tuple[Run, ...]:
    """The note. Of what the community chose it holds the lead: marked in it, else the title goes before it."""
    note = notes.runs(text, base=base(site))
    if story.chosen is None:
        return note
    if any(run.href for run in note) or title in notes.plain(text):
        return notes.marked_lead(note, href)
    return (Run(text=title, href=href, lead=True), *((Run(text=" — "), *note) if note else ()))


def _news(story: Story) -> bool:
    """True unless it was found quietly and was old, or of no known age, when it was found."""
    if any(not mention.quiet for mention in story.mentions):
        return True
    times = [mention.entry.published for mention in story.mentions] + [link.published for link in story.links[:1]]
    times.append(story.chosen.published if story.chosen else None)
    known = [one for one in times if one is not None and one <= story.first_seen_at]
    return bool(known) and min(known) >= story.first_seen_at - NEWS


def newest_first(views: Iterable[StoryView]) -> tuple[StoryView, ...]:
    """Stories by the day or instant they show, newest first; then by id, so that no order of arrival is seen."""
    return tuple(sorted(sorted(views, key=lambda view: view.id), key=lambda view: (view.when.day, view.when.iso), reverse=True))


def in_chosen_order(views: Iterable[StoryView]) -> tuple[StoryView, ...]:
    """Chosen stories as the steward ordered them; the others behind them as their lists have them: the configuration's own first, then
    imported files by name."""

    def place(view: StoryView) -> tuple[bool, int, bool, str, int, str]:
        assert view.chosen is not None
        ordered = view.order is None, view.order or 0
        return *ordered, view.chosen.origin != "sources.yaml", view.chosen.origin, view.chosen.position, view.id

    return tuple(sorted(views, key=place))
