"""What stands in texts that people wrote as plain text or as Markdown: addresses, hashtags, words without their markup."""

from __future__ import annotations

import re
import unicodedata

_ADDRESS = re.compile(r"https?://[^\s<>\[\]|*`\"()]+(?:\([^\s()]*\)[^\s<>\[\]|*`\"()]*)*", re.IGNORECASE)
_PICTURE = re.compile(r"!\[([^\[\]]{0,300})\]\([^()]{0,2000}\)")
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\([^()\s]{1,2000}(?:\s+\"[^\"]{0,300}\")?\)")
_MARKS = re.compile(r"^(?:#{1,6}\s+|>\s?)", re.MULTILINE)
_HASHTAG = re.compile(r"(?<![\w/&])[#＃]([\w-]*[^\W\d_][\w-]*)")
# What ends a sentence is no part of an address.
_TAIL = ".,;:!?'’”»…"


def addresses(text: str) -> tuple[str, ...]:
    """The web addresses in a text, each once, as they stand there; those of pictures are left out."""
    return tuple(dict.fromkeys(found.rstrip(_TAIL) for found in _ADDRESS.findall(_PICTURE.sub(" ", text))))


def hashtags(text: str) -> tuple[str, ...]:
    """The hashtags in a text without "#", each once, in their order."""
    return tuple(dict.fromkeys(_HASHTAG.findall(_ADDRESS.sub(" ", text))))


def unmarked(text: str) -> str:
    """Markdown as plain text: a link is its words, a picture what is said of it, a heading a line."""
    return _MARKS.sub("", _LINK.sub(r"\1", _PICTURE.sub(r"\1", text))).strip()


def pictured(text: str) -> tuple[str, ...]:
    """What is said of the pictures in a Markdown text."""
    return tuple(dict.fromkeys(filter(None, (one.strip() for one in _PICTURE.findall(text)))))


def folded(word: str) -> str:
    """A hashtag as it is compared: without case and width."""
    return unicodedata.normalize("NFKC", word).casefold()
