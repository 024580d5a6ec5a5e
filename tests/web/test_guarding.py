"""What stands before every answer: headers, the log, the cap on requests, the net under a bug."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

from aggregator.errors import StoreError
from aggregator.publish.render import content_hash
from aggregator.web import guarding
from tests.support.reception import Reception
from tests.web.conftest import Kept

STRICT = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
EVERYTHING = [
    ("GET", ""), ("GET", "health"), ("GET", "leave/x"), ("POST", "leave/x"), ("GET", "nowhere"), ("DELETE", ""), ("POST", "subscribe"),
    ("HEAD", "confirm/x"), ("OPTIONS", "change/x"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_every_answer_has_the_strict_headers(window: Reception, method: str, path: str) -> None:
    headers = window.asks(method, path).headers
    assert {name: headers.get(name) for name in STRICT} == STRICT
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
    assert "camera=()" in headers["Permissions-Policy"]
    assert {"Server", "Set-Cookie", "Location", "X-Powered-By"} & set(headers) == set()


def test_the_policy_lets_exactly_the_style_sheets_of_the_pages_in(window: Reception) -> None:
    answer = window.asks("GET", "")
    sheets = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert len(sheets) == 2
    allowed = re.findall(r"'(sha256-[^']+)'", answer.headers["Content-Security-Policy"])
    assert allowed == [content_hash(sheet) for sheet in sheets]
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert not re.search(r"\son\w+=", answer.text)


@pytest.mark.parametrize("path", ["leave/x", "confirm/x", "change/x", "nowhere", "health"])
def test_only_the_subscribe_form_may_be_found_by_searching(window: Reception, path: str) -> None:
    assert window.asks("GET", path).headers["X-Robots-Tag"] == "noindex, nofollow"
    assert window.asks("GET", "").headers["X-Robots-Tag"] == "all"


def test_the_log_says_neither_who_nor_with_what(desk: Reception, logged: Kept) -> None:
    ada = desk.person("ada@example.org")
    desk.subscribes("bea@example.org")
    desk.pigeon.waits_for(1)
    paths = [desk.path(what, ada) for what in ("confirm", "change", "leave")]
    for path in paths:
        desk.asks("GET", path + "?secret=query")
        desk.sends(path)
    desk.asks("MAKEUP", "somewhere/private")
    lines = [re.sub(r"\d+ ms", "N ms", line) for line in logged.waits_for(9)]
    assert lines == [
        "GET /: 200 in N ms",
        "POST /subscribe: 200 in N ms",
        *(f"{method} /{what}/{{token}}: {status} in N ms" for what in ("confirm", "change", "leave")
          for method, status in (("GET", 200), ("POST", 422 if what == "change" else 200))),
        "another method elsewhere: 404 in N ms",
    ]  # fmt: skip
    everything = "\n".join(logged.waits_for(9))
    for secret in ("ada", "bea", "127.0.0.1", "secret", "MAKEUP", "private", *(path.partition("/")[2] for path in paths)):
        assert secret not in everything


def test_a_bug_is_answered_calmly_and_told_without_words_that_came_from_outside(
    desk: Reception, logged: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("@".join(["ada", "example.org"]))

    monkeypatch.setattr("aggregator.web.application.signup_of", breaks)
    answer = desk.subscribes("ada@example.org")
    assert (answer.status_code, "does not work at the moment" in answer.text) == (500, True)
    assert answer.headers["X-Frame-Options"] == "DENY"
    everything = "\n".join(logged.waits_for(3))
    assert "a bug in the program: RuntimeError" in everything
    assert "in breaks" in everything
    assert "ada@" not in everything


def test_a_database_that_fails_is_told_and_health_says_so(desk: Reception, logged: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise StoreError("the database private.db has been in use for 30 seconds")

    monkeypatch.setattr(type(desk.private), "note", fails)
    health = desk.asks("GET", "health")
    assert (health.status_code, health.text) == (503, '{"status":"failing"}')
    monkeypatch.setattr(type(desk.private.keys), "signing", fails)
    answer = desk.asks("GET", "")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert any("in use for 30 seconds" in line for line in logged.waits_for(3))


def test_more_requests_at_once_than_can_be_held_are_sent_away_calmly(desk: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "MOST_AT_ONCE", 1)
    inside, out = threading.Event(), threading.Event()
    note = desk.private.note

    def waits(name: str) -> str | None:
        inside.set()
        assert out.wait(20)
        return note(name)

    monkeypatch.setattr(desk.private, "note", waits)
    first = threading.Thread(target=desk.asks, args=("GET", "health"))
    first.start()
    assert inside.wait(20)
    busy = desk.asks("GET", "")
    out.set()
    first.join()
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    assert desk.asks("GET", "").status_code == 200
