"""The Markdown of a chosen note, read as runs of text: links and emphasis are understood, all else is text. No markup is made here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from aggregator.publish.words import address, one_line

# Longer notes are cut: a note is one line of a list.
_LIMIT = 4000
_TOKEN = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|!?\[(?P<label>(?:\\.|[^\[\]\\])*)\]\((?P<href><[^<>]*>|(?:\\.|[^\s()\\]|\([^\s()]*\))*)(?:\s+\"[^\"]*\")?\)"
    r"|<(?P<auto>https?://[^\s<>]+)>"
    r"|(?P<strong>\*\*|__)(?=\S)(?P<strongly>(?:\\.|[^\\])+?)(?<=\S)(?P=strong)"
    r"|(?P<mark>(?<!\w)_|\*)(?=\S)(?P<marked>(?:\\.|[^\\])+?)(?<=\S)(?P=mark)(?!\w)",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"([\\`*_\[\]<>])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


class Emphasis(StrEnum):
    """How strongly a run is set."""

    NONE = ""
    EMPHASIS = "em"
    STRONG = "strong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A piece of a note."""

    text: str
    # http or https; None: no link, or one that leads nowhere.
    href: str | None = None
    emphasis: Emphasis = Emphasis.NONE
    # The link that the story is shown by.
    lead: bool = False


def runs(note: str, *, base: str | None = None) -> tuple[Run, ...]:
    """A note as runs in their order.

    Args:
        base: the page that relative links are relative to; None: they are shown as text.
    """
    return tuple(_runs(one_line(note, _LIMIT), base, Emphasis.NONE))


def links_somewhere(note: str) -> bool:
    """True when a note has a link, also one that is relative to the community's own page."""
    return any(token["label"] is not None or token["auto"] for token in _TOKEN.finditer(note[:_LIMIT]))


def plain(note: str) -> str:
    """A note without its marks."""
    return "".join(run.text for run in runs(note))


def marked_lead(note: tuple[Run, ...], href: str | None) -> tuple[Run, ...]:
    """The same runs with the first link to `href` marked as the lead; where none leads there, the first link is."""
    links = [place for place, run in enumerate(note) if run.href]
    if not links:
        return note
    first = next((place for place in links if note[place].href == href), links[0])
    return tuple(replace(run, lead=True) if place == first else run for place, run in enumerate(note))


def relabelled(note: str, href: str | None, title: str, *, base: str | None = None) -> str:
    """The same note with other words for its lead: those of the link that `marked_lead` marks. Without a link it stays as it is."""
    links = [token for token in _TOKEN.finditer(note[:_LIMIT]) if token["label"] is not None]
    if not links:
        return note
    lead = next((link for link in links if followed(_ESCAPED.sub(r"\1", link["href"].strip("<>")), base) == href), links[0])
    return note[: lead.start("label")] + _ESCAPE.sub(r"\\\1", title) + note[lead.end("label") :]


def followed(href: str, base: str | None) -> str | None:
    """The address that a link of a note leads to; None when it leads nowhere a reader may go."""
    try:
        relative = not urlsplit(href).scheme
        return address(urljoin(base, href) if relative and base else href)
    except ValueError:
        return None


def _runs(text: str, base: str | None, emphasis: Emphasis) -> Iterator[Run]:
    begun, literal = 0, ""
    for token in _TOKEN.finditer(text):
        literal += text[begun : token.start()]
        begun = token.end()
        if token["escaped"]:
            literal += token["escaped"]
            continue
        if literal:
            yield Run(text=literal, emphasis=emphasis)
            literal = ""
        yield from _token(token, base, emphasis)
    if literal + text[begun:]:
        yield Run(text=literal + text[begun:], emphasis=emphasis)


def _token(token: re.Match[str], base: str | None, emphasis: Emphasis) -> Iterator[Run]:
    if token["label"] is not None:
        label = "".join(run.text for run in _runs(token["label"], None, Emphasis.NONE))
        yield Run(text=label, href=followed(_ESCAPED.sub(r"\1", token["href"].strip("<>")), base), emphasis=emphasis)
    elif token["auto"]:
        yield Run(text=token["auto"], href=address(token["auto"]), emphasis=emphasis)
    elif token["strongly"]:
        yield from _runs(token["strongly"], base, Emphasis.STRONG)
    else:
        yield from _runs(token["marked"], base, Emphasis.EMPHASIS)
