"""Making the site: every file from the stories, and those written that are others than what lies there.

The one thing in the files that is not from the rows is the instant "updated". They are made with a mark where it stands, and get the old
instant when with it they are what the last build made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aggregator.errors import ConfigError
from aggregator.model import Story
from aggregator.publish import feeds, files, listing, markdown, opml, story_pages, tombstones, year_pages
from aggregator.publish.dates import stamp, when, zone
from aggregator.publish.digests import pages as digests_on
from aggregator.publish.render import Templates
from aggregator.publish.site import Digests, Fed, Kept, Note, Published, outside_digest, untouched
from aggregator.publish.sources import SourceView
from aggregator.publish.views import DigestView, PageView, Shown, Updated, arrange, page_view, posts_pages
from aggregator.settings import Settings

# Noncharacters stand where the instant and the day will; words.clean lets none through.
_MARKED = Updated(iso="\ufdd0", day="\ufdd1")
_UPDATED = re.compile(r'"updated":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build: what it is made with, beside the stories."""

    settings: Settings
    sources: Sequence[SourceView]
    # Of the last build.
    note: Note
    # Stands for everything the files are made from.
    token: str
    # Stands for the templates and the program.
    fingerprint: str
    now: datetime
    dry_run: bool
    # None: there is no digest.
    digests: Digests | None = None


def make(stories: Iterable[Story], build: Build, filled: Templates, *, taken_down: Mapping[str, datetime]) -> Published:
    """Write what is not as it should be, and remove what the last build made and this one does not.

    Args:
        taken_down: ids of stories that left for good, with when.

    Raises:
        ConfigError, AggregatorError: as `site.publish`.
    """
    settings, note = build.settings, build.note
    shown = arrange(stories, site=settings.site, sources=build.sources)
    page = page_view(shown, site=settings.site, sources=build.sources, updated=_MARKED, digest=_digest_view(build.digests))
    if settings.digest and settings.digest.serve:
        page = replace(page, webmention=settings.digest.serve.webmention, suggest=settings.digest.serve.suggest)
    fed = tombstones.fed(note.fed, shown, shown.news, taken_down=taken_down, now=build.now)
    own_markdown = settings.markdown.into is None
    own = story_pages.pages(page, shown, filled, own_markdown=own_markdown)
    digests = own.digests(build.fingerprint)
    years = year_pages.pages(page, filled, digests, fingerprint=build.fingerprint, own_markdown=own_markdown)
    mailed = digests_on(page, build.digests, shown, filled, fingerprint=build.fingerprint, own_markdown=own_markdown)
    texts = years.texts(settings.output, note) | mailed.texts(settings.output, note) | _texts(page, shown, settings, filled, fed)
    contents = _stamped(texts, settings, note, build.now)
    outside = _outside(settings, "" if settings.markdown.into is None else markdown.block(page, shown))
    # First, since what a page leads to should be there before the page is.
    single = story_pages.keep(settings.output, own, digests, note.kept, dry_run=build.dry_run)
    stale = [path for path in contents if files.read(settings.output / path) != contents[path]]
    gone = [path for path, was in note.files.items() if path not in contents and untouched(settings.output / path, was)]
    if not build.dry_run:
        _write(settings.output, {path: contents[path] for path in stale}, gone, outside)
    written = (*stale, *single.written, *([str(settings.markdown.into)] if outside else []))
    remembered = _remembered(build, contents, _unstamped({**years.digests, **mailed.digests}, texts), single.kept, fed)
    return Published(written=written, removed=(*gone, *single.removed), note=remembered)


def _digest_view(digests: Digests | None) -> DigestView | None:
    return DigestView(name=digests.name, subscribe=digests.subscribe) if digests else None


def _unstamped(digests: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, str]:
    """The digests of pages without the instant: one that an operator's template has put there must be filled each time."""
    return {path: was for path, was in digests.items() if _MARKED.iso not in texts[path] and _MARKED.day not in texts[path]}


def _write(output: Path, contents: Mapping[str, bytes], gone: Iterable[str], outside: tuple[Path, bytes] | None) -> None:
    for path, content in contents.items():
        files.put(output / path, content)
    for path in gone:
        files.remove(output / path)
    if outside:
        files.put(*outside)


def _remembered(build: Build, contents: Mapping[str, bytes], years: Mapping[str, str], kept: Kept, fed: Fed) -> str:
    updated = _UPDATED.search(contents[listing.STORIES][:8192].decode("utf-8", "replace"))
    assert updated is not None
    made = {
        "token": build.token,
        "updated": updated[1],
        "files": _digests(contents),
        "years": years,
        "outside": outside_digest(build.settings),
        "pages": kept.pages,
        "listing": kept.listing,
        "fed": fed.ids,
        "gone": fed.gone,
    }
    return json.dumps(made, sort_keys=True, separators=(",", ":"))


def _texts(page: PageView, shown: Shown, settings: Settings, filled: Templates, fed: Fed) -> dict[str, str]:
    """Every file of the site by path, but for the stories' own pages, with marks for the instant."""
    topics = [topic.id for topic in settings.topics]
    texts = _pages(page, filled, own_markdown=settings.markdown.into is None) | {
        feeds.ATOM: feeds.atom(page, shown.news, topics=topics, gone=fed.gone),
        feeds.JSON: feeds.json_feed(page, shown.news),
        opml.OPML: opml.opml(page.title, page.sources),
        listing.SCHEMA: listing.schema_json(),
    }
    if settings.markdown.into is None:
        texts[markdown.DISCUSSING] = markdown.document(page, shown)
    texts["index.html"] = texts.pop("index.html")
    # Last, since the instant of the last build is read from it: a build that was cut short is one that has not been.
    texts[listing.STORIES] = listing.stories_json(page, shown, topics=topics)
    return texts


def _pages(page: PageView, filled: Templates, *, own_markdown: bool) -> dict[str, str]:
    """The pages of lists by path."""
    made = {name: filled.fill(name, page=page, root="", own_markdown=own_markdown) for name in ("index.html", "sources.html")}
    for one in posts_pages(page.posts):
        made[one.path] = filled.fill("posts.html", page=page, list=one, root="../" * one.path.count("/"), own_markdown=own_markdown)
    return made


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
