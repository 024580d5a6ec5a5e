"""The site: whether anything has to be made anew (making.py makes it).

The same rows give the same bytes. The exceptions are the instant "updated", which moves only when something shown has changed, and what
the feeds remember of stories that are gone. A build without news reads what lies there, of the pages of single stories no more than names,
sizes and times, and writes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aggregator import __version__
from aggregator.model import Edition, Item, Story
from aggregator.publish import files, templates
from aggregator.publish.dates import stamp
from aggregator.publish.sources import SourceView
from aggregator.settings import Settings

if TYPE_CHECKING:
    from aggregator.publish.stories import StoryView

# The folder of stories' own pages, inside the output folder.
STORY_PAGES: Final = "story"
# The list of editions.
ARCHIVE: Final = "digest/index.html"


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
class Digests:
    """What the site tells of its digest."""

    # "Weekly digest".
    name: str
    # What an edition says of a story (`digest.items.item_of`).
    item: Callable[[StoryView], Item]
    # A page or a mailto; "": nobody can subscribe by themselves.
    subscribe: str = ""
    # Another value whenever the editions are others.
    revision: str = ""
    # Those that were frozen, newest first; asked only as the stories are.
    editions: Callable[[], Sequence[Edition]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is remembered of the folder of stories' own pages."""

    # Short digests of what the pages are made from, by name of the file.
    pages: Mapping[str, str] = field(default_factory=dict)
    # What `files.listing` gave when the last page was written.
    listing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What feeds have carried."""

    # Ids of the stories that are or were in the feeds, the latest first.
    ids: tuple[str, ...] = ()
    # From ids of stories that are gone to when that was seen, in RFC 3339; the latest first.
    gone: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is remembered of the last build."""

    # Stands for everything the files were made from.
    token: str = ""
    # The instant that the files carry.
    updated: str = ""
    # SHA-256 of every file made, by path relative to the output folder.
    files: Mapping[str, str] = field(default_factory=dict)
    # Short digests of what the pages of years and of editions are made from, by path.
    years: Mapping[str, str] = field(default_factory=dict)
    # SHA-256 of the page outside of the output folder; "": there is none.
    outside: str = ""
    kept: Kept = Kept()
    fed: Fed = Fed()


def publish(
    stories: Callable[[], Iterable[Story]],
    settings: Settings,
    sources: Sequence[SourceView],
    *,
    revision: int | str,
    now: datetime,
    previous: str | None = None,
    dry_run: bool = False,
    taken_down: Callable[[], Mapping[str, datetime]] = dict,
    digests: Digests | None = None,
) -> Published:
    """Bring the output folder up to date.

    Args:
        stories: asked only when something may have changed (`store.stories`).
        revision: another value whenever the stories are others (`store.revision()`).
        previous: `note` of the last build; None: there was none.
        dry_run: say what would be written, and write nothing.
        taken_down: ids of stories that left for good, with when; asked only as `stories` is.
        digests: None: there is no digest.

    Raises:
        ConfigError: the page in `markdown.into` does not exist, or has not the two marks.
        AggregatorError: a file cannot be written, or a template cannot be used.
    """
    note, places = _recalled(previous), templates.folders(settings.templates)
    fingerprint = f"{__version__} {templates.fingerprint(places)}"
    told = (digests.name, digests.subscribe, digests.revision) if digests else ()
    token = _token(settings, sources, f"{revision} {told}" if told else revision, fingerprint)
    if note.token == token and _as_left(note, settings):
        return Published(note=previous or "")
    # What makes the files is slow to load, and a build without news needs none of it.
    from aggregator.publish.making import Build, make
    from aggregator.publish.render import Templates

    build = Build(
        settings=settings,
        sources=sources,
        note=note,
        token=token,
        fingerprint=fingerprint,
        now=now,
        dry_run=dry_run,
        digests=digests,
    )
    return make(stories(), build, Templates(places), taken_down=taken_down())


def _token(settings: Settings, sources: Sequence[SourceView], revision: int | str, fingerprint: str) -> str:
    """One text for everything the files are made from: rows, settings, sources as shown, templates and program."""
    serve = settings.digest.serve if settings.digest else None
    taken = f" {serve.webmention} {serve.suggest}" if serve and (serve.webmentions or serve.suggestions) else ""
    made_from = (f"{revision}{taken}", settings.site, settings.topics, settings.markdown, tuple(sources), fingerprint)
    return hashlib.sha256(repr(made_from).encode("utf-8", "surrogatepass")).hexdigest()


def _recalled(previous: str | None) -> Note:
    """The note of the last build; an empty one when it cannot be read, which costs one build."""
    try:
        raw = json.loads(previous or "{}")
        made = {str(path): str(was) for path, was in raw["files"].items()}
        updated = datetime.fromisoformat(raw["updated"]).isoformat()
        kept = Kept(pages={str(name): str(was) for name, was in raw["pages"].items()}, listing=str(raw["listing"]))
        fed = Fed(ids=tuple(map(str, raw["fed"])), gone={str(id): _instant(when) for id, when in raw["gone"].items()})
        years = {str(path): str(was) for path, was in raw.get("years", {}).items()}
        return Note(token=str(raw["token"]), updated=updated, files=made, years=years, outside=str(raw["outside"]), kept=kept, fed=fed)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Note()


def _instant(text: str) -> str:
    return stamp(datetime.fromisoformat(text))


def _as_left(note: Note, settings: Settings) -> bool:
    """True when every file is as the last build left it: one that was cut short or taken away is made again."""
    return (
        bool(note.files)
        and note.outside == outside_digest(settings)
        and note.kept.listing == files.listing(settings.output / STORY_PAGES)
        and all(untouched(settings.output / path, was) for path, was in note.files.items())
    )


def untouched(path: Path, was: str) -> bool:
    """Whether a file is there and has the digest it had."""
    content = files.read(path)
    return content is not None and files.digest(content) == was


def outside_digest(settings: Settings) -> str:
    """SHA-256 of the page outside of the output folder; "": there is none."""
    content = files.read(settings.markdown.into) if settings.markdown.into else None
    return files.digest(content) if content is not None else ""
