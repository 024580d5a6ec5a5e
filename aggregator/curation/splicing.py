"""Changing curation.yaml by splicing its text, so that every byte that is not part of the change stays as the steward left it.

The tree of the file gives the places, the text itself is cut there. Whatever comes out is read again, and must be the decisions that were
wanted: a layout that was not foreseen is an error that says what to write by hand, never a damaged file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from aggregator.curation.writing import OPENING, lines
from aggregator.errors import ConfigError, Problem
from aggregator.model import Decision
from aggregator.shape import Node, Report, compose

# What ends a line in YAML 1.1 (§4.1.4).
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile("(?:^|(?<=[ \t\n\r\x85\u2028\u2029]))#[^\n\r\x85\u2028\u2029]*")
_REST = re.compile("[ \t]*(?:(?<=[ \t])#[^\n\r\x85\u2028\u2029]*)?(?=[\n\r\x85\u2028\u2029]|\\Z)")
_BLANK_AT_END = re.compile("(?:(?<=[\n\r\x85\u2028\u2029])[ \t]*(?:\r\n|[\n\r\x85\u2028\u2029]))+\\Z")
EMPTY_LIST = re.compile(r"\[[ \t]*\]|~|null|")

Parse = Callable[[str], tuple[Decision, ...]]
"""Reads a text; raises ConfigError when it is not right."""


class CannotSplice(Exception):
    """The layout is one that this module does not know how to change."""


def appended(text: str, decision: Decision, *, parse: Parse, file: str) -> str:
    """The text with one decision more, at the end of the list.

    Raises:
        ConfigError: the file is wrong, or is written in a way that cannot be changed safely; the message says what to write.
    """
    wanted = (*parse(text), decision)
    return _checked(lambda: _append(text, decision), wanted, parse=parse, file=file, what=_to_write(decision))


def without(text: str, place: int, *, parse: Parse, file: str) -> str:
    """The text without the decision at a place of the list, counted from 0. Comments that stood inside it stay, on lines of their own.

    Raises:
        ConfigError: as `appended`.
    """
    before = parse(text)
    wanted = before[:place] + before[place + 1 :]
    return _checked(lambda: _remove(text, place), wanted, parse=parse, file=file, what=f"take out decisions[{place}]")


def _to_write(decision: Decision) -> str:
    return "write this into it:\n" + "\n".join(f"  {line}" for line in lines(decision))


def _checked(make: Callable[[], str], wanted: tuple[Decision, ...], *, parse: Parse, file: str, what: str) -> str:
    try:
        made = make()
        if parse(made) == wanted:
            return made
    except (CannotSplice, ConfigError):
        pass
    message = f"is written in a way that cannot be changed safely. Give the list `decisions:` one item a line, or {what}"
    raise ConfigError([Problem(file=file, line=None, key="decisions", message=message)])


@dataclass(frozen=True, kw_only=True)
class _Tree:
    """Where the list stands in a text."""

    # The text without its byte order mark.
    text: str
    # None: there is no list yet.
    key: Node | None
    value: Node | None

    @property
    def items(self) -> Sequence[Node]:
        return self.value.value if self.value is not None and self.value.id == "sequence" else ()


def _tree(text: str) -> _Tree:
    root = compose(text, Report(file=""), may_be_empty=True)
    if root is None:
        return _Tree(text=text, key=None, value=None)
    if root.id != "mapping" or len(root.value) != 1 or root.flow_style:
        raise CannotSplice
    return _Tree(text=text, key=root.value[0][0], value=root.value[0][1])


def _append(whole: str, decision: Decision) -> str:
    mark, text = apart(whole)
    tree, newline = _tree(text), newline_of(text)
    if tree.value is None:
        begun = text if text else OPENING.replace("\n", newline)
        return mark + ended(begun, newline) + f"decisions:{newline}" + "".join(f"  {line}{newline}" for line in lines(decision))
    if not tree.items:
        return mark + _begin(tree, decision, newline)
    if tree.value.flow_style:
        raise CannotSplice
    at = end_of_lines(text, tree.items[-1])
    indent = " " * tree.value.start_mark.column
    return mark + inserted(text, at, [indent + line for line in lines(decision)], newline)


def _begin(tree: _Tree, decision: Decision, newline: str) -> str:
    """The first item after `decisions:` or in place of `decisions: []`."""
    assert tree.key is not None
    assert tree.value is not None
    start, end = tree.value.start_mark.index, tree.value.end_mark.index
    if not EMPTY_LIST.fullmatch(tree.text[start:end]):
        raise CannotSplice
    if start == end:
        start = end = tree.key.end_mark.index + 1
    text = tree.text[:start].rstrip(" ") + tree.text[end:] if start < end else tree.text
    at = line_end(text, min(start, len(text)) if start == end else len(tree.text[:start].rstrip(" ")))
    indent = " " * (tree.key.start_mark.column + 2)
    return inserted(text, at, [indent + line for line in lines(decision)], newline)


def inserted(text: str, at: int, made: Sequence[str], newline: str) -> str:
    """Lines at the beginning of a line, or after a last one that nothing ends."""
    if at and not _BREAK.fullmatch(text[at - 1]):
        return text[:at] + newline + newline.join(made) + text[at:]
    return text[:at] + "".join(line + newline for line in made) + text[at:]


def _remove(whole: str, place: int) -> str:
    mark, text = apart(whole)
    tree = _tree(text)
    if tree.value is None or tree.value.flow_style or place >= len(tree.items):
        raise CannotSplice
    item = tree.items[place]
    start = _line_start(text, item.start_mark.index)
    end = end_of_lines(text, item)
    indent, newline = " " * tree.value.start_mark.column, newline_of(text)
    kept = "".join(f"{indent}{comment}{newline}" for comment in _comments(text, start, end, item))
    if end == len(text) and start and not _BREAK.fullmatch(text[end - 1]):
        # The last line of the file had no end, and has none afterwards.
        before = text[:start]
        kept = kept.removesuffix(newline)
        return mark + (before + kept if kept else before.removesuffix("\n").removesuffix("\r"))
    return mark + text[:start] + kept + text[end:]


def _comments(text: str, start: int, end: int, item: Node) -> Iterator[str]:
    """What the steward wrote beside or between the lines of an item."""
    for left, right in zip(
        [start, *(stop for _, stop in _leaves(text, item))], [*(begin for begin, _ in _leaves(text, item)), end], strict=True
    ):
        # With the letter before it, so that a sign inside a word is not taken for a comment.
        gap = text[max(left - 1, 0) : right]
        yield from (found[0].rstrip() for found in _COMMENT.finditer(gap, 1 if left else 0))


def _leaves(text: str, node: Node) -> Iterator[tuple[int, int]]:
    """Where the scalars of a node begin and end, in their order."""
    if node.id == "scalar":
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in ("|", ">"):
            # Its first line has the sign, and may have a comment.
            start = line_end(text, start)
        yield min(start, end), end
        return
    for child in node.value:
        for one in child if isinstance(child, tuple) else (child,):
            yield from _leaves(text, one)


def end_of_lines(text: str, item: Node) -> int:
    """Where the line after the last one of an item begins; the end of the text when there is none."""
    node = item
    while node.id != "scalar" and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: int = node.end_mark.index
    if node.id == "scalar" and node.style in ("|", ">"):
        header = text[node.start_mark.index : line_end(text, node.start_mark.index)]
        blank = None if "+" in header.partition("#")[0] else _BLANK_AT_END.search(text, node.start_mark.index, end)
        return blank.start() if blank else end
    if not _REST.match(text, end):
        raise CannotSplice
    return line_end(text, end)


def line_end(text: str, index: int) -> int:
    found = _BREAK.search(text, index)
    return found.end() if found else len(text)


def _line_start(text: str, index: int) -> int:
    while index and not _BREAK.fullmatch(text[index - 1]):
        index -= 1
    return index


def apart(whole: str) -> tuple[str, str]:
    """The byte order mark, if there is one, and the text."""
    return ("\ufeff", whole[1:]) if whole.startswith("\ufeff") else ("", whole)


def newline_of(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def ended(text: str, newline: str) -> str:
    return text if not text or _BREAK.fullmatch(text[-1]) else text + newline
