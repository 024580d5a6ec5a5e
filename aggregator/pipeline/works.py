"""A page or post as it can be compared with others, and what it is found by: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Final

from aggregator.model import Entry, Kind, Link, Material, Mention, Sketched, Work
from aggregator.pipeline._boilerplate import goes_on, original_in, telling
from aggregator.pipeline._languages import language_of, primary
from aggregator.pipeline._marks import numbering, once_on, taken_apart
from aggregator.pipeline._names import AT, handles_in, names_by_address, names_in
from aggregator.pipeline._titles import tidy, title_of
from aggregator.text.html import visible
from aggregator.text.page_titles import placeholder, wall_of
from aggregator.text.platform_ids import platform_of
from aggregator.text.similarity import bands, posting, sketch, words_of
from aggregator.text.urls import canonical, host_of, is_public_web
from aggregator.text.versions import rules_of_works

__all__ = ["found_by", "named_by", "place_of", "work_of"]

# Shorter texts are compared word for word.
_FEWEST_SKETCHED: Final = 8
# Of a text that is only compared as a whole; one says nothing ("Thanks!").
_FEWEST_EXACT: Final = 2
_MOST_LINKS: Final = 20
_MOST_PARTS: Final = 4
_MOST_NAMES: Final = 6
_MOST_LEFT_OUT: Final = 12
_LONG_ID: Final = 16
# Where each server is a place of its own: an account on two of them is two accounts.
_FEDERATED: Final = frozenset(("Mastodon", "Lemmy", "PeerTube", "Discourse", "Matrix", "WordPress feed", "DOI"))
# A post is an activity, a share and an upload of LinkedIn's; on Facebook its number differs by reader; of an album each picture has one.
_MANY_NUMBERS: Final = frozenset(("linkedin", "facebook", "telegram"))
_ONE_PLACE: Final = {"Medium elsewhere": "medium", "YouTube mirror": "youtube", "X mirror": "x"}


def work_of(material: Material) -> Sketched | None:
    """The work at an address, with its postings; None where there is nothing to compare: no title and hardly a text."""
    told = _told(material)
    if told is None:
        return None
    title, names, taken = _titled(told)
    voice = told.kind in (Kind.POST, Kind.COMMENT)
    said = f"{told.title}\n{told.text}" if voice and told.title else told.text
    # A post that says no more than "Please join us tonight, and bring soup" says that.
    words = words_of(telling(said)) or (words_of(said) if voice else [])
    if title is None and len(words) < _FEWEST_EXACT and told.guid is None and told.claims is None:
        return None
    place = place_of(material.key)
    marks = {f"{unit}:{value}" for unit, value in (_marks(told.title, title) if title or not voice else _counted(told.text)).items()}
    work = Work(
        key=material.key,
        kind=told.kind,
        place=place,
        title=title,
        authors=tuple(sorted({*names, *(AT + name for name in (*told.places, *taken) if name not in names)})),
        marks=tuple(sorted(marks | _once(told, place))),
        published=told.published,
        language=_language(told, words),
        words=len(words),
        sketch=sketch(words) if len(words) >= _FEWEST_EXACT else b"",
        links=told.links,
        claims=told.claims,
        guid=told.guid,
        answers=told.answers,
        rules=rules_of_works(),
    )
    return found_by(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What mentions or a link say of one address."""

    key: str
    kind: Kind
    title: str | None
    text: str
    # Folded names of who made it, and of the site it stands on.
    names: tuple[str, ...]
    places: tuple[str, ...]
    published: datetime | None
    language: str | None
    links: tuple[str, ...]
    claims: str | None
    guid: str | None
    answers: str | None


def _told(material: Material) -> _Told | None:
    if material.mentions:
        told = _by_mentions(material)
    elif material.link is not None and (material.link.title or material.link.description):
        told = _by_link(material.link)
    else:
        return None
    # Whatever a wall says, it is not the page's.
    return None if told.title and wall_of(told.title) else told


def _by_mentions(material: Material) -> _Told:
    """The fullest of the mentions, which does not depend on the order in which they came; what it lacks is the others'."""
    mentions = material.mentions if len(material.mentions) == 1 else sorted(material.mentions, key=_fullness, reverse=True)
    entries = [mention.entry for mention in mentions]
    best, texts = entries[0], [text for text in map(_text, entries) if text]
    link = material.link
    text = max(texts, key=lambda text: (len(text), text), default=(link.description if link and not best.title else None) or "")
    published = [entry.published for entry in entries if entry.published] or ([link.published] if link and link.published else [])
    return _Told(
        key=material.key,
        kind=best.kind,
        title=next((entry.title for entry in entries if entry.title and not placeholder(entry.title)), link.title if link else None),
        text=text,
        names=_names(entries, link),
        places=_places(entries, link),
        published=min(published, default=None),
        language=next((found for entry in entries if (found := primary(entry.language))), primary(link.language) if link else None),
        links=_links(material.key, mentions),
        claims=_claim(material, texts),
        guid=next((found for entry in entries if (found := _guid(entry)) and found != material.key), None) or _uuid(material.key),
        answers=next((found for mention in mentions if (found := _answers(mention))), None),
    )


