"""What readers see of a story: everything decided, nothing left to the templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aggregator.model import Chosen, Kind, Link, Mention, Story
from aggregator.publish import notes
from aggregator.publish.dates import When, stamp, when
from aggregator.publish.notes import Run
from aggregator.publish.voices import PlaceView, Scene, VoiceView, one_each, place_of, places, shown, talk, text_of, voice_view, who
from aggregator.publish.words import address, clean, host, language
from aggregator.settings import Site
from aggregator.text.excerpts import sentence
from aggregator.text.urls import canonical

KIND_TEXT = {
    Kind.ARTICLE: "Article",
    Kind.EPISODE: "Episode",
    Kind.VIDEO: "Video",
    Kind.THREAD: "Discussion",
    Kind.POST: "Post",
    Kind.COMMENT: "Comment",
}
_TITLE = 200
# A post without a title is called by its first sentence, and a shorter one reads as a title.
_CALLED = 110
_SUMMARY = 200
# A story found quietly is news when it is younger than this at first sight.
NEWS = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """Another address of a story."""

    href: str
    label: str


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
    # Everyone who mentions it, oldest first.
    mentions: tuple[VoiceView, ...]
    # Who talks about it: one voice for each person in each place.
    voices: tuple[VoiceView, ...]
    places: tuple[PlaceView, ...]
    # The places as one phrase; "" when nobody talks about it.
    talk: str
    # Its other addresses.
    links: tuple[LinkView, ...]
    topics: tuple[str, ...]
    # What the community wrote when it chose it; empty for what was only found.
    note: tuple[Run, ...]
    # The same as Markdown.
    chosen: Chosen | None
    # False: part of the archive, found when a source was first read.
    news: bool

    @property
    def anchor(self) -> str:
        """Its id on a page."""
        return f"story-{self.id}"


def story_view(story: Story, scene: Scene, site: Site) -> StoryView:
    """A story as readers see it."""
    link = story.links[0] if story.links else Link(key=story.lead, href=story.lead)
    mentions = shown(story.mentions)
    keys = frozenset((story.lead, *(one.key for one in story.links)))
    firsts = [_first_hand(one, keys) for one in mentions]
    own = next((one for one, first in zip(mentions, firsts, strict=True) if first and one.identity.subject == story.lead), None)
    answer = None if own or link.title or story.chosen else next((one for one in mentions if _answers(one, story.lead)), None)
    own = own or answer
    views = tuple(voice_view(one, scene, first_hand=first or one is answer) for one, first in zip(mentions, firsts, strict=True))
    voices = one_each([view for view in views if not view.first_hand])
    where_talked = places(voices)
    href = address(answer.entry.url) if answer else _href(story, link, site)
    title, rest = _title(story, own, link)
    published, day_only = _published(story, own, link)
    return StoryView(
        id=story.id,
        href=href,
        kind=(kind := _kind(story, own, link)),
        kind_text=KIND_TEXT[kind],
        title=title,
        language=language(own.entry.language if own and own.entry.language else link.language, scene.language),
        who=_who(story, own, link),
        where=_where(own, link, scene),
        summary=_summary(title, rest, own, link),
        when=when(published or story.first_seen_at, scene.here, day_only=day_only),
        dated=published is not None,
        first_seen=stamp(story.first_seen_at),
        mentions=views,
        voices=voices,
        places=where_talked,
        talk=talk(where_talked),
        links=_others(story, href, site),
        topics=story.topics,
        note=_note(story.chosen, title, href, site) if story.chosen else (),
        chosen=story.chosen,
        news=_news(story),
    )


def _first_hand(mention: Mention, keys: frozenset[str]) -> bool:
    """True when the entry is the thing itself, at one of its addresses, and not talk about it: its permalink is its own subject."""
    identity, url = mention.identity, mention.entry.url
    return identity.subject in keys and (url in (identity.subject, identity.href) or canonical(url).key == identity.subject)


def _answers(mention: Mention, lead: str) -> bool:
    """True when the entry answers the lead. It stands for a story whose lead nobody has described: a reader finds what it answers there."""
    answered = mention.entry.in_reply_to
    return answered is not None and canonical(answered).key == lead


def _title(story: Story, own: Mention | None, link: Link) -> tuple[str, str]:
    """What a story is called, and what is left of the text that it is called by."""
    given = story.chosen.title if story.chosen else own.entry.title if own and own.entry.title else link.title
    if title := clean(given, _TITLE):
        return title, ""
    text = clean(text_of(own)) if own else ""
    if called := sentence(text, _CALLED):
        stem = called.removesuffix("…")
        rest = text.partition(stem)[2].strip()
        return called, ("…" + rest if rest and stem != called else rest)
    return _address_as_title(link.href), ""


def _address_as_title(url: str) -> str:
    path = url.partition("://")[2].partition("?")[0].partition("#")[0].removeprefix("www.").rstrip("/")
    return clean(path, _TITLE) or "Untitled"


def _kind(story: Story, own: Mention | None, link: Link) -> Kind:
    if story.chosen:
        return story.chosen.kind
    return own.entry.kind if own else link.kind or Kind.ARTICLE


def _who(story: Story, own: Mention | None, link: Link) -> str:
    if story.chosen and story.chosen.who:
        return clean(story.chosen.who, 120)
    if own and own.entry.author and (name := who(own.entry.author)):
        return name
    return clean(link.author, 120)


def _where(own: Mention | None, link: Link, scene: Scene) -> str:
    if own:
        return place_of(own, scene.sources.get(own.source))
    return clean(link.site, 60) or host(link.href)


def _summary(title: str, rest: str, own: Mention | None, link: Link) -> str:
    """One sentence that says more than the title."""
    if link.description and (line := _beyond(title, link.description[: _SUMMARY * 4])):
        return line
    return _beyond(title, rest or (text_of(own) if own and own.entry.title else ""))


def _beyond(title: str, text: str) -> str:
    """A sentence of a text; "" when the title says it already."""
    line = clean(sentence(text, _SUMMARY), _SUMMARY)
    return "" if line.rstrip(".…!? ").casefold() in title.casefold() else line


def _published(story: Story, own: Mention | None, link: Link) -> tuple[datetime | None, bool]:
    """When a story was published, if it is known and was not in the future when it was first seen, and whether only the day is known."""
    for instant, day_only in (
        (story.chosen.published if story.chosen else None, False),
        (own.entry.published if own else None, False),
        (link.published, link.published_day_only),
    ):
        if instant is not None and instant <= story.first_seen_at:
            return instant, day_only
    return None, False


def _others(story: Story, lead: str | None, site: Site) -> tuple[LinkView, ...]:
    """The addresses beside the lead, each once: those that the community wrote, then those that were found."""
    written = [(notes.followed(link.href, base(site)), link.label) for link in story.chosen.links] if story.chosen else []
    known = [(address(link.href), link.site) for link in story.links[1:]]
    others: dict[str, LinkView] = {}
    for href, label in (*written, *known):
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


def _note(chosen: Chosen, title: str, href: str | None, site: Site) -> tuple[Run, ...]:
    """The note with its lead marked; the title goes before a note that links to nothing."""
    note = notes.runs(chosen.note, base=base(site))
    if any(run.href for run in note) or title in notes.plain(chosen.note):
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
    """Chosen stories as their lists have them: the configuration's own first, then imported files by name."""

    def place(view: StoryView) -> tuple[bool, str, int, str]:
        assert view.chosen is not None
        return view.chosen.origin != "sources.yaml", view.chosen.origin, view.chosen.position, view.id

    return tuple(sorted(views, key=place))
