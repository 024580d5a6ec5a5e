"""What readers see of a page: which stories stand on it, in which order, under which heading. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from aggregator.model import Story
from aggregator.publish.dates import zone
from aggregator.publish.sources import SourceView
from aggregator.publish.stories import StoryView, in_chosen_order, newest_first, story_view
from aggregator.publish.voices import Scene
from aggregator.publish.words import address, clean
from aggregator.settings import SeeAlso, Site

# The newest in the feeds.
_FEED = 50
# As fetch/faults.py names a host; other words in quotes say what was found, and no sentence does without them.
_NAMED_HOST = re.compile(r"(?P<gone>no such host) '[^']*'|^host '[^']*'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Every story, in the order in which readers meet it."""

    # In the community's own order.
    chosen: tuple[StoryView, ...]
    # Newest first; none of them chosen.
    found: tuple[StoryView, ...]

    @property
    def all(self) -> tuple[StoryView, ...]:
        """Chosen, then found."""
        return self.chosen + self.found

    @property
    def news(self) -> tuple[StoryView, ...]:
        """What the feeds carry: the last that came to be seen, newest first; nothing that was old when it was found."""
        fresh = [view for view in self.all if view.news]
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
class PageView:
    """What all pages of the site share, and what stands on the first."""

    title: str
    intro: str
    language: str
    # Where output/ is served, with a final slash; "": not known.
    url: str
    home: SeeAlso | None
    updated: Updated
    chosen: tuple[StoryView, ...]
    months: tuple[MonthView, ...]
    # Newest first.
    years: tuple[YearView, ...]
    sources: tuple[SourceView, ...]
    see_also: tuple[SeeAlso, ...]

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
    scene = Scene(sources={source.id: source for source in sources}, here=zone(site.timezone), language=site.language)
    views = [view for view in (story_view(story, scene, site) for story in stories) if view.chosen or view.mentions]
    return Shown(
        chosen=in_chosen_order(view for view in views if view.chosen),
        found=newest_first(view for view in views if not view.chosen),
    )


def page_view(shown: Shown, *, site: Site, sources: Sequence[SourceView], updated: Updated) -> PageView:
    """The site: `site.stories` newest stories on the first page, older ones on a page a year."""
    return PageView(
        title=clean(site.title, 200),
        intro=clean(site.intro),
        language=site.language,
        url=site.url,
        home=_linked(site.home),
        updated=updated,
        chosen=shown.chosen,
        months=months(shown.found[: site.stories]),
        years=_years(shown.found[site.stories :]),
        sources=tuple(sources),
        see_also=tuple(one for one in map(_linked, site.see_also) if one),
    )


def months(stories: Iterable[StoryView]) -> tuple[MonthView, ...]:
    """Stories that come newest first, by month."""
    grouped = groupby(stories, key=lambda view: (view.when.day.year, view.when.day.month))
    result = []
    for (year, month), group in grouped:
        members = tuple(group)
        result.append(MonthView(title=members[0].when.month, anchor=f"{year:04}-{month:02}", stories=members))
    return tuple(result)


def _years(stories: Iterable[StoryView]) -> tuple[YearView, ...]:
    grouped = groupby(stories, key=lambda view: view.when.day.year)
    return tuple(YearView(year=year, path=f"year/{year:04}.html", months=months(tuple(group))) for year, group in grouped)


def _linked(place: SeeAlso | None) -> SeeAlso | None:
    """A place that a reader may go to; None when its address is not one."""
    href = address(place.url) if place else None
    return SeeAlso(title=clean(place.title, 120), url=href) if place and href else None
