"""The steward's decisions carried out: from curation.yaml to the store, and from a command to curation.yaml.

The file is the steward's word and the store follows it. A command changes the text first and lets the store follow, so that a process that
dies between the two has lost nothing: the next run reads the file. Only when there is no file is it written from the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.model import Decision, DecisionKind, Story
from aggregator.store import Changed
from aggregator.text.urls import RULES

if TYPE_CHECKING:
    # Slow to load, and most runs find the file as it was.
    from aggregator.curation import CurationFile
    from aggregator.pipeline.changes import Change
    from aggregator.pipeline.curate import Curated

# What the subject of a decision about a source begins with.
_SOURCE = "source:"
# Name under which the store remembers which text it follows.
_FOLLOWED = "curation"
# How long a command waits for a run to end before it gives up, and how often it looks.
PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What following the file changed."""

    changed: Changed = field(default_factory=Changed)
    # What the steward should know, whole sentences; mostly none.
    remarks: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The remarks, after a sentence about what was decided since; nothing when there is nothing to say."""
        counts = ((len(self.changed.made), "made"), (len(self.changed.taken_back), "taken back"))
        words = " and ".join(f"{count} {verb}" for count, verb in counts if count)
        return (*([f"Decisions by hand since the last time: {words}."] if words else []), *self.remarks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of a command."""

    made: tuple[Decision, ...] = ()
    taken_back: tuple[Decision, ...] = ()
    changes: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = ()
    # What the stories that are named were called before, by address.
    called: Mapping[str, str] = field(default_factory=dict)


def sync(app: App, *, write: bool = True) -> Synced:
    """Let the store follow curation.yaml; to be called under the run lock.

    Args:
        write: write the file from the store where there is none.

    Raises:
        ConfigError: the file is wrong; nothing has been changed.
        AggregatorError: the file cannot be written.
    """
    if _followed_already(app):
        return Synced()
    file = curation_file(app)
    text = file.text()
    if text is None:
        return _written(app, file, write=write)
    followed = _follow(app, file.parse(text))
    # What names a story that is not known yet is looked up again by the next run.
    if not followed.remarks:
        app.store.remember(_FOLLOWED, _digest(app, text))
    return followed


def _followed_already(app: App) -> bool:
    """Whether the file is as it was when the store followed it, or there is neither a file nor a decision."""
    try:
        text = app.settings.curation.read_bytes()
    except FileNotFoundError:
        return not app.store.decisions.standing()
    except OSError:
        return False
    return app.store.note(_FOLLOWED) == _digest(app, text)


def curation_file(app: App) -> CurationFile:
    """The file, as this application is configured."""
    from aggregator.curation import CurationFile

    return CurationFile(path=app.settings.curation, site=app.settings.site.url)


def curated(app: App, *, stories: Sequence[Story] | None = None) -> Curated:
    """The stories as the decisions in the store make them."""
    from aggregator.pipeline.curate import curate

    known = app.store.stories() if stories is None else stories
    return curate(known, app.store.decisions.standing(), sources=app.settings.sources, now=app.clock())


def sync_and_compare(app: App, *, write: bool = True) -> tuple[Synced, tuple[Change, ...]]:
    """`sync`, with what it changes on the page."""
    from aggregator.pipeline.changes import changes

    before = curated(app)
    synced = sync(app, write=write)
    return synced, changes(before, curated(app))


def decide(app: App, decisions: Sequence[Decision], *, dry_run: bool = False) -> Decided:
    """Write decisions at the end of curation.yaml and let the store follow; to be called under the run lock.

    What stands already is not written again.

    Args:
        dry_run: leave the file as it is; the store is a copy.

    Raises:
        ConfigError: the file is wrong, or cannot be changed safely.
    """

    def edited(file: CurationFile, text: str) -> tuple[str, tuple[Decision, ...], tuple[Decision, ...]]:
        made = []
        for decision in decisions:
            if not _stands(app, file.parse(text), decision):
                text = file.appended(text, decision)
                made.append(decision)
        return text, tuple(made), ()

    return _edit(app, edited, dry_run=dry_run)


def take_back(app: App, choose: Callable[[Sequence[Decision]], int | None], *, dry_run: bool = False) -> Decided:
    """Take one decision out of curation.yaml and let the store follow; to be called under the run lock.

    Args:
        choose: from the decisions, oldest first, to the place of the one to take back; None: none of them.
        dry_run: as in `decide`.

    Raises:
        ConfigError: as `decide`.
    """

    def edited(file: CurationFile, text: str) -> tuple[str, tuple[Decision, ...], tuple[Decision, ...]]:
        before = file.parse(text)
        place = choose(_resolved(app, before)[0])
        return (text, (), ()) if place is None else (file.without(text, place), (), (before[place],))

    return _edit(app, edited, dry_run=dry_run)


_Edit: TypeAlias = "Callable[[CurationFile, str], tuple[str, tuple[Decision, ...], tuple[Decision, ...]]]"
"""From the file and its text to the text as it should be, the decisions that were added and those taken back."""


def _edit(app: App, edited: _Edit, *, dry_run: bool) -> Decided:
    from aggregator.curation import text_of
    from aggregator.pipeline.changes import changes

    synced = sync(app, write=not dry_run)
    file = curation_file(app)
    text = file.text()
    if text is None:
        standing = app.store.decisions.standing()
        text = text_of(standing) if standing else ""
    after, made, taken_back = edited(file, text)
    if after == text:
        return Decided(remarks=synced.remarks)
    stories = app.store.stories()
    before = curated(app, stories=stories)
    if not dry_run:
        file.write(after)
    followed = _follow(app, file.parse(after))
    if not dry_run and not followed.remarks:
        app.store.remember(_FOLLOWED, _digest(app, after))
    joined = any(one.kind in _JOINING for one in (*made, *taken_back))
    now = curated(app, stories=None if joined else stories)
    remarks = (*synced.remarks, *followed.remarks)
    return Decided(
        made=made, taken_back=taken_back, changes=changes(before, now), remarks=remarks, called=_called(before, (*made, *taken_back))
    )


