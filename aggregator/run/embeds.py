"""Asking X's embedding service about the posts that are linked to or pasted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from aggregator.errors import Gone, SourceError
from aggregator.fetch import Pace, Reply
from aggregator.fetch.client import Client
from aggregator.model import Link
from aggregator.pipeline.embedding import HOST, embed_of, embedded
from aggregator.pipeline.enrich import not_enriched


def ask_embed(client: Client, url: str) -> Reply:
    """What the service says of a post; it is asked like an API, since it is one.

    Raises:
        Gone: the post was deleted, or its author's posts are protected.
        SourceError: as everywhere.
    """
    asked = embed_of(url)
    assert asked is not None
    return client.bound(host=HOST, pace=Pace()).get(asked, accept="application/json")


def read_embed(client: Client, link: Link, now: datetime) -> tuple[Link, str]:
    """The link to a post after an attempt, and why it failed, if it did. What is gone is not asked for again."""
    try:
        return embedded(link, ask_embed(client, link.key), now), ""
    except Gone as error:
        return replace(link, status=error.status, enriched_at=now, attempts=link.attempts + 1, next_try_at=None), ""
    except SourceError as error:
        return not_enriched(link, error, now), str(error)
