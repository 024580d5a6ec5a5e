"""Mentions as they come on standard input, made by what is particular about each."""

from __future__ import annotations

from typing import Any

from aggregator.model import Material, Mention, Work
from aggregator.pipeline.mention_lines import mention_of
from aggregator.pipeline.works import work_of

# Two texts of some eighty words that have nothing in common, and the first in German.
CREWS = (
    "A crew is a group of three to eight people who meet every week for a year, share food and money, and tell each other the truth "
    "about how they are. We began ours in a kitchen with a pot of soup and no plan at all. What we learned is that rhythm matters more "
    "than purpose, that small promises kept are worth more than large ones made, and that someone must always wash the dishes."
)
ROOMS = (
    "Congregations are the next size up: twenty to two hundred people, several crews that know of each other, a gathering twice a "
    "year. The trick is to keep the doors open while the rooms stay small. Last spring there were sixty of us in a school with nine "
    "rooms, two cooks and one bell, and this is what we would do again and what we would leave."
)
SOUP = (
    "Take onions, patience and the largest pot of the house. Let whoever comes in last peel the carrots, and never ask who paid for "
    "the salt. By the time the bread is cut, the quarrel that began on the stairs has an end, or at least a spoon in its mouth."
)
CREWS_IN_GERMAN = (
    "Eine Crew ist eine Gruppe von drei bis acht Menschen, die sich jede Woche treffen, Essen und Geld teilen und einander die "
    "Wahrheit sagen. Wir haben unsere in einer Küche begonnen, mit einem Topf Suppe und ohne Plan. Was wir gelernt haben, ist, dass "
    "der Rhythmus wichtiger ist als der Zweck."
)


def day(number: int) -> str:
    """A morning in March 2025."""
    return f"2025-03-{number:02}T10:00:00Z"


def essay(url: str = "https://ada.example.org/crews", title: str | None = "How to grow a crew", **fields: Any) -> dict[str, Any]:
    """An article by Ada Example."""
    return {"id": url, "url": url, "title": title, "text": CREWS, "author": "Ada Example", "published": day(1), **fields}


def episode(
    url: str = "https://anchor.fm/crewshow/episodes/Pods-e186q95", title: str = "Ep 12: Pods with Cy", **fields: Any
) -> dict[str, Any]:
    """An episode of The Crew Show."""
    said = "Cy tells how her pod lasted ten years, and why."
    return {"id": url, "url": url, "title": title, "text": said, "author": "The Crew Show", "published": day(1), **fields}


def video(
    url: str = "https://www.youtube.com/watch?v=aDWuHsyznf4", title: str = "Pods with Cy | The Crew Show #12", **fields: Any
) -> dict[str, Any]:
    """The same as a video."""
    return {**episode(url, title), **fields}


def post(url: str, text: str, **fields: Any) -> dict[str, Any]:
    """A short post by Ada."""
    return {"id": url, "url": url, "platform": "mastodon", "text": text, "author": "Ada", "published": day(1), **fields}


def mentions(*lines: dict[str, Any]) -> list[Mention]:
    """Lines as mentions."""
    return [mention_of(line) for line in lines]


def work(line: dict[str, Any]) -> Work:
    """What stands at the address of a line, as it is compared."""
    mention = mention_of(line)
    made = work_of(Material(key=mention.identity.subject, mentions=(mention,)))
    assert made is not None
    return made.work
