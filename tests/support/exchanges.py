"""Recorded exchanges on disk, and an `Http` that answers from them.

A case is a folder `tests/fixtures/PLATFORM/CASE/` with `case.json` and the bodies as the platform sends them:

    {"about": "a sentence that names the behaviour", "options": {"tag": "microsolidarity"}, "authorised": false,
     "exchanges": [{"url": "https://…", "method": "GET", "status": 200, "headers": {"Content-Type": "…"}, "body": "tag.xml"}]}

and `expected.json`: the pages that must come out of a first poll, as `plain()` writes them. Exchanges are answered by method and URL
(order of parameters does not matter); one that is asked more often than it is listed is answered by its last listing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aggregator.errors import MissingSecret, SourceError, Unavailable
from aggregator.fetch import Params, Reply

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One question and its answer."""

    url: str
    method: str = "GET"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fixture folder."""

    platform: str
    name: str
    options: Mapping[str, str]
    authorised: bool
    exchanges: tuple[Exchange, ...]
    folder: Path

    def expected(self) -> Any:
        return json.loads((self.folder / "expected.json").read_text(encoding="utf-8"))


def cases(platform: str | None = None) -> Iterator[Case]:
    """Every fixture case, of one platform or of all, in the order of their names."""
    for path in sorted(FIXTURES.glob(f"{platform or '*'}/*/case.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        exchanges = tuple(
            Exchange(
                url=one["url"],
                method=one.get("method", "GET"),
                status=one.get("status", 200),
                headers=one.get("headers", {}),
                body=(path.parent / one["body"]).read_bytes() if "body" in one else b"",
            )
            for one in raw["exchanges"]
        )
        yield Case(
            platform=path.parent.parent.name,
            name=path.parent.name,
            options=raw["options"],
            authorised=raw.get("authorised", False),
            exchanges=exchanges,
            folder=path.parent,
        )


def settled(url: str, params: Params | None = None) -> str:
    """A URL with its parameters sorted, so that two spellings of one question are equal."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in (params or {}).items():
        pairs += [(name, value)] if isinstance(value, str) else [(name, one) for one in value]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(sorted(pairs)), ""))


class RecordedHttp:
    """Answers from exchanges, by the same rules as the real client; keeps what was asked in `asked`."""

    def __init__(
        self, exchanges: Sequence[Exchange], *, authorised: bool = False, transient: frozenset[int] = frozenset(), variable: str = "KEY"
    ) -> None:
        self._waiting: dict[tuple[str, str], list[Exchange]] = {}
        for exchange in exchanges:
            self._waiting.setdefault((exchange.method, settled(exchange.url)), []).append(exchange)
        self.authorised = authorised
        self.asked: list[str] = []
        self._transient = transient
        self._variable = variable

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        return self._answer("GET", settled(url, params), auth)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        return self._answer("POST", settled(url), auth)

    def _answer(self, method: str, url: str, auth: bool) -> Reply:
        from aggregator.fetch.status import error_for

        if auth and not self.authorised:
            raise MissingSecret(self._variable, "set it")
        self.asked.append(url)
        waiting = self._waiting.get((method, url))
        if not waiting:
            raise Unavailable(f"{url}: not in the recording")
        exchange = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        error: SourceError | None = error_for(url, exchange.status, headers, transient=self._transient, now=None)
        if error is not None:
            raise error
        return Reply(asked=url, url=url, status=exchange.status, headers=headers, body=exchange.body, unchanged=exchange.status == 304)


def plain(value: Any) -> Any:
    """A value as JSON: dataclasses as objects without their empty fields, times as ISO 8601, durations as seconds."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((one.name, plain(getattr(value, one.name))) for one in fields(value))
        return {name: item for name, item in pairs if item not in (None, [], {}, "")}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
