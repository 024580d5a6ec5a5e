"""What stands in a page's markup, gathered in one walk over its tree. Nothing is judged here but where a thing stands.

A sign counts as the head's own only if it was written before the body began: a comment can hold a `link rel=canonical`, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol, cast

from aggregator.text.html import soup

# Bounds for hostile pages, in characters and tags. Pages of watching and reading sites stay under a third of them.
_LONGEST = 3_000_000
_MOST_TAGS = 60_000
_SLIM_ABOVE = 200_000
_LONGEST_TEXT = 1_000
_MOST_PARTS = 2_000
# In characters: shorter ones are captions and credits.
_LEAST_PARAGRAPH = 60

_SCRIPT = re.compile(r"<(/?)(script|style|svg)\b", re.IGNORECASE)
_UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}>", re.IGNORECASE)
_HEAD_ENDS = re.compile(r"</head\b|<body\b", re.IGNORECASE)
_CONTENT = re.compile(r"<(?:div|p|h[1-6]|article|main|section|table|ul|ol|nav|span|a|form|blockquote)\b", re.IGNORECASE)

# Parts of a page that speak of something else than the page.
_ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:comments?|respond|replies|related|recommend(?:ed|ations)?|sidebar|widgets?|footer|more-?posts|popular|promo|newsletter|"
    r"teasers?|read-?next|breadcrumbs?|post-navigation|nav-links)(?:$|[\s_-])|commentlist|comment-",
    re.IGNORECASE,
)
_BYLINES = frozenset({"byline", "author", "author-name", "post-author", "entry-author", "byline-name", "author__name", "byline__name"})
_PUBLISHED = frozenset(
    {"published", "dt-published", "entry-date", "post-date", "posted-on", "publish-date", "pubdate", "post__date", "article-date"}
)
_UPDATED = frozenset({"updated", "modified", "dt-updated", "date-modified"})
_MAIN = frozenset({"article", "main"})
_ASIDE = frozenset({"aside", "footer", "nav", "template", "noscript", "select", "dialog"})


class Tag(Protocol):
    """The little that is asked of an element of the tree."""

    name: str
    attrs: dict[str, Any]
    parent: Any
    descendants: Iterator[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A first-level heading."""

    text: str
    # Inside article or main.
    inner: bool
    # In the banner of the site, or a link to its home page.
    banner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A date in the text of the page."""

    text: str
    # Its markup says it is the time of publication.
    marked: bool
    inner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Everything a page says of itself, in the order it stands there."""

    # Names in lower case; of `name`, `property` and, in the head, `itemprop`.
    metas: Mapping[str, tuple[str, ...]]
    title: str = ""
    language: str = ""
    # The address that relative ones are resolved against; "" when the page names none.
    base: str = ""
    # Of the head alone.
    canonicals: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    moments: tuple[Moment, ...] = ()
    # By property, of the one thing of microdata or microformats that the page is about.
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Types in lower case of the microdata things that stand in nothing else.
    item_types: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()
    # Words that link to the home page, and titles of the page's feeds.
    site_names: tuple[str, ...] = ()
    entries: int = 0
    paragraph: str = ""
    # Hosts that forms are sent to and other marks of walls, lower case.
    marks: frozenset[str] = frozenset()

    def meta(self, *names: str) -> Iterator[str]:
        """Values of the named metas in the order of the names."""
        for name in names:
            yield from self.metas.get(name, ())


def gather(markup: str, home: str) -> Signals:
    """Read a page's markup.

    Args:
        home: the home page's address without scheme and "www.", to know links to it ("example.org").
    """
    # Half a character cannot be parsed; an XML declaration makes the parser warn that it reads HTML.
    markup = _DECLARATION.sub("", _bounded(markup).replace("\x00", "").encode("utf-8", "replace").decode("utf-8"))
    if "<" not in markup:
        return Signals(metas={})
    head = _head_of(markup)
    walk = _Walk(home, head_metas=head.lower().count("<meta"), head_links=head.lower().count("<link"))
    for tag in soup(markup).find_all(True):
        walk.visit(cast("Tag", tag))
    return walk.signals()


