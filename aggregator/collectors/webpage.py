"""Pages without a feed, read by CSS selectors. A page promises nothing, so each poll compares what it finds with what was found before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from aggregator.collectors._feeds import description
from aggregator.collectors._json import member, number
from aggregator.collectors._options import host_of, web_address
from aggregator.collectors._parts import Feed, Oddities, absolute, when
from aggregator.collectors._settling import settled
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import Entry, Kind, Page, Restriction
from aggregator.text.decode import decode
from aggregator.text.html import selector
from aggregator.text.page import NOINDEX, read_page
from aggregator.text.secret_address import masked
from aggregator.text.selecting import Row, Selected, selected

DOING = "reading the page"
LINK, HEADING, TIME = ":is(a, area)[href]", ":is(h1, h2, h3, h4, h5, h6)", "time"
"""What is looked for where no selector is given."""
FELL = 2
"""A field is gone when it is found in fewer entries than this part of what it was found in before."""


@dataclass(frozen=True, kw_only=True)
class Webpage(Collector):
    """Reads a list of articles from a page that has no feed: each element that `entry` finds is one, and `link`, `title` and `date` are
    looked for inside it. Without them the first link, the first heading (or else the link's words) and the first `time` element are taken.
    Use it only where a site has no feed; `aggregator source test` prints what the selectors find. When a page changes its layout, so that
    a selector finds nothing any more or far less than before, the source fails and says which one. What robots.txt forbids is not read,
    and of a page that asks not to be indexed nothing is shown.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="webpage",
        title="Web page without a feed",
        homepage="https://www.w3.org/TR/selectors-4/",
        spec="Selectors Level 4, HTML Standard and RFC 9309, read 2026-11-22",
        method=Method.PAGE,
        kinds=(Kind.ARTICLE,),
        every=timedelta(hours=6),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="what one page lists",
        reach="what stands on the page",
        delay="as soon as the page lists it",
        delivers=Delivers.EXCERPT,
        limits=(
            "Only the one page is read, and of each article what the page itself says of it.",
            "What a script adds to the page in a browser is not there.",
            "A new layout wants new selectors.",
        ),
    )

    url: Annotated[str, Option("address of the page", example="https://crews.example/writing", check=web_address)]
    entry: Annotated[str, Option("CSS selector of one entry", example="article.post", check=selector)]
    link: Annotated[str, Option("CSS selector of the link in an entry; else its first link", example="h2 a", check=selector)] = ""
    title: Annotated[str, Option("CSS selector of the title in an entry; else its first heading", example="h2", check=selector)] = ""
    date: Annotated[str, Option("CSS selector of the date in an entry; else its first time", example=".date", check=selector)] = ""

    @property
    def host(self) -> str:
        return host_of(self.url)

    @property
    def label(self) -> str:
        return f"{self.host.removeprefix('www.')}{urlsplit(self.url).path.rstrip('/')}"

    @property
    def address(self) -> str:
        return masked(self.url, "…")

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        before = _Shape.unpacked(cursor, self._selectors)
        # New selectors are tried although the page may be as it was.
        reply = http.page(self.url, fresh=not before.rows)
        if reply.unchanged:
            yield Page(entries=(), cursor=cursor or pack())
            return
        text = decode(reply.body, reply.headers.get("content-type", ""))
        found = selected(text, self.entry, {"link": self.link or LINK, "title": self.title or HEADING, "date": self.date or TIME})
        odd: Oddities = Counter()
        base = absolute(reply.url, found.base) or reply.url
        entries = tuple(self._entry(row, base, odd) for row in found.rows)
        shape = _Shape.of(entries)
        self._judge(shape, before, description(text))
        account = read_page(reply.url, text)
        closed = NOINDEX in account.notes or "noindex" in reply.headers.get("x-robots-tag", "").lower()
        made = tuple(_of_page(one, account.site, account.language, closed=closed) for one in entries)
        usable, remarks = settled(Feed(entries=made, home=reply.url), odd, url=reply.url, doing=DOING)
        counted = tuple(f"{count} {'entry' if count == 1 else 'entries'} {what}" for what, count in odd.items())
        whole = self._remarks(reply, text, found, closed=closed) + shape.shrunk(before, self.entry)
        yield Page(entries=usable, cursor=shape.packed(self._selectors), remarks=(*whole, *remarks, *counted))

    @property
    def _selectors(self) -> Mapping[str, str]:
        return {"rows": self.entry, "link": self.link, "title": self.title, "date": self.date}

    def _entry(self, row: Row, base: str, odd: Oddities) -> Entry:
        link, title, date = (row.parts.get(name) for name in ("link", "title", "date"))
        url = absolute(base, link.href) if link else ""
        words = (title.text if title else "") or (link.text if link and not self.title else "")
        moment = when(date.moment or date.text, odd) if date else None
        return Entry(native_id=url, url=url, kind=Kind.ARTICLE, title=words or None, text=row.text or None, published=moment)

    def _judge(self, now: _Shape, before: _Shape, what: str) -> None:
        """Raise `Unreadable`, with the selector, when the page is not what it was."""
        instead = f"in {what}; look at the page and write one that fits its layout"
        if not now.rows:
            raise Unreadable(f"{DOING}: expected entries, the selector {self.entry!r} (entry) finds nothing {instead}")
        for name, count in now.fields.items():
            given = getattr(self, name)
            said = f"the selector {given!r} ({name})" if given else f"what is taken for the {name} without a selector"
            if not count and (given or name == "link"):
                raise Unreadable(f"{DOING}: expected a {name} in each entry, {said} finds none in {now.rows} {instead}")
            known = before.fields.get(name, 0)
            if known and count * before.rows * FELL < known * now.rows:
                was = f"{known} of {before.rows} before"
                raise Unreadable(f"{DOING}: expected a {name} in each entry, {said} finds one in {count} of {now.rows}, {was}, {instead}")

    def _remarks(self, reply: Reply, text: str, found: Selected, *, closed: bool) -> tuple[str, ...]:
        said = {
            "the page asks not to be indexed: nothing of it is shown": closed,
            "the page is cut off: read as far as it goes": "</html" not in text[-4096:].lower(),
            "the page holds more than is read": found.cut,
        }
        return tuple(remark for remark, holds in said.items() if holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How much was found on a page."""

    rows: int = 0
    # Entries that have the field, by its name.
    fields: Mapping[str, int]

    @classmethod
    def of(cls, entries: tuple[Entry, ...]) -> _Shape:
        found = [{"link": bool(one.url), "title": bool(one.title), "date": bool(one.published)} for one in entries]
        return cls(rows=len(entries), fields={name: sum(one[name] for one in found) for name in ("link", "title", "date")})

    @classmethod
    def unpacked(cls, cursor: Cursor, selectors: Mapping[str, str]) -> _Shape:
        """What was found at the last poll; nothing where other selectors found it."""
        said: Any = unpack(cursor)
        if said.get("by") != dict(selectors):
            return cls(fields={})
        fields = {name: count for name, value in member(said.get("fields")).items() if (count := number(value)) is not None}
        return cls(rows=number(said.get("rows")) or 0, fields=fields)

    def packed(self, selectors: Mapping[str, str]) -> Cursor:
        return pack(by=dict(selectors), rows=self.rows, fields=dict(self.fields))

    def shrunk(self, before: _Shape, by: str) -> tuple[str, ...]:
        """A remark when a long list has become a short one: it may be a new layout, or a new year."""
        if before.rows < 8 or self.rows * 4 >= before.rows:
            return ()
        count = f"{self.rows} {'entry' if self.rows == 1 else 'entries'}"
        return (f"{count} where {before.rows} were before: look whether the selector {by!r} (entry) still finds all",)


def _of_page(entry: Entry, site: str | None, language: str | None, *, closed: bool) -> Entry:
    return replace(entry, site=site or None, language=language or None, restrictions=(Restriction.NOINDEX,) if closed else ())
