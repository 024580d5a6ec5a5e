"""Making the site: every file from the stories, and those written that are others than what lies there.

The one thing in the files that is not from the rows is the instant "updated". They are made with a mark where it stands, and get the old
instant when with it they are what the last build made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from aggregator.errors import ConfigError
from aggregator.model import Story
from aggregator.publish import feeds, files, listing, markdown, opml
from aggregator.publish.dates import stamp, when, zone
from aggregator.publish.render import Templates
from aggregator.publish.site import Note, Published, outside_digest, untouched
from aggregator.publish.sources import SourceView
from aggregator.publish.views import PageView, Updated, arrange, page_view
from aggregator.settings import Settings

# Noncharacters stand where the instant and the day will; words.clean lets none through.
_MARKED = Updated(iso="\ufdd0", day="\ufdd1")
_UPDATED = re.compile(r'"updated":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


def make(
    stories: Iterable[Story],
    settings: Settings,
    sources: Sequence[SourceView],
    *,
    places: Sequence[Path],
    note: Note,
    token: str,
    now: datetime,
    dry_run: bool,
) -> Published:
    """Write what is not as it should be, and remove what the last build made and this one does not.

    Args:
        places: the folders of templates.
        note: of the last build.
        token: stands for everything the files are made from.

    Raises:
        ConfigError, AggregatorError: as `site.publish`.
    """
    texts, block = _texts(stories, settings, sources, places)
    contents = _stamped(texts, settings, note, now)
    stale = [path for path in contents if files.read(settings.output / path) != contents[path]]
    gone = [path for path, was in note.files.items() if path not in contents and untouched(settings.output / path, was)]
    outside = _outside(settings, block)
    if not dry_run:
        for path in stale:
            files.put(settings.output / path, contents[path])
        for path in gone:
            files.remove(settings.output / path)
        if outside:
            files.put(*outside)
    written = (*stale, *([str(settings.markdown.into)] if outside else []))
    return Published(written=written, removed=tuple(gone), note=_remembered(token, contents, settings))


def _remembered(token: str, contents: Mapping[str, bytes], settings: Settings) -> str:
    updated = _UPDATED.search(contents[listing.STORIES][:8192].decode())
    assert updated is not None
    made = {"token": token, "updated": updated[1], "files": _digests(contents), "outside": outside_digest(settings)}
    return json.dumps(made, sort_keys=True)


def _texts(
    stories: Iterable[Story], settings: Settings, sources: Sequence[SourceView], places: Sequence[Path]
) -> tuple[dict[str, str], str]:
    """Every file of the site by path, with marks for the instant, and the list in Markdown."""
    shown = arrange(stories, site=settings.site, sources=sources)
    page = page_view(shown, site=settings.site, sources=sources, updated=_MARKED)
    topics = [topic.id for topic in settings.topics]
    texts = _pages(page, Templates(places), own_markdown=settings.markdown.into is None) | {
        feeds.ATOM: feeds.atom(page, shown.news, topics=topics),
        feeds.JSON: feeds.json_feed(page, shown.news),
        opml.OPML: opml.opml(page.title, sources),
        listing.SCHEMA: listing.schema_json(),
    }
    if settings.markdown.into is None:
        texts[markdown.DISCUSSING] = markdown.document(page, shown)
    texts["index.html"] = texts.pop("index.html")
    # Last, since the instant of the last build is read from it: a build that was cut short is one that has not been.
    texts[listing.STORIES] = listing.stories_json(page, shown.all, topics=topics)
    return texts, "" if settings.markdown.into is None else markdown.block(page, shown)


def _pages(page: PageView, filled: Templates, *, own_markdown: bool) -> dict[str, str]:
    """The pages of HTML by path."""
    return {
        "index.html": filled.fill("index.html", page=page, root="", own_markdown=own_markdown),
        "sources.html": filled.fill("sources.html", page=page, root="", own_markdown=own_markdown),
        **{year.path: filled.fill("year.html", page=page, year=year, root="../", own_markdown=own_markdown) for year in page.years},
    }


def _stamped(texts: Mapping[str, str], settings: Settings, note: Note, now: datetime) -> dict[str, bytes]:
    """The files with their instant: that of the last build when with it they are the files that it made, else now."""
    last = note.updated or _updated_in(settings.output / listing.STORIES)
    if last:
        contents = _at(texts, datetime.fromisoformat(last), settings)
        made = note.files or {path: files.digest(lying) for path in contents if (lying := files.read(settings.output / path))}
        if made == _digests(contents):
            return contents
    return _at(texts, now, settings)


def _updated_in(path: Path) -> str:
    """The instant in the list of stories that lies there; "" when there is none."""
    listed = files.read(path)
    found = _UPDATED.search(listed[:8192].decode("utf-8", "replace")) if listed else None
    return found[1] if found else ""


def _digests(contents: Mapping[str, bytes]) -> dict[str, str]:
    return {path: files.digest(content) for path, content in contents.items()}


def _at(texts: Mapping[str, str], instant: datetime, settings: Settings) -> dict[str, bytes]:
    iso, day = stamp(instant), when(instant, zone(settings.site.timezone)).long
    return {path: text.replace(_MARKED.iso, iso).replace(_MARKED.day, day).encode() for path, text in texts.items()}


def _outside(settings: Settings, block: str) -> tuple[Path, bytes] | None:
    """The page outside of the output folder and what it should hold; None: there is none, or it does already."""
    into = settings.markdown.into
    if into is None:
        return None
    existing = files.read(into)
    if existing is None:
        raise ConfigError(
            f"{into} does not exist: make it, with the two lines {markdown.BEGIN!r} and {markdown.END!r} where the list belongs"
        )
    wanted = markdown.spliced(existing, block, into)
    return (into.resolve(), wanted) if wanted != existing else None
