"""A page's own account of itself: title, author, site, date, language, kind, canonical address, description, picture.

Sources in order: JSON-LD, Open Graph, Dublin Core, citation metas, those of analytics, microdata, microformats, then the page itself.
A field that no source settles stays empty. The pieces: `page_signals` walks the tree, `page_jsonld` reads JSON-LD, `page_titles` knows
titles and walls, `page_fields` single fields, `page_address` addresses.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator import clock
from aggregator.model import Kind
from aggregator.text.decode import decode
from aggregator.text.page_account import NOINDEX, PageAccount, account_line
from aggregator.text.page_address import (
    absolute,
    adopted,
    claimed,
    day_in,
    home_of,
    is_home,
    kind_at,
    platform_name,
    same_page,
    site_guesses,
    site_host,
    split,
)
from aggregator.text.page_fields import (
    asks_not_to_be_found,
    authors_of,
    bylines_of,
    dates_in,
    description_of,
    image_of,
    images_of,
    language_of,
    people,
    published_of,
)
from aggregator.text.page_jsonld import Thing, addresses, kind_of, main_thing, texts, things, types, web_page
from aggregator.text.page_phrases import DATE_METAS, Wall
from aggregator.text.page_signals import Heading, Signals
from aggregator.text.page_titles import author_in, clean, fold, holds, on_platform, placeholder, slug, wall_of, without_site
from aggregator.text.page_walk import gather

__all__ = ["NOINDEX", "PageAccount", "account_line", "read_line", "read_page"]


# What the title of a feed says behind the site's name.
_FEED_TAIL = re.compile(r"[\s»|–—:·-]*(?:\b(?:comments|rss|atom|feed|2\.0)\s*)+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Page:
    """Everything the fields are read from."""

    url: str
    base: str
    signals: Signals
    things: tuple[Thing, ...]
    # What the page is about.
    main: Thing
    now: datetime | None


def read_page(url: str, markup: str | bytes, content_type: str = "", *, now: datetime | None = None) -> PageAccount:
    """What the page at `url` says of itself; never raises, and its time is bounded whatever the markup.

    Args:
        url: where it was read from, after redirects.
        markup: bytes are decoded first, see `decode`.
        content_type: the header of the reply.
        now: dates after it are not believed.
    """
    url = url.encode("utf-8", "replace").decode()
    text = decode(markup, content_type) if isinstance(markup, bytes) else markup
    signals = gather(text, home_of(url))
    found = things(signals.blocks)
    main = _main(found, signals, url) or web_page(found, home=is_home(url)) or {}
    page = _Page(url, absolute(signals.base, url) or url, signals, found, main, now)
    wall = _wall(page)
    notes = tuple(filter(None, (wall, NOINDEX if asks_not_to_be_found(signals) else None)))
    return PageAccount(notes=notes) if wall else _account(page, notes)


def read_line(request: Mapping[str, object], *, now: datetime | None = None) -> dict[str, str | None]:
    """The account of one page as JSON values, for `aggregator read`.

    Args:
        request: {"url", "html"} or {"url", "body_base64", "content_type"}.
        now: dates after it are not believed; None: the present.

    Returns:
        title, author, site, published, language, kind, canonical, description, image; None where the page does not say. `published` is
        "2019-02-03" when only the day is known.

    Raises:
        ValueError: the request is not of either form.
    """
    if not isinstance(request, Mapping):
        raise ValueError(f'expected {{"url", "html"}} or {{"url", "body_base64", "content_type"}}, got {type(request).__name__!r}')
    url, markup, encoded = (request.get(key) for key in ("url", "html", "body_base64"))
    if not isinstance(url, str):
        raise ValueError('expected {"url", "html"} or {"url", "body_base64", "content_type"}, got no "url"')
    if split(url) is None:
        raise ValueError(f'expected an absolute http or https address in "url", got {url[:80]!r}')
    if isinstance(encoded, str) and markup is None:
        try:
            body: str | bytes = base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError('expected base64 in "body_base64"') from error
    elif isinstance(markup, str):
        body = markup
    else:
        raise ValueError('expected {"url", "html"} or {"url", "body_base64", "content_type"}, got neither "html" nor "body_base64"')
    return account_line(read_page(url, body, str(request.get("content_type") or ""), now=now or clock.now()))


def _main(found: tuple[Thing, ...], signals: Signals, url: str) -> Thing | None:
    """What the page is about; what merely stands on it has another name than the page, and another address."""

    def is_page(address: str) -> bool:
        return same_page(absolute(address, url) or "", url)

    main = main_thing(found, is_page)
    if main is None:
        return None
    named = tuple(address for address in addresses(main) if absolute(address, url))
    beside = kind_of(main) in (Kind.VIDEO, Kind.EPISODE) or (kind_of(main) is Kind.ARTICLE and named)
    if not beside or kind_at(url) or any(map(is_page, named)):
        return main
    name = fold(clean(" ".join(texts(main.get("headline") or main.get("name"))[:1])))
    titles = [fold(clean(title)) for title in (signals.title, *signals.meta("og:title"), *(heading.text for heading in signals.headings))]
    return main if not name or not any(titles) or any(holds(title, name) or holds(name, title) for title in titles if title) else None


def _account(page: _Page, notes: tuple[str, ...]) -> PageAccount:
    declared = _site(page)
    site = declared or platform_name(page.url) or site_host(page.url) or None
    kind = _kind(page)
    authors = _authors(page, declared or "")
    title = _title(page, kind, declared or "", authors[0] if authors else "")
    if kind in (Kind.POST, Kind.COMMENT) and not authors:
        authors = people(_named_in_title(page), site=declared or "")
    published = published_of(_dates(page), page.now)
    return PageAccount(
        title=title,
        authors=authors,
        site=site,
        published=published[0] if published else None,
        published_day_only=bool(published and published[1]),
        language=language_of(
            page.signals.language,
            *page.signals.meta("og:locale"),
            *texts(page.main.get("inLanguage")),
            *page.signals.meta("content-language", "language"),
        ),
        kind=kind,
        canonical=adopted(_canonical(page), page.url, page.base),
        claims=claimed(_canonical(page), page.url, page.base),
        description=description_of(_descriptions(page), title=title, site=declared),
        image=image_of(_images(page), page.base),
        notes=notes,
    )


def _wall(page: _Page) -> Wall | None:
    """What stands in front of the page, if anything; a page that gives an article's date and headline is one, whatever its title."""
    host = home_of(page.url)
    if host.startswith(("consent.", "guce.")):
        return Wall.CONSENT
    if host in ("accounts.google.com", "login.microsoftonline.com", "login.yahoo.com"):
        return Wall.LOGIN
    if page.main.get("headline") and page.main.get("datePublished"):
        return None
    if any(page.signals.meta("article:published_time", "citation_title", "citation_publication_date")):
        return None
    for title in (page.signals.title, *page.signals.meta("og:title", "twitter:title"), *_first_heading(page.signals.headings)):
        if wall := wall_of(on_platform(clean(title), site_host(page.url))):
            return wall
    if page.signals.challenge and not any(page.signals.meta("og:title")):
        return Wall.BOT
    if any("consent.google." in mark or "consent.youtube." in mark or "collectconsent" in mark for mark in page.signals.marks):
        return Wall.CONSENT
    return None


