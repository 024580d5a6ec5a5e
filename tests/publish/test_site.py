import json
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Story
from aggregator.publish import files
from aggregator.publish.site import Published, publish
from aggregator.publish.sources import SourceView
from aggregator.settings import Digest, Serve, Settings
from tests.support.site import failed_since, settings_in, site_of, some_sources, some_stories
from tests.support.stories import NOON, chosen_by_hand, found

LATER = NOON + timedelta(days=3)


def build(
    settings: Settings,
    stories: Sequence[Story] = some_stories(),
    *,
    sources: Sequence[SourceView] | None = None,
    revision: int = 1,
    previous: Published | None = None,
    late: bool = False,
    dry_run: bool = False,
) -> Published:
    return publish(
        lambda: stories,
        settings,
        some_sources() if sources is None else sources,
        revision=revision,
        now=LATER if late else NOON,
        previous=previous.note if previous else None,
        dry_run=dry_run,
    )


def lying_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def times_in(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*")} | {".": folder.stat().st_mtime_ns}


def updated(settings: Settings) -> str:
    return str(json.loads((settings.output / "stories.json").read_bytes())["updated"])


def test_a_build_makes_every_file_of_the_site(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, site=site_of(stories=3))
    published = build(settings)
    made = {
        *("index.html", "sources.html", "year/2024.html", "year/2025.html", "year/2026.html", "discussing.md", "feed.xml"),
        *("feed.json", "stories.json", "stories.schema.json", "opml.xml"),
        *(f"story/{story.id}.html" for story in some_stories()),
    }
    assert set(lying_in(settings.output)) == set(published.written) == made


def test_a_build_without_news_asks_for_no_story_and_touches_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings)
    before = times_in(settings.output)

    def asked() -> Sequence[Story]:
        raise AssertionError("the stories were asked for")

    second = publish(asked, settings, some_sources(), revision=1, now=LATER, previous=first.note)
    assert (second.unchanged, second.note, times_in(settings.output)) == (True, first.note, before)


def test_another_revision_that_shows_the_same_writes_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings)
    before = times_in(settings.output)
    assert build(settings, some_stories()[::-1], revision=2, previous=first, late=True).unchanged
    assert times_in(settings.output) == before


@examples(max_examples=10, deadline=None)
@given(st.permutations(some_stories()))
def test_the_same_rows_in_any_order_give_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, stories: list[Story]) -> None:
    one, other = (settings_in(tmp_path_factory.mktemp("site")) for _ in range(2))
    build(one)
    build(other, stories)
    assert lying_in(one.output) == lying_in(other.output)


def test_updated_moves_when_something_shown_has_changed_and_only_then(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings)
    same = build(settings, revision=2, previous=first, late=True)
    assert (same.unchanged, updated(settings)) == (True, "2026-11-21T12:00:05Z")
    build(settings, (*some_stories(), found("https://new.example.org/")), revision=3, previous=same, late=True)
    assert updated(settings) == "2026-11-24T12:00:05Z"
    assert 'Updated <time datetime="2026-11-24T12:00:05Z">24 November 2026</time>' in (settings.output / "index.html").read_text()


def test_only_the_files_that_differ_are_written(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, site=site_of(stories=3))
    first = build(settings)
    others = [failed_since(16) if source.failing else source for source in some_sources()]
    second = build(settings, sources=others, previous=first, late=True)
    assert second.written == ("sources.html", "index.html", "stories.json")


