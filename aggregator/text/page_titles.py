"""Titles: without the name of their site, and never those of a page that stands in front of the page (a wall).

Where a part of a title is left away, something on the page itself says that this part is the site's name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

from aggregator.text.page_phrases import PLACEHOLDERS, WALL_TITLES, Wall


def fold(text: str) -> str:
    """Lower case letters and digits alone, accents away, one space between words: what titles are compared by."""
    if text.isascii():
        return " ".join(re.findall(r"[^\W_]+", text.casefold().replace("'", "").replace("`", "")))
    plain = "".join(
        part for part in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(part) and part not in "'’ʼ`"
    )
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", plain)))


_WALL_OF = {title: wall for wall, titles in WALL_TITLES.items() for title in titles}
_WALL_FORMS = (
    (Wall.CONSENT, re.compile(r"before you continue to \w+(?: \w+)?|.{0,20}\bis part of the \w+ family of brands")),
    (
        Wall.LOGIN,
        re.compile(r"(?:log in|login|sign in|log into) (?:to|into|with) (?:your |my )?(?:\w+ ){0,2}\w+|.{0,30} log in or sign up"),
    ),
    (
        Wall.BOT,
        re.compile(
            r"just a moment|ray id [0-9a-f]+|\w+(?: \w+)? security checkpoint|attention required cloudflare|"
            r"(?:(?:the|this|our) )?(?:web ?)?site (?:is )?(?:currently )?(?:under|down for|in) (?:scheduled )?maintenance|"
            r"briefly unavailable for scheduled maintenance.{0,40}"
        ),
    ),
    (
        Wall.MISSING,
        re.compile(
            r"(?:error )?404 .{0,10}not found|(?:the |this |that )?(?:requested )?(?:page|url) .{0,20}(?:not found|could not be found)|"
            r"we (?:couldnt|could not|cant|cannot) (?:seem to )?find (?:the|that|this|your) page(?: .{0,40})?"
        ),
    ),
)
_SEPARATOR = re.compile(
    r"\s+(?:[|–—―·•»«›‹~/⋆★☆→←<>]|-{1,3}|::|@|\|\|)\s+|\s*[|｜]\s*|\s+::\s*|(?<=\S)\s+»\s*|:\s+|"
    # Sites in Chinese, Japanese and Korean set no space around it.
    r"(?<=[\u3040-\u9fff\uac00-\ud7af])(?:\s*[_－＿：—–]\s*|-)"
)
_COLONS = (":", "：")
# A title that its site's name has been cut from by a template ("- YouTube").
_EDGES = re.compile(r"^(?:[-–—|·:»«]+\s+)+|(?:\s+[-–—|·:»«]+)+$")
_BY_AUTHOR = re.compile(r"\s+by\s+", re.IGNORECASE)
_EXCUSE = re.compile(r"(?:o+ps|whoops|uh oh|sorry|were sorry|hmm+) ")
_FOR_SALE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,} (?:is|may be) (?:for sale|parked|available)\b.{0,60}", re.IGNORECASE)
_POSTED_BY = re.compile(
    r"(?P<name>[^(]{1,100}) \(@[^()\s]+\)(?: on (?:X|Threads|Instagram|Bluesky)| / X)?(?:$|:)|"
    r"(?P<other>.{1,100}?) on (?:X|Twitter|Threads|Bluesky|LinkedIn|Instagram|Facebook|Mastodon): "
)
_FRAMES = (
    ("reddit.com", re.compile(r"^(?:r|u)/\w+(?: on Reddit:| -)\s+|\s+:\s+(?:r/)?\w+$")),
    ("podcasts.apple.com", re.compile(r"\s+(?:on|bei|sur|en|su) Apple\s?Podcasts$")),
    ("vimeo.com", re.compile(r"\s+on Vimeo$")),
    # Whose page it is stands behind every title there.
    ("patreon.com", re.compile(r"\s+\|\s+[^|]{1,80}$")),
)
_BREAKS = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|img)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_CODE = re.compile(r"<(script|style)\b[^<>]*>[^<]*</\1\s*>", re.IGNORECASE)
_TAGS = re.compile(r"</?(?:em|i|b|strong|span|a|sub|sup|wbr|small|u|code|font|mark|cite|q)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffc]")


def clean(text: str, *, limit: int = 300) -> str:
    """One line of plain text: entities decoded once more, formatting tags, control and invisible characters away, white space folded."""
    text = html.unescape(text[: limit * 10])
    text = _CODE.sub(" ", text) if "<" in text else text
    text = _UNSEEN.sub("", _TAGS.sub("", _BREAKS.sub(" ", text)) if "<" in text else text)
    if text.isascii() and text.isprintable():
        return shortened(" ".join(text.split()), limit)
    text = "".join(" " if character.isspace() or unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in text)
    text = "".join(character for character in text if unicodedata.category(character) != "Cs")
    return shortened(" ".join(text.split()), limit)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words, with an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > limit // 2 else cut).rstrip(" ,;:-–—.") + "…"


def holds(text: str, part: str) -> bool:
    """Whether folded words stand in a folded text."""
    return bool(part) and f" {part} " in f" {text} "


def wall_of(title: str) -> Wall | None:
    """The wall that a title belongs to, whatever site's name stands beside it."""
    for part in (title, *filter(lambda part: _beside_a_name(part, title), _parts(title))):
        if _FOR_SALE.fullmatch(part.strip()):
            return Wall.MISSING
        whole = fold(part)
        for folded in dict.fromkeys((whole, _EXCUSE.sub("", whole))):
            if folded in _WALL_OF:
                return _WALL_OF[folded]
            for wall, form in _WALL_FORMS:
                if form.fullmatch(folded):
                    return wall
    return None


