"""What may stand in curation.yaml: one table that reads it, checks it and describes it to an editor."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aggregator.curation.naming import BLOCKED, author_named, domain_named, subject_named
from aggregator.model import Decision, DecisionKind, Kind
from aggregator.shape import WRONG, Key, Many, Node, Report, Table, Text, choice, dotted, is_text, pairs, said, unknown

# A day that a block holds until is its last moment, as the rest of the program has it: to the second.
_END_OF_DAY = timedelta(days=1) - timedelta(seconds=1)
_INSTANT = {"type": "string"}


def _line(text: str) -> str:
    """One line; what only a terminal obeys counts as white space."""
    return " ".join("".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text).split())


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("Write year, month and day, and the hour if it matters.") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _until(text: str) -> datetime:
    at = _instant(text)
    return at + _END_OF_DAY if len(text) <= len("2027-01-01") else at


def _source(text: str) -> str:
    if len(text.split()) != 1:
        raise ValueError("Write the id of a source as `aggregator source list` prints it.")
    return text


LINE: Final = Text(expects="a text", make=_line, more={"type": "string"})
AT: Final = Text(expects="an instant such as 2026-11-22T10:00:00Z", make=_instant, more=_INSTANT)
UNTIL: Final = Text(expects="a date such as 2027-01-01", make=_until, more=_INSTANT)
SOURCE: Final = Text(expects="the id of a source", make=_source, more={"type": "string"})
DOMAIN: Final = Text(expects="the name of a site", make=domain_named, more={"type": "string"})
AUTHOR: Final = Text(expects="an author", make=author_named, more={"type": "string"})


def address(site: str) -> Text:
    """A story, by one of its addresses, its id or its place on our own page."""
    return Text(expects="a web address or the id of a story", make=lambda text: subject_named(text, site), more={"type": "string"})


COMMON: Final[Mapping[str, Key]] = {
    "reason": Key(shape=LINE, help="Why; for those who read this file later."),
    "by": Key(shape=LINE, help="Who decided."),
    "at": Key(shape=AT, help="When."),
}


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One thing that can be decided."""

    kind: DecisionKind
    help: str
    # Keys of its own beside the common ones.
    keys: Mapping[str, Key] = field(default_factory=dict)
    # What stands after the verb itself.
    shape: Callable[[str], Any] = address


def _value(shape: Text, help: str) -> Key:
    return Key(shape=shape, help=help, required=True)


