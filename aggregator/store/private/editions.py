"""Editions as JSON and back, exactly: what the ledger keeps, and what the journal of outgoing mail says was frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aggregator.model import Edition, Group, Item, Period
from aggregator.store.rows import maybe_time, stamp

# Fields of an edition that hold stories.
_LISTS = ("items", "also", "talked", "pinned")

# Escapes keep lone surrogates and NUL storable.
_json = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


def edition_to_text(edition: Edition) -> str:
    """One line of JSON; the same edition gives the same text."""
    period = edition.period
    return _json({**asdict(edition), "period": {"name": period.name, "since": stamp(period.since), "until": stamp(period.until)}})


def edition_from_text(text: str) -> Edition:
    """What `edition_to_text` was given."""
    written: dict[str, Any] = json.loads(text)
    for name in _LISTS:
        written[name] = tuple(map(_item, written[name]))
    written["period"] = _period(written["period"])
    return Edition(**written)


def _item(written: Mapping[str, Any]) -> Item:
    return Item(**{**written, "group": Group(written["group"])})


def _period(written: Mapping[str, str]) -> Period:
    since, until = maybe_time(written["since"]), maybe_time(written["until"])
    assert since is not None
    assert until is not None
    return Period(name=written["name"], since=since, until=until)
