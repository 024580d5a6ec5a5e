"""What is new, for feed readers: Atom (RFC 4287) and JSON Feed 1.1 (jsonfeed.org, read 2026-11-22). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

from aggregator.publish.dates import instant_of
from aggregator.publish.stories import StoryView
from aggregator.publish.views import PageView

ATOM, JSON = "feed.xml", "feed.json"
_NOTHING: Mapping[str, str] = MappingProxyType({})


def atom(page: PageView, news: Sequence[StoryView], *, topics: Sequence[str], gone: Mapping[str, str] = _NOTHING) -> str:
    """The Atom feed. Its `updated` is its newest entry's, so that a reader's copy stays good until there is news.

    Args:
        gone: ids of stories that were in the feed and are no more, with when that was seen: tombstones (RFC 6721 §3).
    """
    updated = max((*(view.first_seen for view in news[:1]), *gone.values()), default=page.updated.iso)
    tombstones = ' xmlns:at="http://purl.org/atompub/tombstones/1.0"' if gone else ""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom"{tombstones} xml:lang={quoteattr(page.language)}>',
        f"<id>{urn(page.url or ' '.join(topics))}</id>",
        f"<title>{escape(page.title)}</title>",
        *([f"<subtitle>{escape(page.intro)}</subtitle>"] if page.intro else []),
        f"<updated>{updated}</updated>",
        f"<author><name>{escape(page.title)}</name></author>",
    ]
    if page.url:
        lines.append(f'<link rel="alternate" type="text/html" href={quoteattr(page.url)}/>')
        lines.append(f'<link rel="self" type="application/atom+xml" href={quoteattr(page.url + ATOM)}/>')
    lines += [f'<at:deleted-entry ref="{urn("story " + id)}" when="{when}"/>' for id, when in gone.items()]
    for view in news:
        lines += _entry(view, page.url)
    return "\n".join([*lines, "</feed>", ""])


def json_feed(page: PageView, news: Sequence[StoryView]) -> str:
    """The same as JSON Feed."""
    feed: dict[str, object] = {"version": "https://jsonfeed.org/version/1.1", "title": page.title, "language": page.language}
    if page.intro:
        feed["description"] = page.intro
    if page.url:
        feed |= {"home_page_url": page.url, "feed_url": page.url + JSON}
    feed["items"] = [dict(_item(view)) for view in news]
    return json.dumps(feed, ensure_ascii=False, indent=1) + "\n"


def urn(name: str) -> str:
    """An identifier that is for ever the same for the same name, and is nobody's address."""
    return uuid5(NAMESPACE_URL, name).urn


def summary_of(view: StoryView) -> str:
    """What a feed says of a story in plain text: the community's note, or else the sentence and the places."""
    if view.note:
        return "".join(run.text for run in view.note)
    talk = f"Talked about on {view.talk}." if view.talk else ""
    return " ".join(part for part in (view.summary, talk) if part) or view.title


def _entry(view: StoryView, site: str) -> Iterator[str]:
    yield "<entry>" if not view.language else f"<entry xml:lang={quoteattr(view.language)}>"
    yield f"<id>{urn('story ' + view.id)}</id>"
    yield f"<title>{escape(view.title)}</title>"
    if view.href:
        yield f'<link rel="alternate" href={quoteattr(view.href)}/>'
    if site:
        # Where the answers are (RFC 4685 §4). The entry's own link stays the original's address.
        yield f'<link rel="replies" type="text/html" href={quoteattr(site + view.page)}/>'
    if view.dated:
        yield f"<published>{instant_of(view.when.iso)}</published>"
    yield f"<updated>{view.first_seen}</updated>"
    if view.who or view.where:
        yield f"<author><name>{escape(view.who or view.where)}</name></author>"
    yield f"<category term={quoteattr(view.kind)} label={quoteattr(view.kind_text)}/>"
    # An entry without an alternate link must have content (RFC 4287 §4.1.1.1).
    yield f"<summary>{escape(summary_of(view))}</summary>" if view.href else f"<content>{escape(summary_of(view))}</content>"
    yield "</entry>"


def _item(view: StoryView) -> Iterator[tuple[str, object]]:
    yield "id", urn("story " + view.id)
    if view.href:
        yield "url", view.href
    yield "title", view.title
    yield "content_text", summary_of(view)
    if view.dated:
        yield "date_published", instant_of(view.when.iso)
    yield "date_modified", view.first_seen
    if view.who or view.where:
        yield "authors", [{"name": view.who or view.where}]
    yield "tags", [view.kind.value]
    if view.language:
        yield "language", view.language
