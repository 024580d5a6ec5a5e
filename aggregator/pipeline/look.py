"""A look at a body before it is parsed: can a topic occur in it at all?

The answer "no" is a promise; "yes" is none. A word can hide in many ways: entities, JSON and percent escapes, tags, hyphens and unseen
marks between its letters, letters of other widths and styles. Undoing all of that costs as much as parsing, so it is not undone. Instead:

1. A letter is either itself or escaped or of another style. Bodies with one of the word's letters so written are rare: they get the
   benefit of the doubt.
2. Otherwise every letter stands there plainly, and beside each stands its neighbour, or else something that can hide a join ("<", ">",
   "&", ";", "-", a byte above 127 …). For each letter from the middle of the word, rarest first, one regular expression that begins
   with that letter asks just this of the bytes around it; ordinary text fails the first or second. What lies inside the join does not
   matter, so no markup need be understood.

Rejected: `word in body` (it missed 103 of 141 bodies that mention a word), and stripping tags first (a parser's work at a parser's price).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from html.entities import html5
from urllib.parse import unquote

from aggregator.model import Topic
from aggregator.pipeline._pivots import JOIN, PLAIN_JOIN, pivots, shared
from aggregator.pipeline.needs import Needle, Occurs
from aggregator.pipeline.topics import compiled_topic
from aggregator.text.words import fold

# Blocks with characters that fold to ASCII letters or figures; a test holds them against all of Unicode.
_STYLED = (
    (0xAA, 0xBE), (0xDF, 0xDF), (0x130, 0x149), (0x17F, 0x17F), (0x1C4, 0x1F3), (0x2B0, 0x2E3), (0x1D2C, 0x1D6A), (0x1D78, 0x1DBF),
    (0x1E96, 0x1E9E), (0x2070, 0x209C), (0x20A8, 0x20A8), (0x2100, 0x2189), (0x2460, 0x24EA), (0x2C7C, 0x2C7D), (0x3250, 0x33FF),
    (0xA7F1, 0xA7F4), (0xAB69, 0xAB69), (0xFB00, 0xFB06), (0xFF10, 0xFF5A), (0x10780, 0x107BA), (0x1CCD6, 0x1CCF9), (0x1D400, 0x1D7FF),
    (0x1E030, 0x1E06D), (0x1F100, 0x1F1FF), (0x1F240, 0x1F251), (0x1FBF0, 0x1FBF9),
)  # fmt: skip
_ASCII = bytes(range(128))
# A reference, its "&" escaped again any number of times; the commonest end the search at once.
_REFERENCE = re.compile(rb"&(?!lt;|gt;|quot;|nbsp;|amp;[^a-z#&])(?:amp;?|#0*38;?|#x0*26;?)*(#x[0-9a-f]+;?|#[0-9]+;?|[a-z]+[0-9]*;?)")
_JSON = re.compile(rb"\\(?=u00)")
# Two bytes are found faster as one and a look ahead.
_HZ = re.compile(rb"~(?=\{)")
_DOUBLED = re.compile(rb"%(?=25)")
# JSON escapes of what other escapes are made of ("#", "%", ";", "\\", figures) and of letters: nobody writes these but to hide something.
_ODD_JSON = re.compile(rb"\\u00(?:2[35]|3[0-9b]|[4-7])")
_UNITS = re.compile(rb"\\u(?!00[0-7])(d[89ab][0-9a-f]{2}\\+ud[c-f][0-9a-f]{2}|[0-9a-f]{4})")
_UNIT = re.compile(rb"[0-9a-f]{4}")
_PERCENT = re.compile(rb"%(?:[4-7][0-9a-f]|[89a-f][0-9a-f](?:%[89a-f][0-9a-f])*)")


class Look:
    """A test for raw bodies of feeds, pages and JSON replies, in any encoding: False only when no spelling of any topic can occur."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        """
        Raises:
            ValueError: a rule has nothing to look for, as in `Matcher`.
        """
        self._needs = tuple(compiled_topic(topic).needs for topic in topics)
        needles = (needle for needs in self._needs for needle in needs.needles())
        self._words = {needle: _word(needle.text, needle.spaced) for needle in needles}
        always = [self._words[needle] for needs in self._needs for needle in needs.alone]
        plain = {word.letters: word for word in always if isinstance(word, _Plain) and word.join == PLAIN_JOIN}
        self._shared = {plain[letters]: pattern.encode("latin-1") for letters, pattern in shared(plain).items()}

    def __call__(self, body: bytes) -> bool:
        if not body:
            return False
        occurs = self.within(body)
        return any(needs.met(occurs) for needs in self._needs)

    def within(self, body: bytes) -> Occurs:
        """Tells of a needle of these topics whether it may occur in a body."""
        read = _read(body)
        if read is None:
            return _always
        words, text = self._words, _Body(body, *read, self._shared)
        return lambda needle: text.may_hold(words[needle])


def look_for(topics: Sequence[Topic]) -> Look:
    """The look for some topics.

    Raises:
        ValueError: a rule has nothing to look for, as in `Matcher`.
    """
    return Look(topics)


def _always(needle: Needle) -> bool:
    return True


class _Body:
    """A body, and what of it was found out already: words are asked for one by one, and most bodies need not be asked for the second."""

    __slots__ = ("_alphabet", "_asked", "_body", "_hidden", "_high", "_known", "_loosened", "_low", "_shared")

    def __init__(self, body: bytes, low: bytes, high: str, shared: Mapping[_Plain, bytes]) -> None:
        self._body, self._low, self._high, self._shared = body, low, high, shared
        self._known: dict[_Plain | _Foreign, bool] = {}
        # What patterns that words share have found.
        self._asked: dict[bytes, bool] = {}
        # What stands for letters without being them, behind whether that can be told without a parser.
        self._hidden: tuple[bool, set[str]] | None = None
        self._alphabet: frozenset[str] | None = None
        self._loosened: str | None = None

    def may_hold(self, word: _Plain | _Foreign) -> bool:
        """False only when no spelling of the word can occur."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = self._plainly(word) if isinstance(word, _Plain) else self._in_other_letters(word)
        return known

    def _plainly(self, word: _Plain) -> bool:
        if self._one_of_many(word) and word.possible(self._low):
            return True
        if self._hidden is None:
            hidden = _hidden(self._low, self._high)
            self._hidden = hidden is not None, hidden or set()
        readable, hidden = self._hidden
        return not readable or any(map(word.spelt_with, hidden))

    def _one_of_many(self, word: _Plain) -> bool:
        """False when none of the words that share a pattern with this one can stand there."""
        pattern = self._shared.get(word)
        if pattern is None:
            return True
        if pattern not in self._asked:
            self._asked[pattern] = _pattern(pattern).search(self._low) is not None
        return self._asked[pattern]

    def _in_other_letters(self, word: _Foreign) -> bool:
        if b"xn--" in self._low:
            return True
        if self._alphabet is None:
            self._alphabet = _alphabet(self._low, self._high)
        if not word.letters <= self._alphabet:
            return False
        if self._loosened is None:
            self._loosened = _loosened(self._body)
        return word.possible(self._loosened)


