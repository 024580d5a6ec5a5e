"""Where a word begins and ends, in any script.

The word border of regular expressions is wrong about combining marks, underscores, scripts without spaces and words with signs. Here a
found stretch of folded text either stands as a word of its own or is part of a longer one.
"""

from __future__ import annotations

import re
import unicodedata

from aggregator.text.words import script

# Particles that Korean writes onto the noun; the noun is still that word.
_PARTICLES = re.compile(
    r"(?:은|는|이|가|을|를|의|에|에서|에게|에는|에도|와|과|로|으로|도|만|까지|부터|처럼|보다|께서|이나|나|이란|란|이라는|라는|이라고|라고|입니다|이다|이며|적인?|들(?:은|이|을|의|에게)?)(?![가-힣])"
)
_JOINED_IN_ADDRESS = ".-_"


def stands(text: str, start: int, end: int, *, hashtag: bool = False) -> bool:
    """True when folded `text[start:end]` is a whole word (or phrase), not part of a longer one.

    Args:
        hashtag: the stretch is a tag's own text, in which an underscore is a letter. A stretch behind a "#" is known for one.
    """
    if start >= end:
        return False
    tagged = hashtag or text[start] == "#" or text[start - 1 : start] == "#"
    return _left(text, start, end, tagged) and _right(text, start, end, tagged)


def in_address(text: str, at: int) -> bool:
    """True when the place belongs to a URL written out, so that a "#" there begins a fragment."""
    before = re.split(r"[\s<>\"]", text[max(0, at - 2000) : at])[-1]
    return "://" in before or before.startswith("www.") or ("." in before and before.endswith("/"))


def _left(text: str, start: int, end: int, tagged: bool) -> bool:
    inner, outer = text[start], text[start - 1 : start]
    if not outer:
        return True
    if outer == "_":
        # "_word_" is emphasis; "some_word" is one name; in "#_word" the tag begins before.
        in_tag = tagged and inner != "#" and text[start - 2 : start - 1] == "#"
        return not in_tag and not _wordy(text[max(0, start - 64) : start].rstrip("_")[-1:])
    if not _wordy(inner):
        if inner == "#" and _behind_hashtag(text, start):
            return True
        return _symbol(inner) or (script(outer) in ("", "unspaced") and (outer != inner or inner == "#"))
    if outer == "'":
        return not _one_word_across_apostrophe(text[start - 2 : start - 1], inner)
    if outer == '"':
        return not (_hebrew(inner) and _hebrew(text[start - 2 : start - 1]))
    if outer in "&+" and end - start <= 2 and _wordy(text[start - 2 : start - 1]):
        return False
    if script(outer) == "mark" or unicodedata.category(outer) == "Mn":
        outer = _base(text, start - 1)
    return _apart(inner, outer)


def _right(text: str, start: int, end: int, tagged: bool) -> bool:
    inner, outer, beyond = text[end - 1], text[end : end + 1], text[end + 1 : end + 2]
    if not outer:
        return True
    if outer == "_":
        after = text[end : end + 64].lstrip("_")[:1]
        return not _wordy(after) and (not tagged or text[max(0, start - 2) : start].strip("#") == "_")
    if _symbol(inner):
        return True
    if not _wordy(inner):
        return outer != inner and (script(outer) in ("", "unspaced") or (inner in "+#" and script(outer) == "figure"))
    if text[start] == "@" and outer in _JOINED_IN_ADDRESS and _wordy(beyond):
        return False
    if outer == "'":
        negation = inner == "n" and beyond == "t" and not _wordy(text[end + 2 : end + 3])
        return not negation and not _one_word_across_apostrophe(inner, beyond)
    if outer == '"':
        return not (_hebrew(inner) and _hebrew(beyond))
    if text.startswith("++", end) or (end - start <= 2 and (outer == "#" or (outer in "&+" and _wordy(beyond)))):
        return False
    if unicodedata.category(outer) in ("Mn", "Mc") or (text[start] == "#" and script(inner) == script(outer)):
        # A hashtag goes on as long as its letters do, also in scripts without spaces.
        return False
    return _apart(inner, outer) or (script(inner) == script(outer) == "hangul" and _PARTICLES.match(text, end) is not None)


def _apart(inner: str, outer: str) -> bool:
    """True when a word border lies between two neighbours of which the first belongs to a word."""
    here, there = script(inner), script(outer)
    if not there or "unspaced" in (here, there):
        return True
    if "figure" in (here, there) or "mark" in (here, there):
        return False
    return here != there


def _base(text: str, at: int) -> str:
    """The character that the mark at this place stands on; the mark itself where it stands on nothing."""
    mark = text[at]
    while at > 0 and unicodedata.category(text[at]) in ("Mn", "Me"):
        at -= 1
    return mark if at == 0 and unicodedata.category(text[at]) in ("Mn", "Me") else text[at]


def _wordy(character: str) -> bool:
    return bool(character) and script(character) != ""


def _behind_hashtag(text: str, start: int) -> bool:
    """True for the second of "#one#two"."""
    return re.search(r"(?:\A|[^\w/&])#\w+\Z", text[max(0, start - 100) : start]) is not None


def _symbol(character: str) -> bool:
    """True for emoji and the like, which stand anywhere."""
    return unicodedata.category(character) == "So"


def _one_word_across_apostrophe(left: str, right: str) -> bool:
    """True for "м'ята" and "צ'ק"; in "word's" and "l'économie" the apostrophe is a border."""
    return (_cyrillic(left) and _cyrillic(right)) or (_hebrew(left) and _hebrew(right))


def _cyrillic(character: str) -> bool:
    return "\u0400" <= character <= "\u052f"


def _hebrew(character: str) -> bool:
    return "\u05d0" <= character <= "\u05ea"
