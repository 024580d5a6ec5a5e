"""Adding sources to sources.yaml, so that every byte that stands there stays as the steward left it."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.curation.splicing import EMPTY_LIST, CannotSplice, apart, end_of_lines, ended, inserted, line_end, newline_of
from aggregator.curation.writing import scalar
from aggregator.shape import Node, Report, compose

KEY = "sources"


def item(address: str, label: str = "") -> tuple[str, ...]:
    """A source as the lines of one item, without indentation."""
    if not label:
        return (f"- {scalar(address)}",)
    return f"- address: {scalar(address)}", f"  label: {scalar(label)}"


def with_sources(whole: str, items: Sequence[Sequence[str]]) -> str:
    """The text of sources.yaml with items at the end of its list.

    Raises:
        CannotSplice: the list is written in a way that cannot be changed safely.
    """
    mark, text = apart(whole)
    newline, lines = newline_of(text), [line for one in items for line in one]
    root = compose(text, Report(file=""))
    if root is None or root.id != "mapping" or root.flow_style:
        raise CannotSplice
    pair = next(((key, value) for key, value in root.value if key.value == KEY), None)
    if pair is None:
        indented = "".join(f"  {line}{newline}" for line in lines)
        return mark + ended(text, newline) + f"{KEY}:{newline}{indented}"
    key, value = pair
    if value.id == "sequence" and value.value and not value.flow_style:
        indent = " " * value.start_mark.column
        return mark + inserted(text, end_of_lines(text, value.value[-1]), [indent + line for line in lines], newline)
    return mark + _begun(text, key, value, lines, newline)


def _begun(text: str, key: Node, value: Node, lines: Sequence[str], newline: str) -> str:
    """The first items, behind `sources:` or in place of `sources: []`."""
    start, end = value.start_mark.index, value.end_mark.index
    if not EMPTY_LIST.fullmatch(text[start:end]):
        raise CannotSplice
    if start < end:
        before = text[:start].rstrip(" ")
        text, start = before + text[end:], len(before)
    else:
        start = key.end_mark.index + 1
    return inserted(text, line_end(text, start), [f"  {line}" for line in lines], newline)
