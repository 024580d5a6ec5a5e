"""Headless Chromium (Debian's package, or AGGREGATOR_CHROMIUM); nothing is installed from here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = os.environ.get("AGGREGATOR_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# Nothing but this machine can be asked, whatever the page says.
FLAGS = (
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
)  # fmt: skip
SCHEMES = ("light", "dark")
NEEDS_CHROMIUM = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; .ci/run installs it")]


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    serving.join()


class Visit:
    """One page opened, with everything that it asked for and complained of."""

    def __init__(self, browser: Any, address: str, *, width: int = 1280, scheme: str = "light", **options: Any) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, **options)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        reply = self.page.goto(address)
        assert reply.ok

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def violations(self) -> list[tuple[str, str]]:
        """What axe finds: the rule, and the first place. The page's own policy forbids the script that looks: open it with `bypass_csp`."""
        self.page.add_script_tag(path=_axe())
        found = self.page.evaluate("axe.run()")
        assert found["passes"]
        return [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]


def _axe() -> str:
    """axe-core as axe-playwright-python brings it. That package itself reads the file without naming its encoding, and is not loaded."""
    package = importlib.util.find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        pytest.skip("axe-playwright-python is not installed")
    return str(Path(package.origin).with_name("axe.min.js"))


# The least contrast of text and of icons with the paper, of everything that is shown.
CONTRASTS = """() => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const root = getComputedStyle(document.documentElement).backgroundColor;
    const paper = light(root === 'rgba(0, 0, 0, 0)' ? getComputedStyle(document.body).backgroundColor : root);
    const ratio = colour => { const own = light(colour); return (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05); };
    const spoken = node => node.nodeType === 3 && node.data.trim();
    const text = [...document.querySelectorAll('body *')].filter(one => [...one.childNodes].some(spoken));
    return {
        text: Math.min(...text.map(one => ratio(getComputedStyle(one).color))),
        icons: Math.min(21, ...[...document.querySelectorAll('.icon')].map(one => ratio(getComputedStyle(one).stroke))),
    };
}"""
# Characters on the longest line.
LONGEST_LINE = """() => Math.max(...[...document.querySelectorAll('p, h3, blockquote, .unread li')].map(block => {
    const words = document.createTreeWalker(block, NodeFilter.SHOW_TEXT), rows = new Map();
    for (let node; node = words.nextNode();)
        for (let at = 0; at < node.data.length; at++) {
            const range = document.createRange();
            range.setStart(node, at); range.setEnd(node, at + 1);
            const box = range.getClientRects()[0];
            if (box && box.width) rows.set(Math.round(box.bottom / 6), (rows.get(Math.round(box.bottom / 6)) || 0) + 1);
        }
    return Math.max(0, ...rows.values());
}))"""
