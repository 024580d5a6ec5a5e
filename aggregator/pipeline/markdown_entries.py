"""List entries of a Markdown text, in the styles that people write (CommonMark 0.31 §4.7, §5.2). No links are read here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Bullets that word processors leave, too, and numbers.
_MARK = re.compile(r"^(?P<indent>[ \t]*)(?:[*+•‣◦▪-]|\d{1,9}[.)])(?:[ \t]+|(?=[^\x00-\x7f]))(?P<rest>\S.*)$", re.DOTALL)
_BOX = re.compile(r"^(?:\[[ xX]\][ \t]+)+(?=\S)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_RULE = re.compile(r"^\s{0,3}(?:=+|(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})\s*$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s|^\s*(?:\{%|<!--|\|)")
_ROW = re.compile(r"^\s*\|.*(?:\]\(|https?://)", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DEFINITION = re.compile(
    r"^ {0,3}\[(?P<name>[^\[\]^][^\[\]]{0,200})\]:[ \t]*(?:\n[ \t]+)?(?:<(?P<pointed>[^<>\n]*)>|(?P<bare>[^\s<]\S*)).*$", re.MULTILINE
)
_REFERENCE = re.compile(r"(?<![\\!\]])\[(?P<words>(?:[^\[\]\\]|\\.){1,300})\](?:\[(?P<name>[^\[\]]{0,200})\])?(?![\[(:])")
# Of a definition, in characters: it is written out at every place that names it.
_LONGEST_ADDRESS = 2_000


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry, on one line."""

    # Its first line, and the line after its last; from 0.
    first: int
    end: int
    nested: bool
    # Without list mark and box to tick.
    text: str


def list_entries(text: str) -> Iterator[ListEntry]:
    """The entries of a text's lists in order; none of what is code, front matter or comment."""
    lines, number = _read(text), 0
    while number < len(lines):
        found = _MARK.match(lines[number])
        if found is None or ends_entry(lines[number]):
            number += 1
            continue
        end = _end(lines, number + 1)
        rest = found["rest"] if end == number + 1 else found["rest"].rstrip()
        more = (line.strip() for line in lines[number + 1 : end] if line.strip())
        yield ListEntry(number, end, len(found["indent"].expandtabs(4)) >= 2, _BOX.sub("", " ".join((rest, *more)), count=1))
        number = end


def ends_entry(line: str) -> bool:
    """Whether a line is no part of an entry: a heading, a rule, a template's mark, a comment, a row, an address defined."""
    return bool(_HEADING.match(line) or _RULE.match(line) or _DEFINITION.match(line))


def table_rows(text: str) -> tuple[int, ...]:
    """Lines, from 0, of tables that hold links."""
    return tuple(number for number, line in enumerate(_read(text)) if _ROW.match(line))


def definitions(text: str) -> dict[str, str]:
    """Addresses that the text defines once for several places, by name; the first definition of a name holds (CommonMark 0.31 §4.7)."""
    found: dict[str, str] = {}
    for one in _DEFINITION.finditer("\n".join(_read(text))):
        address = one["pointed"] if one["pointed"] is not None else one["bare"]
        if len(address) <= _LONGEST_ADDRESS:
            found.setdefault(_name(one["name"]), address)
    return found


def with_addresses(entry: str, defined: Mapping[str, str]) -> str:
    """The entry with each reference (`[words][name]`, `[name]`) written as a link of its own, so that it can stand elsewhere."""
    if not defined:
        return entry

    def link(found: re.Match[str]) -> str:
        address = defined.get(_name(found["name"] or found["words"]))
        return found[0] if address is None else f"[{found['words']}](<{address}>)"

    return _REFERENCE.sub(link, entry)


def _read(text: str) -> list[str]:
    """The text's lines, those empty that no reader sees as a list."""
    lines = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text).split("\n")
    fenced, past = False, _front_matter(lines)
    for number, line in enumerate(lines):
        fence = _FENCE.match(line) is not None
        if fence or fenced or number < past:
            lines[number] = ""
        fenced = fenced != fence
    return lines


def _front_matter(lines: list[str]) -> int:
    """How many lines stand at the top between two rules for programs."""
    if lines[0].rstrip() != "---":
        return 0
    return next((number + 1 for number, line in enumerate(lines[1:200], 1) if line.rstrip() in ("---", "...")), 0)


def _end(lines: list[str], number: int) -> int:
    """The line after an entry: an empty one, unless what follows is indented as its next paragraph."""
    while number < len(lines) and not (_MARK.match(lines[number]) or ends_entry(lines[number])):
        if not lines[number].strip():
            after = lines[number + 1] if number + 1 < len(lines) else ""
            if not re.match(r"(?:  |\t)\s*\S", after) or _MARK.match(after) or ends_entry(after):
                break
        number += 1
    return number


def _name(text: str) -> str:
    return " ".join(text.casefold().split())
