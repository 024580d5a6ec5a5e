"""Editions of the digest, made by builders: one week of a community, as it is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.model import Author, Edition, Group, Item, Period, Story
from aggregator.settings import Digest
from tests.support.stories import TOPIC, found, id_of

WEEK = Period(name="2026-W47", since=datetime(2026, 11, 16, 8, tzinfo=UTC), until=datetime(2026, 11, 23, 8, tzinfo=UTC))
_LESSON = "What we learned from four small crews in four cities, and why we closed the fifth before it had a name of its own."
_KINDS = {Group.RECORDINGS: "Episode", Group.ARTICLES: "Article", Group.DISCUSSIONS: "Discussion", Group.POSTS: "Post"}


def item(title: str = "Crews that last", href: str | None = "https://blog.example.org/crews", **fields: Any) -> Item:
    """A story in an edition: an article that three people talk about. Its id follows from its address, or from its title."""
    group = fields.get("group", Group.ARTICLES)
    assert isinstance(group, Group)
    given: dict[str, Any] = {
        "story": (id := str(fields.get("story", id_of(href or title)))),
        "page": f"story/{id}.html",
        "group": group,
        "kind_text": _KINDS[group],
        "who": "Nadia",
        "where": "Enspiral Tales",
        "sentence": "What we learned from four small crews, and why we closed the fifth.",
        "voices": "3 voices",
        "talk": "Mastodon (2) and Loomio",
    }
    return Item(title=title, href=href, **(given | fields))


def some_items(count: int = 5) -> tuple[Item, ...]:
    """Stories of every group, in the order of an edition."""
    groups = sorted((list(Group)[at % len(Group)] for at in range(count)), key=list(Group).index)
    return tuple(item(f"Story number {at}", f"https://blog.example.org/{at}", group=group) for at, group in enumerate(groups, 1))


def edition(items: Sequence[Item] | None = None, *, period: Period = WEEK, rhythm: str = "weekly", **fields: Any) -> Edition:
    """The edition of a week in November 2026; five stories of every group unless a test names others."""
    given: dict[str, Any] = {
        "id": f"{TOPIC}/{rhythm}/{period.name}",
        "topic": TOPIC,
        "path": f"digest/{period.name}.html",
        "title": "Discussing #microsolidarity",
        "subject": "Discussing #microsolidarity: 5 new stories",
        "language": "en",
        "days": "16 to 22 November 2026",
        "items": some_items() if items is None else tuple(items),
    }
    return Edition(period=period, rhythm=rhythm, **(given | fields))


def full_edition(**fields: Any) -> Edition:
    """Everything that an edition can have: fifteen stories, twenty more by their titles, still others counted."""
    rows = (
        (Group.RECORDINGS, "Money in the middle", "Pod Talk", "The Commons Hour", "", "1 voice", "Mastodon"),
        (
            Group.RECORDINGS,
            "How a crew ends well",
            "Sam Rivers",
            "YouTube",
            "A recorded conversation about closing a group with care.",
            "",
            "",
        ),
        (Group.ARTICLES, "Crews that last", "Nadia", "Enspiral Tales", _LESSON, "41 voices", "Mastodon (38), Loomio and 2 blogs"),
        (Group.ARTICLES, "Kleine Gruppen, große Wirkung", "Kathrin", "blog.example.de", "Wer trägt, wenn niemand führt?", "", ""),
        (Group.ARTICLES, "التضامن الصغير: كيف نبني مجموعات تدوم", "سلمى", "blog.example.org", "ماذا يحدث؟", "2 voices", "Mastodon"),
        (Group.ARTICLES, "Five questions before you begin", "", "forum.example.net", "", "", ""),
        (
            Group.ARTICLES,
            "Against facilitation",
            "T. Example",
            "Essays",
            "Perhaps the room does not need you as much as you think.",
            "",
            "",
        ),
        (Group.ARTICLES, "A pattern language for belonging", "Mei", "patterns.example.org", _LESSON, "5 voices", "Loomio (3) and Mastodon"),
        (Group.DISCUSSIONS, "Who is in?", "Bo", "Loomio", "A call for a crew that meets on Tuesday mornings.", "12 voices", "Loomio"),
        (Group.DISCUSSIONS, "What do you do when somebody goes quiet?", "Amara", "forum.example.org", "", "9 voices", "the forum"),
        (Group.DISCUSSIONS, "Dyads, and why we skip them", "", "Loomio", "We never had the patience. Did you?", "", ""),
        (
            Group.POSTS,
            "We tried the Case Clinic with eleven neighbours",
            "Amara",
            "Mastodon",
            "Nobody wanted to leave.",
            "3 voices",
            "Mastodon",
        ),
        (Group.POSTS, "Bread, soup and one good question", "Jonas", "Mastodon", "That was the whole agenda.", "", ""),
        (Group.POSTS, "Our crew turns five", "Nadia", "Bluesky", "Five years, nine people, one shared calendar.", "7 voices", "Bluesky"),
        (Group.POSTS, "Notes from the retreat", "Lena", "Mastodon", "", "", ""),
    )
    spoken = {"Kathrin": "de", "سلمى": "ar"}
    names = ("group", "title", "who", "where", "sentence", "voices", "talk")
    told = [dict(zip(names, row, strict=True)) for row in rows]
    items = [item(href=f"https://stories.example.org/{at}", language=spoken.get(str(one["who"]), ""), **one) for at, one in enumerate(told)]
    also = [item(f"Another story, told by its title alone, number {at}", f"https://stories.example.org/also/{at}") for at in range(20)]
    given: dict[str, Any] = {
        "also": tuple(also),
        "more": 7,
        "talked": (
            item(
                "Attunement", "https://essays.example.org/attunement", who="T. Example", where="Essays", voices="6 voices", talk="Mastodon"
            ),
            item("Pods without phones", "https://talks.example.org/pods", voices="2 voices", talk="Loomio and Mastodon"),
        ),
        "pinned": (
            item("Practical methods for new crews", "https://talks.example.org/methods", kind_text="Video", group=Group.RECORDINGS),
        ),
        "coverage": "Reddit could not be read from Tuesday to Thursday.",
    }
    return edition(items, **(given | fields))


def odd_edition(**fields: Any) -> Edition:
    """What strangers write when they wish us ill, and what happens without any wish."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    items = (
        item(
            evil,
            "https://evil.example/?a=1&b=%3Cscript%3E",
            who='"><b onmouseover=alert(1)>',
            where="&amp;lt;",
            sentence=f"</p>{evil}",
            talk=evil,
        ),
        item("A script for an address", "javascript:alert(1)", story="aaaaaaaaa2"),
        item("Wherever\r\nBcc: everybody@example.org\n\nthe line ends", None),
        item("\u202eright to left\u202c of \u2067itself", "https://evil.example/rtl"),
        item("W" * 200, f"https://evil.example/{'long' * 100}", who="n" * 150, sentence="x" * 400),
        item("A title of five thousand characters, " * 135, "https://evil.example/title"),
        item(f"Here stands {LEAVE_MARK} and {CHANGE_MARK}", f"https://evil.example/?token={LEAVE_MARK}", sentence=LEAVE_MARK * 2),
        item("Nobody knows anything about this one", "https://quiet.example/", who="", where="", sentence="", voices="", talk=""),
        item("漢字" * 60, "https://cjk.example/", sentence="表語文字" * 40, language="ja"),
    )
    given: dict[str, Any] = {"also": items[:3], "talked": items[1:4], "pinned": items[4:5], "more": 1}
    return edition(items, **(given | fields))


def shown_in(*editions: Edition) -> tuple[Story, ...]:
    """Stories that a site shows when nothing of these editions was taken away since."""
    lists = (lot for one in editions for lot in (one.items, one.also, one.talked, one.pinned))
    told = {story.story: story for lot in lists for story in lot}
    return tuple(replace(_of(one), id=id) for id, one in told.items())


def _of(one: Item) -> Story:
    author = Author(name=one.who) if one.who else None
    href = one.href or f"https://gone.example/{one.story}"
    return found(href, title=one.title, text=one.sentence, author=author, site=one.where, language=one.language or None)


def digest_of(**fields: Any) -> Digest:
    """A digest in two rhythms that is written into a folder, with nobody to serve its pages."""
    rhythms = {"weekly": "0 8 * * mon", "monthly": "0 8 1 * *"}
    given: dict[str, Any] = {"sender": "Discussing <digest@example.org>", "rhythms": rhythms}
    return Digest(**(given | fields))
