"""An edition as a mail: HTML with its styles inlined, and plain text that says the same in the same order. Pure, but for the templates.
The only importer of css_inline, which is slow to load.

Each recipient's own addresses are not known here: in their place stand the marks of doors.py, and nothing from outside can bring one.
"""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, Doors
from aggregator.digest.encoding import parsed
from aggregator.model import Edition, Item, Rendered
from aggregator.publish.story_lines import Section, StoryLine, new_stories, sections, story_line
from aggregator.publish.words import address, one_line
from aggregator.settings import Digest, Settings

if TYPE_CHECKING:
    from aggregator.publish.render import Templates

# Gmail shows the first 102 kB of a mail and hides the rest, with its door for leaving, behind a link.
LARGEST_BYTES = 90_000
# Characters on a line of plain text (RFC 3676 §4.2 asks for 78 at most), but for a word or an address that is longer.
_WIDTH = 72
# How many titles come first, where mail programs show the beginning of a mail beside its subject, and characters of each.
_FIRST, _FIRST_TITLE = 2, 60
_MARKS = re.compile(f"{LEAVE_MARK}|{CHANGE_MARK}")


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
class MailView:
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
        AggregatorError: a template is missing, wrong, or asks for what `MailView` does not have.
    """
    # Slow to load, and most commands render nothing.
    import css_inline

    mail = mail_view(edition, settings, doors)
    html = css_inline.inline(templates.fill("digest.html", mail=mail), load_remote_stylesheets=False, minify_css=True)
    return Rendered(html=html, text=wrapped(templates.fill("digest.txt", mail=mail)))


def fitting(edition: Edition, render: Callable[[Edition], Rendered]) -> Edition:
    """The edition, with as many of its last new stories counted instead of told as it needs to be smaller than `LARGEST_BYTES`.

    One story is always told; what is too large even so is for the linter to refuse.
    """
    told = len(edition.items) + len(edition.also)

    def fits(dropped: int) -> bool:
        return len(render(_without_last(edition, dropped)).html.encode()) < LARGEST_BYTES

    return _without_last(edition, bisect_left(range(max(told - 1, 0)), True, key=fits))


def mail_view(edition: Edition, settings: Settings, doors: Doors) -> MailView:
    """What the templates get."""
    digest, site = _digest(settings), settings.site.url
    told = _unmarked(edition)
    first = (*told.items, *told.also)[:_FIRST]
    base = site or None
    return MailView(
        language=told.language,
        title=told.title,
        days=told.days,
        count=new_stories(told.new),
        first=tuple(story_line(replace(one, title=one_line(one.title, _FIRST_TITLE)), "", None) for one in first),
        rest=told.new - len(first),
        sections=sections(told.items, base),
        also=tuple(story_line(one, "", base) for one in told.also),
        more=_more(told.more, known=bool(site)),
        talked=tuple(story_line(one, "", base) for one in told.talked),
        pinned=tuple(story_line(one, "", base) for one in told.pinned),
        coverage=told.coverage,
        site=site,
        rhythm=told.rhythm,
        doors=tuple(_doors(edition, settings, doors)),
        reply_to=parsed(digest.reply_to or digest.sender)[1],
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


def _unmarked(edition: Edition) -> Edition:
    """The edition on which no text from outside brings a mark: who wrote one into a title or an address would else be sent every reader's
    own tokens."""

    def lines(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(map(_unmarked_item, items))

    return replace(
        edition,
        title=_words(edition.title),
        coverage=_words(edition.coverage),
        items=lines(edition.items),
        also=lines(edition.also),
        talked=lines(edition.talked),
        pinned=lines(edition.pinned),
    )


def _unmarked_item(item: Item) -> Item:
    return replace(
        item,
        title=_words(item.title),
        href=_followed(item.href),
        kind_text=_words(item.kind_text),
        language=_words(item.language),
        who=_words(item.who),
        where=_words(item.where),
        sentence=_words(item.sentence),
        sentence_language=_words(item.sentence_language),
        voices=_words(item.voices),
        talk=_words(item.talk),
    )


def _words(text: str) -> str:
    # What may not be shown goes first: it could stand inside a mark.
    return _MARKS.sub("…", one_line(text))


def _followed(href: str | None) -> str | None:
    shown = address(href)
    return None if shown and _MARKS.search(shown) else shown


def _more(more: int, *, known: bool) -> str:
    return f"{more} more{' on the page' if known else ''}" if more else ""


def _doors(edition: Edition, settings: Settings, doors: Doors) -> Iterator[Door]:
    site, choice = settings.site.url, _choice(settings)
    if doors.leave:
        yield Door(text="Leave (unsubscribe)", href=doors.leave)
    if doors.change and choice:
        yield Door(text=f"Change {choice}", href=doors.change)
    if site:
        yield Door(text="Read it on the web", href=site + edition.path)
        yield Door(text="All editions", href=f"{site}digest/")
    if doors.subscribe:
        yield Door(text="Passed on to you? Get your own", href=doors.subscribe)


def _choice(settings: Settings) -> str:
    """What a reader can choose; "" where there is one rhythm and one topic. A service that sends has pages of its own for that."""
    digest = _digest(settings)
    often = "how often it comes" if digest.by_service or len(digest.rhythms) > 1 else ""
    about = "what it is about" if digest.by_service or len(settings.topics) > 1 else ""
    return " and ".join(filter(None, (often, about)))


def _digest(settings: Settings) -> Digest:
    assert settings.digest is not None, "there is no digest to render"
    return settings.digest


def _without_last(edition: Edition, dropped: int) -> Edition:
    if not dropped:
        return edition
    told = (*edition.items, *edition.also)[:-dropped]
    full = len(edition.items)
    return replace(edition, items=told[:full], also=told[full:], more=edition.more + dropped)
