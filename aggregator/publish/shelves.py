"""On which list a story stands, and how much of one person or site a day may hold. Pure.

What the steward pinned and what the community chose stands first. A post or comment that says little for itself is no entry of the main
list: it has fewer than 15 words beside hashtags, mentions and addresses, shares no page, and not even two people talk about it. It stands
under "posts". A word of the steward's (a title, a note, a kind) makes it an entry. A post that shares several pages is heard in their
stories and then stands on no list; where none of the pages is a story, it is an entry like another.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from aggregator.model import Kind, Story
from aggregator.publish.leads import is_first_hand
from aggregator.publish.stories import MoreView, StoryView
from aggregator.publish.voices import text_of
from aggregator.publish.words import host
from aggregator.text.page_titles import fold
from aggregator.text.platform_ids import platform_of
from aggregator.text.words import script

_SOCIAL: Final = frozenset((Kind.POST, Kind.COMMENT))
# A sentence that says something of its own has about as many.
LITTLE: Final = 15
# So many people who talk about a post make it worth an entry.
SEVERAL: Final = 2
_NOT_SAID: Final = re.compile(r"(?:https?://|www\.)\S+|[#＃@＠][\w.@-]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Letters that make about one word where no spaces stand between words.
_LETTERS_IN_A_WORD: Final = 2


class Shelf(StrEnum):
    """The list that a story stands on."""

    CHOSEN = "chosen"
    PINNED = "pinned"
    FOUND = "found"
    POSTS = "posts"
    # It is heard in other stories, and stands on no list.
    VOICE = "voice"


def guests(stories: Iterable[Story]) -> frozenset[tuple[str, str]]:
    """The posts, by source and native id, that are heard in stories of pages which they share among others."""
    return frozenset(
        (mention.source, mention.entry.native_id)
        for story in stories
        for mention in story.mentions
        if mention.identity.shares and mention.identity.subject not in (story.lead, *(link.key for link in story.links))
    )


def shelf_of(story: Story, view: StoryView, heard: Collection[tuple[str, str]]) -> Shelf:
    """The list that a story stands on.

    Args:
        heard: what `guests` says of all stories.
    """
    if view.pinned is not None:
        return Shelf.PINNED
    if view.chosen is not None:
        return Shelf.CHOSEN
    said = story.curation
    if view.kind not in _SOCIAL or said.title or said.note or said.kind:
        return Shelf.FOUND
    own = [one for one in story.mentions if is_first_hand(one, frozenset((story.lead,)))] or list(story.mentions[:1])
    if own and all((one.source, one.entry.native_id) in heard for one in own):
        return Shelf.VOICE
    if any(one.identity.shares for one in own) or len(view.voices) >= SEVERAL or any(words_said(text_of(one)) >= LITTLE for one in own):
        return Shelf.FOUND
    return Shelf.POSTS


def words_said(text: str) -> int:
    """How many words a text has beside hashtags, mentions and addresses; in scripts without spaces two letters count as one."""
    count = 0
    for word in _WORD.findall(_NOT_SAID.sub(" ", text)):
        count += max(1, len(word) // _LETTERS_IN_A_WORD) if script(word[0]) == "unspaced" else 1
    return count


def folded(views: Sequence[StoryView], *, per_person: int, per_site: int) -> tuple[StoryView, ...]:
    """The same list with at most so many stories of one person, and from one site, in one day; the rest stands folded behind the last.

    The earliest of a day stay, so that none that was shown is folded when another comes. A platform is no site: whoever publishes there
    counts alone.

    Args:
        views: newest first.
    """
    full_days = Counter(view.when.day for view in views)
    fewest = min((most for most in (per_person, per_site) if most > 0), default=len(views))
    names = {who: fold(who) for who in {view.who for view in views}}
    counted: Counter[tuple[object, ...]] = Counter()
    last: dict[tuple[object, ...], int] = {}
    behind: dict[int, dict[tuple[object, ...], list[int]]] = defaultdict(lambda: defaultdict(list))
    away: set[int] = set()
    for at in range(len(views) - 1, -1, -1):
        groups = _groups(views[at], names[views[at].who], per_person, per_site) if full_days[views[at].when.day] > fewest else ()
        full = next((group for group, most in groups if counted[group] >= most), None)
        if full is not None:
            behind[last[full]][full].append(at)
            away.add(at)
            continue
        for group, _most in groups:
            counted[group] += 1
            # The lowest of the group on the page, under which the rest belongs.
            last.setdefault(group, at)
    if not away:
        return tuple(views)
    kept = []
    for at, view in enumerate(views):
        if at in behind:
            more = (_more(group, [views[one] for one in reversed(places)]) for group, places in sorted(behind[at].items(), key=str))
            kept.append(replace(view, more=tuple(more)))
        elif at not in away:
            kept.append(view)
    return tuple(kept)


def _groups(view: StoryView, person: str, per_person: int, per_site: int) -> Sequence[tuple[tuple[object, ...], int]]:
    """What a story counts for on its day, and how many may stand there."""
    groups: list[tuple[tuple[object, ...], int]] = []
    if per_person > 0 and person:
        groups.append(((view.when.day, "person", person), per_person))
    site = host(view.href) if view.href and view.kind not in _SOCIAL else ""
    if per_site > 0 and site and platform_of(site) is None:
        groups.append(((view.when.day, "site", site), per_site))
    return groups


def _more(group: tuple[object, ...], views: Sequence[StoryView]) -> MoreView:
    of = f"by {views[0].who}" if group[1] == "person" else f"from {views[0].where or group[2]}"
    return MoreView(text=f"{len(views)} more {of} that day", stories=tuple(views))
