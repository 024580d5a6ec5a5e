"""Decisions as lines of curation.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from aggregator.curation.naming import BLOCKED
from aggregator.model import Decision, DecisionKind

OPENING = """\
# What the steward decided, oldest first: it outranks every rule, and a later decision an earlier one.
# Edit it by hand or by command (`aggregator hide URL`, `aggregator undo`); comments and order stay as they are.
"""
# What YAML 1.1 and 1.2 read as this very text, and no reader takes for a number, a date or a truth value; the same between braces.
_PLAIN = re.compile(r"[A-Za-z](?:[\w./?=&%~+@$!()*;'-]|[:,](?=\S)|[ ](?=[\w(]))*", re.ASCII)
_PLAIN_INSIDE = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)
_RESERVED = re.compile(r"(?:true|false|yes|no|on|off|null|y|n)\Z", re.IGNORECASE)
_VALUE = {DecisionKind.RETITLE: "title", DecisionKind.NOTE: "text", DecisionKind.KIND: "as"}


def scalar(text: str, *, inside: bool = False) -> str:
    """A text as YAML: plain where every reader takes it as it stands, else in double quotes.

    Args:
        inside: it stands between braces.
    """
    plain = _PLAIN_INSIDE if inside else _PLAIN
    if plain.fullmatch(text) and not _RESERVED.fullmatch(text):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def instant(at: datetime) -> str:
    """An instant as RFC 3339 has it; the fraction of a second only where there is one."""
    return at.isoformat().replace("+00:00", "Z")


def until(at: datetime) -> str:
    """The day alone when it is the day's last second."""
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute, at.second, at.microsecond) == (23, 59, 59, 0) else instant(at)


def lines(decision: Decision) -> tuple[str, ...]:
    """A decision as the lines of one item, without indentation: the first begins with "- ", the others stand under its first letter."""
    return tuple(f"{'  ' if at else '- '}{line}" for at, line in enumerate(_lines(decision)))


def _lines(decision: Decision) -> Iterator[str]:
    kind = decision.kind
    yield from _first(decision)
    if kind in _VALUE:
        yield f"{_VALUE[kind]}: {scalar(decision.value)}"
    if kind is DecisionKind.SPLIT:
        yield f"from: {scalar(decision.others[0])}"
    if decision.until is not None:
        yield f"until: {until(decision.until)}"
    for name, text in (("reason", decision.reason), ("by", decision.by)):
        if text:
            yield f"{name}: {scalar(text)}"
    if decision.at is not None:
        yield f"at: {instant(decision.at)}"


def _first(decision: Decision) -> Iterator[str]:
    kind = decision.kind
    if kind in (DecisionKind.MERGE, DecisionKind.ORDER):
        yield f"{kind}:"
        for one in (decision.subject, *decision.others) if kind is DecisionKind.MERGE else decision.others:
            yield f"  - {scalar(one)}"
        return
    what, colon, name = decision.subject.partition(":")
    if colon and what in BLOCKED:
        yield f"{kind}: {{{what}: {scalar(name)}}}"
    else:
        yield f"{kind}: {scalar(decision.subject)}"


def document(decisions: Iterable[Decision]) -> str:
    """A whole file."""
    items = [f"  {line}\n" for decision in decisions for line in lines(decision)]
    return f"{OPENING}decisions:\n{''.join(items)}" if items else f"{OPENING}decisions: []\n"
