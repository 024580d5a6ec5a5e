"""Who made an entry, from what feeds say of it; never the mail address of a person."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from aggregator.collectors._parts import flat
from aggregator.model import Author

# A longer name is none, and is not searched for the address in it.
_LONGEST_NAME = 300
_MAIL = re.compile(r"(?<![\w@.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_LETTER = re.compile(r"(?P<address>\S+@\S+)\s*\((?P<name>[^()]+)\)|(?P<before>[^<>@]+?)\s*<\S+@\S+>")


def person(text: str | None) -> str | None:
    """A name from an RSS author ("ada@example.org (Ada)", "Ada <ada@example.org>"); never the address of a person."""
    clean = flat(html.unescape(text or ""))
    clean = clean[:_LONGEST_NAME]
    if "@" in clean and (found := _LETTER.fullmatch(clean)):
        clean = flat(found["name"] or found["before"]).strip('"')
    if "@" in clean and " " in clean:
        # "Ada (ada@example.org)", "ada@example.org, bo@example.org"
        clean = re.sub(r"\A[\s,;&]+|[\s,;&]+\Z|\(\s*\)|<\s*>", "", _MAIL.sub("", clean)).strip() if _MAIL.search(clean) else clean
    return None if not clean or ("@" in clean and " " not in clean and not clean.startswith("@")) else clean


def authors(found: Iterable[tuple[str | None, str | None]]) -> Author | None:
    """One author from names and addresses; several names are joined, each once."""
    names: dict[str, None] = {}
    address: str | None = None
    for name, url in found:
        if name:
            names[name] = None
        address = address or url
    return Author(name=", ".join(names) or None, url=address or None) if names or address else None
