"""Regular expressions for a letter from the middle of a word with what must stand around it wherever the word occurs, whole or parted.

How a body is looked at with them is told in `look`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What it takes to ask a letter in a thousand characters of European languages and markup: how often it occurs, and three times how often it
# ends a word, where a join can follow. A letter that is a tag by itself ("<p>") stands between two joins wherever that tag does.
_COSTS = {
    "q": 1, "z": 1, "j": 1, "x": 2, "v": 8, "k": 13, "w": 23, "c": 26, "m": 32, "g": 34, "f": 36, "y": 49, "l": 54, "h": 60, "b": 25,
    "u": 60, "r": 78, "a": 80, "d": 82, "o": 84, "n": 104, "s": 117, "i": 120, "t": 120, "p": 150, "e": 198,
}  # fmt: skip
# The same for reading a thousand characters in search of a letter that is not there.
_COST_OF_READING = 15
# Shorter words have too little around a letter to be asked for together.
_SHORTEST_SHARED = 5
# What can stand beside a letter where a word is parted and a reader sees it whole.
JOIN = r"<>&;%\\\-\[\]_"
PLAIN_JOIN = rf"\x80-\xff{JOIN}"
# Ends of escapes, and white space behind a join: a word broken at the end of a line.
_ESCAPES = (r"\\[nrtbf/\"]", r"\\[nrt]\s", r"%[0-9a-f]{2}", r"\\u[0-9a-f]{4}")
# How many letters on either side are asked for.
_CONTEXT = 3


def shared(words: Iterable[str]) -> dict[str, str]:
    """One pattern for several words that share a letter, where to search for it costs more than what is asked where it stands.

    The letter that costs least per word comes first; mostly it is a figure that the ids of several pages have. Words in which white space
    may stand are none of these: what is asked of them is answered with yes too often.

    Args:
        words: those that are asked for in every body.
    """
    left = {word: _inside(word) for word in dict.fromkeys(words) if len(word) >= _SHORTEST_SHARED}
    found: dict[str, str] = {}
    while left:
        letters = {letter: [word for word, inside in left.items() if letter in inside] for inside in left.values() for letter in inside}
        letter = min(sorted(letters), key=lambda one: _cost_each(one, len(letters[one])))
        ways = [_around(word, left.pop(word)[letter], PLAIN_JOIN) for word in letters[letter]]
        if len(ways) > 1:
            found.update(dict.fromkeys(letters[letter], f"{letter}(?:{'|'.join(ways)})"))
    return found


def _cost_each(letter: str, count: int) -> float:
    """Of asking for so many words by one letter, for each of them."""
    return (_COST_OF_READING + _cost(letter) * (1 + count) / 2) / count


def _cost(letter: str) -> int:
    return _COSTS.get(letter, 0)


def _inside(word: str) -> dict[str, int]:
    """Where each of the letters from the middle of a word stands first; the edges have fewer neighbours to ask."""
    places = range(2, len(word) - 2) if len(word) >= 5 else range(len(word))
    return {word[at]: at for at in reversed(places)}


def pivots(word: str, join: str) -> list[str]:
    """Patterns, each for one letter with what must stand around it where the word occurs, whole or parted."""
    places = range(2, len(word) - 2) if len(word) >= 5 else range(len(word))
    return [re.escape(word[at]) + _around(word, at, join) for at in sorted(places, key=lambda at: (_cost(word[at]), at))]


def _around(word: str, at: int, join: str) -> str:
    """What must stand behind and before a letter of a word, for a place just behind it."""
    letter = re.escape(word[at])
    # What stands behind is asked for letter by letter: most places fail the first.
    right = ""
    for one in reversed(word[at + 1 : at + 1 + _CONTEXT]):
        right = f"(?:{re.escape(one)}{right}|[{join}])"
    before = word[max(0, at - _CONTEXT) : at]
    if not before:
        return f"(?={right})"
    ends = (f"[{join}]", rf"[{join}\s]\s", *_ESCAPES)
    left = [f"(?<={re.escape(before)}{letter})"]
    for length in range(len(before)):
        beside = re.escape(before[len(before) - length :])
        parted = "|".join(f"(?<={end}{beside}{letter})" for end in ends)
        left.append(f"(?<={beside}{letter})(?:{parted})" if beside else f"(?:{parted})")
    # All that can stand right before it, asked at once: the end of an escape is a figure, a letter, a quotation mark or a stroke.
    return rf"(?={right})(?<=[{re.escape(before[-1])}{join}\s0-9a-fnrt/\"]{letter})(?:{'|'.join(left)})"
