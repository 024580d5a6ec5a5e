"""A page of its own for every story, under its id for ever, and one that leads on for every id that it had.

They are many, so that the folder is kept otherwise than the few other files. Of each page a short digest of what it is made from is
remembered, and of the folder one over names, sizes and times. As long as that is what it was, no page is filled or read whose story is
what it was: one more story costs one page. Therefore such a page is given its story and what the operator wrote, and neither other stories
nor sources.

No page is ever half there under its own name: the first time all are laid into a folder beside, which then takes its place in one step, and
later each takes the place of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.publish import files, made_from
from aggregator.publish.render import Templates
from aggregator.publish.site import STORY_PAGES, Kept
from aggregator.publish.stories import StoryView
from aggregator.publish.views import PageView, Shown

# Also what was left by a build that was killed while it wrote one.
_OURS: Final = re.compile(r"[a-z2-7]{10}\.html\Z|\.[a-z2-7]{10}\.html\.new\Z")
_BESIDE: Final = f".{STORY_PAGES}.new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a build changed in the folder."""

    # Relative to the output folder.
    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The pages of the folder, and how they are filled."""

    page: PageView
    # By name of the file.
    stories: Mapping[str, StoryView]
    # The stories that other names lead to.
    moved: Mapping[str, StoryView]
    filled: Templates
    own_markdown: bool

    def digests(self, fingerprint: str) -> dict[str, str]:
        """What each page is made from, by name.

        Args:
            fingerprint: stands for the templates and the program.
        """
        common = made_from.common(fingerprint, self.page, self.own_markdown)
        told = {name: made_from.digest(view, of=common) for name, view in self.stories.items()}
        return told | {name: made_from.digest("moved", view, of=common) for name, view in self.moved.items()}

    def fill(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Some of the pages."""
        views = [view for name, view in self.stories.items() if name in names]
        shared = {"page": self.page, "root": "../", "own_markdown": self.own_markdown}
        for view, text in self.filled.fill_each("story.html", "story_body.html", views, **shared) if views else ():
            yield f"{view.id}.html", text.encode()
        for name, view in self.moved.items():
            if name in names:
                yield name, self.filled.fill("moved.html", page=self.page, story=view).encode()


def pages(page: PageView, shown: Shown, filled: Templates, *, own_markdown: bool) -> Pages:
    """Every page of the folder: those of the stories, and those of the ids that they had."""
    stories = {f"{view.id}.html": view for view in shown.all}
    former = {f"{id}.html": view for view in stories.values() if view.former for id in view.former}
    moved = {name: view for name, view in former.items() if name not in stories}
    return Pages(page=page.alone, stories=stories, moved=moved, filled=filled, own_markdown=own_markdown)


def keep(output: Path, made: Pages, digests: Mapping[str, str], kept: Kept, *, dry_run: bool) -> Changed:
    """Write the pages that are not as they should be, and remove those of stories that are gone, also ones that nobody remembers.

    Args:
        digests: what `Pages.digests` gives.

    Raises:
        AggregatorError: a page cannot be written.
    """
    folder = output / STORY_PAGES
    known: Mapping[str, str] = kept.pages if kept.listing and kept.listing == files.listing(folder) else {}
    lying = files.names(folder)
    differ = (
        (name, content)
        for name, content in made.fill({name for name, was in digests.items() if known.get(name) != was})
        if name not in lying or files.read(folder / name) != content
    )
    written = [name for name, _ in differ] if dry_run else _write(output, differ)
    removed = sorted(name for name in lying if _OURS.match(name) and name not in digests)
    if not dry_run:
        for name in removed:
            files.remove(folder / name)
    return Changed(
        written=tuple(f"{STORY_PAGES}/{name}" for name in written),
        removed=tuple(f"{STORY_PAGES}/{name}" for name in removed),
        kept=kept if digests == known and not written and not removed else Kept(pages=digests, listing=files.listing(folder)),
    )


def _write(output: Path, contents: Iterator[tuple[str, bytes]]) -> list[str]:
    """Write pages; gives their names."""
    folder = output / STORY_PAGES
    if not folder.exists():
        return files.lay(folder, contents, beside=output / _BESIDE)
    names = []
    for name, content in contents:
        files.put(folder / name, content)
        names.append(name)
    return names
