"""Posts of X as its embedding service shows them to everyone, without a key: who wrote one, and that it is there. Pure.

X itself shows programs nothing. Of what the service says the words of the post are left out: X's terms allow to pass on who wrote and
where. Source: x-for-websites/oembed-api of the developer documentation, read 2026-08-22.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from aggregator.collectors._x_post import written_at
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.model import Kind, Link
from aggregator.text.urls import canonical

HOST = "publish.x.com"
DOING = "asking X's embedding service for a post"
_POST = re.compile(r"https://x\.com/i/status/(\d{2,20})")


def embed_of(url: str) -> str | None:
    """The address under which the service tells of a post; None for what is no post of X."""
    found = _POST.fullmatch(canonical(url).key)
    asked = {"url": f"https://x.com/i/status/{found[1]}", "omit_script": "1", "dnt": "1"} if found else {}
    return f"https://{HOST}/oembed?{urlencode(asked)}" if found else None


def embedded(link: Link, reply: Reply, now: datetime) -> Link:
    """The link to a post with its author; the time of writing stands in its number.

    Raises:
        Unreadable: the reply names no author.
    """
    said = reply.json(DOING)
    author = said.get("author_name") if isinstance(said, dict) else None
    if not isinstance(author, str) or not author.strip():
        raise Unreadable(f"{DOING}: expected the name of its author")
    number = _POST.fullmatch(canonical(link.key).key)
    return replace(
        link,
        title=f"Post by {' '.join(author.split())} on X",
        description=None,
        author=" ".join(author.split()),
        site="X",
        kind=Kind.POST,
        published=written_at(number[1]) if number else None,
        status=reply.status,
        enriched_at=now,
        attempts=link.attempts + 1,
        next_try_at=None,
    )
