"""What is kept for a while of an entry that concerns no topic, so that changed rules can be tried on it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from itertools import islice
from urllib.parse import urljoin

from aggregator.model import Entry, Source, Takes, Visibility
from aggregator.text.cutting import without_comments, without_elements

# How long such entries are kept.
KEPT = timedelta(days=90)
# Characters of plain text, and addresses, that are kept of one.
MOST_TEXT = 2_000
MOST_LINKS = 20
# Characters of markup in which they are looked for: many feeds carry whole essays.
_MARKUP = 6_000
# Reading markup as a browser does takes fifteen times as long as these patterns, and would be half of what a first poll costs. What they
# get wrong (a hidden element is read) is shown to nobody: the entry itself is judged by its own markup when it is listed again.
_UNSEEN = "script|style|template"
_BLOCK = re.compile(
    r"</?(?:p|div|li|ul|ol|h[1-6]|blockquote|table|tr|td|th|pre|section|article|aside|nav|figure|figcaption|hr|dd|dt|dl)\b[^<>]*>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*(?:>|\Z)")
_TARGET = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']?([^\"'\s<>]+)", re.IGNORECASE)


def may_be_kept(entry: Entry, source: Source) -> bool:
    """Whether an entry is worth keeping: public, and not passed by because of its age."""
    if entry.visibility is not Visibility.PUBLIC or entry.restrictions or source.takes is Takes.EVERYTHING:
        return False
    return not (source.since and entry.published and entry.published < source.since)


def trimmed(entry: Entry) -> Entry:
    """What is kept of an entry: its title, the beginning of its text without markup, and who, where and when."""
    markup = (entry.html or "")[:_MARKUP]
    links = dict.fromkeys((*entry.links, *_targets(markup, entry.url)))
    text = _plain(markup) or entry.text or ""
    return Entry(
        native_id=entry.native_id,
        url=entry.url,
        kind=entry.kind,
        title=entry.title,
        text=text[:MOST_TEXT] or None,
        author=entry.author,
        published=entry.published,
        language=entry.language,
        tags=entry.tags,
        links=tuple(islice(links, MOST_LINKS)),
        in_reply_to=entry.in_reply_to,
        aliases=entry.aliases,
    )


def _plain(markup: str) -> str:
    """The words of markup, with an empty line at the edges of blocks."""
    if "<" in markup:
        seen = without_elements(without_comments(markup), _UNSEEN)
        markup = _TAG.sub("", _BREAK.sub("\n", _BLOCK.sub("\n\n", seen)))
    return (unescape(markup) if "&" in markup else markup).strip()


def _targets(markup: str, base: str) -> list[str]:
    return [_absolute(unescape(found), base) for found in _TARGET.findall(markup)]


def _absolute(link: str, base: str) -> str:
    if link.startswith(("https://", "http://")):
        return link
    try:
        return urljoin(base, link)
    except ValueError:
        # An address such as "http://[" cannot be taken apart.
        return link
