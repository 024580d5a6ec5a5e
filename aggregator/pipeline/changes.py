"""What one list of decisions makes of the page that another did not: pure, for commands that say what they changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from aggregator.model import Entry, Story
from aggregator.pipeline.curate import Curated, is_first_hand
from aggregator.text.excerpts import unmarked
from aggregator.text.html import visible

_CALLED = 80
# As much of a text as its first line can come from.
_READ = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one story."""

    story: str
    title: str
    # The predicate of a sentence about it, without a period: "leaves the page".
    what: str

    def __str__(self) -> str:
        return f"“{self.title}” {self.what}."


def called(story: Story, key: str = "") -> str:
    """What a story is called, for people, on one line: by the steward, by the community, by itself, by its page, or by its address.

    Args:
        key: one of its addresses, when what stands there is meant; "" for the story.
    """
    about = key if any(link.key == key for link in story.links) else story.lead
    given = () if about != story.lead else (story.curation.title, story.chosen.title if story.chosen else None)
    own = [one.entry for one in story.mentions if one.identity.subject == about and is_first_hand(one)]
    pages = (link.title for link in story.links if link.key == about)
    titles = chain(given, (entry.title for entry in own), pages, map(_words, own))
    title = next((text for text in titles if text and text.strip()), about)
    line = " ".join(title.split())
    return line if len(line) <= _CALLED else line[: _CALLED - 1].rstrip() + "…"


def _words(entry: Entry) -> str:
    """What a post says; most platforms give it as HTML."""
    return unmarked(entry.text[:_READ]) if entry.text is not None else visible(entry.html[:_READ]).text if entry.html else ""


def changes(before: Curated, after: Curated) -> tuple[Change, ...]:
    """What changes for readers and for the steward: stories that leave, stories that come, then those that are shown otherwise."""
    was = {story.id: story for story in before.shown}
    now = {story.id: story for story in after.shown}
    return (*_leaving(was, now, after), *_coming(was, now, before), *_shown_otherwise(was, now))


def _leaving(was: dict[str, Story], now: dict[str, Story], after: Curated) -> Iterator[Change]:
    waiting = {held.story.id for held in after.held}
    into = _by_key(now)
    for id, story in was.items():
        if id in now:
            continue
        if story.lead in into:
            what = f"becomes part of “{called(into[story.lead])}”"
        elif id in waiting:
            what = "leaves the page and waits for review"
        else:
            what = "leaves the page"
        yield Change(story=id, title=called(story), what=what)


def _coming(was: dict[str, Story], now: dict[str, Story], before: Curated) -> Iterator[Change]:
    waited = {held.story.id for held in before.held}
    parts = _by_key(was)
    for id, story in now.items():
        if id in was:
            continue
        if story.lead in parts:
            what = f"stands by itself and no longer under “{called(parts[story.lead])}”"
        elif id in waited:
            what = "is shown and waits no longer"
        else:
            what = "comes onto the page"
        yield Change(story=id, title=called(story), what=what)


def _by_key(stories: dict[str, Story]) -> dict[str, Story]:
    return {link.key: story for story in stories.values() for link in story.links}


def _shown_otherwise(was: dict[str, Story], now: dict[str, Story]) -> Iterator[Change]:
    for id, story in now.items():
        if id in was and was[id] != story:
            for what in _otherwise(was[id], story):
                yield Change(story=id, title=called(was[id]), what=what)


def _otherwise(old: Story, new: Story) -> Iterator[str]:
    left, right = old.curation, new.curation
    if called(old) != called(new):
        yield f"is called “{called(new)}”"
    if left.note != right.note:
        yield f"has the note “{right.note}”" if right.note else "has no note"
    if left.kind != right.kind:
        yield f"is shown as {right.kind}" if right.kind else "is shown as the kind that it was found to be"
    if (left.pinned is None) != (right.pinned is None):
        yield "stands first on the page" if right.pinned is not None else "is pinned no longer"
    if left.order != right.order:
        yield f"stands at place {right.order + 1} of the chosen ones" if right.order is not None else "stands in the order of its list"
    if old.lead != new.lead:
        yield f"is shown by {new.lead}"
    if gained := len(new.mentions) - len(old.mentions):
        yield f"{'gains' if gained > 0 else 'loses'} {abs(gained)} mention{'s' if abs(gained) != 1 else ''}"
