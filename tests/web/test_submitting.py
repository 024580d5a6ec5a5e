"""Webmentions and suggested links as strangers send them: taken, bounded, and never shown by the server itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from aggregator.store.private import Submission, SubmissionKind
from aggregator.web import submitting
from tests.support.reception import Reception, reception, value_of
from tests.web.conftest import Kept

SITE = "https://example.org/discussing/"
SOURCE = "https://ada.example/2026/crews"
FAR = timedelta(days=400)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Reception]:
    with reception(tmp_path, open_to_strangers=True) as running:
        yield running


def waiting(gate: Reception) -> tuple[Submission, ...]:
    return gate.private.submissions.due(gate.watch.now + FAR, 1000)


def mentions(gate: Reception, source: str = SOURCE, target: str = SITE, **given: Any) -> requests.Response:
    return gate.sends("webmention", {"source": source, "target": target}, **given)


def suggests(gate: Reception, **fields: Any) -> requests.Response:
    shown = value_of(gate.asks("GET", "suggest").text, "shown")
    gate.watch.goes(seconds=10)
    return gate.sends("suggest", {"url": "https://ada.example/crews", "title": "", "note": "", "homepage": "", "shown": shown, **fields})


class TestWebmention:
    """W3C Webmention §3.2."""

    def test_a_webmention_is_taken_and_left_to_the_next_run(self, gate: Reception) -> None:
        answer = mentions(gate, target=f"{SITE}#newest")
        assert (answer.status_code, answer.headers["content-type"]) == (202, "text/plain; charset=utf-8")
        (found,) = waiting(gate)
        assert (found.kind, found.source, found.target) == (SubmissionKind.WEBMENTION, SOURCE, f"{SITE}#newest")

    def test_the_same_once_more_is_one(self, gate: Reception) -> None:
        assert [mentions(gate).status_code for _ in range(3)] == [202, 202, 202]
        assert len(waiting(gate)) == 1

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            ("", SITE),
            (SOURCE, ""),
            (SITE, SITE),
            (SOURCE, "https://other.example/"),
            ("ftp://x.example/", SITE),
            ("http://127.0.0.1/", SITE),
        ],
    )
    def test_a_mistake_of_the_sender_is_400(self, gate: Reception, source: str, target: str) -> None:
        answer = mentions(gate, source, target)
        assert answer.status_code == 400
        assert answer.text.endswith(".\n")
        assert waiting(gate) == ()

    def test_only_a_form_is_taken(self, gate: Reception) -> None:
        answer = gate.asks("POST", "webmention", json={"source": SOURCE, "target": SITE})
        assert answer.status_code == 400
        assert (
            gate.asks("POST", "webmention", data="x" * 9000, headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code
            == 413
        )
        assert waiting(gate) == ()

    def test_a_get_changes_nothing(self, gate: Reception) -> None:
        answer = gate.asks("GET", f"webmention?source={SOURCE}&target={SITE}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert waiting(gate) == ()

    def test_its_answer_has_the_strict_headers(self, gate: Reception) -> None:
        headers = mentions(gate).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"

    def test_a_network_that_sends_on_and_on_is_told_when_to_come_back(self, gate: Reception) -> None:
        codes = [mentions(gate, f"https://ada.example/{number}").status_code for number in range(submitting.PER_NETWORK + 2)]
        assert codes == [202] * submitting.PER_NETWORK + [429, 429]
        assert int(mentions(gate).headers["retry-after"]) > 80_000
        gate.watch.goes(days=1)
        assert mentions(gate).status_code == 202

    def test_one_site_does_not_fill_the_desk(self, gate: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(submitting, "PER_HOST", 2)
        codes = [mentions(gate, f"https://ada.example/{number}").status_code for number in range(3)]
        assert [*codes, mentions(gate, "https://bo.example/").status_code] == [202, 202, 503, 202]

    def test_one_page_is_not_visited_again_and_again(self, gate: Reception) -> None:
        codes = [mentions(gate, f"{SOURCE}#{number}", f"{SITE}?{number}").status_code for number in range(submitting.PER_PAGE + 1)]
        assert [*codes, mentions(gate, "https://ada.example/other").status_code] == [202] * submitting.PER_PAGE + [503, 202]
        gate.watch.goes(days=1, seconds=1)
        assert mentions(gate).status_code == 202

    def test_bridgy_is_counted_among_all_alone(self, gate: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(submitting, "PER_HOST", 1)
        monkeypatch.setattr(submitting, "PER_DAY", 3)
        codes = [mentions(gate, f"https://brid.gy/post/bluesky/a/{number}").status_code for number in range(4)]
        assert codes == [202, 202, 202, 503]

    def test_no_more_waits_than_can_be_looked_at(self, gate: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(submitting, "MOST_WAITING", 2)
        codes = [mentions(gate, f"https://ada.example/{number}").status_code for number in (1, 2, 3, 1)]
        assert codes == [202, 202, 503, 202]
        assert len(waiting(gate)) == 2

    def test_no_line_of_the_log_tells_what_was_sent(self, gate: Reception, logged: Kept) -> None:
        mentions(gate)
        suggests(gate, note="between us")
        lines = "\n".join(logged.waits_for(3))
        assert "POST" in lines
        for word in ("ada.example", "example.org", "between us", "127.0.0.1"):
            assert word not in lines


class TestSuggesting:
    """A link, by a form."""

    def test_a_link_is_taken_with_its_words(self, gate: Reception) -> None:
        answer = suggests(gate, title=" Crews \n at work ", note="it is  good")
        assert (answer.status_code, "Thank you" in answer.text) == (200, True)
        (found,) = waiting(gate)
        assert (found.kind, found.source, found.title, found.note) == (
            SubmissionKind.SUGGESTION, "https://ada.example/crews", "Crews at work", "it is good",
        )  # fmt: skip

    def test_the_answer_is_always_the_same(self, gate: Reception) -> None:
        answers = [suggests(gate), suggests(gate), suggests(gate, url=SITE), suggests(gate, homepage="https://spam.example/")]
        assert len({answer.content for answer in answers}) == 1

    def test_a_program_that_fills_everything_in_is_thanked_and_not_heard(self, gate: Reception) -> None:
        assert suggests(gate, homepage="https://spam.example/").status_code == 200
        assert waiting(gate) == ()

    def test_a_program_that_is_too_quick_is_asked_again(self, gate: Reception) -> None:
        shown = value_of(gate.asks("GET", "suggest").text, "shown")
        answer = gate.sends("suggest", {"url": "https://ada.example/", "shown": shown})
        assert (answer.status_code, "faster than anybody" in answer.text) == (422, True)
        assert gate.sends("suggest", {"url": "https://ada.example/"}).status_code == 422
        assert waiting(gate) == ()

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"url": ""}, "Write the address"),
            ({"url": "javascript:alert(1)"}, "no web address"),
            ({"url": "https://ada:word@example.org/"}, "no web address"),
            ({"url": "http://localhost/admin"}, "Nobody else can open"),
            ({"url": "http://192.168.0.1/"}, "Nobody else can open"),
            ({"url": "https://ada.example/" + "x" * 2000}, "too long"),
            ({"title": "x" * 201}, "200 characters"),
            ({"note": "x" * 301}, "300 characters"),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_is_lost(self, gate: Reception, fields: dict[str, str], words: str) -> None:
        answer = suggests(gate, **({"note": "kept"} | fields))
        assert (answer.status_code, words in answer.text) == (422, True)
        assert fields.get("note", "kept")[:300] in answer.text
        assert waiting(gate) == ()

    def test_what_somebody_writes_is_never_markup(self, gate: Reception) -> None:
        answer = suggests(gate, url="", title="<script>alert(1)</script>", note='"><img src=x>')
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text

    def test_a_form_of_another_site_is_not_taken(self, gate: Reception) -> None:
        shown = value_of(gate.asks("GET", "suggest").text, "shown")
        gate.watch.goes(seconds=10)
        fields = {"url": "https://ada.example/", "shown": shown}
        assert gate.sends("suggest", fields, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert waiting(gate) == ()

    def test_a_network_that_goes_on_and_on_is_stopped(self, gate: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(submitting.PER_NETWORK):
            mentions(gate, f"https://ada.example/{number}")
        answer = suggests(gate)
        assert (answer.status_code, "from your network" in answer.text) == (429, True)

    def test_nothing_is_kept_of_who_sent_it(self, gate: Reception, tmp_path: Path) -> None:
        suggests(gate)
        mentions(gate)
        for path in (tmp_path / "state").iterdir():
            assert b"127.0.0" not in path.read_bytes(), path.name

    def test_a_get_changes_nothing(self, gate: Reception) -> None:
        assert gate.asks("GET", "suggest?url=https://ada.example/").status_code == 200
        assert waiting(gate) == ()


def test_without_being_configured_nothing_is_taken(desk: Reception) -> None:
    assert mentions(desk).status_code == 404
    assert desk.asks("GET", "suggest").status_code == 404
