"""Single fields of a page's account: who, when, in which language, with which picture. Nothing rather than a guess."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from aggregator.text.dates import Precision, Written, read_date
from aggregator.text.page_address import absolute
from aggregator.text.page_jsonld import Thing, texts
from aggregator.text.page_phrases import BY_WORDS, LANGUAGES, NOBODY
from aggregator.text.page_signals import Signals
from aggregator.text.page_titles import clean, fold, shortened

# Names that are looked at: a bound for hostile pages.
_MOST_PEOPLE = 1_000

_BY = re.compile(
    r"^(?:(?:(?:written|posted|published|authored|words|text|story|guest post)\s+)?by|text:|authors?:|autor:|auteur:)[\s:]+",
    re.IGNORECASE,
)
_AND = re.compile(r"(?P<first>.{3,150}?),?\s+(?:and|&|&amp;|und|et|y|e)\s+(?P<last>[^,]{3,60})$")
_GROUP = re.compile(
    r"\b(?:the|group|research|collective|institute|society|association|network|university|team|staff|foundation|project|press|media|news|"
    r"council|committee|labs?|cent(?:re|er)|school|community|co-?op\w*|company|inc|ltd|llc|partners|sons|department|ministry)\b",
    re.IGNORECASE,
)
_FULL_NAME = re.compile(r"[^\W\d_a-z][\w'’.-]*(?: (?:(?:van|von|de|der|den|di|da|la|le|bin|al|del|dos) )*[^\W\d_a-z][\w'’.-]*){1,3}")
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(r"(?:https?:)?//|^www\.|^/|\.(?:com|org|net|html?)(?:/|$)", re.IGNORECASE)
# A date or a reading time behind the name ("Ana Example on 3 February 2019", "Ana Example · 5 min read").
_BYLINE_TAIL = re.compile(
    r"\s*(?:,|[|·•–—-]|\b(?:on|at|updated|published|posted)\b)\s+(?:(?:[^,]*|\w+\.? \d{1,2}, )\b\d{4}\b|\d+ min).*$", re.IGNORECASE
)
_HANDLE = re.compile(r"@[\w.]+$")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?=$|[-_.@;,\s])")
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis", "xx", "xxx"})
_MORE = re.compile(
    r"\s*(?:[\[(]\s*(?:…|\.\.\.)\s*[\])]|(?:…|\.\.\.)?\s*[\[(]?(?:continue reading|read (?:the )?(?:more|full|rest|on)\b|keep reading|"
    r"weiterlesen|mehr lesen|lire la suite|seguir leyendo|leer más|leggi tutto|lees verder|read article)\b.{0,120})\s*$",
    re.IGNORECASE,
)
_NO_PICTURE = re.compile(
    r"(?:^|[/_.-])(?:pixel|spacer|blank|1x1|transparent|clear|tracking|beacon)(?:[_.-]|$)|/_/stat\?|[?&]event=|\.svg\+xml|"
    r"//(?:www\.)?facebook\.com/tr\b|//(?:[\w-]+\.)*(?:doubleclick\.net|google-analytics\.com|scorecardresearch\.com|stats\.wp\.com)/",
    re.IGNORECASE,
)


def people(names: Iterable[str], *, site: str, flip: bool = False) -> tuple[str, ...]:
    """Names of people and groups, in order, each once; without addresses, bylines' "by", nobodies and the site itself.

    Args:
        flip: names are written "Family, Given", as in citations.
    """
    found: dict[str, str] = {}
    said = (part for text in names for part in _each(text))
    for name in (_person(part, flip=flip) for part in islice(said, _MOST_PEOPLE)):
        folded = fold(name)
        if folded and folded not in NOBODY and folded.replace(" ", "") != fold(site).replace(" ", ""):
            found.setdefault(folded, name)
    return tuple(found.values())[:20]


def authors_of(thing: Thing) -> Iterator[str]:
    """Names of the authors of a JSON-LD thing."""
    for key in ("author", "creator"):
        said = texts(thing.get(key))
        if said:
            yield from said
            return


def bylines_of(signals: Signals) -> Iterator[str]:
    """The byline in the text of the page; nobody where several differ, as on a list of posts."""
    if len({fold(name) for name in signals.bylines}) == 1:
        yield re.sub(rf"^{BY_WORDS.get(signals.language[:2].lower(), 'by')}\s+", "", clean(signals.bylines[0]), flags=re.IGNORECASE)


def asks_not_to_be_found(signals: Signals) -> bool:
    """Whether the page tells search engines to leave it out."""
    return any("noindex" in said.lower() or said.lower().strip() == "none" for said in signals.meta("robots", "googlebot"))


def language_of(*said: str) -> str | None:
    """The primary language subtag (BCP 47) of the first that is one."""
    for text in said:
        text = text.strip()
        if name := LANGUAGES.get(text.casefold()):
            return name
        found = _LANGUAGE.match(text)
        if found and (tag := found[0].lower()) not in _NO_LANGUAGE:
            return LANGUAGES.get(tag, tag)
    return None


def published_of(said: Iterable[str], now: datetime | None) -> tuple[datetime, bool] | None:
    """The first date that can be one of publication, with its own offset, and whether only the day is known.

    A time of day without a zone says no more than its day. Where the first source knows the day alone, a later one may know the instant.
    """
    day: Written | None = None
    for text in said:
        written = read_date(clean(text, limit=120))
        if written is None or not _plausible(written, now):
            continue
        if written.precision is Precision.INSTANT:
            if day is None or day.at.date() == written.at.date():
                return written.at, False
        else:
            day = day or written
    return None if day is None else (day.at.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC), True)


def dates_in(signals: Signals) -> Iterator[str]:
    """Dates of publication that the page's text and markup name, the surest first; none where several differ without a mark."""
    for prop in ("itemprop:datepublished", "itemprop:uploaddate", "itemprop:datecreated", "dt-published"):
        yield from signals.properties.get(prop, ())[:1]
    marked = [moment.text for moment in signals.moments if moment.marked]
    yield from marked[:1]
    banner = all(heading.banner for heading in signals.headings)
    outer = [moment.text for moment in signals.moments if banner or not moment.banner]
    for group in ([moment.text for moment in signals.moments if moment.inner], outer):
        if group and len({text[:10] for text in group}) == 1:
            yield group[0]


