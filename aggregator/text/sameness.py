"""Whether two accounts of an entry are accounts of one thing: what a feed said of it before, and what it says of it now. Pure."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

from aggregator.model import Entry
from aggregator.text.words import fold

_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\w+")
# A text of fewer words proves nothing by being like another.
_FEWEST_WORDS = 12
# Share of the words that two texts have in common, of all words of both: an edit leaves more, another article of one author less.
_ALIKE = 0.5
# A text of fewer words says nothing at all; two that have less in common are of two things.
_FEWEST_SEEN = 4
_UNLIKE = 0.2
# So much of a text is looked at; entries hold whole books.
_LONGEST = 20_000
# A feed that changes its time zone, or goes from days to instants, moves its dates by less.
_ABOUT_THEN = timedelta(days=1)


def title_of(entry: Entry) -> str:
    """A title as titles are compared: without case, spelling of signs and white space; "" for none."""
    return " ".join(fold(entry.title or "").split())


def same_title(left: Entry, right: Entry) -> bool:
    """True when both have a title, and it is the same."""
    return bool(left.title and right.title) and title_of(left) == title_of(right)


def same_time(left: Entry, right: Entry) -> bool:
    """True when both say that they were published at about the same time."""
    return left.published is not None and right.published is not None and abs(left.published - right.published) <= _ABOUT_THEN


def same_text(left: Entry, right: Entry) -> bool:
    """True when both have a text long enough to tell, and most of the words are the same."""
    first, second = _words(left), _words(right)
    if min(len(first), len(second)) < _FEWEST_WORDS:
        return False
    # An excerpt of a text is that text.
    return len(first & second) >= _ALIKE * len(first | second) or min(first, second, key=len) <= max(first, second, key=len)


def other_text(left: Entry, right: Entry) -> bool:
    """True when both have a text, and hardly a word in common."""
    first, second = _words(left), _words(right)
    return min(len(first), len(second)) >= _FEWEST_SEEN and len(first & second) < _UNLIKE * len(first | second)


def made_up_id(entry: Entry) -> str:
    """An id for an entry that has neither id nor address of its own, from its title and date."""
    date = entry.published.isoformat() if entry.published else ""
    return hashlib.sha256(f"{entry.title}\x1f{date}".encode("utf-8", "replace")).hexdigest()[:32]


def _words(entry: Entry) -> frozenset[str]:
    text = "\n".join(part[:_LONGEST] for part in (entry.text, _TAG.sub(" ", (entry.html or "")[:_LONGEST])) if part)
    return frozenset(_WORD.findall(text.casefold()))
