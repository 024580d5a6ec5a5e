"""The digest on the site: a page for each edition, their archive and its feed. Pure.

An edition keeps its choice, its order and its counts; what it says of each story is what the page says of it now. So a title that the
steward mended is mended here too, and nothing that was taken down is kept: what is not on the page any more, under no id that leads on from
the one it had, is left out, and one line says how many stories that were.

Pages are kept as those of years are: one that is made from the same is taken as it lies there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from aggregator.model import Edition, Item
from aggregator.publish import made_from
from aggregator.publish.dates import stamp
from aggregator.publish.feeds import urn
from aggregator.publish.render import Templates
from aggregator.publish.site import ARCHIVE, Digests, Note
from aggregator.publish.stories import StoryView
from aggregator.publish.story_lines import Section, StoryLine, new_stories, sections, story_line
from aggregator.publish.views import PageView, Shown
from aggregator.publish.words import counted, one_line
from aggregator.publish.year_pages import lying

FEED: Final = "digest/feed.xml"
# The newest editions in the feed.
_FEED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """An edition, ready to be shown on the site."""

    # For feeds.
    id: str
    title: str
    # Relative to the output folder.
    path: str
    # "16 to 22 November 2026".
    days: str
    # "weekly".
    rhythm: str
    # "2026".
    year: str
    # When its period ended, RFC 3339.
    until: str
    # "12 new stories".
    count: str
    sections: tuple[Section, ...]
    also: tuple[StoryLine, ...]
    # "and 7 more"; "": they are all here.
    more: str
    talked: tuple[StoryLine, ...]
    pinned: tuple[StoryLine, ...]
    coverage: str
    # "1 story was removed since."; "": none was.
    removed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """The editions before and after one, of the same title and rhythm; None: there is none."""

    older: EditionView | None
    newer: EditionView | None


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The pages of editions, and how they are filled."""

    page: PageView
    # Newest first.
    editions: tuple[EditionView, ...]
    filled: Templates
    fingerprint: str
    own_markdown: bool

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """What the page of each edition is made from, by path."""
        common = made_from.common(self.fingerprint, self.page, self.own_markdown)
        told = ((edition, self._near[edition.path]) for edition in self.editions)
        return {edition.path: made_from.digest(edition, *_linked(near), of=common) for edition, near in told}

    def texts(self, output: Path, note: Note) -> dict[str, str]:
        """Every file of the digest by path; nothing when there is no digest."""
        if self.page.digest is None:
            return {}
        made = {one.path: lying(output, one.path, note, self.digests[one.path]) or self._edition(one) for one in self.editions}
        made[FEED] = _atom(self.page, self.editions[:_FEED])
        years = [(year, tuple(some)) for year, some in groupby(self.editions, key=lambda one: one.year)]
        mixed = len({(one.title, one.rhythm) for one in self.editions}) > 1
        made[ARCHIVE] = self._fill("digest_archive.html", root="../", years=years, mixed=mixed)
        return made

    @cached_property
    def _near(self) -> Mapping[str, Near]:
        return dict(_neighbours(self.editions))

    def _edition(self, edition: EditionView) -> str:
        return self._fill("edition.html", root="../" * edition.path.count("/"), edition=edition, near=self._near[edition.path])

    def _fill(self, name: str, **views: object) -> str:
        return self.filled.fill(name, page=self.page, own_markdown=self.own_markdown, **views)


def pages(page: PageView, digests: Digests | None, shown: Shown, filled: Templates, *, fingerprint: str, own_markdown: bool) -> Pages:
    """The pages of the digest.

    Args:
        fingerprint: stands for the templates and the program.
    """
    editions = tuple(digests.editions()) if digests else ()
    now = _Now({id: view for view in shown.all for id in (view.id, *view.former)}, digests.item) if digests and editions else None
    views = tuple(_edition_view(one, now) for one in editions if now)
    return Pages(page=page.alone, editions=views, filled=filled, fingerprint=fingerprint, own_markdown=own_markdown)


class _Now:
    """What the page says now of the stories of editions."""

    def __init__(self, standing: Mapping[str, StoryView], item: Callable[[StoryView], Item]) -> None:
        self._standing = standing
        self._item = item
        self._known: dict[str, Item] = {}

    def told(self, lists: Iterable[Iterable[Item]]) -> tuple[tuple[Item, ...], ...]:
        """Stories of an edition as they are now, without those that are gone; those that became one stand once, where the first stood."""
        seen: set[str] = set()
        return tuple(tuple(self._each(items, seen)) for items in lists)

    def gone(self, lists: Iterable[Iterable[Item]]) -> int:
        """How many stories are gone."""
        return len({item.story for items in lists for item in items} - self._standing.keys())

    def _each(self, items: Iterable[Item], seen: set[str]) -> Iterator[Item]:
        for item in items:
            view = self._standing.get(item.story)
            if view and view.id not in seen:
                seen.add(view.id)
                yield self._mended(item, view)

    def _mended(self, item: Item, view: StoryView) -> Item:
        now = self._known.get(view.id) or self._known.setdefault(view.id, self._item(view))
        # Without a title: a part of what the edition said of it was taken down, so that it keeps none of its words.
        sentence = now.sentence if item.sentence or not item.title else ""
        return replace(now, group=item.group, kind_text=item.kind_text, sentence=sentence, voices=item.voices, talk=item.talk)


