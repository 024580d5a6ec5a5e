"""A Buttondown, as far as its API about emails goes: what public/openapi.json says of version 2026-04-01 (read 2026-11-22), over real
HTTP. What is sent is what was about to send once."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.listmonk import Answer, reply
from tests.support.server import Asked, Script, Server

_FIELDS = frozenset({"subject", "body", "template", "metadata", "status"})
_A_PAGE = 2


class FakeButtondown:
    """Emails in memory. `before` may answer instead, `after` may answer otherwise once the work is done."""

    def __init__(self, server: Server, *, key: str = "buttondown-key-1") -> None:
        self.emails: list[dict[str, Any]] = []
        # Ids of emails that went out: one that stands there twice was sent twice.
        self.sent: list[str] = []
        self.before: Answer = lambda asked: None
        self.after: Answer = lambda asked: None
        self._key = key
        server.otherwise(self._answer)

    def _answer(self, asked: Asked) -> Script:
        instead = self.before(asked)
        if instead is not None:
            return instead
        if asked.headers.get("authorization") != f"Token {self._key}":
            return reply({"code": "authentication_invalid", "detail": "Invalid API key."}, 401)
        answered = self._work(asked)
        return self.after(asked) or answered

    def _work(self, asked: Asked) -> Script:
        parts = urlsplit(asked.path)
        body = json.loads(asked.body) if asked.body else {}
        one = re.fullmatch(r"/v1/emails/(em_\d+)", parts.path)
        unknown = sorted(set(body) - _FIELDS)
        if unknown:
            return reply(
                {"detail": [{"type": "extra_forbidden", "loc": ["body", unknown[0]], "msg": "Extra inputs are not permitted"}]}, 422
            )
        if parts.path == "/v1/emails" and asked.method == "GET":
            return self._listed(int(parse_qs(parts.query).get("page", ["1"])[0]))
        if parts.path == "/v1/emails" and asked.method == "POST":
            return self._made(body)
        if one and asked.method == "PATCH":
            return self._changed(next(email for email in self.emails if email["id"] == one[1]), body)
        return reply({"detail": "Not Found"}, 404)

    def _listed(self, page: int) -> Script:
        newest = self.emails[::-1]
        rows = newest[(page - 1) * _A_PAGE : page * _A_PAGE]
        more = "https://api.buttondown.com/v1/emails?page=2" if len(newest) > page * _A_PAGE else None
        return reply({"results": rows, "count": len(newest), "next": more, "previous": None})

    def _made(self, body: dict[str, Any]) -> Script:
        if body.get("status") == "about_to_send":
            return reply({"code": "sending_requires_confirmation", "detail": "Confirm that you mean it."}, 400)
        email = {"id": f"em_{len(self.emails) + 1}", "status": "draft", "metadata": {}} | body
        self.emails.append(email)
        return reply(email, 201)

    def _changed(self, email: dict[str, Any], body: dict[str, Any]) -> Script:
        if body.get("status") == "about_to_send":
            if "{{ unsubscribe_url }}" not in email["body"]:
                return reply({"code": "body_invalid", "detail": "The body has no unsubscribe_url."}, 400)
            if email["status"] == "draft":
                self.sent.append(email["id"])
        email.update(body)
        return reply(email)
