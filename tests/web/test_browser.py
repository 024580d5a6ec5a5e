"""The pages as a reader meets them, in headless Chromium without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import SubscriberState
from tests.support.browser import NEEDS_CHROMIUM, SCHEMES, Visit, chromium
from tests.support.reception import Reception, reception

pytestmark = NEEDS_CHROMIUM
PAGES = (
    "subscribe",
    "wrong",
    "asked",
    "confirm",
    "confirmed",
    "leave",
    "left",
    "change",
    "saved",
    "broken",
    "lost",
    "suggest",
    "unsuggested",
    "suggested",
)
# What a finger has to hit, and how large it is (WCAG 2.2, 2.5.8); links inside of a sentence are as high as its line.
SMALL = """() => [...document.querySelectorAll('button, label.choice, input:not([type=hidden]), textarea, .up a, .wrong a')]
    .filter(one => !one.closest('[aria-hidden]') && !one.closest('label.choice input'))
    .map(one => ({ size: one.closest('label.choice') || one, one }))
    .filter(({ size }) => size.getBoundingClientRect().height < 24 || size.getBoundingClientRect().width < 24)
    .map(({ one }) => one.outerHTML)"""
UNNAMED = """() => [...document.querySelectorAll('input:not([type=hidden]), textarea')]
    .filter(one => !one.labels.length)
    .map(one => one.outerHTML)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def people(window: Reception) -> dict[str, str]:
    """Paths by name of the page."""
    ada, cleo = window.person("ada@example.org"), window.person("cleo@example.org", SubscriberState.LEFT)
    bea = window.person("bea@example.org", SubscriberState.PENDING)
    return {
        "subscribe": "", "wrong": "", "asked": "", "confirm": window.path("confirm", bea), "confirmed": window.path("confirm", ada),
        "leave": window.path("leave", ada), "left": window.path("leave", cleo), "change": window.path("change", ada),
        "saved": window.path("change", ada), "broken": "leave/x", "lost": "wp-login.php",
        "suggest": "suggest", "unsuggested": "suggest", "suggested": "suggest",
    }  # fmt: skip


def opened(browser: Any, window: Reception, people: dict[str, str], name: str, **options: Any) -> Visit:
    """A page, got at as a reader gets there."""
    visit = Visit(browser, window.url, **options)
    if name in ("wrong", "asked"):
        visit.page.fill("#address", "nobody@nowhere" if name == "wrong" else "dora@example.org")
        window.watch.goes(seconds=10)
        _pressed(visit)
    elif people[name]:
        visit.page.goto(window.url + people[name])
    if name in ("unsuggested", "suggested"):
        visit.page.fill("#url", "nowhere" if name == "unsuggested" else "https://ada.example/crews")
        window.watch.goes(seconds=10)
    if name in ("saved", "unsuggested", "suggested"):
        _pressed(visit)
    return visit


def _pressed(visit: Visit) -> None:
    """Press the button, and wait until the next page is there."""
    with visit.page.expect_navigation():
        visit.page.click("#send")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fit_for_everybody(browser: Any, window: Reception, people: dict[str, str], name: str) -> None:
    """Light and dark, on a large window and a small telephone, by finger and by ear."""
    with opened(browser, window, people, name, bypass_csp=True) as visit:
        page = visit.page
        for scheme, width in zip(SCHEMES, (1280, 320), strict=True):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 700})
            assert visit.violations() == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(SMALL) == []
        assert page.evaluate(UNNAMED) == []
        assert page.locator("h1").count() == page.locator("main").count() == 1
        assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_else_and_complains_of_nothing(browser: Any, window: Reception, people: dict[str, str], name: str) -> None:
    with opened(browser, window, people, name) as visit:
        assert {url for url in visit.asked if not url.endswith("favicon.ico")} <= {window.url, visit.page.url, window.url + people[name]}
        assert [one for one in visit.complaints if "404" not in one and "422" not in one and "favicon" not in one] == []
        # Dressed: the policy lets the style sheets in.
        assert visit.page.evaluate("getComputedStyle(document.body).maxWidth") == "646px"


def test_what_is_wrong_is_read_first_and_leads_to_its_field(browser: Any, window: Reception, people: dict[str, str]) -> None:
    with opened(browser, window, people, "wrong", java_script_enabled=False) as visit:
        page = visit.page
        assert page.title().startswith("Wrong: ")
        assert page.locator(":focus").get_attribute("class") == "wrong"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id || document.activeElement.name") in ("address", "rhythm")
        assert page.locator("#address").get_attribute("aria-describedby") == "address-wrong"
        assert page.locator("#address").input_value() == "nobody@nowhere"


def test_the_keyboard_goes_from_field_to_field_and_never_into_the_trap(browser: Any, window: Reception) -> None:
    with Visit(browser, window.url, java_script_enabled=False) as visit:
        seen = []
        for _ in range(6):
            visit.page.keyboard.press("Tab")
            seen.append(visit.page.evaluate("document.activeElement.name || document.activeElement.id || document.activeElement.tagName"))
            outline = visit.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
            assert outline == "2px"
        assert seen == ["A", "address", "rhythm", "topic", "topic", "send"]


def test_nobody_sees_or_hears_the_trap(browser: Any, window: Reception) -> None:
    with Visit(browser, window.url, java_script_enabled=False) as visit:
        spoken = visit.page.locator("main").aria_snapshot()
        assert "Your mail address" in spoken
        assert "empty" not in spoken
        box = visit.page.locator(".trap").bounding_box()
        assert box["width"] <= 1
        assert box["height"] <= 1


def test_a_link_is_suggested_with_the_keyboard_alone(browser: Any, tmp_path: Path) -> None:
    with reception(tmp_path, open_to_strangers=True) as desk, Visit(browser, f"{desk.url}suggest", java_script_enabled=False) as visit:
        page = visit.page
        for words in ("", "https://ada.example/crews", "Crews", "It is good."):
            page.keyboard.press("Tab")
            page.keyboard.type(words)
        assert "empty" not in page.locator("form").aria_snapshot().replace("leave this empty", "").replace("leave it empty", "")
        desk.watch.goes(seconds=10)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('Thank you')")
        (found,) = desk.private.submissions.due(desk.watch.now, 10)
    assert (found.source, found.title, found.note) == ("https://ada.example/crews", "Crews", "It is good.")


def test_a_person_subscribes_confirms_and_leaves_with_the_keyboard_alone(browser: Any, desk: Reception) -> None:
    with Visit(browser, desk.url, java_script_enabled=False) as visit:
        page = visit.page
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("dora@example.org")
        desk.watch.goes(seconds=10)
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('Now look into your mailbox')")
        (mail,) = desk.pigeon.waits_for(1)
        dora = desk.private.subscribers.one(mail.recipient)
        assert dora is not None
        for what, told in (("confirm", "You are subscribed"), ("leave", "You have left")):
            page.goto(desk.url + desk.path(what, dora))
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.wait_for_selector(f"h1:has-text('{told}')")
        found = desk.private.subscribers.one(dora.id)
        assert found is not None
        assert found.state is SubscriberState.LEFT
