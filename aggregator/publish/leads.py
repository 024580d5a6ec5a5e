"""What is shown of the thing that a story is about: what it is called, what it is, who made it, where and when, and one sentence. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Author, Kind, Link, Mention, Story
from aggregator.pipeline._languages import language_of
from aggregator.publish.voices import Scene, place_of, text_of, who
from aggregator.publish.words import clean, host, language, one_line
from aggregator.text.excerpts import mended, sentence, without_tail_tags
from aggregator.text.titles import clean_title
from aggregator.text.urls import canonical

_TITLE = 200
# A post without a title is called by its first sentence, and a shorter one reads as a title.
_CALLED = 110
_SUMMARY = 200
# As much of a page's own description as a sentence can come from.
_READ = 2000
# Persian and Bulgarian are taken for these when only the words tell.
_TAKEN_FOR = frozenset(("ar", "ru"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The thing itself."""

    # The entry that is the thing; None: nobody listed it, it was only talked about.
    own: Mention | None
    # What the entry is an answer to was described by nobody, so that the entry stands for it.
    answer: bool
    title: str
    kind: Kind
    # "" when nobody is named.
    who: str
    where: str
    # One sentence; "" when nothing is known.
    summary: str
    # BCP 47; None: not known.
    language: str | None
    published: datetime | None
    day_only: bool


def is_first_hand(mention: Mention, keys: frozenset[str]) -> bool:
    """True when the entry is the thing itself, at one of its addresses, and not talk about it: its permalink is its own subject."""
    identity, url = mention.identity, mention.entry.url
    return identity.subject in keys and (url in (identity.subject, identity.href) or canonical(url).key == identity.subject)


def lead_view(story: Story, link: Link, own: Mention | None, scene: Scene, *, answer: bool) -> Lead:
    """The thing itself as readers see it; what the steward said of it outranks everything.

    Args:
        link: the link that it is shown by.
        own: the entry that is the thing, or stands for it.
    """
    author, where = _who(story, own, link), _where(own, link, scene)
    title, rest = _title(story, own, link, author, where)
    published, day_only = _published(story, own, link)
    return Lead(
        own=own,
        answer=answer,
        title=title,
        kind=_kind(story, own, link),
        who=author,
        where=where,
        summary=_summary(title, rest, own, link, scene),
        language=own.entry.language if own and own.entry.language else link.language,
        published=published,
        day_only=day_only,
    )


def spoken(lead: Lead, link: Link) -> str:
    """The language of the thing (BCP 47), as declared or as its words show it; "" when it is not known."""
    if declared := language(lead.language, ""):
        return declared
    text = f"{lead.title} {text_of(lead.own) if lead.own else link.description or ''}"
    found = language_of(re.findall(r"[^\W\d_]+", text.casefold()))
    return found if found and found not in _TAKEN_FOR else ""


def _title(story: Story, own: Mention | None, link: Link, author: str, where: str) -> tuple[str, str]:
    """What a story is called, and what is left of the text that it is called by."""
    if decided := one_line(story.curation.title, _TITLE) or clean(story.chosen.title if story.chosen else None, _TITLE):
        return decided, ""
    for given, site in ((own.entry.title, own.entry.site) if own else (None, None), (link.title, link.site)):
        if title := clean(given):
            return clean(clean_title(title, url=link.href, sites=(site, where, link.site), author=author), _TITLE), ""
    text = clean(without_tail_tags(text_of(own))) if own else ""
    if called := sentence(text, _CALLED):
        stem = called.removesuffix("…")
        rest = text.partition(stem)[2].strip()
        return called, ("…" + rest if rest and stem != called else rest)
    if own and author and own.entry.kind in (Kind.POST, Kind.COMMENT):
        # It says nothing, or what it says may not be passed on.
        return clean(f"{own.entry.kind.capitalize()} by {author}{f' on {where}' if where else ''}", _TITLE), ""
    return _address_as_title(link.href), ""


def _address_as_title(url: str) -> str:
    path = url.partition("://")[2].partition("?")[0].partition("#")[0].removeprefix("www.").rstrip("/")
    return clean(path, _TITLE) or "Untitled"


def _kind(story: Story, own: Mention | None, link: Link) -> Kind:
    if story.curation.kind:
        return story.curation.kind
    if story.chosen:
        return story.chosen.kind
    return own.entry.kind if own else link.kind or Kind.ARTICLE


def _who(story: Story, own: Mention | None, link: Link) -> str:
    if story.chosen and story.chosen.who:
        return clean(story.chosen.who, 120)
    if own and own.entry.author and (name := who(own.entry.author)):
        return name
    # The page says it in words; an address or a handle there is whatever it is.
    return who(Author(name=clean(link.author, 120))) if link.author else ""


def _where(own: Mention | None, link: Link, scene: Scene) -> str:
    if own:
        return place_of(own, scene.sources.get(own.source))
    return clean(link.site, 60) or host(link.href)


def _summary(title: str, rest: str, own: Mention | None, link: Link, scene: Scene) -> str:
    """One sentence that says more than the title: of the page's own description, else the first of the text."""
    text = rest or (text_of(own) if own and own.entry.title else "")
    if link.description and clean(link.description).casefold() not in scene.common:
        told = mended(link.description[:_READ], text)
        if line := clean(sentence(told, _SUMMARY, title=title), _SUMMARY):
            return line
    return clean(sentence(text, _SUMMARY, title=title), _SUMMARY)


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
