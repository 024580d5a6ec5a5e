"""A steward who has run the program once: three articles, a talk that is chosen, and a source that is held."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.steward import Said, Steward

CONFIGURATION = """\
site: {title: Discussing crews, url: "https://example.org/discussing/"}
topics: {crews: {any_of: [crews]}}
sources:
  - {platform: feed, url: 'https://blog.example/feed', id: notes, label: Ana's notes}
  - {platform: feed, url: 'https://loud.example/feed', id: loud, label: The loud one, trust: hold}
chosen:
  - {url: "https://talks.example/crews", kind: episode, title: A talk on crews}
  - {url: "https://talks.example/pods", kind: episode, title: A talk on pods}
"""
ONE, TWO, THREE = (f"https://blog.example/{number}" for number in (1, 2, 3))
LOUD, LOUDER = "https://loud.example/1", "https://loud.example/2"
TALK, PODS = "https://talks.example/crews", "https://talks.example/pods"


def feed(title: str, items: Sequence[tuple[str, str, str]]) -> bytes:
    """A feed of (address, title, author)."""
    entries = "".join(
        f"<item><guid>{url}</guid><title>{name}</title><link>{url}</link><dc:creator>{author}</dc:creator>"
        f"<description>{name}, at more length, since crews are worth it.</description></item>"
        for url, name, author in items
    )
    head = f'<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{title}</title>'
    return f"{head}{entries}</channel></rss>".encode()


NOTES = feed("Ana's notes", [(ONE, "On crews", "Ana"), (TWO, "Crews that last", "Ana"), (THREE, "Bread and crews", "Bo")])
NOISE = feed("The loud one", [(LOUD, "Ten crews you must see", "Max"), (LOUDER, "Buy crews now", "Max")])


def replies(notes: bytes = NOTES, noise: bytes = NOISE) -> list[Exchange]:
    """What the two sources answer."""
    feeds = (("https://blog.example/feed", notes), ("https://loud.example/feed", noise))
    return [Exchange(url=url, headers={"Content-Type": "application/rss+xml"}, body=body) for url, body in feeds]


def runs_with(steward: Steward, *exchanges: Exchange) -> Said:
    """A run that polls everything, on recorded replies."""
    write_har(steward.folder / "replies.har", exchanges)
    return steward.runs("poll", "--replay", "replies.har")


def has_run(steward: Steward) -> Steward:
    """Found three stories, holds two, has chosen two."""
    steward.configures(CONFIGURATION)
    runs_with(steward, *replies())
    built = steward.runs("build")
    assert built.code == 0, built.err
    return steward


def titles(steward: Steward) -> list[str]:
    """What the stories of the page are called, in their order."""
    return [story["title"] for story in steward.stories()]
