"""Texts made fit for the template languages of services, with their placeholders put in the place of our doors. Pure.

Titles come from anywhere: "{{ .Subscriber.Email }}" in one must reach readers as these letters. Sources: html/template and text/template
of Go 1.25 (escaping is by context, and parses plain text as HTML), Django 5.2's template language; both read 2026-11-22.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_STYLE = re.compile(r"(<style\b.*?</style>)", re.DOTALL | re.IGNORECASE)
# What begins an expression, a tag or a comment: of Go's templates the first alone, of Django's all three.
_BRACE = re.compile(r"\{(?=[{%#])")
# listmonk makes a tracked link of an address with this behind it (regTplFuncs in its models/common.go).
_TRACKED = "@TrackLink"


def html(markup: str, places: Mapping[str, str]) -> str:
    """Markup in which nothing is a template's but the placeholders.

    Args:
        places: placeholders, by the text that they replace.
    """
    pieces = _STYLE.split(markup)
    # A style sheet knows no character references, and no brace in one needs to touch the next.
    clean = "".join(_BRACE.sub("{ ", piece) if at % 2 else _referenced(piece) for at, piece in enumerate(pieces))
    return _placed(clean, places)


def go_text(text: str, places: Mapping[str, str]) -> str:
    """Plain text for listmonk's `altbody`. It goes through html/template, to which "<https://…?a=b&c=d>" is a broken tag: the text is
    handed over in strings, which `Safe` gives back as they are."""
    pattern = re.compile("|".join(map(re.escape, places)))
    out, at = "", 0
    for found in pattern.finditer(text):
        out += _go_string(text[at : found.start()]) + places[found[0]]
        at = found.end()
    return out + _go_string(text[at:])


def go_line(text: str) -> str:
    """A subject for listmonk, which is plain text to text/template."""
    return text.replace("{{", '{{ "{{" }}')


def apart(text: str) -> str:
    """A line that may or may not be read as a template, as Buttondown's subjects: its braces do not touch what would begin one."""
    return _BRACE.sub("{ ", text)


def _go_string(text: str) -> str:
    # A JSON string in ASCII is a Go string, but for surrogate pairs (Go's specification, "String literals").
    written = "".join(_go_letter(letter) for letter in text)
    return f'{{{{ Safe "{written}" }}}}' if text else ""


def _go_letter(letter: str) -> str:
    if letter in "{}@":
        return f"\\u{ord(letter):04x}"
    return letter if ord(letter) > 0xFFFF else json.dumps(letter)[1:-1]


def _referenced(markup: str) -> str:
    return _BRACE.sub("&#123;", markup).replace(_TRACKED, _TRACKED.replace("@", "&#64;"))


def _placed(text: str, places: Mapping[str, str]) -> str:
    for found, placeholder in places.items():
        text = text.replace(found, placeholder)
    return text
