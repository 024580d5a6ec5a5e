"""What the page of a suggested link says of itself: asked as for a link that the steward adds by hand."""

from __future__ import annotations

from datetime import datetime

from aggregator.app import App
from aggregator.errors import SourceError
from aggregator.model import Link
from aggregator.pipeline.submitted import Read, read_of
from aggregator.text.urls import canonical

SECONDS = 10.0
"""For a page that a stranger named, its redirects included. W3C Webmention §5.1 speaks of some five."""


def read_suggested(app: App, address: str, at: datetime) -> Read | None:
    """What could be read; a page that could not says nothing. None: it is a post that nobody can open."""
    from aggregator.pipeline.embedding import embed_of
    from aggregator.pipeline.enrich import not_enriched, page_to_read, worth_reading
    from aggregator.run.embeds import read_embed

    found = canonical(address)
    link = Link(key=found.key, href=found.href)
    if embed_of(link.key):
        link, _problem = read_embed(app.client, link, at)
        return Read(link=link) if link.status != 404 else None
    if not worth_reading(link.key, intranet=bool(app.settings.fetch.allow_networks)):
        return Read(link=link)
    try:
        return read_of(found, app.client.page(page_to_read(link.href), seconds=SECONDS), at)
    except SourceError as error:
        return Read(link=not_enriched(link, error, at))
