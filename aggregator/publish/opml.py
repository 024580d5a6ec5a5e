"""The sources as OPML 2.0 (opml.org/spec2.opml, read 2026-11-22), for feed readers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from aggregator.publish.sources import SourceView

OPML = "opml.xml"


def opml(title: str, sources: Iterable[SourceView]) -> str:
    """The sources that a feed reader can subscribe to, each feed once. It carries no date: a file without news stays the same."""
    feeds: dict[str, SourceView] = {}
    for source in sources:
        if source.feed:
            feeds.setdefault(source.feed, source)
    outlines = [_outline(feed, source) for feed, source in feeds.items()]
    head = ['<?xml version="1.0" encoding="utf-8"?>', '<opml version="2.0">', f"<head><title>{escape(title)}</title></head>", "<body>"]
    return "\n".join([*head, *outlines, "</body>", "</opml>", ""])


def _outline(feed: str, source: SourceView) -> str:
    label = quoteattr(source.label)
    page = f" htmlUrl={quoteattr(source.address)}" if source.address else ""
    return f'<outline type="rss" text={label} title={label} xmlUrl={quoteattr(feed)}{page}/>'
