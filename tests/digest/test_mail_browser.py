"""The mail, its copy on the web and the archive as a reader meets them, in headless Chromium."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.digest.doors import doors
from aggregator.digest.items import item_of
from aggregator.digest.rendering import render
from aggregator.model import Edition
from aggregator.publish.render import Templates
from aggregator.publish.site import Digests, publish
from aggregator.settings import Mailbox, Serve
from tests.support.browser import CONTRASTS, LONGEST_LINE, NEEDS_CHROMIUM, SCHEMES, Visit, chromium, served
from tests.support.editions import digest_of, edition, full_edition, item, odd_edition, shown_in
from tests.support.site import TEMPLATES, settings_in, some_sources
from tests.support.stories import NOON

pytestmark = NEEDS_CHROMIUM

WIDTHS = (320, 600, 1000)
MAILS = {
    "full": full_edition(),
    "short": edition((item(),)),
    "odd": odd_edition(),
    "nothing-new": edition((), talked=(item(voices="1 new voice"),), coverage="Loomio could not be read on Monday."),
}
NAMES = tuple(f"mail/{name}.html" for name in MAILS)
COPY, ARCHIVE = "output/digest/2026-W47.html", "output/digest/index.html"
PAGES = (*NAMES, COPY, ARCHIVE, "empty/output/digest/index.html", "output/index.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Mails and the site of their editions, on loopback."""
    place = tmp_path_factory.mktemp("digest")
    (place / "mail").mkdir()
    for name, one in MAILS.items():
        (place / "mail" / f"{name}.html").write_text(mailed(place, one), encoding="utf-8")
    odd = replace(odd_edition(), path="digest/2026-W46.html", days="9 to 15 November 2026")
    site(place, full_edition(), odd)
    site(place / "empty")
    with served(place) as address:
        yield address


def mailed(place: Path, one: Edition) -> str:
    digest = digest_of(
        serve=Serve(url="https://mail.example.org/"),
        mailbox=Mailbox(address="digest@example.org", host="imap.example.org"),
        postal="Example Commons, 12 Example Street, Brussels",
    )
    return render(one, replace(settings_in(place), digest=digest), doors(digest), Templates([TEMPLATES])).html


def site(place: Path, *editions: Edition) -> None:
    digests = Digests(name="Weekly digest", item=item_of, subscribe="https://mail.example.org/", editions=lambda: editions)
    publish(lambda: shown_in(*editions), settings_in(place), some_sources(), revision=1, now=NOON, digests=digests)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(browser: Any, folder: str, name: str, scheme: str) -> None:
    with Visit(browser, folder + name, scheme=scheme) as visit:
        for width in WIDTHS:
            visit.page.set_viewport_size({"width": width, "height": 844})
            assert visit.page.evaluate("[innerWidth, document.documentElement.scrollWidth <= innerWidth]") == [width, True]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("name", "width"), [*((name, 600) for name in PAGES), *((NAMES[0], width) for width in (320, 1000))])
def test_axe_finds_nothing(browser: Any, folder: str, name: str, width: int, scheme: str) -> None:
    with Visit(browser, folder + name, width=width, scheme=scheme, bypass_csp=True) as visit:
        assert visit.violations() == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_text_stands_out_from_the_paper(browser: Any, folder: str, name: str, scheme: str) -> None:
    """WCAG 2.2, 1.4.3."""
    with Visit(browser, folder + name, scheme=scheme) as visit:
        assert visit.page.evaluate(CONTRASTS)["text"] >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_the_mail_is_dark_where_a_reader_wants_it_dark(browser: Any, folder: str, name: str) -> None:
    papers = set()
    for scheme in SCHEMES:
        with Visit(browser, folder + name, scheme=scheme) as visit:
            papers.add(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert papers == {"rgb(253, 252, 249)", "rgb(23, 22, 20)"}


@pytest.mark.parametrize("name", NAMES)
def test_the_mail_is_one_column_in_the_middle_and_not_wider_than_600_pixels(browser: Any, folder: str, name: str) -> None:
    with Visit(browser, folder + name, width=1000) as visit:
        column = visit.page.locator(".column").bounding_box()
        assert column["width"] == 600
        assert column["x"] == 200
    with Visit(browser, folder + name, width=320) as visit:
        assert visit.page.locator(".column").bounding_box()["width"] == 320 - 2 * 16


def test_no_line_is_too_long_to_be_read(browser: Any, folder: str) -> None:
    with Visit(browser, folder + "mail/full.html", width=1000) as visit:
        assert 30 < visit.page.evaluate(LONGEST_LINE) <= 80


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("name", PAGES)
def test_it_asks_for_nothing_and_runs_nothing(browser: Any, folder: str, name: str, script: bool) -> None:
    with Visit(browser, folder + name, java_script_enabled=script) as visit:
        assert visit.page.locator("h1").is_visible()
        assert [url for url in visit.asked if not url.endswith("/favicon.ico")] == [folder + name]
        assert [one for one in visit.complaints if "favicon" not in one and "404" not in one] == []


@pytest.mark.parametrize("name", ["mail/full.html", COPY])
def test_the_keyboard_meets_every_link_in_the_order_of_the_page(browser: Any, folder: str, name: str) -> None:
    with Visit(browser, folder + name) as visit:
        links = visit.page.locator("a").count()
        met = []
        for _ in range(links):
            visit.page.keyboard.press("Tab")
            met.append(visit.page.evaluate("[...document.querySelectorAll('a')].indexOf(document.activeElement)"))
            assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        assert met == list(range(links))
        assert links > 40


SMALL_TARGETS = """() => [...document.querySelectorAll('h3 a, li a')]
    .filter(one => [...one.getClientRects()].some(box => box.height < 24)).map(one => one.textContent)"""


@pytest.mark.parametrize("name", NAMES)
def test_a_finger_can_hit_every_link_that_stands_alone(browser: Any, folder: str, name: str) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels, but for links inside a sentence."""
    with Visit(browser, folder + name, width=320) as visit:
        assert visit.page.evaluate(SMALL_TARGETS) == []


def test_text_twice_as_large_still_fits(browser: Any, folder: str) -> None:
    with Visit(browser, folder + "mail/full.html", width=640) as visit:
        visit.page.evaluate("document.documentElement.style.zoom = 2")
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_the_style_sheets_of_the_head_the_mail_is_still_dressed(browser: Any, folder: str) -> None:
    """Some mail programs throw them away."""
    with Visit(browser, folder + "mail/full.html", width=1000, scheme="dark", bypass_csp=True) as visit:
        visit.page.evaluate("document.querySelectorAll('style').forEach(one => one.remove())")
        assert visit.page.locator(".column").bounding_box()["width"] == 600
        assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 252, 249)"
        assert visit.page.evaluate(CONTRASTS)["text"] >= 4.5


def test_every_edition_is_reached_from_the_page_and_leads_back(browser: Any, folder: str) -> None:
    with Visit(browser, folder + "output/index.html", java_script_enabled=False) as visit:
        assert visit.page.get_by_role("link", name="get it by mail").get_attribute("href") == "https://mail.example.org/"
        visit.page.locator("footer").get_by_role("link", name="Weekly digest").click()
        visit.page.get_by_role("link", name="16 to 22 November 2026").click()
        assert visit.page.url == folder + COPY
        visit.page.get_by_role("link", name="9 to 15 November 2026").click()
        visit.page.get_by_role("link", name="All editions").click()
        assert visit.page.url == folder + ARCHIVE
        visit.page.locator(".up a").click()
        assert visit.page.url == folder + "output/index.html"
