"""What readers see of a page: which stories stand on it, in which order, under which heading. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from aggregator.model import Story
from aggregator.publish.dates import zone
from aggregator.publish.shelves import Shelf, folded, guests, shelf_of
from aggregator.publish.sources import SourceView
from aggregator.publish.stories import StoryView, in_chosen_order, newest_first, story_view, translated
from aggregator.publish.voices import Scene
from aggregator.publish.words import address, clean, one_line
from aggregator.settings import SeeAlso, Site

POSTS = "posts.html"
# The newest in the feeds.
_FEED = 50
# As many pages as have one description, and it is not theirs.
_COMMON = 3
# As fetch/faults.py names a host; other words in quotes say what was found, and no sentence does without them.
_NAMED_HOST = re.compile(r"(?P<gone>no such host) '[^']*'|^host '[^']*'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Every story, in the order in which readers meet it."""

    # In the steward's own order; they stand before everything else.
    pinned: tuple[StoryView, ...] = ()
    # In the community's own order.
    chosen: tuple[StoryView, ...] = ()
    # Newest first; none of them pinned or chosen.
    found: tuple[StoryView, ...] = ()
    # Posts that say little by themselves, newest first.
    posts: tuple[StoryView, ...] = ()
    # Posts that are heard in other stories and stand on no list, newest first.
    heard: tuple[StoryView, ...] = ()
    # `found` and `posts` with what is too much of one person or site folded away.
    listed: tuple[StoryView, ...] = ()
    listed_posts: tuple[StoryView, ...] = ()

    @property
    def all(self) -> tuple[StoryView, ...]:
        """Pinned, chosen, found, then the posts."""
        return self.pinned + self.chosen + self.found + self.posts + self.heard

    @property
    def shelves(self) -> Mapping[str, Shelf]:
        """On which list each story stands, by id."""
        lists = ((Shelf.PINNED, self.pinned), (Shelf.CHOSEN, self.chosen), (Shelf.FOUND, self.found), (Shelf.POSTS, self.posts))
        return {view.id: shelf for shelf, views in (*lists, (Shelf.VOICE, self.heard)) for view in views}

    @property
    def news(self) -> tuple[StoryView, ...]:
        """What the feeds carry: the last that came to be seen, newest first; nothing that was old when it was found, and no more of one
        person and day than the page has."""
        fresh = [view for view in self.pinned + self.chosen + self.listed if view.news]
        return tuple(sorted(sorted(fresh, key=lambda view: view.id), key=lambda view: view.first_seen, reverse=True)[:_FEED])


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthView:
    """The stories of one month, newest first."""

    # "November 2026".
    title: str
    # "2026-11".
    anchor: str
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """A page of older stories."""

    year: int
    # Relative to the output folder.
    path: str
    months: tuple[MonthView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearView:
    """A page of the same kind."""

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A page of short posts."""

    title: str
    # Relative to the output folder.
    path: str
    months: tuple[MonthView, ...]
    others: tuple[NearView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsView:
    """The pages of short posts."""

    count: int
    months: tuple[MonthView, ...]
    # Newest first.
    years: tuple[YearView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """When something shown last changed."""

    # RFC 3339.
    iso: str
    # "21 November 2026".
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureView:
    """Sources that could not be read since one day, for one reason."""

    labels: tuple[str, ...]
    # "Tuesday 17 November 2026".
    since: str
    # Without the host's name, which the labels say in better words.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """That there is a digest, and how to get it."""

    # "Weekly digest".
    name: str
    # A page or a mailto; "": nobody can subscribe by themselves.
    subscribe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """What all pages of the site share, and what stands on the first."""

    title: str
    intro: str
    language: str
    # Where output/ is served, with a final slash; "": not known.
    url: str
    home: SeeAlso | None
    updated: Updated
    pinned: tuple[StoryView, ...]
    chosen: tuple[StoryView, ...]
    months: tuple[MonthView, ...]
    # Newest first.
    years: tuple[YearView, ...]
    # The posts that say little by themselves.
    posts: PostsView
    sources: tuple[SourceView, ...]
    see_also: tuple[SeeAlso, ...]
    # None: there is none.
    digest: DigestView | None = None
    # Where webmentions of these pages are sent to, and where readers suggest a link; "": nowhere.
    webmention: str = ""
    suggest: str = ""

    @property
    def alone(self) -> PageView:
        """The same for the page of one story: without other stories and without sources."""
        none = PostsView(count=0, months=(), years=())
        return replace(self, pinned=(), chosen=(), months=(), years=(), posts=none, sources=())

    @property
    def failing(self) -> tuple[SourceView, ...]:
        """The sources that could not be read."""
        return tuple(source for source in self.sources if source.failing)

    @property
    def failures(self) -> tuple[FailureView, ...]:
        """The same by day and reason, in the order of the first of each: a dead network is one line and not one a source."""
        groups: dict[tuple[str, str], list[str]] = {}
        for source in self.failing:
            since = source.failing_since.weekday if source.failing_since else ""
            reason = _NAMED_HOST.sub(lambda named: named["gone"] or "its host", source.reason)
            groups.setdefault((since, reason), []).append(source.label)
        return tuple(FailureView(labels=tuple(labels), since=since, reason=reason) for (since, reason), labels in groups.items())


def arrange(stories: Iterable[Story], *, site: Site, sources: Sequence[SourceView]) -> Shown:
    """Views of all stories that anything can be shown of; the order in which they come does not matter."""
    told = tuple(stories)
    here, by_id = zone(site.timezone), {source.id: source for source in sources}
    scene = Scene(sources=by_id, here=here, language=site.language, common=_common(told))
    seen = [(story, view) for story, view in ((story, story_view(story, scene, site)) for story in told) if view.chosen or view.mentions]
    views = {view.id: view for _, view in seen}
    heard = guests(story for story, _ in seen)
    shelves: dict[Shelf, list[StoryView]] = {shelf: [] for shelf in Shelf}
    for story, view in seen:
        shelves[shelf_of(story, view, heard)].append(translated(view, views) if view.translated else view)
    found, posts = newest_first(shelves[Shelf.FOUND]), newest_first(shelves[Shelf.POSTS])
    return Shown(
        pinned=tuple(sorted(shelves[Shelf.PINNED], key=lambda view: (view.pinned or 0, view.id))),
        chosen=in_chosen_order(shelves[Shelf.CHOSEN]),
        found=found,
        posts=posts,
        heard=newest_first(shelves[Shelf.VOICE]),
        listed=folded(found, per_person=site.per_person, per_site=site.per_site),
        listed_posts=folded(posts, per_person=site.per_person, per_site=site.per_site),
    )


def _common(stories: Iterable[Story]) -> frozenset[str]:
    """Descriptions that several leads have: they are the site's and say nothing of one page."""
    described = (story.links[0].description for story in stories if story.links)
    counted = Counter(clean(text).casefold() for text in described if text)
    return frozenset(text for text, count in counted.items() if count >= _COMMON)


def page_view(shown: Shown, *, site: Site, sources: Sequence[SourceView], updated: Updated, digest: DigestView | None = None) -> PageView:
    """The site: `site.stories` newest stories on the first page, older ones on a page a year; the same for the posts."""
    return PageView(
        title=one_line(site.title, 200),
        intro=one_line(site.intro),
        language=site.language,
        url=site.url,
        home=_linked(site.home),
        updated=updated,
        pinned=shown.pinned,
        chosen=shown.chosen,
        months=months(shown.listed[: site.stories]),
        years=_years(shown.listed[site.stories :], "year"),
        posts=PostsView(
            count=len(shown.posts),
            months=months(shown.listed_posts[: site.stories]),
            years=_years(shown.listed_posts[site.stories :], "posts"),
        ),
        sources=tuple(sources),
        see_also=tuple(one for one in map(_linked, site.see_also) if one),
        digest=digest,
    )


def posts_pages(posts: PostsView) -> tuple[ListView, ...]:
    """The pages of short posts; none when there are none."""
    if not posts.count:
        return ()
    near = [NearView(name="Newest", path=POSTS), *(NearView(name=str(year.year), path=year.path) for year in posts.years)]

    def page(title: str, path: str, months: tuple[MonthView, ...]) -> ListView:
        return ListView(title=title, path=path, months=months, others=tuple(one for one in near if one.path != path))

    older = (page(f"Short posts, {year.year}", year.path, year.months) for year in posts.years)
    return page("Short posts", POSTS, posts.months), *older


def months(stories: Iterable[StoryView]) -> tuple[MonthView, ...]:
    """Stories that come newest first, by month."""
    grouped = groupby(stories, key=lambda view: (view.when.day.year, view.when.day.month))
    result = []
    for (year, month), group in grouped:
        members = tuple(group)
        result.append(MonthView(title=members[0].when.month, anchor=f"{year:04}-{month:02}", stories=members))
    return tuple(result)


def _years(stories: Iterable[StoryView], folder: str) -> tuple[YearView, ...]:
    grouped = groupby(stories, key=lambda view: view.when.day.year)
    return tuple(YearView(year=year, path=f"{folder}/{year:04}.html", months=months(tuple(group))) for year, group in grouped)


def _linked(place: SeeAlso | None) -> SeeAlso | None:
    """A place that a reader may go to; None when its address is not one."""
    href = address(place.url) if place else None
    return SeeAlso(title=one_line(place.title, 120), url=href) if place and href else None
