"""Feeds that are broken, huge or hostile: each is named in `status`, nothing is lost from the others, nothing is executed in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.server import Script, Server, zeros_gzip
from tests.support.steward import Said, Steward

XML = {"Content-Type": "application/rss+xml"}
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


def rss(*items: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<rss version="2.0"><channel><title>A</title>{"".join(items)}</channel></rss>'.encode()
    )


def item(name: str, **more: str) -> str:
    fields = {
        "title": f"{name} on crews",
        "link": f"https://example.org/{name}",
        "guid": name,
        "pubDate": "Sat, 31 Oct 2026 10:00:00 GMT",
        **more,
    }
    return "<item>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in fields.items() if text) + "</item>"


FEEDS: dict[str, Script] = {
    "good": Script(headers=XML, body=rss(item("good"))),
    "script-in-title": Script(
        headers=XML,
        body=rss(item("script", title="&lt;script&gt;window.hit=1&lt;/script&gt; crews &lt;img src=x onerror='window.hit=1'&gt;")),
    ),
    "javascript-link": Script(headers=XML, body=rss(item("js", link="javascript:window.hit=1"), item("after-js"))),
    "laughs": Script(headers=XML, body=rss(item("laughs", description="&l11;"), head=f'<!DOCTYPE x [<!ENTITY l0 "crews">{LAUGHS}]>')),
    "bomb": Script(headers={**XML, "Content-Encoding": "gzip"}, body=zeros_gzip(2 << 30)),
    "year-9999": Script(headers=XML, body=rss(item("y9999", pubDate="Fri, 31 Dec 9999 23:59:59 -1200"), item("after-9999"))),
    "no-date": Script(headers=XML, body=rss(item("undated", pubDate=""))),
    "no-id": Script(headers=XML, body=rss(item("unnamed", guid=""), item("unlinked", guid="", link=""))),
    "same-id": Script(headers=XML, body=rss(item("first", guid="same"), item("second", guid="same"))),
    "entities": Script(headers=XML, body=rss(item("entities", description="crews&nbsp;&unknown; &eacute;"))),
    "latin": Script(headers=XML, body=rss(item("latin", description="crews Größe")).decode().encode("latin-1")),
    "cut": Script(headers=XML, body=rss(item("whole"), item("cut"))[:-60]),
    "empty": Script(headers=XML, body=b""),
    "html": Script(headers={"Content-Type": "text/html"}, body=b"<!doctype html><title>Just a moment...</title><p>crews"),
    "not-found": Script(status=404),
    "down": Script(status=500),
}
FAILING = {"bomb", "empty", "html", "not-found", "down"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Steward, Said]]:
    steward = Steward(folder=tmp_path_factory.mktemp("hostile"))
    with ExitStack() as stack:
        lines = []
        for name, script in FEEDS.items():
            server = stack.enter_context(Server())
            server.on("/feed", script)
            lines.append(f"  - {{platform: feed, url: '{server.url('/feed')}', id: {name}}}")
        steward.configures(
            "site: {title: Hostile}\ntopics: {crews: {any_of: [crews]}}\nfetch: {allow_networks: [127.0.0.0/8]}\nsources:\n"
            + "\n".join(lines)
            + "\n"
        )
        yield steward, steward.runs("run")


def test_the_run_ends_with_4_and_the_page_is_good(ran: tuple[Steward, Said]) -> None:
    steward, said = ran
    assert said.code == 4, said.err
    assert "good on crews" in steward.page()


@pytest.mark.parametrize("name", FEEDS)
def test_each_feed_is_read_or_named_with_its_reason(ran: tuple[Steward, Said], name: str) -> None:
    steward, said = ran
    assert "bug" not in said.err
    [state] = [one for one in steward.runs("status", "--json").json() if one["source"] == name]
    assert (state["last_error"] is not None) == (name in FAILING), state


def test_nothing_is_lost_from_the_others(ran: tuple[Steward, Said]) -> None:
    titles = "\n".join(story["title"] for story in ran[0].stories())
    for name in ("after-js", "laughs", "y9999", "after-9999", "undated", "unnamed", "second", "entities", "latin", "whole"):
        assert f"{name} on crews" in titles, name


@pytest.mark.parametrize("name", ["year-9999", "same-id", "cut", "javascript-link", "no-id"])
def test_what_was_odd_has_a_line_in_status(ran: tuple[Steward, Said], name: str) -> None:
    assert [line for line in ran[0].runs("status").out.splitlines() if line.startswith(f"{name}: ")]


def test_nothing_from_outside_can_be_executed(ran: tuple[Steward, Said]) -> None:
    for path, body in ran[0].output().items():
        if path.endswith((".html", ".xml", ".md")):
            text = body.decode()
            assert not re.search(r"(?<!\\)<(script|img)|href=.javascript:", text, re.IGNORECASE), path
            assert "](javascript:" not in text


@pytest.mark.browser
def test_the_page_executes_nothing_in_a_browser(ran: tuple[Steward, Said]) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = next((path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/chromium-browser")) if path.exists()), None)
    if browser is None:
        pytest.skip("there is no chromium on this machine: apt install chromium")
    with playwright.sync_playwright() as session:
        window = session.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        page = window.new_page()
        page.goto((ran[0].folder / "output" / "index.html").as_uri())
        assert page.evaluate("window.hit") is None
        window.close()
