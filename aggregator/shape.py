"""The shape of a YAML file: one table that reads it, checks it and describes it to an editor.

A shape reads a node of the YAML tree into a value and reports everything that is wrong with it, by line; the same shape gives the JSON
schema. Scalars are read by what is expected of them, so that `no`, `12:30` and `1e3` are texts where a text is expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from aggregator.errors import ConfigError, Problem

Node = Any
"""A node of PyYAML's tree: it has `id`, `tag`, `value` and `start_mark`."""


class _Wrong:
    """What a shape gives when it has reported why there is no value."""


WRONG: Final = _Wrong()


@dataclass(kw_only=True)
class Report:
    """Collects what is wrong with one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, node: Node | None, key: str, message: str) -> _Wrong:
        line = node.start_mark.line + 1 if node is not None else None
        self.problems.append(Problem(file=self.file, line=line, key=key, message=message))
        return WRONG


class Shape(Protocol):
    """What is expected at one place of the file."""

    def read(self, node: Node, key: str, report: Report) -> Any:
        """The value, or WRONG after reporting."""

    def schema(self) -> dict[str, Any]:
        """The same in JSON Schema, draft 7."""


_MOST_NAMED = 12
SOURCE_LIST: Final = "`aggregator source list`"
"""What names all sources."""


def nearest(name: str, known: Iterable[str], *, whole: str = "") -> str:
    """A sentence that names the nearest known name, or lists them.

    Args:
        whole: what names them all, in place of those beyond the first twelve; "": they are few.
    """
    known = list(known)
    if close := slip_of(name, known):
        return f"Did you mean {close!r}?"
    if whole and len(known) > _MOST_NAMED:
        return f"Known are {', '.join(known[:_MOST_NAMED])} and {len(known) - _MOST_NAMED} more; {whole} names them all."
    return f"Known are {', '.join(known)}." if known else "None is known yet."


def slip_of(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is a slip of: a slip for every three letters, one in two; None: it is another word."""
    most = min(max(1, len(name) // 3), len(name) - 1)
    slips, close = min(((_slips(name.lower(), one.lower()), one) for one in known), key=lambda pair: pair[0], default=(most + 1, None))
    return close if slips <= most else None


def _slips(one: str, other: str) -> int:
    """How many letters were left out, put in, taken for another or swapped with the next (optimal string alignment)."""
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for at, sign in enumerate(other, 1):
            least = min(last[at] + 1, now[-1] + 1, last[at - 1] + (letter != sign))
            if row > 1 and at > 1 and letter == other[at - 2] and one[row - 2] == sign:
                least = min(least, before[at - 2] + 1)
            now.append(least)
        before, last = last, now
    return last[-1]


_SECRET = re.compile(r"(?:^|_)(?:key|token|password|passwd|pwd|secret|auth|session)$|password|api_?key", re.IGNORECASE)


def unknown(name: str, known: Iterable[str]) -> str:
    """What is said about a key that is not known. One that is named like a secret is sent where secrets belong."""
    if _SECRET.search(name):
        return f"{name!r} is no key of this file, and a secret must not stand in it. Remove it, and set the variable of docs/sources.md."
    return f"unknown key {name!r}. {nearest(name, known)}"


def said(node: Node) -> str:
    """What stands in the file at a node, for a message."""
    if node.id == "mapping":
        return "a mapping"
    if node.id == "sequence":
        return "a list"
    if node.tag is not None and str(node.tag).endswith(":null"):
        return "nothing"
    # A user name and a password in an address are secrets, and errors go to logs and mails.
    value = re.sub(r"//[^/@\s]*@", "//…@", node.value)
    return repr(value if len(value) <= 60 else value[:57] + "…")


def is_text(node: Node) -> bool:
    """True for a scalar that is not null."""
    return node.id == "scalar" and said(node) != "nothing"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A scalar, turned into a value by `make`, which raises ValueError where it is not allowed."""

    # A fragment after "expected": "a duration such as 30m, 6h or 1d".
    expects: str = "a text"
    make: Callable[[str], Any] = str
    # More of the JSON schema.
    more: Mapping[str, Any] = field(default_factory=dict)

    def read(self, node: Node, key: str, report: Report) -> Any:
        if not is_text(node) or not node.value.strip():
            hint = " Write it, or remove the key." if said(node) in ("nothing", "''") else ""
            return report.add(node, key, f"expected {self.expects}, found {said(node)}.{hint}")
        try:
            return self.make(node.value.strip())
        except ValueError as error:
            reason = f" {error}" if str(error) else ""
            return report.add(node, key, f"expected {self.expects}, found {said(node)}.{reason}")

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], **self.more} if not self.more else dict(self.more)


def choice(names: Iterable[str]) -> Text:
    """One of a few words."""
    allowed = tuple(map(str, names))

    def make(text: str) -> str:
        if text not in allowed:
            close = slip_of(text, allowed)
            raise ValueError(f"Did you mean {close!r}?" if close else "")
        return text

    return Text(expects=f"one of {', '.join(allowed)}", make=make, more={"enum": list(allowed)})


def yes_or_no() -> Text:
    """A truth value."""
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

    def make(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError
        return words[text.lower()]

    return Text(expects="true or false", make=make, more={"type": "boolean"})


_DURATION = re.compile(r"(\d+)\s*(s|m|min|h|d|w)", re.ASCII)
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_duration(text: str) -> timedelta:
    """A duration such as "30m", "6h", "1d" or "1d 12h".

    Raises:
        ValueError: it is not one, or it is longer than a year.
    """
    if not text or _DURATION.sub("", text).strip():
        raise ValueError("Write numbers with their units: s, m, h, d or w.")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
    if not 0 < seconds <= 366 * 86400:
        raise ValueError("It must be longer than nothing and at most a year.")
    return timedelta(seconds=seconds)


def duration(least: timedelta) -> Text:
    """A span of time, not shorter than `least`."""

    def make(text: str) -> timedelta:
        span = parse_duration(text)
        if span < least:
            raise ValueError(f"The least is {write_duration(least)}.")
        return span

    return Text(expects="a duration such as 30m, 6h or 1d", make=make, more={"type": "string", "pattern": r"^(\d+\s*(s|m|min|h|d|w)\s*)+$"})


def write_duration(span: timedelta) -> str:
    """The inverse of `parse_duration`: "30m", "1d 12h"."""
    rest, words = int(span.total_seconds()), []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0s"


def date() -> Text:
    """A day, as its first instant in UTC."""

    def make(text: str) -> datetime:
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise ValueError("Write a day of the calendar as year, month and day.") from None

    return Text(expects="a date such as 2018-01-31", make=make, more={"type": "string", "format": "date"})


def number(least: int, most: int) -> Text:
    """A whole number."""

    def make(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    more = {"type": "integer", "minimum": least, "maximum": most}
    return Text(expects=f"a whole number from {least} to {most}", make=make, more=more)


def dollars() -> Text:
    """An amount of US dollars, in millionths."""

    def make(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,2})?", text):
            raise ValueError
        whole, _, cents = text.partition(".")
        return int(whole) * 1_000_000 + int(cents.ljust(2, "0")) * 10_000

    return Text(expects="dollars such as 5 or 7.50", make=make, more={"type": "number", "minimum": 0, "maximum": 999_999.99})


def path() -> Text:
    """A file or folder; relative ones stand beside the configuration file."""
    return Text(expects="a path", make=Path, more={"type": "string"})


@dataclass(frozen=True, kw_only=True)
class Many:
    """A list; a single value is a list of one where `of` is a text."""

    of: Shape
    least: int = 0

    def read(self, node: Node, key: str, report: Report) -> Any:
        if node.id == "sequence":
            items = node.value
        elif isinstance(self.of, Text) and is_text(node):
            items = [node]
        elif self.least == 0 and said(node) == "nothing":
            items = []
        else:
            return report.add(node, key, f"expected a list, found {said(node)}.")
        if len(items) < self.least:
            return report.add(node, key, f"expected at least {self.least} in the list, found {len(items)}.")
        return tuple(self.of.read(item, f"{key}[{at}]", report) for at, item in enumerate(items))

    def schema(self) -> dict[str, Any]:
        listed: dict[str, Any] = {"type": "array", "items": self.of.schema(), "minItems": self.least}
        return {"anyOf": [self.of.schema(), listed]} if isinstance(self.of, Text) else listed


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a mapping."""

    shape: Shape
    # One sentence for people and editors.
    help: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A mapping with known keys; gives a dict of the values that are there."""

    keys: Mapping[str, Key]

    def read(self, node: Node, key: str, report: Report) -> Any:
        if node.id != "mapping":
            return report.add(node, key, f"expected a mapping with {', '.join(self.keys)}, found {said(node)}.")
        values: dict[str, Any] = {}
        for name, value in pairs(node, key, report):
            if name not in self.keys:
                report.add(value, dotted(key, name), unknown(name, self.keys))
            else:
                values[name] = self.keys[name].shape.read(value, dotted(key, name), report)
        for name, known in self.keys.items():
            if known.required and name not in values:
                report.add(node, dotted(key, name), f"is missing. Add it: {known.help[:1].lower()}{known.help[1:]}")
        return values

    def schema(self) -> dict[str, Any]:
        properties = {name: {**known.shape.schema(), "description": known.help} for name, known in self.keys.items()}
        required = [name for name, known in self.keys.items() if known.required]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


@dataclass(frozen=True, kw_only=True)
class Named:
    """A mapping from names of the operator's own to values of one shape."""

    of: Shape
    least: int = 0

    def read(self, node: Node, key: str, report: Report) -> Any:
        if node.id != "mapping" or len(node.value) < self.least:
            found = said(node) if node.id != "mapping" or node.value else "nothing"
            return report.add(node, key, f"expected names, each with its own settings under it, found {found}.")
        return {name: self.of.read(value, dotted(key, name), report) for name, value in pairs(node, key, report)}

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.of.schema(), "minProperties": self.least}


def dotted(key: str, name: str) -> str:
    """The path of a key inside another."""
    return f"{key}.{name}" if key else name


def pairs(node: Node, key: str, report: Report) -> Sequence[tuple[str, Node]]:
    """The keys and values of a mapping; a key that stands twice is reported and its second value left out."""
    found: dict[str, Node] = {}
    for name, value in node.value:
        if name.id != "scalar" or not name.value.strip():
            report.add(name, key, f"expected a name before the colon, found {said(name)}.")
        elif name.value in found:
            report.add(name, dotted(key, name.value), "stands here a second time. Keep one of them.")
        else:
            found[name.value] = value
    return tuple(found.items())


def compose(text: str, report: Report, *, may_be_empty: bool = False) -> Node | None:
    """The tree of a YAML text; None, with the reason in the report, when it is not YAML or is empty.

    Args:
        may_be_empty: nothing but comments is no mistake; None, and nothing in the report.
    """
    import yaml

    # The C reader is ten times as fast; a wheel without it has the other.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        message = (
            f"is not YAML: {error.problem or error.context or 'it cannot be read'}. "
            "Indent with spaces, not tabs, and quote texts with ': ' or '#'."
        )
        report.problems.append(Problem(file=report.file, line=line, key="", message=message))
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, text.find(chr(error.character))) + 1
        message = f"is not YAML: the character U+{error.character:04X} is not allowed. Remove it."
        report.problems.append(Problem(file=report.file, line=line, key="", message=message))
        return None
    except RecursionError:
        report.problems.append(Problem(file=report.file, line=None, key="", message="is nested too deeply. Write it with fewer levels."))
        return None
    if node is None and not may_be_empty:
        report.add(None, "", "is empty. `aggregator init` writes a file to start from.")
    return node


def read_file(path: Path, named: str) -> str:
    """The text of a configuration file.

    Raises:
        ConfigError: it is not there, not readable or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        message = "there is no such file. Run `aggregator init` to write one, or name another with --config."
        raise ConfigError([Problem(file=named, line=None, key="", message=message)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(file=named, line=None, key="", message="is not UTF-8 text. Save it as UTF-8.")]) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror}."
        raise ConfigError([Problem(file=named, line=None, key="", message=message)]) from error
