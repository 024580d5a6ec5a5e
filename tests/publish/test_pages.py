"""The pages as a parser sees them. What they look like is looked at in test_browser.py."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html
from lxml.html import HtmlElement

from aggregator.model import Author, Kind, Story
from aggregator.publish.site import publish
from tests.support.crowd import a_crowd
from tests.support.site import failed_since, settings_in, site_of, some_sources, some_stories, source_view
from tests.support.stories import NOON, chosen_by_hand, found, joined, mentioned, posted, published_entry

GOLDEN = Path(__file__).parent / "golden"
PAGES = ("index.html", "sources.html", "year/2024.html", "posts.html", f"story/{a_crowd()[0].id}.html")
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x00\x1b\u202e]]>"


def pages_of(folder: Path, stories: Sequence[Story], /, **site: object) -> dict[str, HtmlElement]:
    settings = settings_in(folder, site=site_of(**site))
    publish(lambda: stories, settings, some_sources(), revision=1, now=NOON)
    return {
        path.relative_to(settings.output).as_posix(): html.document_fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))
        for path in sorted(settings.output.rglob("*.html"))
    }


def evil_stories() -> list[Story]:
    """A stranger's worst, in every field that reaches a page."""
    author = Author(name=EVIL, handle=EVIL, url="javascript:alert(1)")
    entry = published_entry("https://evil.example/1", title=EVIL, text=EVIL, author=author, site=EVIL, language='de" onclick="x')
    voice = posted(EVIL, "javascript:alert(1)", author=author, html=EVIL)
    return [
        joined(mentioned(entry), mentioned(voice, about="https://evil.example/1", source="masto")),
        found("javascript:alert(1)", title="A link that is a script"),
        found("https://long.example/" + "x" * 3000, title="W" * 10_000, text="v" * 10_000),
        chosen_by_hand(EVIL, "javascript:alert(1)", note=f"[{EVIL}](javascript:alert(1)) {EVIL}", who=EVIL),
    ]


def test_a_strangers_words_stay_words(tmp_path: Path) -> None:
    for page in pages_of(tmp_path, evil_stories(), stories=1, title=EVIL, intro=EVIL).values():
        assert page.xpath("//script | //img | //iframe | //object | //form") == []
        assert [name for one in page.iter("*") for name in one.keys() if name.startswith("on") or name == "style"] == []  # noqa: SIM118
        assert all(re.match(r"https?://|[\w./]*\w$|#|[\w/]*\.\w+$", href) for href in page.xpath("//@href"))
        assert "javascript:" not in "".join(page.xpath("//@href"))
        text = html.tostring(page, encoding="unicode")
        assert not re.search("[\x00-\x08\x1b\u202e]", text)


def test_a_title_of_ten_thousand_characters_is_cut(tmp_path: Path) -> None:
    page = pages_of(tmp_path, evil_stories())["index.html"]
    assert max(len(title.text_content()) for title in page.xpath("//h3")) <= 200


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_that_nothing_may_be_loaded_or_run(tmp_path: Path, name: str) -> None:
    page = pages_of(tmp_path, (*some_stories(), *a_crowd()), stories=3)[name]
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'", policy)
    assert page.xpath("//script | //link[@rel='stylesheet'] | //img | //*[@src]") == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_walked_by_its_landmarks_and_headings(tmp_path: Path, name: str) -> None:
    page = pages_of(tmp_path, (*some_stories(), *a_crowd()), stories=3)[name]
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [len(page.xpath(f"//{mark}")) for mark in ("main", "body/header", "body/footer")] == [1, 1, 1]
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in page.xpath("//@href") if href.startswith("#")} <= set(ids)
    assert set(page.xpath("//@aria-labelledby")) <= set(ids)
    assert all(icon.get("aria-label") for icon in page.xpath("//svg[@role='img']"))
    assert page.get("lang") == "en"


def test_every_link_between_our_files_leads_to_one(tmp_path: Path) -> None:
    pages = pages_of(tmp_path, (*some_stories(), *a_crowd()), stories=3)
    for name, page in pages.items():
        for href in page.xpath("//@href"):
            if not href.startswith(("http", "#")):
                assert (tmp_path / "output" / name).parent.joinpath(href).resolve().is_file(), (name, href)