def words_of(tag: Tag) -> str:
    """The text inside, on one line; a break is a space."""
    pieces: list[str] = []
    size = 0
    for part in islice(tag.descendants, _MOST_PARTS):
        if isinstance(part, str):
            # Comments and the like are strings, too, of other classes.
            if type(part).__name__ in ("NavigableString", "CData", "RCDATAString"):
                pieces.append(part)
                size += len(part)
        elif part.name in ("br", "p", "div", "li"):
            pieces.append(" ")
        if size > _LONGEST_TEXT:
            break
    return " ".join("".join(pieces).split())[:_LONGEST_TEXT]


def attribute(tag: Tag, name: str) -> str:
    """An attribute's value, trimmed; "" where it is missing."""
    value = tag.attrs.get(name)
    return " ".join(value) if isinstance(value, list) else str(value or "").strip()


def _bounded(markup: str) -> str:
    """The markup without what is never read here, and never longer than can be parsed in a second or two."""
    if len(markup) > _SLIM_ABOVE:
        markup = "".join(_kept(markup))[:_LONGEST]
    at, left = -1, _MOST_TAGS
    if markup.count("<") > left:
        while left and (at := markup.find("<", at + 1)) >= 0:
            left -= 1
        return markup[:at]
    return markup


def _kept(markup: str) -> Iterator[str]:
    """What stands outside of scripts, styles and drawings, and the scripts that hold JSON-LD."""
    kept_to = 0
    dropping = ""
    for found in _SCRIPT.finditer(markup):
        closing, name = found[1], found[2].lower()
        if dropping:
            if closing and name == dropping:
                dropping, kept_to = "", found.start()
        elif not closing and not (name == "script" and "ld+json" in markup[found.start() : found.start() + 300].partition(">")[0]):
            yield markup[kept_to : found.start()] + f"<{name}>"
            dropping = name
    if not dropping:
        yield markup[kept_to:]


def _head_of(markup: str) -> str:
    """The head as it was written: parsers close it at the first thing that does not belong there, and move the rest into the body."""
    start = _UNREAD.sub("", markup[:400_000])
    end = _HEAD_ENDS.search(start) or _CONTENT.search(start)
    return start[: end.start()] if end else start