def _first_heading(headings: tuple[Heading, ...]) -> Iterator[str]:
    """The heading where it is the only one: a page of many headings is a page."""
    if len(headings) == 1:
        yield headings[0].text


def _site(page: _Page) -> str | None:
    """What the page calls its site."""
    for name in _site_names(page):
        cleaned = clean(name, limit=120)
        if fold(cleaned) and not placeholder(cleaned) and not cleaned.lower().startswith(("http:", "https:", "@")):
            return cleaned
    return None


def _site_names(page: _Page) -> Iterator[str]:
    platform = platform_name(page.url)
    if platform and not any(page.signals.meta("og:site_name")) and re.search(rf"\W{re.escape(platform)}$", page.signals.title):
        # The publisher is the company behind it ("Wikimedia Foundation, Inc.").
        yield platform
    for key in ("publisher", "isPartOf", "partOfSeries"):
        if key == "isPartOf" and not types(_thing(page.main.get(key))) & {"website", "blog", "periodical", "podcastseries"}:
            continue
        # A blog's plug-ins name its author as the publisher.
        if "person" not in types(_thing(page.main.get(key))):
            yield from texts(page.main.get(key))[:1]
    yield from page.signals.meta("og:site_name")
    for thing in page.things:
        if types(thing) & {"website", "blog"}:
            yield from texts(thing.get("name"))[:1]
    yield from page.signals.properties.get("itemprop:publisher", ())[:1]
    yield from page.signals.meta("dc.publisher", "citation_journal_title", "application-name", "apple-mobile-web-app-title")


