"""One rule of a topic, compiled: a word, a phrase, a hashtag, a handle or an address, as the operator wrote it.

Configured text is never a regular expression; the patterns here are made from its letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aggregator.text.borders import in_address, stands
from aggregator.text.words import checked_rule, fold, script

# White space between two words of a phrase: one line break at most, since an empty line ends a paragraph.
_GAP = r"(?:[^\S\n]+(?:\n[^\S\n]*)?|\n[^\S\n]*)"
# A hyphen inside a word, or at the end of a line that breaks it.
_HYPHEN = r"-(?:[^\S\n]*\n[^\S\n]*)?"
_SCHEME = re.compile(r"\Ahttps?://(?:www\.)?(?=.)")
_ANY_SCHEME = re.compile(r"\A[a-z][a-z0-9+.-]*:(?://)?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?((?:[^\s/?#:@.]+\.)+[^\W\d_]{2,})(?::\d+)?(/[^\s?#]*)?")
# What makes "example.org" another host ("example.org.test") or another path.
_LONGER_HOST = re.compile(r"[.-]\w")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a rule was found in a folded text."""

    start: int
    end: int


# Words between two others: in scripts without spaces every letter counts as one.
_COUNTED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
# The edge of a paragraph, a list's item or a table's cell.
_EDGE = re.compile(r"\n[^\S\n]*\n")
# How many characters a word has at most, with what stands before it. Farther apart nothing is counted.
_LONGEST_WORD = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule ready to be looked for in folded text."""

    # As configured.
    text: str
    # A text in which this does not occur, hyphens and white space taken away, cannot match.
    needle: str
    pattern: re.Pattern[str]
    # The rule without "#", for comparing with a tag.
    tag: re.Pattern[str]
    hashtag: bool
    # White space that may stand inside the word.
    spaces: int
    # Host and path where the rule is an address, else "".
    host: str
    path: str

    def in_text(self, text: str) -> Iterator[Found]:
        """Every place in folded text where the rule stands as whole words."""
        at = 0
        while found := self.pattern.search(text, at):
            start, end = found.span()
            if stands(text, start, end) and self._allowed(text, found):
                yield Found(start, end)
            at = start + 1

    def in_tag(self, tag: str) -> bool:
        """True when a folded tag is the hashtag, or holds the word."""
        tag = tag.lstrip("#").strip()
        if self.tag.fullmatch(tag):
            return True
        if self.hashtag:
            return False
        return any(stands(tag, found.start, found.end, hashtag=True) for found in self.in_text(tag))

    def in_link(self, words: str, link: str) -> Found | None:
        """Where the rule stands in an address; for a rule that is an address, whether the link leads there."""
        if self.host and self._leads_there(link):
            return Found(0, len(words))
        if self.hashtag and "%23" not in link:
            return None
        return next(self.in_text(words), None)

    def _allowed(self, text: str, found: re.Match[str]) -> bool:
        if self.hashtag and in_address(text, found.start()):
            return False
        if self.host and _LONGER_HOST.match(text, found.end()):
            return False
        return self.spaces == 0 or len(re.sub(_HYPHEN, "", found[0]).split()) <= self.spaces + 1

    def _leads_there(self, link: str) -> bool:
        try:
            parts = urlsplit(link.strip())
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            return False
        if host != self.host and not host.endswith("." + self.host):
            return False
        path = unquote(parts.path)
        return not self.path or path == self.path or path.startswith(self.path + "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rules that count near each other."""

    left: Rule
    right: Rule
    # Most words between them.
    words: int

    @property
    def text(self) -> str:
        """The pair as people say it: "crew near congregation"."""
        return f"{self.left.text} near {self.right.text}"

    def in_text(self, text: str) -> Iterator[Found]:
        """Every place in folded text where the two stand near each other, in either order, both inside.

        Sentences may end between them, paragraphs may not: neighbours in a menu, a list or a cloud of tags have nothing to do with each
        other.
        """
        left = next(self.left.in_text(text), None)
        if left is None or next(self.right.in_text(text), None) is None:
            return
        found = sorted(
            [(place.start, place.end, True) for place in self.left.in_text(text)]
            + [(place.start, place.end, False) for place in self.right.in_text(text)]
        )
        # The last two of each: the last may overlap with what comes.
        before: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        for start, end, is_left in found:
            for first, last in reversed(before[not is_left]):
                if last <= start and self._near(text, last, start):
                    yield Found(first, end)
                    break
            before[is_left] = [*before[is_left][-1:], (start, end)]

    def _near(self, text: str, start: int, end: int) -> bool:
        if end - start > (self.words + 1) * _LONGEST_WORD:
            return False
        between = text[start:end]
        return len(_COUNTED.findall(between)) <= self.words and not _EDGE.search(between)


