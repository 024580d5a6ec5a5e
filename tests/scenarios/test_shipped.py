"""The shipped sources.yaml on a machine without network: an honest page all the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.steward import ROOT, Said, Steward

# Nothing listens on the discard port: every connection is refused, as behind a cable that is not plugged in.
NO_NETWORK = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}


@pytest.fixture
def offline(steward: Steward) -> Said:
    shutil.copy(ROOT / "sources.yaml", steward.folder)
    shutil.copytree(ROOT / "templates", steward.folder / "templates")
    return steward.runs("run", environ=NO_NETWORK)


def test_it_ends_with_4_having_named_each_source_and_why(offline: Said) -> None:
    assert offline.code == 4
    lines = [line for line in offline.err.splitlines() if line.startswith("Could not read ")]
    assert len(lines) == 29
    assert all("refused" in line or "proxy" in line for line in lines)


def test_the_chosen_links_are_on_the_page_in_their_order(offline: Said, steward: Steward) -> None:
    stories = [story for story in steward.stories() if story["chosen"]]
    assert len(stories) == 13
    assert stories[0]["url"].endswith("jimruttshow.com/rich-bartlett")
    page = steward.page()
    assert page.index("Rich Bartlett on microsolidarity") < page.index("Courage before hope")
    assert "second essay" in page
    assert "Rough transcript" in page


def test_the_page_names_each_source_that_could_not_be_read(offline: Said, steward: Steward) -> None:
    assert steward.page("sources.html").count("refused") >= 29


def test_the_next_run_asks_nobody_before_their_time_and_writes_nothing(offline: Said, steward: Steward) -> None:
    before = steward.output()
    again = steward.runs("run", environ=NO_NETWORK)
    assert again.code == 0
    assert "not due yet" in again.err
    assert steward.output() == before


def test_check_says_in_words_what_was_understood_without_network(steward: Steward) -> None:
    shutil.copy(ROOT / "sources.yaml", steward.folder)
    said = steward.runs("check", environ=NO_NETWORK)
    assert said.code == 0
    assert "medium" in said.out.lower()
    assert "BLUESKY_APP_PASSWORD" in said.out
    assert not (steward.folder / "state").exists()


def test_init_writes_a_file_that_check_finds_right(steward: Steward) -> None:
    assert steward.runs("init", "--topic", "Care Circles: a #test").code == 0
    assert steward.runs("check").code == 0
    again = steward.runs("init", "--topic", "other")
    assert again.code == 3
    assert "--force" in again.err
    assert Path(steward.folder / "sources.schema.json").exists()
