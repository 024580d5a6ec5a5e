"""Looking at statuses again, by their ids (API documentation, methods/statuses, read 2026-07-30)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from aggregator.collectors import _options
from aggregator.collectors._json import a_list, an_object, members
from aggregator.collectors._statuses import row_id, standing_of
from aggregator.collectors.base import Standing
from aggregator.errors import Gone, Unreadable
from aggregator.fetch import Http
from aggregator.model import Entry

CHECKING = "looking at posts again"
AT_ONCE = 20
"""Posts that are asked for by id at once: a modest address of 500 characters."""


def standings(http: Http, server: str, entries: Sequence[Entry], *, auth: bool = False) -> Iterator[Standing]:
    """How posts stand: several at once where the server can (Mastodon 4.3, methods/statuses/#index), else one by one.

    Args:
        auth: send the token of the manifest.
    """
    url = f"{_options.base(server)}/api/v1/statuses"
    for start in range(0, len(entries), AT_ONCE):
        wanted = [entry.native_id for entry in entries[start : start + AT_ONCE]]
        rows = _several(http, url, wanted, auth=auth)
        for id in wanted:
            row = rows.get(id) if rows else _single(http, f"{url}/{quote(id, safe='')}", auth=auth)
            if standing := standing_of(id, row):
                yield standing


def _several(http: Http, url: str, ids: Sequence[str], *, auth: bool) -> Mapping[str, dict[str, Any]]:
    """Statuses by id; none where the server cannot give several: it answers 404, 405 or 422, or a list that takes no notice of ids."""
    try:
        reply = http.get(url, params={"id[]": ids}, accept="application/json", auth=auth)
    except (Gone, Unreadable):
        return {}
    rows = {row_id(row): row for row in members(a_list(reply.json(CHECKING), CHECKING))}
    return {id: rows[id] for id in ids if id in rows}


def _single(http: Http, url: str, *, auth: bool) -> dict[str, Any] | None:
    """One status; None when it is not there, or not for visitors (the API says 404 for both)."""
    try:
        return an_object(http.get(url, accept="application/json", auth=auth).json(CHECKING), CHECKING)
    except Gone:
        return None
