"""Words that stand under everything a show or a site publishes, and say nothing of what one text is about."""

from __future__ import annotations

import re
from typing import Final

# A line, or a sentence, that begins so is left out.
_BEGINS: Final = re.compile(
    r"(?:continue reading|read more|read the (?:full|rest|whole)|read (?:this|it) on|keep reading|click here|learn "
    r"more|view (?:on|in|this)|"
    r"listen (?:on|to (?:this|the|us)|here|now|in)|watch (?:on|here|the full)|available (?:on|at|wherever)|find us|"
    r"find (?:me|our|the show|more)|"
    r"the post .{1,300}(?:appeared first|first appeared) on|subscribe|please subscribe|sign up|follow (?:us|me|the|our|\w+ on)|"
    r"like,? (?:and )?subscribe|"
    r"connect with|share this|join (?:our|us|the (?:discord|newsletter|community))|support (?:the|this|us|our|me)|"
    r"become a (?:patron|member|supporter)|"
    r"donate|buy (?:me|us)|leave (?:us )?a (?:review|rating|comment)|rate (?:and|us|the)|please (?:rate|review|share|like|consider)|"
    r"if you (?:like|enjoy|enjoyed|liked|want|would like|'d like|have|are interested)|"
    r"thanks for (?:reading|listening|watching)|thank you for (?:reading|listening|watching)|send (?:in )?a voice message|"
    r"(?:theme |intro |outro )?music (?:by|from|credits?)|produced by|edited by|hosted by|hosted on|sponsored by|"
    r"this (?:episode|show|podcast) is (?:sponsored|brought|produced|part of)|"
    r"(?:our|my|the) (?:website|newsletter|patreon|twitter|instagram|discord|facebook)|website:|twitter:|instagram:|"
    r"facebook:|linkedin:|email:|web:|contact:|"
    r"get full access|this is a (?:free|public) (?:preview|episode)|to hear more, visit|learn more about your ad|"
    r"see (?:acast|omnystudio|privacy)|"
    r"visit (?:us|our|megaphone|podcastchoices)|privacy policy|all rights reserved|copyright|©|creative commons|licensed under|"
    r"(?:photo|image|cover|art(?:work)?) (?:by|credit)|we use cookies|"
    r"originally (?:published|posted|appeared)|this (?:post|article|story|essay) (?:appeared|was (?:originally|"
    r"first) published)|cross-?posted (?:from|on|at)|"
    r"weiterlesen|mehr lesen|abonnier|unterstutze|folge uns|folgt uns|lire la suite|abonnez|suivez|seguir leyendo|"
    r"leer mas|suscribete|siguenos|"
    r"lees verder|leggi tutto|continua a leggere|iscriviti|читать далее|続きを読む|阅读全文|继续阅读)",
    re.IGNORECASE,
)
_PIECES: Final = re.compile(r"\n+|(?<=[.!?…。！？])\s+|\s[|•·–—]\s|\s(?:---+|___+|\*\*\*+)\s")
_TIME: Final = re.compile(r"[(\[]?\b\d{1,2}:\d\d(?::\d\d)?\b[)\]]?\s*[-–—]?")
_ORIGINAL: Final = re.compile(
    r"(?:originally|first)\s+(?:published|posted|appeared|shared|written)(?:\s+(?:here|on|at|in|by|as))?[^\n]{0,120}?(https?://[^\s<>\")\]]+)"
    r"|(?:cross-?posted|x-?posted|reposted|republished|mirrored)\s+(?:from|at|on)[^\n]{0,80}?(https?://[^\s<>\")\]]+)"
    r"|(?:originally|first)\s+(?:published|posted|appeared)\s+(?:at|on)\s+((?:[\w-]+\.)+[a-z]{2,}/\S+)",
    re.IGNORECASE,
)

_ELSEWHERE: Final = re.compile(
    r"\b(?:read|find|get|continue(?: reading)?|the (?:rest|whole|full))\b[^.!?\n]{0,40}\b(?:rest|whole|full|entire|complete|reading)\b[^.!?\n]{0,80}\W*(?:https?://\S+\W*)?\Z"
    r"|\b(?:weiterlesen|ganzen? (?:text|artikel|beitrag)|lire la suite|seguir leyendo|lees verder|continua a leggere)\b[^\n]{0,80}\Z",
    re.IGNORECASE,
)


def telling(text: str) -> str:
    """The text without lines and sentences that every text of a place ends in, and without time stamps."""
    pieces = (piece.strip(" \t→»›*_>#-•·") for piece in _PIECES.split(_TIME.sub(" ", text)))
    return "\n".join(piece for piece in pieces if piece and not _BEGINS.match(piece))


def goes_on(text: str) -> bool:
    """Whether a text ends by sending its reader on to the whole of it."""
    return _ELSEWHERE.search(text[-200:]) is not None


def original_in(text: str) -> str | None:
    """The address at which a text says that it was published first; None where it says nothing of the kind."""
    found = _ORIGINAL.search(text) if "ublished" in text or "osted" in text or "appeared" in text or "irrored" in text else None
    return next((url.rstrip(".,;:!?)") for url in found.groups() if url), None) if found else None