def _beside_a_name(part: str, title: str) -> bool:
    """Whether what stands beside a part of a title can be its site's name and is no sentence ("Consent – how crews say yes")."""
    beside = title.replace(part, "", 1).strip(" -–—|·•:»«‹›/").split()
    return not (len(beside) > 2 and beside[0][:1].islower() and "." not in beside[0])


def placeholder(title: str) -> bool:
    """Whether a title says nothing ("Untitled", "Home", "index.html")."""
    folded = fold(title)
    return not folded or folded in PLACEHOLDERS or re.fullmatch(r"\S+\.(?:html?|php|aspx?|pdf)", title.strip()) is not None


def slug(title: str) -> bool:
    """Whether a title is a file's name rather than words ("congregation-how-to")."""
    return re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)+", title.strip()) is not None


def on_platform(title: str, host: str) -> str:
    """The title without what a platform puts around its own ("r/crews on Reddit: …")."""
    for end, form in _FRAMES:
        if host == end or host.endswith("." + end):
            title = form.sub("", title)
    return title


def author_in(title: str) -> str | None:
    """The name in a title that names nothing but who posted ("Ana Example (@ana@social.example)", "Ana Example on X: …")."""
    found = _POSTED_BY.match(title)
    return (found["name"] or found["other"]) if found else None


def without_site(title: str, *, names: Iterable[str], guesses: Iterable[str], known: Iterable[str], author: str = "") -> str:
    """The title without the names of its site at either end.

    Args:
        names: what the page calls its site in so many words.
        guesses: what the site may be called, going by its address; believed at the end of a title, not at its beginning.
        known: other accounts of the same title (heading, headline): a part that remains when a known title is taken away is no title.
        author: is left away behind the title, too, once it is said elsewhere ("Title | by Ana | Site").
    """
    title = _EDGES.sub("", title)
    known = {fold(text) for text in known if text}
    declared = {fold(name) for name in names if fold(name)}
    if fold(title) in known:
        return _without_ends(title, declared, declared, "")
    guessed = declared | {guess for guess in map(fold, guesses) if len(guess) >= 4}
    for cut in (_known_part(title, known), _without_ends(title, declared, guessed, fold(author))):
        if cut:
            return cut
    return title


def _known_part(title: str, known: set[str]) -> str:
    """The beginning or end of the title that is a title by another account."""
    for found in _SEPARATOR.finditer(title):
        for part in (title[: found.start()], title[found.end() :]):
            # A single word may be the site's name as well as a heading.
            if fold(part) in known and " " in fold(part):
                return part.strip()
    for found in _BY_AUTHOR.finditer(title):
        part = title[: found.start()]
        if fold(part) in known and " " in fold(part):
            return part.strip()
    return ""


def _without_ends(title: str, declared: set[str], guessed: set[str], author: str) -> str:
    marks = list(_SEPARATOR.finditer(title))
    while marks:
        rest, last = title[: marks[-1].start()], title[marks[-1].end() :]
        colon = marks[-1][0].strip() in _COLONS
        if _is_name(last, declared if colon else guessed) or (author and fold(last).removeprefix("by ") == author and not colon):
            title = rest.strip()
            marks.pop()
            continue
        first, after = title[: marks[0].start()], title[marks[0].end() :]
        if marks[0][0].strip() not in _COLONS and _is_name(first, declared):
            title = after.strip()
            marks = list(_SEPARATOR.finditer(title))
            continue
        break
    return title


def _is_name(part: str, names: set[str]) -> bool:
    folded = fold(part)
    squeezed = folded.removeprefix("the ").replace(" ", "")
    return bool(folded) and any(squeezed == name.removeprefix("the ").replace(" ", "") for name in names)


def _parts(title: str) -> list[str]:
    """The title cut at each of its separators but colons, which more often stand within a title."""
    parts, start = [], 0
    for found in _SEPARATOR.finditer(title):
        if found[0].strip() not in _COLONS:
            parts.append(title[start : found.start()])
            start = found.end()
    return [*parts, title[start:]]
