"""Entries written by an enemy, through the whole program into every format, and opened by what reads these formats."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.steward import Steward

HIT = "window.hit=1"
PIECES = (
    f"<script>{HIT}</script>",
    f"</script><script>{HIT}</script>",
    f"<img src=x onerror={HIT}>",
    f"<svg/onload={HIT}>",
    f"<svg><script>{HIT}</script></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={HIT}></style></mglyph></table></mtext></math>",
    f"<iframe srcdoc='<script>parent.{HIT}</script>'></iframe>",
    f"<iframe src=javascript:parent.{HIT}>",
    f"<a href=javascript:{HIT} autofocus onfocus={HIT}>x</a>",
    f"<details open ontoggle={HIT}>",
    f"<input autofocus onfocus={HIT}>",
    f"<body onload={HIT}>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<img src=https://evil.example/pixel>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<object data=https://evil.example/x></object>",
    "<video src=https://evil.example/x autoplay></video>",
    f'"><script>{HIT}</script>',
    f"'><script>{HIT}</script>",
    f'" onmouseover={HIT} x="',
    f"' autofocus onfocus={HIT} x='",
    f"--><script>{HIT}</script><!--",
    f"]]><script>{HIT}</script><![CDATA[",
    f"</title></style></textarea><script>{HIT}</script>",
    "{{ 7*7 }}{% for x in y %}",
    f"[x](javascript:{HIT})",
    f"[x](<javascript:{HIT}>)",
    "![x](https://evil.example/pixel)",
    f"<javascript:{HIT}>",
    "[x]: javascript:window.hit=1",
    "\n\n# heading\n\n* [a](https://evil.example/)\n",
    "`` ` `` ``` \n```html\n<b>\n```",
    "| a | b |\n|---|---|",
    "<!-- discussing:end -->",
    f"&lt;script&gt;{HIT}&lt;/script&gt;",
    f"&amp;lt;script&amp;gt;{HIT}&amp;lt;/script&amp;gt;",
    f"&#60;script&#62;{HIT}&#60;/script&#62;",
    f"+ADw-script+AD4-{HIT}+ADw-/script+AD4-",
    f"\u202e<script>{HIT}</script>",
    f"<scr\0ipt>{HIT}</scr\0ipt>",
    "\ufdd0\ufdd1\uffff",
    "=cmd|' /C calc'!A0",
    "\x1b]8;;https://evil.example\x07x\x1b[31m",
    "x" * 5000,
)
LINKS = (
    f"javascript:{HIT}",
    f"JaVaScRiPt:{HIT}//https://example.org/",
    f"data:text/html,<script>{HIT}</script>",
    f"vbscript:{HIT}",
    'https://example.org/a"onmouseover="window.hit=1',
    "https://example.org/'onmouseover='window.hit=1",
    "https://example.org/><script>window.hit=1</script>",
    "https://example.org/)[x](javascript:window.hit=1)",
    "https://example.org/ javascript:window.hit=1",
    "https://javascript:window.hit=1@example.org/",
    "//evil.example/x",
    "https://example.org/`<script>window.hit=1</script>`",
    "https://example.org/\\](javascript:window.hit=1)",
    "file:///etc/passwd",
    "https://example.org/#<img src=x onerror=window.hit=1>",
)


def items() -> Iterator[dict[str, Any]]:
    """Each piece in each field: more than 200 entries."""
    for number, piece in enumerate(PIECES):
        for field in ("title", "content_text", "content_html", "author", "tag"):
            text = f"crews {field} {number} {piece}"
            item: dict[str, Any] = {"id": f"{field}-{number}", "url": f"https://example.org/{field}/{number}", "title": f"crews {number}"}
            if field == "author":
                yield item | {"authors": [{"name": text, "url": f"javascript:{HIT}"}]}
            else:
                yield item | ({"tags": [text]} if field == "tag" else {field: text})
    for number, link in enumerate(LINKS):
        yield {"id": f"u{number}", "url": link, "title": f"crews by address {number}"}
        yield {
            "id": f"x{number}",
            "url": f"https://example.org/x/{number}",
            "external_url": link,
            "title": "crews elsewhere",
            "image": link,
            "content_html": f'<a href="{link}">crews</a><img src="{link}" alt="crews">',
            "authors": [{"name": "crews", "url": link, "avatar": link}],
            "attachments": [{"url": link, "mime_type": "audio/mpeg<script>"}],
        }


def quoted(text: str) -> str:
    return json.dumps(text.replace("\0", "").replace("\uffff", "").replace("\x1b", "").replace("\x07", ""))


@pytest.fixture(scope="module")
def steward(tmp_path_factory: pytest.TempPathFactory) -> Steward:
    steward = Steward(folder=tmp_path_factory.mktemp("injected"))
    document = {"version": "https://jsonfeed.org/version/1.1", "title": PIECES[1], "items": list(items())}
    write_har(steward.folder / "a.har", [Exchange(url="https://a.example/feed", body=json.dumps(document).encode())])
    # What is there at the first contact is no news, and in no feed.
    write_har(steward.folder / "first.har", [Exchange(url="https://a.example/feed", body=json.dumps(document | {"items": []}).encode())])
    # A picture in a note of the community's own is its choice.
    by_hand = [
        {"url": f"https://example.org/chosen/{n}", "text": quoted(piece[:200])}
        for n, piece in enumerate(PIECES)
        if not piece.startswith("![")
    ]
    chosen = "".join(
        "  - {{url: '{url}', kind: article, title: {text}, who: {text}, note: {text}, also: [{{url: '{url}/2', label: {text}}}]}}\n".format(
            **one
        )
        for one in by_hand
    )
    steward.configures(
        f"site: {{title: {quoted(PIECES[0])}, intro: {quoted(PIECES[2])}, stories: 2000, url: 'https://page.example/'}}\n"
        "topics: {crews: {any_of: [crews]}}\nsources:\n"
        f"  - {{platform: feed, url: 'https://a.example/feed', label: {quoted(PIECES[19])}}}\n"
        f"  - {{platform: feed, id: dead, url: 'https://b.example/feed', label: {quoted(PIECES[3])}}}\n"
        f"chosen:\n{chosen}"
    )
    steward.runs("poll", "--replay", "first.har")
    said = steward.runs("poll", "--replay", "a.har")
    assert said.code == 4, said.err
    (steward.folder / "said.txt").write_text(said.err)
    assert steward.runs("build").code == 0
    return steward


def test_every_entry_with_an_address_is_on_the_page(steward: Steward) -> None:
    voices = sum(len(story["voices"]) for story in steward.stories())
    assert voices >= 5 * len(PIECES) + len(LINKS)


def test_nothing_that_a_terminal_obeys_is_said(steward: Steward) -> None:
    commands = [
        ("status",),
        ("status", "--json"),
        ("source", "list"),
        ("check",),
        ("source", "test", "feed-a.example-feed", "--replay", "a.har"),
    ]
    said = [steward.runs(*words) for words in commands]
    said += [steward.runs("why", f"https://example.org/title/{number}") for number in (PIECES.index(p) for p in PIECES if "\x1b" in p)]
    text = "".join(one.out + one.err for one in said) + (steward.folder / "said.txt").read_text()
    assert "crews" in text
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) == []


@pytest.mark.parametrize("name", ["feed.xml", "opml.xml"])
def test_xml_is_well_formed(steward: Steward, name: str) -> None:
    root = ElementTree.fromstring(steward.page(name))  # our own file
    for element in root.iter():
        for value in element.attrib.values():
            assert not re.match(r"\s*(javascript|data|vbscript|file):", value, re.IGNORECASE), value


@pytest.mark.parametrize("name", ["feed.json", "stories.json"])
def test_json_holds_web_addresses_alone(steward: Steward, name: str) -> None:
    def walk(value: Any) -> Iterator[tuple[str, str]]:
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, one in pairs:
            yield from walk(one) if isinstance(one, (dict, list)) else [(str(key), str(one))]

    urls = [one for key, one in walk(json.loads(steward.page(name))) if key in ("url", "external_url", "image") and one != "None"]
    assert urls
    assert [url for url in urls if not re.match(r"https?://", url)] == []


def test_html_for_feed_readers_holds_nothing_that_acts(steward: Steward) -> None:
    feed = ElementTree.fromstring(steward.page("feed.xml"))  # our own file
    bodies = [element.text or "" for element in feed.iter("{http://www.w3.org/2005/Atom}content")]
    bodies += [item.get("content_html", "") for item in json.loads(steward.page("feed.json"))["items"]]
    assert bodies
    for body in bodies:
        assert not re.search(
            r"<(script|iframe|img|svg|style|object|base|meta|link|video|input)\b|\son\w+\s*=\s*[^<]*>|href=.?javascript", body, re.I
        ), body


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = next((path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/chromium-browser")) if path.exists()), None)
    if browser is None:
        pytest.skip("there is no chromium on this machine: apt install chromium")
    with playwright.sync_playwright() as session:
        opened = session.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        yield opened
        opened.close()


POKE = (
    "for (const one of document.querySelectorAll('*')) for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load', 'click'])"
    " one.dispatchEvent(new Event(kind, {cancelable: true}))"
)


def opened(window: Any, files: Sequence[Path], harness: Path) -> tuple[Any, list[str]]:
    """A page with a frame for each file, moved and clicked over, and every address that was asked for beside their own."""
    frames = "".join(f'<iframe src="{file.as_uri()}"></iframe>' for file in files)
    harness.write_text(f"<!doctype html><title>all</title>{frames}", encoding="utf-8")
    page = window.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.goto(harness.as_uri())
    for frame in page.frames[1:]:
        frame.evaluate(POKE)
    page.wait_for_timeout(200)
    own = {harness.as_uri(), *(file.as_uri() for file in files)}
    return page, [url for url in asked if url not in own]


@pytest.mark.browser
def test_what_acts_is_seen(window: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(f"<p onmouseover={HIT}>x</p><img src='https://tracker.example/1.png'>", encoding="utf-8")
    page, asked = opened(window, [bad], tmp_path / "all.html")
    assert page.frames[1].evaluate("window.hit") == 1
    assert asked == ["https://tracker.example/1.png"]


@pytest.mark.browser
def test_no_page_executes_anything_or_asks_anyone(steward: Steward, window: Any, tmp_path: Path) -> None:
    files = sorted((steward.folder / "output").rglob("*.html"))
    assert {"index.html", "sources.html"} <= {path.name for path in files}
    # There is a page for each of hundreds of stories.
    for start in range(0, len(files), 40):
        some = files[start : start + 40]
        page, asked = opened(window, some, tmp_path / "all.html")
        assert asked == []
        assert len(page.frames) == len(some) + 1
        assert page.evaluate("window.hit") is None
        for file, frame in zip(some, page.frames[1:], strict=True):
            assert frame.url == file.as_uri()
            assert frame.evaluate("window.hit") is None, file.name
            acting = "script, iframe, object, base, img, [onerror], [onload], [onfocus]"
            assert frame.evaluate(f"document.querySelectorAll('{acting}').length") == 0, file.name
            assert frame.evaluate("[...document.links].filter(a => !/^(https?|file):/.test(a.href)).length") == 0, file.name
        page.close()


@pytest.mark.browser
def test_the_markdown_executes_nothing_where_html_is_let_in(steward: Steward, window: Any, tmp_path: Path) -> None:
    markdown = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    parser = markdown.MarkdownIt("commonmark", {"html": True}).enable("table")
    file = steward.folder / "rendered.html"
    file.write_text("<!doctype html><meta charset=utf-8>" + parser.render(steward.page("discussing.md")), encoding="utf-8")
    page, asked = opened(window, [file], tmp_path / "all.html")
    frame = page.frames[1]
    assert frame.evaluate("window.hit") is None
    assert asked == []
    assert frame.evaluate("document.querySelectorAll('script, iframe, object, base, img, h1 ~ h1').length") == 0