@dataclass(slots=True)
class _Walk:
    """Visits every element once, in order, and keeps what may matter."""

    home: str
    # How many metas and links the head holds.
    head_metas: int
    head_links: int
    seen_metas: int = 0
    seen_links: int = 0
    language: str = ""
    base: str = ""
    title: str = ""
    paragraph: str = ""
    entries: int = 0
    metas: dict[str, list[str]] = field(default_factory=dict)
    body_metas: dict[str, list[str]] = field(default_factory=dict)
    properties: dict[str, list[str]] = field(default_factory=dict)
    canonicals: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    bylines: list[str] = field(default_factory=list)
    site_names: list[str] = field(default_factory=list)
    item_types: list[str] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    # By id of an element: whether it or an element around it speaks of something else, and whether it stands in article or main.
    places: dict[int, tuple[bool, bool, bool]] = field(default_factory=dict)

    def visit(self, tag: Tag) -> None:
        """Take notice of one element."""
        elsewhere, inner, banner = self._place(tag)
        if look := _LOOKS.get(tag.name):
            look(self, tag)
        if elsewhere:
            return
        if tag.name == "h1" and (text := words_of(tag)):
            self.headings.append(Heading(text=text, inner=inner, banner=banner or self._links_home(tag)))
        if tag.name == "p" and inner and not self.paragraph and len(text := words_of(tag)) >= _LEAST_PARAGRAPH:
            self.paragraph = text
        if tag.attrs or tag.name == "time":
            self._body(tag, inner)

    def signals(self) -> Signals:
        """What was found."""
        metas = {name: tuple(values) for name, values in (self.metas or self.body_metas).items()}
        return Signals(
            metas=metas,
            title=self.title,
            language=self.language,
            base=self.base,
            canonicals=tuple(self.canonicals),
            blocks=tuple(self.blocks),
            headings=tuple(self.headings),
            moments=tuple(self.moments),
            properties={name: tuple(values) for name, values in self.properties.items()},
            item_types=tuple(self.item_types),
            authors=tuple(self.authors),
            bylines=tuple(self.bylines),
            site_names=tuple(self.site_names),
            entries=self.entries,
            paragraph=self.paragraph,
            marks=frozenset(self.marks),
        )

    def _place(self, tag: Tag) -> tuple[bool, bool, bool]:
        """Whether the element speaks of something else, stands in article or main, stands in the site's banner."""
        elsewhere, inner, banner = self.places.get(id(tag.parent), (False, False, False))
        if tag.name in _MAIN:
            inner, banner = True, False
        elif tag.name in _ASIDE:
            elsewhere = True
        elif tag.name == "header" and not inner:
            banner = True
        if tag.attrs and tag.name not in ("html", "body", "main") and not elsewhere:
            said = f"{attribute(tag, 'class')} {attribute(tag, 'id')}"
            elsewhere = len(said) > 1 and _ELSEWHERE.search(said) is not None
            elsewhere = elsewhere or attribute(tag, "itemtype").lower().endswith("/comment")
            inner = inner or attribute(tag, "role") == "main"
        self.places[id(tag)] = (elsewhere, inner, banner)
        return elsewhere, inner, banner

    def _html(self, tag: Tag) -> None:
        self.language = attribute(tag, "lang") or attribute(tag, "xml:lang")

    def _base(self, tag: Tag) -> None:
        self.base = self.base or attribute(tag, "href")

    def _title(self, tag: Tag) -> None:
        if not self.title and getattr(tag.parent, "name", "") != "svg":
            self.title = words_of(tag)

    def _script(self, tag: Tag) -> None:
        if "ld+json" in attribute(tag, "type").lower():
            self.blocks.append("".join(str(part) for part in tag.descendants))

    def _form(self, tag: Tag) -> None:
        self.marks.add(attribute(tag, "action").lower())

    def _meta(self, tag: Tag) -> None:
        self.seen_metas += 1
        content = attribute(tag, "content") or attribute(tag, "value")
        inside = self.seen_metas <= self.head_metas
        for key in ("property", "name", "itemprop", "http-equiv"):
            name = attribute(tag, key).lower()
            if name and content and (inside or key != "itemprop"):
                values = (self.metas if inside else self.body_metas).setdefault(name, [])
                if len(values) < 100:
                    values.append(content[:20_000])

    def _link(self, tag: Tag) -> None:
        self.seen_links += 1
        rel = attribute(tag, "rel").lower().split()
        if "canonical" in rel and self.seen_links <= self.head_links and (href := attribute(tag, "href")):
            self.canonicals.append(href)
        if "alternate" in rel and any(word in attribute(tag, "type") for word in ("rss", "atom")):
            self.site_names.append(attribute(tag, "title"))

    def _anchor(self, tag: Tag) -> None:
        if len(self.site_names) < 50 and self._is_home(attribute(tag, "href")):
            self.site_names.append(words_of(tag) or attribute(tag, "title") or attribute(tag, "aria-label"))

    def _is_home(self, href: str) -> bool:
        if href == "/":
            return True
        bare = re.sub(r"^(?:https?:)?//(?:www\.)?", "", href.lower())
        return bare != href.lower() and bare.rstrip("/") == self.home

    def _links_home(self, tag: Tag) -> bool:
        inside = (part for part in tag.descendants if getattr(part, "name", None) == "a")
        around = [tag.parent] if getattr(tag.parent, "name", None) == "a" else []
        return any(self._is_home(attribute(cast("Tag", link), "href")) for link in (*inside, *around))

    def _body(self, tag: Tag, inner: bool) -> None:
        classes = set(attribute(tag, "class").lower().split())
        if classes & {"h-entry", "hentry"}:
            self.entries += 1
        if "itemscope" in tag.attrs and (kind := attribute(tag, "itemtype")) and not _scope_of(tag.parent):
            self.item_types.append(re.split(r"[/#]", kind.lower().rstrip("/"))[-1])
        if prop := attribute(tag, "itemprop"):
            self._property(tag, prop)
        if classes:
            self._microformat(tag, classes)
        rel = attribute(tag, "rel").lower().split()
        if "author" in rel and tag.name != "link" and (text := words_of(tag)):
            self.authors.append(text)
        self._moment(tag, classes, inner)

    def _property(self, tag: Tag, names: str) -> None:
        if tag.name == "meta" and self.seen_metas <= self.head_metas:
            return
        for name in names.split():
            scope = _scope_of(tag.parent)
            if scope in ("person", "organization", "comment", "imageobject", "listitem", "rating", "offer"):
                continue
            value = self._value(tag)
            if value and len(self.properties.setdefault(f"itemprop:{name.lower()}", [])) < 20:
                self.properties[f"itemprop:{name.lower()}"].append(value)

    def _value(self, tag: Tag) -> str:
        if "itemscope" in tag.attrs:
            names = (part for part in tag.descendants if getattr(part, "attrs", None) and attribute(part, "itemprop").lower() == "name")
            inside = next(names, None)
            return self._value(inside) if inside is not None else ""
        if tag.name == "time" or "datetime" in tag.attrs:
            return attribute(tag, "datetime") or words_of(tag)
        if tag.name in ("img", "source", "video", "audio", "iframe", "embed"):
            return attribute(tag, "src")
        return attribute(tag, "content") or (attribute(tag, "href") if tag.name == "link" else words_of(tag))

    def _microformat(self, tag: Tag, classes: Iterable[str]) -> None:
        for name in ("p-name", "p-author", "p-summary", "u-photo", "dt-published", "entry-title"):
            if name in classes and len(self.properties.setdefault(name, [])) < 20:
                self.properties[name].append(self._value(tag))
        if _BYLINES & set(classes) and len(self.bylines) < 50 and len(text := words_of(tag)) <= 120:
            self.bylines.append(text)

    def _moment(self, tag: Tag, classes: set[str], inner: bool) -> None:
        if classes & _UPDATED and not classes & _PUBLISHED:
            return
        marked = bool(
            classes
            & {"published", "dt-published", "entry-date", "post-date", "posted-on", "publish-date", "pubdate", "post__date", "article-date"}
        )
        marked = marked or "pubdate" in tag.attrs
        if tag.name == "time":
            self.moments.append(Moment(text=attribute(tag, "datetime") or words_of(tag), marked=marked, inner=inner))
        elif marked and len(text := words_of(tag)) <= 100 and len(self.moments) < 100:
            self.moments.append(Moment(text=attribute(tag, "title") or text, marked=True, inner=inner))


def _scope_of(tag: Tag | None) -> str:
    """The microdata type of the thing that an element's property belongs to, in lower case; "" for none."""
    for _ in range(300):
        if tag is None or not hasattr(tag, "attrs"):
            return ""
        if tag.attrs and "itemscope" in tag.attrs:
            return re.split(r"[/#]", attribute(tag, "itemtype").lower().rstrip("/"))[-1] or "thing"
        tag = tag.parent
    return ""


_LOOKS: Mapping[str, Callable[[_Walk, Tag], None]] = {
    "html": _Walk._html,
    "base": _Walk._base,
    "title": _Walk._title,
    "meta": _Walk._meta,
    "link": _Walk._link,
    "script": _Walk._script,
    "form": _Walk._form,
    "a": _Walk._anchor,
}
