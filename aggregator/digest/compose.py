"""What stands in an edition: pure.

New is what is shown now, is news, and has never been accounted for: none of its names is among those that earlier editions told. A name is
an id that the story has or had, or an address of it; so a story stays told when it is merged, split, or led by another address. The date
of publication is never asked. Each edition accounts for every story that is shown when it is composed: those in its lists, those it only
counts, and those it leaves out because they were old when they were found. So nothing is told twice, and what is approved later is new.

Which of the new ones are told in full, `most` at the most: those that the steward pinned, then those that the community chose; posts that
say little stand last. Between them those with more voices come first; of as many voices works and conversations before posts; then those of
which more than a title is known; then those that were found last. What one person made beyond `site.per_person` stands behind what others
made, so that one person does not fill the mail; and what the page folds behind a count is told in full only where there would be fewer than
`least`. The next `ALSO` are told by their titles, and the rest is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.digest.items import GROUPS, item_of, new_voices, talked_item
from aggregator.digest.period import days_of, zone_of
from aggregator.model import Edition, Group, Item, Period, Story, Topic
from aggregator.pipeline.curate import names_of
from aggregator.publish.sources import SourceView
from aggregator.publish.stories import StoryView, newest_first
from aggregator.publish.views import Shown, arrange
from aggregator.publish.words import one_line
from aggregator.settings import Settings
from aggregator.text.page_titles import fold

# New ones that are told by their titles alone.
ALSO: Final = 40
# Stories that are still being talked about.
TALKED: Final = 5
_LONGEST_NAME: Final = 100
_GROUPS: Final = tuple(Group)
_TWO_YEARS: Final = re.compile(r"\d{4} to ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """An edition, and what freezing it accounts for."""

    edition: Edition
    # Names of stories that are shown and that no edition has told before.
    told: frozenset[str]
    # How many stories are new.
    new: int
    # True: fewer are new than an edition should bring.
    quiet: bool


def compose(
    shown: Sequence[Story],
    *,
    topic: Topic,
    rhythm: str,
    period: Period,
    settings: Settings,
    sources: Sequence[SourceView],
    told: frozenset[str],
    first: bool,
    coverage: str = "",
) -> Composed:
    """The edition of a period.

    Args:
        shown: every story that is shown, as `pipeline.curate` gives them.
        rhythm: its name.
        told: names that earlier editions of the topic and rhythm have accounted for.
        first: there was no edition before: only what was first seen in the period or after it is new.
        coverage: what could not be read, whole sentences.
    """
    assert settings.digest is not None
    views = arrange(shown, site=settings.site, sources=sources)
    ours = {story.id: story for story in shown if concerns(story, topic)}
    names = {id: names_of(story) for id, story in ours.items()}
    known = {id for id, story in ours.items() if not told.isdisjoint(names[id]) or (first and story.first_seen_at < period.since)}
    listed = [view for view in (*views.pinned, *views.chosen, *views.found, *views.posts) if view.id in ours]
    items, also, more = _divided([view for view in listed if view.news and view.id not in known], views, settings)
    talked = _talked([view for view in listed if view.id in known], ours, sources, period)
    standing = {item.story for item in (*items, *also, *talked)}
    name, days = _name(settings, topic), days_of(period, zone_of(settings))
    edition = Edition(
        id=f"{topic.id}/{rhythm}/{period.name}",
        topic=topic.id,
        rhythm=rhythm,
        period=period,
        path=_path(settings, topic, rhythm, period),
        title=name,
        subject=_subject(name, days, len(items) + len(also) + more),
        language=settings.site.language,
        days=days,
        items=items,
        also=also,
        more=more,
        talked=talked,
        pinned=tuple(item_of(view) for view in views.pinned if view.id in ours and view.id not in standing),
        coverage=coverage,
    )
    # Not the ids that stories had: what waits as a part of one, and parts from it before it was ever seen, will be new under its own.
    accounted = frozenset[str]().union(*(names[id].difference(story.former) for id, story in ours.items())) - told
    return Composed(edition=edition, told=accounted, new=edition.new, quiet=edition.new < settings.digest.least)


def concerns(story: Story, topic: Topic) -> bool:
    """Whether a story is one of a topic's. What the community chose and nobody has mentioned says of no topic, and is every topic's."""
    return topic.id in story.topics or not story.topics


def _divided(new: Sequence[StoryView], views: Shown, settings: Settings) -> tuple[tuple[Item, ...], tuple[Item, ...], int]:
    """The new stories in full, by title alone, and how many more they are."""
    assert settings.digest is not None
    posts = {view.id for view in views.posts}
    away = {one.id for view in (*views.listed, *views.listed_posts) for more in view.more for one in more.stories}
    found_last = sorted(sorted(new, key=lambda view: view.id), key=lambda view: view.first_seen, reverse=True)
    ranked = _spread(sorted(found_last, key=lambda view: _rank(view, posts)), settings.site.per_person)
    ranked = sorted(ranked, key=lambda view: view.id in away)
    unfolded = sum(view.id not in away for view in ranked)
    whole = min(settings.digest.most, max(settings.digest.least, unfolded))
    return _in_groups(ranked[:whole]), _in_groups(ranked[whole : whole + ALSO]), len(ranked[whole + ALSO :])


def _rank(view: StoryView, posts: Container[str]) -> tuple[bool | int, ...]:
    """The less, the sooner it is told in full."""
    return (
        view.pinned is None,
        view.pinned or 0,
        view.chosen is None,
        view.id in posts,
        -len(view.voices),
        GROUPS[view.kind] is Group.POSTS,
        not (view.note or view.summary),
    )


def _spread(ranked: Sequence[StoryView], per_person: int) -> Sequence[StoryView]:
    """The same, with what one person made beyond so many behind all others; what was pinned or chosen stays where it is."""
    counted: Counter[str] = Counter()
    beyond: set[str] = set()
    for view in ranked:
        person = fold(view.who)
        if person and per_person > 0:
            counted[person] += 1
            if counted[person] > per_person and not view.by_hand:
                beyond.add(view.id)
    return sorted(ranked, key=lambda view: view.id in beyond)


def _in_groups(views: Iterable[StoryView]) -> tuple[Item, ...]:
    """By group, newest first in each."""
    return tuple(item_of(view) for view in sorted(newest_first(views), key=lambda view: _GROUPS.index(GROUPS[view.kind])))


def _talked(known: Iterable[StoryView], stories: Mapping[str, Story], sources: Sequence[SourceView], period: Period) -> tuple[Item, ...]:
    """Stories of which the most people were first heard in the period."""
    by_id = {source.id: source for source in sources}
    heard = ((view, new_voices(stories[view.id], view, by_id, period)) for view in known if stories[view.id].last_seen_at >= period.since)
    most = sorted(((view, voices) for view, voices in heard if voices), key=lambda one: (-len(one[1]), one[0].id))
    return tuple(talked_item(view, voices) for view, voices in most[:TALKED])


def _name(settings: Settings, topic: Topic) -> str:
    """What the digest is called; where there are several topics, with this one's title."""
    name = (settings.digest.title if settings.digest else "") or settings.site.title
    one_of_several = len(settings.topics) > 1 and fold(topic.title) not in fold(name)
    return one_line(f"{name}: {topic.title}" if one_of_several else name, _LONGEST_NAME)


def _subject(name: str, days: str, new: int) -> str:
    """The mail's subject: "Discussing microsolidarity, 16 to 22 November: 7 new". No title of a story is in it: those are the words of
    strangers, and the subject of a mail to many is not theirs to write."""
    short = days if _TWO_YEARS.search(days) else days.rpartition(" ")[0]
    return f"{name}, {short}: {new} new" if new else f"{name}, {short}"


def _path(settings: Settings, topic: Topic, rhythm: str, period: Period) -> str:
    """Of the web copy: that of the first topic and rhythm is at the top; no two editions have the same."""
    assert settings.digest is not None
    other_topic, other_rhythm = topic.id != settings.topics[0].id, rhythm != next(iter(settings.digest.rhythms))
    folders = (topic.id, rhythm) if other_topic else (rhythm,) if other_rhythm else ()
    return "/".join(("digest", *folders, f"{period.name}.html"))
