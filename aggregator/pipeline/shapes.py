"""The shape of replies: which fields, elements and marks are always there, so that it is seen when a platform takes one away.

A shape is kept for each kind of question that a platform answers (`asked_for`). `python -m aggregator.docs` takes it from the recorded
replies of the tests, and it stands beside the collectors, in shapes/PLATFORM.json. What is new in a reply is no alarm; nor is a field that
the collector's code does not name.

A mark is the path of a field of JSON (`posts[].author.handle`), the path of an element of XML by short names (`<rss>/channel/item/title`),
or a class on a page (`.tgme_widget_message`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import unquote, urlsplit

from aggregator.collectors._document import root_of, without_doctype
from aggregator.collectors._elements import Element, parsed
from aggregator.collectors._namespaces import key_of
from aggregator.text.decode import decode

# A part of an address that names one thing of many: numbers, long keys, names with an "@".
_ONE_OF_MANY = re.compile(r"(?!v\d\Z)(?:\d+|@.*|[\w.~-]*\d[\w.~-]*|[^.]{24,})")
_PAGES = ("html", "head", "body")
_CLASS = re.compile(r"\sclass\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_DECLARATION = re.compile(r"\A<\?xml[^<>]*\?>")
# What separates the parts of a path.
_SIGNS = re.compile(r"[./\[\]<>]")
_PART = re.compile(r"[./]")
# A reply of many thousand rows says nothing more than its first thousand.
_MOST_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One reply."""

    method: str
    # As it was asked.
    url: str
    body: bytes
    content_type: str = ""


def asked_for(seen: Seen, options: Mapping[str, str]) -> str:
    """Which kind of question a reply answers, whatever server and whatever it was about: "GET /tag/{}.json", "GET <rss>".

    Args:
        options: of the source that asked; where one stands in the path, it is left open.
    """
    root = root_of(without_doctype(decode(seen.body[:4096], seen.content_type))[0]).lower()
    if root and root not in _PAGES:
        # A feed is the same by whatever address.
        return f"{seen.method} <{root}>"
    known = {part.casefold() for value in options.values() for part in re.split(r"[/@,\s]+", value) if len(part) > 2}
    segments = (_open(unquote(one), known) for one in urlsplit(seen.url).path.split("/"))
    return f"{seen.method} {'/'.join(segments)}"


def _open(segment: str, known: Collection[str]) -> str:
    name, dot, ending = segment.rpartition(".")
    stem, ending = (name, f"{dot}{ending}") if name and ending.isalpha() and len(ending) <= 5 else (segment, "")
    if any(one in stem.casefold() for one in known) or _ONE_OF_MANY.fullmatch(stem):
        return f"{{}}{ending}"
    return segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often marks stand where they could."""

    # By mark.
    there: Counter[str] = field(default_factory=Counter)
    # By the mark that holds others (an object, an element; "" for a page): how often it was seen.
    holders: Counter[str] = field(default_factory=Counter)

    def add(self, holder: str, names: Iterable[str], sign: str) -> None:
        """Count one holder and what is in it; a name that cannot be part of a path is left out."""
        self.holders[holder] += 1
        for name in names:
            if not _SIGNS.search(name):
                self.there[f"{holder}{sign if holder else ''}{name}"] += 1

    def always(self) -> frozenset[str]:
        """The marks that every one of their holders has."""
        return frozenset(mark for mark, count in self.there.items() if count == self.holders[_holder(mark)])

    def lacks(self, mark: str) -> bool:
        """True when a mark is nowhere, although something is there that could hold it."""
        return mark not in self.there and self.holders[_holder(mark)] > 0


def tally(replies: Iterable[Seen]) -> Tally:
    """The marks of all replies to one question. What is neither JSON, nor XML, nor a page has none."""
    counted = Tally()
    for seen in replies:
        text = decode(seen.body, seen.content_type).lstrip("\ufeff \t\r\n")
        bare = without_doctype(text)[0].lstrip()
        if text.startswith(("{", "[")):
            _count_json(_json(text), counted)
        elif root_of(bare).lower() in _PAGES:
            classes = {f".{name}" for found in _CLASS.findall(text) for name in (found[0] or found[1]).split()}
            counted.holders[""] += 1
            counted.there.update(classes)
        elif bare.startswith("<"):
            _count_xml(_DECLARATION.sub("", bare), counted)
    return counted


def _holder(mark: str) -> str:
    if mark.startswith("."):
        return ""
    return mark.rpartition("/" if "/" in mark else ".")[0]


def _json(text: str) -> Any:
    """The value of a document in JSON, or the list of those of its lines; None when it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None


def _count_json(value: Any, counted: Tally) -> None:
    rows = [("", value)]
    while rows:
        path, one = rows.pop()
        if isinstance(one, dict):
            counted.add(path, one, ".")
            rows += [(f"{path}.{name}" if path else str(name), inner) for name, inner in one.items() if not _SIGNS.search(name)]
        elif isinstance(one, list):
            rows += [(f"{path}[]", inner) for inner in one[:_MOST_ROWS]]


def _count_xml(document: str, counted: Tally) -> None:
    root = parsed(document.encode("utf-8", "replace"), "")
    rows: list[tuple[str, Element]] = [] if root is None else [(f"<{key_of(str(root.tag))}>", root)]
    while rows:
        path, one = rows.pop()
        counted.add(path, {key_of(str(child.tag)) for child in one}, "/")
        rows += [(f"{path}/{key_of(str(child.tag))}", child) for child in list(one)[:_MOST_ROWS] if len(child)]


Shape = Mapping[str, tuple[str, ...]]
"""By question: the marks that are always there, sorted."""


def shape_of(replies: Iterable[tuple[str, Seen]], named: frozenset[str]) -> Shape:
    """What is always there in the replies to each question.

    Args:
        replies: each with its question.
        named: what the collector's code names; other marks are not its business.
    """
    always = {question: tally(seen).always() for question, seen in sorted(_by_question(replies).items())}
    kept = {question: tuple(sorted(mark for mark in marks if _name(mark) in named)) for question, marks in always.items()}
    return {question: marks for question, marks in kept.items() if marks}


def gone_from(shape: Shape, replies: Iterable[tuple[str, Seen]]) -> dict[str, tuple[str, ...]]:
    """By question: the marks of a shape that no reply to it has any more; of what is gone with all that is inside, the outermost.

    A question that was not asked, and a list that is empty in all replies, say nothing.
    """
    found = {}
    for question, seen in sorted(_by_question(replies).items()):
        counted = tally(seen)
        if missing := tuple(mark for mark in shape.get(question, ()) if counted.lacks(mark)):
            found[question] = missing
    return found


def _by_question(replies: Iterable[tuple[str, Seen]]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for question, seen in replies:
        found.setdefault(question, []).append(seen)
    return found


def _name(mark: str) -> str:
    """What a collector would name to read a mark: its last part."""
    return _PART.split(mark)[-1].replace("[]", "")


@cache
def shapes(platform: str) -> Shape:
    """The shape of a platform's replies as it was recorded; empty for a platform without one."""
    file = resources.files("aggregator.collectors") / "shapes" / f"{platform}.json"
    if not file.is_file():
        return {}
    return {question: tuple(marks) for question, marks in json.loads(file.read_text(encoding="utf-8")).items()}
