"""Markup without some of its elements, cut out as text: for where a parser's care is not wanted and its price is felt.

Every function is linear in its text, whatever stands in it.
"""

from __future__ import annotations

import re
from functools import cache


def without_elements(markup: str, names: str) -> str:
    """Markup with a space in place of each element of these names; one that is never closed goes on to the end.

    Args:
        names: in lower case, with "|" between them.
    """
    kept, depth, at = [], 0, 0
    for found in _tags(names).finditer(markup):
        if not found[1]:
            if depth == 0:
                kept.append(markup[at : found.start()])
            depth += 1
        elif depth:
            depth -= 1
            at = found.end()
    return " ".join([*kept, markup[at:]] if depth == 0 else kept)


@cache
def _tags(names: str) -> re.Pattern[str]:
    return re.compile(rf"<(/)?(?:{names})\b(?(1)[^<>]*>)", re.IGNORECASE)


def without_comments(markup: str) -> str:
    """Markup without its comments; one that is never closed goes on to the end."""
    if "<!--" not in markup:
        return markup
    first, *rest = markup.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in rest)
