"""Words that stand under everything a show or a site publishes, and say nothing of what one text is about."""

from __future__ import annotations

import re
from typing import Final

from aggregator.text.boilerplate import is_boilerplate

# What shows and letters add to each of their texts, and an honest sentence elsewhere may begin with.
_ADDED: Final = re.compile(
    r"(?:listen (?:on|to|here|now|in)|watch (?:on|here|the full)|find (?:us|me|our|the show|more)|follow|support|"
    r"donate|rate (?:and|us|the)|"
    r"leave (?:us )?a |please |connect with|share this|join (?:our|us|the)|buy (?:me|us)|if you (?:like|enjoy|want|"
    r"would|have|are interested)|"
    r"thanks? (?:you )?for|(?:our|my|the) (?:website|newsletter|patreon|discord)|produced by|edited by|hosted by|"
    r"creative commons|licensed under|"
    r"privacy policy|cross-?posted|to hear more|abonnier|unterstütz|folge|folgt|iscriviti|suivez|síguenos)",
    re.IGNORECASE,
)
_PIECES: Final = re.compile(r"\n+|(?<=[.!?…。！？])\s+|\s[|•·–—]\s|\s(?:---+|___+|\*\*\*+)\s")
# So many sentences at the beginning and at the end of a text are looked at; what is added stands there.
_FIRST: Final = 4
_LAST: Final = 24
_TIME: Final = re.compile(r"[(\[]?\b\d{1,2}:\d\d(?::\d\d)?\b[)\]]?\s*[-–—]?")
_ORIGINAL: Final = re.compile(
    r"(?:(?:originally|first)\s+(?:published|posted|appeared|shared|written)|(?:published|posted|appeared|shared)\s+(?:first|originally))(?:\s+(?:here|on|at|in|by|as))?[^\n]{0,120}?(https?://[^\s<>\")\]]+)"
    r"|(?:cross-?posted|x-?posted|reposted|republished|mirrored)\s+(?:from|at|on)[^\n]{0,80}?(https?://[^\s<>\")\]]+)"
    r"|(?:originally|first)\s+(?:published|posted|appeared)\s+(?:at|on)\s+((?:[\w-]+\.)+[a-z]{2,}/\S+)",
    re.IGNORECASE,
)

_ELSEWHERE: Final = re.compile(
    r"\b(?:read|find|get|continue(?: reading)?|the (?:rest|whole|full))\b[^.!?\n]{0,40}\b(?:rest|whole|full|entire|"
    r"complete|reading)\b[^.!?\n]{0,80}\W*(?:https?://\S+\W*)?\Z"
    r"|\b(?:weiterlesen|ganzen? (?:text|artikel|beitrag)|lire la suite|seguir leyendo|lees verder|continua a leggere)\b[^\n]{0,80}\Z",
    re.IGNORECASE,
)


def telling(text: str) -> str:
    """The text without lines and sentences that every text of a place ends in, and without time stamps."""
    pieces = [piece.strip(" \t→»›*_>#-•·") for piece in _PIECES.split(_TIME.sub(" ", text) if ":" in text else text)]
    middle = range(_FIRST, len(pieces) - _LAST)
    return "\n".join(piece for at, piece in enumerate(pieces) if piece and (at in middle or not _is_added(piece)))


def _is_added(piece: str) -> bool:
    return _ADDED.match(piece) is not None or is_boilerplate(piece)


def goes_on(text: str) -> bool:
    """Whether a text ends by sending its reader on to the whole of it."""
    return _ELSEWHERE.search(text[-200:]) is not None


def original_in(text: str) -> str | None:
    """The address at which a text says that it was published first; None where it says nothing of the kind."""
    found = _ORIGINAL.search(text) if "ublished" in text or "osted" in text or "appeared" in text or "irrored" in text else None
    return next((url.rstrip(".,;:!?)") for url in found.groups() if url), None) if found else None