def _edition_view(edition: Edition, now: _Now) -> EditionView:
    base = "../" * edition.path.count("/")
    lists = (edition.items, edition.also, edition.talked, edition.pinned)
    (items, also, talked, pinned), removed = now.told(lists), now.gone(lists)
    return EditionView(
        id=edition.id,
        title=one_line(edition.title),
        path=edition.path,
        days=edition.days,
        rhythm=edition.rhythm,
        year=edition.period.name[:4],
        until=stamp(edition.period.until),
        count=new_stories(edition.new),
        sections=sections(items, base),
        also=tuple(story_line(one, "", base) for one in also),
        more=f"and {edition.more} more" if edition.more else "",
        talked=tuple(story_line(one, "", base) for one in talked),
        pinned=tuple(story_line(one, "", base) for one in pinned),
        coverage=one_line(edition.coverage),
        removed=f"{counted(removed, 'story was', 'stories were')} removed since." if removed else "",
    )


def _neighbours(editions: Sequence[EditionView]) -> Iterator[tuple[str, Near]]:
    """For each edition by path those before and after it."""
    rows: dict[tuple[str, str], list[EditionView]] = {}
    for one in editions:
        rows.setdefault((one.title, one.rhythm), []).append(one)
    for row in rows.values():
        for at, one in enumerate(row):
            yield one.path, Near(newer=row[at - 1] if at else None, older=row[at + 1] if at + 1 < len(row) else None)


def _linked(near: Near) -> tuple[str, ...]:
    return tuple(f"{one.path} {one.days}" if one else "" for one in (near.older, near.newer))


def _atom(page: PageView, editions: Sequence[EditionView]) -> str:
    """The feed (RFC 4287): an entry an edition, with its stories in it."""
    assert page.digest is not None
    title = f"{page.title}: {page.digest.name}"
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(page.language)}>',
        f"<id>{urn(f'digest of {page.url or page.title}')}</id>",
        f"<title>{escape(title)}</title>",
        f"<updated>{max((one.until for one in editions), default=page.updated.iso)}</updated>",
        f"<author><name>{escape(page.title)}</name></author>",
    ]
    if page.url:
        lines.append(f'<link rel="alternate" type="text/html" href={quoteattr(page.url + ARCHIVE)}/>')
        lines.append(f'<link rel="self" type="application/atom+xml" href={quoteattr(page.url + FEED)}/>')
    for one in editions:
        lines += _entry(one, page.url)
    return "\n".join([*lines, "</feed>", ""])


def _entry(edition: EditionView, site: str) -> Iterator[str]:
    yield "<entry>"
    yield f"<id>{urn(f'edition {edition.id}')}</id>"
    yield f"<title>{escape(f'{edition.title}, {edition.days}')}</title>"
    if site:
        yield f'<link rel="alternate" type="text/html" href={quoteattr(site + edition.path)}/>'
    yield f"<published>{edition.until}</published>"
    yield f"<updated>{edition.until}</updated>"
    yield f'<content type="html">{escape("".join(_content(edition)))}</content>'
    yield "</entry>"


def _content(edition: EditionView) -> Iterator[str]:
    """The new stories as HTML, for readers of feeds."""
    yield f"<p>{escape(edition.count)}</p>"
    for section in edition.sections:
        yield f"<h2>{escape(section.title)}</h2>"
        for story in section.stories:
            credit = f"<br>{escape(' · '.join(story.credit))}" if story.credit else ""
            said = f"<br><span{_spoken(story.sentence_language)}>{escape(story.sentence)}</span>" if story.sentence else ""
            yield f"<p>{_titled(story)}{credit}{said}</p>"
    if edition.also:
        yield f"<h2>Also new</h2><ul>{''.join(f'<li>{_titled(story)}</li>' for story in edition.also)}</ul>"
    for line in (edition.more, edition.coverage, edition.removed):
        yield f"<p>{escape(line)}</p>" if line else ""


def _titled(story: StoryLine) -> str:
    spoken, title = _spoken(story.language), escape(story.title)
    return f"<a href={quoteattr(story.href)}{spoken}>{title}</a>" if story.href else f"<span{spoken}>{title}</span>"


def _spoken(language: str) -> str:
    return f" lang={quoteattr(language)}" if language else ""
