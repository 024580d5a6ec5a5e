"""The pages of older stories, a year each. Most of what a site shows stands there and changes seldom, so that a page whose stories are what
they were is taken as it lies there. Such a page is given the years and its own stories, and neither other stories nor sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from aggregator.publish import files, made_from
from aggregator.publish.render import Templates
from aggregator.publish.site import Note
from aggregator.publish.stories import StoryView
from aggregator.publish.views import PageView, YearView


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """The pages, and how they are filled."""

    page: PageView
    filled: Templates
    own_markdown: bool
    # What each page is made from, by path.
    digests: Mapping[str, str]

    def texts(self, output: Path, note: Note) -> dict[str, str]:
        """The pages by path; those that lie there as the last build made them, of the same, are not filled again."""
        return {year.path: lying(output, year.path, note, self.digests[year.path]) or self._filled(year) for year in self.page.years}

    def _filled(self, year: YearView) -> str:
        return self.filled.fill("year.html", page=self.page, year=year, root="../", own_markdown=self.own_markdown)


def lying(output: Path, path: str, note: Note, digest: str) -> str | None:
    """The page that lies there; None when it was made from something else, or is not as the last build left it.

    Args:
        digest: of what it should be made from.
    """
    if note.years.get(path) != digest:
        return None
    content = files.read(output / path)
    return content.decode() if content is not None and files.digest(content) == note.files.get(path) else None


def pages(page: PageView, filled: Templates, stories: Mapping[str, str], *, fingerprint: str, own_markdown: bool) -> Years:
    """The pages of years.

    Args:
        stories: what the page of each story is made from, by name of its file; so nothing is taken apart twice.
        fingerprint: stands for the templates and the program.
    """
    alone = replace(page.alone, years=page.years)
    common = made_from.common(fingerprint, page.alone, own_markdown, tuple((year.year, year.path) for year in page.years))
    told = {year.path: made_from.digest(year.year, _of_stories(year, stories), of=common) for year in page.years}
    return Years(page=alone, filled=filled, own_markdown=own_markdown, digests=told)


def _of_stories(year: YearView, stories: Mapping[str, str]) -> tuple[object, ...]:
    return tuple((month.anchor, month.title, tuple(_of_story(view, stories) for view in month.stories)) for month in year.months)


def _of_story(view: StoryView, stories: Mapping[str, str]) -> tuple[object, ...]:
    """The story, and those that stand folded behind it."""
    folded = tuple((more.text, tuple(stories[f"{one.id}.html"] for one in more.stories)) for more in view.more)
    return (stories[f"{view.id}.html"], folded)
