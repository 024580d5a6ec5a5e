"""The pages of single stories: written when they differ, removed when their story is gone, and never read without need."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from aggregator.model import Story
from aggregator.publish import files, made_from
from aggregator.publish.render import Templates
from aggregator.publish.site import Published, publish
from aggregator.publish.stories import StoryView, story_view
from aggregator.publish.voices import Scene
from aggregator.settings import Settings
from tests.support.site import settings_in, site_of, some_sources, some_stories
from tests.support.stories import NOON, found, id_of, joined, key_of, mentioned, posted, published_entry

LATER = NOON + timedelta(days=3)
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
OLD_ID = "abcdefghij"


def build(
    settings: Settings,
    *stories: Story,
    previous: Published | None = None,
    taken_down: dict[str, datetime] | None = None,
    revision: int = 1,
    dry_run: bool = False,
) -> Published:
    return publish(
        lambda: stories,
        settings,
        some_sources(),
        revision=revision,
        now=LATER if previous else NOON,
        previous=previous.note if previous else None,
        taken_down=lambda: taken_down or {},
        dry_run=dry_run,
    )


def pages_in(settings: Settings) -> set[str]:
    return {path.name for path in (settings.output / "story").iterdir()}


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages of stories that are read from now on."""
    names: list[str] = []
    read = files.read

    def reading(path: Path) -> bytes | None:
        if path.parent.name == "story":
            names.append(path.name)
        return read(path)

    monkeypatch.setattr(files, "read", reading)
    return names


