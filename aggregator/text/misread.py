"""Characters that came out as others: a wrong decoding, HTML entities, the full-width forms of an East Asian keyboard.

What is wrong with an address's parts, its scheme, its frame or its end is in `repair_url.py`. Sources: RFC 3629; the "Named character
references" of the HTML Standard, those that stand for what an address or the sentence around it has (https://html.spec.whatwg.org, read
2026-11); Unicode's block FF00–FFEF.
"""

from __future__ import annotations

import re
from typing import Final

# UTF-8 read as Windows-1252: "Ã" or "Â" before a letter's second half, "â" before that of a quotation mark or a dash, as a run or cut off.
_SECOND = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026"
    "\u2030\u2039\u203a\u20ac\u2122]"
)
_MISREAD = re.compile(f"[\u00c2\u00c3]{_SECOND}|\u00e2{_SECOND}{{2}}|\u00e2\u20ac\\Z")
_WIDE = re.compile(r"[hｈ][tｔ]{2}[pｐ][sｓ]?(?:[:：][/／]{2}(?<!://)|://[^/?#]*／)|ｈｔｔｐ", re.IGNORECASE)
NAMED: Final = {
    "amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " ", "colon": ":", "sol": "/", "num": "#", "lowbar": "_",
    "lpar": "(", "rpar": ")", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "laquo": "«", "raquo": "»", "hellip": "…",
    "ndash": "–", "mdash": "—", "shy": "\u00ad", "zwnj": "\u200c", "zwj": "\u200d",
}  # fmt: skip
_ENTITY = re.compile(rf"&(?:{'|'.join(NAMED)}|#\d{{2,5}}|#[xX][0-9A-Fa-f]{{2,4}});", re.IGNORECASE | re.ASCII)


def decoded_again(text: str) -> str:
    """UTF-8 that was read as Windows-1252, run by run; what cannot have come about so stays."""
    return _MISREAD.sub(_read_again, text)


def _read_again(match: re.Match[str]) -> str:
    try:
        return b"".join(_byte(character) for character in match[0]).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return "" if match[0] == "\u00e2\u20ac" else match[0]


def _byte(character: str) -> bytes:
    return character.encode("latin-1") if ord(character) < 0x100 else character.encode("cp1252")


def narrow(text: str) -> str:
    """An address in the full-width forms of an East Asian keyboard, in ASCII."""
    if not _WIDE.match(text):
        return text
    return "".join(chr(ord(character) - 0xFEE0) if "！" <= character <= "～" else character for character in text)


def _character(match: re.Match[str]) -> str:
    name = match[0][1:-1].lower()
    if name in NAMED:
        return NAMED[name]
    number = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(number) if 32 <= number < 0xD800 else ""


def without_entities(text: str) -> str:
    """The characters that entities stand for, escaped once or again and again; a control character goes."""
    while (decoded := _ENTITY.sub(_character, text)) != text:
        text = decoded
    return text.replace("&amp%3B", "&").replace("&amp%3b", "&").replace("?amp;", "?")
