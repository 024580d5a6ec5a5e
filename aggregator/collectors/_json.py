"""Reading JSON that came from outside: each function gives a value of the wanted type or says that there is none.

What makes a whole reply useless is `Unreadable`; what makes one entry useless is `Odd`, so that the others are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from aggregator.errors import Unreadable
from aggregator.model import Entry

LAST_YEAR = 9998
"""Later dates overflow when a zone is applied to them."""

FEWEST_STRANGE = 10
"""So many rows of which none can be used are no accident of one of them."""

_LONE_HALVES = re.compile("[\\ud800-\\udfff]")


class Odd(ValueError):
    """One entry cannot be used; the message says why, without its content."""


def an_object(value: Any, doing: str) -> dict[str, Any]:
    """`value` as a JSON object; `Unreadable` when it is something else."""
    if isinstance(value, dict):
        return value
    raise Unreadable(f"{doing}: expected an object, got {type(value).__name__!r}")


def a_list(value: Any, doing: str) -> list[Any]:
    """`value` as a JSON array; `Unreadable` when it is something else."""
    if isinstance(value, list):
        return value
    raise Unreadable(f"{doing}: expected a list, got {type(value).__name__!r}")


def text(value: Any) -> str | None:
    """A text that can be stored: no NUL, no half of a surrogate pair. None when it is empty, blank or no text."""
    if not isinstance(value, str) or not value.strip():
        return None
    return _LONE_HALVES.sub("\ufffd", value).replace("\0", "\ufffd")


def needed(row: dict[str, Any], name: str) -> str:
    """The text of a field that an entry cannot do without; `Odd` when there is none."""
    found = text(row.get(name))
    if found is None:
        raise Odd(f"no {name}")
    return found


def number(value: Any) -> int | None:
    """A whole number; None for anything else (`true` is not a number)."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


def instant(value: Any) -> datetime | None:
    """An ISO 8601 time in UTC, one without a zone read as UTC; None when it is none or is out of the calendar."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
        moment = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year <= LAST_YEAR else None


def web_address(value: Any) -> str | None:
    """An absolute http or https address, without the white space around it; None for anything else."""
    found = (text(value) or "").strip()
    try:
        parts = urlsplit(found)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return found if good and not re.search(r"\s", found) else None


def members(value: Any) -> tuple[dict[str, Any], ...]:
    """The objects of an array; what is no object, or no array, is left out."""
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def member(value: Any) -> dict[str, Any]:
    """An object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def texts(value: Iterable[Any]) -> tuple[str, ...]:
    """The texts of a list, each once, in their order."""
    return tuple(dict.fromkeys(found for one in value if (found := text(one)) is not None))


def tag_names(value: Iterable[Any]) -> tuple[str, ...]:
    """Names of tags without "#", each once, in their order; what is no text is left out."""
    return tuple(dict.fromkeys(name for one in texts(value) if (name := one.strip().lstrip("#＃").strip())))


def read_each(
    rows: Sequence[Any], read: Callable[[Any], Entry | None], *, noun: str, of: type = dict, doing: str = ""
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The entries that `read` makes of rows, which are objects of JSON or `of`, and a remark for each reason why one could not be used.

    `read` gives None for a row that is well formed and not wanted, and raises `Odd` for one that is not well formed. An id that comes
    twice is taken once.

    Args:
        doing: what the message begins with where it is an error that none of many rows can be used; "": each costs itself, however many.

    Raises:
        Unreadable: there are ten rows or more, and every one of them is odd: the platform writes them otherwise than it did.
    """
    entries: dict[str, Entry] = {}
    reasons: dict[str, int] = {}
    for row in rows:
        try:
            if not isinstance(row, of):
                raise Odd("not an object")
            entry = read(row)
        except Odd as odd:
            reasons[str(odd)] = reasons.get(str(odd), 0) + 1
            continue
        if entry is not None:
            entries.setdefault(entry.native_id, entry)
    if doing and len(rows) >= FEWEST_STRANGE and sum(reasons.values()) == len(rows):
        commonest = max(reasons, key=lambda one: reasons[one])
        raise Unreadable(f"{doing}: expected {noun}s that can be used, got none in {len(rows)}: {commonest}")
    remarks = tuple(f"{count} {noun}{'s' if count > 1 else ''} left out: {reason}" for reason, count in reasons.items())
    return tuple(entries.values()), remarks