def test_every_story_has_a_page_and_only_the_one_that_changed_is_written(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first, other = found(), found("https://other.example/", title="Another")
    published = build(settings, first, other)
    assert pages_in(settings) == {f"{first.id}.html", f"{other.id}.html"}
    changed = replace(first, mentions=(*first.mentions, mentioned(posted("Yes!"), about="https://blog.example.org/post", source="masto")))
    again = build(settings, changed, other, previous=published, revision=2)
    assert [path for path in again.written if path.startswith("story/")] == [f"story/{first.id}.html"]


def test_no_page_is_read_while_the_folder_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    published = build(settings, *some_stories())
    names = opened(monkeypatch)
    assert build(settings, *some_stories(), previous=published).unchanged
    build(settings, *some_stories(), found("https://new.example/"), previous=published, revision=2)
    assert names == []


def test_a_folder_that_was_copied_is_compared_and_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout in CI: the same bytes with other times."""
    settings = settings_in(tmp_path)
    published = build(settings, *some_stories())
    for path in (settings.output / "story").iterdir():
        os.utime(path, ns=(1, 1))
    names = opened(monkeypatch)
    again = build(settings, *some_stories(), previous=published)
    assert again.unchanged
    assert len(names) == len(some_stories())
    names.clear()
    assert build(settings, *some_stories(), previous=again).unchanged
    assert names == []


@pytest.mark.parametrize("harm", ["cut", "gone"])
def test_a_page_that_somebody_harmed_is_made_good(tmp_path: Path, harm: str) -> None:
    settings = settings_in(tmp_path)
    published = build(settings, *some_stories())
    page = settings.output / "story" / f"{some_stories()[0].id}.html"
    whole = page.read_bytes()
    page.unlink() if harm == "gone" else page.write_bytes(whole[:-9])
    assert build(settings, *some_stories(), previous=published).written == (f"story/{page.name}",)
    assert page.read_bytes() == whole


def test_the_page_of_a_story_that_is_gone_goes_even_when_nobody_remembers_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    story = found()
    build(settings, story, found("https://other.example/"))
    kept = settings.output / "story" / "mine.html"
    kept.write_text("mine")
    left = settings.output / "story" / f".{story.id}.html.new"
    left.write_text("half of it")
    assert f"story/{story.id}.html" in build(settings, found("https://other.example/")).removed
    assert pages_in(settings) == {f"{id_of('https://other.example/')}.html", "mine.html"}


def test_a_dry_run_names_the_pages_and_writes_none(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert f"story/{found().id}.html" in build(settings, found(), dry_run=True).written
    assert not settings.output.exists()


# -- ids that a story had


def merged() -> Story:
    return replace(found(), former=(OLD_ID,))


@pytest.mark.parametrize("url", ["https://example.org/discussing/", ""])
def test_an_address_that_a_story_had_leads_to_it(tmp_path: Path, url: str) -> None:
    settings = settings_in(tmp_path, site=site_of(url=url))
    build(settings, merged())
    page = html.document_fromstring((settings.output / "story" / f"{OLD_ID}.html").read_bytes())
    target = f"{merged().id}.html"
    assert page.xpath("//meta[@http-equiv='refresh']/@content") == [f"0; url={target}"]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{url}story/{target}" if url else target]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert page.xpath("//main//a/@href") == [target]
    assert page.xpath("normalize-space(//main)") == "It is part of A quiet practice."
    assert page.xpath("//script") == []


def test_a_story_that_is_there_keeps_its_address_from_one_that_claims_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    other = found("https://other.example/", title="Another")
    build(settings, replace(found(), former=(other.id,)), other)
    assert "Another" in (settings.output / "story" / f"{other.id}.html").read_text().split("</h1>")[0]


# -- tombstones


def tombstones(settings: Settings) -> list[tuple[str, str]]:
    root = etree.fromstring((settings.output / "feed.xml").read_bytes())
    return [(one.get("ref", ""), one.get("when", "")) for one in root.iter(TOMBSTONE)]


def entry_ids(settings: Settings) -> list[str]:
    root = etree.fromstring((settings.output / "feed.xml").read_bytes())
    return [one.text or "" for one in root.iter("{http://www.w3.org/2005/Atom}id")][1:]


def stay(*others: Story) -> Sequence[Story]:
    return (found("https://other.example/", title="Another"), *others)


def test_a_story_that_was_hidden_leaves_a_tombstone_with_its_entrys_id(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings, *stay(found()))
    before = set(entry_ids(settings))
    assert tombstones(settings) == []
    second = build(settings, *stay(), previous=first, revision=2)
    [(ref, when)] = tombstones(settings)
    assert {ref} == before - set(entry_ids(settings))
    assert when == "2026-11-24T12:00:05Z"
    assert etree.fromstring((settings.output / "feed.xml").read_bytes()).findtext("{http://www.w3.org/2005/Atom}updated") == when
    build(settings, *stay(found("https://new.example/")), previous=second, revision=3)
    assert tombstones(settings) == [(ref, when)]


def test_a_takedown_has_its_own_time(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings, *stay(found()))
    build(settings, *stay(), previous=first, revision=2, taken_down={found().id: NOON + timedelta(hours=1)})
    assert [when for _, when in tombstones(settings)] == ["2026-11-21T13:00:05Z"]


def test_a_story_that_comes_back_has_no_tombstone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings, *stay(found()))
    second = build(settings, *stay(), previous=first, revision=2)
    build(settings, *stay(found()), previous=second, revision=3)
    assert tombstones(settings) == []


def test_what_became_part_of_another_or_was_never_in_a_feed_leaves_none(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    old = found("https://old.example/", published=NOON - timedelta(days=900), quiet=True)
    first = build(settings, *stay(found()), old)
    [one] = stay()
    build(settings, replace(one, former=(found().id,)), previous=first, revision=2)
    assert tombstones(settings) == []


def test_a_tombstone_says_nothing_of_anybody(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    gone = joined(mentioned(published_entry("https://secret.example/ada", title="By Ada")))
    first = build(settings, *stay(gone))
    build(settings, *stay(), previous=first, revision=2, taken_down={gone.id: NOON})
    lying = b"".join(path.read_bytes() for path in settings.output.rglob("*") if path.is_file())
    assert b"secret.example" not in lying
    assert gone.id.encode() not in lying
    assert key_of("https://secret.example/ada").encode() not in lying


@pytest.mark.parametrize("cut", [0, 3])
def test_a_build_that_was_killed_among_the_pages_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    whole, settings = settings_in(tmp_path / "whole"), settings_in(tmp_path / "cut")
    build(whole, *some_stories())
    lay, count = files._lay, iter(range(99))

    def killed(path: str, content: bytes) -> None:
        if next(count) == cut:
            lay(path, content[:100])
            raise KeyboardInterrupt
        lay(path, content)

    monkeypatch.setattr(files, "_lay", killed)
    with pytest.raises(KeyboardInterrupt):
        build(settings, *some_stories())
    assert not (settings.output / "story").exists(), "a page that is half there stands under its own name"
    monkeypatch.undo()
    build(settings, *some_stories())
    for path in (whole.output / "story").iterdir():
        assert (settings.output / "story" / path.name).read_bytes() == path.read_bytes()
    assert not (settings.output / ".story.new").exists()


# -- which pages are filled


def filled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the stories whose pages are filled from now on."""
    ids: list[str] = []
    fill_each = Templates.fill_each

    def filling(self: Templates, frame: str, inner: str, stories: Sequence[StoryView], **views: object) -> Iterator[tuple[StoryView, str]]:
        ids.extend(story.id for story in stories)
        return fill_each(self, frame, inner, stories, **views)

    monkeypatch.setattr(Templates, "fill_each", filling)
    return ids


def test_one_story_more_fills_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    published = build(settings, *some_stories())
    ids = filled(monkeypatch)
    build(settings, *some_stories(), found("https://new.example/"), previous=published, revision=2)
    assert ids == [id_of("https://new.example/")]


@pytest.mark.parametrize("what", ["template", "title", "markdown"])
def test_what_all_pages_share_fills_all_of_them_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    settings = settings_in(tmp_path, templates=tmp_path / "templates")
    published = build(settings, *some_stories())
    before = {path.name: path.read_bytes() for path in (settings.output / "story").iterdir()}
    ids = filled(monkeypatch)
    if what == "template":
        settings.templates.mkdir(parents=True, exist_ok=True)
        (settings.templates / "style.css").write_text("body { color: red }")
    elif what == "title":
        settings = replace(settings, site=replace(settings.site, title="Another"))
    else:
        into = tmp_path / "page.md"
        into.write_text("<!-- aggregator:begin -->\n<!-- aggregator:end -->\n")
        settings = replace(settings, markdown=replace(settings.markdown, into=into))
    build(settings, *some_stories(), previous=published)
    assert sorted(ids) == sorted(one.id for one in some_stories())
    assert all((settings.output / "story" / name).read_bytes() != was for name, was in before.items())


def test_a_translation_that_is_called_otherwise_fills_the_page_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    one, other = found(), found("https://other.example/", title="Eine stille Praxis")
    one = replace(one, translations=(other.id,))
    published = build(settings, one, other, found("https://third.example/"))
    ids = filled(monkeypatch)
    other = found("https://other.example/", title="Eine leise Praxis")
    build(settings, one, other, found("https://third.example/"), previous=published, revision=2)
    assert sorted(ids) == sorted((one.id, other.id))
    assert "Eine leise Praxis" in (settings.output / "story" / f"{one.id}.html").read_text()


def test_every_field_of_a_view_tells_in_its_digest() -> None:
    view = story_view(found(), Scene(sources={}, here=UTC, language="en"), site_of())
    assert made_from.digest(view) == made_from.digest(replace(view))
    another: Any = "another"
    others = {made_from.digest(replace(view, **{one.name: another})) for one in fields(view)}
    assert len(others - {made_from.digest(view)}) == len(fields(view))
    said = replace(view.mentions[0], excerpt="another")
    assert made_from.digest(replace(view, mentions=(said,))) != made_from.digest(view)
    assert made_from.digest(view, of=b"one build") != made_from.digest(view, of=b"another")


def test_what_is_no_view_has_no_digest() -> None:
    with pytest.raises(TypeError):
        made_from.digest({"a": "dict"})