def _thing(value: object) -> Thing:
    return value if isinstance(value, dict) else {}


def _kind(page: _Page) -> Kind | None:
    """The address of a known platform knows best; then what the page says of itself."""
    if kind := kind_at(page.url):
        return kind
    if any("discourse" in said.lower() for said in page.signals.meta("generator")) and "/t/" in page.url:
        return Kind.THREAD
    if kind := kind_of(page.main):
        return kind
    og_type = next(page.signals.meta("og:type"), "").strip().lower()
    if og_type.startswith("video"):
        return Kind.VIDEO
    if og_type in ("article", "blog", "newsarticle", "news", "tumblr-feed:entry", "blogpost") or any(
        page.signals.meta("article:published_time", "citation_title")
    ):
        return Kind.ARTICLE
    for item_type in page.signals.item_types:
        if kind := kind_of({"@type": item_type}):
            return kind
    if page.signals.entries == 1 and page.signals.properties.keys() & {"p-name", "entry-title"} and not is_home(page.url):
        return Kind.ARTICLE
    return None


def _title(page: _Page, kind: Kind | None, site: str, author: str) -> str | None:
    """The first title that is one; on a front page the site's name."""
    if is_home(page.url) and site and not page.main:
        return site
    if kind is Kind.POST and any(_named_in_title(page)):
        return None
    headings = [clean(heading.text) for heading in _sorted(page.signals.headings) if not heading.banner]
    known = [clean(text) for text in (*texts(page.main.get("headline")), *headings)]
    # Between the site's name and the title, as WordPress wrote it until 2010.
    names = (site, platform_name(page.url), "Blog Archive", *(clean(name, limit=120) for name in _all_site_names(page)))
    for text in _titles(page, headings):
        said = on_platform(clean(text), site_host(page.url))
        title = without_site(said, names=names, guesses=site_guesses(page.url), known=known, author=author)
        if placeholder(title) or fold(title).replace(" ", "") in (fold(site).replace(" ", ""), fold(names[1])):
            continue
        return _whole(title, page)
    return None


def _whole(title: str, page: _Page) -> str:
    """A title that was cut off, in full where another account has it."""
    stem = title.removesuffix("…").removesuffix("...").rstrip()
    if stem != title and len(stem) > 10:
        for other in map(clean, (*page.signals.meta("og:title", "twitter:title"), page.signals.title)):
            if other.startswith(stem) and not other.endswith(("…", "...")):
                return other
    return title


def _named_in_title(page: _Page) -> Iterator[str]:
    if site_host(page.url) == "t.me":
        yield from page.signals.meta("og:title")
    for title in page.signals.meta("og:title", "twitter:title"):
        if name := author_in(clean(title)):
            yield name


def _sorted(headings: tuple[Heading, ...]) -> tuple[Heading, ...]:
    """Those in the article first."""
    return tuple(sorted(headings, key=lambda heading: not heading.inner))


def _all_site_names(page: _Page) -> Iterator[str]:
    yield from _site_names(page)
    for name in page.signals.site_names:
        yield _FEED_TAIL.sub("", name)
        yield name


