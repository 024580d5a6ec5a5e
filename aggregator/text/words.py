"""Letters as matching sees them: one form for every spelling that a reader takes for the same.

`fold` follows NFKC_Casefold (Unicode Standard §3.13) and goes a little further: hyphens are one hyphen, apostrophes one apostrophe, a dot
above an i is the i's own. Accents stay: "é" is "é" however it is composed, and not "e".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import islice

# Marks that are not seen: soft hyphen, joiners, zero-width spaces, directions, variation selectors, tags, and the Arabic stretching stroke.
_UNSEEN = (
    "\u00ad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff"
)
_HYPHENS = "\u02d7\u058a\u05be\u1806\u2010-\u2013\u2043\u2212\u30fb\uff65\ufe63\uff0d\u2e17"
_APOSTROPHES = "\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u2018\u2019\u201b\u2032\u05f3\ua78c\u00b4\u1fbf\u1ffd"
_QUOTES = "\u05f4\u201d\u2033"
# Accents that stand alone: NFKC would make them a space with a mark, and the mark would seem to belong to the next word.
_LONE_ACCENTS = (
    "\u00a8\u00af\u00b8\u02d8-\u02dd\u037a\u0384\u0385\u1fbd\u1fbe\u1fc0\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed\u1fee\u1ffe\u2017\u203e"
    "\ufc5e-\ufc63\ufe49-\ufe4c\ufe70-\ufe7f\uffe3\u309b\u309c"
)
_LINES = "\x85\u2028\u2029"
_ODD = re.compile(rf"[{_UNSEEN}{_HYPHENS}{_APOSTROPHES}{_QUOTES}{_LONE_ACCENTS}{_LINES}\u266f]")
_KINDS = (
    (re.compile(f"[{_HYPHENS}]"), "-"),
    (re.compile(f"[{_APOSTROPHES}]"), "'"),
    (re.compile(f"[{_QUOTES}]"), '"'),
    (re.compile(f"[{_LONE_ACCENTS}]"), " "),
    (re.compile(f"[{_LINES}]"), "\n"),
    (re.compile("\u266f"), "#"),
)
# A soft hyphen that was used: the line ends there.
_BROKEN = re.compile(r"\u00ad[ \t]*\r?\n[ \t]*")
# Raised figures and signs that stand for a note or a claim and not for a letter ("microsolidarity²", "Microsolidarity™").
_NOTES = re.compile(r"[\u00b9\u00b2\u00b3\u2070\u2074-\u2079\u2120\u2122\u00ae\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]")
# Single characters that NFKC makes many of: whole sentences in Arabic (U+FDFA: 18), words in squares. Others become four at most.
_SWELLING = re.compile("[\ufdf0-\ufdfc\u3300-\u33ff]")
# How many of them one text may have; no page that people write has a hundredth of it.
_MOST_SWELLING = 10_000
# Normalising sorts the marks on one letter, in quadratic time: half a million take ten minutes. Thirty are enough for every language
# (Unicode Standard Annex #15, Stream-Safe Text Format).
_MOST_MARKS = 30
_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{_MOST_MARKS + 1},}}")
# Shorter texts cost nothing, whatever stands in them.
_SHORT = 500
# Below this many characters letters are looked at one by one.
_NEAR = 200
# What belongs to one letter: a start with the marks on it, or the pieces of one Hangul syllable.
_LETTER = re.compile(r"\u00ad[ \t]*\r?\n[ \t]*|[\u1100-\u115f\ua960-\ua97f][\u1160-\u11ff\ud7b0-\ud7ff]*|.", re.DOTALL)
# What alone is nothing to look for.
_NOTHING = re.compile(r"[\s\-#@'\"_]*")


def fold(text: str) -> str:
    """The text in the form that words are compared in; lower-case ASCII stays as it is."""
    if text.isascii():
        return text.lower()
    if _ODD.search(text):
        text = _ODD.sub(_plain, _BROKEN.sub("", text) if "\u00ad" in text else text)
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold()
    if "\u0307" in text:
        # "İ" folds to an i and a dot; "i" has that dot already.
        text = text.replace("i\u0307", "i")
    return _ODD.sub(_plain, text) if _ODD.search(text) else text


def checked_rule(text: str) -> str:
    """The text of a rule, as it is written.

    Raises:
        ValueError: nothing is left of it once marks nobody sees are taken away; the message is a sentence.
    """
    if _NOTHING.fullmatch(fold(text)):
        raise ValueError(f"{text!r} has no letter, figure or sign to look for: write a word, a phrase, a #hashtag or an address.")
    return text


def without_notes(text: str) -> str | None:
    """The text with raised figures and trade-mark signs as spaces; None when it has none.

    NFKC makes letters and figures of them, which a rule such as "m2" wants and a footnote behind a word does not.
    """
    return _NOTES.sub(" ", text) if _NOTES.search(text) else None


def unswollen(text: str) -> str:
    """The text without what would make `fold` take much longer than its length does.

    Of characters that become many the first 10,000 stay and the others are U+FFFD; of the marks on a letter the first 30 stay. The text is
    not cut off instead, since the mention may stand at its end.
    """
    if len(text) <= _SHORT or text.isascii():
        return text
    text = _MARKS.sub(_fewer_marks, text)
    more = next(islice(_SWELLING.finditer(text), _MOST_SWELLING, None), None)
    return text if more is None else text[: more.start()] + _SWELLING.sub("\ufffd", text[more.start() :])


def _fewer_marks(found: re.Match[str]) -> str:
    kept, marks = [], 0
    for character in found[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def origin(text: str, start: int, end: int) -> tuple[int, int]:
    """Where in `text` the part stands that `fold(text)[start:end]` was made from."""
    if text.isascii():
        return start, end
    base, folded = _shortly_before(text, start)
    reach = 2 * _NEAR + end - start
    while True:
        places, lengths = _places(text[base : base + reach])
        if lengths[-1] > end - folded or base + reach >= len(text):
            break
        reach *= 2
    first = max(bisect_right(lengths, start - folded) - 1, 0)
    last = max(bisect_right(lengths, max(end - 1, start) - folded) - 1, 0)
    return base + places[first], base + places[min(last + 1, len(places) - 1)]


def _shortly_before(text: str, start: int) -> tuple[int, int]:
    """A place in `text` not long before the one that became `start`, and the length of what is folded before it.

    Halving folds every stretch once; asking letter by letter from the beginning takes seconds for a long text.
    """
    low, folded, high = 0, 0, len(text)
    while high - low > _NEAR:
        middle = (low + high) // 2
        # A letter with more marks on it is none; white space may stand for megabytes.
        while middle > max(low, (low + high) // 2 - _NEAR) and _inside_letter(text[middle]):
            middle -= 1
        if middle == low:
            break
        length = folded + len(fold(text[low:middle]))
        if length <= start:
            low, folded = middle, length
        else:
            high = middle
    return low, folded


def _inside_letter(character: str) -> bool:
    """True where a text must not be taken apart: before a mark, a piece of a syllable, or white space that a soft hyphen may own."""
    return _joins(character) or character.isspace() or "\u1100" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"


def _places(text: str) -> tuple[list[int], list[int]]:
    """Beginnings of the letters in `text`, and beginnings of the same letters in the folded text; both close with the whole length."""
    places, folded, at = [], [], 0
    for start, end in _letters(text):
        places.append(start)
        folded.append(at)
        at += len(fold(text[start:end]))
    return [*places, len(text)], [*folded, at]


def _letters(text: str) -> list[tuple[int, int]]:
    letters: list[tuple[int, int]] = []
    for found in _LETTER.finditer(text):
        character = found[0][0]
        if letters and character > "\u02ff" and _joins(character):
            letters[-1] = letters[-1][0], found.end()
        else:
            letters.append(found.span())
    return letters


def _joins(character: str) -> bool:
    """True for what changes the letter before it."""
    return unicodedata.combining(character) != 0 or character in "\uff9e\uff9f" or unicodedata.category(character) == "Mn"


def _plain(found: re.Match[str]) -> str:
    return _instead(found[0])


@lru_cache(maxsize=512)
def _instead(character: str) -> str:
    return next((instead for kind, instead in _KINDS if kind.match(character)), "")


# Scripts by the first word of their letters' Unicode names.
_EUROPEAN_NAMES = "LATIN GREEK CYRILLIC ARMENIAN GEORGIAN COPTIC MODIFIER FEMININE MASCULINE MICRO KELVIN ANGSTROM"
_EUROPEAN = frozenset(_EUROPEAN_NAMES.split())
_UNSPACED_NAMES = (
    "CJK IDEOGRAPHIC HIRAGANA KATAKANA BOPOMOFO THAI LAO KHMER MYANMAR TIBETAN JAVANESE BALINESE YI VERTICAL HENTAIGANA TANGUT NUSHU"
)
_UNSPACED = frozenset(_UNSPACED_NAMES.split())


@lru_cache(maxsize=4096)
def script(character: str) -> str:
    """The kind of script a letter, figure or mark belongs to.

    Returns:
        "" for what is not part of a word; "figure"; "european" (Latin, Greek, Cyrillic: one kind, since look-alikes are mixed);
        "unspaced" (Han, Kana, Thai … are written without spaces); "mark" for accents of no script of their own; else the name ("hangul").
    """
    category = unicodedata.category(character)
    if category[0] not in "LMN" or category == "Me":
        return ""
    if category[0] == "N":
        return "unspaced" if character == "\u3007" else "figure"
    name = re.split(r"[ -]", unicodedata.name(character, ""), maxsplit=1)[0]
    if name in _UNSPACED:
        return "unspaced"
    if name in _EUROPEAN:
        return "european"
    return "mark" if name == "COMBINING" else name.lower()
