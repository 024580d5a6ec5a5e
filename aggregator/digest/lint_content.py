"""Rules about what an edition says: its two texts, and what was left unfilled. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.lint_html import Looked, look, tokens
from aggregator.digest.lint_report import Draft, Finding, error, warning
from aggregator.digest.rendering import LARGEST_BYTES
from aggregator.model import Edition
from aggregator.publish.words import without_mailboxes
from aggregator.settings import Settings

# What templates and people leave behind. Words only as they are written here: "None" is what a template makes of nothing, "none" a word.
_LEFT = re.compile(
    r"\{\{|\}\}|\{%|%\}|\[\[|\]\]|<%|%>"
    r"|\b(?:TODO|FIXME|TBD|XXX|None|undefined|NaN|null|Undefined)\b|\b[Ll]orem [Ii]psum\b|\[object \w+\]|\bobject at 0x"
)
# Titles of more characters are cut where an edition begins.
_MAY_BE_CUT = 60
_AROUND = 4


def content_rules(draft: Draft) -> Iterator[Finding]:
    """What is wrong with what it says."""
    looked = look(draft.rendered.html)
    yield from _size(draft)
    yield from _markup(looked)
    yield from _texts(looked, draft)
    yield from _placeholders(looked, draft)
    yield from _doors(draft)
    if not (draft.edition.items or draft.edition.also or draft.edition.talked or draft.edition.pinned):
        yield error("empty", "There is no story in it. Wait until something is new.")


def _size(draft: Draft) -> Iterator[Finding]:
    size = len(draft.rendered.html.encode())
    if size >= LARGEST_BYTES:
        yield error(
            "html-size",
            f"The HTML has {size:,} bytes, and Gmail cuts off what is larger than {LARGEST_BYTES:,} and more. Lower digest.most.",
        )


def _markup(looked: Looked) -> Iterator[Finding]:
    if looked.dangerous:
        yield error("script", f"The HTML holds {_listed(looked.dangerous)}, which mail programs block. Take it out of digest.html.")
    if looked.remote:
        yield error(
            "remote-content",
            f"The HTML loads something from a server ({_listed(looked.remote)}), which tells who opened it. Take it out of digest.html.",
        )
    if looked.unnamed_images:
        yield error("image-without-alt", f"{looked.unnamed_images} images have no alt text. Say in digest.html what each shows.")


def _texts(looked: Looked, draft: Draft) -> Iterator[Finding]:
    text = tokens(draft.rendered.text)
    if looked.tokens == text:
        return
    at = next(at for at, (one, other) in enumerate(zip_longest(looked.tokens, text)) if one != other)
    html_words, text_words = (_excerpt(words, at) for words in (looked.tokens, text))
    yield error(
        "texts-differ",
        f"Where the HTML says {html_words}, the plain text says {text_words}. Make digest.html and digest.txt say the same.",
    )


def _placeholders(looked: Looked, draft: Draft) -> Iterator[Finding]:
    """What a template left behind; what a title or a name says is its own affair."""
    said = _said(draft.edition, draft.settings)
    left = [found[0] for text in (draft.rendered.text, looked.text) for found in _LEFT.finditer(_without(text, said))]
    # Long words of others may have been cut, and then are not found as they are.
    found = [one for one in left if not any(one in words for words in said if len(words) > _MAY_BE_CUT)]
    if found:
        yield error("placeholder", f"{_listed(found)} was left in. Put the template right, or name the rule with --accept if it is meant.")


def _doors(draft: Draft) -> Iterator[Finding]:
    digest = draft.settings.digest
    if all(LEAVE_MARK in text for text in (draft.rendered.html, draft.rendered.text)):
        return
    say = "There is no way to leave in it. Configure digest.serve or digest.mailbox, and keep the doors in digest.html and digest.txt."
    # Files that nobody has sent may be looked at without a way to leave.
    only_files = digest is not None and digest.through == "folder" and digest.serve is None and digest.mailbox is None
    yield warning("no-leave", say) if only_files else error("no-leave", say)


def _without(text: str, said: Iterable[str]) -> str:
    """A text without what stories and the operator say."""
    text = " ".join(text.split())
    for words in sorted(said, key=len, reverse=True):
        text = text.replace(words, "\n")
    return text


def _said(edition: Edition, settings: Settings) -> set[str]:
    """Words of others and of the operator, a line each."""
    values = [edition.title, edition.subject, edition.days, edition.coverage, edition.rhythm, settings.site.title, settings.site.url]
    if settings.digest:
        values += [settings.digest.title, settings.digest.postal, settings.digest.sender, settings.digest.reply_to]
        values += [settings.digest.serve.url] if settings.digest.serve else []
        values += [settings.digest.mailbox.address] if settings.digest.mailbox else []
    for one in (*edition.items, *edition.also, *edition.talked, *edition.pinned):
        values += [one.title, one.who, one.where, one.sentence, one.voices, one.talk, one.kind_text, one.href or ""]
    return {line for value in values if (line := " ".join(value.split()))}


def _excerpt(words: tuple[str, ...], at: int) -> str:
    some = " ".join(words[max(0, at - 2) : at + _AROUND])
    cut = without_mailboxes(some.replace(LEAVE_MARK, "…").replace(CHANGE_MARK, "…"))
    return f"“{cut}”" if some else "nothing more"


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(words))
