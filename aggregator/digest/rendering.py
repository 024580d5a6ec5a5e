"""An edition as a mail: HTML with its styles inlined, and plain text that says the same in the same order. Pure, but for the templates.
The only importer of css_inline, which is slow to load.

Each recipient's own addresses are not known here: in their place stand the marks of doors.py, and nothing from outside can bring one.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.utils import parseaddr
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, Doors
from aggregator.model import Edition, Item, Rendered
from aggregator.publish.words import address, one_line
from aggregator.settings import Digest, Settings

if TYPE_CHECKING:
    from aggregator.publish.render import Templates

# Gmail shows the first 102 kB of a mail and hides the rest, with its door for leaving, behind a link.
LARGEST_BYTES = 90_000
# Characters on a line of plain text (RFC 3676 §4.2 asks for 78 at most), but for a word or an address that is longer.
_WIDTH = 72
# Characters of what comes from outside. Views are cut before they come here; an edition that the ledger gave is trusted no more.
_TITLE, _NAME, _SENTENCE = 300, 120, 600
# How many titles come first, where mail programs show the beginning of a mail beside its subject, and characters of each.
_FIRST, _FIRST_TITLE = 2, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """A story in a mail."""

    title: str
    # None: there is no address that may be followed.
    href: str | None
    # BCP 47; "" when it is the site's.
    language: str
    # What it is, who made it, where it stands; what the heading says is left out.
    credit: tuple[str, ...]
    sentence: str
    # "12 voices"; "" for nobody.
    voices: str
    # Where they talk.
    talk: str
    # Its own page, absolute; "" when the site's address is not known.
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Stories under one heading."""

    title: str
    stories: tuple[StoryLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way to somewhere, in the foot of a mail."""

    text: str
    href: str

    @property
    def spelled(self) -> str:
        """The address as a reader of plain text can use it."""
        return spelled(self.href)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An edition as the templates get it: nothing left to decide."""

    language: str
    title: str
    days: str
    # "12 new stories".
    count: str
    # The first stories, and how many more there are (0: none).
    first: tuple[StoryLine, ...]
    rest: int
    sections: tuple[Section, ...]
    also: tuple[StoryLine, ...]
    # "and 7 more on the page"; "": they are all here.
    more: str
    talked: tuple[StoryLine, ...]
    pinned: tuple[StoryLine, ...]
    coverage: str
    # Address of the site; "": not known.
    site: str
    rhythm: str
    doors: tuple[Door, ...]
    # Where answers go, an address alone.
    reply_to: str
    postal: str


def render(edition: Edition, settings: Settings, doors: Doors, templates: Templates) -> Rendered:
    """The mail of an edition, with marks where each recipient's addresses go; the same for the same values, byte for byte.

    Args:
        doors: with the marks, as `doors.doors` gives them.

    Raises:
        AggregatorError: a template is missing, wrong, or asks for what a letter does not have.
    """
    import css_inline

    letter = letter_of(edition, settings, doors)
    html = css_inline.inline(templates.fill("digest.html", letter=letter), load_remote_stylesheets=False, minify_css=True)
    return Rendered(html=html, text=wrapped(templates.fill("digest.txt", letter=letter)))


def fitting(edition: Edition, render: Callable[[Edition], Rendered]) -> Edition:
    """The edition, with as many of its last new stories counted instead of told as it needs to be smaller than `LARGEST_BYTES`.

    One story is always told; what is too large even so is for the linter to refuse.
    """
    told = len(edition.items) + len(edition.also)

    def fits(dropped: int) -> bool:
        return len(render(_without_last(edition, dropped)).html.encode()) < LARGEST_BYTES

    return _without_last(edition, bisect_left(range(max(told - 1, 0)), True, key=fits))


def letter_of(edition: Edition, settings: Settings, doors: Doors) -> Letter:
    """What the templates get."""
    digest, site = _digest(settings), settings.site.url
    first = (*edition.items, *edition.also)[:_FIRST]
    return Letter(
        language=edition.language,
        title=_words(edition.title, _TITLE),
        days=edition.days,
        count=_count(edition.new),
        first=tuple(_line(replace(one, title=one_line(one.title, _FIRST_TITLE)), "", "") for one in first),
        rest=edition.new - len(first),
        sections=tuple(
            Section(title=group.value, stories=tuple(_line(one, group.value, site) for one in items))
            for group, items in groupby(edition.items, key=lambda one: one.group)
        ),
        also=tuple(_line(one, "", site) for one in edition.also),
        more=_more(edition, bool(site)),
        talked=tuple(_line(one, "", site) for one in edition.talked),
        pinned=tuple(_line(one, "", site) for one in edition.pinned),
        coverage=_words(edition.coverage),
        site=site,
        rhythm=edition.rhythm,
        doors=tuple(_doors(edition, doors, site)),
        reply_to=parseaddr(digest.reply_to or digest.sender)[1],
        postal=one_line(digest.postal),
    )


def spelled(href: str) -> str:
    """An address in plain text: <https://…>, or for a mailto: to whom to write, and with which subject."""
    if not href.startswith("mailto:"):
        return f"<{href}>"
    parts = urlsplit(href)
    subject = parse_qs(parts.query).get("subject", [""])[0]
    return f"by mail to {unquote(parts.path)}" + (f' with the subject "{subject}"' if subject else "")


def wrapped(text: str) -> str:
    """Plain text with no line over 72 characters but for one long word; no address is cut, and no three empty lines stand together."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        lines += textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    kept = [line for at, line in enumerate(lines) if line or lines[at - 1] or lines[at - 2]]
    return "\n".join(kept) + "\n"


def _line(item: Item, heading: str, site: str) -> StoryLine:
    kind = "" if f"{item.kind_text}s" == heading else item.kind_text
    parts = [_words(kind, _NAME), _words(item.who, _NAME), _words(item.where, _NAME)]
    return StoryLine(
        title=_words(item.title, _TITLE),
        href=_followed(item.href),
        language=item.language,
        credit=tuple(dict.fromkeys(part for part in parts if part)),
        sentence=_words(item.sentence, _SENTENCE),
        voices=_words(item.voices, _NAME),
        talk=_words(item.talk, _SENTENCE),
        page=(_followed(site + item.page) or "") if site else "",
    )


def _words(text: str, limit: int | None = None) -> str:
    """A text without the marks of doors: who wrote one into a title would else be sent each reader's own addresses."""
    line = one_line(text, limit)
    return line.replace(LEAVE_MARK, "…").replace(CHANGE_MARK, "…")


def _followed(href: str | None) -> str | None:
    """The address when it may be followed. One with a mark in it would carry each reader's token to a stranger's server."""
    return None if href is None or LEAVE_MARK in href or CHANGE_MARK in href else address(href)


def _count(new: int) -> str:
    return "nothing new" if not new else "1 new story" if new == 1 else f"{new} new stories"


def _more(edition: Edition, known: bool) -> str:
    if not edition.more:
        return ""
    count = "1 more" if edition.more == 1 else f"{edition.more} more"
    return f"{count} on the page" if known else count


def _doors(edition: Edition, doors: Doors, site: str) -> Iterator[Door]:
    if doors.leave:
        yield Door(text="Leave (unsubscribe)", href=doors.leave)
    if doors.change:
        yield Door(text="Change how often it comes, and about what", href=doors.change)
    if site:
        yield Door(text="Read it on the web", href=site + edition.path)
        yield Door(text="All editions", href=f"{site}digest/")
    if doors.subscribe:
        yield Door(text="Passed on to you? Get your own", href=doors.subscribe)


def _digest(settings: Settings) -> Digest:
    assert settings.digest is not None, "there is no digest to render"
    return settings.digest


def _without_last(edition: Edition, dropped: int) -> Edition:
    if not dropped:
        return edition
    told = (*edition.items, *edition.also)[:-dropped]
    full = len(edition.items)
    return replace(edition, items=told[:full], also=told[full:], more=edition.more + dropped)
