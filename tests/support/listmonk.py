"""A listmonk, as far as its API about campaigns goes: what it says of version 6 in docs/docs/content/apis/campaigns.md (read 2026-11-22),
over real HTTP. What is sent is what was running once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.server import Asked, Script, Server

Answer = Callable[[Asked], Script | None]


def reply(value: object, status: int = 200) -> Script:
    return Script(status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json"})


class FakeListmonk:
    """Campaigns in memory. `before` may answer instead, `after` may answer otherwise once the work is done."""

    def __init__(self, server: Server, *, keys: str = "aggregator:listmonk-token-1", lists: tuple[int, ...] = (1, 2)) -> None:
        self.campaigns: dict[int, dict[str, Any]] = {}
        # Bodies that went out, by campaign: one that stands there twice was sent twice.
        self.sent: list[int] = []
        self.before: Answer = lambda asked: None
        self.after: Answer = lambda asked: None
        self._keys = f"token {keys}"
        self._lists = lists
        server.otherwise(self._answer)

    def _answer(self, asked: Asked) -> Script:
        instead = self.before(asked)
        if instead is not None:
            return instead
        if asked.headers.get("authorization") != self._keys:
            return reply({"message": "invalid API credentials"}, 403)
        answered = self._work(asked)
        return self.after(asked) or answered

    def _work(self, asked: Asked) -> Script:
        parts = urlsplit(asked.path)
        body = json.loads(asked.body) if asked.body else {}
        one = re.fullmatch(r"/api/campaigns/(\d+)(/status)?", parts.path)
        if one and int(one[1]) not in self.campaigns:
            return reply({"message": "campaign not found"}, 400)
        if parts.path == "/api/campaigns" and asked.method == "GET":
            tags = set(parse_qs(parts.query).get("tag", ()))
            return reply({"data": {"results": [row for row in self.campaigns.values() if tags <= set(row["tags"])]}})
        if parts.path == "/api/campaigns" and asked.method == "POST":
            self.campaigns[len(self.campaigns) + 1] = row = {"id": len(self.campaigns) + 1, "status": "draft"}
            return self._written(row, body)
        if one and one[2] and asked.method == "PUT":
            return self._status(self.campaigns[int(one[1])], body["status"])
        if one and asked.method == "PUT":
            return self._written(self.campaigns[int(one[1])], body)
        return reply({"message": "Not Found"}, 404)

    def _written(self, row: dict[str, Any], body: dict[str, Any]) -> Script:
        if row["status"] != "draft":
            return reply({"message": "Cannot update a running or a finished campaign."}, 400)
        lists = [{"id": number, "name": f"list {number}"} for number in body["lists"] if number in self._lists]
        row.update(body | {"lists": lists})
        return reply({"data": row})

    def _status(self, row: dict[str, Any], status: str) -> Script:
        if status != "running" or row["status"] not in ("draft", "paused"):
            return reply({"message": "Only paused campaigns and drafts can be started."}, 400)
        row["status"] = "running"
        self.sent.append(row["id"])
        return reply({"data": row})


# What Go's templates would make of a text: the placeholders run, strings are given back, all else is as it is.
_ACTION = re.compile(r'\{\{ (?:Safe )?("(?:[^"\\]|\\.)*"|UnsubscribeURL|ManageURL) \}\}')


def filled(text: str) -> str:
    """A text as Go's text/template would fill it, when nothing in it is an action but those that we write."""

    def value_of(found: re.Match[str]) -> str:
        value: str = eval(found[1]) if found[1].startswith('"') else f"<{found[1]}>"  # our own string literal
        return value

    rest = _ACTION.sub("", text)
    assert "{{" not in rest, rest
    return _ACTION.sub(value_of, text)