def test_the_page_is_an_h_feed(tmp_path: Path) -> None:
    page = pages_of(tmp_path, some_stories())["index.html"]
    [feed] = page.find_class("h-feed")
    entries = feed.find_class("h-entry")
    assert len(entries) == len(some_stories())
    assert all(len(entry.find_class("p-name")) == 1 for entry in entries)
    dated = [time.get("datetime") for time in feed.find_class("dt-published")]
    assert all(re.match(r"\d{4}-\d\d-\d\d", day) for day in dated)
    assert dated


def test_a_foreign_title_names_its_language_and_finds_its_direction(tmp_path: Path) -> None:
    titles = pages_of(tmp_path, some_stories())["index.html"].xpath("//h3")
    assert {title.get("lang") for title in titles} == {None, "de", "ar"}
    assert all(title.get("dir") == "auto" for title in titles)


def test_each_source_that_failed_is_named_with_its_day_and_reason(tmp_path: Path) -> None:
    pages = pages_of(tmp_path, [])
    line = f"{failed_since().label}: since Tuesday 17 November 2026, {failed_since().reason}"
    assert line in pages["index.html"].xpath("//ul[@class='unread']/li/text()")
    assert "Not read until BLUESKY_APP_PASSWORD is set." in pages["sources.html"].text_content()
    assert "last read on 16 November 2026" in pages["sources.html"].text_content()


def test_a_reader_who_comes_back_is_one_step_from_the_newest(tmp_path: Path) -> None:
    page = pages_of(tmp_path, some_stories())["index.html"]
    [newest] = page.xpath("//header//a[@href='#newest']")
    assert newest.text == "Go to the newest"
    assert page.get_element_by_id("newest").xpath("h2")[0].text == "November 2026"


@pytest.mark.parametrize("stories", [[], [chosen_by_hand()], [found()]])
def test_no_step_is_offered_over_nothing(tmp_path: Path, stories: list[Story]) -> None:
    assert "#newest" not in pages_of(tmp_path, stories)["index.html"].xpath("//@href")


def test_without_a_network_the_chosen_links_are_still_there(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    failing = [source_view(failing_since=failed_since().failing_since, reason="no network."), failed_since()]
    publish(lambda: [chosen_by_hand()], settings, failing, revision=1, now=NOON)
    text = (settings.output / "index.html").read_text()
    assert "A talk about pods" in text
    assert "Some sources could not be read" in text


def test_what_is_only_found_says_so_and_claims_no_date(tmp_path: Path) -> None:
    page = pages_of(tmp_path, [found(published=None)])["index.html"]
    assert page.find_class("dt-published") == []
    assert "found 21 November" in page.text_content()


def test_a_voice_without_a_name_is_somebody(tmp_path: Path) -> None:
    url = "https://blog.example.org/post"
    answer = posted("Yes.", author=None, kind=Kind.COMMENT)
    story = joined(mentioned(published_entry(url)), mentioned(answer, about=url, source="masto"))
    page = pages_of(tmp_path, [story])[f"story/{story.id}.html"]
    assert page.find_class("voices")[0].text_content().split()[0] == "Somebody,"


def golden(folder: Path) -> dict[str, str]:
    """A small site without its style sheet, which changes more often than what it dresses."""
    settings = settings_in(folder, site=site_of(stories=6))
    publish(some_stories, settings, some_sources(), revision=1, now=NOON)
    texts = {
        path.relative_to(settings.output).as_posix(): path.read_text() for path in sorted(settings.output.rglob("*")) if path.is_file()
    }
    dress = re.compile(r"<style>.*?</style>|'sha256-[^']*'", re.DOTALL)
    return {name: dress.sub("", text) for name, text in texts.items()}


def test_a_small_site_is_what_it_was(tmp_path: Path) -> None:
    """After a change that is meant: `python -m tests.publish.test_pages`, and read the difference."""
    lying = {path.relative_to(GOLDEN).as_posix(): path.read_text() for path in sorted(GOLDEN.rglob("*")) if path.is_file()}
    assert golden(tmp_path) == lying


if __name__ == "__main__":
    import shutil
    import tempfile

    shutil.rmtree(GOLDEN, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in golden(Path(folder)).items():
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_text(text)
