"""What an edition says of one story: the same words that the page says of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aggregator.model import Group, Item, Kind, Mention, Period, Story
from aggregator.publish.people import is_by, people
from aggregator.publish.sources import SourceView
from aggregator.publish.stories import NEWS, StoryView
from aggregator.publish.voices import VoiceView, places, shown, talk
from aggregator.publish.words import counted
from aggregator.text.excerpts import cut

GROUPS: Final[Mapping[Kind, Group]] = {
    Kind.EPISODE: Group.RECORDINGS,
    Kind.VIDEO: Group.RECORDINGS,
    Kind.ARTICLE: Group.ARTICLES,
    Kind.THREAD: Group.DISCUSSIONS,
    Kind.POST: Group.POSTS,
    Kind.COMMENT: Group.POSTS,
}
# A note may be as long as its writer likes; a mail that is cut by the reader's program ends in the middle of one.
_LONGEST_NOTE: Final = 600
# What stands between the title and the rest of a note that begins with it.
_JOINT: Final = " ,;:.|\\–—-"


def item_of(view: StoryView) -> Item:
    """A story in full."""
    note = _note(view)
    return Item(
        story=view.id,
        title=view.title,
        href=view.href,
        page=view.page,
        group=GROUPS[view.kind],
        kind_text=view.kind_text,
        language=view.language,
        who=view.who,
        where=view.where,
        sentence=note or view.summary,
        sentence_language="" if note or not view.summary else view.language,
        voices=view.voices_text,
        talk=view.talk,
    )


def talked_item(view: StoryView, voices: tuple[VoiceView, ...]) -> Item:
    """A story that was told before, with the voices that have come since: "3 new voices", and where these are."""
    return replace(item_of(view), sentence="", sentence_language="", voices=counted(len(voices), "new voice"), talk=talk(places(voices)))


def new_voices(story: Story, view: StoryView, sources: Mapping[str, SourceView], period: Period) -> tuple[VoiceView, ...]:
    """One voice for each person who was first heard about a story in the period, oldest first.

    Who spoke before or made the thing is nobody new, and what came together with the story is no talk that goes on. Old talk that was only
    found in the period, as when a source is read for the first time, does not count either.
    """
    mentions = shown(story.mentions, sources)
    persons = people(mentions)
    begun = max(period.since, story.first_seen_at)
    known = {
        person
        for person, mention, voice in zip(persons, mentions, view.mentions, strict=True)
        if voice.first_hand or mention.first_seen_at < period.since or mention.first_seen_at <= story.first_seen_at
    }
    heard: dict[int, VoiceView] = {}
    for person, mention, voice in zip(persons, mentions, view.mentions, strict=True):
        fresh = begun <= mention.first_seen_at < period.until and _recent(mention)
        if fresh and person not in known and not is_by(mention, None, view.who, ""):
            heard.setdefault(person, voice)
    return tuple(heard.values())


def _recent(mention: Mention) -> bool:
    published = mention.entry.published
    return not mention.quiet or (published is not None and published >= mention.first_seen_at - NEWS)


def _note(view: StoryView) -> str:
    """What the steward or the community wrote, without marks, and without the title where it begins with it; "" when it says no more."""
    note = "".join(run.text for run in view.note)
    rest = note.removeprefix(view.title)
    if rest != note and not rest[:1].isalnum():
        note = rest.lstrip(_JOINT)
    return cut(note, _LONGEST_NOTE)