def compiled(text: str, *, spaced: bool = False) -> Rule:
    """A rule from the operator's words.

    Args:
        spaced: also take the form with a space at a hyphen's place, or anywhere in a word without hyphens.

    Raises:
        ValueError: nothing is left of the text once marks nobody sees are taken away.
    """
    folded = fold(checked_rule(text)).strip()
    hashtag = folded.startswith("#")
    if hashtag:
        folded = "#" + folded.lstrip("#").lstrip()
    address = _ADDRESS.fullmatch(folded)
    host, path = (address[1], (address[2] or "").rstrip("/")) if address else ("", "")
    words = (host + path if address else _SCHEME.sub("", folded)).split()
    body = [words[0].lstrip("#"), *words[1:]] if hashtag else words
    alone = spaced and len(words) == 1 and not address
    return Rule(
        text=text,
        needle=max((_squeezed(word) for word in words), key=len).lstrip("#"),
        pattern=re.compile(_in_text(words, spaced=alone and not hashtag)),
        tag=re.compile(_phrase(body, spaced=alone, between="_|")),
        hashtag=hashtag,
        spaces=(max(words[0].count("-"), 1)) if alone and not hashtag else 0,
        host=host,
        path=unquote(path),
    )


def words_of(link: str) -> str:
    """An address as words: percent-decoded, international hosts in their own letters, "_" and "+" as spaces; "" for what is no address."""
    if link[:11].lower().startswith(("data:", "javascript:")):
        return ""
    words = _ANY_SCHEME.sub("", link.strip(), count=1)
    # An address inside an address is encoded twice.
    for _ in range(2):
        if "%" in words:
            words = unquote(words)
    if "xn--" in words.lower():
        words = re.sub(r"(?i)xn--[a-z0-9-]+", _own_letters, words)
    return re.sub(r"(?<=\w)\+(?=\w)", " ", words.replace("_", " ")) if "_" in words or "+" in words else words


def _own_letters(found: re.Match[str]) -> str:
    try:
        return found[0].encode("ascii").decode("idna")
    except UnicodeError:
        return found[0]


def _squeezed(word: str) -> str:
    return word.replace("-", "") or word


def _in_text(words: list[str], *, spaced: bool) -> str:
    phrase = _phrase(words, spaced=spaced)
    # The hashtag of a phrase has underscores for its spaces.
    return rf"(?<=#){_phrase(words, spaced=False, between='_|')}|{phrase}" if len(words) > 1 else phrase


def _phrase(words: list[str], *, spaced: bool, between: str = "") -> str:
    return rf"(?:{between}{_GAP}|{_HYPHEN})".join(_word(word, spaced=spaced) for word in words)


def _word(word: str, *, spaced: bool) -> str:
    """A pattern for one word: a hyphen may stand between any two of its letters, and need not stand where the rule has one."""
    seam = rf"(?:{_HYPHEN})?"
    wide = rf"(?:{_HYPHEN}|{_GAP})?"
    hyphenated = "-" in word.strip("-")
    pattern, before, hyphen = "", "", False
    for character in word:
        if character == "-" and before and _lettered(before):
            hyphen = True
            continue
        if hyphen:
            pattern += wide if spaced else seam
        elif _parted(before, character):
            pattern += wide if spaced and not hyphenated else seam
        pattern += re.escape(character)
        before, hyphen = character, False
    return pattern + ("-" if hyphen else "")


def _lettered(character: str) -> bool:
    return script(character) != ""


def _parted(left: str, right: str) -> bool:
    """True where a hyphen may part a word: between letters, or a letter and a figure, not before a mark and not inside a number."""
    if not left or not _lettered(left) or not _lettered(right) or unicodedata.category(right)[0] == "M":
        return False
    return not script(left) == script(right) == "figure"