def test_a_source_that_goes_on_failing_is_no_news(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings)
    assert build(settings, previous=first, late=True).unchanged


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_build_that_was_killed_is_made_good_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    whole, settings = settings_in(tmp_path / "whole", site=site_of(stories=3)), settings_in(tmp_path / "cut", site=site_of(stories=3))
    news = (*some_stories(), found("https://new.example.org/"))
    build(whole, news, late=True)
    first, put, count = build(settings), files.put, iter(range(100))

    def killed(path: Path, content: bytes) -> None:
        if next(count) == cut:
            path.with_name(f".{path.name}.new").write_bytes(content[: len(content) // 2])
            raise KeyboardInterrupt
        put(path, content)

    monkeypatch.setattr(files, "put", killed)
    try:
        build(settings, news, revision=2, previous=first, late=True)
    except KeyboardInterrupt:
        monkeypatch.undo()
        build(settings, news, revision=2, previous=first, late=True)
    assert lying_in(settings.output) == lying_in(whole.output)


@pytest.mark.parametrize("harm", ["cut", "gone", "changed"])
def test_a_file_that_somebody_harmed_is_made_good_without_being_news(tmp_path: Path, harm: str) -> None:
    settings = settings_in(tmp_path)
    first = build(settings)
    before = lying_in(settings.output)
    page = settings.output / "sources.html"
    if harm == "gone":
        page.unlink()
    else:
        page.write_bytes(page.read_bytes()[:-10] if harm == "cut" else b"hello")
    assert build(settings, previous=first, late=True).written == ("sources.html",)
    assert lying_in(settings.output) == before


def test_only_a_file_that_we_made_and_nobody_changed_is_removed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, site=site_of(stories=3))
    first = build(settings)
    (settings.output / "mine.txt").write_text("mine")
    (settings.output / "year" / "2025.html").write_text("mine too")
    second = build(replace(settings, site=site_of()), previous=first)
    assert set(second.removed) == {"year/2024.html", "year/2026.html"}
    assert {"mine.txt", "year/2025.html"} < set(lying_in(settings.output))


@pytest.mark.parametrize("before", ["", "a"])
def test_a_site_in_another_script_is_built(tmp_path: Path, before: str) -> None:
    # The instant is looked for at the beginning of stories.json, which ends inside a letter in one of the two.
    first = chosen_by_hand("The first", note=before + "щ" * 9000)
    assert build(settings_in(tmp_path), [first]).written


def test_a_list_of_stories_that_was_taken_away_comes_back_with_its_instant(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = build(settings)
    (settings.output / "stories.json").unlink()
    assert build(settings, previous=first, late=True).written == ("stories.json",)
    assert updated(settings) == "2026-11-21T12:00:05Z"


def test_a_dry_run_says_what_it_would_write_and_does_not(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert "index.html" in build(settings, dry_run=True).written
    assert not settings.output.exists()


def test_an_operators_own_template_wins_and_a_change_of_it_is_news(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "year.html").write_text("{{ year.year }}!\n")
    settings = settings_in(tmp_path, site=site_of(stories=3), templates=own)
    first = build(settings)
    assert (settings.output / "year" / "2024.html").read_text() == "2024!\n"
    (own / "year.html").write_text("{{ year.year }}?\n")
    assert "year/2024.html" in build(settings, previous=first).written


@pytest.mark.parametrize("wrong", ["{{ nothing }}", "{% if %}", "{{ year.nothing }}"])
def test_a_template_that_is_wrong_is_named(tmp_path: Path, wrong: str) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "year.html").write_text(wrong)
    with pytest.raises(AggregatorError, match=r"year\.html.*cannot be used"):
        build(settings_in(tmp_path, site=site_of(stories=3), templates=own))


def test_the_site_is_whole_without_the_operators_folder_of_templates(tmp_path: Path) -> None:
    build(settings_in(tmp_path, templates=tmp_path / "nowhere"))
    assert (tmp_path / "output" / "index.html").exists()


def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file where a folder should be")
    with pytest.raises(AggregatorError, match=r"output.* cannot be (read|written) \(.*\): let the user"):
        build(settings_in(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_leave_to_write_is_named(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir(mode=0o500)
    with pytest.raises(AggregatorError, match="permission denied"):
        build(settings_in(tmp_path))


def test_a_note_that_cannot_be_read_costs_one_build(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    build(settings)
    for note in ("", "{", "[]", '{"token": 1, "files": [], "updated": "x", "outside": ""}'):
        assert publish(some_stories, settings, some_sources(), revision=1, now=LATER, previous=note).unchanged


def test_files_keep_the_leave_that_the_operator_gave(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    build(settings)
    index = settings.output / "index.html"
    index.chmod(0o640)
    build(settings, (), revision=2)
    assert index.stat().st_mode & 0o777 == 0o640


# -- the page outside of the output folder


def test_the_list_goes_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    into = tmp_path / "discussing.md"
    into.write_bytes(b"\xef\xbb\xbf# Ours\r\n\r\n<!-- aggregator:begin -->\r\nold\r\n<!-- aggregator:end -->\r\nkept \xff\n")
    published = build(settings_in(tmp_path, into=into))
    content = into.read_bytes()
    before, _, rest = content.partition(b"<!-- aggregator:begin -->\r\n")
    inside, _, after = rest.partition(b"\r\n<!-- aggregator:end -->")
    assert (before, after) == (b"\xef\xbb\xbf# Ours\r\n\r\n", b"\r\nkept \xff\n")
    assert inside.count(b"\n") == inside.count(b"\r\n") > 10
    assert str(into) in published.written
    assert not (tmp_path / "output" / "discussing.md").exists()


def test_the_page_outside_is_written_only_when_the_list_differs(tmp_path: Path) -> None:
    into = tmp_path / "discussing.md"
    into.write_text("<!-- aggregator:begin --><!-- aggregator:end -->")
    settings = settings_in(tmp_path, into=into)
    first = build(settings)
    stamp = into.stat().st_mtime_ns
    assert build(settings, previous=first).unchanged
    into.write_text("Ours. " + into.read_text())
    assert build(settings, previous=first).unchanged
    into.write_text(into.read_text().replace("Crews that last", "Somebody wrote here"))
    assert build(settings, previous=first, late=True).written == (str(into),)
    assert "Crews that last" in into.read_text()
    assert into.stat().st_mtime_ns != stamp
    assert updated(settings) == "2026-11-21T12:00:05Z"


@pytest.mark.parametrize(
    "content",
    [
        "nothing",
        "<!-- aggregator:begin -->",
        "<!-- aggregator:end --><!-- aggregator:begin -->",
        "<!-- aggregator:begin --><!-- aggregator:end --><!-- aggregator:begin --><!-- aggregator:end -->",
    ],
)
def test_a_page_without_its_two_marks_is_left_alone_and_named(tmp_path: Path, content: str) -> None:
    into = tmp_path / "discussing.md"
    into.write_text(content)
    with pytest.raises(ConfigError, match=r"aggregator:begin.*aggregator:end"):
        build(settings_in(tmp_path, into=into))
    assert into.read_text() == content
    assert not (tmp_path / "output").exists()


def test_a_page_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist: make it, with the two lines"):
        build(settings_in(tmp_path, into=tmp_path / "nowhere.md"))


def test_a_page_behind_a_symbolic_link_stays_behind_it(tmp_path: Path) -> None:
    real, into = tmp_path / "real.md", tmp_path / "link.md"
    real.write_text("<!-- aggregator:begin -->\n<!-- aggregator:end -->\n")
    into.symlink_to(real)
    build(settings_in(tmp_path, into=into))
    assert into.is_symlink()
    assert "Crews that last" in real.read_text()


def test_a_site_of_nothing_is_still_a_site(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, site=site_of(url="", intro="", home=None, see_also=()))
    build(settings, (), sources=())
    assert "Nothing found yet" in (settings.output / "index.html").read_text()
    assert (settings.output / "discussing.md").read_text() == "# Discussing \\#microsolidarity\n"


def test_many_stories_shuffled_are_the_same_site(tmp_path: Path) -> None:
    many = [found(f"https://blog{n}.example.org/", title=f"Number {n % 7}", published=NOON - timedelta(hours=n % 90)) for n in range(300)]
    one, other = settings_in(tmp_path / "one"), settings_in(tmp_path / "other")
    build(one, many)
    build(other, random.Random(4).sample(many, len(many)))
    assert lying_in(one.output) == lying_in(other.output)


def test_pages_say_where_webmentions_and_suggestions_go_once_they_are_taken(tmp_path: Path) -> None:
    closed = replace(settings_in(tmp_path), digest=Digest(sender="digest@example.org", serve=Serve(url="https://mail.example.org/")))
    before = build(closed)
    assert b"webmention" not in (tmp_path / "output" / "index.html").read_bytes()
    opened = replace(
        closed,
        digest=Digest(sender="digest@example.org", serve=Serve(url="https://mail.example.org/", webmentions=True, suggestions=True)),
    )
    build(opened, previous=before)
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "output").rglob("*.html")}
    link = '<link rel="webmention" href="https://mail.example.org/webmention">'
    assert [name for name, text in pages.items() if link not in text.partition("</head>")[0] and name != "moved.html"] == []
    assert '<a href="https://mail.example.org/suggest">Suggest a link</a>' in pages["index.html"]
