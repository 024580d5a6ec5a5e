"""The sentence that a story is shown with: the first that says something, cut where a reader would cut."""

from __future__ import annotations

import re
import unicodedata

from aggregator.text.words import script

_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？｡])[」』）]*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_HASHTAGS = re.compile(r"(?:[#＃@]\S+[\s,·|]*)+")
# Lines that publishing systems put around a text. They are compared as a whole or by their beginning, in lower case.
_BOILERPLATE = re.compile(
    r"(?:continue reading|read more|read the (?:full|rest)|keep reading|click here|learn more|view (?:on|in|this)|listen (?:on|to this)"
    r"|the post .{1,300} (?:appeared first|first appeared) on|this (?:post|article|story) (?:appeared|was (?:originally|first) published)"
    r"|originally published|subscribe|sign up|sign in|log in|share this|follow (?:us|me)|skip to|table of contents|advertisement|sponsored"
    r"|all rights reserved|photo (?:by|credit)|image (?:by|credit)|\d+ min(?:ute)?s? read|we use cookies|this (?:web)?site uses cookies"
    r"|by continuing to|accept (?:all )?cookies|cookie (?:notice|policy|settings)"
    r"|weiterlesen|mehr lesen|lire la suite|seguir leyendo|leer más|lees verder|leggi tutto|continua a leggere|читать далее"
    r"|続きを読む|阅读全文|继续阅读)",
    re.IGNORECASE,
)

# Markdown as people write it into plain texts (CommonMark 0.31.2, §4.2, §5, §6). A link's target is an address, or it is no link.
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,300})\]\(<?(?:https?:|mailto:|/)[^()\s]{0,2000}(?:\([^()\s]{0,300}\)[^()\s]{0,300})?(?:\s+\"[^\"\n]*\")?\)"
)
_STRESS = re.compile(
    r"(?<![^\s(\[\"'“‘«—–])(\*{1,3})(?=[^\s*])([^*\n]{1,300}?)(?<=[^\s*\\])\1(?![\w*])|(?<![^\s(\[\"'“‘«—–*])(_{1,2})(?=[^\s_])([^_\n]{1,300}?)(?<=[^\s_])\3(?!\w)"
)
_CODE = re.compile(r"(`{1,3})([^`\n]{1,300})\1(?!`)")
_LINE = re.compile(r"^[ \t]*(?:(?:#{1,6}|>|[-*+])[ \t]+)+", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>-])")


def unmarked(text: str) -> str:
    """Plain text without the marks of Markdown: words of links and stress stay, targets go. A text without such marks is not changed."""
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "`" in text:
        text = _CODE.sub(r"\2", text)
    if "*" in text or "_" in text:
        text = _STRESS.sub(lambda found: found[2] or found[4], text)
    text = _LINE.sub("", text)
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def sentence(text: str, limit: int = 200) -> str:
    """The first sentence of plain text that says something, with the next ones while they are short, up to `limit` characters.

    Left out: "Continue reading", cookie notices, lone addresses, lines of nothing but hashtags. What is too long is cut after a word, never
    inside a letter with its marks, and ends in "…". "" when nothing is left.
    """
    chosen = ""
    for one in _sentences(text):
        if not chosen:
            chosen = one
        elif len(chosen) < limit // 3 and len(chosen) + 1 + len(one) <= limit:
            chosen = f"{chosen} {one}"
        else:
            break
        if len(chosen) > limit:
            return cut(chosen, limit)
    return chosen


def cut(text: str, limit: int) -> str:
    """The text, or as many of its words as fit into `limit` characters together with the "…" that says so."""
    if len(text) <= limit:
        return text
    if limit < 2:
        return "…"[:limit]
    end = limit - 1
    border = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    # Scripts without spaces are cut between letters, and so is a word that is longer than the limit.
    apart = border > limit // 2 or (border > 0 and script(text[end]) != "unspaced")
    end = border if apart else _between_letters(text, end)
    return text[:end].rstrip(" \n,;:-–—") + "…"


def _sentences(text: str) -> list[str]:
    found = []
    for paragraph in re.split(r"\n[^\S\n]*\n\s*", text[:20_000]):
        for one in _END.split(" ".join(paragraph.split())):
            if _says_something(one):
                found.append(one)
        if len(found) > 8:
            break
    return found


def _says_something(one: str) -> bool:
    if _BOILERPLATE.match(one.lstrip("→»›…[( ")) or _HASHTAGS.fullmatch(one):
        return False
    return any(character.isalpha() for character in _ADDRESS.sub("", one))


def _between_letters(text: str, end: int) -> int:
    """The nearest place before `end` that does not part a letter from its marks or an emoji from its joiners."""
    at = end
    while at > 1 and (_continues(text[at]) or text[at - 1] == "\u200d" or _half_a_flag(text, at)):
        at -= 1
    return at if at > 1 else end


def _continues(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in "\u200d\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff"


def _half_a_flag(text: str, at: int) -> bool:
    """True between the two letters of a flag."""
    flags = 0
    while at - 1 - flags >= 0 and "\U0001f1e6" <= text[at - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return flags % 2 == 1 and "\U0001f1e6" <= text[at] <= "\U0001f1ff"
