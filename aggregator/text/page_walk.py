"""One walk over a page's tree, which takes notice of what may matter. Nothing is judged here but where a thing stands.

A sign counts as the head's own only if it was written before the body began: a comment can hold a `link rel=canonical`, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple, cast

from aggregator.text.html import soup
from aggregator.text.page_signals import Heading, Moment, Signals
from aggregator.text.page_tree import Reading, Tag, attribute, bounded, head_of

# In characters: shorter ones are captions and credits.
_LEAST_PARAGRAPH = 60
# Signs of one kind that are kept, and names in one attribute that are read: bounds for hostile pages; real ones stay under a tenth.
_MOST_SIGNS = 1_000
_MOST_NAMES = 20
_MOST_SITE_NAMES = 50
_LONGEST_NAME = 300
# Scripts of checks for bots (Cloudflare, DataDome, PerimeterX, Imperva, AWS, seen 2026). Ordinary pages of the same services carry others.
_CHALLENGE = re.compile(r"_cf_chl_opt|captcha-delivery\.com|id=[\"']px-captcha|<iframe[^<>]+_Incapsula_Resource|awsWafCookieDomainList")
_LONGEST_CHALLENGE = 60_000

_DECLARATION = re.compile(r"<\?xml[^>]{0,200}>", re.IGNORECASE)
# Parts of a page that speak of something else than the page.
_ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:comments?|respond|replies|related|recommend(?:ed|ations)?|sidebar|widgets?|more-?posts|popular|promo|newsletter|"
    r"teasers?|read-?next|breadcrumbs?|post-navigation|nav-links|disqus|webmentions?|responses|reactions|h-cite)(?:$|[\s_-])|commentlist|comment-",
    re.IGNORECASE,
)
_BYLINES = frozenset({"byline", "author", "author-name", "post-author", "entry-author", "byline-name", "author__name", "byline__name"})
_PUBLISHED = frozenset(
    {"published", "dt-published", "entry-date", "post-date", "posted-on", "publish-date", "pubdate", "post__date", "article-date"}
)
# Times that are not those of publication: of a change, of an event.
_OTHER_TIMES = frozenset({"updated", "modified", "dt-updated", "date-modified", "dt-start", "dt-end", "dtstart", "dtend"})
_PUBLICATIONS = frozenset({"datepublished", "datecreated", "uploaddate"})
_ENTRY_PROPERTIES = frozenset({"p-name", "p-author", "p-summary", "u-photo", "dt-published", "entry-title"})
_DURATION = re.compile(r"P[T\d]")
_CHANGED = re.compile(
    r"^(?:page |this page was )?(?:last )?(?:updated|modified|edited|revised|changed|reviewed|zuletzt|aktualisiert|stand|mis à jour|"
    r"actualizado|aggiornato|bijgewerkt|обновлено)\b",
    re.IGNORECASE,
)
_MAIN = frozenset({"article", "main"})
_FOOTER = re.compile(r"(?:^|\s)(?:(?:site|page|main|global)[-_])?footer(?:$|\s)|\bcolophon\b", re.IGNORECASE)
_ASIDE = frozenset({"aside", "nav", "template", "noscript", "select", "dialog"})


def gather(markup: str, home: str) -> Signals:
    """Read a page's markup.

    Args:
        home: the home page's address without scheme and "www.", to know links to it ("example.org").
    """
    # Half a character cannot be parsed; an XML declaration makes the parser warn that it reads HTML.
    challenge = len(markup) < _LONGEST_CHALLENGE and _CHALLENGE.search(markup) is not None
    markup = _DECLARATION.sub("", bounded(markup).replace("\x00", "").encode("utf-8", "replace").decode("utf-8"))
    if "<" not in markup:
        return Signals(metas={}, challenge=challenge)
    head = head_of(markup)
    walk = _Walk(home, head_metas=head.lower().count("<meta"), head_links=head.lower().count("<link"))
    for tag in soup(markup).find_all(True):
        walk.visit(cast("Tag", tag))
    return replace(walk.signals(), challenge=challenge)


class _Place(NamedTuple):
    """Where an element stands."""

    # In a part that speaks of something else than the page.
    elsewhere: bool
    # In article or main.
    inner: bool
    # In the site's banner.
    banner: bool
    # In a person's card.
    card: bool
    # Type of the microdata thing that it is a part of, in lower case; "": of none.
    scope: str


_NOWHERE = _Place(elsewhere=False, inner=False, banner=False, card=False, scope="")


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
    reading: Reading = field(default_factory=Reading)
    # By id of an element.
    places: dict[int, _Place] = field(default_factory=dict)
    around: dict[int, str] = field(default_factory=dict)

    def visit(self, tag: Tag) -> None:
        """Take notice of one element."""
        place = self._place(tag)
        elsewhere, inner, banner = place.elsewhere, place.inner, place.banner
        if look := _LOOKS.get(tag.name):
            look(self, tag)
        if elsewhere:
            return
        if tag.name == "h1" and len(self.headings) < _MOST_SIGNS and (text := self.reading.words(tag)):
            self.headings.append(Heading(text=text, inner=inner, banner=banner or self._links_home(tag)))
        if tag.name == "p" and inner and not self.paragraph and len(text := self.reading.words(tag)) >= _LEAST_PARAGRAPH:
            self.paragraph = text
        if tag.attrs or tag.name == "time":
            self._body(tag, inner)

    def signals(self) -> Signals:
        """What was found."""
        metas = {name: tuple(values) for name, values in self.metas.items()}
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

    def _place(self, tag: Tag) -> _Place:
        """Where the element stands; of itself and of what is around it."""
        elsewhere, inner, banner, card, scope = self.places.get(id(tag.parent), _NOWHERE)
        if tag.name in _MAIN:
            inner, banner = True, False
        elif tag.name in _ASIDE or (tag.name == "footer" and not inner):
            elsewhere = True
        elif tag.name == "header" and not inner:
            banner = True
        if tag.attrs and tag.name not in ("html", "body", "main") and not elsewhere:
            classes = attribute(tag, "class")
            said = f"{classes} {attribute(tag, 'id')}"
            elsewhere = len(said) > 1 and (_ELSEWHERE.search(said) is not None or (not inner and _FOOTER.search(said) is not None))
            elsewhere = elsewhere or attribute(tag, "itemtype").lower().endswith(("comment", "comments", "/answer"))
            tokens = classes.split()
            inner = inner or attribute(tag, "role") == "main" or "hentry" in tokens or "h-entry" in tokens
            card = card or "h-card" in tokens or "vcard" in tokens
        if "itemscope" in tag.attrs:
            scope = _type_of(tag) or "thing"
        place = _Place(elsewhere, inner, banner, card, scope)
        self.places[id(tag)] = place
        return place

    def _html(self, tag: Tag) -> None:
        self.language = attribute(tag, "lang") or attribute(tag, "xml:lang")

    def _base(self, tag: Tag) -> None:
        self.base = self.base or attribute(tag, "href")

    def _title(self, tag: Tag) -> None:
        if not self.title and getattr(tag.parent, "name", "") != "svg":
            self.title = self.reading.words(tag)

    def _script(self, tag: Tag) -> None:
        if "ld+json" in attribute(tag, "type").lower():
            _keep(self.blocks, "".join(str(part) for part in tag.contents))

    def _form(self, tag: Tag) -> None:
        self.marks.add(attribute(tag, "action").lower())

    def _meta(self, tag: Tag) -> None:
        self.seen_metas += 1
        content = attribute(tag, "content") or attribute(tag, "value")
        if self.seen_metas > self.head_metas:
            return
        for key in ("property", "name", "itemprop", "http-equiv"):
            name = attribute(tag, key).lower()
            # Of what the server says of its reply ("date", "expires") nothing is the author's but the language.
            if name and content and (key != "http-equiv" or name == "content-language"):
                values = self.metas.setdefault(name, [])
                if len(values) < 100:
                    values.append(content[:20_000])

    def _link(self, tag: Tag) -> None:
        self.seen_links += 1
        rel = attribute(tag, "rel").lower().split()
        if "canonical" in rel and self.seen_links <= self.head_links and (href := attribute(tag, "href")):
            _keep(self.canonicals, href)
        if "alternate" in rel and any(word in attribute(tag, "type") for word in ("rss", "atom")):
            self._site_name(attribute(tag, "title"))

    def _anchor(self, tag: Tag) -> None:
        if len(self.site_names) < _MOST_SITE_NAMES and self._is_home(attribute(tag, "href")):
            self._site_name(self.reading.words(tag) or attribute(tag, "title") or attribute(tag, "aria-label"))

    def _site_name(self, name: str) -> None:
        if len(self.site_names) < _MOST_SITE_NAMES:
            self.site_names.append(name[:_LONGEST_NAME])

    def _is_home(self, href: str) -> bool:
        if href == "/":
            return True
        bare = re.sub(r"^(?:https?:)?//(?:www\.)?", "", href.lower())
        return bare != href.lower() and bare.rstrip("/") == self.home

    def _links_home(self, tag: Tag) -> bool:
        inside = (part for part in self.reading.parts(tag) if getattr(part, "name", None) == "a")
        around = [tag.parent] if getattr(tag.parent, "name", None) == "a" else []
        return any(self._is_home(attribute(cast("Tag", link), "href")) for link in (*inside, *around))

    def _body(self, tag: Tag, inner: bool) -> None:
        classes = set(attribute(tag, "class").lower().split())
        if classes & {"h-entry", "hentry"}:
            self.entries += 1
        scope = self.places.get(id(tag.parent), _NOWHERE).scope
        if "itemscope" in tag.attrs and attribute(tag, "itemtype") and not scope:
            _keep(self.item_types, _type_of(tag))
        if prop := attribute(tag, "itemprop"):
            self._property(tag, prop, scope)
        if classes:
            self._microformat(tag, classes)
        rel = attribute(tag, "rel").lower().split()
        if "author" in rel and tag.name != "link" and len(self.authors) < _MOST_SIGNS and (text := self.reading.words(tag)):
            self.authors.append(text)
        self._moment(tag, classes, inner)

    def _property(self, tag: Tag, names: str, scope: str) -> None:
        if tag.name == "meta" and self.seen_metas <= self.head_metas:
            return
        if scope in ("person", "organization", "comment", "imageobject", "listitem", "rating", "offer"):
            return
        keys = (f"itemprop:{name}" for name in names.lower().split()[:_MOST_NAMES])
        wanted = [key for key in keys if len(self.properties.get(key, ())) < _MOST_NAMES]
        if wanted and (value := self._value(tag)):
            for key in wanted:
                self.properties.setdefault(key, []).append(value)

    def _value(self, tag: Tag) -> str:
        while "itemscope" in tag.attrs:
            parts = (part for part in self.reading.parts(tag) if getattr(part, "attrs", None))
            if (inside := next((part for part in parts if attribute(part, "itemprop").lower() == "name"), None)) is None:
                return ""
            tag = inside
        if tag.name == "time" or "datetime" in tag.attrs:
            return attribute(tag, "datetime") or self.reading.words(tag)
        if tag.name in ("img", "source", "video", "audio", "iframe", "embed"):
            return attribute(tag, "src")
        return attribute(tag, "content") or (attribute(tag, "href") if tag.name == "link" else self.reading.words(tag))

    def _of_change(self, tag: Tag, marked: bool) -> bool:
        """Whether a time is how long something takes, or its words say that it is that of a change."""
        if _DURATION.match(attribute(tag, "datetime")):
            return True
        around = "" if marked or tag.parent is None else self._around(tag.parent)
        return len(around) < 100 and _CHANGED.search(around) is not None

    def _around(self, parent: Tag) -> str:
        """The words of an element; of one that holds many times they are read once."""
        if id(parent) not in self.around:
            self.around[id(parent)] = self.reading.words(parent)
        return self.around[id(parent)]

    def _microformat(self, tag: Tag, classes: set[str]) -> None:
        around = self.places.get(id(tag.parent), _NOWHERE)
        for name in () if around.card else _ENTRY_PROPERTIES & classes:
            if len(self.properties.setdefault(name, [])) < _MOST_NAMES:
                self.properties[name].append(self._card_name(tag) if "h-card" in classes else self._value(tag))
        if _BYLINES & classes and len(self.bylines) < 50 and len(text := self._card_name(tag)) <= 120:
            self.bylines.append(text)

    def _card_name(self, tag: Tag) -> str:
        """The name on a person's card, else all its words."""
        for part in islice(self.reading.parts(tag), 200):
            if getattr(part, "attrs", None) and {"p-name", "fn"} & set(attribute(part, "class").split()):
                return self.reading.words(part)
        return self.reading.words(tag)

    def _moment(self, tag: Tag, classes: set[str], inner: bool) -> None:
        props = set(attribute(tag, "itemprop").lower().split())
        if (classes & _OTHER_TIMES and not classes & _PUBLISHED) or (props and not props & _PUBLICATIONS):
            return
        marked = bool(classes & _PUBLISHED) or "pubdate" in tag.attrs
        if len(self.moments) >= _MOST_SIGNS:
            return
        if tag.name == "time" and not self._of_change(tag, marked):
            banner = self.places[id(tag)].banner
            text = attribute(tag, "datetime") or self.reading.words(tag)
            self.moments.append(Moment(text=text, marked=marked, inner=inner, banner=banner))
        elif marked and len(text := self.reading.words(tag)) <= 100:
            self.moments.append(Moment(text=attribute(tag, "title") or text, marked=True, inner=inner))


def _keep(signs: list[str], sign: str) -> None:
    if len(signs) < _MOST_SIGNS:
        signs.append(sign)


def _type_of(tag: Tag) -> str:
    return re.split(r"[/#]", attribute(tag, "itemtype").lower().rstrip("/"))[-1]


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
