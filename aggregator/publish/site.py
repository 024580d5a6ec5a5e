"""The site: which files there are, and which of them have to be written.

The same rows give the same bytes. The one exception is the instant "updated", which moves only when something shown has changed: files are
made with a mark where it stands, and get the old instant when with it they are what the last build made. A build without news reads what
lies there and writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.errors import ConfigError
from aggregator.model import Story
from aggregator.publish import feeds, files, listing, markdown, opml, templates
from aggregator.publish.dates import stamp, when, zone
from aggregator.publish.sources import SourceView
from aggregator.publish.views import PageView, Updated, arrange, page_view
from aggregator.settings import Settings

if TYPE_CHECKING:
    from aggregator.publish.render import Templates

# Noncharacters stand where the instant and the day will; words.clean lets none through.
_MARKED = Updated(iso="\ufdd0", day="\ufdd1")
_UPDATED = re.compile(r'"updated":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a build did."""

    # Paths relative to the output folder, in the order written; a page outside of it by its own path.
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    # To be given back as `previous` at the next build.
    note: str

    @property
    def unchanged(self) -> bool:
        """True when nothing was written."""
        return not self.written and not self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What is remembered of the last build."""

    # Stands for everything the files were made from.
    token: str = ""
    # The instant that the files carry.
    updated: str = ""
    # SHA-256 of every file made, by path relative to the output folder.
    files: Mapping[str, str] = field(default_factory=dict)
    # SHA-256 of the page outside of the output folder; "": there is none.
    outside: str = ""


def publish(
    stories: Callable[[], Iterable[Story]],
    settings: Settings,
    sources: Sequence[SourceView],
    *,
    revision: int | str,
    now: datetime,
    previous: str | None = None,
    dry_run: bool = False,
) -> Published:
    """Bring the output folder up to date.

    Args:
        stories: asked only when something may have changed (`store.stories`).
        revision: another value whenever the stories are others (`store.revision()`).
        previous: `note` of the last build; None: there was none.
        dry_run: say what would be written, and write nothing.

    Raises:
        ConfigError: the page in `markdown.into` does not exist, or has not the two marks.
        AggregatorError: a file cannot be written, or a template cannot be used.
    """
    note, places = _recalled(previous), templates.folders(settings.templates)
    token = _token(settings, sources, revision, templates.fingerprint(places))
    if note.token == token and _as_left(note, settings):
        return Published(note=previous or "")
    texts, block = _texts(stories(), settings, sources, places)
    contents = _stamped(texts, settings, note, now)
    stale = [path for path in contents if files.read(settings.output / path) != contents[path]]
    gone = [path for path, was in note.files.items() if path not in contents and _untouched(settings.output / path, was)]
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


def _token(settings: Settings, sources: Sequence[SourceView], revision: int | str, fingerprint: str) -> str:
    """One text for everything the files are made from: rows, settings, sources as shown, templates and program."""
    made_from = (__version__, str(revision), settings.site, settings.topics, settings.markdown, tuple(sources), fingerprint)
    return hashlib.sha256(repr(made_from).encode("utf-8", "surrogatepass")).hexdigest()


def _recalled(previous: str | None) -> _Note:
    """The note of the last build; an empty one when it cannot be read, which costs one build."""
    try:
        raw = json.loads(previous or "{}")
        made = {str(path): str(was) for path, was in raw["files"].items()}
        updated = datetime.fromisoformat(raw["updated"]).isoformat()
        return _Note(token=str(raw["token"]), updated=updated, files=made, outside=str(raw["outside"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _Note()


def _remembered(token: str, contents: Mapping[str, bytes], settings: Settings) -> str:
    updated = _UPDATED.search(contents[listing.STORIES][:8192].decode())
    assert updated is not None
    made = {"token": token, "updated": updated[1], "files": _digests(contents), "outside": _outside_digest(settings)}
    return json.dumps(made, sort_keys=True)


def _as_left(note: _Note, settings: Settings) -> bool:
    """True when every file is as the last build left it: one that was cut short or taken away is made again."""
    return (
        bool(note.files)
        and note.outside == _outside_digest(settings)
        and all(_untouched(settings.output / path, was) for path, was in note.files.items())
    )


def _untouched(path: Path, was: str) -> bool:
    content = files.read(path)
    return content is not None and files.digest(content) == was


def _texts(
    stories: Iterable[Story], settings: Settings, sources: Sequence[SourceView], places: Sequence[Path]
) -> tuple[dict[str, str], str]:
    """Every file of the site by path, with marks for the instant, and the list in Markdown."""
    from aggregator.publish.render import Templates

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
    return texts, markdown.block(page, shown)


def _pages(page: PageView, filled: Templates, *, own_markdown: bool) -> dict[str, str]:
    """The pages of HTML by path."""
    return {
        "index.html": filled.fill("index.html", page=page, root="", own_markdown=own_markdown),
        "sources.html": filled.fill("sources.html", page=page, root="", own_markdown=own_markdown),
        **{year.path: filled.fill("year.html", page=page, year=year, root="../", own_markdown=own_markdown) for year in page.years},
    }


def _stamped(texts: Mapping[str, str], settings: Settings, note: _Note, now: datetime) -> dict[str, bytes]:
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


def _outside_digest(settings: Settings) -> str:
    content = files.read(settings.markdown.into) if settings.markdown.into else None
    return files.digest(content) if content is not None else ""