@dataclass(frozen=True, slots=True)
class _Plain:
    """A word, or the part of one, that is written in ASCII letters and figures."""

    letters: str
    # Borders lie at both ends of a whole word, so a character counts only if all it stands for is inside the word.
    whole: bool
    # What parts the word unseen, as for `pivots`.
    join: str
    # Each must be found where the letters stand plainly.
    pivots: tuple[bytes, ...]

    def possible(self, low: bytes) -> bool:
        """False only when the word cannot stand there with all its letters plain."""
        return all(_pattern(pivot).search(low) for pivot in self.pivots)

    def spelt_with(self, stands_for: str) -> bool:
        """True when a character that stands for these ASCII letters can be part of the word."""
        return stands_for in self.letters if self.whole else not set(stands_for).isdisjoint(self.letters)


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A word in letters beyond ASCII, which is looked for in decoded text."""

    # Letters and marks, all of which the body must have.
    letters: frozenset[str]
    pivots: tuple[str, ...]

    def possible(self, text: str) -> bool:
        """False only when the word cannot occur, for text in which every escape is undone."""
        return all(re.compile(pivot).search(text) for pivot in self.pivots)


@lru_cache(maxsize=1024)
def _pattern(pivot: bytes) -> re.Pattern[bytes]:
    """Made when it is first asked for: most bodies fail the first pivot of a word, so the others are seldom needed."""
    return re.compile(pivot)


def _word(needle: str, spaced: bool) -> _Plain | _Foreign:
    latin = max(re.findall(r"[a-z0-9]+", needle), key=len, default="")
    apart = r"\s+" if spaced else ""
    # One or two letters out of a foreign word would let everything through.
    if latin and (len(latin) > 2 or needle.isascii()):
        join = PLAIN_JOIN + apart
        return _Plain(latin, latin == needle, join, tuple(one.encode("latin-1") for one in pivots(latin, join)))
    letters = "".join(one for one in _apart(needle) if one not in "-'\"_")
    needed = frozenset(one for one in letters if not one.isascii())
    return _Foreign(needed, tuple(pivots(letters, f"{JOIN}'\"{apart}")))


def _apart(folded: str) -> str:
    """Marks apart from their letters, and the dotless i as the "I" that capitals make of it."""
    return unicodedata.normalize("NFD", folded).replace("ı", "i")


def _hidden(low: bytes, high: str) -> set[str] | None:
    """What stands in a body, or is named in it, for ASCII letters and figures without being them; None when only a parser can tell."""
    found = set(_styled().findall(high)) if high else set()
    if b"\xf0" in low:
        found.update(one.decode() for one in _styled_far().findall(low))
    if b"&" in low:
        references = set(_REFERENCE.findall(low))
        if any(map(_open, references)):
            return None
        found.update(character for one in references for character in _referred(one))
    if b"%" in low:
        found.update(character for one in set(_PERCENT.findall(low)) for character in unquote(one.decode()))
    if b"\\" in low:
        found.update(_utf16(unit) for unit in set(_styled_units().findall(low)))
    return {stands_for for one in found if (stands_for := _stands_for(one))}


def _open(reference: bytes) -> bool:
    """True for a reference that may end anywhere and yet joins what stands around it: a number, or "&shy", without ";"."""
    return not reference.endswith(b";") and reference.startswith((b"#", b"shy"))


@lru_cache(maxsize=4096)
def _referred(reference: bytes) -> str:
    """The characters that a reference in lower case may stand for: &Dot; and &dot; are two."""
    name = reference.decode()
    if name[0] == "#":
        return unescape(f"&{name}")
    # Names without ";" end where the longest known name does (HTML Standard §13.2.5.73).
    return next((_names()[name[:end]] for end in range(len(name), 1, -1) if name[:end] in _names()), "")


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for name, characters in html5.items():
        names[name.lower()] = names.get(name.lower(), "") + characters
    return names


@lru_cache(maxsize=1)
def _styled() -> re.Pattern[str]:
    """Characters up to U+FFFF that may stand for ASCII letters and figures."""
    return re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _STYLED if last <= 0xFFFF) + "]")


@lru_cache(maxsize=1)
def _styled_far() -> re.Pattern[bytes]:
    """The same beyond U+FFFF, in UTF-8: a set of such characters is slow to search for."""
    leads = {chr(point).encode()[1:3] for first, last in _STYLED if last > 0xFFFF for point in range(first, last + 1)}
    return re.compile(b"\xf0(?:" + b"|".join(map(re.escape, sorted(leads))) + b")[\x80-\xbf]")


@lru_cache(maxsize=1)
def _styled_units() -> re.Pattern[bytes]:
    """The same as JSON escapes, give or take the last figure: text in other scripts may hold nothing but escapes."""
    near = {format(point >> 4, "03x") for first, last in _STYLED if last <= 0xFFFF for point in range(first, last + 1)}
    far = {chr(point).encode("utf-16-be").hex()[:4] for first, last in _STYLED if last > 0xFFFF for point in range(first, last + 1)}
    return re.compile(rf"\\u((?:{_any(near)})[0-9a-f]|(?:{_any(far)})\\+u[0-9a-f]{{4}})".encode())


def _any(texts: Iterable[str]) -> str:
    """A pattern for any of these texts, all of one length, that asks each letter once: a plain list of hundreds is asked one by one."""
    tails: dict[str, set[str]] = {}
    for text in texts:
        if text:
            tails.setdefault(text[0], set()).add(text[1:])
    return "|".join(first + (f"(?:{rest})" if (rest := _any(tails[first])) else "") for first in sorted(tails))


@lru_cache(maxsize=4096)
def _stands_for(character: str) -> str:
    """ASCII letters and figures that matching takes a character for ("ﬁ" for "fi"); "" for most."""
    return "".join(re.findall("[a-z0-9]", fold(character)))


def _read(body: bytes) -> tuple[bytes, str] | None:
    """The body in lower case with doubled escapes made single, and its characters beyond ASCII.

    None when only a parser can tell: another encoding than UTF-8, or an escape of an escape. A byte alone is found many times faster than
    by a pattern, so that is asked first.
    """
    # NUL: UTF-16 and UTF-32; escape: ISO 2022; "~{": HZ.
    if b"\0" in body or b"\x1b" in body or (b"~" in body and _HZ.search(body)):
        return None
    low = body.lower()
    if b"utf-7" in low[:4096]:
        return None
    if b"\\" in low and _JSON.search(low):
        low = low.replace(b"\\u0026", b"&")
        if _ODD_JSON.search(low):
            return None
    while b"%" in low and _DOUBLED.search(low):
        low = low.replace(b"%25", b"%")
    if body.isascii():
        return low, ""
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return low, body.translate(None, _ASCII).decode()


def _alphabet(low: bytes, high: str) -> frozenset[str]:
    """Characters beyond ASCII that stand in a body or are named in it, folded, letters and marks apart."""
    named = [*map(_referred, set(_REFERENCE.findall(low)))]
    named += (_utf16(unit) for unit in set(_UNITS.findall(low)))
    named += (unquote(run.decode()) for run in set(_PERCENT.findall(low)))
    # One by one, lest two neighbours that are none in the body become one letter.
    return frozenset("".join(map(_pieces, {*high, *"".join(named)})))


@lru_cache(maxsize=4096)
def _pieces(character: str) -> str:
    return _apart(fold(character))


def _utf16(units: bytes) -> str:
    return b"".join(bytes.fromhex(unit.decode()) for unit in _UNIT.findall(units)).decode("utf-16-be", "replace")


def _loosened(body: bytes) -> str:
    """All text of a body with every escape undone, marks apart from their letters, tags still in it."""
    text = body.decode()
    if "\\" in text:
        text = re.sub(r"\\+[nrt]", "\n", re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text))
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    while "%25" in text:
        text = text.replace("%25", "%")
    # As often as a feed, its markup and two readings of the matcher do, and once more.
    for _ in range(5):
        if "&" in text:
            text = unescape(text)
    if "%" in text:
        text += "\n" + unquote(text)
    return _apart(fold(text))