def _by_link(link: Link) -> _Told:
    return _Told(
        key=link.key,
        kind=link.kind or Kind.ARTICLE,
        title=link.title if link.title and not placeholder(link.title) else None,
        text=link.description or "",
        names=names_in(link.author) if link.author else (),
        places=_places((), link),
        published=link.published,
        language=primary(link.language),
        links=(),
        claims=_elsewhere(link.canonical, link.key),
        guid=_uuid(link.key),
        answers=None,
    )


def _fullness(mention: Mention) -> tuple[object, ...]:
    entry = mention.entry
    return (
        entry.kind not in (Kind.POST, Kind.COMMENT),
        entry.title is not None,
        len(entry.html or entry.text or ""),
        entry.author is not None,
        entry.published is not None,
        mention.source,
        entry.native_id,
        entry.content_hash,
    )


def _text(entry: Entry) -> str:
    shown = visible(entry.html).text if entry.html else ""
    return max((entry.text or "", shown), key=len)


def _names(entries: Iterable[Entry], link: Link | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for author in (entry.author for entry in entries if entry.author):
        found.update(dict.fromkeys(names_in(author.name) if author.name else ()))
        found.update(dict.fromkeys(handles_in(author.handle) if author.handle else ()))
    if not found and link is not None and link.author:
        found.update(dict.fromkeys(names_in(link.author)))
    return tuple(found)


def _places(entries: Iterable[Entry], link: Link | None) -> tuple[str, ...]:
    urls = [entry.url for entry in entries] or ([link.href, link.key] if link else [])
    sites = [entry.site for entry in entries if entry.site] or ([link.site] if link and link.site else [])
    found = dict.fromkeys(name for url in urls for name in names_by_address(url))
    found.update(dict.fromkeys(name for site in sites for name in names_in(site)))
    return tuple(found)


def _titled(told: _Told) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """The clean title, the names of people, and the names that stood in the title and are places'."""
    if not told.title:
        return None, told.names, ()
    known = {name.replace(" ", "") for name in (*told.names, *told.places)}
    title, taken = tidy(told.title, names=known)
    return title or None, told.names, taken


def _marks(raw: str | None, title: str | None) -> dict[str, str]:
    if not raw or not title:
        return {}
    return {**taken_apart(raw).marks, **taken_apart(title).marks}


_OPENING: Final = re.compile(r"[^.!?\n…]*\d[^.!?\n…]*")
_LONGEST_OPENING: Final = 80


def _counted(text: str) -> dict[str, str]:
    """The marks with which a post without a title begins: "Day 4 of the gathering", "Week 12:"."""
    opening = _OPENING.match(text.lstrip())
    return taken_apart(opening[0]).marks if opening is not None and len(opening[0]) <= _LONGEST_OPENING else {}


def _once(told: _Told, place: str) -> set[str]:
    """The mark that two works of one author on one place do not have in common: nobody publishes one recording or post there twice.

    Without it an evening that is announced every month, here and elsewhere in the same words, would chain into one story. Of articles the
    day counts: one can stand at two addresses of a site. Of a post the second counts where a network shows one under several numbers.
    """
    name = min(told.names, default=None)
    if name is None:
        return set()
    if told.kind in (Kind.ARTICLE, Kind.THREAD):
        return {once_on(name, place, told.published.date().isoformat())} if told.published else set()
    timed = place in _MANY_NUMBERS and told.published is not None and told.published.time() != time.min
    return {once_on(name, place, told.published.isoformat() if timed and told.published else told.key)}


def _language(told: _Told, words: Sequence[str]) -> str | None:
    """What the words show where they are sure of it: platforms call a post English whose author never said."""
    return language_of([*words_of(told.title or ""), *words]) or told.language


def _links(key: str, mentions: Sequence[Mention]) -> tuple[str, ...]:
    found: set[str] = set()
    for mention in mentions:
        entry = mention.entry
        links = (*entry.links, *(visible(entry.html, base=entry.url).links if entry.html else ()))
        found.update(mention.identity.shares or (canonical(link).key for link in links))
    own = {key, *(alias for mention in mentions for alias in mention.identity.aliases)}
    return tuple(sorted(link for link in found - own if is_public_web(link))[:_MOST_LINKS])


def _claim(material: Material, texts: Sequence[str]) -> str | None:
    said = material.link.canonical if material.link else None
    named = said or next((found for text in texts if (found := original_in(text))), None)
    if named is None and (links := _links(material.key, material.mentions)) and len(links) == 1 and any(map(goes_on, texts)):
        named = links[0]
    return _elsewhere(named, material.key)


def _elsewhere(url: str | None, key: str) -> str | None:
    """A canonical URL on another site than the address itself."""
    named = canonical(url).key if url else None
    return named if named and is_public_web(named) and _bare(named) != _bare(key) else None


@lru_cache(maxsize=8192)
def _bare(url: str) -> str:
    return host_of(url).removeprefix("www.")


def _guid(entry: Entry) -> str | None:
    """A feed's id that no other gives by chance: an address, a URN, a tag (RFC 4151), a long code; "1" and "post-12" are none."""
    if entry.kind in (Kind.POST, Kind.COMMENT):
        return None
    said = entry.native_id.strip()
    if said.startswith(("http://", "https://")):
        # The fragment tells the comments on one page apart.
        return canonical(said).key + (f"#{said.partition('#')[2]}" if "#" in said else "")
    if said.startswith(("urn:", "tag:")):
        return said
    telling_id = len(said) >= _LONG_ID and " " not in said and sum(letter.isdigit() for letter in said) > 3
    return said if telling_id and not said.isdigit() else None


_UUID: Final = re.compile(r"/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:/|\Z)")


def _uuid(key: str) -> str | None:
    """An id in the address that no other thing has (RFC 9562): federated servers show a video or an event under the one it has at home."""
    found = _UUID.search(key)
    return f"urn:uuid:{found[1]}" if found else None


def _answers(mention: Mention) -> str | None:
    said = mention.entry.in_reply_to
    key = canonical(said).key if said else None
    return key if key and is_public_web(key) and key != mention.identity.subject else None


@lru_cache(maxsize=65536)
def place_of(key: str) -> str:
    """The platform of a canonical URL in lower case, or its host where there is none or each server is a place of its own."""
    host = _bare(key)
    known = platform_of(host)
    if known is None or known[0] in _FEDERATED:
        return host
    return _ONE_PLACE.get(known[0], known[0].lower())


# -- what a work is found by


def found_by(work: Work) -> Sketched:
    """A work with its postings and probes, which follow from it."""
    mirrored = {*_by_text(work), *_by_title(work)}
    if work.guid:
        mirrored.add(posting(b"guid", 0, work.guid.encode("utf-8", "surrogatepass")))
    named = [key.encode("utf-8", "surrogatepass") for key in named_by(work)]
    own = work.key.encode("utf-8", "surrogatepass")
    postings = {*mirrored, posting(b"is", 0, own), *(posting(b"names", 0, key) for key in named)}
    probes = {*mirrored, posting(b"names", 0, own), *(posting(b"is", 0, key) for key in named)}
    return Sketched(work=work, postings=tuple(sorted(postings)), probes=tuple(sorted(probes)))


def named_by(work: Work) -> tuple[str, ...]:
    """The addresses whose works are compared with this one because it names them; a post's links tell what it shares, not what it is."""
    links = () if work.kind in (Kind.POST, Kind.COMMENT) else work.links
    return tuple(dict.fromkeys((*links, *((work.claims,) if work.claims else ()))))


def _by_text(work: Work) -> Iterable[int]:
    if work.words >= _FEWEST_SKETCHED:
        return bands(work.sketch)
    return (posting(b"whole", 0, work.sketch),) if work.sketch else ()


def _by_title(work: Work) -> Iterable[int]:
    """One posting for the words of the title, for each part of it, and for all but one of the words of a long one."""
    if not work.title:
        return
    title = title_of(work.title)
    if title.generic or title.weight < 1:
        for name in _squeezed_names(work):
            yield _title_posting((*title.telling, *numbering(work.marks), name))
        return
    yield _title_posting(title.telling)
    yield _title_posting(("".join(title.words),))
    for part in title.parts[:_MOST_PARTS]:
        yield _title_posting(tuple(sorted(set(part))))
    if not title.parts:
        yield _title_posting(tuple(sorted(set(title.words))))
    if 4 <= len(title.telling) <= _MOST_LEFT_OUT:
        for left_out in range(len(title.telling)):
            yield _title_posting((*title.telling[:left_out], *title.telling[left_out + 1 :]))


def _squeezed_names(work: Work) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.removeprefix(AT).replace(" ", "") for name in work.authors))[:_MOST_NAMES]


def _title_posting(words: Sequence[str]) -> int:
    return posting(b"title", 0, " ".join(words).encode("utf-8", "surrogatepass"))
