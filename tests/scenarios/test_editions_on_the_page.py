"""Editions that were sent stand on the site, and follow what the steward does with their stories."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.crews import CONFIGURATION, feed, has_run, replies, runs_with
from tests.support.steward import Steward

DIGEST = """\
digest:
  from: Crew news <digest@example.org>
  least: 1
  mailbox: {address: crews@example.org, host: mail.example.org}
"""
NEW = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 8)]


@pytest.fixture(scope="module")
def sent_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after an edition with four stories; copied for each test."""
    steward = has_run(Steward(folder=tmp_path_factory.mktemp("sent")))
    steward.configures(CONFIGURATION + DIGEST)
    runs_with(steward, *replies(notes=feed("Ana's notes", NEW)))
    said = steward.runs("digest", "send", "--yes", "--late", "--replay", "replies.har")
    assert said.code == 0, said.err
    return steward.folder


@pytest.fixture
def sent(sent_once: Path, tmp_path: Path) -> Steward:
    shutil.copytree(sent_once, tmp_path, dirs_exist_ok=True)
    return Steward(folder=tmp_path)


def copy_of(steward: Steward) -> str:
    [copy] = [content for name, content in steward.output().items() if name.startswith("digest/2") and name.endswith(".html")]
    return copy.decode()


def naming(steward: Steward, *words: str) -> list[str]:
    return [name for name, content in steward.output().items() if any(one.encode() in content for one in words)]


def test_an_edition_has_a_copy_as_soon_as_it_is_sent(sent: Steward) -> None:
    assert all(f">More on crews, {number}</a>" in copy_of(sent) for number in range(4, 8))
    assert "mailto:crews@example.org?subject=subscribe" in copy_of(sent)
    assert 'href="digest/index.html"' in sent.page()
    assert sent.runs("build", "--json").json()["written"] == []


def test_a_hidden_story_is_hidden_there_too_until_it_is_shown_again(sent: Steward) -> None:
    assert sent.runs("hide", "https://blog.example/5").code == 0
    assert naming(sent, "More on crews, 5", "blog.example/5") == []
    assert "1 story was removed since." in copy_of(sent)
    assert sent.runs("undo").code == 0
    assert ">More on crews, 5</a>" in copy_of(sent)
    assert "removed since" not in copy_of(sent)


@pytest.mark.parametrize("subject", ["https://blog.example/5", "Writer 5"])
def test_what_was_taken_down_is_gone_from_every_edition_and_its_feed(sent: Steward, subject: str) -> None:
    assert "digest/feed.xml" in naming(sent, "More on crews, 5")
    assert sent.runs("takedown", subject, "--reason", "asked by mail", "--yes").code == 0
    assert naming(sent, "More on crews, 5", "blog.example/5", "Writer 5") == []
    assert "1 story was removed since." in copy_of(sent)


def test_a_title_that_the_steward_mended_is_mended_there_too(sent: Steward) -> None:
    assert sent.runs("retitle", "https://blog.example/5", "A better title").code == 0
    assert ">A better title</a>" in copy_of(sent)
    assert ">More on crews, 5<" not in copy_of(sent)
