"""The addresses in a text that was written as Markdown, which the pipeline is given as plain text."""

from __future__ import annotations

import re

# Round brackets belong to an address in pairs (CommonMark 0.31 §6.3); quotes, bars, stars and square brackets end it.
_ADDRESS = re.compile(r"https?://(?:[^\s<>\[\]|*`\"()\\]|\([^\s<>\[\]()]*\))+", re.IGNORECASE)
_TRAIL = ".,;:!?'_~"


def addresses(text: str) -> tuple[str, ...]:
    """Every web address in a text, in links and bare, each once, in their order."""
    found = (match[0].rstrip(_TRAIL) for match in _ADDRESS.finditer(text))
    return tuple(dict.fromkeys(one for one in found if len(one) > len("https://")))