class _OneOf:
    """A mapping with exactly one of a few keys, as "key:value"; or a text where `other` is given."""

    def __init__(self, keys: Mapping[str, Text], other: Text | None = None) -> None:
        self._keys, self._other = keys, other

    def read(self, node: Node, key: str, report: Report) -> Any:
        if self._other is not None and is_text(node):
            return self._other.read(node, key, report)
        wanted = " or ".join(f"{{{name}: …}}" for name in self._keys)
        if node.id != "mapping" or len(node.value) != 1:
            return report.add(node, key, f"expected {'an address or ' if self._other else ''}one of {wanted}, found {said(node)}.")
        ((name, value),) = pairs(node, key, report) or (("", node),)
        if name not in self._keys:
            return report.add(value, dotted(key, name), unknown(name, self._keys)) if name else WRONG
        read = self._keys[name].read(value, dotted(key, name), report)
        return WRONG if read is WRONG else f"{name}:{read}"

    def schema(self) -> dict[str, Any]:
        properties = {name: shape.schema() for name, shape in self._keys.items()}
        mapping = {"type": "object", "properties": properties, "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
        return {"anyOf": [self._other.schema(), mapping]} if self._other else mapping


def _approved(site: str) -> _OneOf:
    return _OneOf({"source": SOURCE}, address(site))


def _several(least: int) -> Callable[[str], Many]:
    return lambda site: Many(of=address(site), least=least)


VERBS: Final[Mapping[str, Verb]] = {
    verb.kind.value: verb
    for verb in (
        Verb(kind=DecisionKind.HIDE, help="Off the page, however it comes back."),
        Verb(kind=DecisionKind.PIN, help="First on the page."),
        Verb(
            kind=DecisionKind.RETITLE,
            help="Another title.",
            keys={"title": _value(LINE, "What it is called.")},
        ),
        Verb(
            kind=DecisionKind.NOTE,
            help="A line of the community's own about it.",
            keys={"text": _value(LINE, "One line of Markdown.")},
        ),
        Verb(
            kind=DecisionKind.KIND,
            help="What a reader finds there.",
            keys={"as": _value(choice(Kind), "Article, episode, video, thread, post or comment.")},
        ),
        Verb(kind=DecisionKind.LEAD, help="The address that its story is shown by."),
        Verb(
            kind=DecisionKind.SPLIT,
            help="Not one story with another address.",
            # Read with the address of the verb, since it needs the site as well.
            keys={"from": _value(address(""), "The other address.")},
        ),
        Verb(kind=DecisionKind.MERGE, help="These addresses are one story.", shape=_several(2)),
        Verb(kind=DecisionKind.APPROVE, help="Shown, although it was held; or all of a source: {source: id}.", shape=_approved),
        Verb(
            kind=DecisionKind.BLOCK,
            help="Nothing from an author, a domain or a source.",
            keys={"until": Key(shape=UNTIL, help="The last day that it holds; for ever if left out.")},
            shape=lambda site: _OneOf(dict(zip(BLOCKED, (AUTHOR, DOMAIN, SOURCE), strict=True))),
        ),
        Verb(kind=DecisionKind.ORDER, help="The chosen stories in this order.", shape=_several(1)),
    )
}


class DecisionShape:
    """One decision: a verb with what it is about, and what belongs to it."""

    def __init__(self, site: str = "") -> None:
        self._site = site

    def read(self, node: Node, key: str, report: Report) -> Any:
        if node.id != "mapping":
            return report.add(node, key, f"expected a decision such as `hide: https://…`, found {said(node)}.")
        found = dict(pairs(node, key, report))
        verbs = [name for name in found if name in VERBS]
        if len(verbs) != 1:
            return self._no_verb(node, key, report, found, verbs)
        verb = VERBS[verbs[0]]
        known = {**verb.keys, **COMMON}
        values: dict[str, Any] = {"": verb.shape(self._site).read(found.pop(verbs[0]), dotted(key, verbs[0]), report)}
        for name, value in found.items():
            if name not in known:
                report.add(value, dotted(key, name), unknown(name, known))
                continue
            shape = address(self._site) if name == "from" else known[name].shape
            values[name] = shape.read(value, dotted(key, name), report)
        for name, one in verb.keys.items():
            if one.required and name not in found:
                values[name] = report.add(node, dotted(key, name), f"is missing. Add it: {one.help[:1].lower()}{one.help[1:]}")
        if WRONG in values.values() or any(WRONG in value for value in values.values() if isinstance(value, tuple)):
            return WRONG
        return _decision(verb.kind, values, node, key, report)

    def _no_verb(self, node: Node, key: str, report: Report, found: Mapping[str, Node], verbs: list[str]) -> Any:
        if verbs:
            return report.add(node, key, f"says {' and '.join(map(repr, verbs))} at once. Write a decision for each.")
        extras = {*COMMON, *(name for verb in VERBS.values() for name in verb.keys)}
        odd = [name for name in found if name not in extras]
        if odd:
            return report.add(found[odd[0]], dotted(key, odd[0]), unknown(odd[0], VERBS))
        return report.add(node, key, f"does not say what was decided. Begin it with one of {', '.join(VERBS)}.")

    def schema(self) -> dict[str, Any]:
        """One mapping for each verb."""
        return {"anyOf": [_verb_schema(name, verb) for name, verb in VERBS.items()]}


def _verb_schema(name: str, verb: Verb) -> dict[str, Any]:
    keys = {name: Key(shape=verb.shape(""), help=verb.help, required=True), **verb.keys, **COMMON}
    return Table(keys=keys).schema()


def _decision(kind: DecisionKind, values: Mapping[str, Any], node: Node, key: str, report: Report) -> Any:
    named = values[""]
    listed = named if isinstance(named, tuple) else (named, *filter(None, (values.get("from"),)))
    if kind in (DecisionKind.MERGE, DecisionKind.SPLIT, DecisionKind.ORDER) and len(set(listed)) < len(listed):
        return report.add(node, dotted(key, kind.value), "names one address twice. Name different ones.")
    ordered = kind is DecisionKind.ORDER
    return Decision(
        kind=kind,
        subject="" if ordered else listed[0],
        others=tuple(listed if ordered else listed[1:]),
        value=values.get("title") or values.get("text") or values.get("as") or "",
        reason=values.get("reason", ""),
        by=values.get("by", ""),
        at=values.get("at"),
        until=values.get("until"),
    )


class FileShape:
    """The whole file: one list."""

    def __init__(self, site: str = "") -> None:
        decisions = Many(of=DecisionShape(site))
        self._table = Table(keys={"decisions": Key(shape=decisions, help="What was decided, oldest first; later ones outrank.")})

    def read(self, node: Node, key: str, report: Report) -> Any:
        stray = [(name, value) for name, value in node.value if name.value in VERBS] if node.id == "mapping" else []
        for name, _ in stray:
            report.add(name, name.value, f"stands beside the list. Write it under `decisions:`, as `  - {name.value}: …`.")
        return WRONG if stray else self._table.read(node, key, report)

    def schema(self) -> dict[str, Any]:
        """The table's own; the list need not be there."""
        return self._table.schema()


def schema() -> dict[str, Any]:
    """The JSON schema of curation.yaml, in draft 7."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "curation.yaml of aggregator",
        **FileShape().schema(),
    }
