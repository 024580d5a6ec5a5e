"""Text and addresses from outside, made fit to be shown: pure, and never longer than asked.

An address of a mailbox is private wherever it came from, and stands in no text from outside. "@ada@social.example" is an account of the
fediverse and stays; "ada@social.example" could be either, and goes. What the operator or the steward wrote is theirs: `one_line` keeps it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from aggregator.text.excerpts import cut

# Not allowed in XML 1.0 (§2.2), or invisible and able to turn the direction of what follows (Unicode UAX #9, explicit formatting).
# Noncharacters go too: site.py uses two of them as marks.
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
# A pile of combining marks draws over the lines above and below; no script stacks more than a few.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_PILE = re.compile(f"({_MARK}{{4}}){_MARK}+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
# A host that needs no reading, in an address without a name, a password or a port.
_PLAIN_HOST = re.compile(r"https?://(?:www\.)?([a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,20}){1,3})(?=[/?#]|\Z)")
# Also one whose end was cut off, or whose "@" was escaped for Markdown. Behind "@" or "!" stands an account or a group of the fediverse.
_MAILBOX = re.compile(r"(?<![\w.+%@!-])[\w.+%'-]{1,64}\\?[@＠](?:[\w-]{1,63}\.)*(?:[\w-]{0,63}…|[\w-]{1,63}\.[^\W\d_]{2,24})")
# What stands for it: it was there, and nothing of it is told.
HIDDEN = "…@…"
_ADDRESS = re.compile(r"https?://[^\s/?#\\\"<>]+(?:[/?#][^\s\x00-\x1f\x7f]*)?", re.IGNORECASE)


def clean(text: str | None, limit: int | None = None) -> str:
    """`one_line` of a text from outside: without addresses of mailboxes."""
    if not text:
        return ""
    line = without_mailboxes(_line(text, limit))
    return line if limit is None else cut(line, limit)


def one_line(text: str | None, limit: int | None = None) -> str:
    """One line that can stand in HTML, XML and JSON; at most `limit` characters, cut at a word with "…"."""
    if not text:
        return ""
    line = _line(text, limit)
    return line if limit is None else cut(line, limit)


def without_mailboxes(text: str) -> str:
    """The text with `HIDDEN` where it names a mailbox."""
    return _MAILBOX.sub(HIDDEN, text) if "@" in text or "＠" in text else text


def _line(text: str, limit: int | None) -> str:
    if limit is not None and len(text) > limit * 8:
        text = text[: limit * 8]
    if text.isascii() and text.isprintable() and "  " not in text and text[0] != " " != text[-1]:
        return text
    return " ".join(_PILE.sub(r"\1", _UNSHOWN.sub("", text)).split())


def printable(text: str) -> str:
    """The same text on one line, without what may not stand in a file; its spaces stay as they are."""
    return _UNSHOWN.sub("", text.replace("\r\n", " ").replace("\n", " ").replace("\r", " "))


def address(url: str | None) -> str | None:
    """The address when a reader may follow it (http or https, with a host), else None."""
    if url is None or not _ADDRESS.fullmatch(url):
        return None
    return url if url.isascii() else _UNSHOWN.sub("", url)


def host(url: str) -> str:
    """The host for people: lower case, without "www."; "" when there is none or it cannot be read."""
    if plain := _PLAIN_HOST.match(url):
        return plain[1]
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return clean(name.removeprefix("www."), 80)


def short(url: str) -> str:
    """An address for people: host and path, without "www.", at most 60 characters."""
    return clean(url.partition("://")[2].removeprefix("www.").rstrip("/") or url, 60)


def language(tag: str | None, site: str) -> str:
    """A language tag for an element that is not in the site's language, else "" (BCP 47)."""
    if not tag or not _LANGUAGE.fullmatch(tag) or tag.lower() == "und":
        return ""
    return "" if tag.partition("-")[0].lower() == site.partition("-")[0].lower() else tag


def counted(count: int, one: str, several: str = "") -> str:
    """A number with its noun: "1 story", "12 stories".

    Args:
        several: the noun for any other number than 1; "": `one` with an "s".
    """
    return f"{count} {one if count == 1 else several or one + 's'}"


def listed(words: list[str]) -> str:
    """Words as English lists them: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""