def _titles(page: _Page, headings: list[str]) -> Iterator[str]:
    """Every account of the title, the best first."""
    said = [text for key in ("headline", "name", "alternativeHeadline") for text in texts(page.main.get(key))[:1]]
    shared = list(page.signals.meta("og:title", "twitter:title"))
    shown = " ".join(fold(clean(text)) for text in (page.signals.title, *headings))
    # Some write a description there (Wikipedia) or an older title: what the page shows decides.
    if said and shared and not holds(shown, fold(clean(said[0]))) and holds(shown, fold(clean(shared[0]))):
        said, shared = shared, said
    yield from (*said, *shared)
    yield from page.signals.meta("dc.title", "dcterms.title", "citation_title", "parsely-title", "sailthru.title")
    for prop in ("itemprop:headline", "p-name", "entry-title"):
        if page.signals.entries < 2 or prop.startswith("itemprop"):
            yield from page.signals.properties.get(prop, ())[:1]
    own = page.signals.title
    # The element is a file's name on some hand-made pages, and the same on every page of others: a heading in it is the title.
    yield from (heading for heading in headings if fold(heading) and fold(heading) in fold(own))
    if not own or slug(own) or placeholder(own) or len(headings) == 1:
        yield from headings[:1]
    yield own
    yield from headings[:1]


def _authors(page: _Page, site: str) -> tuple[str, ...]:
    """From the first source that names somebody."""
    meta = page.signals.meta
    properties = page.signals.properties
    sources: tuple[tuple[Iterator[str], bool], ...] = (
        (authors_of(page.main), False),
        (meta("article:author", "og:article:author", "book:author"), False),
        (meta("dc.creator", "dcterms.creator", "dc.contributor.author"), True),
        (meta("citation_author"), True),
        (_split(meta("citation_authors")), True),
        (meta("author"), False),
        (meta("parsely-author"), False),
        (meta("sailthru.author", "byl", "twitter:data1") if any(meta("sailthru.author", "byl")) else iter(()), False),
        (iter(properties.get("itemprop:author", ())), False),
        (iter(properties.get("p-author", ()) if page.signals.entries < 2 else ()), False),
        (iter(page.signals.authors if len({fold(name) for name in page.signals.authors}) == 1 else ()), False),
        (bylines_of(page.signals), False),
    )
    for said, flip in sources:
        if named := people(said, site=site, flip=flip):
            return named
    return ()


def _split(said: Iterator[str]) -> Iterator[str]:
    for names in said:
        yield from names.split(";")


def _dates(page: _Page) -> Iterator[str]:
    for key in ("datePublished", "uploadDate", "dateCreated"):
        yield from texts(page.main.get(key))[:1]
    yield from page.signals.meta(*DATE_METAS)
    if is_home(page.url):
        return
    yield from dates_in(page.signals)
    yield day_in(page.url)


def _descriptions(page: _Page) -> Iterator[str]:
    yield from texts(page.main.get("description"))[:1]
    yield from page.signals.meta(
        "og:description", "description", "twitter:description", "dc.description", "dcterms.description", "dcterms.abstract"
    )
    yield from page.signals.meta("citation_abstract", "sailthru.description")
    yield from page.signals.properties.get("itemprop:description", ())[:1]
    if page.signals.entries < 2:
        yield from page.signals.properties.get("p-summary", ())[:1]
    yield page.signals.paragraph


def _images(page: _Page) -> Iterator[str]:
    yield from images_of(page.main.get("image"))
    yield from images_of(page.main.get("thumbnailUrl"))
    yield from images_of(page.main.get("primaryImageOfPage"))
    yield from page.signals.meta(
        "og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "thumbnail", "parsely-image-url"
    )
    yield from page.signals.meta("sailthru.image.full")
    for prop in ("itemprop:image", "itemprop:thumbnailurl", "u-photo"):
        yield from page.signals.properties.get(prop, ())[:1]


def _canonical(page: _Page) -> Sequence[str]:
    """A link element's word, else Open Graph's, else JSON-LD's."""
    if said := page.signals.canonicals or tuple(page.signals.meta("og:url")):
        return said
    main = page.main.get("mainEntityOfPage")
    named = _thing(main).get("@id") if isinstance(main, dict) else main
    return (named,) if isinstance(named, str) else texts(page.main.get("url"))
