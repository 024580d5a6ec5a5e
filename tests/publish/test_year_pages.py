"""The pages of years: filled when a story on them changed, and else taken as they lie there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model import Story
from aggregator.publish.render import Templates
from aggregator.publish.site import Published, publish
from aggregator.settings import Settings
from tests.support.site import settings_in, site_of, some_sources
from tests.support.stories import NOON, found

LATER = NOON + timedelta(days=3)
YEAR = timedelta(days=365)


def old(years: int, title: str = "Long ago", name: str = "old") -> Story:
    return found(f"https://{name}-{years}.example/", title=title, published=NOON - years * YEAR, quiet=True)


def build(settings: Settings, *stories: Story, previous: Published | None = None, now: datetime = NOON) -> Published:
    note = previous.note if previous else None
    return publish(lambda: stories, settings, some_sources(), revision=repr(stories), now=now, previous=note)


def settings_of(folder: Path) -> Settings:
    """No story stands on the first page, and templates may be put into a folder."""
    return settings_in(folder, site=site_of(stories=0), templates=folder / "templates")


def filled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages of years that are filled from now on."""
    paths: list[str] = []
    fill = Templates.fill

    def filling(self: Templates, name: str, **views: object) -> str:
        if name == "year.html":
            paths.append(getattr(views["year"], "path", ""))
        return fill(self, name, **views)

    monkeypatch.setattr(Templates, "fill", filling)
    return paths


def test_one_story_more_fills_the_page_of_its_year_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path)
    published = build(settings, old(1), old(2))
    assert {path for path in published.written if path.startswith("year/")} == {"year/2025.html", "year/2024.html"}
    paths = filled(monkeypatch)
    again = build(settings, old(1), old(2), old(2, name="more"), previous=published)
    assert (paths, [path for path in again.written if path.startswith("year/")]) == (["year/2024.html"], ["year/2024.html"])


@pytest.mark.parametrize("change", ["title", "gone", "year"])
def test_a_page_not_filled_is_the_same_as_one_that_is(tmp_path: Path, change: str) -> None:
    before = (old(1), old(1, name="second"), old(2), old(3))
    after = {"title": (old(1, "Called otherwise"), *before[1:]), "gone": before[1:], "year": before[:-1]}[change]
    grown, fresh = settings_of(tmp_path / "grown"), settings_of(tmp_path / "fresh")
    build(grown, *after, previous=build(grown, *before), now=LATER)
    build(fresh, *after, now=LATER)
    pages = {path.relative_to(fresh.output): path.read_bytes() for path in fresh.output.rglob("*") if path.is_file()}
    assert pages == {path.relative_to(grown.output): path.read_bytes() for path in grown.output.rglob("*") if path.is_file()}


def test_a_page_that_somebody_harmed_is_filled_again(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    published = build(settings, old(1))
    page = settings.output / "year" / "2025.html"
    whole = page.read_bytes()
    page.write_bytes(whole[:-9])
    build(settings, old(1), old(2), previous=published)
    assert len(page.read_bytes()) > len(whole[:-9])
    assert page.read_bytes().endswith(whole[-9:])


def test_an_instant_that_an_operators_template_shows_moves_with_news(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.templates.mkdir(parents=True)
    (settings.templates / "year.html").write_text("{{ year.year }} {{ page.updated.iso }}")
    published = build(settings, old(1), old(2))
    build(settings, old(1), old(2), old(2, name="more"), previous=published, now=LATER)
    assert (settings.output / "year" / "2025.html").read_text() == f"2025 {LATER.strftime('%Y-%m-%dT%H:%M:%SZ')}"
