"""Addresses that are not of one thing alone, such as a site's home page that all entries of its feed link to, told apart by a mark.

The mark is a fragment, so that a marked address is a valid one that leads to the same page. It is part of an address's key and of no href.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

MARK: Final = "#!entry="
_MARKED: Final = re.compile(r"(?P<address>.*)(?P<mark>#!entry=[0-9a-f]{16})\Z", re.DOTALL)


def marked(url: str, id: str) -> str:
    """The address as that of what has this id; a fragment stays, for whoever follows it."""
    return f"{parted(url)[0]}{MARK}{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def parted(url: str) -> tuple[str, str]:
    """The address and its mark; "" for the mark where there is none."""
    found = _MARKED.match(url) if MARK in url else None
    return (found["address"], found["mark"]) if found else (url, "")
