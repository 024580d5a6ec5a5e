"""The words by which people say, in their own account of themselves, that programs are to leave them alone."""

from __future__ import annotations

import html
import re

# Customary in biographies: Bridgy and Bridgy Fed honour #nobridge and #nobot (snarfed/bridgy-fed, read 2026-11-20); #noindex, #noarchive
# and #nosearch are asked of whoever makes the fediverse searchable. They are written with and without the "#". Of two words only "no bots"
# is meant so: "no search for meaning" is not.
_WORDS = re.compile(r"(?<![\w-])(?:#?no-?(?:(?:ro)?bots?|index|bridge|archive|search)|no (?:ro)?bots?)(?![\w-])", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")


def opts_out(biography: str) -> bool:
    """Whether a biography, as markup or as plain text, asks programs to leave its author alone."""
    words = _INVISIBLE.sub("", html.unescape(_TAG.sub("", biography)))
    return _WORDS.search(words) is not None