def description_of(said: Iterable[str], *, title: str | None, site: str | None) -> str | None:
    """The first description that says something, cleaned, at most 500 characters."""
    known = {fold(title or ""), fold(site or ""), ""}
    for text in said:
        cleaned = clean(text, limit=2_000)
        cleaned = _MORE.sub("", cleaned).strip() if len(cleaned) > 1 else ""
        if fold(cleaned) not in known:
            return shortened(cleaned, 500)
    return None


def image_of(said: Iterable[str], base: str) -> str | None:
    """The first picture with an http(s) address that is no tracking pixel."""
    for text in said:
        address = absolute(text, base)
        if address and not _NO_PICTURE.search(address) and len(address) <= 2_000:
            return address
    return None


def images_of(value: object) -> Iterator[str]:
    """Addresses in a JSON-LD `image`: a string, an object, a list of them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value[:20]:
            yield from images_of(part)
    elif isinstance(value, dict):
        for key in ("url", "contentUrl", "@id"):
            if isinstance(value.get(key), str):
                yield value[key]
                return


def _each(text: str) -> tuple[str, ...]:
    """The names in one text: at semicolons, and at an "and" where whole names of people stand on both sides of it."""
    if ";" in text:
        return tuple(html.unescape(text).split(";"))
    found = _AND.match(text)
    if found is None or _GROUP.search(text):
        return (text,)
    parts = (*found["first"].split(","), found["last"])
    return parts if all(_FULL_NAME.fullmatch(_BY.sub("", part.strip())) for part in parts) else (text,)


def _person(text: str, *, flip: bool) -> str:
    name = _EMAIL.sub("", clean(text, limit=200))
    name = re.sub(r"[<(\[]\s*(?:mailto:)?\s*[>)\]]", "", name).strip()
    if re.fullmatch(r"\(.+\)", name):
        name = name[1:-1]
    name = _BYLINE_TAIL.sub("", name)
    name = re.sub(r"\s*\(@[^)]*\)$", "", _BY.sub("", name)).strip(" ,;:|·-–—•/")
    if not name or _ADDRESS.search(name) or _HANDLE.match(name) or not re.search(r"[^\W\d_]", name):
        return ""
    if flip and name.count(",") == 1 and not re.search(r",\s*(?:jr|sr|ph\.?d|md|ii|iii)\b", name, re.IGNORECASE):
        family, given = name.split(",")
        name = f"{given.strip()} {family.strip()}"
    return name


def _plausible(written: Written, now: datetime | None) -> bool:
    """Not a program's zero, and not in the future (a day may have begun east of here)."""
    if written.at == datetime(1970, 1, 1, tzinfo=UTC):
        return False
    if now is None:
        return True
    ahead = timedelta(minutes=5) if written.precision is Precision.INSTANT else timedelta(hours=14)
    return written.at <= now + ahead
