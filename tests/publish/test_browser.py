"""The site as a reader meets it, in headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.publish.site import publish
from tests.publish.test_pages import evil_stories
from tests.support.browser import CONTRASTS, LONGEST_LINE, NEEDS_CHROMIUM, SCHEMES, Visit, chromium, served
from tests.support.crowd import FORMER, a_crowd
from tests.support.site import settings_in, site_of, some_sources, some_stories
from tests.support.stories import NOON

STORY = f"story/{a_crowd()[0].id}.html"
PAGES = ("index.html", "sources.html", "year/2024.html", "posts.html", STORY)
WIDTHS = (320, 390, 1280)

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with stories of every kind, and a stranger's worst among them, on loopback."""
    settings = settings_in(tmp_path_factory.mktemp("site"), site=site_of(stories=14))
    publish(lambda: (*some_stories(), *evil_stories(), *a_crowd()), settings, some_sources(), revision=1, now=NOON)
    with served(settings.output) as address:
        yield address


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_else_and_complains_of_nothing(browser: Any, site: str, name: str, script: bool) -> None:
    with Visit(browser, site + name, java_script_enabled=script) as visit:
        assert visit.page.locator("h1").is_visible()
        assert [url for url in visit.asked if not url.endswith("/favicon.ico")] == [site + name]
        assert [one for one in visit.complaints if "favicon" not in one and "404" not in one] == []


def test_a_page_opened_from_the_disk_is_dressed_too(browser: Any, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    publish(some_stories, settings, some_sources(), revision=1, now=NOON)
    with Visit(browser, (settings.output / "index.html").as_uri(), java_script_enabled=False) as visit:
        assert visit.complaints == []
        assert all(url.startswith("file:") for url in visit.asked)
        assert visit.page.locator("body").bounding_box()["width"] < 700


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(browser: Any, site: str, name: str, width: int, scheme: str) -> None:
    with Visit(browser, site + name, width=width, scheme=scheme) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_text_twice_as_large_still_fits(browser: Any, site: str) -> None:
    with Visit(browser, site, width=640) as visit:
        visit.page.evaluate("document.documentElement.style.zoom = 2")
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", PAGES)
def test_no_line_holds_more_than_seventy_characters(browser: Any, name: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, site=site_of(stories=3))
    publish(lambda: (*some_stories(), *a_crowd()), settings, some_sources(), revision=1, now=NOON)
    with Visit(browser, (settings.output / name).as_uri()) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert 30 < visit.page.evaluate(LONGEST_LINE) <= 70


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_text_and_icons_stand_out_from_the_paper(browser: Any, site: str, name: str, scheme: str) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for graphics (1.4.11)."""
    with Visit(browser, site + name, scheme=scheme) as visit:
        contrast = visit.page.evaluate(CONTRASTS)
        assert contrast["text"] >= 4.5
        assert contrast["icons"] >= 4.5


def test_the_two_schemes_are_two(browser: Any, site: str) -> None:
    papers = set()
    for scheme in SCHEMES:
        with Visit(browser, site, scheme=scheme) as visit:
            papers.add(visit.page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert len(papers) == 2


def test_the_skip_link_comes_first_and_is_seen_when_it_has_the_focus(browser: Any, site: str) -> None:
    with Visit(browser, site) as visit:
        assert visit.page.locator(".skip").bounding_box()["y"] < 0
        visit.page.keyboard.press("Tab")
        visit.page.wait_for_function(
            "document.activeElement.className === 'skip' && document.activeElement.getBoundingClientRect().top >= 0"
        )
        visit.page.keyboard.press("Enter")
        assert visit.page.url.endswith("#content")


def test_every_stop_of_the_keyboard_shows_where_it_is(browser: Any, site: str) -> None:
    with Visit(browser, site) as visit:
        for _ in range(12):
            visit.page.keyboard.press("Tab")
            outline = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"


SMALL_TARGETS = """() => [...document.querySelectorAll('h2 a, h3 a, .plain a, summary')]
    .filter(one => [...one.getClientRects()].some(box => box.height < 24)).map(one => one.textContent)"""


@pytest.mark.parametrize("name", PAGES)
def test_a_finger_can_hit_every_link_that_stands_alone(browser: Any, site: str, name: str) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels, but for links inside a sentence."""
    with Visit(browser, site + name, width=390) as visit:
        assert visit.page.evaluate(SMALL_TARGETS) == []


def test_what_is_folded_opens_without_script(browser: Any, site: str) -> None:
    with Visit(browser, site, java_script_enabled=False) as visit:
        more = visit.page.locator("details.more").first
        assert not more.locator("a").first.is_visible()
        more.locator("summary").click()
        assert more.locator("a").first.is_visible()
        assert more.locator("li").count() == 12


def test_the_voices_stand_one_step_from_the_list(browser: Any, site: str) -> None:
    with Visit(browser, site, java_script_enabled=False) as visit:
        visit.page.get_by_role("link", name="41 voices").click()
        assert visit.page.url == site + STORY
        assert visit.page.locator(".voices blockquote").first.is_visible()
        assert visit.page.get_by_role("heading", level=1).inner_text() == "Crews that last"


def test_an_address_that_a_story_had_leads_on_without_script(browser: Any, site: str) -> None:
    with Visit(browser, f"{site}story/{FORMER}.html", java_script_enabled=False) as visit:
        visit.page.wait_for_url(site + STORY)


def test_every_icon_has_a_name_and_the_same_weight(browser: Any, site: str) -> None:
    with Visit(browser, site) as visit:
        icons = visit.page.get_by_role("img")
        assert icons.count() == visit.page.locator(".icon").count() > 5
        assert {icons.nth(at).get_attribute("aria-label") for at in range(icons.count())} >= {
            "Article",
            "Episode",
            "Video",
            "Discussion",
            "Post",
        }
        boxes = [icons.nth(at).bounding_box() for at in range(icons.count())]
        assert len({(round(box["width"]), round(box["height"])) for box in boxes}) == 1


def test_the_page_is_not_moved_for_those_who_want_no_motion(browser: Any, site: str) -> None:
    with Visit(browser, site, reduced_motion="reduce") as visit:
        assert visit.page.evaluate(
            "[...document.querySelectorAll('*')].every(one => parseFloat(getComputedStyle(one).transitionDuration) === 0)"
        )


def test_the_page_keeps_its_icons_in_forced_colours_and_its_text_on_paper(browser: Any, site: str) -> None:
    with Visit(browser, site, forced_colors="active") as visit:
        assert visit.page.locator(".icon").first.is_visible()
        visit.page.emulate_media(media="print", forced_colors="none")
        assert visit.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert not visit.page.locator("footer").is_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_paper_is_light_whatever_the_screen_is(browser: Any, site: str, scheme: str) -> None:
    with Visit(browser, site, scheme=scheme) as visit:
        visit.page.emulate_media(media="print", color_scheme=scheme)
        assert visit.page.evaluate(CONTRASTS)["text"] >= 4.5


def test_a_strangers_script_does_not_run(browser: Any, site: str) -> None:
    with Visit(browser, site) as visit:
        assert visit.page.get_by_text("<script>alert(1)</script>").first.is_visible()
        assert visit.page.evaluate("document.scripts.length") == 0
        assert not any("dialog" in one for one in visit.complaints)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Any, site: str, name: str, scheme: str) -> None:
    with Visit(browser, site + name, scheme=scheme, bypass_csp=True) as visit:
        assert visit.violations() == []
