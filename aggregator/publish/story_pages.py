"""A page of its own for every story, under its id for ever, and one that leads on for every id that it had.

They are many, so that the folder is kept otherwise than the few other files: of each page a short digest is remembered, and of the folder
one over names, sizes and times. As long as that is what it was, no page is read to know what lies there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.publish import files
from aggregator.publish.render import Templates
from aggregator.publish.site import STORY_PAGES, Kept
from aggregator.publish.views import PageView, Shown

# Also what was left by a build that was killed while it wrote one.
_OURS: Final = re.compile(r"[a-z2-7]{10}\.html\Z|\.[a-z2-7]{10}\.html\.new\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a build changed in the folder."""

    # Relative to the output folder.
    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: Kept


def pages(page: PageView, shown: Shown, filled: Templates, *, own_markdown: bool) -> Iterator[tuple[str, str]]:
    """Every page of the folder by name: those of the stories, then those of the ids that they had."""
    told = filled.fill_each("story.html", "story_body.html", shown.all, page=page, root="../", own_markdown=own_markdown)
    for view, text in told:
        yield f"{view.id}.html", text
    here = {view.id for view in shown.all}
    for view in shown.all:
        for id in view.former:
            if id not in here:
                yield f"{id}.html", filled.fill("moved.html", page=page, story=view)


def keep(output: Path, made: Iterator[tuple[str, str]], kept: Kept, *, dry_run: bool) -> Changed:
    """Write the pages that are not as they should be, and remove those of stories that are gone, also ones that nobody remembers.

    Raises:
        AggregatorError: a page cannot be written.
    """
    folder = output / STORY_PAGES
    lying, known = frozenset(_names(folder)), kept.pages if kept.listing and kept.listing == files.listing(folder) else None
    digests, written = {}, []
    for name, text in made:
        content = text.encode()
        digests[name] = hashlib.blake2b(content, digest_size=8).hexdigest()
        same = name in lying and (files.read(folder / name) == content if known is None else known.get(name) == digests[name])
        if not same:
            written.append(f"{STORY_PAGES}/{name}")
            if not dry_run:
                (files.put if name in lying else files.lay)(folder / name, content)
    removed = sorted(name for name in lying if _OURS.match(name) and name not in digests)
    if not dry_run:
        for name in removed:
            files.remove(folder / name)
    return Changed(
        written=tuple(written),
        removed=tuple(f"{STORY_PAGES}/{name}" for name in removed),
        kept=kept if digests == known and not written and not removed else Kept(pages=digests, listing=files.listing(folder)),
    )


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
