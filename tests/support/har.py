"""HAR files from fixture cases, so that one set of exchanges serves collectors and the whole program."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.exchanges import Exchange


def write_har(path: Path, exchanges: Iterable[Exchange]) -> Path:
    """A HAR 1.2 file with these exchanges, in their order."""
    log = {"version": "1.2", "creator": {"name": "tests", "version": "1"}, "entries": [_entry(exchange) for exchange in exchanges]}
    path.write_text(json.dumps({"log": log}), encoding="utf-8")
    return path


def _entry(exchange: Exchange) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in exchange.headers.items()]
    media_type = {name.lower(): value for name, value in exchange.headers.items()}.get("content-type", "")
    content = {
        "size": len(exchange.body),
        "mimeType": media_type,
        "text": base64.b64encode(exchange.body).decode(),
        "encoding": "base64",
    }
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "queryString": [],
        "headersSize": -1,
        "bodySize": -1,
    }
    if exchange.sent is not None:
        text = json.dumps(exchange.sent, separators=(",", ":"), ensure_ascii=False)
        request["postData"] = {"mimeType": "application/json", "text": text}
    response = {
        "status": exchange.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(exchange.body),
    }
    timings = {"send": 0, "wait": 0, "receive": 0}
    return {
        "startedDateTime": "2026-11-22T00:00:00.000Z",
        "time": 0,
        "request": request,
        "response": response,
        "cache": {},
        "timings": timings,
    }