def _called(before: Curated, about: Sequence[Decision]) -> Mapping[str, str]:
    """What the shown stories that decisions name are called, by the address that names them."""
    from aggregator.pipeline.changes import called

    named = {key for one in about for key in (one.subject, *one.others)}
    return {story.lead: called(story) for story in before.shown if story.lead in named}


def _stands(app: App, decisions: Sequence[Decision], wanted: Decision) -> bool:
    """Whether a decision has been made already, and saying it once more would change nothing."""
    if wanted.kind in _JOINING:
        about = {wanted.subject, *wanted.others}
        last = next((one for one in reversed(decisions) if one.kind in _JOINING and about & {one.subject, *one.others}), None)
        return last is not None and _same(last, wanted)
    if not any(_same(one, wanted) for one in decisions) or _releases(app, wanted):
        return False
    from aggregator.pipeline.curate import curate

    stories = app.store.stories()
    before, after = (curate(stories, every, sources=app.settings.sources, now=app.clock()) for every in (decisions, (*decisions, wanted)))
    return (before.shown, before.held) == (after.shown, after.held)


def _releases(app: App, wanted: Decision) -> bool:
    """Whether it approves a source that came to be held again after it was approved once."""
    of_source = wanted.kind is DecisionKind.APPROVE and wanted.subject.startswith(_SOURCE)
    return of_source and app.store.state(wanted.subject.removeprefix(_SOURCE)).held is not None


_JOINING = (DecisionKind.SPLIT, DecisionKind.MERGE)


def _same(left: Decision, right: Decision) -> bool:
    """Whether two decisions say the same, whoever made them, when and why."""
    return replace(left, reason="", by="", at=None) == replace(right, reason="", by="", at=None)


@contextmanager
def turn(app: App, *, seconds: float = PATIENCE_SECONDS, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the run lock, after a run that is under way has ended.

    Args:
        seconds: how long to wait for it.
        waiting: called once when there is something to wait for.

    Raises:
        AggregatorError: the other run goes on for longer.
    """
    for attempt in range(int(seconds / _LOOK_SECONDS) + 1):
        with app.store.exclusive() as held:
            if held:
                yield
                return
        if attempt == 0:
            waiting()
        app.stop.wait(_LOOK_SECONDS)
    raise AggregatorError("another run is under way: try again when it has ended")


def _digest(app: App, text: str | bytes) -> str:
    """Stands for a text as it is read now: under other rules for addresses, or for another site, it says something else."""
    return hashlib.sha256(f"{RULES} {app.settings.site.url}\n".encode() + (text.encode() if isinstance(text, str) else text)).hexdigest()


def _written(app: App, file: CurationFile, *, write: bool) -> Synced:
    from aggregator.curation import text_of

    standing = app.store.decisions.standing()
    if write:
        text = text_of(standing)
        file.write(text)
        app.store.remember(_FOLLOWED, _digest(app, text))
    count = f"{len(standing)} decision{'s' if len(standing) != 1 else ''}"
    wrote = "wrote it again" if write else "it would be written again"
    return Synced(remarks=(f"{file.path} was not there: {wrote} from the database, with {count}. To take all back, empty its list.",))


def _follow(app: App, decisions: Sequence[Decision]) -> Synced:
    resolved, remarks = _resolved(app, decisions)
    refusals = app.refusals()
    # What was taken down is not written down again because the file names it still.
    changed = app.store.decisions.replace([one for one in resolved if not refusals.covers_decision(one)], app.clock())
    _release(app, changed.made)
    return Synced(changed=changed, remarks=remarks)


def _resolved(app: App, decisions: Sequence[Decision]) -> tuple[tuple[Decision, ...], tuple[str, ...]]:
    """Decisions with the addresses of stories that were named by their ids; and a sentence about each id that no story has."""
    from aggregator.curation.naming import is_id

    ids = sorted({name for one in decisions for name in (one.subject, *one.others) if is_id(name)})
    found = {id: address_of(story, id) for id in ids if (story := app.store.story(id)) is not None}
    remarks = tuple(
        f"{app.settings.curation}: no story has the id {id} now. What was decided about it waits; name the story by its address to be sure."
        for id in ids
        if id not in found
    )
    if not found:
        return tuple(decisions), remarks
    named = (
        replace(one, subject=found.get(one.subject, one.subject), others=tuple(found.get(name, name) for name in one.others))
        for one in decisions
    )
    return tuple(named), remarks


def address_of(story: Story, id: str) -> str:
    """The address that an id was made from, so that the id means the same whatever becomes of the story; else the lead."""
    from aggregator.pipeline.cluster import story_id
    from aggregator.pipeline.curate import names_of

    aliases = (alias for mention in story.mentions for alias in mention.identity.aliases)
    ends = (key for one in story.evidence for key in (one.left, one.right))
    return next((key for key in (*sorted(names_of(story)), *aliases, *ends) if story_id(key) == id), story.lead)


def _release(app: App, made: Sequence[Decision]) -> None:
    """A source that was approved as a whole is held no longer from now on, and not only from the next poll."""
    if any(one.kind is DecisionKind.APPROVE and one.subject.startswith(_SOURCE) for one in made):
        from aggregator.run.holding import release_held

        release_held(app)
